"""What of a graph can be found: its things that have a name and a page, with what they are called and their codes.

Rows come from dumps, so that equal dumps give equal rows whichever release they were made in.
"""

import gzip
import itertools
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app import names
from app.facts import ALT_LABEL, IN_SCHEME, LABELS, NOTATION, TYPE
from app.placement import owner
from app.rules import Rules
from app.standards import Standards
from app.store.terms import Iri, Literal, RdfFormat, Term, Triple, def_, parse

SECONDS_PER_BYTE = 2e-6
"""What it takes to make the rows of a packed dump."""

KINDS = ("item", "department", "region", "standard", "clause", "rule", "question", "term", "code")
"""What can be found, in the order in which it is shown where nothing else decides."""

_CLASSES = {
    "item": ("ServiceItem", "IntegratedService"),
    "department": ("Organization",),
    "region": ("Region",),
    "standard": ("NormativeDocument",),
    "clause": ("Clause",),
    "rule": ("Rule",),
    "question": ("Question",),
}
_CODES = {
    "item": ("implementationCode", "handlingItemCode", "integratedServiceCode", "basicCode"),
    "department": ("unifiedSocialCreditCode",),
    "region": ("regionCode",),
    "standard": ("documentNumber",),
    "clause": ("clauseNumber",),
}
_IDENTIFIER = Iri(names.DCT + "identifier")
_EXECUTABLE = re.compile(re.escape(names.SH) + r"SPARQL\w*Executable")
_WANTED = frozenset(
    f"<{one.value}>".encode()
    for one in (
        *(TYPE, ALT_LABEL, IN_SCHEME, NOTATION, _IDENTIFIER, *LABELS),
        *map(def_, itertools.chain(*_CODES.values())),
    )
)


@dataclass(frozen=True)
class Row:
    """A thing as it can be found. ``said`` is JSON: its names by language, and the others it is known by."""

    iri: str
    kind: int
    codes: str
    """Line by line as written, the one that is shown first."""
    past: bool
    said: str


def rows_of(task: tuple[str, Path], standards: Standards, _rules: Rules) -> list[Row]:
    """The things to be found in a graph, by its code and its dump (sorted N-Triples, packed): those that have a name and a
    page here. Of a region those of its own; what it says of others', they say themselves."""
    code, dump = task
    with gzip.open(dump) as lines:
        wanted = b"".join(line for line in lines if line.split(b" ", 2)[1] in _WANTED)
    kinds = _kinds(standards)
    found = []
    triples = (quad.triple for quad in parse(wanted, format=RdfFormat.N_TRIPLES))
    for subject, said in itertools.groupby(triples, lambda triple: triple.subject):
        is_own = code in names.SYSTEM_GRAPHS or owner(subject) == code[:6]
        if is_own and isinstance(subject, Iri) and subject.value.startswith(names.BASE):
            row = _row(subject, list(said), kinds)
            if row is not None:
                found.append(row)
    return found


@cache
def _kinds(standards: Standards) -> dict[Iri, str]:
    return {
        kind: name
        for name, classes in _CLASSES.items()
        for one in classes
        for kind in standards.descendants(def_(one))
    }


def _row(thing: Iri, said: list[Triple], kinds: dict[Iri, str]) -> Row | None:
    values: dict[Iri, list[Term]] = {}
    for triple in said:
        values.setdefault(triple.predicate, []).append(triple.object)
    kind = _kind_of(thing, values, kinds)
    labels = next((values[one] for one in LABELS if one in values), [])
    texts = {(one.language or "")[:2]: one.value for one in labels if isinstance(one, Literal)}
    if not kind or not any(texts.values()):
        return None
    codes = [
        one.value
        for prop in (*map(def_, _CODES.get(kind, ())), _IDENTIFIER, NOTATION)
        for one in values.get(prop, ())
        if isinstance(one, Literal)
    ]
    others = [one.value for one in values.get(ALT_LABEL, ()) if isinstance(one, Literal)]
    if kind == "standard":
        others += codes  # 39554 is a part of GB/T 39554.1—2020 that people say for the whole
    if not thing.value.startswith(names.BASE + "id/") and kind not in ("clause", "code"):
        codes.append(re.split("[/#]", thing.value)[-1])
    written = json.dumps({"labels": texts, "others": sorted(others)}, ensure_ascii=False, sort_keys=True)
    past = def_("FormerRegion") in values.get(TYPE, ())
    return Row(
        thing.value.removeprefix(names.BASE),
        KINDS.index(kind),
        "\n".join(dict.fromkeys(codes)),
        past,
        written,
    )


def _kind_of(thing: Iri, values: dict[Iri, list[Term]], kinds: dict[Iri, str]) -> str:
    types = values.get(TYPE, [])
    found = next((kinds[one] for one in types if one in kinds), "")
    if found:
        return found
    if any(isinstance(one, Iri) and _EXECUTABLE.fullmatch(one.value) for one in types):
        return "question"
    if thing.value.startswith(names.DEF):
        return "term"
    return "code" if IN_SCHEME in values or thing.value.startswith(names.CODE) else ""

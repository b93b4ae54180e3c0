"""What of a graph can be found: its things that have a name and a page, with what they are called and their codes.

Rows come from dumps, so that equal dumps give equal rows whichever release they were made in. Names are cut into tokens:
Chinese into pairs of neighbours, the last character of a run by itself, so that each character begins exactly one token; two
characters and more are looked for as a phrase of pairs, one as the beginning of a token.
"""

import gzip
import itertools
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app import names
from app.checking.rules import Rules
from app.headings.likeness import syllables
from app.ontology.facts import ALT_LABEL, IN_SCHEME, LABELS, NOTATION, TYPE
from app.ontology.standards import Standards
from app.releases.placement import owner
from app.store.terms import Iri, Literal, RdfFormat, Term, Triple, def_, parse

SECONDS_PER_BYTE = 4e-7
"""What it takes to make the rows of a packed dump: 1,000 items in a tenth of a second."""

SYLLABLES = 12
"""How many syllables, or initials, of a name from any one on can be told apart."""

SPOKEN = 40
"""From how many of the characters of a name on its pinyin can begin: names of items are shorter, sentences are not looked
for by pinyin."""

AT_ONCE = 64
"""Graphs whose rows are made at once: those of all regions of a nation together would fill the memory."""

KINDS = ("item", "department", "region", "standard", "clause", "rule", "question", "term", "code")
"""What can be found, in the order in which it is shown where nothing else decides."""

_CHINESE = r"\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+")
IS_CHINESE = re.compile(rf"[{_CHINESE}]")

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
    known = [one.value for one in (*labels, *values.get(ALT_LABEL, ())) if isinstance(one, Literal)]
    others = [one for one in known if one not in texts.values()]
    if kind == "standard":
        others += codes  # 39554 is a part of GB/T 39554.1—2020 that people say for the whole
    if kind in ("rule", "question", "term"):
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
    found = next((kinds[one] for one in types if isinstance(one, Iri) and one in kinds), "")
    if found:
        return found
    if any(isinstance(one, Iri) and _EXECUTABLE.fullmatch(one.value) for one in types):
        return "question"
    if thing.value.startswith(names.DEF):
        return "term"
    return "code" if IN_SCHEME in values or thing.value.startswith(names.CODE) else ""


# Tokens


def runs_of(text: str) -> list[str]:
    """The runs of Chinese, and of other letters and digits, in a text, whatever their width and case."""
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def written(text: str) -> list[str]:
    """The tokens of a name as it is written. What only punctuation parts is one run: 设立、变更 is found by 设立变更, too."""
    found = list[str]()
    for is_chinese, some in itertools.groupby(runs_of(text), lambda run: bool(IS_CHINESE.match(run))):
        if is_chinese:
            run = "".join(some)
            found += [run[at : at + 2] for at in range(len(run))]
        else:
            found += some
    return found


def spoken(text: str) -> set[str]:
    """The pinyin and the initials of a Chinese name from each of its syllables on."""
    run = "".join(one for one in runs_of(text) if IS_CHINESE.match(one))[: SPOKEN + SYLLABLES]
    found, said = set[str](), [one for one in syllables(run) if one.isascii()] if run else []
    for at in range(min(len(said), SPOKEN)):
        some = said[at : at + SYLLABLES]
        found.add("".join(some))
        if len(some) > 1:
            found.add("".join(one[0] for one in some))
    return found

"""Example queries of the page at ``/sparql``: one ``.rq`` file each in ``examples/``, with titles in its first two lines.

They are written without PREFIX and with the names of the default base; both are put right when one is shown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app import names
from app.questions import question
from app.store import syntax

FIRST = "things-by-class"
"""What stands in the box to begin with."""

_FOLDER = Path(__file__).parent / "examples"
_HEAD = re.compile(r"# title: (?P<zh>.+)\n# title en: (?P<en>.+)\n\n")
_DEFAULT_BASE = "https://w3id.org/zwfw/"


@dataclass(frozen=True, slots=True)
class Example:
    """A query to begin with."""

    name: str
    titles: dict[str, str]
    text: str


@cache
def all_examples() -> dict[str, Example]:
    """The examples by name, the first first."""
    found = sorted(map(_read, _FOLDER.glob("*.rq")), key=lambda one: (one.name != FIRST, one.name))
    return {one.name: one for one in found}


def example(name: str, lang: str) -> str | None:
    """The text of an example, or of a question of the catalogue with the values it has by itself; None for neither."""
    if name in all_examples():
        return all_examples()[name].text
    found = question.load().find(name)
    if found is None or any(one.is_required for one in found.parameters):
        return None
    return found.bind({}, lang)


def questions() -> Iterator[question.Question]:
    """The questions of the catalogue that can be shown as a query without values given."""
    return (one for one in question.load().all if not any(p.is_required for p in one.parameters))


def _read(path: Path) -> Example:
    text = path.read_text("utf-8")
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{path.name}: no titles in the first two lines")
    return Example(
        path.stem, head.groupdict(), declared(text[head.end() :].replace(_DEFAULT_BASE, names.BASE))
    )


def declared(query: str) -> str:
    """A query with the prefixes of ours that it uses."""
    used = {token.text.partition(":")[0] for token in syntax.tokens(query)[0] if token.kind == "name"}
    lines = [f"PREFIX {prefix}: <{iri}>" for prefix, iri in names.PREFIXES.items() if prefix in used]
    return "\n".join([*lines, "", query] if lines else [query])

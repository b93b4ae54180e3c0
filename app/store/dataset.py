"""Which graphs a query looks at, said in the query itself, so that every engine understands the same.

Engines differ in all that the dataset is made of: what the default graph holds when nobody says (nothing, everything,
everything and the engine's own graphs), whether the protocol's parameters replace FROM or add to it, what GRAPH sees
where only FROM is given. So a query's own clauses are read and blanked out, and what it is to see is written in their
place, default graph and named graphs both, graph by graph.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin

from app import names
from app.store import syntax
from app.store.query import Query, QueryRefused

NOWHERE = names.BASE + "store/none"
"""A graph that is empty by agreement: a dataset of no graph at all cannot be written with FROM."""

_ENDS_THE_HEAD = frozenset({"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Placed:
    """A query in three parts: prologue, form with what it projects, and the rest; its dataset goes before the rest."""

    prologue: str
    head: str
    rest: str
    dataset: str

    @property
    def text(self) -> str:
        """The query, to be sent. The base is ours unless it has its own."""
        return f"BASE <{names.BASE}> {self.prologue}{self.head}\n{self.dataset}\n{self.rest}"

    @property
    def counting(self) -> str:
        """A query for the number of solutions, as ``?n``; of a CONSTRUCT, or a DESCRIBE with a pattern."""
        inner = f"SELECT * {self.rest}"
        return f"BASE <{names.BASE}> {self.prologue} SELECT (COUNT(*) AS ?n)\n{self.dataset}\n{{ {{ {inner}\n}} }}"


def placed(query: Query, asked: syntax.Syntax, ours: Collection[str]) -> Placed:
    """``query`` with its dataset written out: what it names, as far as it is ours, else all of ``ours``.

    Raises ``QueryRefused`` where its own clauses cannot be read from its tokens.
    """
    found, _ = syntax.tokens(asked.text)
    start = next(
        (one for one in found if one.kind == "word" and one.text.upper() in syntax.QUERY_FORMS), None
    )
    if start is None:
        raise QueryRefused("the form of the query must stand apart from what follows it")
    default, named, clauses = _stated(found, start)
    if asked.has_dataset and not clauses:
        raise QueryRefused("FROM must stand apart from the graph it names")
    if query.default_graphs or query.named_graphs:
        default, named = list(query.default_graphs), list(query.named_graphs)
    elif not asked.has_dataset:
        default = named = list(ours)
    at = _end_of_head(found, start, len(asked.text))
    text = asked.text
    for begin, end in clauses:
        text = text[:begin] + " " * (end - begin) + text[end:]
    known = set(ours)
    lines = [f"FROM <{graph}>" for graph in default if graph in known] or [f"FROM <{NOWHERE}>"]
    # Half the clauses, and half the time an engine takes to read them, where no pattern asks for a graph.
    if any("GRAPH" in one.text.upper() for one in found if one.kind in ("word", "name")):
        lines += [f"FROM NAMED <{graph}>" for graph in named if graph in known] or [f"FROM NAMED <{NOWHERE}>"]
    return Placed(text[: start.start], text[start.start : at], text[at:], "\n".join(lines))


def _stated(
    found: list[syntax.Token], start: syntax.Token
) -> tuple[list[str], list[str], list[tuple[int, int]]]:
    """The graphs of FROM, those of FROM NAMED, and where the clauses stand."""
    prefixes, base = dict[str, str](), names.BASE
    default, named, clauses = list[str](), list[str](), list[tuple[int, int]]()
    depth = 0
    for number, token in enumerate(found):
        upper, following = token.text.upper(), found[number + 1 : number + 3]
        if token.text in ("{", "}", "(", ")"):
            depth += 1 if token.text in ("{", "(") else -1
        elif token.kind != "word" or depth or not following:
            continue
        elif upper == "PREFIX" and token.start < start.start and len(following) == 2:
            prefixes[following[0].text.rstrip(":")] = urljoin(base, following[1].text[1:-1])
        elif upper == "BASE" and token.start < start.start:
            base = urljoin(base, following[0].text[1:-1])
        elif upper == "FROM":
            is_named = following[0].text.upper() == "NAMED"
            source = following[-1] if is_named else following[0]
            (named if is_named else default).append(_iri(source, prefixes, base))
            clauses.append((token.start, source.start + len(source.text)))
    return default, named, clauses


def _iri(token: syntax.Token, prefixes: dict[str, str], base: str) -> str:
    if token.kind == "iri":
        return urljoin(base, token.text[1:-1])
    prefix, _, local = token.text.partition(":")
    if token.kind != "name" or prefix not in prefixes:
        raise QueryRefused("FROM must stand apart from the graph it names")
    return prefixes[prefix] + _ESCAPED.sub(r"\1", local)


def _end_of_head(found: list[syntax.Token], start: syntax.Token, length: int) -> int:
    """Where the dataset clauses of a query belong: before its pattern, after the template of a CONSTRUCT."""
    after = [one for one in found if one.start > start.start]
    if start.text.upper() == "CONSTRUCT" and after and after[0].text == "{":
        depth = 0
        for token in after:
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if depth == 0:
                return token.start + 1
    depth = 0
    for token in after:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and (
            token.text == "{" or (token.kind == "word" and token.text.upper() in _ENDS_THE_HEAD)
        ):
            return token.start
    return length

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
    stated = _Stated(found, start)
    default, named = stated.default, stated.named
    if asked.has_dataset and not stated.clauses:
        raise QueryRefused("FROM must stand apart from the graph it names")
    if query.default_graphs or query.named_graphs:
        default, named = list(query.default_graphs), list(query.named_graphs)
    elif not asked.has_dataset:
        default = named = list(ours)
    known = set(ours)
    lines = [f"FROM <{graph}>" for graph in default if graph in known] or [f"FROM <{NOWHERE}>"]
    # Half the clauses, and half the time an engine takes to read them, where no pattern asks for a graph.
    if any("GRAPH" in one.text.upper() for one in found if one.kind in ("word", "name")):
        lines += [f"FROM NAMED <{graph}>" for graph in named if graph in known]
        lines.append(f"FROM NAMED <{NOWHERE}>")
    text = asked.text
    for begin, end in stated.clauses:
        text = text[:begin] + " " * (end - begin) + text[end:]
    at = _end_of_head(found, start, len(text))
    rest = text[at:]
    # A graph asked for by name that is not among the named is empty; Virtuoso counts one solution in it unless it is
    # one of the dataset. From the end, so that places before it stay where they are.
    for token, graph in reversed(stated.asked_for):
        if graph not in known or graph not in named:
            begin = token.start - at
            rest = f"{rest[:begin]}<{NOWHERE}>{rest[begin + len(token.text) :]}"
    return Placed(text[: start.start], text[start.start : at], rest, "\n".join(lines))


def seen(query: Query, asked: syntax.Syntax) -> frozenset[str] | None:
    """The graphs an answer depends on, where the query or its request names all of them: by the protocol's parameters, by
    FROM and FROM NAMED, or because its pattern is nothing but ``GRAPH <iri> { … }``. Nothing where it may be any graph."""
    if query.default_graphs or query.named_graphs:
        return frozenset({*query.default_graphs, *query.named_graphs})
    found, ambiguous = syntax.tokens(asked.text)
    start = next(
        (one for one in found if one.kind == "word" and one.text.upper() in syntax.QUERY_FORMS), None
    )
    if start is None or ambiguous:
        return None
    try:
        stated = _Stated(found, start)
    except QueryRefused:
        return None
    if asked.has_dataset:
        return frozenset({*stated.default, *stated.named}) if stated.clauses else None
    if asked.form not in ("SELECT", "ASK") or not _is_in_named_graphs(found, asked.pattern):
        return None
    return frozenset(graph for _, graph in stated.asked_for)


def _is_in_named_graphs(found: list[syntax.Token], pattern: int) -> bool:
    """Whether a query's pattern is a row of graphs asked for by name, with nothing beside them, and nothing elsewhere that
    looks at a graph: none asked for by a variable, no EXISTS."""
    words = [one.text.upper() for one in found if one.kind in ("word", "name")]
    if any("EXISTS" in word for word in words):
        return False
    depth = 0
    for at, token in enumerate(found):
        upper, before, after = token.text.upper(), found[at - 1].text.upper(), found[at + 1 : at + 2]
        if upper == "GRAPH" and not (after and after[0].kind in ("iri", "name")):
            return False
        if token.start < pattern:
            continue
        is_brace = token.kind == "other" and token.text in ("{", "}")
        is_name = token.kind in ("iri", "name") and before == "GRAPH" and after and after[0].text == "{"
        if depth == 1 and not (is_brace or is_name or upper == "GRAPH" or token.text == "."):
            return False
        if depth == 1 and token.text == "{" and found[at - 1].kind not in ("iri", "name"):
            return False
        depth += {"{": 1, "}": -1}.get(token.text, 0) if is_brace else 0
        if depth == 0:
            return True
    return False


class _Stated:
    """What a query's tokens say of graphs: those of FROM and of FROM NAMED, where these clauses stand, and the graphs
    that patterns ask for by name."""

    def __init__(self, found: list[syntax.Token], start: syntax.Token) -> None:
        self._prefixes, self._base = dict[str, str](), names.BASE
        self.default, self.named = list[str](), list[str]()
        self.clauses = list[tuple[int, int]]()
        self.asked_for = list[tuple[syntax.Token, str]]()
        depth = 0
        for number, token in enumerate(found):
            following = found[number + 1 : number + 3]
            if token.text in ("{", "}", "(", ")"):
                depth += 1 if token.text in ("{", "(") else -1
            elif token.kind == "word" and following:
                self._read(token, following, token.start < start.start, depth)

    def _read(
        self, token: syntax.Token, following: list[syntax.Token], is_prologue: bool, depth: int
    ) -> None:
        upper = token.text.upper()
        if upper == "PREFIX" and is_prologue and len(following) == 2:
            prefix, iri = following
            self._prefixes[prefix.text.rstrip(":")] = _resolved(self._base, iri.text[1:-1])
        elif upper == "BASE" and is_prologue:
            self._base = _resolved(self._base, following[0].text[1:-1])
        elif upper == "FROM" and depth == 0:
            is_named = following[0].text.upper() == "NAMED"
            source = following[-1] if is_named else following[0]
            (self.named if is_named else self.default).append(self._iri(source))
            self.clauses.append((token.start, source.start + len(source.text)))
        elif upper == "GRAPH" and depth and following[0].kind in ("iri", "name"):
            self.asked_for.append((following[0], self._iri(following[0])))

    def _iri(self, token: syntax.Token) -> str:
        if token.kind == "iri":
            return _resolved(self._base, token.text[1:-1])
        prefix, _, local = token.text.partition(":")
        if token.kind != "name" or prefix not in self._prefixes:
            raise QueryRefused(f"{token.text} must stand apart from what precedes it")
        return self._prefixes[prefix] + _ESCAPED.sub(r"\1", local)


def _resolved(base: str, iri: str) -> str:
    """An IRI by a base. Raises ``QueryRefused`` for what is none: ``http://[``."""
    try:
        return urljoin(base, iri)
    except ValueError as error:
        raise QueryRefused(f"<{iri}>: {error}") from error


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

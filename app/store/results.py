"""Writing an engine's results in the format asked for, in frames: the same for answers evaluated here and elsewhere."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any, cast

from app import names
from app.store.query import MemoryExceeded
from app.store.records import FRAME_BYTES
from app.store.terms import QueryResultsFormat, RdfFormat, serialize

SOME_BYTES = 32 * 1024 * 1024
"""What an answer has at most that is cut at so many solutions or triples: whoever wants it so holds it in memory as a whole,
and a query can make each of its texts as long as it likes. A hundred thousand solutions of three terms fit."""

WITHOUT_PREFIXES = frozenset({RdfFormat.N_TRIPLES, RdfFormat.N_QUADS})


def write(result: Any, media_type: str, limit: int | None, sink: "Frames") -> None:
    """Write solutions, a truth value or triples. Raises ``TypeError`` where the format does not fit the result."""
    solutions = QueryResultsFormat.from_media_type(media_type)
    if hasattr(result, "variables"):
        if solutions is None:
            raise TypeError("solutions are not triples")
        if limit is None:
            result.serialize(sink, format=solutions)
        else:
            sink.write(_some_solutions(result, limit))
    elif not hasattr(result, "__next__"):
        if solutions not in (QueryResultsFormat.JSON, QueryResultsFormat.XML):
            raise TypeError("a truth value has JSON and XML only")
        result.serialize(sink, format=solutions)
    else:
        if solutions is not None:
            raise TypeError("triples are not solutions")
        write_triples(result if limit is None else _some_triples(result, limit), media_type, sink)


def write_triples(triples: Any, media_type: str, sink: "Frames") -> None:
    """Write triples. Raises ``TypeError`` where the format is none of triples."""
    form, prefixes = triples_format(media_type)
    serialize(triples, cast(IO[bytes], sink), format=form, prefixes=prefixes)


def triples_format(media_type: str) -> tuple[RdfFormat, dict[str, str]]:
    """A format of triples and the prefixes it takes. Raises ``TypeError`` where it is none."""
    form = RdfFormat.from_media_type(media_type)
    if form is None:
        raise TypeError("triples are not solutions")
    return form, {} if form in WITHOUT_PREFIXES else names.PREFIXES


def _some_solutions(result: Any, limit: int) -> bytes:
    """The first ``limit`` solutions as SPARQL 1.1 Query Results JSON, or as many of them as ``SOME_BYTES`` hold, with a
    member ``more`` of our own. Raises ``MemoryExceeded`` where they do not hold one."""
    variables = [variable.value for variable in result.variables]
    written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    rows: list[bytes] = []
    more, left = False, SOME_BYTES
    for solution in result:
        terms = zip(variables, solution, strict=True)
        row = written({name: json_term(term) for name, term in terms if term is not None}).encode()
        left -= len(row)
        if more := left < 0 or len(rows) == limit:
            break
        rows.append(row)
    if left < 0 and not rows:
        raise MemoryExceeded("one solution alone is more than is held of an answer")
    head, body = written({"vars": variables}).encode(), b",".join(rows)
    return b'{"head":%b,"results":{"bindings":[%b]},"more":%b}' % (head, body, written(more).encode())


def _some_triples(triples: Iterable[Any], limit: int) -> Iterator[Any]:
    """The first ``limit`` triples, or as many of them as ``SOME_BYTES`` hold."""
    left = SOME_BYTES
    for triple in islice(triples, limit):
        left -= len(str(triple).encode())
        if left < 0:
            return
        yield triple


def json_term(term: Any) -> dict[str, Any]:
    """A term as SPARQL 1.1 Query Results JSON §3.2.2 writes it (triples as SPARQL 1.2 does)."""
    kind = type(term).__name__
    if kind == "NamedNode":
        return {"type": "uri", "value": term.value}
    if kind == "BlankNode":
        return {"type": "bnode", "value": term.value}
    if kind == "Triple":
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
        return {"type": "triple", "value": {name: json_term(part) for name, part in parts.items()}}
    written = {"type": "literal", "value": term.value}
    if term.language:
        written["xml:lang"] = term.language
    elif not term.datatype.value.endswith("#string"):
        written["datatype"] = term.datatype.value
    return written


class Frames:
    """A file to write to that cuts what comes into frames and sends each when it is full."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) >= FRAME_BYTES:
            self._send(bytes(self._waiting[:FRAME_BYTES]))
            del self._waiting[:FRAME_BYTES]
        return len(data)

    def flush(self) -> None:
        """Nothing: a serialiser that flushes early must not make short frames."""

    def flush_last(self) -> None:
        """Send the last frame, which is shorter, if there is any."""
        if rest := self.rest():
            self._send(rest)

    def rest(self) -> bytes:
        """What has not been sent, given up to who sends it."""
        rest = bytes(self._waiting)
        self._waiting.clear()
        return rest

"""The process that evaluates queries, one at a time, for the store that started it.

Run as ``python -m app.store.worker INDEX MEMORY_MB PARENT_PID``. Requests come on standard input, answers go
to standard output, in the form of ``records``.

Everything happens in one thread, evaluation and serialisation alike: a result of the engine touched from
another thread aborts the process. Nothing can stop an evaluation but the end of this process, so that is what
the parent does at the deadline; hence also the care that no worker survives its parent.
"""

import json
import os
import re
import sys
from itertools import islice
from typing import IO, Any, BinaryIO, cast

from app import names
from app.confinement import confine
from app.store.records import (
    END,
    FAILED,
    FAILURE,
    FRAME,
    FRAME_BYTES,
    MALFORMED,
    MEMORY,
    UNFIT,
    UNKNOWN,
    failure,
    read_request,
    record,
)
from app.store.terms import DefaultGraph, Index, Iri, QueryResultsFormat, RdfFormat, serialize

WITHOUT_PREFIXES = frozenset({RdfFormat.N_TRIPLES, RdfFormat.N_QUADS})


def main(index: str, memory_mb: int, parent: int) -> None:
    """Open the index and answer until the parent closes our input; what is wrong with it is the first answer."""
    requests, replies = pipes()
    # Before the index is opened: the engine's own threads inherit what is forbidden then.
    confine(parent, memory_mb)
    try:
        store = Index.read_only(index)
    except OSError as error:
        send(replies, FAILURE, failure(FAILED, str(error)))
        return
    while request := read_request(requests):
        try:
            _answer(store, request, replies)
        except BrokenPipeError:
            return


def pipes() -> tuple[BinaryIO, BinaryIO]:
    """Where requests come from and replies go to, from now on out of reach of anything that prints."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever prints by mistake goes to the log and not among the records
    return requests, cast(BinaryIO, replies)


def _answer(store: Any, request: dict[str, Any], replies: BinaryIO) -> None:
    sink = Frames(replies)
    try:
        (_write_graph if "graph" in request else _evaluate)(store, request, sink)
        sink.flush_last()
    except BrokenPipeError:
        raise
    except SyntaxError as error:
        send(replies, FAILURE, malformed(str(error)))
    except TypeError as error:
        send(replies, FAILURE, failure(UNFIT, str(error)))
    except KeyError as error:
        send(replies, FAILURE, failure(UNKNOWN, str(error)))
    except MemoryError:
        send(replies, FAILURE, failure(MEMORY, "out of memory"))
    except (OSError, RuntimeError, ValueError) as error:
        send(replies, FAILURE, failure(FAILED, str(error)))
    else:
        send(replies, END, b"")


def _evaluate(store: Any, request: dict[str, Any], sink: "Frames") -> None:
    dataset: dict[str, Any] = {}
    if request["default_graphs"] or request["named_graphs"]:
        dataset["default_graph"] = [Iri(graph) for graph in request["default_graphs"]]
        dataset["named_graphs"] = [Iri(graph) for graph in request["named_graphs"]]
    else:
        dataset["use_default_graph_as_union"] = request["union"]
    result = store.query(request["text"], base_iri=names.BASE, **dataset)
    solutions = QueryResultsFormat.from_media_type(request["media_type"])
    limit = request["limit"]
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
        if limit is not None:
            result = islice(result, limit)
        _write_triples(result, request["media_type"], sink)


def _write_graph(store: Any, request: dict[str, Any], sink: "Frames") -> None:
    """A graph as it lies in the index, statement by statement: no evaluation, and no memory but a frame's."""
    if not request["graph"] and request["union"]:
        # Publication leaves no triple in two graphs, so that this is the merge.
        _write_triples((quad.triple for quad in store), request["media_type"], sink)
        return
    graph = Iri(request["graph"]) if request["graph"] else DefaultGraph()
    if request["graph"] and not request["may_be_empty"] and not store.contains_named_graph(graph):
        raise KeyError(request["graph"])
    triples = _triples_format(request["media_type"])
    prefixes = {} if triples in WITHOUT_PREFIXES else names.PREFIXES
    store.dump(cast(IO[bytes], sink), triples, from_graph=graph, prefixes=prefixes)


def _write_triples(triples: Any, media_type: str, sink: "Frames") -> None:
    form = _triples_format(media_type)
    prefixes = {} if form in WITHOUT_PREFIXES else names.PREFIXES
    serialize(triples, cast(IO[bytes], sink), format=form, prefixes=prefixes)


def _triples_format(media_type: str) -> RdfFormat:
    form = RdfFormat.from_media_type(media_type)
    if form is None:
        raise TypeError("triples are not solutions")
    return form


def _some_solutions(result: Any, limit: int) -> bytes:
    """The first ``limit`` solutions as SPARQL 1.1 Query Results JSON, with a member ``more`` of our own."""
    variables = [variable.value for variable in result.variables]
    rows = [
        {name: json_term(term) for name, term in zip(variables, solution, strict=True) if term is not None}
        for solution in islice(result, limit)
    ]
    more = next(iter(result), None) is not None
    answer = {"head": {"vars": variables}, "results": {"bindings": rows}, "more": more}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


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

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) >= FRAME_BYTES:
            send(self._replies, FRAME, bytes(self._waiting[:FRAME_BYTES]))
            del self._waiting[:FRAME_BYTES]
        return len(data)

    def flush(self) -> None:
        """Nothing: a serialiser that flushes early must not make short frames."""

    def flush_last(self) -> None:
        if self._waiting:
            send(self._replies, FRAME, bytes(self._waiting))
            self._waiting.clear()


def send(replies: BinaryIO, kind: bytes, payload: bytes) -> None:
    """Send one record."""
    left = memoryview(record(kind, payload))
    while left:  # an unbuffered pipe takes what fits
        left = left[replies.write(left) :]


def malformed(message: str) -> bytes:
    """``error at 3:14: expected one of …``: the place apart, and of long lists of what was expected the
    beginning."""
    line = column = 0
    if place := re.match(r"error at (\d+):(\d+): ", message):
        line, column = int(place[1]), int(place[2])
        message = message[place.end() :]
    # The engine prints whole character classes; no reader wants them.
    message = re.sub(r"\[[^\]]*\.\.=.*?\](?=,|$)", "[…]", message, flags=re.DOTALL)
    message = re.sub(r"(, \[(…|_|'_')\])+", ", …", message)
    return failure(MALFORMED, message, line, column)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

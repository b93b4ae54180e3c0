"""The process that evaluates queries, one at a time, for the store that started it.

Run as ``python -m app.store.worker INDEX MEMORY_MB FORWARDER_PORT PARENT_PID``. Requests come on standard input, answers go
to standard output, in the form of ``records``.

Everything happens in one thread, evaluation and serialisation alike: a result of the engine touched from
another thread aborts the process. Nothing can stop an evaluation but the end of this process, so that is what
the parent does at the deadline; hence also the care that no worker survives its parent.
"""

import os
import re
import sys
from typing import IO, Any, BinaryIO, cast

from app import names
from app.processes.confinement import confine
from app.store import results
from app.store.query import MemoryExceeded
from app.store.records import (
    END,
    FAILED,
    FAILURE,
    FRAME,
    MALFORMED,
    MEMORY,
    UNFIT,
    UNKNOWN,
    failure,
    read_request,
    record,
)
from app.store.results import Frames
from app.store.terms import DefaultGraph, Index, Iri


def main(index: str, memory_mb: int, forwarder_port: int, parent: int) -> None:
    """Open the index and answer until the parent closes our input; what is wrong with it is the first answer."""
    requests, replies = pipes()
    # Before the index is opened: the engine's own threads inherit what is forbidden then.
    confine(parent, memory_mb, forwarder_port)
    try:
        store = Index.read_only(index)
    except OSError as error:
        send(replies, record(FAILURE, failure(FAILED, str(error))))
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
    sink = Frames(lambda payload: send(replies, record(FRAME, payload)))
    try:
        (_write_graph if "graph" in request else _evaluate)(store, request, sink)
    except BrokenPipeError:
        raise
    except SyntaxError as error:
        send(replies, record(FAILURE, malformed(str(error))))
    except TypeError as error:
        send(replies, record(FAILURE, failure(UNFIT, str(error))))
    except KeyError as error:
        send(replies, record(FAILURE, failure(UNKNOWN, str(error))))
    except (MemoryError, MemoryExceeded):
        send(replies, record(FAILURE, failure(MEMORY, "out of memory")))
    except (OSError, RuntimeError, ValueError) as error:
        send(replies, record(FAILURE, failure(FAILED, str(error))))
    else:
        # In one piece: who waits for them is woken once.
        rest = sink.rest()
        send(replies, (record(FRAME, rest) if rest else b"") + record(END))


def _evaluate(store: Any, request: dict[str, Any], sink: Frames) -> None:
    dataset: dict[str, Any] = {}
    if request["default_graphs"] or request["named_graphs"]:
        dataset["default_graph"] = [Iri(graph) for graph in request["default_graphs"]]
        dataset["named_graphs"] = [Iri(graph) for graph in request["named_graphs"]]
    else:
        dataset["use_default_graph_as_union"] = request["union"]
    result = store.query(request["text"], base_iri=names.BASE, **dataset)
    results.write(result, request["media_type"], request["limit"], sink)


def _write_graph(store: Any, request: dict[str, Any], sink: Frames) -> None:
    """A graph as it lies in the index, statement by statement: no evaluation, and no memory but a frame's."""
    if not request["graph"] and request["union"]:
        # Publication leaves no triple in two graphs, so that this is the merge.
        results.write_triples((quad.triple for quad in store), request["media_type"], sink)
        return
    graph = Iri(request["graph"]) if request["graph"] else DefaultGraph()
    if request["graph"] and not request["may_be_empty"] and not store.contains_named_graph(graph):
        raise KeyError(request["graph"])
    form, prefixes = results.triples_format(request["media_type"])
    store.dump(cast(IO[bytes], sink), form, from_graph=graph, prefixes=prefixes)


def send(replies: BinaryIO, records: bytes) -> None:
    """Send one record or several."""
    left = memoryview(records)
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
    main(sys.argv[1], *map(int, sys.argv[2:5]))

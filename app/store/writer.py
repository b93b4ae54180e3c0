"""The process that writes an index: each change goes into a copy of the last, which is whole or is thrown away.

Run as ``python -m app.store.writer MEMORY_MB PARENT_PID``. What it is sent was written by anybody, so it is confined as the
processes that answer are. A request names the index to start from, the one to make, and the change; the reply is one
frame of JSON that says whether the graph was there before, and where what the graphs hold now has been written.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, BinaryIO

from app import names
from app.processes.confinement import confine
from app.store.records import END, FAILED, FAILURE, FRAME, MEMORY, UNKNOWN, failure, read_request, record
from app.store.terms import DefaultGraph, Index, Iri, Quad, RdfFormat, ntriples, parse
from app.store.worker import malformed, pipes, send


def main(memory_mb: int, parent: int) -> None:
    """Carry out changes until the parent closes our input."""
    requests, replies = pipes()
    confine(parent, memory_mb)
    while request := read_request(requests):
        try:
            _answer(request, replies)
        except BrokenPipeError:
            return


def _answer(request: dict[str, Any], replies: BinaryIO) -> None:
    try:
        done = _changed(request)
    except BaseException as error:
        told = _failure(error)
    else:
        send(replies, record(FRAME, json.dumps(done).encode()) + record(END))
        return
    # Only now, with the error and all that hangs on it gone, is the index closed.
    shutil.rmtree(request["new"], ignore_errors=True)
    send(replies, record(FAILURE, told))


def _failure(error: BaseException) -> bytes:
    match error:
        case SyntaxError():
            return malformed(str(error))
        case KeyError():
            return failure(UNKNOWN, str(error))
        case MemoryError():
            return failure(MEMORY, "out of memory")
        case OSError() | RuntimeError() | ValueError():
            return failure(FAILED, str(error))
    raise error


def _changed(request: dict[str, Any]) -> dict[str, Any]:
    """Make the new index; whether the graph of the change was there before, and what the graphs changed hold now."""
    # Opening an index for writing changes its files, so the old one is only ever read.
    old = Index.read_only(request["old"]) if request["old"] else None
    if old is not None:
        old.backup(request["new"])
    index = Index(request["new"])
    try:
        existed = True
        if request["kind"] == "update":
            index.update(request["text"], base_iri=names.BASE)
        else:
            existed = _graph_changed(index, request)
        if request["writes"] is None or old is None:
            return {"existed": existed, "changed": {}}
        return {"existed": existed, "changed": _written_out(old, index, request["writes"], request["new"])}
    finally:
        index.flush()


def _written_out(old: Index, new: Index, graphs: list[str], folder: str) -> dict[str, str]:
    """By graph: the file that holds what it holds now, where that is not what it held. Raises ``SyntaxError`` where any other
    graph has changed in size."""
    found, difference = {}, 0
    for number, name in enumerate(graphs):
        before, after = (
            {quad.triple for quad in index.quads_for_pattern(None, None, None, Iri(name))}
            for index in (old, new)
        )
        difference += len(after) - len(before)
        if after != before:
            found[name] = f"{folder}.{number}.nt"
            Path(found[name]).write_bytes(ntriples(after))
    if len(new) - len(old) != difference:
        raise SyntaxError("the update writes to a graph it does not name")
    return found


def _graph_changed(index: Index, request: dict[str, Any]) -> bool:
    """Carry out a request of the Graph Store Protocol."""
    graph = Iri(request["graph"]) if request["graph"] else DefaultGraph()
    existed = isinstance(graph, DefaultGraph) or index.contains_named_graph(graph)
    if request["kind"] == "delete" and not existed:
        raise KeyError(request["graph"])
    quads = [quad for body in request["bodies"] for quad in _read(body, request["graph"] or names.BASE)]
    if request["kind"] in ("put", "delete"):
        index.remove_graph(graph)
    if request["kind"] != "delete":
        index.add_graph(graph)  # it is there even if it is empty
        index.bulk_extend(Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)
    return existed


def _read(body: dict[str, str], base: str) -> list[Quad]:
    """The triples of one document. Its blank nodes are its own: merging keeps them apart from those of others (RDF 1.1
    Semantics §4.1)."""
    form = RdfFormat.from_media_type(body["media_type"])
    return list(
        parse(
            path=Path(body["path"]),
            format=form,
            base_iri=base,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""Sending a release to a SPARQL store of others: what changed, under names of its own, then put in place at once.

A graph is loaded beside the one in force (``…/store/staged/…``), and when all are there one request moves them to their
names and sets the pointer (``store.remote``). In engines that carry a request out whole, readers see the old release or
the new one. In others, and where the move is too large for one request, the pointer is taken away first: who asks
through ``zwfw serve --store`` is told to come back, who asks the engine itself may see some graphs new and some old.

Killed at any moment and run again it goes on where it was: what the store has is in the pointer's graph, each graph
with the digest of its content, and a graph's digest is never there while the graph may be incomplete.
"""

import gzip
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app import names
from app.releases.release import Release
from app.store.endpoint import Endpoint
from app.store.query import StoreError
from app.store.remote import DIGEST, HELD, POINTER, SWITCH, held, new_switch
from app.store.terms import BlankNode, Index, Iri, Literal, RdfFormat, Triple, canonical, ntriples, parse

STAGED = names.BASE + "store/staged/"
"""Graphs that are being prepared."""

CHUNK_TRIPLES = 1000
"""Triples in one request: Virtuoso's parser gives up at five thousand lines."""

CHUNK_BYTES = 1_000_000
"""And at most so much text, unless one triple is larger."""

MOVED_TRIPLES = 1_000_000
"""More than this is moved in several requests: an engine keeps what one request changes in memory."""

QUESTION_SECONDS = 60.0
"""For reading the pointer and counting a graph."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending did: graphs loaded, and those that are no more."""

    loaded: list[str]
    dropped: list[str]


def send(release: Release, endpoint: Endpoint, say: Callable[[str, int], None]) -> Sent:
    """Bring the store at ``endpoint`` to what ``release`` is. ``say`` is told each graph that is loaded, and its triples.

    Raises ``StoreError``; then the store has the old release, or is between the two and says so by its pointer.
    """
    there = held(endpoint, QUESTION_SECONDS)
    index = Index.read_only(str(release.index))
    wanted = {
        graph.value: _digest(_lines(index, graph)) for graph in index.named_graphs() if isinstance(graph, Iri)
    }
    kept = {graph for graph in there.digests if not graph.startswith(STAGED)}
    changed = sorted(graph for graph, digest in wanted.items() if there.digests.get(graph) != digest)
    gone = sorted(kept - wanted.keys())
    staged = {graph: _staged(graph, wanted[graph]) for graph in changed}
    for rest in sorted(there.digests.keys() - kept - set(staged.values())):
        endpoint.update(f"DROP SILENT GRAPH <{rest}> ; {_forget(rest)}")
    if there.release == release.id and not changed and not gone:
        return Sent([], [])
    sizes = dict[str, int]()
    for graph in changed:
        lines = _lines(index, Iri(graph))
        sizes[graph] = len(lines)
        # A complete one has its digest; what else is there under its name is from a run that was cut short.
        if there.digests.get(staged[graph]) != wanted[graph]:
            say(graph, len(lines))
            _load(endpoint, staged[graph], lines)
            endpoint.update(_note(staged[graph], DIGEST, wanted[graph]))
    moves = [(_move(staged[graph], graph, wanted[graph]), sizes[graph]) for graph in changed]
    moves += [(f"{_forget(graph)} ;\nDROP SILENT GRAPH <{graph}>", 0) for graph in gone]
    _switch(endpoint, moves, release.id)
    return Sent(changed, gone)


def write(release: Release, path: Path) -> None:
    """Write ``release`` as N-Quads, packed, pointer included, for an engine's own loader of large files."""
    index = Index.read_only(str(release.index))
    noted = [(POINTER, HELD, release.id), (POINTER, SWITCH, new_switch())]
    fresh = path.with_name(f".{path.name}.new")
    with gzip.open(fresh, "wb", compresslevel=6) as file:
        for number, graph in enumerate(index.named_graphs()):
            if not isinstance(graph, Iri):
                continue
            lines = _lines(index, graph)
            noted.append((graph.value, DIGEST, _digest(lines)))
            # Labels hold for the whole file here, and each graph has a first blank node.
            lines = [_relabelled(line, f"g{number}") if b"_:" in line else line for line in lines]
            file.writelines(line[:-2] + f"{graph} .\n".encode() for line in lines)
        file.writelines(f'<{one}> <{prop}> "{value}" <{POINTER}> .\n'.encode() for one, prop, value in noted)
    fresh.replace(path)


def _relabelled(line: bytes, prefix: str) -> bytes:
    triple = next(iter(parse(line, format=RdfFormat.N_TRIPLES))).triple
    subject, object_ = (
        BlankNode(prefix + node.value) if isinstance(node, BlankNode) else node
        for node in (triple.subject, triple.object)
    )
    return ntriples([Triple(subject, triple.predicate, object_)])


def _switch(endpoint: Endpoint, moves: list[tuple[str, int]], release: str) -> None:
    """Move all, in as few requests as may be; the pointer is away before the first and there after the last."""
    operations, weight = [_forget(POINTER)], 0
    for move, size in moves:
        if weight and weight + size > MOVED_TRIPLES:
            endpoint.update(" ;\n".join(operations))
            operations, weight = [], 0
        operations.append(move)
        weight += size
    operations += [_note(POINTER, HELD, release), _note(POINTER, SWITCH, new_switch())]
    endpoint.update(" ;\n".join(operations))


def _move(staged: str, graph: str, digest: str) -> str:
    # Both digests are away while the graph is neither here nor there.
    return " ;\n".join(
        [
            _forget(graph),
            _forget(staged),
            f"MOVE SILENT <{staged}> TO <{graph}>",
            _note(graph, DIGEST, digest),
        ]
    )


def _note(thing: str, prop: str, value: str) -> str:
    return f'INSERT DATA {{ GRAPH <{POINTER}> {{ <{thing}> <{prop}> "{value}" }} }}'


def _forget(thing: str) -> str:
    return f"DELETE WHERE {{ GRAPH <{POINTER}> {{ <{thing}> ?property ?value }} }}"


def _load(endpoint: Endpoint, graph: str, lines: list[bytes]) -> None:
    endpoint.update(f"DROP SILENT GRAPH <{graph}>")
    for chunk in _chunks(lines):
        text = b"".join(chunk).decode()
        if b" _:" in b" " + b" ".join(chunk):
            # DATA may hold no blank nodes in some engines; in a template there is one for each solution, and of those
            # is one.
            endpoint.update(f"INSERT {{ GRAPH <{graph}> {{\n{text}}} }} WHERE {{ }}")
        else:
            endpoint.update(f"INSERT DATA {{ GRAPH <{graph}> {{\n{text}}} }}")
    text = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    found = next(endpoint.select(text, QUESTION_SECONDS))["n"]
    if not isinstance(found, Literal) or int(found.value) != len(lines):
        raise Incomplete(graph, len(lines), str(found))


class Incomplete(StoreError):
    """A store has not taken all it was sent, and did not say so."""

    def __init__(self, graph: str, sent: int, found: str) -> None:
        super().__init__(f"{graph}: {sent} → {found}")


def _chunks(lines: list[bytes]) -> Iterator[list[bytes]]:
    """``lines`` in requests, with what shares a blank node in one: labels hold within a request only."""
    chunk, size = list[bytes](), 0
    for group in _groups(lines):
        weight = sum(map(len, group))
        if chunk and (len(chunk) + len(group) > CHUNK_TRIPLES or size + weight > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk += group
        size += weight
    if chunk:
        yield chunk


def _groups(lines: list[bytes]) -> Iterator[list[bytes]]:
    """Lines that hang together by blank nodes, then all others one by one."""
    parents = dict[str, str]()

    def root(label: str) -> str:
        while parents.setdefault(label, label) != label:
            label = parents[label]
        return label

    labelled, plain = list[tuple[str, bytes]](), list[bytes]()
    for line in lines:
        if b"_:" not in line:
            plain.append(line)
            continue
        triple = next(iter(parse(line, format=RdfFormat.N_TRIPLES))).triple
        labels = [node.value for node in (triple.subject, triple.object) if isinstance(node, BlankNode)]
        if not labels:
            plain.append(line)
            continue
        for label in labels[1:]:
            parents[root(label)] = root(labels[0])
        labelled.append((labels[0], line))
    groups = defaultdict[str, list[bytes]](list)
    for label, line in labelled:
        groups[root(label)].append(line)
    yield from groups.values()
    yield from ([line] for line in plain)


def _lines(index: Index, graph: Iri) -> list[bytes]:
    triples = [quad.triple for quad in index.quads_for_pattern(None, None, None, graph)]
    # An index labels blank nodes anew whenever it is loaded; canonical labels change with what they stand for only.
    if any(isinstance(node, BlankNode) for triple in triples for node in (triple.subject, triple.object)):
        return ntriples(canonical(triples)).splitlines(keepends=True)
    return ntriples(triples).splitlines(keepends=True)


def _digest(lines: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _staged(graph: str, digest: str) -> str:
    """The name of a graph while it is prepared: of its name and content, so that a second run finds it again."""
    return STAGED + hashlib.sha256(f"{graph} {digest}".encode()).hexdigest()[:32]

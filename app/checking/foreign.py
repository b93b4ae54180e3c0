"""Shapes of others: run in an engine as they are written, in a process of its own with a deadline, no network and so
much memory.

Ours are vetted and joined into few queries (``app.checking.check``); of others' nothing is known. What they find
goes into the same report: a shape stands where a rule would, with its own severity and the engine's own words.
"""

import datetime
import hashlib
import multiprocessing
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from app import names
from app.checking import engines
from app.checking.expectation import Expectations
from app.checking.report import Finding, Located, Report, concerned, plain
from app.checking.rules import SEVERITIES, Rule, severity_iri, severity_name, sh, unknown_shacl_terms
from app.files.source import Place, Unreadable, read_rdf, refused
from app.language import LANGUAGES, Message, text
from app.ontology.facts import SOURCE, TYPE, Facts
from app.ontology.standards import Standards, digest_of
from app.processes.confinement import confine, end_with_client
from app.regions.reading import Reading
from app.store.terms import (
    BlankNode,
    Graph,
    Iri,
    Node,
    RdfFormat,
    Term,
    Triple,
    boolean,
    ntriples,
    parse,
)

DEADLINE_SECONDS = 300
"""How long shapes of others may run unless one says otherwise: a million triples take the fast engine seconds, and a
query that is not done by then is mostly one that never ends."""

MEMORY_MB = 4096
"""What the process may take: pyshacl needs two gigabytes for a million triples, the fast engine a tenth of it."""

_SHAPE_LISTS = frozenset(map(sh, ("and", "or", "xone")))
_SHAPE_VALUES = frozenset(map(sh, ("property", "node", "not", "qualifiedValueShape")))
_KINDS = frozenset(map(sh, ("NodeShape", "PropertyShape")))
_TARGETS = frozenset(map(sh, ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")))
_NOT_RUN = frozenset(map(sh, ("expression", "js", "rule", "target", "values")))
"""Of SHACL Advanced Features and SHACL-JS. Engines pass over them without a word; a report must not."""

_STEPS = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}


def examine(
    reading: Reading,
    beside: Graph,
    files: list[Path],
    standards: Standards,
    on: datetime.date,
    engine: str = "fast",
    seconds: float = DEADLINE_SECONDS,
    severities: tuple[str, ...] | None = None,
) -> Report:
    """The report of ``reading`` with what stands ``beside`` it, checked by the shapes in ``files`` within ``seconds``.

    Where nothing stands beside it, findings count for whatever the shapes target; else for its subjects; of
    ``severities`` only, where such are given. Raises ``Unreadable``: shapes that are no RDF or that SHACL forbids, an
    engine that does not end in time or for which the memory is not enough.
    """
    place = Place("、".join(path.name for path in files))
    shapes = _Shapes(set[Triple]().union(*(read_rdf(path) for path in files)))
    if not shapes.rules:
        raise Unreadable(refused(place, "文件中没有 SHACL 形状"))
    with tempfile.TemporaryDirectory(prefix="zwfw-") as folder:
        data_file, shapes_file = Path(folder, "data.nt"), Path(folder, "shapes.nt")
        # Sorted: blank nodes are named in the order engines meet them, and so alike every time.
        data_file.write_bytes(ntriples(reading.graph | beside))
        shapes_file.write_bytes(ntriples(shapes.graph))
        said = _validated(data_file, shapes_file, engine, seconds, place)
    results = Facts({quad.triple for quad in parse(said, format=RdfFormat.N_TRIPLES)})
    (node,) = results.subjects(TYPE, sh("ValidationReport"))
    nodes = [one for one in results.values(node, sh("result")) if isinstance(one, Iri | BlankNode)]
    subjects = {triple.subject for triple in reading.graph}
    if beside:
        nodes = [one for one in nodes if results.value(one, sh("focusNode")) in subjects]
    if severities is not None:
        wanted = set(map(severity_iri, severities))
        nodes = [one for one in nodes if results.value(one, sh("resultSeverity")) in wanted]
    focuses = {term for one in nodes for term in results.values(one, sh("focusNode"))}
    things = concerned(reading.graph, focuses, standards)
    made = _Findings(results, shapes, Located(reading, things, standards), things, Expectations(standards))
    found = [made(one) for one in nodes]
    times = Counter(one.id for one in found)
    findings = [replace(one, count=times[key]) for key, one in {one.id: one for one in found}.items()]
    rules = {rule.key: rule for rule in (*shapes.rules.values(), *(one.rule for one in findings))}
    return Report(
        code=reading.code,
        title=reading.name,
        status=reading.status,
        on=on,
        version=f"sha256:{digest_of(files)[:12]}",
        findings=sorted(findings, key=_order),
        subjects=len(subjects),
        rules=sorted(rules.values(), key=lambda rule: rule.identifier),
        notes=[*reading.notes, *shapes.notes],
        sources=reading.sources,
        as_said=shapes.with_blank_nodes(_of_results(results, node, set(nodes))),
    )


def _of_results(results: Facts, report: Node, kept: Set[Node]) -> Graph:
    """The engine's report with those results alone that count."""
    dropped = {one for one in results.values(report, sh("result")) if one not in kept}
    conforms = Triple(report, sh("conforms"), boolean(not kept))
    return {
        t
        for t in results.graph
        if t.subject not in dropped and t.object not in dropped and t.predicate != conforms.predicate
    } | {conforms}


def _order(finding: Finding) -> tuple[int, str, Place, str, str]:
    severity = finding.rule.severity
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return (rank, finding.rule.identifier, finding.place or Place(""), str(finding.focus), str(finding.value))


class _Shapes:
    """A shapes graph whose shapes all have an IRI, so that a result can be traced to its shape in any engine: engines
    rename blank nodes. Nothing but ``sh:sourceShape`` depends on it, and there the blank nodes are put back."""

    def __init__(self, graph: Graph) -> None:
        self._authored = Facts(graph)
        self._parents: dict[Node, Node] = {}
        nodes = {t.subject for t in graph if t.predicate in _TARGETS or t.object in _KINDS}
        for t in graph:
            below = [t.object] if t.predicate in _SHAPE_VALUES else []
            if t.predicate in _SHAPE_LISTS:
                below = list(self._authored.members(t.object))
            self._parents |= {one: t.subject for one in below if isinstance(one, BlankNode)}
            nodes |= {one for one in below if isinstance(one, Iri | BlankNode)}
        self._names = self._named(one for one in nodes if isinstance(one, BlankNode))
        self._nodes = {iri: node for node, iri in self._names.items()}
        self.graph = {
            Triple(self._names.get(t.subject, t.subject), t.predicate, self._names.get(t.object, t.object))
            for t in graph
        }
        self.rules = {self._names.get(node, node): self._rule(node) for node in nodes}

    def _named(self, nodes: Iterable[BlankNode]) -> dict[Term, Iri]:
        """IRIs for blank nodes by what is written there, so that they stay when something else changes."""
        found, taken = dict[Term, Iri](), Counter[str]()
        described = [(f"{self._root(node)} {self._written(node)}", node) for node in nodes]
        for written, node in sorted(described, key=str):
            taken[written] += 1
            digest = hashlib.sha256(f"{written} {taken[written]}".encode()).hexdigest()[:32]
            found[node] = Iri(names.genid("shapes", digest))
        return found

    def _written(self, node: Term, within: tuple[Term, ...] = ()) -> str:
        if not isinstance(node, BlankNode) or node in within:
            return "" if isinstance(node, BlankNode) else str(node)
        said = (
            f"{t.predicate} {self._written(t.object, (*within, node))}" for t in self._authored.about[node]
        )
        return f"[{' ; '.join(sorted(said))}]"

    def _root(self, node: Node) -> Node:
        """The shape with an IRI in which a shape is written; itself where there is none."""
        seen: list[Node] = []
        while isinstance(node, BlankNode) and node not in seen and node in self._parents:
            seen.append(node)
            node = self._parents[node]
        return node

    def _rule(self, node: Node) -> Rule:
        """A shape in the place of a rule: named after the shape with an IRI it is written in, and its path."""
        facts, root = self._authored, self._root(node)
        iri = root if isinstance(root, Iri) else self._names[root]
        path = facts.value(node, sh("path"))
        source = facts.value(root, SOURCE)
        severity = facts.value(node, sh("severity"))
        name = _local(iri)
        if root != node:
            name += f".{_local(path)}" if isinstance(path, Iri) else ""
        return Rule(
            iri=iri,
            identifier=name,
            layer="",
            clause=source if isinstance(source, Iri) else iri,
            labels=facts.texts(node, sh("name"), Iri(names.RDFS + "label")),
            definitions=facts.texts(node, sh("description"), Iri(names.RDFS + "comment")),
            severity=severity_name(severity if isinstance(severity, Iri) else sh("Violation")),
            parts={},
            selects=[],
            graph=self.graph,
            path=Path(),
        )

    @property
    def notes(self) -> list[Message]:
        """What the reader must know of shapes that engines pass over in silence."""
        found: list[Message] = []
        if unknown := sorted(unknown_shacl_terms(self._authored.graph)):
            found.append(("形状中有 SHACL 没有的词，未起作用：{terms}", {"terms": unknown}))
        ignored = sorted(
            {f"sh:{_local(t.predicate)}" for t in self._authored.graph if t.predicate in _NOT_RUN}
        )
        if ignored:
            found.append(
                (
                    "形状中有 SHACL 核心与 SPARQL 约束以外的部分，未执行：{terms}",
                    {"terms": ignored},
                )
            )
        if any(t.predicate == Iri(names.OWL + "imports") for t in self._authored.graph):
            found.append(("形状文件所引入的其他文件（owl:imports）没有读取；请用 --shapes 一并给出", {}))
        return found

    def with_blank_nodes(self, report: Graph) -> Graph:
        """A report that names the shapes as they are written."""
        return {
            Triple(
                t.subject,
                t.predicate,
                self._nodes.get(t.object, t.object) if isinstance(t.object, Iri) else t.object,
            )
            for t in report
        }


def _local(term: Term | None) -> str:
    return re.split(r"[/#:]", term.value)[-1] if isinstance(term, Iri) else ""


@dataclass(frozen=True)
class _Findings:
    """Makes findings of the engine's results."""

    results: Facts
    shapes: _Shapes
    cells: Located
    things: Facts
    expectation: Expectations

    def __call__(self, node: Node) -> Finding:
        results = self.results
        focus, path = results.value(node, sh("focusNode")), results.value(node, sh("resultPath"))
        shape, value = results.value(node, sh("sourceShape")), results.value(node, sh("value"))
        severity = results.value(node, sh("resultSeverity"))
        component = results.text(node, sh("sourceConstraintComponent"))
        assert focus is not None and isinstance(shape, Iri) and isinstance(severity, Iri)
        rule, one_step = self.shapes.rules[shape], path if isinstance(path, Iri) else None
        return Finding(
            rule=replace(rule, severity=severity_name(severity)),
            shape=shape,
            focus=focus,
            path=one_step,
            value=value,
            component=component,
            count=1,
            place=self.cells(focus, one_step),
            labels=self.things.labels(focus) if isinstance(focus, Iri) else {},
            stated="" if value == focus else plain(value),
            expected=self.expectation(rule, shape, component),
            along=_path(results, path) if path is not None and one_step is None else "",
            said=results.texts(node, sh("resultMessage")) or _unmet(component),
        )


def _unmet(component: str) -> dict[str, str]:
    """What is said where neither the shape nor the engine says anything."""
    name = names.shorten(component)
    return {lang: text("不满足约束 {name}", lang, name=name) for lang in LANGUAGES}


def _path(graph: Facts, path: Term) -> str:
    """A property path as SPARQL writes it (SHACL section 2.3.1)."""
    if isinstance(path, Iri):
        return str(path)
    assert isinstance(path, BlankNode)
    if steps := list(graph.members(path)):
        return "/".join(_path(graph, step) for step in steps)
    if branches := list(graph.members(graph.value(path, sh("alternativePath")))):
        return f"({'|'.join(_path(graph, branch) for branch in branches)})"
    if (inverse := graph.value(path, sh("inversePath"))) is not None:
        return f"^{_bracketed(graph, inverse)}"
    for term, sign in _STEPS.items():
        if (step := graph.value(path, sh(term))) is not None:
            return _bracketed(graph, step) + sign
    return str(path)


def _bracketed(graph: Facts, path: Term) -> str:
    written = _path(graph, path)
    return written if isinstance(path, Iri) or written.startswith("(") else f"({written})"


# The process


def _validated(data: Path, shapes: Path, engine: str, seconds: float, place: Place) -> bytes:
    """The engine's report as N-Triples. Raises ``Unreadable``."""
    ours, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_run, args=(theirs, ENGINES[engine], data, shapes), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise Unreadable(
                refused(
                    place,
                    "检查在 {seconds} 秒内没有完成，已中止；可用 --timeout 放宽",
                    seconds=f"{seconds:g}",
                )
            )
        answer = ours.recv_bytes()
    except EOFError as error:
        process.join()
        raise Unreadable(
            refused(place, "检查进程意外终止，多半是内存不足（上限 {mb} MB）", mb=str(MEMORY_MB))
        ) from error
    finally:
        process.kill()
        process.join()
        ours.close()
    if answer[:1] != _DONE:
        raise Unreadable(refused(place, "这些形状不能执行：{found}", answer[1:].decode()))
    return answer[1:]


_DONE, _FAILED = b"+", b"-"
_processes = multiprocessing.get_context("forkserver")
# Forked from a process that has loaded the engines and opened nothing: a check begins at once.
_processes.set_forkserver_preload([__name__])


def _run(answers: Connection, validate: Callable[[Path, Path], str], data: Path, shapes: Path) -> None:
    end_with_client()
    confine(os.getppid(), MEMORY_MB)
    # What engines print is for their authors.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        answers.send_bytes(_DONE + validate(data, shapes).encode())
    except MemoryError:
        return
    except Exception as error:
        answers.send_bytes(_FAILED + str(error).strip().encode())


def _by_shacl(data: Path, shapes: Path) -> str:
    return str(engines.fast(data, shapes).serialize("ntriples"))


def _by_pyshacl(data: Path, shapes: Path) -> str:
    return str(engines.reference(data, shapes).serialize(format="nt"))


ENGINES = {"fast": _by_shacl, "pyshacl": _by_pyshacl}
"""The engines by the names ``app.checking.check`` has for them: here the fast one runs queries as they are written, too."""

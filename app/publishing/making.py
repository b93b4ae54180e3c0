"""One region made ready for a release: functions from files to files, so that any process can run them.

``draft`` reads a folder. ``make_ready`` checks what was read, or what is published already, writes the region's dumps
and reports, and says what its graphs gain and lose; only the publisher writes to the index.
"""

import dataclasses
import datetime
import gzip
import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app import names
from app.checking import standardisation
from app.checking.formats import prose, rdf, record, rows
from app.checking.report import Report, examine
from app.checking.rules import Rules
from app.files.source import ReadingError, Unreadable
from app.ontology.inference import infer
from app.ontology.standards import Standards
from app.publishing.provenance import Publishing, provenance
from app.publishing.summary import summary
from app.regions.above import Published, gather, referred
from app.regions.derived import derive
from app.regions.reading import Reading
from app.regions.region import read_folder
from app.releases.placement import contested, owner, placed
from app.releases.release import READING, REFERS, SYNTHETIC, dump_files, lines_of, packed, replace
from app.store.terms import (
    Graph,
    Index,
    Iri,
    Quad,
    RdfFormat,
    Triple,
    literal_forms,
    ntriples,
    parse,
    serialize,
    turtle,
)


@dataclass(frozen=True)
class Draft:
    """A folder that was read. What was read lies in the work folder under the region's code."""

    code: str
    work: Path
    triples: int

    @property
    def stated(self) -> Path:
        """The graph as the region states it: sorted N-Triples, literals in the store's form."""
        return self.work / f"{self.code}.nt"

    @property
    def reading(self) -> Path:
        """What a reading is beside its graph."""
        return self.work / f"{self.code}.{READING}"


def draft(task: tuple[Path, Path], standards: Standards, rules: Rules) -> Draft | list[ReadingError]:
    """Read a folder into a work folder; or everything that is wrong with it."""
    folder, work = task
    try:
        reading = read_folder(folder, standards)
    except Unreadable as unreadable:
        return unreadable.errors
    made = Draft(reading.code, work, len(reading.graph))
    made.stated.write_bytes(ntriples(literal_forms(reading.graph)))
    made.reading.write_bytes(packed(reading.kept()))
    return made


def changed_things(dump: Path, withheld: Iterable[str], made: Draft) -> set[str]:
    """The IRIs of the things of which a draft does not say what was said before."""
    before = {*gzip.decompress(dump.read_bytes()).splitlines(), *(line.encode() for line in withheld)}
    after = set(made.stated.read_bytes().splitlines())
    return {line.partition(b" ")[0].decode().strip("<>") for line in before ^ after}


@dataclass(frozen=True)
class Task:
    """What of one region is to be made anew, and from what."""

    code: str
    release: Path
    """The folder of the release being made."""
    index: Path
    """A finished copy of its index, with what stands above the region and what the region had before."""
    work: Path
    draft: Draft | None
    """What was read of a folder; nothing where what is published is to be made anew."""
    entry: dict[str, Any]
    """What the release says of the region so far."""
    spoken_of: frozenset[str] | None
    """Of which of the region's own things others speak, too; nothing: perhaps of all."""
    on: datetime.date
    at: datetime.datetime
    by: str
    """Who publishes."""
    identity: str
    """Of the release."""
    derives: bool
    """Whether the ontology changed, and with it perhaps what is derived."""
    checks: bool
    places: bool
    """Whether the data graph may change; no region is placed without being checked."""
    infers: bool
    lang: str = ""
    """The language in which the report is to be said; none if it is not."""


@dataclass
class Made:
    """One region made ready: its entry in the release, and the changes of its graphs, in the work folder."""

    code: str
    work: Path
    entry: dict[str, Any] = field(default_factory=dict)
    contested: list[Triple] = field(default_factory=list)
    """What its graphs gain and another region's may hold as well."""
    inferred: set[str] = field(default_factory=set)
    """The things of which other things follow than before."""
    said: str = ""

    @property
    def gained(self) -> Path:
        """The quads to load, as N-Quads."""
        return self.work / f"{self.code}.gained.nq"

    @property
    def lost(self) -> Path:
        """The quads to remove, as N-Quads."""
        return self.work / f"{self.code}.lost.nq"


def make_ready(task: Task, standards: Standards, rules: Rules) -> Made:
    """Check one region and infer, as far as asked for; write its dumps and reports."""
    started = time.perf_counter()
    index = Index.read_only(str(task.index))
    reading = _reading(task, standards)
    own, code = reading.graph, task.code
    entry = task.entry | {"title": reading.title, "status": reading.status}
    withheld = dict(entry.get("withheld", {}))
    made, graphs = Made(code, task.work), dict[str, Graph]()
    above, missing = gather(own, code, [Published(index)])
    if task.places:
        graphs["graph"], withheld["graph"] = placed(own, code, "graph", task.spoken_of, index)
        entry |= _write_data(task, reading, graphs["graph"])
    if task.infers:
        leading, _ = gather(own, code, [Published(index, "inferred")])
        inferred = infer(own, above | leading, standards)
        graphs["inferred"], withheld["inferred"] = placed(inferred, code, "inferred", task.spoken_of, index)
    if task.checks:
        found = examine(reading, above, missing, rules, standards, task.on)
        data = own - _parsed("\n".join(withheld.get("graph", ())).encode())
        graphs["report"] = rdf.graph(found)
        graphs["summary"] = summary(dataclasses.replace(reading, graph=data), found)
        graphs["provenance"] = provenance(
            reading, found, standards, Publishing(task.at, task.by, task.identity)
        )
        before = _before(task)
        refers = packed(json.dumps(_refers(own, above, code, standards)).encode())
        entry |= _write_report(task, reading, found, graphs["report"], refers, standards)
        made.said = prose.write([found], standards, task.lang).decode() if task.lang else ""
        entry |= {
            "subjects": found.subjects,
            "counts": found.counts(),
            "hasViolation": found.has_violation,
            "rules": {rule.identifier: len(findings) for rule, findings in found.by_rule()},
            "conformance": {rule: [one.applies, one.breaking] for rule, one in found.measured.in_all.items()},
            "index": standardisation.index(
                found.measured.in_all, rules.all, standardisation.weights(standards)
            ).value,
            "since": _since(before, found),
            "published": task.at.isoformat(),
            "referenceDate": found.on.isoformat(),
            "sources": [asdict(source) for source in reading.sources],
        }
    _write_changes(task, made, graphs, index)
    made.entry = entry | {"withheld": {kind: lines for kind, lines in withheld.items() if lines}}
    if task.checks:
        made.entry["seconds"] = round(time.perf_counter() - started, 3)
    return made


def _before(task: Task) -> set[str] | None:
    """The findings of the region so far, by identifier; nothing where it is published for the first time."""
    path = task.release / "regions" / task.code / "report.json"
    return (
        {finding["id"] for finding in json.loads(path.read_bytes())["findings"]} if path.is_file() else None
    )


def _since(before: set[str] | None, found: Report) -> dict[str, int] | None:
    """What became of the findings, in numbers."""
    if before is None:
        return None
    after = {finding.id for finding in found.findings}
    return {"new": len(after - before), "fixed": len(before - after), "open": len(after & before)}


def _reading(task: Task, standards: Standards) -> Reading:
    """What was read of the folder; else the region as last published, with what was withheld from its graph."""
    if task.draft is not None:
        kept, stated = task.draft.reading.read_bytes(), task.draft.stated.read_bytes()
        return Reading.restored(gzip.decompress(kept), task.code, _parsed(stated))
    kept = (task.release / "regions" / task.code / READING).read_bytes()
    stated = gzip.decompress((task.release / "dumps" / lines_of(task.entry)).read_bytes())
    own = _parsed(stated) | _parsed("\n".join(task.entry["withheld"].get("graph", ())).encode())
    if task.derives:
        own = literal_forms(derive(own, standards))
    return Reading.restored(gzip.decompress(kept), task.code, own)


def _parsed(lines: bytes) -> Graph:
    return {quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES)}


def _refers(own: Graph, above: Graph, code: str, standards: Standards) -> list[str]:
    """What enters the region's check because it refers to it, and the entries it refers to that no list has."""
    objects = {t.object for t in own | above if isinstance(t.object, Iri)}
    unlisted = {iri for iri in objects if isinstance(iri, Iri) and iri.value.startswith(names.CODE)}
    return sorted(
        {iri.value for iri in {*referred(own, code), *standards.ground.referred(objects), *unlisted}}
    )


def _write_data(task: Task, reading: Reading, data: Graph) -> dict[str, Any]:
    lines = ntriples(data)
    files = dump_files(_stem(task, reading), names.graph(task.code), lines, turtle(data))
    _write_dumps(task, "dumps", files)
    own = (names.graph(task.code), names.region(task.code[:6]) + "/")
    others = {t.subject.value for t in data if isinstance(t.subject, Iri) and owner(t.subject) != task.code}
    return {
        "digest": hashlib.sha256(lines).hexdigest(),
        "triples": len(data),
        "dumps": sorted(files),
        "foreign": sorted(thing for thing in others if not thing.startswith(own)),
    }


def _stem(task: Task, reading: Reading) -> str:
    return task.code + (SYNTHETIC if reading.is_synthetic else "")


def _write_dumps(task: Task, kind: str, files: dict[str, bytes]) -> None:
    """Write the dumps of one kind; a region whose data are no longer synthetic, or now are, has others than before."""
    for stale in set(task.entry.get(kind, ())) - set(files):
        (task.release / "dumps" / stale).unlink()
    for file, content in files.items():
        replace(task.release / "dumps" / file, packed(content))


def _write_report(
    task: Task, reading: Reading, found: Report, graph: Graph, refers: bytes, standards: Standards
) -> dict[str, Any]:
    """Reports as files to serve and as dumps, and what a later check needs."""
    folder = task.release / "regions" / task.code
    folder.mkdir(exist_ok=True)
    written = turtle(graph)
    files = {
        "report.json": record.write([found], standards, "zh"),
        "report.ttl": written,
        "report.zh.csv": rows.write([found], standards, "zh"),
        "report.en.csv": rows.write([found], standards, "en"),
        REFERS: refers,
    }
    if task.draft is not None:
        files[READING] = task.draft.reading.read_bytes()
    for name, content in files.items():
        replace(folder / name, content)
    name, stem = names.graph(task.code, "report"), f"{_stem(task, reading)}-report"
    dumps = dump_files(stem, name, ntriples(graph), written)
    _write_dumps(task, "reports", dumps)
    return {"reports": sorted(dumps)}


def _write_changes(task: Task, made: Made, graphs: dict[str, Graph], index: Index) -> None:
    """What the graphs gain and lose against the index."""
    gained, lost = [], []
    for kind, graph in graphs.items():
        name = Iri(names.graph(task.code, kind))
        before = {quad.triple for quad in index.quads_for_pattern(None, None, None, name)}
        gained += [Quad(t.subject, t.predicate, t.object, name) for t in graph - before]
        lost += [Quad(t.subject, t.predicate, t.object, name) for t in before - graph]
        if kind in ("graph", "inferred"):
            made.contested += contested(graph - before, task.code, task.spoken_of)
        if kind == "inferred":
            made.inferred = {t.subject.value for t in graph ^ before if isinstance(t.subject, Iri)}
    made.gained.write_bytes(serialize(gained, format=RdfFormat.N_QUADS) or b"")
    made.lost.write_bytes(serialize(lost, format=RdfFormat.N_QUADS) or b"")

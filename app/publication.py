"""Publishing: regions' folders become the next release, or nothing changes.

Works on a hard-linked checkpoint of the current index, replaces the graphs of the regions concerned, writes their
dumps and reports, and moves the pointer as the last act. Killed at any moment, the old release stays in force.
"""

import datetime
import gzip
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app import codes, description, names
from app.above import Published, gather
from app.derived import derive
from app.description import SAMPLE
from app.formats import rdf, record, rows
from app.inference import infer
from app.language import text
from app.provenance import provenance
from app.reading import Reading
from app.region import read_folder
from app.release import (
    MANIFEST,
    RETENTION,
    UNFINISHED,
    Release,
    Releases,
    link_all,
    packed,
    replace,
    write_checksums,
)
from app.report import Report, examine
from app.rules import PREFIX_FILE, Rules
from app.source import Unreadable
from app.standards import Standards, digest_of
from app.store.terms import (
    Graph,
    Index,
    Iri,
    RdfFormat,
    Triple,
    canonical,
    literal_forms,
    ntriples,
    turtle,
)
from app.summary import summary

_SECOND = "%Y%m%dT%H%M%SZ"


class Refused(Exception):
    """``--gate``: the reports whose violations kept everything from being published."""

    def __init__(self, reports: list[Report]) -> None:
        super().__init__(", ".join(found.code for found in reports))
        self.reports = reports


@dataclass
class Publication:
    """What publishing did: the release now in force and the reports of the regions given and re-checked."""

    release: Release
    reports: list[Report]
    rechecked: list[str]


@dataclass(frozen=True)
class Publisher:
    """Publishes under one root, by one standard system, judging by one date. ``say`` takes progress, a line each."""

    root: Path
    standards: Standards
    rules: Rules
    on: datetime.date
    say: Callable[[str], None]
    lang: str = "zh"

    def publish(self, folders: list[Path], gate: bool = False, sample: bool = True) -> Publication:
        """Publish the regions in ``folders``, highest level first, and re-check those below that compare with them.

        The nation's divisions come with the first publication, and a folder's ``sample`` with the folder unless
        ``sample`` is false. Raises ``Unreadable`` (all errors of all folders) or ``Refused``; then nothing changed.
        """
        releases = Releases(self.root)
        releases.folder.mkdir(parents=True, exist_ok=True)
        given = self._read(folders, sample)
        with releases.locked(lambda who: self._say("等待 {who} 完成发布……", who=who)):
            for rest in releases.folder.glob(f"{UNFINISHED}*"):
                shutil.rmtree(rest)
            old = releases.current()
            if old is None and (made := releases.all()):
                # Beginning anew would drop every region from what is served.
                raise FileNotFoundError(
                    text(
                        "current 所指的发布 {id} 不完整；请指回一个完整的发布",
                        self.lang,
                        id=f"? ({made[-1].id})",
                    )
                )
            if old is not None and not (old.path / MANIFEST).is_file():
                raise FileNotFoundError(
                    text("current 所指的发布 {id} 不完整；请指回一个完整的发布", self.lang, id=old.id)
                )
            if (old is None or names.NATION not in old.regions) and names.NATION not in {
                r.code for r in given
            }:
                given = self._read([names.resources("data") / names.NATION], sample) + given
            making = releases.folder / f"{UNFINISHED}{os.getpid()}"
            try:
                publication = _Making(self, making, old).make(given, gate)
            except BaseException:
                shutil.rmtree(making, ignore_errors=True)
                raise
            release = publication.release
            # Data first, pointer last: after a power cut the pointer names a whole release or the old one.
            os.sync()
            making.rename(release.path)
            releases.point_to(release)
            for past in releases.all()[:-RETENTION]:
                if past.path != release.path:
                    shutil.rmtree(past.path)
        return publication

    def _read(self, folders: list[Path], sample: bool) -> list[Reading]:
        readings, errors = [], []
        for folder in folders:
            for part in (
                [folder, folder / SAMPLE]
                if sample and (folder / SAMPLE / description.FILE).is_file()
                else [folder]
            ):
                self._say("读取 {folder}", folder=part)
                try:
                    readings.append(read_folder(part, self.standards))
                except Unreadable as unreadable:
                    errors += unreadable.errors
        if errors:
            raise Unreadable(*errors)
        return sorted(readings, key=lambda r: (codes.region_rank(r.region), r.code))

    def _say(self, message: str, **values: object) -> None:
        self.say(text(message, self.lang, **values))


class _Making:
    """The release being made: a folder, an index open for writing, and the manifest so far."""

    def __init__(self, publisher: Publisher, path: Path, old: Release | None) -> None:
        self.by, self.path, self.old = publisher, path, old
        self.standards, self.rules = publisher.standards, publisher.rules
        self.manifest: dict[str, Any] = {"regions": {}, "history": []}
        path.mkdir()
        for folder in ("dumps", "regions"):
            (path / folder).mkdir()
        if old is not None:
            self.manifest["regions"] = dict(old.regions)
            self.manifest["history"] = old.manifest["history"]
            # Through a read-only opening: opening the current index for writing would change its files.
            Index.read_only(str(old.index)).backup(str(path / "index"))
            for folder in ("dumps", "regions"):
                link_all(old.path / folder, path / folder)
        self.index = Index(str(path / "index"))

    def make(self, given: list[Reading], gate: bool) -> Publication:
        system = digest_of([*self.standards.files, *self.rules.files])
        renewed = self.old is None or self.old.manifest["system"] != system
        try:
            if renewed:
                self._system()
            reports, rechecked = self._regions({reading.code: reading for reading in given}, renewed)
            if gate and any(found.has_violation for found in reports):
                raise Refused([found for found in reports if found.has_violation])
            self.index.flush()
        finally:
            # The engine closes its files when nobody holds the index any more; until then it may write more.
            del self.index
        write_checksums(self.path / "dumps")
        release = self._finish(system, [reading.code for reading in given])
        return Publication(release, reports, rechecked)

    def _system(self) -> None:
        """The graphs of the standard system, with canonical labels for the blank nodes of lists and shapes."""
        self.by._say("载入标准体系（版本 {version}）", version=self.standards.version)
        standards = self.standards
        graphs = {
            "ontology": standards.terms,
            "standards": standards.documents,
            "rules": self.rules.graph - standards.graph,
            "questions": standards.questions,
        }
        authored = {
            **{name: standards.part(name) for name in ("ontology", "standards", "questions")},
            "rules": [self.rules.folder / PREFIX_FILE, *self.rules.files],
        }
        labelled = {name: literal_forms(canonical(graph)) for name, graph in graphs.items()}
        for name, graph in labelled.items():
            self.index.clear_graph(Iri(names.graph(name)))
            self._load(names.graph(name), graph)
            # As people wrote them, comments and all, one file after the other: Turtle may declare a prefix again.
            self._dump(name, graph, b"\n".join(path.read_bytes() for path in authored[name]))
        # What follows for codes and documents: that a national standard is a standard, which clauses a document has.
        stated = set[Triple]().union(*labelled.values())
        for name in ("ontology", "standards"):
            inferred = infer(labelled[name], stated, standards) - stated
            self.index.clear_graph(Iri(names.graph(name, "inferred")))
            self._load(names.graph(name, "inferred"), inferred)
            stated |= inferred

    def _regions(self, given: dict[str, Reading], renewed: bool) -> tuple[list[Report], list[str]]:
        """Check the regions given, highest level first, and again those whose ground moved: all of them when the
        standard system changed, else those below a region whose data changed."""
        known: dict[str, Any] = self.manifest["regions"]
        if renewed and (rest := sorted(set(known) - set(given))):
            self._again("标准体系有变化", rest)
        changed: set[str] = set()
        reports, rechecked = [], []
        for code in sorted({*known, *given}, key=lambda code: (codes.region_rank(code[:6]), code)):
            moved = changed & {*codes.region_chain(code[:6]), *([code[:6]] if "-" in code else [])}
            if code not in given and not renewed and not moved:
                continue
            if code not in given:
                if not renewed:
                    self._again(
                        text("{codes} 的数据有变化", self.by.lang, codes="、".join(sorted(moved))), [code]
                    )
                rechecked.append(code)
            before = known[code]["digest"] if code in known else ""
            reports.append(self._region(given[code] if code in given else self._published(code)))
            if known[code]["digest"] != before:
                changed.add(code[:6])
        return reports, rechecked

    def _again(self, why: str, again: list[str]) -> None:
        """Say which regions are checked again, why, and how long it took the last time."""
        seconds = sum(self.manifest["regions"][code]["seconds"] for code in again)
        self.by._say(
            "因{why}，重新检查 {n} 个地区（约 {seconds:.0f} 秒）：{codes}",
            why=text(why, self.by.lang),
            n=len(again),
            seconds=seconds,
            codes="、".join(again),
        )

    def _region(self, reading: Reading) -> Report:
        """Check one region, replace its five graphs, write its dumps and reports."""
        self.by._say("检查 {code}", code=reading.code)
        started = time.perf_counter()
        code = reading.code
        for kind in names.GRAPH_KINDS:
            self.index.clear_graph(Iri(names.graph(code, kind)))
        reading.graph = self._new(literal_forms(reading.graph), reading)
        above, missing = gather(reading.graph, code, [Published(self.index)])
        found = examine(reading, above, missing, self.rules, self.standards, self.by.on)
        self._load(names.graph(code), reading.graph)
        leading, _ = gather(reading.graph, code, [Published(self.index, "inferred")])
        inferred = infer(reading.graph, above | leading, self.standards)
        self._load(names.graph(code, "inferred"), self._new(inferred, reading))
        self._load(names.graph(code, "report"), rdf.graph(found))
        self._load(names.graph(code, "summary"), summary(reading, found))
        data = ntriples(reading.graph)
        suffix = "-synthetic" if reading.is_synthetic else ""
        for stale in (self.path / "dumps").glob(f"{code}*"):
            if stale.name.removeprefix(code).removeprefix("-synthetic").startswith("."):
                stale.unlink()
        dumps = self._dump(code + suffix, reading.graph)
        self._keep(reading, found)
        entry = {
            "title": reading.title,
            "status": reading.status,
            "digest": hashlib.sha256(data).hexdigest(),
            "triples": len(reading.graph),
            "subjects": found.subjects,
            "counts": found.counts(),
            "hasViolation": found.has_violation,
            "rules": {rule.identifier: len(findings) for rule, findings in found.by_rule()},
            "published": _now().isoformat(),
            "referenceDate": found.on.isoformat(),
            "seconds": round(time.perf_counter() - started, 3),
            "sources": [asdict(source) for source in reading.sources],
            "dumps": dumps,
        }
        self.manifest["regions"][code] = entry
        self._load(names.graph(code, "provenance"), provenance(reading, found, self.standards, _now()))
        return found

    def _new(self, graph: Graph, reading: Reading) -> Graph:
        """``graph`` without what already stands elsewhere in the release, so that no triple stands in two graphs.

        Only what is not below the region's own IRI can stand elsewhere: regions speak of their own things only.
        """
        own = names.region(reading.region) + "/"
        shared = reading.region == names.NATION
        return {
            triple
            for triple in graph
            if (isinstance(triple.subject, Iri) and triple.subject.value.startswith(own) and not shared)
            or not any(self.index.quads_for_pattern(triple.subject, triple.predicate, triple.object))
        }

    def _load(self, name: str, graph: Graph) -> None:
        self.index.bulk_load(ntriples(graph), format=RdfFormat.N_TRIPLES, to_graph=Iri(name))

    def _dump(self, name: str, graph: Graph, authored: bytes | None = None) -> list[str]:
        """Sorted N-Triples, and Turtle: as it was written where people wrote it."""
        files = {f"{name}.nt.gz": ntriples(graph), f"{name}.ttl.gz": authored or turtle(graph)}
        for file, content in files.items():
            replace(self.path / "dumps" / file, packed(content))
        return sorted(files)

    def _keep(self, reading: Reading, found: Report) -> None:
        """Reports as files to serve, and what a later re-check needs: where each fact stood."""
        folder = self.path / "regions" / reading.code
        folder.mkdir(exist_ok=True)
        files = {
            "report.json": record.write([found], self.standards, "zh"),
            "report.ttl": rdf.write([found], self.standards, "zh"),
            "report.zh.csv": rows.write([found], self.standards, "zh"),
            "report.en.csv": rows.write([found], self.standards, "en"),
            "reading.json.gz": packed(reading.kept()),
        }
        for name, content in files.items():
            replace(folder / name, content)

    def _published(self, code: str) -> Reading:
        """A region as last published, with its derived parts computed anew."""
        kept = gzip.decompress((self.path / "regions" / code / "reading.json.gz").read_bytes())
        quads = self.index.quads_for_pattern(None, None, None, Iri(names.graph(code)))
        return Reading.restored(kept, code, derive({quad.triple for quad in quads}, self.standards))

    def _finish(self, system: str, given: list[str]) -> Release:
        made = self._later_than_all()
        counts = {code: entry["counts"] for code, entry in self.manifest["regions"].items()}
        self.manifest |= {
            "made": made.isoformat(),
            "software": version("zwfw"),
            "ontology": self.standards.version,
            "system": system,
            "basedOn": self.old.id if self.old else None,
            "given": given,
        }
        digest = hashlib.sha256(json.dumps(self.manifest, sort_keys=True).encode()).hexdigest()[:8]
        identity = f"{made:{_SECOND}}-{digest}"
        # Figures outlive the releases they were made with: retention takes dumps, not trends.
        self.manifest["history"] = [
            *self.manifest["history"],
            {"id": identity, "made": made.isoformat(), "regions": counts},
        ]
        self.manifest["id"] = identity
        replace(self.path / MANIFEST, json.dumps(self.manifest, ensure_ascii=False, indent=1).encode())
        return Release(self.path.parent / identity)

    def _later_than_all(self) -> datetime.datetime:
        """Now, or as soon as the second is over in which another release was made: identities tell their order."""
        last = max((release.id for release in Releases(self.by.root).all()), default="")
        while last.startswith(f"{(made := _now()):{_SECOND}}"):
            time.sleep(0.05)
        return made


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)

"""A release being made: a folder nobody sees yet, which becomes the next release or is removed.

What ``app.publishing.making`` made of each region concerned is brought into a hard-linked checkpoint of the current
index, in as many processes as there may be. Nothing but the hard links, the manifest and the list of checksums costs the
size of the nation.
"""

import datetime
import hashlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app import names, search
from app.ontology import codes
from app.processes.pool import Processes
from app.publishing import system
from app.publishing.basis import Basis, Changes
from app.publishing.drafts import Drafts
from app.publishing.making import Made, Task, make_ready
from app.publishing.orders import NotWithdrawn, Orders, Outcome, Overtaken, Refused
from app.publishing.plan import Pace, decide
from app.questions import question
from app.releases import delta
from app.releases.placement import Placement, owner
from app.releases.release import (
    MANIFEST,
    SYSTEM,
    Release,
    Releases,
    dump_files,
    lines_of,
    link_all,
    packed,
    quads,
    replace,
    sha256,
    write_checksums,
)
from app.search import findable
from app.store.terms import Graph, Index, Iri, RdfFormat, Triple, ntriples, parse

_SECOND = "%Y%m%dT%H%M%SZ"


class Unfinished:
    """The release being made: a folder, an index open for writing, and the manifest so far."""

    def __init__(self, orders: Orders, path: Path, old: Release | None, processes: Processes) -> None:
        self.by, self.path, self.old, self.processes = orders, path, old, processes
        self.standards, self.rules = orders.standards, orders.rules
        self.work = path / "work"
        self.work.mkdir(parents=True)
        self.drafts = Drafts(self.work, processes, orders.tell)
        self.regions: dict[str, Any] = dict(old.regions) if old else {}
        basis = Basis.of(self.standards, self.rules, Basis.kept(old) if old else None)
        self.changes = Changes(old, self.standards, self.rules, basis)
        self.pace, self.placement = Pace(self.regions), Placement(self.regions)
        self.copies = itertools.count()
        self.outcomes: dict[str, Outcome] = {}
        self.changed_dumps: set[str] = set()
        self.placed: set[str] = set()
        """The regions whose dumps of data were written anew."""
        self.differing: dict[str, dict[str, int]] = {}
        """Of each of these how many lines its dump gained and lost."""

    # Before it begins

    def read(self, folders: list[Path], sample: bool) -> None:
        """Read all folders, with their samples. Raises ``Unreadable`` with all that is wrong with them."""
        self.drafts.read(folders, sample)
        if names.NATION not in {*self.regions, *self.drafts}:
            self.drafts.read([names.resources("data") / names.NATION], sample)

    def hold_to(self, release: Release, withdrawn: Iterable[str]) -> None:
        """Raises ``Overtaken`` where the data of a region given or to be taken out are by now others than in a release."""
        now = self.old.regions if self.old is not None else {}
        codes = {
            code
            for code in {*self.drafts, *withdrawn}
            if release.regions.get(code, {}).get("digest") != now.get(code, {}).get("digest")
        }
        if codes:
            raise Overtaken(sorted(codes))

    def withdraw(self, codes: Iterable[str]) -> None:
        """Have regions taken out. Raises ``NotWithdrawn``: the nation's divisions stay, and so does what is given."""
        wanted = set(codes)
        left = sorted(wanted - (set(self.regions) - {names.NATION, *self.drafts}))
        if left:
            raise NotWithdrawn(left)
        self.changes.withdrawn = frozenset(wanted)
        for code in wanted:
            del self.regions[code]
            self.placement.forget(code)

    def decide(self, everything: bool) -> None:
        """Find out which regions are to be checked again, and say so."""
        self.changes.everything = everything
        self.plan = decide(self.changes, self.regions, self.drafts, self.processes.jobs, self.by.lang)
        for line in self.plan.said(self.by.lang):
            self.by.say(line)

    @property
    def has_nothing_to_do(self) -> bool:
        """Whether the release made would be the one there is."""
        before = self.changes.before
        changes = self.drafts or self.changes.withdrawn or self.plan.codes
        if changes or self.old is None or before is None or before != self.changes.basis:
            return False
        return search.is_whole(self.old.path / search.FILE)

    # Making

    def make(self, gate: bool) -> Release:
        """Make the release, to be put in force; of the regions given ``gate`` tolerates no violation (``Refused``)."""
        for folder in ("dumps", "regions", "changes"):
            (self.path / folder).mkdir()
        if self.old is not None:
            # Through a read-only opening: opening the current index for writing would change its files.
            Index.read_only(str(self.old.index)).backup(str(self.path / "index"))
            for folder in ("dumps", "regions"):
                link_all(self.old.path / folder, self.path / folder)
        self.index = Index(str(self.path / "index"))
        self.at = self._later_than_all()
        self.identity = f"{self.at:{_SECOND}}-{self._digest()}"
        self.reports: dict[str, str] = {}
        of_system = self.changes.before is None or self.changes.before.files != self.changes.basis.files
        try:
            if of_system:
                self._system()
            bereft = self._take_out()
            self._regions(gate)
            self._make_anew(sorted(bereft & set(self.regions)), gate, moved=True)
            violating = {
                one.code: self.reports[one.code]
                for one in self.outcomes.values()
                if one.is_given and one.has_violation
            }
            if gate and violating:
                raise Refused(violating)
            self.index.flush()
        finally:
            # The engine closes its files when nobody holds the index any more; until then it may write more.
            del self.index
        shutil.rmtree(self.work)
        write_checksums(self.path / "dumps", self.changed_dumps)
        self._changes()
        self._search(self.placed | (set(names.SYSTEM_GRAPHS) if of_system else set()))
        replace(self.path / SYSTEM, self.changes.basis.written())
        return self._finish()

    def _system(self) -> None:
        """The graphs of the standard system and their dumps."""
        self.by.tell("载入标准体系（版本 {version}）", version=self.standards.version)
        parts = (self.standards, self.rules, question.load())
        graphs, texts = system.stated(*parts), system.authored(*parts)
        for name, graph in graphs.items():
            self._replace_graph(names.graph(name), graph)
            files = dump_files(name, names.graph(name), ntriples(graph), texts[name])
            files[f"{name}.nq.gz"] = quads(ntriples(system.apart(name, graph)), names.graph(name))
            for file, content in files.items():
                replace(self.path / "dumps" / file, packed(content))
                self.changed_dumps.add(file)
        for name, graph in system.inferred(graphs, self.standards).items():
            self._replace_graph(names.graph(name, "inferred"), graph)

    def _take_out(self) -> set[str]:
        """Remove the graphs, dumps and reports of what is withdrawn; the regions that withheld what stood there, and must be
        placed anew."""
        bereft = set[str]()
        for code in sorted(self.changes.withdrawn):
            self.by.tell("撤下 {code}", code=code)
            for kind in names.GRAPH_KINDS:
                graph = Iri(names.graph(code, kind))
                for quad in self.index.quads_for_pattern(None, None, None, graph):
                    bereft |= self.placement.withholding(quad.triple)
                self.index.remove_graph(graph)
            assert self.old is not None
            entry = self.old.regions[code]
            for name in (*entry["dumps"], *entry.get("reports", ())):
                (self.path / "dumps" / name).unlink()
            shutil.rmtree(self.path / "regions" / code)
        return bereft

    def _changes(self) -> None:
        """What the dumps of the regions made anew have and lack against the release before; two empty files if nothing."""
        folder, before = self.path / "changes", self.old.regions if self.old else {}
        for code in sorted(self.placed):
            old = self.old.dumps / lines_of(before[code]) if self.old and code in before else None
            new = self.path / "dumps" / lines_of(self.regions[code])
            # A dump never changes, so a new region's is linked.
            self.differing[code] = delta.write(code, old, new, folder, os.link)
        for code in sorted(self.changes.withdrawn):
            assert self.old is not None
            gone = self.old.dumps / lines_of(before[code])
            self.differing[code] = delta.write(code, gone, None, folder, os.link)
        write_checksums(folder, [path.name for path in folder.iterdir()])

    def _search(self, anew: set[str]) -> None:
        """What can be found: as before but for the graphs made anew and those withdrawn."""
        dumps = {name: f"{name}.nt.gz" for name in names.SYSTEM_GRAPHS}
        dumps |= {code: lines_of(entry) for code, entry in self.regions.items()}
        before = self.old.path / search.FILE if self.old else None
        with search.writing(self.path / search.FILE, before) as kept:
            wanted = sorted(dumps if kept.is_new else anew)
            tasks = [(code, self.path / "dumps" / dumps[code]) for code in wanted]
            expected = findable.SECONDS_PER_BYTE * sum(dump.stat().st_size for _, dump in tasks)
            for at in range(0, len(tasks), findable.AT_ONCE):
                some = tasks[at : at + findable.AT_ONCE]
                made = self.processes.each(findable.rows_of, some, expected)
                for (code, _), rows in zip(some, made, strict=True):
                    kept.replace(code, rows)
            for code in self.changes.withdrawn:
                kept.replace(code, ())

    def _replace_graph(self, name: str, graph: Graph) -> None:
        self.index.clear_graph(Iri(name))
        self.index.bulk_load(ntriples(graph), format=RdfFormat.N_TRIPLES, to_graph=Iri(name))

    def _regions(self, gate: bool) -> None:
        """Make the regions concerned, one level after the other: what stands above must be there to compare with."""

        def level(code: str) -> tuple[int, bool]:
            return codes.region_rank(code[:6]), "-" in code

        ordered = sorted({*self.regions, *self.drafts}, key=lambda code: (level(code), code))
        for _, wave in itertools.groupby(ordered, level):
            self._make_anew(list(wave), gate)

    def _make_anew(self, wave: list[str], gate: bool, moved: bool = False) -> None:
        """Have regions of one level made, and then again those whose graphs held what belongs elsewhere (``moved``)."""
        self.index.flush()
        copy = self.work / f"index-{next(self.copies)}"
        tasks = [task for code in wave if (task := self._task(code, copy, gate, moved))]
        if not tasks:
            return
        self.index.backup(str(copy))
        misplaced = self._made(tasks)
        shutil.rmtree(copy)
        if misplaced:
            self._make_anew(sorted(misplaced), gate, moved=True)

    def _task(self, code: str, index: Path, gate: bool, moved: bool) -> Task | None:
        """What of a region is to be made anew, if anything."""
        anew = code in self.drafts or moved or self.changes.of_system
        checks, infers = anew or code in self.plan.codes, anew or self.changes.infers(code)
        if not checks and not infers:
            return None
        # A sample speaks of the same things as its region.
        is_shared = "-" in code or any(
            other.startswith(f"{code}-") for other in (*self.regions, *self.drafts)
        )
        return Task(
            code=code,
            release=self.path,
            index=index,
            work=self.work,
            draft=self.drafts.get(code),
            entry=self.regions.get(code, {}),
            spoken_of=None if is_shared else self.placement.spoken_of(code),
            on=self.by.on,
            at=self.at,
            by=self.by.who,
            identity=self.identity,
            derives=self.changes.of_system,
            checks=checks,
            places=anew,
            infers=infers,
            lang=self.by.lang if gate and code in self.drafts else "",
        )

    def _made(self, tasks: list[Task]) -> set[str]:
        """Have tasks done and take in what comes of them; the regions of which triples belong elsewhere now."""
        wave, late, again = {task.code for task in tasks}, list[tuple[str, Triple]](), set[str]()
        expected = sum(self.pace.seconds(task.code, self.drafts) for task in tasks)
        for task, made in zip(tasks, self.processes.each(make_ready, tasks, expected), strict=True):
            if task.checks:
                self.by.tell("检查 {code}", code=task.code)
            again |= self._take_in(task, made)
            late += [(made.code, triple) for triple in made.contested if owner(triple.subject) in wave]
        for code, triple in late:
            again |= self.placement.misplaced(code, triple, self.index)
        return again

    def _take_in(self, task: Task, made: Made) -> set[str]:
        """Bring the index and the manifest up to date with one region; the regions that must be placed anew."""
        code, entry, again = made.code, made.entry, set[str]()
        for quad in parse(path=made.lost, format=RdfFormat.N_QUADS):
            self.index.remove(quad)
            again |= self.placement.withholding(quad.triple) - {code}
        for triple in made.contested:
            again |= self.placement.misplaced(code, triple, self.index)
        if made.gained.stat().st_size:
            self.index.bulk_load(path=str(made.gained), format=RdfFormat.N_QUADS)
        for path in (made.gained, made.lost):
            path.unlink()
        self.regions[code] = entry
        self.placement.note(code, entry)
        self.changes.note(code, made.inferred)
        if task.places:
            self.changed_dumps |= {*entry["dumps"]}
            self.placed.add(code)
        if task.checks:
            self.changed_dumps |= {*entry["reports"]}
            self.reports[code] = made.said
            self.outcomes[code] = Outcome(
                code, entry["title"], entry["counts"], entry["hasViolation"], code in self.drafts
            )
        return again

    def _digest(self) -> str:
        """What is new in the release, in eight digits: what is given, and what it is made from."""
        stated = {code: sha256(one.stated) for code, one in self.drafts.items()}
        new = [
            self.old.id if self.old else "",
            stated,
            self.plan.codes,
            sorted(self.changes.withdrawn),
            self.changes.basis.written().decode(),
        ]
        return hashlib.sha256(json.dumps(new, sort_keys=True).encode()).hexdigest()[:8]

    def _finish(self) -> Release:
        told = ("counts", "since", "index")
        figures = {code: {name: self.regions[code][name] for name in told} for code in self.outcomes}
        # Figures outlive the releases they were made with: retention takes dumps, not trends. What is not said of a
        # region is as it was before, so that a release adds what it changed and not the nation.
        history = self.old.manifest["history"] if self.old else []
        made = self.at.isoformat()
        manifest: dict[str, Any] = {
            "id": self.identity,
            "regions": self.regions,
            "made": made,
            "by": self.by.who,
            "software": version("zwfw"),
            "ontology": self.standards.version,
            "basedOn": self.old.id if self.old else None,
            "given": sorted(self.drafts),
            "withdrawn": sorted(self.changes.withdrawn),
            "history": [*history, {"id": self.identity, "made": made, "regions": figures}],
            "changes": self.differing,
        }
        replace(self.path / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        return Release(self.path.parent / self.identity)

    def noted(self) -> dict[str, Any]:
        """The release as the audit log says it."""
        return {
            "at": self.at.isoformat(),
            "by": self.by.who,
            "release": self.identity,
            "basedOn": self.old.id if self.old else None,
            "regions": {
                one.code: {
                    "findings": one.counts,
                    "files": {
                        source["file"]: source["sha256"] for source in self.regions[one.code]["sources"]
                    },
                }
                for one in self.outcomes.values()
                if one.is_given
            },
            "withdrawn": sorted(self.changes.withdrawn),
            "rechecked": [one.code for one in self.outcomes.values() if not one.is_given],
        }

    def _later_than_all(self) -> datetime.datetime:
        """Now, or as soon as the second is over in which another release was made: identities tell their order."""
        last = max((release.id for release in Releases(self.by.root).all()), default="")
        while last.startswith(f"{(made := _now()):{_SECOND}}"):
            time.sleep(0.05)
        return made


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)

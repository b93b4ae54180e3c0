"""Publishing: regions' folders become the next release, or nothing changes.

One publisher of a root at a time has the next release made (``app.publishing.unfinished``) and moves the pointer as the
last act. Killed at any moment, the old release stays in force.
"""

import contextlib
import functools
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.checking.rules import Rules
from app.language import text
from app.ontology.standards import Standards
from app.processes.pool import Processes
from app.publishing.orders import NotWithdrawn, Orders, Outcome, Overtaken, Refused
from app.publishing.plan import Plan
from app.publishing.unfinished import Unfinished
from app.releases import audit
from app.releases.release import MANIFEST, UNFINISHED, Release, Releases

__all__ = ["NotWithdrawn", "Overtaken", "Publication", "Publisher", "Refused"]


@dataclass(frozen=True)
class Publication:
    """What publishing did: the release now in force, what was found, and which regions were checked again, and why."""

    release: Release
    outcomes: list[Outcome]
    plan: Plan
    withdrawn: tuple[str, ...] = ()
    """The regions taken out."""
    is_new: bool = True
    """Whether a release was made; not if there was nothing to do."""

    @property
    def rechecked(self) -> list[str]:
        """The regions that were checked again without being given."""
        return [one.code for one in self.outcomes if not one.is_given]


@dataclass(frozen=True)
class Publisher(Orders):
    """Publishes under one root."""

    def publish(
        self,
        folders: list[Path],
        gate: bool = False,
        sample: bool = True,
        everything: bool = False,
        withdrawn: Collection[str] = (),
        based_on: Release | None = None,
    ) -> Publication:
        """Publish the regions in ``folders``, highest level first, and check again those that a change concerns, or
        ``everything``.

        The nation's divisions come with the first publication, and a folder's ``sample`` with the folder unless
        ``sample`` is false. The regions ``withdrawn`` are taken out: their graphs, dumps and reports are not in the next
        release, and those below are checked without them. What is given was made for the data of the release ``based_on``,
        if one is named. Raises ``Unreadable`` (all errors of all folders), ``NotWithdrawn``, ``Overtaken``, ``Refused`` or
        ``ProcessLost``; then nothing changed.
        """
        with self._begun(folders, sample, everything, withdrawn, based_on) as making:
            if making.old is not None and making.has_nothing_to_do:
                Releases(self.root).retain(self.keep)
                return Publication(making.old, [], making.plan, is_new=False)
            release = making.make(gate)
            # Data first, pointer last: after a power cut the pointer names a whole release or the old one.
            os.sync()
            making.path.rename(release.path)
            releases = Releases(self.root)
            # Before the pointer: a release that nobody noted must not come into force.
            audit.note(self.root, making.noted())
            releases.point_to(release)
            releases.retain(self.keep)
        gone = tuple(sorted(making.changes.withdrawn))
        return Publication(release, list(making.outcomes.values()), making.plan, gone)

    def plan(
        self,
        folders: list[Path],
        sample: bool = True,
        everything: bool = False,
        withdrawn: Collection[str] = (),
    ) -> Plan:
        """What ``publish`` would check again, why, and how long it would take; nothing is published."""
        with self._begun(folders, sample, everything, withdrawn) as making:
            return making.plan

    @contextlib.contextmanager
    def _begun(
        self,
        folders: list[Path],
        sample: bool,
        everything: bool,
        withdrawn: Collection[str],
        based_on: Release | None = None,
    ) -> Iterator[Unfinished]:
        """All folders read, and what is to be done known and said; whatever is left in the end is removed."""
        releases = Releases(self.root)
        releases.folder.mkdir(parents=True, exist_ok=True)
        with releases.locked(lambda who: self.tell("等待 {who} 完成发布……", who=who)):
            for rest in releases.unfinished():
                shutil.rmtree(rest)
            old = self._current(releases)
            path = releases.folder / f"{UNFINISHED}{os.getpid()}"
            load = functools.partial(_load, self.standards.folder, self.rules.folder)
            try:
                with Processes(self.jobs, (self.standards, self.rules), load) as processes:
                    making = Unfinished(self, path, old, processes)
                    making.read(folders, sample)
                    if based_on is not None:
                        making.hold_to(based_on, withdrawn)
                    making.withdraw(withdrawn)
                    making.decide(everything)
                    yield making
            finally:
                shutil.rmtree(path, ignore_errors=True)

    def _current(self, releases: Releases) -> Release | None:
        """The release to begin from. Beginning anew while there are others would drop every region they serve."""
        old = releases.current()
        made = releases.all()
        known = old.id if old is not None else f"? ({made[-1].id})" if made else ""
        if known and (old is None or not (old.path / MANIFEST).is_file()):
            message = "current 所指的发布 {id} 不完整；请指回一个完整的发布"
            raise FileNotFoundError(text(message, self.lang, id=known))
        return old


def _load(ontology: Path, shapes: Path) -> tuple[Standards, Rules]:
    return Standards(ontology), Rules(shapes)

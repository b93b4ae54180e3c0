"""What would change: a version of a region's folder that is not in force yet, held against what is."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.checking import comparison
from app.checking.comparison import Comparison
from app.checking.formats import record
from app.checking.report import Report, examine
from app.checking.rules import Rules
from app.ontology.standards import Standards
from app.regions import above
from app.regions.above import Source
from app.regions.reading import Reading
from app.regions.region import read_folder
from app.store.terms import Graph, Node, literal_forms


@dataclass(frozen=True)
class Judges:
    """By what versions are judged, and where what stands above them is to be had."""

    standards: Standards
    rules: Rules
    on: datetime.date
    sources: list[Source]

    def examined(self, reading: Reading) -> Report:
        """The report of what was read."""
        beside, missing = above.gather(reading.graph, reading.code, self.sources)
        return examine(reading, beside, missing, self.rules, self.standards, self.on)

    def said(self, found: Report) -> dict[str, Any]:
        """A report as JSON."""
        return record.record(found, self.standards, "zh")


@dataclass(frozen=True)
class Proposal:
    """A version of a region, its report, and what became of the findings and things of the present one."""

    reading: Reading
    report: Report
    findings: Comparison
    things: dict[str, int]
    """How many things are ``added``, ``removed`` and ``changed``."""

    def said(self, judges: Judges) -> dict[str, Any]:
        """As JSON: the report, and the difference."""
        difference = {
            "things": self.things,
            "new": self.findings.new,
            "fixed": self.findings.fixed,
            "open": [finding["id"] for finding in self.findings.open],
        }
        return {"report": judges.said(self.report), "difference": difference}


def propose(folder: Path, present: dict[str, Any] | None, stated: Graph, judges: Judges) -> Proposal:
    """The version in ``folder`` held against the ``present`` report (as JSON; nothing where the region is new) and what
    the region states at present. Raises ``Unreadable`` with everything that is wrong with the folder."""
    reading = read_folder(folder, judges.standards)
    found = judges.examined(reading)
    before = {} if present is None else {present["region"]: present}
    after = judges.said(found)
    if present is None:
        difference = Comparison(new=after["findings"])
    else:
        difference = comparison.compare(before, {reading.code: after})
    return Proposal(reading, found, difference, _things(stated, literal_forms(reading.graph)))


def _things(before: Graph, after: Graph) -> dict[str, int]:
    then, now = _subjects(before), _subjects(after)
    return {
        "added": len(now - then),
        "removed": len(then - now),
        "changed": len(_subjects(before ^ after) & then & now),
    }


def _subjects(triples: Iterable[Any]) -> set[Node]:
    return {triple.subject for triple in triples}

"""What a publication is going to do: which regions it checks besides those given, why, and how long all will take."""

from dataclasses import dataclass
from typing import Any

from app.language import text
from app.publishing.basis import Changes, Reason
from app.publishing.making import Draft, changed_things
from app.releases.release import lines_of

SECONDS_PER_TRIPLE = 8e-5
"""What checking takes where a release has no measurement of its own yet."""

LISTED = 20
"""How many regions a line names before it says how many more there are."""


@dataclass(frozen=True)
class Plan:
    """Which regions are checked again without being given, why, and how long all is expected to take."""

    rechecked: dict[str, list[str]]
    """By reason, as one says it: the regions."""
    seconds: float
    jobs: int
    given: int
    """How many regions are given."""

    @property
    def codes(self) -> list[str]:
        """The regions checked again, each once."""
        return sorted(set().union(*self.rechecked.values()))

    def said(self, lang: str) -> list[str]:
        """The plan, a line each."""
        lines = []
        if self.rechecked:
            lines.append(text("须重新检查 {n} 个地区：", lang, n=len(self.codes)))
        for why, regions in self.rechecked.items():
            more = text("等 {n} 个", lang, n=len(regions)) if len(regions) > LISTED else ""
            listed = ("、" if lang == "zh" else ", ").join(regions[:LISTED]) + more
            lines.append(text("  {why}，涉及 {regions}", lang, why=why, regions=listed))
        if self.rechecked or self.given:
            message = "预计检查用时约 {seconds} 秒（{jobs} 个进程）"
            lines.append(text(message, lang, seconds=f"{self.seconds:.0f}", jobs=self.jobs))
        return lines


class Pace:
    """How long a region's check is expected to take: what it took the last time, else by its size."""

    def __init__(self, regions: dict[str, dict[str, Any]]) -> None:
        self._last = {code: float(entry["seconds"]) for code, entry in regions.items()}
        triples = sum(entry["triples"] for entry in regions.values())
        seconds = sum(self._last.values())
        self._per_triple = seconds / triples if triples and seconds else SECONDS_PER_TRIPLE

    def seconds(self, code: str, drafts: dict[str, Draft]) -> float:
        """For a region that is published already, or that was read."""
        return self._last[code] if code in self._last else self._per_triple * drafts[code].triples


def decide(
    changes: Changes, regions: dict[str, dict[str, Any]], drafts: dict[str, Draft], jobs: int, lang: str
) -> Plan:
    """Find out what the ``drafts`` and what is withdrawn change for the ``regions`` published, and which of these it
    concerns."""
    changes.levels |= dict.fromkeys(changes.withdrawn)
    for code in changes.compared_with & set(drafts):
        changes.levels[code] = None
        if changes.old is not None and code in regions:
            entry = regions[code]
            withheld = entry.get("withheld", {}).get("graph", ())
            changes.levels[code] = changed_things(changes.old.dumps / lines_of(entry), withheld, drafts[code])
    why: dict[Reason, dict[str, set[str]]] = {}
    for code, entry in regions.items():
        if code not in drafts:
            for reason, things in changes.reasons(code, entry).items():
                why.setdefault(reason, {})[code] = things
    rechecked = {
        reason.said(lang, sorted(set().union(*by_code.values()))): sorted(by_code)
        for reason, by_code in why.items()
    }
    concerned = {*drafts, *set().union(*rechecked.values())}
    pace = Pace(regions)
    jobs = max(1, min(jobs, len(concerned)))
    return Plan(rechecked, sum(pace.seconds(code, drafts) for code in concerned) / jobs, jobs, len(drafts))

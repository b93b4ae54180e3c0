"""Two reports held against each other: what is new, what was put right, what is still open, by finding identifiers."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.files.source import Place, Unreadable, refused

JUDGED_BY = ("referenceDate", "version")
"""What a report was judged by: where it differs, a difference may come from it and not from the data."""


@dataclass
class Comparison:
    """The findings of two times, each as the JSON report has it."""

    new: list[dict[str, Any]] = field(default_factory=list)
    fixed: list[dict[str, Any]] = field(default_factory=list)
    open: list[dict[str, Any]] = field(default_factory=list)
    judged: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Per region: what it was judged by, before and after, where that differs."""
    only_before: list[str] = field(default_factory=list)
    only_after: list[str] = field(default_factory=list)

    @property
    def has_new_violation(self) -> bool:
        """Whether anything of severity Violation is new."""
        return any(finding["severity"] == "Violation" for finding in self.new)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The reports of a file that ``zwfw check --format json`` wrote, by region. Raises ``Unreadable``."""
    try:
        said = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable(refused(Place(path.name), "无法读取报告：{found}", str(error))) from error
    reports = said if isinstance(said, list) else [said]
    if not all(_is_report(one) for one in reports):
        raise Unreadable(refused(Place(path.name), "不是检查报告；应为 zwfw check --format json 写出的文件"))
    return {one["region"]: one for one in reports}


def _is_report(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("region"), str)
        and all(isinstance(said.get(name), str) for name in JUDGED_BY)
        and isinstance(said.get("findings"), list)
        and all(
            isinstance(finding, dict) and {"id", "severity", "rule_id", "focus", "message"} <= set(finding)
            for finding in said["findings"]
        )
    )


def compare(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Comparison:
    """What became of the findings. Regions that only one side has are named, and their findings left out: nothing is
    known of them at the other time."""
    found = Comparison(
        only_before=sorted(set(before) - set(after)), only_after=sorted(set(after) - set(before))
    )
    for region in sorted(set(before) & set(after)):
        then, now = before[region], after[region]
        for name in JUDGED_BY:
            if then[name] != now[name]:
                found.judged.append((region, name, then[name], now[name]))
        old = {finding["id"]: finding for finding in then["findings"]}
        current = {finding["id"]: finding for finding in now["findings"]}
        found.new += [finding for key, finding in current.items() if key not in old]
        found.open += [finding for key, finding in current.items() if key in old]
        found.fixed += [finding for key, finding in old.items() if key not in current]
    return found

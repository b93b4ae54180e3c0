"""What is asked of a publication, and what comes of it: whose orders, under which root, and what was found or refused."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.checking.rules import Rules
from app.language import text
from app.ontology.standards import Standards
from app.releases import audit
from app.releases.release import RETENTION


class NotWithdrawn(Exception):
    """Regions that cannot be taken out of a release: there are none such in it, or everything rests on them."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class Overtaken(Exception):
    """Regions whose data another publication has changed since the release that this one was based on."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class Refused(Exception):
    """``--gate``: the reports, as text, whose violations kept everything from being published."""

    def __init__(self, reports: dict[str, str]) -> None:
        super().__init__(", ".join(reports))
        self.reports = reports


@dataclass(frozen=True)
class Outcome:
    """What a check found in one region."""

    code: str
    title: dict[str, str]
    counts: dict[str, int]
    has_violation: bool
    is_given: bool
    """Whether its folder was given; else it was checked again."""


@dataclass(frozen=True)
class Orders:
    """By what a release is made, and under which root: the standard system, the date to judge by, who publishes, and who is
    told. ``say`` takes progress, a line each."""

    root: Path
    standards: Standards
    rules: Rules
    on: datetime.date
    say: Callable[[str], None]
    lang: str = "zh"
    jobs: int | None = None
    """How many processes at most; nothing for as many as the machine bears."""
    by: str = ""
    """Who publishes, for provenance and the audit log; the user this process runs as where nobody is named."""
    keep: int = RETENTION
    """How many releases are kept; see ``Releases.retain``."""

    @property
    def who(self) -> str:
        """Who publishes."""
        return self.by or audit.user()

    def tell(self, message: str, **values: object) -> None:
        """Say a Chinese message id in the publisher's language."""
        self.say(text(message, self.lang, **values))

"""The two languages of messages and pages: Chinese is what the code says, English is looked up in ``locales/en.po``."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
DEFAULT = "zh"
_SPACE = re.compile(r"\s+")


@cache
def _english() -> dict[str, str]:
    with (Path(__file__).parent / "locales" / "en.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}


def text(message: str, lang: str = DEFAULT, **values: object) -> str:
    """``message`` in ``lang`` with its ``{placeholders}`` filled; a message without a translation stays Chinese."""
    chosen = _english().get(message, message) if lang == "en" else message
    return chosen.format(**values) if values else chosen


def pick(labels: dict[str, str], lang: str) -> str:
    """The label in ``lang``, else in the other language, else whatever there is, else nothing."""
    for choice in (lang, *LANGUAGES):
        if choice in labels:
            return labels[choice]
    return next(iter(labels.values()), "")


def comparable(name: str) -> str:
    """A name for comparison: full-width forms unified (NFKC), white space removed."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", name))

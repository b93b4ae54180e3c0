"""The two languages of messages and pages: Chinese is what the code says, English is looked up in ``locales/en.po``."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
DEFAULT = "zh"

Message = tuple[str, Mapping[str, object]]
"""A message to be said later, in whichever language: it and the values of its placeholders."""

_SPACE = re.compile(r"\s+")


@cache
def _english() -> dict[str, str]:
    with (Path(__file__).parent / "locales" / "en.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}


def text(message: str, lang: str = DEFAULT, **values: object) -> str:
    """``message`` in ``lang`` with its ``{placeholders}`` filled, lists as the language enumerates; a message without a
    translation stays Chinese."""
    chosen = _english().get(message, message) if lang == "en" else message
    if not values:
        return chosen
    comma = _english()["、"] if lang == "en" else "、"
    filled = {
        name: comma.join(map(str, value)) if isinstance(value, list | tuple) else value
        for name, value in values.items()
    }
    return chosen.format(**filled)


def pick(labels: dict[str, str], lang: str) -> str:
    """The label in ``lang``, else in the other language, else whatever there is, else nothing."""
    for choice in (lang, *LANGUAGES):
        if choice in labels:
            return labels[choice]
    return next(iter(labels.values()), "")


def comparable(name: str) -> str:
    """A name for comparison: full-width forms unified (NFKC), white space removed."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", name))

"""The head of a question's file: comment lines ``# key: value`` above the query, of which one that begins with three spaces
after the mark continues the one above. A line that is none of these, and a key nobody knows, is refused with its place.
"""

import re
from dataclasses import dataclass
from pathlib import Path

KEYS = ("number", "title", "title en", "explains", "explains en", "group", "source")
"""Those that stand in every head, once."""

_SEVERAL = ("parameter", "column")
_KNOWN = (*KEYS, *_SEVERAL, "chart")
_LINE = re.compile(r"# ([a-z]+(?: en)?): (\S.*)")
_MORE = re.compile(r"#   +(\S.*)")


class QuestionFault(Exception):
    """A question file that must not be asked: which, where, and why."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path.name}:{line}: {why}")


@dataclass(frozen=True)
class Said:
    """What a head says under a key, and in which line it begins."""

    line: int
    value: str


def read(path: Path, lines: list[str]) -> tuple[dict[str, list[Said]], int]:
    """What the head of ``lines`` says by key, and the number of its lines. Raises ``QuestionFault``."""
    found: dict[str, list[Said]] = {}
    last: list[Said] = []
    length = len(lines)
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            length = number - 1
            break
        if (more := _MORE.fullmatch(line)) and last:
            last[-1] = Said(last[-1].line, f"{last[-1].value}{_joint(last[-1].value)}{more[1]}")
            continue
        stated = _LINE.fullmatch(line)
        if stated is None:
            raise QuestionFault(path, number, "the head has lines “# key: value”, and “#   ” to continue one")
        key, value = stated.groups()
        if key not in _KNOWN:
            raise QuestionFault(path, number, f"no such key: {key}; there are {', '.join(_KNOWN)}")
        if key in found and key not in _SEVERAL:
            raise QuestionFault(path, number, f"{key} is given twice")
        last = found.setdefault(key, [])
        last.append(Said(number, value.strip()))
    for key in (*KEYS, "column"):
        if key not in found:
            raise QuestionFault(path, 1, f"{key} is missing")
    return found, length


def labels(path: Path, said: Said) -> tuple[str, dict[str, str]]:
    """What stands before the labels, and the two labels. Raises ``QuestionFault``."""
    parts = [part.strip() for part in said.value.split("|")]
    if len(parts) != 3 or not all(parts):
        raise QuestionFault(path, said.line, "expected … | Chinese | English")
    return parts[0], {"zh": parts[1], "en": parts[2]}


def _joint(before: str) -> str:
    """Lines of Chinese are joined without a space."""
    return " " if before[-1].isascii() else ""

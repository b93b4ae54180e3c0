"""How like two names are, as clerks write them: word for word, by synonyms, abbreviated, in pinyin, or by characters."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

BY_SYNONYM = 0.9
"""The likeness of names that differ by synonyms only."""

BY_PINYIN, BY_INITIALS, BY_TWO_INITIALS = 0.95, 0.8, 0.5
"""Pinyin in full is hardly ever ambiguous, initials often are, and two of them nearly always."""

BY_CHARACTERS, BY_SIGNS = 0.9, 0.85
"""The most that characters in common are worth, and that they are where synonyms count as the same."""

WEIGHT_OF_SINGLE_ONES = 0.6
"""How much of it single characters make up against pairs of neighbours: Chinese abbreviates by leaving characters out,
which breaks most pairs."""

ABBREVIATED, ITS_LENGTH, SHORTEST_ABBREVIATION = 0.5, 0.4, 3
"""The likeness of a name whose characters all stand in the other, in order and with the same end, and what is added for how
much of the other it is. With less than three characters or words (电话, 编码) it would abbreviate too many."""

BY_USAGE, AND_LESS = 0.8, 0.05
"""The likeness of a heading to the label it mostly stands for, and how much less it is for each further label."""

LABEL, USAGE, SYNONYM, PINYIN, INITIALS, ABBREVIATION, CHARACTERS = (
    "标准名称",
    "常用写法",
    "同义",
    "拼音",
    "拼音首字母",
    "简称",
    "字面相近",
)
"""In what way names are alike, as message ids."""

_SYNONYMS = Path(__file__).with_name("synonyms.txt")
_FIRST_SIGN = 0xE000
"""Of the private use area: a sign for each group of synonyms."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LETTERS = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Name:
    """A name as it is compared: without width, case, and whatever is no letter or digit."""

    plain: str

    @classmethod
    @lru_cache(maxsize=8192)
    def of(cls, written: str) -> "Name":
        """The name in a text."""
        return cls(_BETWEEN_WORDS.sub("", unicodedata.normalize("NFKC", written)).casefold())

    @cached_property
    def folded(self) -> str:
        """With a sign in place of each word that has synonyms."""
        signs, word = _usage().signs, _usage().word
        return word.sub(lambda found: signs[found[0]], self.plain)

    @cached_property
    def pinyin(self) -> tuple[str, str]:
        """Of a Chinese name: its pinyin without tones, in full and by initials."""
        if not is_chinese(self.plain):
            return "", ""
        spoken = syllables(self.plain)
        return "".join(spoken), "".join(one[:1] for one in spoken)

    def like(self, other: "Name") -> tuple[float, str]:
        """How much this, as somebody wrote it, is like another name, from 0 to 1, and in what way."""
        if not self.plain or not other.plain:
            return 0.0, CHARACTERS
        if self.plain == other.plain:
            return 1.0, LABEL
        if self.folded == other.folded:
            return BY_SYNONYM, SYNONYM
        usage = _usage().stands_for.get(self.plain, [])
        if other.plain in usage:
            return BY_USAGE - AND_LESS * usage.index(other.plain), USAGE
        found = [
            (BY_CHARACTERS * _in_common(self.plain, other.plain), CHARACTERS),
            (BY_SIGNS * _in_common(self.folded, other.folded), CHARACTERS),
        ]
        if is_chinese(self.plain) and is_chinese(other.plain):
            if len(self.folded) >= SHORTEST_ABBREVIATION and _abbreviates(self.folded, other.folded):
                share = len(self.folded) / len(other.folded)
                found.append((ABBREVIATED + ITS_LENGTH * share, ABBREVIATION))
        elif _LETTERS.fullmatch(self.plain):
            whole, initials = other.pinyin
            if self.plain == whole:
                found.append((BY_PINYIN, PINYIN))
            if self.plain == initials and len(initials) > 1:
                found.append((BY_INITIALS if len(initials) > 2 else BY_TWO_INITIALS, INITIALS))
        return max(found)


def syllables(text: str) -> list[str]:
    """A Chinese text in pinyin without tones, syllable by syllable; what is no Chinese stays as it is, in one piece."""
    from pypinyin import lazy_pinyin  # its dictionaries take longer to load than all else a command needs

    return lazy_pinyin(text)


def is_chinese(text: str) -> bool:
    """Whether a text has a Chinese character."""
    return _CHINESE.search(text) is not None


@dataclass(frozen=True)
class _Usage:
    """What ``synonyms.txt`` says."""

    signs: dict[str, str]
    """The sign of each word that has synonyms."""
    word: re.Pattern[str]
    """Finds such words, the longest first."""
    stands_for: dict[str, list[str]]


@cache
def _usage() -> _Usage:
    signs, stands_for = dict[str, str](), dict[str, list[str]]()
    for number, line in enumerate(_SYNONYMS.read_text("utf-8").splitlines()):
        if line and not line.startswith("#"):
            heading, arrow, labels = line.partition(">")
            if arrow:
                stands_for[heading.strip()] = labels.split()
            else:
                signs |= dict.fromkeys(line.split(), chr(_FIRST_SIGN + number))
    word = re.compile("|".join(sorted(signs, key=lambda one: (-len(one), one))))
    return _Usage(signs, word, stands_for)


def _in_common(one: str, other: str) -> float:
    """The characters and pairs of neighbours that two texts share. Single letters of the alphabet say nothing."""
    pairs = _dice(_pairs(one), _pairs(other))
    if not (is_chinese(one) or is_chinese(other)):
        return pairs
    return WEIGHT_OF_SINGLE_ONES * _dice(_singles(one), _singles(other)) + (1 - WEIGHT_OF_SINGLE_ONES) * pairs


def _dice(one: Counter[str], other: Counter[str]) -> float:
    """Dice's coefficient: twice what is in common, of all there is."""
    common = sum(min(number, other[sign]) for sign, number in one.items() if sign in other)
    return 2 * common / (sum(one.values()) + sum(other.values())) if common else 0.0


@lru_cache(maxsize=8192)
def _singles(text: str) -> Counter[str]:
    return Counter(text)


@lru_cache(maxsize=8192)
def _pairs(text: str) -> Counter[str]:
    return Counter(map("".join, pairwise(text)))


def _abbreviates(short: str, long: str) -> bool:
    """Whether a text is another with characters left out, but not the last: what a Chinese name is of stands at its end."""
    rest = iter(long)
    return short[-1] == long[-1] and all(sign in rest for sign in short)

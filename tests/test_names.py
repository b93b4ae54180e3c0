"""Names: what is an IRI here is one for the store's engine, too, which raises for anything else."""

import random
import time

import pytest

from app import names
from app.store.terms import Iri

PARTS = [
    *(
        "http",
        "https",
        "urn",
        "x",
        "1",
        ":",
        "//",
        "/",
        "?",
        "#",
        "[",
        "]",
        "[::1]",
        "[12]",
        "[1::2::3]",
        "@",
    ),
    *(
        "a",
        "b:80",
        ":80",
        ":x",
        "%41",
        "%",
        "%zz",
        "%F",
        "\ue000",
        "\ufffd",
        "中",
        "..",
        ".",
        "~",
        "'",
        "^",
        " ",
    ),
]
"""What IRIs are made of, and what they break on."""


def engine_takes(text: str) -> bool:
    try:
        Iri(text)
    except ValueError:
        return False
    return True


def test_every_character_is_judged_as_by_the_engine() -> None:
    for code in (*range(0x20), *range(0x7F, 0x3000), *range(0xD7F0, 0xD800), *range(0xE000, 0x20010)):
        for pattern in ("https://example.org/a{}41", "https://exa{}mple.org/", "x:?{}", "x:#{}"):
            text = pattern.format(chr(code))
            assert names.is_safe_iri(text) == engine_takes(text), hex(code)


def test_any_text_is_judged_as_by_the_engine() -> None:
    chance = random.Random(1)
    taken = 0
    for _ in range(50_000):
        text = "".join(chance.choice(PARTS) for _ in range(chance.randint(1, 7)))
        expected = engine_takes(text)
        assert names.is_safe_iri(text) == expected, text
        taken += expected
    assert taken > 1000


def test_surrogates_are_none() -> None:
    assert not names.is_safe_iri("x:\ud800")


@pytest.mark.parametrize(
    "text",
    [
        "http://" + "a" * 10**5 + " ",
        "x:" + "%41" * 10**5 + "%",
        "http://" + "a:" * 10**5,
        "x:?" + "?a" * 10**5 + " ",
    ],
)
def test_long_texts_take_no_long_time(text: str) -> None:
    started = time.perf_counter()
    assert not names.is_safe_iri(text)
    assert time.perf_counter() - started < 30  # quadratic: minutes; linear: milliseconds

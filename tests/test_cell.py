"""What people write in a cell, and what it is read as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import names
from app.regions import cell

XSD = names.XSD


@pytest.mark.parametrize(
    ("datatype", "written", "read"),
    [
        ("date", "2026-01-31", "2026-01-31"),
        ("date", "2026/1/31", "2026-01-31"),
        ("date", "2026.01.31", "2026-01-31"),
        ("date", "2026年1月31日", "2026-01-31"),
        ("date", "２０２６年１月３１号", "2026-01-31"),
        ("date", "20260131", "2026-01-31"),
        ("date", "2026-01-31 00:00:00", "2026-01-31"),
        ("integer", "２０", "20"),
        ("integer", "20.0", "20"),
        ("integer", "1,200", "1200"),
        ("decimal", "1,200.50", "1200.50"),
        ("decimal", "１０．５", "10.5"),
        ("boolean", "是", "true"),
        ("boolean", "√", "true"),
        ("boolean", "×", "false"),
        ("boolean", "０", "false"),
        ("anyURI", "https：／／example．org／a", "https://example.org/a"),
        ("string", "１１３７０６００９９９９００００１３Ｎ", "113706009999000013N"),
        ("string", "\u200b0535－0000100\u00a0", "0535-0000100"),
        ("string", "镇（乡、街道）级", "镇（乡、街道）级"),
    ],
)
def test_forms_people_write(datatype, written, read):
    assert cell.literal(cell.tidied(written, XSD + datatype), XSD + datatype).value == read


@pytest.mark.parametrize(
    ("datatype", "written", "expected"),
    [
        ("date", "2026年2月30日", "2026-01-31"),
        ("date", "2026年1月", "2026-01-31"),
        ("date", "26/1/31", "2026-01-31"),
        ("date", "46053", "日期格式"),
        ("date", "2026-01-31 08:30", "2026-01-31"),
        ("integer", "二十", "整数"),
        ("integer", "20.5", "整数"),
        ("integer", "1,20", "整数"),
        ("decimal", "约10", "数"),
        ("boolean", "支持", "是"),
        ("anyURI", "www.example.org", "https://"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(datatype, written, expected):
    with pytest.raises(cell.Unfit, match=expected):
        cell.literal(cell.tidied(written, XSD + datatype), XSD + datatype)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("20个工作日", ("20", "个工作日")),
        ("20 工作日", ("20", "工作日")),
        ("20", ("20", "")),
        ("20个星期", ("20个星期", "")),
        ("不超过20个工作日", ("不超过20个工作日", "")),
    ],
)
def test_units_behind_numbers(written, read):
    assert cell.measured(written, {"个工作日", "工作日", "天"}) == read


@given(st.text(), st.sampled_from([None, *(XSD + one for one in ("date", "integer", "string", "boolean"))]))
def test_tidying_once_is_enough(text, datatype):
    once = cell.tidied(text, datatype)
    assert cell.tidied(once, datatype) == once


@given(st.text())
def test_sentences_stay_as_they_are(text):
    assert cell.tidied(text, cell.TEXT) == text.strip()

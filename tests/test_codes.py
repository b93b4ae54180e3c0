"""Check characters and region codes, against published examples and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from app.ontology import codes


@pytest.mark.parametrize(
    "code",
    [
        "12441500196720244T",
        "11511301008778183N",
        "11511301452259996U",
    ],
)
def test_published_codes_have_the_right_characters(code):
    assert codes.organisation_check_character(code) == code[17]
    assert codes.body_check_character(code[8:16]) == code[16]


@pytest.mark.parametrize("code", ["11440300007542785T", "11440100007482575J"])
def test_codes_seen_in_public_that_have_not(code):
    assert codes.organisation_check_character(code) != code[17]


@given(st.text(alphabet=codes.ORGANISATION_SIGNS, min_size=17, max_size=17))
def test_an_independent_implementation_agrees(code):
    assert codes.organisation_check_character(code) == uscc.calc_check_digit(code)


@given(st.text(alphabet=codes.ORGANISATION_SIGNS, min_size=17, max_size=17), st.integers(0, 16))
def test_any_single_wrong_sign_is_noticed(code, at):
    right = codes.organisation_check_character(code)
    signs = codes.ORGANISATION_SIGNS
    other = signs[(signs.index(code[at]) + 1) % 31]
    assert codes.organisation_check_character(code[:at] + other + code[at + 1 :]) != right


@pytest.mark.parametrize(
    "code,chain",
    [
        ("370602", ["370600", "370000", "000000"]),
        ("370600", ["370000", "000000"]),
        ("370000", ["000000"]),
        ("000000", []),
        ("110101", ["110000", "000000"]),  # 110100 is hollow: a municipality has no prefecture
        ("500241", ["500000", "000000"]),
        ("429004", ["420000", "000000"]),  # run directly by the province
    ],
)
def test_the_chain_above_a_region(code, chain):
    assert codes.region_chain(code) == chain
    assert codes.region_rank(code) == len(chain) or code in {"110101", "500241", "429004"}

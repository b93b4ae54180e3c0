"""Codes that carry their own check: organisation codes and region codes, computed as their standards say.

Pure functions over strings. How a composite code is put together is data (``ontology/codes/schemes.ttl``); what is
here is only the arithmetic that no pattern can do.
"""

ORGANISATION_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 signs of a unified social credit code (GB 32100—2015): no I, O, S, V, Z."""

_CHECK_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_BODY_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
"""Provinces whose districts and counties stand directly below them: their middle codes (110100, 110200) are hollow."""

_DIRECT_COUNTIES = "90"
"""The middle pair of counties run directly by a province (429004), under a code nobody publishes (429000)."""


def organisation_check_character(code: str) -> str:
    """Character 18 of a unified social credit code, from its first 17 (GB 32100—2015: 31 − Σ wᵢ·vᵢ mod 31).

    Raises ``ValueError`` for a sign that is not one of ``ORGANISATION_SIGNS``.
    """
    total = sum(
        weight * ORGANISATION_SIGNS.index(sign)
        for weight, sign in zip(_CHECK_WEIGHTS, code[:17], strict=True)
    )
    return ORGANISATION_SIGNS[-total % 31]


def body_check_character(body: str) -> str:
    """The last sign of an organisation body, from its first eight (GB 11714: 11 − Σ wᵢ·vᵢ mod 11; 10 is X, 11 is 0).

    Raises ``ValueError`` for a sign outside 0–9 and A–Z.
    """
    total = sum(
        weight * _BODY_SIGNS.index(sign) for weight, sign in zip(_BODY_WEIGHTS, body[:8], strict=True)
    )
    return "0123456789X"[-total % 11]


def parent_region(code: str) -> str | None:
    """The code of the division above a six-digit one (GB/T 2260): ``370602`` → ``370600`` → ``370000`` → ``000000``.

    Hollow middle codes are passed over (``110101`` → ``110000``, ``429004`` → ``420000``). The nation has none.
    """
    province, middle, county = code[:2], code[2:4], code[4:]
    if county != "00" and province not in MUNICIPALITIES and middle != _DIRECT_COUNTIES:
        return f"{province}{middle}00"
    if county != "00" or middle != "00":
        return f"{province}0000"
    return "000000" if province != "00" else None


def region_chain(code: str) -> list[str]:
    """The codes above ``code``, nearest first, the nation last."""
    chain: list[str] = []
    parent = parent_region(code)
    while parent is not None:
        chain.append(parent)
        parent = parent_region(parent)
    return chain


def region_rank(code: str) -> int:
    """0 for the nation, 1 for a province, 2 for a prefecture, 3 for a county: the order in which to publish."""
    return 0 if code == "000000" else 1 if code.endswith("0000") else 2 if code.endswith("00") else 3

"""Amounts as a reader sees them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from paper import words


@pytest.mark.parametrize(
    ("share", "digits", "sign", "text"),
    [
        (0.1234, 1, True, "+12.3%"),
        (-0.1234, 1, True, "−12.3%"),
        (0.0, 1, True, "0.0%"),
        (-1e-9, 3, True, "0.000%"),
        (-1e-9, 1, False, "0.0%"),
        (Decimal("0.25"), 1, False, "25.0%"),
        (12.5, 0, True, "+1,250%"),
    ],
)
def test_percentages(share: float, digits: int, sign: bool, text: str) -> None:
    assert words.percent(share, digits, sign=sign) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (Decimal("67321.178"), "67,321.18"),
        (Decimal("1.23456"), "1.2346"),
        (Decimal("0.00001234"), "0.00001234"),
    ],
)
def test_prices_have_the_decimals_their_size_deserves(value: Decimal | None, text: str) -> None:
    assert words.price(value) == text


def test_coins_have_no_idle_zeros() -> None:
    assert words.quantity(Decimal("1234.50000000")) == "1,234.5"
    assert words.quantity(Decimal("-0.00000001")) == "−0.00000001"
    assert words.quantity(Decimal(7)) == "7"


@pytest.mark.parametrize(
    ("acting", "silence", "text"),
    [
        ("order", "", "order"),
        ("no order", "no order, it is still the target", "no order, it is still the target"),
        ("catch up", "no order, no decision day", "catch up (no order, no decision day)"),
    ],
)
def test_what_a_decision_came_to(acting: str, silence: str, text: str) -> None:
    assert words.acted({"acting": acting, "silence": silence}) == text

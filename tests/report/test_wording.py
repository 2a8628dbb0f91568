from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from backtests.report import wording

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "digits", "sign", "expected"),
    [
        (1234.567, 1, False, "1,234.6"),
        (-1234.567, 0, False, "−1,235"),
        (0.04, 1, True, "0.0"),
        (-0.04, 1, True, "0.0"),
        (2.0, 0, True, "+2"),
        (NAN, 0, False, "–"),
        (float("inf"), 0, False, "–"),
        (None, 2, True, "–"),
    ],
)
def test_fixed_has_a_true_minus_and_no_sign_on_zero(value, digits, sign, expected) -> None:
    assert wording.fixed(value, digits, sign=sign) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (5.0, "5"),
        (0.30, "0.30"),
        (1.592, "1.59"),
        (13.92, "13.9"),
        (771.9, "772"),
        (0.0059, "0.0059"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_figure_takes_the_decimals_its_size_deserves(value, expected) -> None:
    assert wording.figure(value) == expected


@pytest.mark.parametrize(
    ("value", "unit", "sign", "expected"),
    [
        (0.459, "share of usage days", False, "46% of usage days"),
        (-36.68, "percent", False, "−36.7%"),
        (2.1, "percent a year", False, "2.10% a year"),
        (1.59, "percent per 100bn", True, "+1.59% per 100bn"),
        (112.9, "USD bn", False, "113bn USD"),
        (2.0, "days", False, "2 days"),
        (0.46, "rank above 0.5", True, "+0.46 rank above 0.5"),
        (0.5, None, False, "0.50"),
        (None, "days", False, "–"),
        (NAN, "share of days", False, "–"),
    ],
)
def test_quantity_reads_with_its_unit(value, unit, sign, expected) -> None:
    assert wording.quantity(value, unit, sign=sign) == expected


def test_interval_has_one_number_of_decimals() -> None:
    assert wording.span(-0.0059, 3.27) == "[−0.01, +3.27]"
    assert wording.span(-7.96, 12.5) == "[−8.0, +12.5]"


@pytest.mark.parametrize(
    ("p", "expected"), [(0.0004, "< 0.001"), (0.02, "0.020"), (None, "–"), (NAN, "–")]
)
def test_p_values_have_three_decimals(p, expected) -> None:
    assert wording.p_value(p) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (pd.NaT, "–"),
        ("quarter end", "quarter end"),
        (True, "True"),
        (date(2025, 11, 4), "2025-11-04"),
        (1247, "1,247"),
        (0.987, "0.99"),
        (np.float64(np.nan), "–"),
    ],
)
def test_cells_of_a_claims_own_table(value, expected) -> None:
    assert wording.cell(value) == expected


def test_hours_are_new_yorks_in_summer_and_winter() -> None:
    at = [pd.Timestamp(day, tz="UTC") for day in ("2026-08-06 20:35", "2026-01-08 21:35")]
    assert [wording.new_york(one) for one in at] == ["Thu 2026-08-06 16:35", "Thu 2026-01-08 16:35"]
    assert wording.instant(at[0]) == "2026-08-06 20:35 UTC"


def test_minus_leaves_dates_and_spans_alone() -> None:
    text = "changed by -2.3 (2025-11-04), 2017-2019: -5% and 10-14"
    assert wording.minus(text) == "changed by −2.3 (2025-11-04), 2017-2019: −5% and 10-14"


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (8, "8th"), (11, "11th")]
)
def test_ordinals(number, expected) -> None:
    assert wording.ordinal(number) == expected


def test_small_numbers_are_words() -> None:
    assert wording.plural(1, "test") == "one test"
    assert wording.plural(12, "test") == "12 tests"
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.pairs({"share_above": 0.1, "days": 5}) == "share above 0.10, days 5"

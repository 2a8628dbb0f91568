from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.calendar_strata import Stratum, closes_quarter, month_positions, strata
from tests.inference.worlds import business_days

DAYS = business_days("2024-12-01", "2025-03-31")


def row(day: str) -> int:
    return int(np.searchsorted(DAYS, np.datetime64(day)))


@pytest.mark.parametrize(
    ("day", "from_start", "from_end", "from_middle"),
    [
        ("2024-12-02", 0, 21, -10),
        ("2024-12-16", 10, 11, 0),  # the 15th was a Sunday
        ("2024-12-31", 21, 0, 11),
        ("2025-01-15", 10, 12, 0),
        ("2025-02-28", 19, 0, 9),
        ("2025-03-17", 10, 10, 0),  # the 15th was a Saturday
    ],
)
def test_positions_count_business_days(day, from_start, from_end, from_middle):
    positions = month_positions(DAYS)
    assert positions.from_start[row(day)] == from_start
    assert positions.from_end[row(day)] == from_end
    assert positions.from_middle[row(day)] == from_middle


def test_months_count_from_1970_and_know_their_first_and_last_row():
    positions = month_positions(DAYS)
    assert positions.month[0] == 54 * 12 + 11
    assert DAYS[positions.starts].astype(str).tolist() == [
        "2024-12-02",
        "2025-01-01",
        "2025-02-03",
        "2025-03-03",
    ]
    assert DAYS[positions.ends].astype(str).tolist() == [
        "2024-12-31",
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
    ]
    assert closes_quarter(positions.month[positions.starts]).tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("day", "stratum"),
    [
        ("2024-12-31", Stratum.QUARTER_END),
        ("2025-03-31", Stratum.QUARTER_END),
        ("2025-01-31", Stratum.MONTH_END),
        ("2025-01-30", Stratum.LAST_THREE),
        ("2025-01-29", Stratum.LAST_THREE),
        ("2025-01-28", Stratum.OTHER),
        ("2025-02-03", Stratum.FIRST_TWO),
        ("2025-02-04", Stratum.FIRST_TWO),
        ("2025-02-05", Stratum.OTHER),
        ("2025-02-14", Stratum.OTHER),
        ("2025-02-17", Stratum.MID_MONTH),  # the 15th was a Saturday
        ("2025-02-18", Stratum.MID_MONTH),
        ("2025-02-19", Stratum.OTHER),
    ],
)
def test_every_day_has_its_stratum(day, stratum):
    assert strata(month_positions(DAYS))[row(day)] is stratum


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (DAYS[6:], "business_days: 2024-12-10 to 2025-03-31 are not whole months"),
        (DAYS[:-6], "business_days: 2024-12-02 to 2025-03-21 are not whole months"),
        (
            DAYS[DAYS.astype("M8[M]") != np.datetime64("2025-01")],
            "no day in the month after 2024-12",
        ),
        (DAYS[::-1], "business_days: days must increase"),
    ],
)
def test_a_calendar_with_holes_is_refused(days, message):
    with pytest.raises(ValueError, match=message):
        month_positions(days)


def test_months_that_begin_and_end_with_holidays_are_whole():
    days = business_days("2021-01-01", "2021-05-31")
    closed = np.array(["2021-01-01", "2021-05-31"], dtype="datetime64[D]")
    positions = month_positions(days[~np.isin(days, closed)])
    assert positions.from_end[-1] == 0

"""The three calendars, against known closings and against the days figures exist for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.calendars import (
    bank,
    bond,
    coupon_settlement_days,
    government,
    is_open,
    next_open,
    open_days,
    tax_days,
)
from data.errors import BadConfig
from data.spec import CalendarName

CALENDARS: tuple[CalendarName, ...] = ("bank", "government", "bond")
DAYS = st.dates(date(1995, 1, 1), date(2055, 12, 31))


def closed(day: str) -> str:
    """The calendars, of the three, that are closed on a day: any of b, g, s (securities)."""
    days = pd.DatetimeIndex([day])
    flags = zip("bgs", CALENDARS, strict=True)
    return "".join(letter for letter, name in flags if not is_open(days, name)[0])


@pytest.mark.parametrize(
    ("day", "who", "why"),
    [
        ("2025-11-27", "bgs", "Thanksgiving"),
        ("2025-11-28", "", "the day after"),
        ("2025-12-24", "g", "by order"),
        ("2025-12-25", "bgs", "Christmas"),
        ("2025-12-26", "g", "by order"),
        ("2014-12-26", "g", "by order"),
        ("2020-12-24", "g", "by order"),
        ("2012-12-24", "g", "by order"),
        ("2025-01-09", "g", "mourning; bonds trade"),
        ("2018-12-05", "gs", "mourning; bonds closed"),
        ("2026-04-03", "s", "Good Friday"),
        ("2025-10-13", "bgs", "Columbus Day"),
        ("2025-11-11", "bgs", "Veterans Day"),
        ("2018-11-12", "bgs", "Veterans Day on a Sunday"),
        ("2023-11-10", "g", "Veterans Day on a Saturday"),
        ("2021-12-31", "g", "New Year's Day on a Saturday"),
        ("2023-01-02", "bgs", "New Year's Day on a Sunday"),
        ("2020-07-03", "gs", "Independence Day on a Saturday"),
        ("2021-07-05", "bgs", "Independence Day on a Sunday"),
        ("2021-12-24", "gs", "Christmas on a Saturday"),
        ("2022-12-26", "bgs", "Christmas on a Sunday"),
        ("2021-06-18", "g", "the first Juneteenth"),
        ("2022-06-20", "bgs", "Juneteenth on a Sunday"),
        ("2026-06-19", "bgs", "Juneteenth"),
        ("2020-06-19", "", "before Juneteenth was a holiday"),
        ("2025-01-20", "bgs", "Martin Luther King Day"),
        ("2025-02-17", "bgs", "Washington's birthday"),
        ("2025-05-26", "bgs", "Memorial Day"),
        ("2025-09-01", "bgs", "Labor Day"),
        ("2025-11-29", "bgs", "a Saturday"),
        ("2025-11-30", "bgs", "a Sunday"),
        ("2012-10-30", "s", "storm Sandy"),
    ],
)
def test_who_is_closed(day: str, who: str, why: str) -> None:
    assert closed(day) == who, why


def figures(tables: Path, name: str) -> pd.DatetimeIndex:
    rows = pd.read_parquet(tables / "observations.parquet", columns=["series", "ref_date"])
    return pd.DatetimeIndex(rows.loc[rows["series"] == name, "ref_date"]).sort_values()


@pytest.mark.parametrize(
    ("name", "calendar", "holes"),
    [
        ("sofr", "bond", []),
        ("tgcr", "bond", []),
        ("effr", "bank", []),
        # The Thursday before a long week-end may be missing: the loan ran for more than a night.
        ("srf", "bond", ["2020-04-09", "2020-07-02", "2021-04-01"]),
    ],
)
def test_figures_exist_for_exactly_the_open_days(
    real_tables: Path, name: str, calendar: CalendarName, holes: list[str]
) -> None:
    days = figures(real_tables, name)
    # One figure of 2003 is dated on a Sunday.
    days = days[days.day_of_week < 5]
    expected = open_days(calendar, days[0], days[-1])
    assert list(days) == list(expected.difference(pd.DatetimeIndex(holes)))


def test_the_treasury_account_has_a_balance_for_every_bank_day(real_tables: Path) -> None:
    days = figures(real_tables, "tga")
    days = days[days >= pd.Timestamp("2016-01-04")]
    assert list(days) == list(open_days("bank", days[0], days[-1]))


@given(DAYS, st.integers(1, 12), st.sampled_from(CALENDARS))
def test_the_nth_open_day_has_n_open_days_up_to_it(
    day: date, n: int, calendar: CalendarName
) -> None:
    start = pd.DatetimeIndex([day])
    reached = next_open(start, n, calendar)
    between = open_days(calendar, start[0] + pd.Timedelta(days=1), reached[0])
    assert len(between) == n
    assert between[-1] == reached[0]


@given(DAYS, st.sampled_from(CALENDARS))
def test_the_noughth_open_day_is_the_day_or_the_next(day: date, calendar: CalendarName) -> None:
    start = pd.DatetimeIndex([day])
    reached = next_open(start, 0, calendar)
    expected = start if is_open(start, calendar)[0] else next_open(start, 1, calendar)
    assert reached.equals(expected.as_unit("us"))


def test_every_day_is_open_on_every_day() -> None:
    days = pd.date_range("2025-12-20", "2025-12-31")
    assert is_open(days, "every_day").all()
    assert (next_open(days, 1, "every_day") == days + pd.Timedelta(days=1)).all()


def test_the_government_keeps_every_bank_holiday_on_a_weekday() -> None:
    weekdays = bank()[bank().day_of_week < 5]
    assert not np.setdiff1d(weekdays, government()).size
    assert not np.setdiff1d(weekdays, bond()).size


def test_days_beyond_the_calendars_are_refused() -> None:
    with pytest.raises(BadConfig, match="run from 1990-01-01 to 2060-12-31"):
        is_open(pd.DatetimeIndex(["2061-01-03"]), "bank")


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(BadConfig, match="calendar 'lunar': there are bank, government, bond"):
        is_open(pd.DatetimeIndex(["2025-01-03"]), "lunar")  # type: ignore[arg-type]


def test_no_days_give_no_days() -> None:
    assert len(next_open(pd.DatetimeIndex([], dtype="datetime64[us]"), 1, "bank")) == 0


def test_tax_days_give_way_to_weekends_and_washingtons_holidays() -> None:
    assert list(tax_days(date(2017, 1, 1), date(2018, 12, 31)).strftime("%Y-%m-%d")) == [
        "2017-01-17",
        "2017-04-18",
        "2017-06-15",
        "2017-09-15",
        "2017-12-15",
        "2018-01-16",
        "2018-04-17",
        "2018-06-15",
        "2018-09-17",
        "2018-12-17",
    ]


def test_coupons_settle_mid_month_and_at_month_end() -> None:
    days = coupon_settlement_days(date(2025, 9, 1), date(2025, 12, 31))
    assert list(days.strftime("%Y-%m-%d")) == [
        "2025-09-02",
        "2025-09-15",
        "2025-09-30",
        "2025-10-15",
        "2025-10-31",
        "2025-11-17",
        "2025-12-01",
        "2025-12-15",
        "2025-12-31",
    ]

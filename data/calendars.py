"""Which days are open, on three calendars.

``bank``
    The Federal Reserve Banks. A holiday on a Sunday moves to Monday; one on a Saturday is not
    moved: the Banks are open on the Friday before.
``government``
    Federal offices, the Board of Governors among them: statutory holidays (a Saturday's is kept
    on Friday) and the days closed by executive order, which are no holidays. Treasury statements
    and the Board's releases (H.4.1, H.8, H.10, H.15) follow it. Offices shut by weather are not
    in it: the H.4.1 of 2010-02-11 came out on time on such a day.
``bond``
    Government securities, as SIFMA recommends: the Banks' holidays and Good Friday, and the
    Friday before when Independence Day or Christmas falls on a Saturday (New Year's Day and
    Veterans Day are not moved). Whether Juneteenth will be moved (2027) is not known; it is
    assumed, as later is safe.

``every_day`` has no holidays and no weekends.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from pandas.tseries.holiday import (
    AbstractHolidayCalendar,
    GoodFriday,
    Holiday,
    USColumbusDay,
    USFederalHolidayCalendar,
    USLaborDay,
    USMartinLutherKingJr,
    USMemorialDay,
    USPresidentsDay,
    USThanksgivingDay,
    nearest_workday,
    sunday_to_monday,
)

from data.aliases import BoolArray
from data.chronicle import BOND_CLOSINGS, EXECUTIVE_CLOSINGS
from data.errors import BadConfig
from data.spec import CalendarName

FIRST, LAST = pd.Timestamp("1990-01-01"), pd.Timestamp("2060-12-31")

_FLOATING = [
    USMartinLutherKingJr,
    USPresidentsDay,
    USMemorialDay,
    USLaborDay,
    USColumbusDay,
    USThanksgivingDay,
]
# Juneteenth became law on 2021-06-17; the Banks and the bond market first kept it in 2022.
_JUNETEENTH = pd.Timestamp("2022-01-01")
_TAX_MONTHS = (1, 4, 6, 9, 12)


_BANK = AbstractHolidayCalendar(
    "bank",
    [
        *_FLOATING,
        Holiday("New Year's Day", month=1, day=1, observance=sunday_to_monday),
        Holiday("Juneteenth", month=6, day=19, observance=sunday_to_monday, start_date=_JUNETEENTH),
        Holiday("Independence Day", month=7, day=4, observance=sunday_to_monday),
        Holiday("Veterans Day", month=11, day=11, observance=sunday_to_monday),
        Holiday("Christmas Day", month=12, day=25, observance=sunday_to_monday),
    ],
)
_BOND = AbstractHolidayCalendar(
    "bond",
    [
        *_FLOATING,
        GoodFriday,
        Holiday("New Year's Day", month=1, day=1, observance=sunday_to_monday),
        Holiday("Juneteenth", month=6, day=19, observance=nearest_workday, start_date=_JUNETEENTH),
        Holiday("Independence Day", month=7, day=4, observance=nearest_workday),
        Holiday("Veterans Day", month=11, day=11, observance=sunday_to_monday),
        Holiday("Christmas Day", month=12, day=25, observance=nearest_workday),
    ],
)
_FEDERAL = USFederalHolidayCalendar()
# A tax day also gives way to Emancipation Day, a holiday of the District of Columbia.
_TAX = AbstractHolidayCalendar(
    "tax",
    [
        *_FEDERAL.rules,
        Holiday(
            "Emancipation Day",
            month=4,
            day=16,
            observance=nearest_workday,
            start_date=pd.Timestamp("2007-01-01"),
        ),
    ],
)


def _days(calendar: AbstractHolidayCalendar) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(calendar.holidays(FIRST, LAST)).as_unit("us")


@cache
def bank() -> pd.DatetimeIndex:
    """Return the holidays of the Federal Reserve Banks (naive days, 1990 to 2060)."""
    return _days(_BANK)


@cache
def government() -> pd.DatetimeIndex:
    """Return the holidays of federal offices and the days closed by executive order."""
    ordered = pd.DatetimeIndex([fact.start for fact in EXECUTIVE_CLOSINGS]).as_unit("us")
    return _days(_FEDERAL).union(ordered)


@cache
def bond() -> pd.DatetimeIndex:
    """Return the days on which the market for government securities is closed."""
    dated = pd.DatetimeIndex([fact.start for fact in BOND_CLOSINGS]).as_unit("us")
    return _days(_BOND).union(dated)


@cache
def _open(calendar: CalendarName) -> np.busdaycalendar:
    tables = {"bank": bank, "government": government, "bond": bond}
    if calendar == "every_day":
        return np.busdaycalendar(weekmask="1111111")
    if calendar not in tables:
        raise BadConfig(f"calendar {calendar!r}: there are {', '.join(tables)} and every_day")
    return _closed_on(tables[calendar]())


def _closed_on(days: pd.DatetimeIndex) -> np.busdaycalendar:
    return np.busdaycalendar(holidays=days.to_numpy().astype("datetime64[D]"))


@cache
def _tax_offices() -> np.busdaycalendar:
    return _closed_on(_days(_TAX))


def _checked(days: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    if len(days) and not (days.min() >= FIRST and days.max() <= LAST):
        raise BadConfig(
            f"{days.min():%Y-%m-%d} .. {days.max():%Y-%m-%d}: the calendars run from "
            f"{FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d}"
        )
    return days.to_numpy().astype("datetime64[D]")


def is_open(days: pd.DatetimeIndex, calendar: CalendarName) -> BoolArray:
    """Return for each naive day whether it is open on `calendar`.

    Raises
    ------
    BadConfig
        If a day lies outside 1990 .. 2060 or the calendar is unknown.
    """
    return np.is_busday(_checked(days), busdaycal=_open(calendar))


def open_days(calendar: CalendarName, first: date, last: date) -> pd.DatetimeIndex:
    """Return the open days of `calendar` from `first` to `last`, both inclusive."""
    days = pd.date_range(first, last, freq="D", unit="us")
    return days[is_open(days, calendar)]


def next_open(days: pd.DatetimeIndex, n: int, calendar: CalendarName) -> pd.DatetimeIndex:
    """Return the `n`-th open day after each day.

    Parameters
    ----------
    days : DatetimeIndex
        Naive days, open or not.
    n : int
        0: the day itself, or the next open day when it is closed. Negative: before.
    calendar : {"bank", "government", "bond", "every_day"}
        The calendar; see the module.

    Raises
    ------
    BadConfig
        If a day lies outside 1990 .. 2060 or the calendar is unknown.
    """
    return _shift(days, n, _open(calendar))


def _shift(days: pd.DatetimeIndex, n: int, calendar: np.busdaycalendar) -> pd.DatetimeIndex:
    # From a closed day the first open day after it counts as one, not as nought.
    roll: Literal["backward", "forward"] = "backward" if n > 0 else "forward"
    shifted = np.busday_offset(_checked(days), n, roll=roll, busdaycal=calendar)
    return pd.DatetimeIndex(shifted.astype("datetime64[us]"))


def tax_days(first: date, last: date) -> pd.DatetimeIndex:
    """Return the federal tax days in a span: corporate and estimated payments and April's return.

    The 15th of January, April, June, September and December, or the next working day in
    Washington. Deferred ones (2020, 2021) are :data:`data.facts.TAX_DEFERRALS`.
    """
    months = pd.date_range(first, last, freq="D", unit="us").to_period("M").unique()
    nominal = pd.DatetimeIndex(
        [month.start_time + pd.Timedelta(days=14) for month in months if month.month in _TAX_MONTHS]
    ).as_unit("us")
    return _within(_shift(nominal, 0, _tax_offices()), first, last)


def coupon_settlement_days(first: date, last: date) -> pd.DatetimeIndex:
    """Return the days on which Treasury notes and bonds settle: mid-month and month-end.

    The 15th and the last day of each month, or the next open day of the bond market.
    """
    # The settlement of the month before may have moved into this span.
    begun = pd.Timestamp(first) - pd.Timedelta(days=7)
    months = pd.date_range(begun, last, freq="D", unit="us").to_period("M").unique()
    nominal = [month.start_time + pd.Timedelta(days=14) for month in months]
    nominal += [month.end_time.normalize() for month in months]
    return _within(
        next_open(pd.DatetimeIndex(nominal).as_unit("us"), 0, "bond").sort_values(), first, last
    )


def _within(days: pd.DatetimeIndex, first: date, last: date) -> pd.DatetimeIndex:
    return days[(days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))]

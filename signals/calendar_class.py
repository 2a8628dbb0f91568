"""What kind of day a figure is about.

Quarter-ends, tax days and settlements move the Treasury's account and the repo market for reasons
that stand in the calendar. The classes hang on scheduled holidays only and are known years ahead.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from data.aliases import BoolArray, IntArray, TimeArray
from data.calendars import coupon_settlement_days, open_days, tax_days


class DayClass(IntEnum):
    """Class of a day; where several fit, the first of this list counts.

    ``YEAR_END``, ``QUARTER_END``, ``MONTH_END``: the last day of the year, quarter or month on
    which the Federal Reserve Banks are open. ``TAX``: federal tax day (the 15th of January,
    April, June, September and December, or the next working day). ``SETTLEMENT``: Treasury
    coupons settle (mid-month, and the first business day after a month that ends on a closed
    day). ``OTHER``: the rest.
    """

    YEAR_END = 0
    QUARTER_END = 1
    MONTH_END = 2
    TAX = 3
    SETTLEMENT = 4
    OTHER = 5


PERIOD_ENDS = (DayClass.YEAR_END, DayClass.QUARTER_END, DayClass.MONTH_END)


def _last_open(days: pd.DatetimeIndex, span: str) -> pd.DatetimeIndex:
    """Return the last of `days` in each month, quarter or year."""
    return pd.DatetimeIndex(pd.Series(days).groupby(days.to_period(span)).max())


def _calendar(first: date, last: date) -> pd.Series[int]:
    """Return the class of every day from `first` to the end of the year of `last`."""
    until = date(last.year, 12, 31)
    business = open_days("bank", first, until)
    classes = pd.Series(int(DayClass.OTHER), index=pd.date_range(first, until, freq="D", unit="us"))
    classes[coupon_settlement_days(first, until)] = int(DayClass.SETTLEMENT)
    classes[tax_days(first, until)] = int(DayClass.TAX)
    classes[_last_open(business, "M")] = int(DayClass.MONTH_END)
    classes[_last_open(business, "Q")] = int(DayClass.QUARTER_END)
    classes[_last_open(business, "Y")] = int(DayClass.YEAR_END)
    return classes


def day_classes(days: pd.Series[pd.Timestamp]) -> IntArray:
    """Return the :class:`DayClass` of each naive day, -1 for ``NaT``.

    Parameters
    ----------
    days : Series of naive days
        In any order.

    Returns
    -------
    ndarray of int
        One class for each day.
    """
    known = days.notna().to_numpy()
    out: IntArray = np.full(len(days), -1, dtype=np.int64)
    if known.any():
        first, last = days[known].min(), days[known].max()
        out[known] = _calendar(first.date(), last.date()).loc[days[known]].to_numpy()
    return out


def is_period_end(classes: IntArray) -> BoolArray:
    """Return where a day is the last open one of a month, quarter or year."""
    return np.isin(classes, PERIOD_ENDS)


def _grid(times: pd.DatetimeIndex, days: int) -> pd.DatetimeIndex:
    naive = times.tz_localize(None)
    one = pd.Timedelta(days=1)
    return pd.date_range(naive[0] - days * one, naive[-1] - one, freq="D", unit="us")


def window_days(times: pd.DatetimeIndex, days: int) -> TimeArray:
    """Return the days of the windows of :meth:`data.panel.Panel.window`, oldest first.

    Shape and parameters are those of :func:`window_classes`.
    """
    return np.asarray(sliding_window_view(_grid(times, days).to_numpy(), days))


def window_classes(times: pd.DatetimeIndex, days: int) -> IntArray:
    """Return the class of each day of the windows of :meth:`data.panel.Panel.window`.

    Parameters
    ----------
    times : DatetimeIndex
        Decision times, 00:00 UTC of consecutive days.
    days : int
        Length of the windows.

    Returns
    -------
    ndarray of int, shape (times, days)
        Oldest day first.
    """
    return np.asarray(sliding_window_view(day_classes(pd.Series(_grid(times, days))), days))

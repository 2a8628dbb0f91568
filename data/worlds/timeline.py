"""The days of a world, and where each stands in the calendar of the plumbing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray, IntArray
from data.calendars import is_open, tax_days

# Places in the month, by open days of the bond market.
QUARTER_END, MONTH_END, LAST_DAYS, FIRST_DAYS, MID_MONTH, OTHER = range(6)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every calendar day of a world, with masks over them.

    Parameters
    ----------
    days : DatetimeIndex
        Naive days, without gaps; every array below has one element a day.
    bank, bond : ndarray of bool
        Open days of the Federal Reserve Banks and of the bond market.
    place : ndarray of int
        Where an open day of the bond market stands in its month (:data:`QUARTER_END` ..
        :data:`OTHER`; closed days: that of the last open day).
    year_end, tax : ndarray of bool
        The year's last open day of the bond market; tax days.
    """

    days: pd.DatetimeIndex
    bank: BoolArray
    bond: BoolArray
    place: IntArray
    year_end: BoolArray
    tax: BoolArray

    def __len__(self) -> int:
        return len(self.days)

    def at(self, day: date | str) -> int:
        """Return the position of a day, held within the world's span."""
        return int(np.clip((pd.Timestamp(day) - self.days[0]).days, 0, len(self) - 1))

    def from_day(self, day: date | str) -> BoolArray:
        """Return which days are `day` or later."""
        return np.asarray(self.days >= pd.Timestamp(day))

    def knots(self, values: Mapping[str, float]) -> FloatArray:
        """Return the straight lines through dated values, level before and after them."""
        dated = pd.DatetimeIndex(list(values)).as_unit("us")
        line = np.interp(
            (self.days - self.days[0]).days.to_numpy(dtype=float),
            (dated - self.days[0]).days.to_numpy(dtype=float),
            list(values.values()),
        )
        return np.asarray(line, dtype=np.float64)

    def steps(self, values: Mapping[str, float]) -> FloatArray:
        """Return the value in force on each day; the first one holds before its date too."""
        dated = pd.DatetimeIndex(list(values)).as_unit("us")
        last = np.searchsorted(dated.to_numpy(), self.days.to_numpy(), side="right") - 1
        return np.array(list(values.values()), dtype=float)[np.maximum(last, 0)]


def timeline(start: date, end: date) -> Timeline:
    """Return the days from `start` to `end`, both inclusive."""
    days = pd.date_range(start, end, freq="D", unit="us", name="day")
    bond = is_open(days, "bond")
    place = _places(start, end)
    return Timeline(
        days=days,
        bank=is_open(days, "bank"),
        bond=bond,
        place=place.reindex(days, method="ffill")
        .fillna(OTHER)
        .to_numpy(dtype=float)
        .astype(np.int64),
        year_end=bond & _year_ends(place.index, days),
        tax=np.asarray(days.isin(tax_days(start, end))),
    )


def _places(start: date, end: date) -> pd.Series[int]:
    """Place of each open bond day in its month; months are whole, whatever the span."""
    first = pd.Timestamp(start).replace(day=1)
    last = pd.Timestamp(end) + pd.offsets.MonthEnd(0)
    days = pd.date_range(first, last, freq="D", unit="us")
    days = days[is_open(days, "bond")]
    month = pd.Series(1, index=days).groupby(days.to_period("M"))
    ahead = month.cumcount(ascending=False).to_numpy()
    behind = month.cumcount().to_numpy()
    from_15th = np.asarray(days.day >= 15)
    middle = pd.Series(from_15th, index=days).groupby(days.to_period("M")).cumsum().to_numpy()
    place = np.select(
        [
            (ahead == 0) & (days.month.to_numpy() % 3 == 0),
            ahead == 0,
            ahead <= 2,
            behind <= 1,
            from_15th & (middle <= 2),
        ],
        [QUARTER_END, MONTH_END, LAST_DAYS, FIRST_DAYS, MID_MONTH],
        OTHER,
    )
    return pd.Series(place, index=days)


def _year_ends(open_days: pd.Index, days: pd.DatetimeIndex) -> BoolArray:
    index = pd.DatetimeIndex(open_days)
    last = pd.Series(index, index=index).groupby(index.year).max()
    december = last[last.dt.month == 12]
    return np.asarray(days.isin(pd.DatetimeIndex(december)))


def carried(values: FloatArray, known: BoolArray) -> FloatArray:
    """Return `values` with each day that is not `known` carrying the last that is.

    Days before the first known one carry that one.
    """
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return values[np.where(last < 0, int(np.argmax(known)), last)]

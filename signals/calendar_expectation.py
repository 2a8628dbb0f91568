"""What the calendar alone would lead one to expect of a figure, from earlier figures only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray, IntArray
from signals.calendar_class import PERIOD_ENDS, DayClass

# Where a class has too few figures yet, those of its kin join it, step by step.
KIN: Mapping[DayClass, tuple[tuple[DayClass, ...], ...]] = {
    DayClass.YEAR_END: (PERIOD_ENDS[:1], PERIOD_ENDS[:2], PERIOD_ENDS),
    DayClass.QUARTER_END: (PERIOD_ENDS[1:2], PERIOD_ENDS[:2], PERIOD_ENDS),
    DayClass.MONTH_END: ((DayClass.MONTH_END,),),
    DayClass.TAX: ((DayClass.TAX,), (DayClass.TAX, DayClass.SETTLEMENT)),
    DayClass.SETTLEMENT: ((DayClass.SETTLEMENT,),),
    DayClass.OTHER: ((DayClass.OTHER,),),
}


def new_figures(ref_dates: pd.Series[pd.Timestamp]) -> BoolArray:
    """Return for each row of a panel whether a figure about a newer day became known since.

    Parameters
    ----------
    ref_dates : Series
        ``panel.ref_date(...)``.

    Returns
    -------
    ndarray of bool
        Of several figures that arrive between two rows only the newest counts.
    """
    days = ref_dates.to_numpy()
    before = np.full(len(days), np.datetime64("NaT", "us"), dtype=days.dtype)
    before[1:] = days[:-1]
    return np.asarray(~np.isnat(days) & (np.isnat(before) | (days > before)))


def expected_by_class(values: FloatArray, classes: IntArray, least: int) -> FloatArray:
    """Return what the calendar would lead one to expect of each figure.

    Parameters
    ----------
    values : ndarray of shape (figures,)
        In the order they became known; NaN ones are passed over.
    classes : ndarray of int, shape (figures,)
        :class:`~signals.calendar_class.DayClass` of the day each figure is about.
    least : int
        How many earlier figures an expectation needs.

    Returns
    -------
    ndarray
        Mean of all earlier figures of the same class; with fewer than `least` of them, of the
        class and its kin (:data:`KIN`); NaN where these are too few as well. The figure itself
        does not enter. Means, not medians: they add up over a window, and the median of a
        balance that is zero on most days of every class explains nothing.
    """
    out = np.full(len(values), np.nan)
    for own, steps in KIN.items():
        rows = np.flatnonzero(classes == own)
        for group in steps:
            mean, count = _before(values, np.isin(classes, group))
            wanted = rows[np.isnan(out[rows])]
            out[wanted] = np.where(count[wanted] >= max(least, 1), mean[wanted], np.nan)
    return out


def _before(values: FloatArray, member: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and number of the known member values before each position."""
    counted = member & ~np.isnan(values)
    total, count = np.zeros(len(values)), np.zeros(len(values))
    total[1:] = np.cumsum(np.where(counted, values, 0.0))[:-1]
    count[1:] = np.cumsum(counted)[:-1]
    return total / np.maximum(count, 1.0), count


def expected_of_newest(
    values: FloatArray, fresh: BoolArray, classes: IntArray, least: int
) -> FloatArray:
    """Return on each row of a panel what the calendar had led one to expect of the newest figure.

    Parameters
    ----------
    values : ndarray of shape (rows,)
        What is explained, read on the rows marked `fresh`.
    fresh : ndarray of bool
        Rows on which a new figure became known.
    classes : ndarray of int
        Class of the day that the row's newest figure is about.
    least : int
        See :func:`expected_by_class`.

    Returns
    -------
    ndarray
        The expectation of each fresh row, carried until the next one; NaN before the first.
    """
    rows = np.flatnonzero(fresh)
    expected = np.append(expected_by_class(values[rows], classes[rows], least), np.nan)
    return np.asarray(expected[np.cumsum(fresh) - 1])

"""Trailing statistics over the rows of a panel: one row is one calendar day.

Sums run through the lags of a window in a fixed order. A value therefore depends, to the bit, on
the rows of its own window only: not on how many rows follow, nor on where the panel begins.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.aliases import FloatArray


def row_values(series: pd.Series[float]) -> FloatArray:
    """Return the rows of a panel series as an array of floats."""
    return np.asarray(series, dtype=np.float64)


def lagged(values: FloatArray, days: int) -> FloatArray:
    """Return the values of `days` rows before, NaN where there is no such row."""
    out = np.full(len(values), np.nan)
    out[days:] = values[: max(len(values) - days, 0)]
    return out


def change(values: FloatArray, days: int) -> FloatArray:
    """Return as-of(t) minus as-of(t - `days`); NaN where either is."""
    return values - lagged(values, days)


def trailing_count(values: FloatArray, days: int) -> FloatArray:
    """Return how many of the last `days` rows are known (fewer rows exist at the start)."""
    known = np.cumsum(~np.isnan(values)).astype(np.float64)
    before = np.zeros(len(values))
    before[days:] = known[: max(len(values) - days, 0)]
    return known - before


def _sum(values: FloatArray, days: int) -> FloatArray:
    """Sum of the known values among the last `days` rows."""
    terms = np.where(np.isnan(values), 0.0, values)
    total = terms.copy()
    for lag in range(1, min(days, len(terms))):
        total[lag:] += terms[:-lag]
    return total


def trailing_sum(values: FloatArray, days: int) -> FloatArray:
    """Return the sum of the last `days` rows; NaN unless every one of them is known."""
    return np.where(trailing_count(values, days) == days, _sum(values, days), np.nan)


def trailing_mean(values: FloatArray, days: int, least: int) -> FloatArray:
    """Return the mean of the known values among the last `days` rows.

    NaN where fewer than `least` of them are known.
    """
    count = trailing_count(values, days)
    enough = count >= max(least, 1)
    return np.where(enough, _sum(values, days) / np.where(enough, count, 1.0), np.nan)


def trailing_sd(values: FloatArray, days: int, least: int) -> FloatArray:
    """Return the sample standard deviation (n - 1) of the known values of the last `days` rows.

    NaN where fewer than `least` (at least two) of them are known. Each window is centred on its
    own mean, so that a large value leaves no trace once it is out of the window.
    """
    count = trailing_count(values, days)
    enough = count >= max(least, 2)
    mean = trailing_mean(values, days, least=1)
    unknown = np.isnan(values)
    terms = np.where(unknown, 0.0, values)
    weight = np.where(unknown, 0.0, 1.0)
    centre = np.where(np.isnan(mean), 0.0, mean)
    total = weight * (terms - centre) ** 2
    for lag in range(1, min(days, len(terms))):
        total[lag:] += weight[:-lag] * (terms[:-lag] - centre[lag:]) ** 2
    return np.where(enough, np.sqrt(total / np.where(enough, count - 1.0, 1.0)), np.nan)


def trailing_max(values: FloatArray, days: int, least: int) -> FloatArray:
    """Return the largest known value of the last `days` rows.

    NaN where fewer than `least` of them are known.
    """
    enough = trailing_count(values, days) >= max(least, 1)
    return np.where(enough, row_values(pd.Series(values).rolling(days, 1).max()), np.nan)


def half(days: int) -> int:
    """Return how many rows a long window needs: half of it, rounded up."""
    return (days + 1) // 2

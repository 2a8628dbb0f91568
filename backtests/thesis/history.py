"""Looking back: published history by day, and how unusual a change was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd

from backtests.inference.arrays import FloatArray
from backtests.inference.windows import window_percentile
from backtests.thesis.claims import Sample
from backtests.thesis.finding import Evidence
from data.catalogue import series as series_spec
from data.errors import TooShort

CARRIED_DAYS = 7


def history(evidence: Evidence, series: str, sample: Sample | None = None) -> pd.Series[float]:
    """Return the last vintage of a series by the day it is about, cut to a sample.

    Raises
    ------
    TooShort
        If no figure is left.
    """
    values = cut(evidence.snapshot.observations.latest(series), sample or Sample())
    if values.empty:
        raise TooShort(f"{series}: no figure of the sample is known by {_day(evidence)}")
    return values


def _day(evidence: Evidence) -> date:
    return evidence.snapshot.as_of.date()


def cut(values: pd.Series[float], sample: Sample) -> pd.Series[float]:
    """Return the part of a naive daily series that lies in a sample."""
    start = None if sample.start is None else pd.Timestamp(sample.start)
    end = None if sample.end is None else pd.Timestamp(sample.end)
    return values.loc[start:end]


def daily_balance(evidence: Evidence, series: str) -> pd.Series[float]:
    """Return a balance on every calendar day; weekends and holidays carry the day before."""
    values = history(evidence, series)
    spec = series_spec(series)
    days = pd.date_range(values.index[0], values.index[-1], freq="D", unit="us", name="ref_date")
    return values.reindex(days).ffill(limit=spec.max_age_days)


def closes(evidence: Evidence, asset: str) -> pd.Series[float]:
    """Return daily closes by the UTC day the bar covers (naive)."""
    bars = evidence.snapshot.daily
    frame = bars.close[asset].dropna()
    days = (pd.DatetimeIndex(frame.index) - bars.timeframe).tz_localize(None)
    return pd.Series(frame.to_numpy(), index=days, name=asset)


def value_on(values: pd.Series[float], day: pd.Timestamp) -> float:
    """Return the last value on or before a day, NaN where there is none."""
    at = int(values.index.searchsorted(day, side="right")) - 1
    return float(values.iloc[at]) if at >= 0 else float("nan")


def month_later(day: date, months: int) -> pd.Timestamp:
    """Return the same day of the month, so many months later."""
    return pd.Timestamp(day) + pd.DateOffset(months=months)


def place_before(
    evidence: Evidence,
    value: float,
    level: pd.Series[float],
    days: int,
    statistic: Callable[[FloatArray], float],
) -> str:
    """Say where a value stands among windows of the same length before publication.

    Parameters
    ----------
    evidence : Evidence
        For the day of publication.
    value : float
        What happened since.
    level : Series
        History by naive day; carried over at most a week.
    days : int
        Length of a window.
    statistic : callable
        Maps the ``days + 1`` daily levels of a window to what `value` is.

    Returns
    -------
    str
        A sentence with the percentile and the number of windows.
    """
    before = level.loc[: pd.Timestamp(evidence.thesis.published)]
    every_day = before.resample("D").last().ffill(limit=CARRIED_DAYS)
    placed = window_percentile(
        value, every_day.to_numpy(dtype=float), length=days, statistic=statistic
    )
    return (
        f"Over {days} days that stands at percentile {placed.percentile:.0f} of "
        f"{placed.windows} non-overlapping windows of that length before publication."
    )

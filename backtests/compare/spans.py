"""The same runs by era and since publication."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.compare.field import HOLD, Entrant, Field
from backtests.metrics import YEAR
from data.aliases import BoolArray
from data.chronicle import PURCHASES, QT, SRF_ERAS, Fact
from data.facts import ESSAY_PUBLISHED

DAY = pd.Timedelta(days=1)
BEFORE, SINCE = "before publication", "since publication"
# Fewer days than these are no era of their own.
LEAST_DAYS = 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """One variant over one span of days; one outcome, hence no p-value.

    Parameters
    ----------
    span : str
        What the span is.
    first, last : Timestamp
        Its first and last day in the sample (naive).
    days : int
        Days in it.
    earned : float
        Total return of the variant over the span, decimal.
    held : float
        Total return of buy and hold over it.
    excess : float
        Mean of d_t over it, decimal a year; w_bar is that of the whole sample.
    exposure : float
        Mean gross exposure.
    """

    span: str
    first: pd.Timestamp
    last: pd.Timestamp
    days: int
    earned: float
    held: float
    excess: float
    exposure: float


def published() -> pd.Timestamp:
    """Return the day of publication (naive)."""
    return pd.Timestamp(ESSAY_PUBLISHED)


def bar_days(closes: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the days (naive) that bars are about, from their closes: the day before midnight."""
    return closes.tz_localize(None) - DAY


def spans(days: pd.DatetimeIndex) -> dict[str, BoolArray]:
    """Return the spans by name, those with at least :data:`LEAST_DAYS` of the days only.

    Before and since publication; the eras of the Fed's repo operations; the directions of its
    balance sheet.
    """
    day = published()
    found: dict[str, BoolArray] = {
        BEFORE: np.asarray(days <= day),
        SINCE: np.asarray(days > day),
    }
    found["before any repo operation"] = np.asarray(days < pd.Timestamp(SRF_ERAS[0].start))
    for fact in SRF_ERAS:
        found[fact.what] = _within(days, fact)
    runoff, growth = _any(days, QT), _any(days, PURCHASES)
    found["balance sheet in run-off"] = runoff & ~growth
    found["balance sheet growing by purchases"] = growth
    found["balance sheet steered neither way"] = ~runoff & ~growth
    return {name: rows for name, rows in found.items() if rows.sum() >= LEAST_DAYS}


def _within(days: pd.DatetimeIndex, fact: Fact) -> BoolArray:
    inside = np.asarray(days >= pd.Timestamp(fact.start))
    return inside if fact.end is None else inside & np.asarray(days <= pd.Timestamp(fact.end))


def _any(days: pd.DatetimeIndex, facts: tuple[Fact, ...]) -> BoolArray:
    inside: BoolArray = np.logical_or.reduce([_within(days, fact) for fact in facts])
    return inside


def stretches(field: Field, entrant: Entrant) -> tuple[Stretch, ...]:
    """Return a variant over every span of :func:`spans`."""
    days = bar_days(field.days)
    earned = entrant.run.simulation.returns
    held = field.yardsticks[HOLD].simulation.returns
    exposure = entrant.run.simulation.exposure.iloc[1:]
    return tuple(
        Stretch(
            span=name,
            first=days[rows][0],
            last=days[rows][-1],
            days=int(rows.sum()),
            earned=_total(earned[rows]),
            held=_total(held[rows]),
            excess=YEAR * float(entrant.daily[rows].mean()),
            exposure=float(exposure[rows].mean()),
        )
        for name, rows in spans(days).items()
    )


def _total(returns: pd.Series[float]) -> float:
    return float(np.prod(1.0 + returns.to_numpy())) - 1.0

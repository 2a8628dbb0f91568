"""The rules that every liquidity rule is held against."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from data.facts import HALVINGS
from strategies.exposure.base import Gauge, Stance, in_or_out
from strategies.exposure.impulse_trend import trend_gauge
from strategies.market import Market
from strategies.piece import Piece


class Constant(Piece):
    """The same exposure on every day there is a price.

    Parameters
    ----------
    gross : float
        Share of the capital, 0 to 1.
    """

    kind: Literal["constant"] = "constant"
    gross: float = Field(default=1.0, ge=0.0, le=1.0)

    @property
    def cap(self) -> float:
        """The constant."""
        return self.gross

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        count = len(market.times)
        stage = np.full(count, "in" if self.gross else "out")
        return Stance(np.full(count, self.gross), np.ones(count), stage, ())


class Trend(Piece):
    """Fully invested while BTC closes above the mean of its last `days` closes."""

    kind: Literal["trend"] = "trend"
    days: int = Field(default=200, ge=2)

    @property
    def cap(self) -> float:
        """One: all or nothing."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        trend = market.btc_over_mean(self.days)
        return in_or_out(trend > 0.0, ~np.isnan(trend), (trend_gauge(trend, self.days),))


class Cycle(Piece):
    """The four-year cycle: out of the market in the year after the top that the halving sets.

    The belief that the essay calls a mistake, as it is commonly told: the top comes about
    eighteen months (525 days) after the halving, a bear year (365 days) follows, and from then
    on one holds again. The two numbers describe the cycles of 2012 to 2021, so before 2021 the
    rule knows what it could not have known: it is a yardstick. NaN before the first halving on
    record; a halving counts from the midnight after it.

    Parameters
    ----------
    top : int
        Days from the halving to the expected top.
    bear : int
        Days out of the market from then on.
    """

    kind: Literal["cycle"] = "cycle"
    top: int = Field(default=525, ge=1)
    bear: int = Field(default=365, ge=1)

    @property
    def cap(self) -> float:
        """One: all or nothing."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        halvings = pd.DatetimeIndex(sorted(fact.start for fact in HALVINGS)).tz_localize("UTC")
        last = halvings.searchsorted(market.times, side="left") - 1
        known = last >= 0
        since = (market.times - halvings[np.maximum(last, 0)]) / pd.Timedelta(days=1)
        days = np.where(known, np.asarray(since, dtype=float), np.nan)
        levels = (("out from", float(self.top)), ("in again from", float(self.top + self.bear)))
        out = (days >= self.top) & (days < self.top + self.bear)
        return in_or_out(~out, known, (Gauge("days since the halving", days, "days", levels),))

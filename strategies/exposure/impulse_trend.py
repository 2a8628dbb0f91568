"""Liquidity must rise and so must BTC."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from signals.base import Signal
from strategies.exposure.base import Gauge, Stance, in_or_out
from strategies.market import Market
from strategies.piece import Piece, SignalChoice


class ImpulseTrend(Piece):
    """Fully invested while the signal is positive **and** BTC closes above its trailing mean.

    Gross exposure is NaN where either is unknown.

    Parameters
    ----------
    signal : Signal
        A flow, positive when liquidity rises.
    days : int
        Closes in BTC's trailing mean, today's among them.
    """

    kind: Literal["impulse_trend"] = "impulse_trend"
    signal: SignalChoice
    days: int = Field(default=200, ge=2)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The flow that is watched."""
        return (self.signal,)

    @property
    def cap(self) -> float:
        """One: all or nothing."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        flow, trend = market.signal(self.signal), market.btc_over_mean(self.days)
        gauges = (
            Gauge(self.signal.name, flow, self.signal.unit, (("above", 0.0),)),
            trend_gauge(trend, self.days),
        )
        return in_or_out((flow > 0.0) & (trend > 0.0), ~np.isnan(flow + trend), gauges)


def trend_gauge(trend: FloatArray, days: int) -> Gauge:
    """Return the gauge of BTC against its trailing mean."""
    return Gauge(f"BTC over its {days}-day mean", trend, "decimal", (("above", 0.0),))

"""Invested while a signal is beyond a level, with hysteresis."""

from __future__ import annotations

from typing import Literal

import numpy as np

from signals.base import Signal
from strategies.exposure.base import Gauge, Stance, in_or_out
from strategies.exposure.hysteresis import hysteresis
from strategies.market import Market
from strategies.piece import Piece, SignalChoice


class Threshold(Piece):
    """Fully invested from the moment the signal passes `enter` until it comes back to `leave`.

    The switch runs daily, whatever days the strategy trades on. Where the signal is NaN the
    switch keeps its state and the gross exposure is NaN.

    Parameters
    ----------
    signal : Signal
        What is watched.
    enter, leave : float
        In the signal's unit. With ``enter >= leave`` the rule is invested above `enter`, with
        ``enter < leave`` below it (see :func:`strategies.exposure.hysteresis.hysteresis`).
    """

    kind: Literal["threshold"] = "threshold"
    signal: SignalChoice
    enter: float
    leave: float

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signal that is watched."""
        return (self.signal,)

    @property
    def cap(self) -> float:
        """One: all or nothing."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        values = market.signal(self.signal)
        gauge = Gauge(
            self.signal.name,
            values,
            self.signal.unit,
            (("enter", self.enter), ("leave", self.leave)),
        )
        invested = hysteresis(values, self.enter, self.leave)
        return in_or_out(invested, ~np.isnan(values), (gauge,), self.cap)

"""Three steps in, out with the signal or when time has run out."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray, IntArray
from signals.base import Signal
from strategies.exposure.base import Gauge, Stance
from strategies.market import Market
from strategies.piece import Piece, SignalChoice

STEPS = 3


class StagedEntry(Piece):
    """A third when the signal turns positive, a third more after each `step` days that it stays.

    Out when the signal is no longer positive. Time stop: from `stop` days after the first third
    on, out as well when BTC closes at or below the close of that entry; the next entry then
    waits until the signal has not been positive once. Where the signal or the close is NaN gross
    exposure is NaN and nothing moves, but days go on.

    Parameters
    ----------
    signal : Signal
        A flow, positive when liquidity rises.
    step : int
        Days between two steps.
    stop : int
        Days after which the position must have paid.
    """

    kind: Literal["staged_entry"] = "staged_entry"
    signal: SignalChoice
    step: int = Field(default=10, ge=1)
    stop: int = Field(default=90, ge=1)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The flow that is watched."""
        return (self.signal,)

    @property
    def cap(self) -> float:
        """One: three thirds."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        flow, close = market.signal(self.signal), market.close()[:, market.btc]
        steps, age = _walk(flow, close, self.step, self.stop)
        unknown = np.isnan(flow + close)
        gross = np.where(unknown, np.nan, steps / STEPS)
        stage = np.where(unknown, "unknown", np.char.add("step ", steps.astype(np.str_)))
        gauges = (
            Gauge(self.signal.name, flow, self.signal.unit, (("above", 0.0),)),
            Gauge("days since entry", age, "days", (("must have paid by", float(self.stop)),)),
        )
        return Stance(gross, np.ones(len(gross)), stage, gauges)


def _walk(flow: FloatArray, close: FloatArray, step: int, stop: int) -> tuple[IntArray, FloatArray]:
    """Return the steps taken at each row, and the days since the first of them."""
    taken = np.zeros(len(flow), dtype=np.int64)
    age = np.full(len(flow), np.nan)
    entry, paid_for, barred, steps = -1, 0.0, False, 0
    for row, (value, price) in enumerate(zip(flow.tolist(), close.tolist(), strict=True)):
        if value > 0.0 and price > 0.0:
            if entry >= 0 and row - entry >= stop and price <= paid_for:
                entry, barred = -1, True
            elif entry < 0 and not barred:
                entry, paid_for = row, price
            steps = 0 if entry < 0 else min(STEPS, 1 + (row - entry) // step)
        elif value <= 0.0 and price > 0.0:
            entry, barred, steps = -1, False, 0
        taken[row] = steps
        if entry >= 0:
            age[row] = row - entry
    return taken, age

"""Exposure in proportion to a signal's standing in its own recent past."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from data.aliases import FloatArray
from signals.base import Signal
from strategies.exposure.base import Gauge, Stance
from strategies.market import Market
from strategies.piece import Piece, SignalChoice


class Proportional(Piece):
    """Half invested at the signal's usual level, more above it, less below it.

    ``gross = clip(1/2 + slope * direction * z, 0, 1)`` with z the signal less its trailing mean,
    over its trailing standard deviation.

    Parameters
    ----------
    signal : Signal
        What is watched; its direction must be +1 or -1.
    window : int
        Calendar days of the trailing mean and deviation; at least half of them must be known.
        0 takes the signal as a z-score already.
    slope : float
        Share of the capital for each standard deviation.
    """

    kind: Literal["proportional"] = "proportional"
    signal: SignalChoice
    window: int = Field(default=730, ge=0)
    slope: float = Field(default=0.5, gt=0.0)

    @model_validator(mode="after")
    def _needs_a_direction(self) -> Self:
        if self.signal.direction == 0:
            raise ValueError(
                f"signal {self.signal.name!r} has no direction to be proportional to; "
                "take one with direction +1 or -1"
            )
        return self

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signal that is watched."""
        return (self.signal,)

    @property
    def cap(self) -> float:
        """One: fully invested."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        z = self.signal.direction * self._standing(market.signal(self.signal))
        gross = np.clip(0.5 + self.slope * z, 0.0, 1.0)
        levels = (("none at", -0.5 / self.slope), ("full at", 0.5 / self.slope))
        stage = np.select([np.isnan(gross), gross == 0.0, gross == 1.0], _STAGES, "part")
        gauge = Gauge(f"{self.signal.name}, standing", z, "standard deviations", levels)
        return Stance(gross, np.ones(len(gross)), stage, (gauge,))

    def _standing(self, values: FloatArray) -> FloatArray:
        if self.window == 0:
            return values
        series = pd.Series(values)
        rolling = series.rolling(self.window, min_periods=max(2, self.window // 2))
        deviation = rolling.std()
        z: FloatArray = ((series - rolling.mean()) / deviation.where(deviation > 0.0)).to_numpy()
        return z


_STAGES = ["unknown", "out", "full"]

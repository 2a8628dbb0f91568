"""A switch that goes on at one level and off at another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from data.aliases import BoolArray, FloatArray
from data.errors import BadConfig


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """On at `enter`, off at `leave`, unchanged in between.

    Parameters
    ----------
    enter, leave : float
        With ``enter > leave`` the switch goes on when the value is at least `enter` and off when
        it is below `leave`; with ``enter < leave`` it goes on when the value is below `enter`
        and off when it is above `leave`.

    Raises
    ------
    BadConfig
        If the two levels are equal or not finite.
    """

    enter: float
    leave: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.enter) and math.isfinite(self.leave)):
            raise BadConfig(f"hysteresis: enter = {self.enter}, leave = {self.leave}: not finite")
        if self.enter == self.leave:
            raise BadConfig(f"hysteresis: enter = leave = {self.enter}: give two levels")

    @property
    def upward(self) -> bool:
        """Whether the switch is on while the value is high."""
        return self.enter > self.leave

    def states(self, values: FloatArray) -> BoolArray:
        """Return the switch after each value.

        Off before the first value and while a value is missing: what is not known does not hold.
        """
        if self.upward:
            on, off = values >= self.enter, values < self.leave
        else:
            on, off = values < self.enter, values > self.leave
        off = off | np.isnan(values)
        rows = np.arange(len(values))
        decided = np.maximum.accumulate(np.where(on | off, rows, -1))
        return np.asarray((decided >= 0) & on[np.maximum(decided, 0)])

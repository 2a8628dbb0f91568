"""A switch with two levels, so that noise around one of them does not trade."""

from __future__ import annotations

import numpy as np

from data.aliases import BoolArray, FloatArray


def hysteresis(
    values: FloatArray, enter: float, leave: float, initially: bool = False
) -> BoolArray:
    """Return the state of a switch at each row.

    Parameters
    ----------
    values : ndarray of shape (times,)
        What is watched. NaN changes nothing.
    enter, leave : float
        With ``enter >= leave`` the switch goes on strictly above `enter` and off at or below
        `leave`; with ``enter < leave`` it goes on strictly below `enter` and off at or above
        `leave`. In between it stays as it was.
    initially : bool
        State before the first row that decides.
    """
    upward = enter >= leave
    on = values > enter if upward else values < enter
    off = values <= leave if upward else values >= leave
    return latch(on, off, initially)


def latch(on: BoolArray, off: BoolArray, initially: bool = False) -> BoolArray:
    """Return the state of a switch that `on` sets and `off` clears; where both hold, `on` wins."""
    rows = np.arange(len(on))
    decided = np.maximum.accumulate(np.where(on | off, rows, -1))
    state: BoolArray = np.where(decided >= 0, on[np.maximum(decided, 0)], initially)
    return state

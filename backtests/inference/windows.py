"""Where an outcome stands among earlier windows of the same length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, positive_int, vector


@dataclass(frozen=True, slots=True)
class WindowPercentile:
    """An outcome among non-overlapping windows; no p-value, since there was one outcome.

    Attributes
    ----------
    percentile : float
        Percent of the windows that lie below the outcome, ties counted half.
    windows : int
        Number of windows.
    """

    percentile: float
    windows: int


def window_percentile(
    outcome: float,
    history: npt.ArrayLike,
    *,
    length: int,
    statistic: Callable[[FloatArray], float],
) -> WindowPercentile:
    """Place an outcome among non-overlapping windows of history, counted back from its end.

    Parameters
    ----------
    outcome : float
        What happened in the window of the forecast.
    history : array_like, shape (T,)
        Levels at the ends of periods before publication, NaN where unknown.
    length : int
        Periods per window: each holds length + 1 levels and shares its first with the end of the
        one before.
    statistic : callable
        Maps the levels of a window to its outcome; windows with a NaN level are left out.

    Raises
    ------
    ValueError
        An outcome that is not finite, no complete window.
    """
    if not np.isfinite(outcome):
        raise ValueError(f"outcome: expected a finite number, got {outcome!r}")
    levels = vector(history, "history", nan=True)
    positive_int(length, "length")
    ends = range(len(levels), length, -length)
    windows = [levels[end - length - 1 : end] for end in ends]
    values = np.array([statistic(window) for window in windows if np.isfinite(window).all()])
    if not len(values):
        raise ValueError(f"history: holds no complete window of {length} periods")
    below = np.count_nonzero(values < outcome) + np.count_nonzero(values == outcome) / 2
    return WindowPercentile(percentile=float(100 * below / len(values)), windows=len(values))

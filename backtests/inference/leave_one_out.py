"""How far an estimate rests on single episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import BoolArray, flags, positive_int


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """An estimate without each episode in turn.

    Attributes
    ----------
    full : float
        With all rows.
    low, high : float
        Least and greatest estimate without one episode.
    without_low, without_high : str
        The episodes whose absence gives them.
    estimates : tuple of (str, float)
        Each episode and the estimate without it, in the order given.
    """

    full: float
    low: float
    high: float
    without_low: str
    without_high: str
    estimates: tuple[tuple[str, float], ...]


def leave_one_out(
    estimate: Callable[[BoolArray], float],
    episodes: Mapping[str, npt.ArrayLike],
    *,
    n: int,
) -> LeaveOneOut:
    """Estimate again without the rows of each episode.

    Parameters
    ----------
    estimate : callable
        Maps the rows to keep, bool of shape (n,), to the estimate. What it raises is passed on.
    episodes : mapping of str to array_like of bool, shape (n,)
        Rows of each episode; at least one episode, each with a row. For prices "2020-03..06"
        belongs among them always.
    n : int
        Number of rows.

    Raises
    ------
    ValueError
        No episode, one without rows, an estimate that is not finite.
    """
    if not episodes:
        raise ValueError("episodes: holds none")
    keep_all = np.ones(positive_int(n, "n"), dtype=np.bool_)
    full = _finite(estimate(keep_all), "all rows")
    without = []
    for name, rows in episodes.items():
        left_out = flags(rows, f"episodes[{name}]", length=n)
        if not left_out.any():
            raise ValueError(f"episodes[{name}]: has no row in the sample")
        without.append((name, _finite(estimate(~left_out), f"the sample without {name}")))
    lowest = min(without, key=lambda pair: pair[1])
    highest = max(without, key=lambda pair: pair[1])
    return LeaveOneOut(full, lowest[1], highest[1], lowest[0], highest[0], tuple(without))


def _finite(value: float, where: str) -> float:
    if not np.isfinite(value):
        raise ValueError(f"estimate: gives {value!r} on {where}")
    return float(value)

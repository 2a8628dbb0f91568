"""How far rounding alone moves the figures of a backtest, so that two engines can be compared.

Both add up the same account in another order. Most figures then differ by some 1e-14 of their size.
Three kinds do not: ratios over a spread that is itself near rounding; a skewness or a return near
zero; and counts of days, which jump where a value ties with its peak, or a return with zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from backtests.metrics import YEAR
from backtests.simulation import Simulation
from data.aliases import BoolArray, FloatArray

# What rounding leaves in a daily return.
IN_RETURN = 1e-15
# Values, returns and weights nearer than this may count as equal, or not.
TIED = 1e-12


def slack(
    simulation: Simulation, over: FloatArray, figures: Mapping[str, float]
) -> dict[str, float]:
    """Return how far rounding of returns may move each ratio; 0 for one that has no value.

    Parameters
    ----------
    simulation : Simulation
        The engine's.
    over : ndarray, shape (N,)
        Its daily returns over mean weights.
    figures : mapping of str to float
        Its measures by name.
    """
    returns = simulation.returns.to_numpy(dtype=np.float64)
    excess = simulation.over_cash
    root = math.sqrt(YEAR)
    # By how much the numerator moves with a return, and what the measure is divided by.
    moves = {
        "sharpe": (root, _spread(excess)),
        "sortino": (root, math.sqrt(float(np.mean(np.minimum(excess, 0.0) ** 2)))),
        "sharpe_matched": (root, _spread(over)),
        "skew": (3.0, _spread(returns)),
        "calmar": (1.0, -figures["max_drawdown"]),
    }
    found = {}
    for name, (factor, spread) in moves.items():
        size = factor + 3.0 * abs(figures[name])
        found[name] = IN_RETURN * size / spread if math.isfinite(size) and spread > 0.0 else 0.0
    return found


def ranges(simulation: Simulation) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest count of days that ties may give, by measure."""
    return {"drawdown_days": _drawdown_days(simulation), "hit_rate": _hit_rate(simulation)}


def _spread(values: npt.NDArray[np.floating[Any]]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _drawdown_days(simulation: Simulation) -> tuple[float, float]:
    value = simulation.equity.to_numpy(dtype=np.float64)
    peak = np.maximum.accumulate(value)
    surely = np.r_[True, value[1:] > peak[:-1] * (1.0 + TIED)]
    return _longest(value >= peak * (1.0 - TIED)), _longest(surely)


def _longest(at_peak: BoolArray) -> float:
    """Return the longest time between two days at a peak that has another one in between."""
    days = np.flatnonzero(at_peak)
    spells = np.diff(days)
    last = len(at_peak) - 1 - days[-1]
    return float(max(spells[spells > 1].max(initial=0), last))


def _hit_rate(simulation: Simulation) -> tuple[float, float]:
    returns = simulation.returns.to_numpy(dtype=np.float64)
    gross = simulation.exposure.iloc[1:].to_numpy(dtype=np.float64)
    held, perhaps = gross > TIED, gross > 0.0
    up, down = int((held & (returns > TIED)).sum()), int((held & (returns < -TIED)).sum())
    might_rise = int((perhaps & (returns > -TIED)).sum()) - up
    might_fall = int((perhaps & (returns < TIED)).sum()) - down
    least, greatest = up + down + might_fall, up + down + might_rise
    return (
        up / least if least else math.nan,
        (up + might_rise) / greatest if greatest else math.nan,
    )

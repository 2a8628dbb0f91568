"""How far a run's measures could have come out otherwise.

An interval with claimed coverage exists for the Sharpe ratio only. Volatility, drawdown, Calmar
and tails get a *resampling range*: the measure over the same returns drawn in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import IntArray
from backtests.inference.block_bootstrap import block_length, stationary_indices
from backtests.inference.bootstrap_t import LEAST_YEARS
from backtests.inference.sharpe import sharpe_interval
from backtests.metrics import TAIL, YEAR
from backtests.run import Run
from data.aliases import FloatArray

DRAWS, RANGE_DRAWS = 399, 199
TAILS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How far a run's measures could have come out otherwise.

    Parameters
    ----------
    sharpe : tuple of float or None
        95% interval of the Sharpe ratio over cash, by studentised block bootstrap; ``None`` with
        less than two years of returns or none that differ from cash.
    volatility, max_drawdown, calmar, tail : tuple of float or None
        Resampling range: 2.5% and 97.5% of the measure over the same returns drawn in blocks. No
        coverage is claimed for it.
    """

    sharpe: tuple[float, float] | None
    volatility: tuple[float, float] | None = None
    max_drawdown: tuple[float, float] | None = None
    calmar: tuple[float, float] | None = None
    tail: tuple[float, float] | None = None


def uncertainty(run: Run, seed: int, *, draws: int = DRAWS) -> Uncertainty:
    """Return the interval and the resampling ranges of a run.

    Parameters
    ----------
    run : Run
        A backtest with daily returns.
    seed : int
        Of the resampling.
    draws : int
        Of the interval; the ranges take :data:`RANGE_DRAWS`.
    """
    simulation = run.simulation
    returns = np.asarray(simulation.returns, dtype=np.float64)
    excess = simulation.over_cash
    if len(excess) < LEAST_YEARS * YEAR or np.ptp(excess) < 1e-12:
        return Uncertainty(None)
    estimate = sharpe_interval(excess, periods_per_year=YEAR, seed=seed, draws=draws)
    # Volatility and drawdown live on the clusters of large moves: blocks as long as those last.
    block = block_length(excess**2)
    rows = stationary_indices(len(returns), block, draws=RANGE_DRAWS, seed=seed)
    volatility, depth, calmar, tail = _resampled(returns, rows)
    return Uncertainty(
        estimate.interval, _range(volatility), _range(depth), _range(calmar), _range(tail)
    )


def _resampled(
    returns: FloatArray, rows: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    drawn = returns[rows]
    paths = np.cumsum(np.log1p(drawn), axis=1)
    peaks = np.maximum(np.maximum.accumulate(paths, axis=1), 0.0)
    depth: FloatArray = np.expm1((paths - peaks).min(axis=1))
    volatility: FloatArray = drawn.std(axis=1, ddof=1) * np.sqrt(YEAR)
    growth: FloatArray = np.expm1(paths[:, -1] * (YEAR / drawn.shape[1]))
    worst = int(np.ceil(drawn.shape[1] * TAIL - 1e-9))
    tail: FloatArray = np.partition(drawn, worst - 1, axis=1)[:, :worst].mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        calmar: FloatArray = growth / -depth
    return volatility, depth, calmar, tail


def _range(values: FloatArray) -> tuple[float, float]:
    low, high = np.percentile(values, TAILS)
    return float(low), float(high)

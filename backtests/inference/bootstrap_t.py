"""The studentised stationary bootstrap of Ledoit and Wolf, for any smooth statistic of means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from backtests.inference.arrays import FloatArray, Seed, positive, positive_int, probability
from backtests.inference.block_bootstrap import block_length, stationary_indices
from backtests.inference.one_sided import OneSided, from_t_draws, studentised_interval

# Maps samples of shape (B, T, k) to the statistic, shape (B,), and to each period's influence on
# it, shape (B, T).
Statistic: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

LEAST_YEARS = 2.0
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class BootstrapT:
    """An estimate with its bootstrap-t interval and p-values.

    Attributes
    ----------
    estimate : float
        Annualised.
    standard_error : float
        Annualised, robust to serial dependence.
    interval : tuple of float
        Equal-tailed bootstrap-t.
    p : OneSided
        From the same draws as the interval.
    n : int
        Periods.
    mean_block : int
        Mean block length of the stationary bootstrap, periods.
    """

    estimate: float
    standard_error: float
    interval: tuple[float, float]
    p: OneSided
    n: int
    mean_block: int


def bootstrap_t(
    x: FloatArray,
    statistic: Statistic,
    *,
    scale: float,
    seed: Seed,
    delta: float | None = None,
    draws: int = 999,
    mean_block: int | None = None,
    confidence: float = 0.95,
) -> BootstrapT:
    """Estimate a statistic of one-period returns and test it by studentised draws.

    Parameters
    ----------
    x : ndarray, shape (T, k)
        One-period returns; rows are resampled whole.
    statistic : callable
        See :data:`Statistic`; per period.
    scale : float
        What makes the statistic annual.
    seed : int, Generator or None
    delta : float, optional
        Smallest annual value of interest, for p2.
    draws : int
    mean_block : int, optional
        Mean block length; by default that of Politis and White for the influence values.
    confidence : float

    Raises
    ------
    ValueError
        An argument outside its range, or a statistic that no period influences.

    References
    ----------
    .. [1] Ledoit, O. and Wolf, M. (2008). Robust performance hypothesis testing with the Sharpe
       ratio. Journal of Empirical Finance 15, 850-859.
    """
    positive_int(draws, "draws")
    probability(confidence, "confidence")
    if delta is not None:
        positive(delta, "delta")
    found, influence = statistic(x[None])
    if np.ptp(influence) == 0:
        raise ValueError("benchmark: the returns do not differ from it by more than a constant")
    block = (
        block_length(influence[0]) if mean_block is None else positive_int(mean_block, "mean_block")
    )
    bandwidth = min(block, len(x) // 4)
    error = _standard_error(influence, bandwidth)
    indices = stationary_indices(len(x), block, draws=draws, seed=seed)
    t = np.empty(draws)
    for start in range(0, draws, _CHUNK):
        part = slice(start, start + _CHUNK)
        drawn, drawn_influence = statistic(x[indices[part]])
        t[part] = (drawn - found) / _standard_error(drawn_influence, bandwidth)
    estimate, standard_error = float(found[0]) * scale, float(error[0]) * scale
    return BootstrapT(
        estimate=estimate,
        standard_error=standard_error,
        interval=studentised_interval(estimate, standard_error, t, confidence),
        p=from_t_draws(estimate, standard_error, t, delta),
        n=len(x),
        mean_block=block,
    )


def _standard_error(influence: FloatArray, bandwidth: int) -> FloatArray:
    """Return the standard error of each row's mean.

    The mean square of sums over all circular windows of `bandwidth` periods is the Bartlett
    estimate of the long-run variance with circular autocovariances.
    """
    n = influence.shape[1]
    around = np.concatenate((influence, influence[:, : bandwidth - 1]), axis=1)
    total = np.cumsum(around, axis=1)
    sums = total[:, bandwidth - 1 :].copy()
    sums[:, 1:] -= total[:, :-bandwidth]
    error: FloatArray = np.sqrt((sums**2).mean(axis=1) / (bandwidth * n))
    return error

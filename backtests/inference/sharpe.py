"""Bootstrap-t intervals of Sharpe ratios and of their differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    FloatArray,
    Seed,
    positive,
    positive_int,
    probability,
    vector,
)
from backtests.inference.block_bootstrap import block_length, stationary_indices
from backtests.inference.one_sided import OneSided, from_t_draws, studentised_interval

_CHUNK = 64
LEAST_YEARS = 2.0


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """A Sharpe ratio, or a difference of two, per year.

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


def sharpe_interval(
    returns: npt.ArrayLike,
    *,
    periods_per_year: float,
    seed: Seed,
    delta: float | None = None,
    draws: int = 999,
    mean_block: int | None = None,
    confidence: float = 0.95,
) -> SharpeEstimate:
    """Return the annualised Sharpe ratio with a studentised stationary-bootstrap interval.

    Parameters
    ----------
    returns : array_like, shape (T,)
        One-period simple returns in excess of cash, at least two years of them.
    periods_per_year : float
        365 for daily crypto; nothing is guessed.
    seed : int, Generator or None
    delta : float, optional
        Smallest annualised Sharpe ratio of interest, for p2.
    draws : int
    mean_block : int, optional
        Mean block length; by default that of Politis and White for the influence values.
    confidence : float

    Returns
    -------
    SharpeEstimate

    Raises
    ------
    ValueError
        NaN, less than two years, constant returns.

    References
    ----------
    .. [1] Ledoit, O. and Wolf, M. (2008). Robust performance hypothesis testing with the Sharpe
       ratio. Journal of Empirical Finance 15, 850-859.
    .. [2] Lo, A. W. (2002). The statistics of Sharpe ratios. Financial Analysts Journal 58, 36-52.
    """
    x = _enough(returns, "returns", periods_per_year)
    return _studentised(
        x[:, None], np.ones(1), periods_per_year, seed, delta, draws, mean_block, confidence
    )


def sharpe_difference(
    returns: npt.ArrayLike,
    benchmark: npt.ArrayLike,
    *,
    periods_per_year: float,
    seed: Seed,
    delta: float | None = None,
    draws: int = 999,
    mean_block: int | None = None,
    confidence: float = 0.95,
) -> SharpeEstimate:
    """Return the difference of two annualised Sharpe ratios of paired returns, Ledoit and Wolf's.

    Parameters
    ----------
    returns, benchmark : array_like, shape (T,)
        One-period simple returns of the same periods, in excess of cash.
    periods_per_year, seed, delta, draws, mean_block, confidence
        As in `sharpe_interval`; periods are resampled in pairs.

    Returns
    -------
    SharpeEstimate
        Of Sharpe(returns) - Sharpe(benchmark).

    Raises
    ------
    ValueError
        NaN, different lengths, less than two years, constant or equal returns.
    """
    x = _enough(returns, "returns", periods_per_year)
    y = vector(benchmark, "benchmark", length=len(x))
    if np.ptp(y) == 0:
        raise ValueError("benchmark: is constant")
    return _studentised(
        np.column_stack((x, y)),
        np.array([1.0, -1.0]),
        periods_per_year,
        seed,
        delta,
        draws,
        mean_block,
        confidence,
    )


def _enough(returns: npt.ArrayLike, name: str, periods_per_year: float) -> FloatArray:
    x = vector(returns, name)
    if len(x) < LEAST_YEARS * positive(periods_per_year, "periods_per_year"):
        raise ValueError(f"{name}: {len(x)} periods are less than the two years an interval needs")
    if np.ptp(x) == 0:
        raise ValueError(f"{name}: is constant")
    return x


def _studentised(
    x: FloatArray,
    contrast: FloatArray,
    periods_per_year: float,
    seed: Seed,
    delta: float | None,
    draws: int,
    mean_block: int | None,
    confidence: float,
) -> SharpeEstimate:
    positive_int(draws, "draws")
    probability(confidence, "confidence")
    if delta is not None:
        positive(delta, "delta")
    sharpe, influence = _sharpe(x[None], contrast)
    if np.ptp(influence) == 0:
        raise ValueError("benchmark: its returns have the same Sharpe ratio by construction")
    block = (
        block_length(influence[0]) if mean_block is None else positive_int(mean_block, "mean_block")
    )
    bandwidth = min(block, len(x) // 4)
    error = _standard_error(influence, bandwidth)
    indices = stationary_indices(len(x), block, draws=draws, seed=seed)
    t = np.empty(draws)
    for start in range(0, draws, _CHUNK):
        part = slice(start, start + _CHUNK)
        drawn, drawn_influence = _sharpe(x[indices[part]], contrast)
        t[part] = (drawn - sharpe) / _standard_error(drawn_influence, bandwidth)
    year = float(np.sqrt(periods_per_year))
    estimate, standard_error = float(sharpe[0]) * year, float(error[0]) * year
    return SharpeEstimate(
        estimate=estimate,
        standard_error=standard_error,
        interval=studentised_interval(estimate, standard_error, t, confidence),
        p=from_t_draws(estimate, standard_error, t, delta),
        n=len(x),
        mean_block=block,
    )


def _sharpe(x: FloatArray, contrast: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the contrast of per-period Sharpe ratios and each period's influence on it.

    Parameters
    ----------
    x : ndarray, shape (B, T, k)
    contrast : ndarray, shape (k,)

    Returns
    -------
    sharpe : ndarray, shape (B,)
    influence : ndarray, shape (B, T)
    """
    mean = x.mean(axis=1, keepdims=True)
    deviation = x - mean
    sd = np.sqrt((deviation**2).mean(axis=1, keepdims=True))
    z = deviation / sd
    ratio = mean / sd
    influence: FloatArray = (z - ratio / 2 * (z**2 - 1)) @ contrast
    sharpe: FloatArray = ratio[:, 0, :] @ contrast
    return sharpe, influence


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

"""Bootstrap-t intervals of Sharpe ratios and of their differences."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, Seed, positive, vector
from backtests.inference.bootstrap_t import LEAST_YEARS, BootstrapT, bootstrap_t

# A Sharpe ratio, or a difference of two, per year.
SharpeEstimate: TypeAlias = BootstrapT


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
    if np.ptp(_sharpe(x[None], contrast)[1]) == 0:
        raise ValueError("benchmark: its returns have the same Sharpe ratio by construction")
    return bootstrap_t(
        x,
        lambda samples: _sharpe(samples, contrast),
        scale=float(np.sqrt(periods_per_year)),
        seed=seed,
        delta=delta,
        draws=draws,
        mean_block=mean_block,
        confidence=confidence,
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

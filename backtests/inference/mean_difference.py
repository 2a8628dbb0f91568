"""The difference of two mean returns of the same periods."""

from __future__ import annotations

import numpy.typing as npt

from backtests.inference.arrays import FloatArray, Seed, positive, vector
from backtests.inference.bootstrap_t import LEAST_YEARS, BootstrapT, bootstrap_t


def mean_difference(
    returns: npt.ArrayLike,
    benchmark: npt.ArrayLike,
    *,
    periods_per_year: float,
    seed: Seed,
    delta: float | None = None,
    draws: int = 999,
    mean_block: int | None = None,
    confidence: float = 0.95,
) -> BootstrapT:
    """Return the difference of mean one-period returns with a studentised bootstrap interval.

    Parameters
    ----------
    returns, benchmark : array_like, shape (T,)
        One-period simple returns of the same periods, at least two years of them; resampled in
        pairs.
    periods_per_year : float
        365 for daily crypto; the difference is given per year (times periods, not compounded).
    seed : int, Generator or None
    delta : float, optional
        Smallest annual difference of interest, for p2.
    draws : int
    mean_block : int, optional
        Mean block length; by default that of Politis and White for the differences.
    confidence : float

    Raises
    ------
    ValueError
        NaN, different lengths, less than two years, returns that differ by a constant.
    """
    x = vector(returns, "returns")
    y = vector(benchmark, "benchmark", length=len(x))
    year = positive(periods_per_year, "periods_per_year")
    if len(x) < LEAST_YEARS * year:
        raise ValueError(f"returns: {len(x)} periods are less than the two years an interval needs")
    return bootstrap_t(
        (x - y)[:, None],
        _mean,
        scale=year,
        seed=seed,
        delta=delta,
        draws=draws,
        mean_block=mean_block,
        confidence=confidence,
    )


def _mean(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    d = x[:, :, 0]
    mean: FloatArray = d.mean(axis=1)
    influence: FloatArray = d - mean[:, None]
    return mean, influence

"""The stationary bootstrap of one-period returns, summed again over longer horizons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from arch.bootstrap import StationaryBootstrap, optimal_block_length

from backtests.inference.arrays import (
    FloatArray,
    IntArray,
    Seed,
    matrix,
    positive_int,
    vector,
)
from backtests.inference.lagged_design import window_sums


def block_length(x: npt.ArrayLike, *, horizon: int = 1) -> int:
    """Return the mean block length of Politis and White, rounded up and at least `horizon`.

    Parameters
    ----------
    x : array_like, shape (T,)
        One-period returns, T >= 20.
    horizon : int
        Periods over which the resampled returns will be summed.

    Raises
    ------
    ValueError
        NaN, fewer than 20 values, a constant.

    References
    ----------
    .. [1] Politis, D. N. and White, H. (2004). Automatic block-length selection for the dependent
       bootstrap. Econometric Reviews 23, 53-70; corrected by Patton, Politis and White (2009).
    """
    series = vector(x, "x")
    positive_int(horizon, "horizon")
    if len(series) < 20:
        raise ValueError(f"x: {len(series)} values are too few for a block length, 20 are needed")
    if np.ptp(series) == 0:
        raise ValueError("x: is constant")
    estimated = float(optimal_block_length(series)["stationary"].iloc[0])
    return max(1, horizon, int(np.ceil(estimated)))


def stationary_indices(n: int, mean_block: int, *, draws: int, seed: Seed) -> IntArray:
    """Return the rows of `draws` stationary-bootstrap samples of Politis and Romano.

    Parameters
    ----------
    n : int
        Length of the sample.
    mean_block : int
        Mean of the geometric block length, at least 1 and at most n.
    draws : int
    seed : int, Generator or None

    Returns
    -------
    ndarray, shape (draws, n)

    References
    ----------
    .. [1] Politis, D. N. and Romano, J. P. (1994). The stationary bootstrap. Journal of the
       American Statistical Association 89, 1303-1313.
    """
    positive_int(n, "n")
    positive_int(draws, "draws")
    if positive_int(mean_block, "mean_block") > n:
        raise ValueError(f"mean_block: {mean_block} is longer than the sample of {n}")
    bootstrap = StationaryBootstrap(mean_block, np.arange(n), seed=np.random.default_rng(seed))
    return np.stack([bootstrap.update_indices() for _ in range(draws)]).astype(np.intp)


def resampled_sums(
    returns: npt.ArrayLike,
    statistic: Callable[[FloatArray], npt.ArrayLike],
    *,
    horizon: int,
    seed: Seed,
    draws: int = 999,
    mean_block: int | None = None,
) -> FloatArray:
    """Draw a statistic of `horizon`-period sums by resampling one-period returns.

    Overlapping sums are never resampled themselves: a bootstrap of them with blocks shorter than
    twice the horizon rejects true nulls in 10 to 29% of samples. Rows are resampled whole, so that
    columns stay paired, and are summed again over every window of the resampled sample.

    Parameters
    ----------
    returns : array_like, shape (T,) or (T, k)
        One-period log returns.
    statistic : callable
        Maps an array of shape (T - horizon + 1, k) to a number or vector.
    horizon : int
        Periods per window.
    seed : int, Generator or None
    draws : int
    mean_block : int, optional
        Mean block length, at least `horizon`; by default `block_length` of the first column.

    Returns
    -------
    ndarray, shape (draws,) or (draws, q)

    Raises
    ------
    ValueError
        NaN, a sample shorter than two horizons, blocks shorter than the horizon.
    """
    rows = matrix(returns, "returns")
    positive_int(horizon, "horizon")
    if len(rows) < 2 * horizon:
        raise ValueError(f"returns: {len(rows)} rows are too few for a horizon of {horizon}")
    mean_block = block_length(rows[:, 0], horizon=horizon) if mean_block is None else mean_block
    if mean_block < horizon:
        raise ValueError(f"mean_block: {mean_block!r} is below the horizon {horizon}")
    indices = stationary_indices(len(rows), min(mean_block, len(rows)), draws=draws, seed=seed)
    return np.array(
        [statistic(window_sums(rows[index], horizon)) for index in indices], dtype=float
    )

"""The model confidence set: variants that cannot be told from the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from arch.bootstrap import MCS

from backtests.inference.arrays import IntArray, Seed, matrix, positive_int, probability
from backtests.inference.block_bootstrap import block_length

_SAMPLED = 32
# The range statistic keeps draws x N x N numbers.
_MOST = 200


@dataclass(frozen=True, slots=True)
class ConfidenceSet:
    """A set that holds the best variant with a stated confidence.

    Attributes
    ----------
    included : tuple of int
        Columns in the set.
    p : tuple of float
        For each column the smallest size at which it is excluded.
    mean_block : int
        Mean block length, periods.
    """

    included: tuple[int, ...]
    p: tuple[float, ...]
    mean_block: int


def model_confidence_set(
    returns: npt.ArrayLike,
    *,
    seed: Seed,
    size: float = 0.10,
    draws: int = 999,
    mean_block: int | None = None,
) -> ConfidenceSet:
    """Return the model confidence set of Hansen, Lunde and Nason, by the range statistic.

    Parameters
    ----------
    returns : array_like, shape (T, N)
        One-period returns, one column a variant, at most 200 of them; more is better (losses are
        their negatives).
    seed : int, Generator or None
    size : float
        One less the confidence.
    draws : int
    mean_block : int, optional
        Mean block length of the stationary bootstrap; by default the median of Politis and White's
        over differences from the mean variant, at most T / 4.

    Returns
    -------
    ConfidenceSet
        Equal columns share one fate.

    Raises
    ------
    ValueError
        NaN, fewer than 20 periods, more than 200 variants.

    References
    ----------
    .. [1] Hansen, P. R., Lunde, A. and Nason, J. M. (2011). The model confidence set. Econometrica
       79, 453-497.
    """
    x = matrix(returns, "returns")
    probability(size, "size")
    if x.shape[1] > _MOST:
        raise ValueError(f"returns: {x.shape[1]} variants are too many, {_MOST} at most")
    if len(x) < 20:
        raise ValueError(f"returns: {len(x)} periods are too few, 20 are needed")
    first, same = _distinct(x)
    if len(first) == 1:
        return ConfidenceSet(tuple(range(x.shape[1])), (1.0,) * x.shape[1], 1)
    distinct = x[:, first]
    block = (
        _typical_block(distinct) if mean_block is None else positive_int(mean_block, "mean_block")
    )
    block = min(block, max(1, len(x) // 4))
    found = MCS(-distinct, size, reps=draws, block_size=block, seed=np.random.default_rng(seed))
    found.compute()
    p = found.pvalues["Pvalue"].sort_index().to_numpy()[same]
    return ConfidenceSet(
        included=tuple(np.flatnonzero(p > size).tolist()),
        p=tuple(p.tolist()),
        mean_block=block,
    )


def _distinct(x: npt.NDArray[np.float64]) -> tuple[IntArray, IntArray]:
    """Return the first of each group of columns that differ by nothing, and each one's group."""
    _, first, same = np.unique(x, axis=1, return_index=True, return_inverse=True)
    return first.astype(np.intp), same.ravel().astype(np.intp)


def _typical_block(x: npt.NDArray[np.float64]) -> int:
    off = x - x.mean(axis=1, keepdims=True)
    wanted = np.linspace(0, x.shape[1] - 1, min(_SAMPLED, x.shape[1])).round().astype(np.intp)
    lengths = [block_length(off[:, i]) for i in np.unique(wanted) if np.ptp(off[:, i]) > 0]
    return int(np.ceil(np.median(lengths))) if lengths else 1

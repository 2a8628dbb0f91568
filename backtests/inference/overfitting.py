"""Probability of backtest overfitting, by combinatorially symmetric cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, IntArray, matrix, positive_int


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What choosing the best in sample is worth out of sample.

    Attributes
    ----------
    pbo : float
        Share of the splits in which the best in sample ends in the lower half out of sample
        (a logit of 0 counts half).
    logits : ndarray, shape (C,)
        log(w / (1 - w)) of the chosen variant's relative rank w out of sample, one a split.
    in_sample, out_of_sample : ndarray, shape (C,)
        The chosen variant's performance, per period.
    chosen : ndarray of int, shape (C,)
        The chosen variant.
    slope : float
        Of the regression of out-of-sample on in-sample performance: performance degradation.
    probability_of_loss : float
        Share of the splits in which the chosen variant's performance out of sample is below 0.
    variants, folds, splits : int
        N, S and C = S! / (S / 2)!^2.
    """

    pbo: float
    logits: FloatArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    chosen: IntArray
    slope: float
    probability_of_loss: float
    variants: int
    folds: int
    splits: int


def probability_of_overfitting(returns: npt.ArrayLike, *, folds: int = 16) -> Overfitting:
    """Estimate the probability of backtest overfitting of Bailey, Borwein, Lopez de Prado and Zhu.

    The periods are cut into S consecutive folds. Every choice of S / 2 of them is once the sample
    in which the variant with the best Sharpe ratio is chosen; its rank among all variants in the
    other half says what the choice was worth.

    Parameters
    ----------
    returns : array_like, shape (T, N)
        One-period returns over the benchmark, one column a variant, at least two. The last
        T mod S periods are left out.
    folds : int
        S, even, at least 2; each fold needs at least two periods.

    Returns
    -------
    Overfitting

    Raises
    ------
    ValueError
        NaN, an odd or too small S, fewer than two variants, a variant that never moves in some
        half.

    Notes
    -----
    There is no threshold. Over panels of noise the estimate averages one half, but a single panel
    scatters with a standard deviation of 0.15 to 0.21. **Never centre the columns first**: when
    every variant's whole-sample mean is zero, whoever is best in one half is worst in the other,
    and the estimate is 1 by construction. For the same reason near-equal means push it up.
    Variants much alike count as many: show the effective number of trials beside it.

    References
    ----------
    .. [1] Bailey, D. H., Borwein, J., Lopez de Prado, M. and Zhu, Q. J. (2017). The probability of
       backtest overfitting. Journal of Computational Finance 20(4), 39-69.
    """
    x = matrix(returns, "returns")
    if positive_int(folds, "folds") % 2:
        raise ValueError(f"folds: expected an even number, got {folds}")
    length = len(x) // folds
    if length < 2:
        raise ValueError(f"returns: {len(x)} periods are too few for {folds} folds of two")
    blocks = x[: length * folds].reshape(folds, length, -1)
    sums, squares = blocks.sum(axis=1), (blocks**2).sum(axis=1)
    n = length * folds // 2

    def half(inside: FloatArray) -> FloatArray:
        mean = inside @ sums / n
        variance = inside @ squares / n - mean**2
        # Below rounding the half is flat: a ratio of its mean would be noise.
        if (variance <= 1e-14 * (inside @ squares / n)).any():
            column = int(np.argwhere(variance <= 1e-14 * (inside @ squares / n))[0][1])
            raise ValueError(f"returns: variant {column} never moves in half of the folds")
        ratio: FloatArray = mean / np.sqrt(variance)
        return ratio

    return cscv(half, folds, x.shape[1])


def cscv(performance: Callable[[FloatArray], FloatArray], folds: int, variants: int) -> Overfitting:
    """Run combinatorially symmetric cross-validation over any measure of performance.

    Parameters
    ----------
    performance : callable
        Maps indicators of folds, shape (k, S), to performances, shape (k, N).
    folds : int
        S, even.
    variants : int
        N, at least 2.
    """
    if variants < 2:
        raise ValueError(f"returns: {variants} variants are too few, two are needed")
    chosen_folds = list(combinations(range(folds), folds // 2))
    inside = np.zeros((len(chosen_folds), folds))
    np.put_along_axis(inside, np.array(chosen_folds), 1.0, axis=1)
    best, here, there, rank = [], [], [], []
    # Bounded memory: 64 splits at a time.
    for start in range(0, len(inside), 64):
        part = inside[start : start + 64]
        own, other = performance(part), performance(1.0 - part)
        top = own.argmax(axis=1)
        rows = np.arange(len(part))
        best.append(top)
        here.append(own[rows, top])
        there.append(other[rows, top])
        ahead = (other < other[rows, top][:, None]).sum(axis=1)
        equal = (other == other[rows, top][:, None]).sum(axis=1)
        rank.append(ahead + (equal + 1) / 2)
    relative = np.concatenate(rank) / (variants + 1)
    logits: FloatArray = np.log(relative / (1 - relative))
    in_sample, out_of_sample = np.concatenate(here), np.concatenate(there)
    off = in_sample - in_sample.mean()
    return Overfitting(
        pbo=float((logits < 0).mean() + (logits == 0).mean() / 2),
        logits=logits,
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        chosen=np.concatenate(best).astype(np.intp),
        slope=float(off @ out_of_sample / (off @ off)) if off.any() else 0.0,
        probability_of_loss=float((out_of_sample < 0).mean()),
        variants=variants,
        folds=folds,
        splits=len(inside),
    )

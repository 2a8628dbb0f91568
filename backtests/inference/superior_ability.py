"""Tests of the best of many variants against a benchmark: Hansen's SPA, Romano and Wolf's StepM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray, IntArray, Seed, probability
from backtests.inference.bootstrap_means import Blocks, Panel, panel, stationary_counts
from backtests.inference.one_sided import upper_p

LEAST_BARS = 30


@dataclass(frozen=True, slots=True)
class SuperiorAbility:
    """Whether the best variant beats the benchmark.

    Attributes
    ----------
    p : float
        Hansen's consistent p-value.
    p_lower, p_upper : float
        Its bounds; `p_upper` treats the worst variants as if they were as good as the benchmark
        (White's reality check, studentised).
    statistic : float
        Largest studentised mean, floored at 0.
    best : int
        The variant that has it.
    variants, dropped : int
        Tested, and left out because they differ from the benchmark on too few bars.
    mean_block : int
        Mean block length, periods.
    """

    p: float
    p_lower: float
    p_upper: float
    statistic: float
    best: int
    variants: int
    dropped: int
    mean_block: int


@dataclass(frozen=True, slots=True)
class Superior:
    """The variants that beat the benchmark, with the familywise error rate held.

    Attributes
    ----------
    superior : tuple of int
        Their columns.
    critical : tuple of float
        Critical value of each step, in units of the studentised mean.
    t : ndarray, shape (N,)
        Studentised mean of every variant; NaN where it was left out.
    variants, dropped, mean_block : int
        As in `SuperiorAbility`.
    """

    superior: tuple[int, ...]
    critical: tuple[float, ...]
    t: FloatArray
    variants: int
    dropped: int
    mean_block: int


def superior_ability(
    d: Blocks,
    *,
    seed: Seed,
    draws: int = 999,
    mean_block: int | None = None,
    studentise: bool = True,
    least_bars: int = LEAST_BARS,
) -> SuperiorAbility:
    """Test by Hansen's SPA whether any variant beats the benchmark.

    Parameters
    ----------
    d : array_like of shape (T, N), or callable
        One-period returns over the benchmark, one column a variant; or a function that yields
        blocks of columns (see :data:`~backtests.inference.bootstrap_means.Blocks`).
    seed : int, Generator or None
    draws : int
    mean_block : int, optional
        Mean block length of the stationary bootstrap; by default the median of Politis and
        White's over a sample of the variants, at most T / 4.
    studentise : bool
        Divide each mean by its bootstrap standard error, as Hansen does.
    least_bars : int
        Variants that differ from the benchmark on fewer bars are dropped, and counted.

    Raises
    ------
    ValueError
        NaN, too few periods, nothing left to test.

    Notes
    -----
    p-values are uniform only when every variant's mean equals the benchmark's; otherwise the
    test rejects less often than nominal. The variance is that of the drawn means.

    References
    ----------
    .. [1] Hansen, P. R. (2005). A test for superior predictive ability. Journal of Business &
       Economic Statistics 23, 365-380.
    .. [2] White, H. (2000). A reality check for data snooping. Econometrica 68, 1097-1126.
    """
    found = panel(d, least_bars=least_bars, mean_block=mean_block)
    counts = stationary_counts(found.periods, found.mean_block, draws=draws, seed=seed)
    step = _step(found, counts, studentise, np.zeros(len(found.means), dtype=np.bool_))
    best = int(np.nanargmax(step.t))
    statistic = max(float(step.t[best]), 0.0)
    lower, consistent, upper = (upper_p(statistic, np.maximum(row, 0.0)) for row in step.maxima)
    return SuperiorAbility(
        p=consistent,
        p_lower=lower,
        p_upper=upper,
        statistic=statistic,
        best=best,
        variants=len(found.kept),
        dropped=found.dropped,
        mean_block=found.mean_block,
    )


def superior_variants(
    d: Blocks,
    *,
    seed: Seed,
    size: float = 0.05,
    draws: int = 999,
    mean_block: int | None = None,
    studentise: bool = True,
    least_bars: int = LEAST_BARS,
) -> Superior:
    """Find by Romano and Wolf's StepM which variants beat the benchmark.

    Each step takes out the variants above the critical value of those still in, until no more
    go. Recentred as the SPA (Hsu, Hsu and Kuan's Step-SPA).

    Parameters
    ----------
    d, seed, draws, mean_block, studentise, least_bars
        As in `superior_ability`.
    size : float
        Familywise error rate.

    References
    ----------
    .. [1] Romano, J. P. and Wolf, M. (2005). Stepwise multiple testing as formalized data
       snooping. Econometrica 73, 1237-1282.
    .. [2] Hsu, P.-H., Hsu, Y.-C. and Kuan, C.-M. (2010). Testing the predictive ability of
       technical analysis using a new stepwise test. Journal of Empirical Finance 17, 471-484.
    """
    probability(size, "size")
    found = panel(d, least_bars=least_bars, mean_block=mean_block)
    counts = stationary_counts(found.periods, found.mean_block, draws=draws, seed=seed)
    out = np.zeros(len(found.means), dtype=np.bool_)
    critical: list[float] = []
    t = np.full(len(found.means), np.nan)
    while not out[found.kept].all():
        step = _step(found, counts, studentise, out)
        t = np.where(np.isnan(step.t), t, step.t)
        critical.append(float(np.quantile(step.maxima[1], 1 - size, method="weibull")))
        better = np.nan_to_num(step.t, nan=-np.inf) > critical[-1]
        if not better.any():
            break
        out |= better
    return Superior(
        superior=tuple(np.flatnonzero(out).tolist()),
        critical=tuple(critical),
        t=t,
        variants=len(found.kept),
        dropped=found.dropped,
        mean_block=found.mean_block,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    t: FloatArray  # (N,) NaN where not looked at
    maxima: FloatArray  # (3, draws): lower, consistent, upper


def _step(found: Panel, counts: FloatArray, studentise: bool, out: BoolArray) -> _Step:
    """Return the means in units of their standard errors and the maxima of their draws."""
    t = np.full(len(found.means), np.nan)
    maxima = np.full((3, len(counts)), -np.inf)
    for every, block in found.chunks(len(counts)):
        inside = ~out[every]
        columns: IntArray = every[inside]
        if not len(columns):
            continue
        mean = found.means[columns]
        drawn = counts @ (block[:, inside] - mean) / found.periods
        error = drawn.std(axis=0)
        unit = error if studentise else np.ones_like(error)
        drawn /= unit
        t[columns] = mean / unit
        for row, shift in enumerate(recentrings(mean, error, found.periods)):
            np.maximum(maxima[row], (drawn + shift / unit).max(axis=1), out=maxima[row])
    return _Step(t, maxima)


def recentrings(
    mean: FloatArray, error: FloatArray, periods: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Hansen's means under the null: lower, consistent, upper.

    Means so far below the benchmark's that they are surely worse stay there in the consistent one.
    """
    worse = mean < -error * np.sqrt(2 * np.log(np.log(periods)))
    return np.minimum(mean, 0.0), np.where(worse, mean, 0.0), np.zeros_like(mean)

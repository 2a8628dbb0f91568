"""Does a condition go with usage, once the calendar is taken out? Ranks against month shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from backtests.inference.arrays import BoolArray, FloatArray, IntArray, flags, vector
from backtests.inference.calendar_strata import MonthPositions, month_positions, strata
from backtests.inference.firth import FirthLogit, firth_logit
from backtests.inference.one_sided import OneSided, lower_p, upper_p


@dataclass(frozen=True, slots=True)
class CircularShift:
    """Rank of a condition on usage days against shifted usage days.

    Attributes
    ----------
    mean_rank : float
        Mean over usage days of the condition's rank within its calendar stratum, from 0 (lowest)
        to 1; 0.5 without association.
    p : OneSided
        p1 of H0 "no positive association", p3 of "no negative"; there is no delta, p2 is None.
    shifts : int
        Number of whole-month shifts, so that p is at least 1 / (1 + shifts).
    usage_days, days : int
        Days used: with usage, and all, where the condition is known.
    auc : float
        Chance that the condition is higher on a usage day than on another: descriptive.
    logit : FirthLogit
        Of usage on the condition: descriptive (a plain logit rejects in 96% of worlds where only
        the calendar moves both).
    """

    mean_rank: float
    p: OneSided
    shifts: int
    usage_days: int
    days: int
    auc: float
    logit: FirthLogit


def circular_shift(
    condition: npt.ArrayLike, usage: npt.ArrayLike, business_days: npt.ArrayLike
) -> CircularShift:
    """Test whether usage falls on days of high condition, by all whole-month circular shifts.

    Parameters
    ----------
    condition : array_like, shape (T,)
        For instance SOFR less the ceiling, bp, on the day itself; NaN where unknown: such days
        have no rank and drop out of every mean.
    usage : array_like of bool, shape (T,)
    business_days : array_like of datetime64[D], shape (T,)
        Every business day of whole calendar months, increasing.

    Returns
    -------
    CircularShift

    Raises
    ------
    ValueError
        No usage, usage every day, a constant condition, months that are cut off, fewer than two
        months.

    Notes
    -----
    Each shift moves all usage days together by whole months, around the end of the sample, keeping
    every one's distance in business days to month-end (a month too short for it gives its first
    day). So usage keeps its clusters, the condition its persistence, and both their calendar. What
    remains is association, not cause: usage itself lowers SOFR.
    """
    level = vector(condition, "condition", nan=True)
    used = flags(usage, "usage", length=len(level))
    positions = month_positions(business_days)
    if len(positions.month) != len(level):
        raise ValueError(f"business_days: expected {len(level)} days, got {len(positions.month)}")
    known = np.isfinite(level)
    if not (used & known).any() or not (~used & known).any():
        raise ValueError("usage: needs days with and days without it where the condition is known")
    if np.ptp(level[known]) == 0:
        raise ValueError("condition: is constant")
    if len(positions.starts) < 2:
        raise ValueError("business_days: at least two months are needed to shift by one")
    rank = _stratum_ranks(level, known, strata(positions))
    means = _shifted_means(rank, np.flatnonzero(used).astype(np.intp), positions)
    return CircularShift(
        mean_rank=float(means[0]),
        p=OneSided(upper_p(means[0], means[1:]), None, lower_p(means[0], means[1:])),
        shifts=len(means) - 1,
        usage_days=int((used & known).sum()),
        days=int(known.sum()),
        auc=auc(level[known], used[known]),
        logit=firth_logit(used[known], level[known]),
    )


def auc(score: npt.ArrayLike, outcome: npt.ArrayLike) -> float:
    """Return the area under the ROC curve, Mann and Whitney's U over the number of pairs.

    Parameters
    ----------
    score : array_like, shape (T,)
    outcome : array_like of bool, shape (T,)

    Returns
    -------
    float
        Chance that a day with the outcome scores higher than one without, ties counted half.

    References
    ----------
    .. [1] Mann, H. B. and Whitney, D. R. (1947). On a test of whether one of two random variables
       is stochastically larger than the other. Annals of Mathematical Statistics 18, 50-60.
    """
    values = vector(score, "score")
    happened = flags(outcome, "outcome", length=len(values))
    yes = int(happened.sum())
    no = len(values) - yes
    if not yes or not no:
        raise ValueError("outcome: never differs")
    ranks = rankdata(values)
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def _stratum_ranks(
    level: FloatArray, known: BoolArray, stratum: npt.NDArray[np.object_]
) -> FloatArray:
    """Return mid-ranks within strata as (rank - 1/2) / size; NaN where the level is unknown."""
    rank = np.full(len(level), np.nan)
    for name in set(stratum):
        members = known & (stratum == name)
        if members.any():
            rank[members] = (rankdata(level[members]) - 0.5) / members.sum()
    return rank


def _shifted_means(rank: FloatArray, used: IntArray, positions: MonthPositions) -> FloatArray:
    """Return the mean rank on usage days after 0, 1, ..., M - 1 months of shift."""
    months = len(positions.starts)
    month = positions.month[used] - positions.month[0]
    target = (month[None, :] + np.arange(months)[:, None]) % months
    rows = positions.ends[target] - positions.from_end[used][None, :]
    ranks = rank[np.maximum(rows, positions.starts[target])]
    counts = np.isfinite(ranks).sum(axis=1)
    if (counts == 0).any():
        raise ValueError("condition: is unknown on every usage day of some shift")
    means: FloatArray = np.nansum(ranks, axis=1) / counts
    return means

"""Timing skill: what a rule earns beyond holding its own average exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    FloatArray,
    IntArray,
    Seed,
    matrix,
    positive,
    positive_int,
    vector,
)
from backtests.inference.one_sided import upper_p
from backtests.inference.sharpe import SharpeEstimate, sharpe_interval


@dataclass(frozen=True, slots=True)
class TimingSkill:
    """Skill over the exposure-matched benchmark.

    Attributes
    ----------
    sharpe : SharpeEstimate
        Annualised Sharpe ratio of d, its interval, and the p-values of theta <= 0, >= delta, >= 0.
    placebo_p : float
        Share of circularly shifted weight paths whose Sharpe ratio is at least as high: the same
        exposure, turnover and costs at other times.
    placebo_sharpe : tuple of float
        2.5, 50 and 97.5% quantiles of the shifted paths' annualised Sharpe ratios.
    shifts : int
        Shifted paths.
    mean_exposure : tuple of float
        w_bar of each asset.
    """

    sharpe: SharpeEstimate
    placebo_p: float
    placebo_sharpe: tuple[float, float, float]
    shifts: int
    mean_exposure: tuple[float, ...]


def excess_over_matched(
    weights: npt.ArrayLike, returns: npt.ArrayLike, costs: npt.ArrayLike
) -> FloatArray:
    """Return d_t = sum over assets of (w_t - w_bar) r_t, less costs.

    Parameters
    ----------
    weights : array_like, shape (T, A) or (T,)
        Weight held *during* period t, so decided before it, as a fraction of equity.
    returns : array_like, shape (T, A) or (T,)
        Simple returns in excess of cash; NaN where an asset cannot be held.
    costs : array_like, shape (T,)
        Costs paid in period t, as a fraction of equity, at least 0.

    Returns
    -------
    ndarray, shape (T,)
        w_bar is each asset's mean weight over the periods in which it can be held.

    Raises
    ------
    ValueError
        Shapes that differ, a weight on an asset without return, negative costs, an asset without
        any return.
    """
    deviation, r, paid, _ = _timing(weights, returns, costs)
    return _excess(deviation, r, paid)


def timing_skill(
    weights: npt.ArrayLike,
    returns: npt.ArrayLike,
    costs: npt.ArrayLike,
    *,
    periods_per_year: float,
    delta: float,
    seed: Seed,
    draws: int = 999,
    shifts: int = 999,
    mean_block: int | None = None,
    confidence: float = 0.95,
) -> TimingSkill:
    """Measure the Sharpe ratio of d_t = (w_t - w_bar) r_t net of costs, beside shifted placebos.

    Against cash, a rule without skill "wins" by the asset's drift; against its own mean exposure
    only its timing is left.

    Parameters
    ----------
    weights, returns, costs : array_like
        As in `excess_over_matched`.
    periods_per_year : float
        365 for daily crypto.
    delta : float
        Smallest annualised Sharpe ratio of interest.
    seed : int, Generator or None
        Of the bootstrap; the shifts are spread evenly and need none.
    draws : int
        Bootstrap draws.
    shifts : int
        At most this many circular shifts of weights and costs together, out of all T - 1.
    mean_block : int, optional
        Mean block length of the bootstrap.
    confidence : float

    Returns
    -------
    TimingSkill

    Raises
    ------
    ValueError
        As `excess_over_matched`; constant weights (nothing is timed); less than two years.
    """
    deviation, r, paid, means = _timing(weights, returns, costs)
    if not np.ptp(deviation, axis=0).any():
        raise ValueError("weights: are constant, so there is no timing to measure")
    d = _excess(deviation, r, paid)
    sharpe = sharpe_interval(
        d,
        periods_per_year=periods_per_year,
        seed=seed,
        delta=positive(delta, "delta"),
        draws=draws,
        mean_block=mean_block,
        confidence=confidence,
    )
    by = _spread_shifts(len(d), positive_int(shifts, "shifts"))
    shifted = _shifted_sharpe(deviation, r, paid, by) * np.sqrt(periods_per_year)
    low, middle, high = np.quantile(shifted, [0.025, 0.5, 0.975])
    return TimingSkill(
        sharpe=sharpe,
        placebo_p=upper_p(sharpe.estimate, shifted),
        placebo_sharpe=(float(low), float(middle), float(high)),
        shifts=len(by),
        mean_exposure=tuple(means.tolist()),
    )


def _timing(
    weights: npt.ArrayLike, returns: npt.ArrayLike, costs: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return w - w_bar, returns with 0 where there is none, costs, and w_bar."""
    w = matrix(weights, "weights")
    r = matrix(returns, "returns", nan=True, length=len(w))
    paid = vector(costs, "costs", length=len(w))
    if r.shape != w.shape:
        raise ValueError(f"returns: expected shape {w.shape}, got {r.shape}")
    if (paid < 0).any():
        raise ValueError(f"costs: {paid.min()} is below 0")
    held = np.isfinite(r)
    astray = (w != 0) & ~held
    if astray.any():
        row, column = np.argwhere(astray)[0]
        raise ValueError(f"weights: asset {column} is held in row {row}, where it has no return")
    counts = held.sum(axis=0)
    if not counts.all():
        raise ValueError(f"returns: asset {int(np.argmin(counts))} has none")
    means = w.sum(axis=0) / counts
    return w - means, np.where(held, r, 0.0), paid, means


def _excess(deviation: FloatArray, r: FloatArray, paid: FloatArray) -> FloatArray:
    d: FloatArray = (deviation * r).sum(axis=1) - paid
    return d


def _spread_shifts(n: int, shifts: int) -> IntArray:
    """Return at most `shifts` distinct shifts, evenly spread over 1, ..., n - 1."""
    return np.unique(np.linspace(1, n - 1, min(shifts, n - 1)).round().astype(np.intp))


def _shifted_sharpe(
    deviation: FloatArray, r: FloatArray, paid: FloatArray, shifts: IntArray
) -> FloatArray:
    out = np.empty(len(shifts))
    for i, by in enumerate(shifts):
        d = _excess(np.roll(deviation, by, axis=0), r, np.roll(paid, by))
        out[i] = d.mean() / d.std()
    return out

"""What parameters are chosen by; each criterion looks at the chosen rows and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray
from backtests.walk_forward.variant_paths import Held, VariantPaths
from data.errors import TooShort, UnknownName

# A standard deviation below this is rounding.
_FLAT = 1e-12


def sharpe(paths: VariantPaths, rows: BoolArray) -> FloatArray:
    """Return each variant's Sharpe ratio over cash, per day."""
    return ratios(paths.over_cash[rows])


def skill(paths: VariantPaths, rows: BoolArray) -> FloatArray:
    """Return each variant's Sharpe ratio over its own mean exposure, per day.

    The mean exposure is that of the rows looked at, not of the whole sample.
    """
    return ratios(np.column_stack([_over_matched(held, rows) for held in paths.held]))


def mean(paths: VariantPaths, rows: BoolArray) -> FloatArray:
    """Return each variant's mean return over cash, per day."""
    average: FloatArray = paths.over_cash[rows].mean(axis=0)
    return average


Criterion = Callable[[VariantPaths, BoolArray], FloatArray]

CRITERIA: Mapping[str, Criterion] = {"sharpe": sharpe, "skill": skill, "mean": mean}


def criterion(name: str) -> Criterion:
    """Return a criterion by name.

    Raises
    ------
    UnknownName
        If there is none of that name.
    """
    if name not in CRITERIA:
        raise UnknownName("criterion", name, CRITERIA)
    return CRITERIA[name]


def best(scores: FloatArray) -> int:
    """Return the variant with the highest score, the first of equals.

    Raises
    ------
    TooShort
        If no variant has a score, because none moved.
    """
    if np.isnan(scores).all():
        raise TooShort("no variant held anything on the days of a training window: widen it")
    return int(np.nanargmax(scores))


def _over_matched(held: Held, rows: BoolArray) -> FloatArray:
    weights, returns = held.weights[rows], held.returns[rows]
    there = np.isfinite(returns)
    average = weights.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    gain = (weights - average) * np.where(there, returns, 0.0)
    d: FloatArray = gain.sum(axis=1) - held.costs[rows]
    return d


def ratios(x: FloatArray) -> FloatArray:
    """Return mean over standard deviation of each column; NaN where it does not move."""
    spread = x.std(axis=0)
    ratio: FloatArray = np.where(
        spread > _FLAT, x.mean(axis=0) / np.where(spread > _FLAT, spread, 1), np.nan
    )
    return ratio

"""What parameters are chosen by; each criterion looks at the chosen days and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import FloatArray
from backtests.walk_forward.moments import Moments
from data.errors import EngineError, TooShort, UnknownName

# A standard deviation below this is rounding, and a variance below this share of the one that it
# is the rest of.
_FLAT, _CANCELLED = 1e-12, 1e-12


def sharpe(moments: Moments) -> FloatArray:
    """Return each variant's Sharpe ratio over cash, per day."""
    return _ratio(moments.net, moments.squares - moments.net**2)


def skill(moments: Moments) -> FloatArray:
    """Return each variant's Sharpe ratio over its own mean exposure, per day.

    With the return over cash y_t, the assets' x_t and the mean weights w at the closes of these
    days, not of the whole sample, it is that of d_t = y_t - w x_t
    (:func:`backtests.sweep.matched.over_mean_weights`), from the moments of both.
    """
    held = moments.exposures
    if held is None:
        raise EngineError("skill is asked for where no weights were kept: please report this")
    w = held.weights
    mean = moments.net - np.einsum("va,a->v", w, held.assets)
    matched = np.einsum("va,ab,vb->v", w, held.products, w)
    square = moments.squares - 2.0 * np.einsum("va,va->v", w, held.cross) + matched
    spread = square - mean**2
    return _ratio(mean, np.where(spread > _CANCELLED * moments.squares, spread, 0.0))


def mean(moments: Moments) -> FloatArray:
    """Return each variant's mean return over cash, per day."""
    return moments.net


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion.

    Parameters
    ----------
    score : callable
        The score of each variant, shape (V,), NaN where nothing moved.
    weighs : bool
        Whether it needs the exposures.
    """

    score: Callable[[Moments], FloatArray]
    weighs: bool = False


CRITERIA: Mapping[str, Criterion] = {
    "sharpe": Criterion(sharpe),
    "skill": Criterion(skill, weighs=True),
    "mean": Criterion(mean),
}


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


def ratios(x: FloatArray) -> FloatArray:
    """Return mean over standard deviation of each column; NaN where it does not move."""
    return _ratio(x.mean(axis=0), x.var(axis=0))


def _ratio(mean: FloatArray, variance: FloatArray) -> FloatArray:
    spread = np.sqrt(np.maximum(variance, 0.0))
    moving = spread > _FLAT
    found: FloatArray = np.where(moving, mean / np.where(moving, spread, 1.0), np.nan)
    return found

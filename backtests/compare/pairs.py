"""Paired differences: does one variant differ from another beyond luck?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np

from backtests.compare.field import HOLD, Field
from backtests.inference.arrays import FloatArray
from backtests.inference.bootstrap_t import LEAST_YEARS, BootstrapT
from backtests.inference.mean_difference import mean_difference
from backtests.inference.multiplicity import holm
from backtests.inference.one_sided import OneSided
from backtests.inference.sharpe import sharpe_difference
from backtests.metrics import YEAR

LEVEL = 0.05
FLAT = 1e-12


class Outcome(StrEnum):
    """What a pair's tests say of the first against the second."""

    BETTER = "better"
    WORSE = "worse"
    INDISTINGUISHABLE = "indistinguishable"
    MIXED = "mixed"
    SAME = "the same returns"
    TOO_SHORT = "too short to say"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two runs a year, with its interval and two-sided p-values.

    Parameters
    ----------
    estimate : float
        First less second.
    interval : tuple of float
        95%, studentised.
    p : float
        Two-sided.
    adjusted : float
        After Holm over all pairs.
    """

    estimate: float
    interval: tuple[float, float]
    p: float
    adjusted: float

    @property
    def found(self) -> int:
        """1 or -1 where the adjusted test finds a difference at 5%, else 0."""
        return 0 if self.adjusted > LEVEL else 1 if self.estimate > 0 else -1


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs on the same days.

    Parameters
    ----------
    one, other : str
        Names of the runs.
    mean : Difference or None
        Of mean returns, decimal a year (365 times the daily mean), by block bootstrap of the
        one-period differences. ``None`` with less than two years or equal returns.
    sharpe : Difference or None
        Of Sharpe ratios over cash, by the test of Ledoit and Wolf. ``None`` also where one of
        them never differs from cash.
    same : bool
        Whether both had the same return on every day.
    """

    one: str
    other: str
    mean: Difference | None
    sharpe: Difference | None
    same: bool

    @property
    def outcome(self) -> Outcome:
        """What the adjusted tests say: a difference needs one of them and no contradiction."""
        if self.same:
            return Outcome.SAME
        if self.mean is None:
            return Outcome.TOO_SHORT
        found = {self.mean.found, 0 if self.sharpe is None else self.sharpe.found} - {0}
        if not found:
            return Outcome.INDISTINGUISHABLE
        if len(found) == 2:
            return Outcome.MIXED
        return Outcome.BETTER if found == {1} else Outcome.WORSE


def members(field: Field) -> tuple[str, ...]:
    """Return who is paired: the variants, and buy and hold where it is none of them."""
    return tuple(dict.fromkeys((*field.names, HOLD)))


def pairs(field: Field, *, seed: int, draws: int = 999) -> tuple[Pair, ...]:
    """Return every pair of variants, buy and hold among them, Holm-adjusted over all pairs.

    Parameters
    ----------
    field : Field
        The runs.
    seed : int
        Of the bootstrap; the same for every pair.
    draws : int

    Returns
    -------
    tuple of Pair
        In the order of :func:`members`. Means and Sharpe ratios are two families of tests.

    References
    ----------
    Ledoit, O. and Wolf, M. (2008), "Robust performance hypothesis testing with the Sharpe
    ratio", Journal of Empirical Finance 15. Holm, S. (1979), "A simple sequentially rejective
    multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    returns = {name: field.over_cash(name) for name in members(field)}
    return paired(returns, seed=seed, draws=draws)


def paired(returns: Mapping[str, FloatArray], *, seed: int, draws: int = 999) -> tuple[Pair, ...]:
    """Return every pair of some series of one-period returns over cash; see :func:`pairs`."""
    found = [
        _pair(one, other, returns[one], returns[other], seed, draws)
        for one, other in combinations(returns, 2)
    ]
    means = _adjusted([pair.mean for pair in found])
    sharpes = _adjusted([pair.sharpe for pair in found])
    return tuple(
        replace(pair, mean=mean, sharpe=sharpe)
        for pair, mean, sharpe in zip(found, means, sharpes, strict=True)
    )


def _pair(one: str, other: str, x: FloatArray, y: FloatArray, seed: int, draws: int) -> Pair:
    if np.ptp(x - y) < FLAT:
        return Pair(one, other, None, None, same=True)
    if len(x) < LEAST_YEARS * YEAR:
        return Pair(one, other, None, None, same=False)
    mean = mean_difference(x, y, periods_per_year=YEAR, seed=seed, draws=draws)
    sharpe = None
    if np.ptp(x) > FLAT and np.ptp(y) > FLAT:
        ratios = sharpe_difference(x, y, periods_per_year=YEAR, seed=seed, draws=draws)
        sharpe = _difference(ratios)
    return Pair(one, other, _difference(mean), sharpe, same=False)


def _difference(found: BootstrapT) -> Difference:
    p = two_sided(found.p)
    return Difference(found.estimate, found.interval, p, p)


def two_sided(p: OneSided) -> float:
    """Return the two-sided p-value of no effect: twice the smaller of the one-sided ones."""
    return min(1.0, 2.0 * min(p.p1, p.p3))


def _adjusted(family: Sequence[Difference | None]) -> list[Difference | None]:
    tested = [each for each in family if each is not None]
    if not tested:
        return list(family)
    adjusted = iter(holm([each.p for each in tested]).tolist())
    return [None if each is None else replace(each, adjusted=next(adjusted)) for each in family]

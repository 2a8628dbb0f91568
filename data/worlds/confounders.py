"""What ties plumbing to prices without being an effect of one on the other.

Each confounder moves Bitcoin's returns, the balance sheet, or both, from the draws of other parts;
none of them is an effect of liquidity on prices, so a sound test of C2b finds nothing in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray
from data.worlds.streams import decaying
from data.worlds.timeline import FIRST_DAYS, LAST_DAYS, MONTH_END, QUARTER_END, Timeline

# The Fed's answer fades with a quarter's half-life.
_FADING = 0.5 ** (1 / 91)
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Draws:
    """What a confounder may look at.

    Parameters
    ----------
    time : Timeline
        The days.
    equity : ndarray
        Daily log returns of equities.
    bitcoin : ndarray
        Bitcoin's own daily log returns, before any confounder or effect.
    rng : Generator
        The confounders' stream.
    """

    time: Timeline
    equity: FloatArray
    bitcoin: FloatArray
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Pull:
    """What a confounder does on each day.

    Parameters
    ----------
    returns : ndarray or float
        Added to Bitcoin's daily log return.
    scale : ndarray or float
        Factor of Bitcoin's own return.
    purchases : ndarray or float
        Treasuries on the Fed's sheet beyond the usual, USD bn (a level).
    """

    returns: FloatArray | float = 0.0
    scale: FloatArray | float = 1.0
    purchases: FloatArray | float = 0.0


def calendar(given: Draws) -> Pull:
    """Mean and variance of Bitcoin follow the month, as the plumbing's spikes do."""
    turn = np.isin(given.time.place, [QUARTER_END, MONTH_END, LAST_DAYS, FIRST_DAYS])
    return Pull(returns=np.where(turn, 0.003, -0.0008), scale=np.where(turn, 1.4, 0.9))


def common_factor(given: Draws) -> Pull:
    """Equities drive Bitcoin, and the Fed buys after equities have fallen."""
    falls = _week(np.minimum(given.equity, 0.0))
    pushes = -400.0 * _before(falls)
    return Pull(returns=1.2 * given.equity, purchases=decaying(pushes - pushes.mean(), _FADING))


def reverse_causality(given: Draws) -> Pull:
    """Liquidity answers Bitcoin's return of the week before."""
    pushes = 120.0 * _before(_week(given.bitcoin))
    return Pull(purchases=decaying(pushes - pushes.mean(), _FADING))


def opposing_drifts(given: Draws) -> Pull:
    """Bitcoin drifts up while liquidity drains, and down while it builds."""
    n = len(given.bitcoin)
    first = np.arange(n) < n // 2
    return Pull(
        returns=np.where(first, 0.0015, -0.0015),
        purchases=np.cumsum(np.where(first, -0.2, 0.2)),
    )


def joint_variance(given: Draws) -> Pull:
    """Bitcoin and liquidity are calm together and wild together, independently in sign."""
    regime = given.rng.random(len(given.bitcoin) // 182 + 1) < 0.35
    wild = np.repeat(regime, 182)[: len(given.bitcoin)]
    noise = given.rng.normal(size=len(wild)) * np.where(wild, 30.0, 3.0)
    return Pull(scale=np.where(wild, 1.6, 0.6), purchases=decaying(noise, _FADING))


def slow_mean(given: Draws) -> Pull:
    """Bitcoin's expected return and liquidity both wander slowly (0.97 a week), apart."""
    persistence = 0.97 ** (1 / _WEEK)
    noise = given.rng.normal(size=(2, len(given.bitcoin))) * np.sqrt(1 - persistence**2)
    flow = 3.0 * decaying(noise[1], persistence)
    return Pull(returns=0.003 * decaying(noise[0], persistence), purchases=decaying(flow, _FADING))


def crisis_week(given: Draws) -> Pull:
    """One week like March 2020: Bitcoin halves, and the Fed buys for a fortnight afterwards."""
    at = given.time.at("2020-03-09")
    returns, pushes = np.zeros(len(given.bitcoin)), np.zeros(len(given.bitcoin))
    returns[at : at + 5] = -0.14
    pushes[at + 7 : at + 21] = 40.0
    return Pull(returns=returns, purchases=decaying(pushes, _FADING))


ALL: Mapping[str, Callable[[Draws], Pull]] = {
    function.__name__: function
    for function in (
        calendar,
        common_factor,
        reverse_causality,
        opposing_drifts,
        joint_variance,
        slow_mean,
        crisis_week,
    )
}
# In these, Bitcoin and liquidity move in the same weeks without an effect: C2a has no answer.
CO_MOVING = frozenset({"common_factor", "reverse_causality", "crisis_week"})


def pull(names: tuple[str, ...], given: Draws) -> Pull:
    """Return the named confounders together: sums of returns and purchases, product of scales."""
    n = len(given.bitcoin)
    returns, scale, purchases = np.zeros(n), np.ones(n), np.zeros(n)
    for name in names:
        one = ALL[name](given)
        returns, scale, purchases = (
            returns + one.returns,
            scale * one.scale,
            purchases + one.purchases,
        )
    return Pull(returns, scale, purchases)


def _week(daily: FloatArray) -> FloatArray:
    """Sum over the last seven days."""
    total = np.cumsum(daily)
    return total - np.concatenate((np.zeros(_WEEK), total[:-_WEEK]))


def _before(values: FloatArray) -> FloatArray:
    """The value of the day before."""
    return np.concatenate(([0.0], values[:-1]))

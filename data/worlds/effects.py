"""The planted effects: how far plumbing moves prices, and never before the plumbing is known.

Decisions fall on Fridays 00:00 UTC, after the H.4.1. A figure's effect starts with the bar that
opens at the first decision after the figure was known, so that a trader could have had all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray, IntArray
from data.catalogue import series
from data.release import known_at
from data.worlds.config import World
from data.worlds.timeline import Timeline

_WEEK = 7
# Share of the 4-week effect that falls on each of the 13 weeks: a quarter in each of the first
# four, as much again over the nine after them.
PROFILE = np.repeat([1 / 4, 1 / 9], [4, 9])
HORIZON, LAGS = 4, 13
EPISODE_DAYS = 20
_BN = 100.0
# What prices take for granted, USD bn a week: the trend of net liquidity and of the account.
_USUAL_CHANGE, _USUAL_DRAWDOWN = 4.5, -1.2


@dataclass(frozen=True, slots=True)
class Weekly:
    """Liquidity as it was known at each weekly decision.

    Parameters
    ----------
    opens : ndarray of int
        Position in the timeline of the day that opens at each decision (Fridays).
    liquidity, drawdown : ndarray
        Change over the week, as known, of net liquidity (Fed assets - TGA - ON RRP on the
        H.4.1's Wednesday) and of the TGA with its sign turned, USD bn.
    """

    opens: IntArray
    liquidity: FloatArray
    drawdown: FloatArray


@dataclass(frozen=True, slots=True)
class Effects:
    """What is added to daily log returns.

    Parameters
    ----------
    bitcoin : ndarray
        Added to Bitcoin's.
    altcoins : ndarray
        Added to altcoins' beyond their beta times Bitcoin's.
    """

    bitcoin: FloatArray
    altcoins: FloatArray


def weekly(time: Timeline, level: FloatArray, tga: FloatArray, begins: str) -> Weekly:
    """Return liquidity as known at each Friday 00:00 UTC.

    Parameters
    ----------
    time : Timeline
        The days.
    level, tga : ndarray
        Net liquidity and the Treasury's account on each day, USD bn; only Wednesdays are read.
    begins : str
        First day on which every part of net liquidity is published.
    """
    wednesdays = np.flatnonzero((time.days.day_of_week == 2) & time.from_day(begins))
    public = known_at(series("fed_assets"), time.days[wednesdays]).tz_localize(None)
    opens = np.flatnonzero((time.days.day_of_week == 4) & time.from_day(begins))
    last = np.searchsorted(public.to_numpy(), time.days[opens].to_numpy(), side="right") - 1
    opens, last = opens[last >= 0], last[last >= 0]
    return Weekly(
        opens=opens[1:],
        liquidity=np.diff(level[wednesdays[last]]),
        drawdown=-np.diff(tga[wednesdays[last]]),
    )


def effects(time: Timeline, world: World, known: Weekly, episodes: IntArray) -> Effects:
    """Return the effects of a world's links on daily log returns.

    Parameters
    ----------
    time : Timeline
        The days.
    world : World
        Sizes of the links.
    known : Weekly
        Liquidity as known.
    episodes : ndarray of int
        First days of the SRF's episodes.
    """
    week, coming, net = _by_week(world, known)
    bitcoin = _by_day(time, known, coming) + _by_day(time, known, week, before=_WEEK)
    bitcoin += _after_episodes(time, world.size("C5"), episodes)
    return Effects(bitcoin, _by_day(time, known, net))


def truths(world: World, known: Weekly) -> dict[str, float]:
    """Return what the weekly claims' estimator would find without noise, percent per $100bn.

    The coefficient of the claim's weekly change in a regression of the planted effects, summed
    over four weeks, on that change, 13 lags of it, a trend and a constant (the pseudo-true value
    of the lag-augmented local projection, given this world's plumbing). So a claim also gets
    what other links lend it: the TGA is a part of net liquidity. 0 where nothing is planted.
    """
    week, coming, net = _by_week(world, known)
    # The week before a decision is where its C2a falls; the week after it is a later place.
    both = week + np.concatenate(([0.0], coming[:-1]))
    return {
        "C2a": _projection(both, known.liquidity),
        "C2b": _projection(coming, known.liquidity),
        "C3": _projection(coming, known.drawdown),
        "C6": _projection(net, known.liquidity),
    }


def _by_week(world: World, known: Weekly) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Effects in the week before each decision, in the week after it, and altcoins' beyond."""
    change = (known.liquidity - _USUAL_CHANGE) / _BN / 100.0
    drawdown = (known.drawdown - _USUAL_DRAWDOWN) / _BN / 100.0
    driver = world.size("C2b") * change + world.size("C3") * drawdown
    return (
        world.size("C2a") * change,
        np.convolve(driver, PROFILE)[: len(driver)],
        np.convolve(world.size("C6") * change, PROFILE)[: len(change)],
    )


def _by_day(time: Timeline, known: Weekly, by_week: FloatArray, before: int = 0) -> FloatArray:
    """Spread each decision's week evenly over its seven bars."""
    daily = np.zeros(len(time) + _WEEK)
    for day in range(_WEEK):
        daily[known.opens - before + day] += by_week / _WEEK
    return daily[: len(time)]


def _after_episodes(time: Timeline, size: float, episodes: IntArray) -> FloatArray:
    """`size` percent over the bars that open after each episode's first usage was known."""
    daily = np.zeros(len(time))
    public = known_at(series("srf"), time.days[episodes])
    opens = (public.ceil("D").tz_localize(None) - time.days[0]).days
    for first in opens:
        daily[first : first + EPISODE_DAYS] += size / 100.0 / EPISODE_DAYS
    return daily


def _projection(by_week: FloatArray, change: FloatArray) -> float:
    if not by_week.any():
        return 0.0
    n = len(change)
    rows = np.arange(LAGS, n - HORIZON + 1)
    forward = np.concatenate(([0.0], np.cumsum(by_week)))
    outcome = forward[rows + HORIZON] - forward[rows]
    columns = [np.ones(len(rows)), rows - rows.mean()]
    columns += [change[rows - lag] for lag in range(LAGS + 1)]
    coefficients, *_ = np.linalg.lstsq(np.column_stack(columns), outcome, rcond=None)
    return float(coefficients[2] * _BN * 100.0)

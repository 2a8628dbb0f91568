"""The Standing Repo Facility: six clusters of usage in a sea of zeros.

Whether usage falls on the days when SOFR stands high against the ceiling is the link B4; with the
link off, usage keeps to the same places in the month but knows nothing of SOFR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray, IntArray
from data.worlds.streams import autoregressive
from data.worlds.timeline import (
    FIRST_DAYS,
    LAST_DAYS,
    MID_MONTH,
    MONTH_END,
    OTHER,
    QUARTER_END,
    Timeline,
    carried,
)

BEGINS = "2021-07-29"
TEMPORARY_BEGAN = "2019-09-17"
EPISODES = 6
# Least usage that counts, USD bn a day; and open days without usage that end an episode.
THRESHOLD, QUIET = 0.5, 10
# Temporary operations of 2019-2020, USD bn.
_TEMPORARY = {
    "2019-09-16": 0, "2019-09-17": 60, "2019-12-31": 60, "2020-03-05": 50, "2020-03-17": 120,
    "2020-04-01": 20, "2020-05-15": 18, "2020-06-10": 60, "2020-06-20": 3, "2020-07-02": 0,
}  # fmt: skip
# What draws usage by the calendar alone, in log-odds.
_CALENDAR = {
    QUARTER_END: 3.0,
    MONTH_END: 2.5,
    LAST_DAYS: 1.5,
    FIRST_DAYS: 1.5,
    MID_MONTH: 1.5,
    OTHER: 0.0,
}
# Usage of a day by its place, USD bn (median).
_SIZES = {QUARTER_END: 24.0, MONTH_END: 16.0}
_OTHER_SIZE, _LARGEST = 5.0, 75.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Repo operations of each day, USD bn; closed days carry the last balance.

    Parameters
    ----------
    total, treasury : ndarray
        All collateral, and Treasuries alone.
    starts : ndarray of int
        Positions of the first day of each SRF episode.
    """

    total: FloatArray
    treasury: FloatArray
    starts: IntArray


@dataclass(frozen=True, slots=True)
class Draws:
    """Everything random about usage, drawn whatever the link.

    Parameters
    ----------
    windows, days : ndarray
        Gumbel noise of each candidate window and each open day.
    lengths : ndarray of int, shape (EPISODES,)
        Days of usage in each episode.
    """

    windows: FloatArray
    days: FloatArray
    lengths: IntArray


@dataclass(frozen=True, slots=True)
class Facility:
    """Open days of the SRF era, and how SOFR stands on them against days of the same place.

    Parameters
    ----------
    days : ndarray of int
        Positions of the days in the timeline.
    place : ndarray of int
        Place of each in its month.
    rank : ndarray
        Mid-rank of SOFR less the ceiling among the days of the same place, within (0, 1).
    score : ndarray
        The same difference in standard deviations from the mean of its place.
    windows : tuple of ndarray of int
        Candidates for an episode, as places in `days`: the turn of each month and its middle,
        and the three days after.
    """

    days: IntArray
    place: IntArray
    rank: FloatArray
    score: FloatArray
    windows: tuple[IntArray, ...]


def facility(time: Timeline, over_ceiling: FloatArray) -> Facility:
    """Return the SRF's open days with the ranks of SOFR less the ceiling (basis points)."""
    days = np.flatnonzero(time.bond & time.from_day(BEGINS))
    place, spread = time.place[days], over_ceiling[days]
    rank, score = np.empty(len(days)), np.empty(len(days))
    for kind in np.unique(place):
        here = np.flatnonzero(place == kind)
        values = spread[here]
        order = np.sort(values)
        below = np.searchsorted(order, values, side="left")
        upto = np.searchsorted(order, values, side="right")
        rank[here] = (below + upto) / 2.0 / len(values)
        score[here] = (values - values.mean()) / (values.std() or 1.0)
    return Facility(days, place, rank, score, _windows(place))


def _windows(place: IntArray) -> tuple[IntArray, ...]:
    turning = np.isin(place, [QUARTER_END, MONTH_END, LAST_DAYS, FIRST_DAYS])
    kind = np.where(turning, 2, np.where(place == MID_MONTH, 1, 0))
    runs = np.split(np.arange(len(kind)), np.flatnonzero(np.diff(kind)) + 1)
    return tuple(
        np.arange(run[0], min(run[-1] + 4, len(kind)))
        for run in runs
        if kind[run[0]] and len(run) > 1
    )


def draw(rng: np.random.Generator, days: int, windows: int) -> Draws:
    """Draw what is random about the choice of usage days."""
    return Draws(
        windows=rng.gumbel(size=windows),
        days=rng.gumbel(size=days),
        lengths=np.asarray(rng.permutation([2, 4, 5, 7, 8, 9]), dtype=np.int64),
    )


def usage_days(where: Facility, draws: Draws, strength: float) -> list[IntArray]:
    """Choose the usage days of each episode (places in ``where.days``), oldest first.

    Each window and each day has a logit: its calendar, and `strength` times its SOFR less the
    ceiling in standard deviations; with Gumbel noise the largest ones are a draw by it (the
    Gumbel-max form of a multinomial logit).
    """
    calendar = np.array([_CALENDAR[int(place)] for place in where.place])
    day_score = calendar + strength * where.score + draws.days
    window_score = [
        float(calendar[window].max() / 2.0 + strength * where.score[window].max()) + noise
        for window, noise in zip(where.windows, draws.windows, strict=True)
    ]
    chosen: list[IntArray] = []
    for best in np.argsort(window_score)[::-1]:
        window = where.windows[best]
        apart = all(
            window[0] - other[-1] > QUIET + 1 or other[0] - window[-1] > QUIET + 1
            for other in chosen
        )
        if apart:
            chosen.append(window)
        if len(chosen) == EPISODES:
            break
    chosen.sort(key=lambda window: int(window[0]))
    return [
        np.sort(window[np.argsort(day_score[window])[::-1][:length]])
        for window, length in zip(chosen, draws.lengths, strict=False)
    ]


def usage(
    time: Timeline,
    where: Facility,
    strength: float,
    rng: np.random.Generator,
) -> Usage:
    """Return the operations of every day.

    Parameters
    ----------
    time : Timeline
        The days.
    where : Facility
        The SRF's days.
    strength : float
        Size of the link B4: log-odds of usage per standard deviation; 0: no link.
    rng : Generator
        The SRF's stream.
    """
    n = len(time)
    draws = draw(rng, len(where.days), len(where.windows))
    size = np.exp(rng.normal(scale=0.7, size=len(where.days)))
    share = rng.beta(5.0, 3.0, size=n)
    trial = rng.random(n) < 0.02
    temporary = time.knots(_TEMPORARY) * np.exp(autoregressive(rng, n, 0.8, 0.25))
    total = np.where(trial & time.from_day(BEGINS), 0.01, 0.0)
    total = np.where(
        time.from_day(TEMPORARY_BEGAN) & ~time.from_day("2020-07-02"), temporary, total
    )
    episodes = usage_days(where, draws, strength)
    for days in episodes:
        median = np.array([_SIZES.get(int(place), _OTHER_SIZE) for place in where.place[days]])
        total[where.days[days]] = np.clip(median * size[days], THRESHOLD, _LARGEST)
    total = carried(np.asarray(np.round(total, 3), dtype=np.float64), time.bond)
    return Usage(
        total=total,
        treasury=carried(np.round(total * share, 3), time.bond),
        starts=np.array([where.days[days[0]] for days in episodes], dtype=np.int64),
    )


def expected_rank(
    where: Facility, strength: float, rng: np.random.Generator, redraws: int = 40
) -> float:
    """Return the mean rank of SOFR less the ceiling on usage days, less one half.

    The mean is over `redraws` other histories of the facility in the same repo market: the
    link's strength in the unit of the claim's estimate. 0 where there is no link.
    """
    if strength == 0.0:
        return 0.0
    windows = len(where.windows)
    means = []
    for _ in range(redraws):
        episodes = usage_days(where, draw(rng, len(where.days), windows), strength)
        means.append(float(where.rank[np.concatenate(episodes)].mean()))
    return float(np.mean(means)) - 0.5

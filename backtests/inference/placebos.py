"""Placebo dates: days like an event's in the calendar, without the event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    BoolArray,
    DayArray,
    IntArray,
    flags,
    ordered_days,
    positions_of,
    positive_int,
)
from backtests.inference.calendar_strata import (
    MonthPositions,
    Stratum,
    closes_quarter,
    month_positions,
    strata,
)

NEAR = 1


class CalendarClass(StrEnum):
    """Class of a business day, for matching placebo dates."""

    QUARTER_END = "quarter-end"
    MONTH_END = "month-end"
    MID_MONTH = "mid-month"
    OTHER = "other"


class Match(StrEnum):
    """How closely placebo dates match, from the closest level to the coarsest."""

    POSITION = "same class, within one business day of the same position"
    CLASS = "same class"
    HALF = "same half: turn of the month, or within it"
    ANY = "any business day"


@dataclass(frozen=True, slots=True)
class MatchedEvent:
    """An event day and the placebo days found for it.

    Attributes
    ----------
    day : datetime64[D]
        The event.
    placebos : tuple of datetime64[D]
        At most one a month, in time order.
    match : Match
        The level that had to be reached.
    """

    day: np.datetime64
    placebos: tuple[np.datetime64, ...]
    match: Match


def match_placebos(
    event_days: npt.ArrayLike,
    usage_days: npt.ArrayLike,
    business_days: npt.ArrayLike,
    *,
    candidates: npt.ArrayLike | None = None,
    clear_days: int = 20,
    at_least: int = 8,
) -> tuple[MatchedEvent, ...]:
    """Find placebo days of the same calendar class and position as each event day.

    Parameters
    ----------
    event_days : array_like of datetime64[D], shape (n,)
        Increasing; the first days of the episodes.
    usage_days : array_like of datetime64[D], shape (u,)
        Every day with usage, increasing.
    business_days : array_like of datetime64[D], shape (T,)
        Every business day of whole calendar months, increasing, holding events and usage.
    candidates : array_like of bool, shape (T,), optional
        Business days that may serve (with prices over the whole event window, of the right era).
    clear_days : int
        A placebo has no usage within this many calendar days, before or after.
    at_least : int
        Placebos wanted per event.

    Returns
    -------
    tuple of MatchedEvent
        One per event, in time order.

    Raises
    ------
    ValueError
        Fewer than `at_least` placebos even among all candidates; days out of order or unknown.

    Notes
    -----
    The turn of a month is its last three and the next month's first two business days; it is a
    quarter-end in March, June, September and December and a month-end otherwise. Mid-month is the
    first business day on or after the 15th and the next. Position is the distance to the month's
    last, or to its middle, business day. Placebos coarsen by `Match`, level by level, until there
    are enough. At each level every month (or turn of one) gives its nearest day only, since windows
    that begin a day apart are the same window.
    """
    positive_int(clear_days, "clear_days")
    positive_int(at_least, "at_least")
    calendar = ordered_days(business_days, "business_days")
    events = ordered_days(event_days, "event_days")
    usage = ordered_days(usage_days, "usage_days")
    free = _far_from(calendar, usage, clear_days)
    if candidates is not None:
        free &= flags(candidates, "candidates", length=len(calendar))
    places = _places(month_positions(calendar))
    rows = positions_of(events, calendar, "event_days", "business_days")
    return tuple(_matched(int(row), calendar, places, free, at_least) for row in rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    kind: npt.NDArray[np.object_]  # (T,) CalendarClass
    turn: BoolArray  # (T,) whether the day belongs to a turn of the month
    turn_key: IntArray  # (T,) the month whose end is the nearest
    from_turn: IntArray  # (T,) signed business days from that end
    month: IntArray  # (T,)
    from_middle: IntArray  # (T,)


def _places(positions: MonthPositions) -> _Places:
    after = positions.from_start < positions.from_end
    turn_key = positions.month - after
    from_turn = np.where(after, positions.from_start + 1, -positions.from_end)
    day_strata = strata(positions)
    turn = ~np.isin(day_strata, [Stratum.OTHER, Stratum.MID_MONTH])
    kind = np.empty(len(turn), dtype=object)
    kind[:] = CalendarClass.OTHER
    kind[day_strata == Stratum.MID_MONTH] = CalendarClass.MID_MONTH
    kind[turn] = CalendarClass.MONTH_END
    kind[turn & closes_quarter(turn_key)] = CalendarClass.QUARTER_END
    return _Places(kind, turn, turn_key, from_turn, positions.month, positions.from_middle)


def _matched(
    row: int, calendar: DayArray, places: _Places, free: BoolArray, at_least: int
) -> MatchedEvent:
    at_turn = bool(places.turn[row])
    key = places.turn_key if at_turn else places.month
    position = places.from_turn if at_turn else places.from_middle
    distance = np.abs(position - position[row])
    same_class = places.kind == places.kind[row]
    levels = {
        Match.POSITION: same_class & (distance <= NEAR),
        Match.CLASS: same_class,
        Match.HALF: places.turn == at_turn,
        Match.ANY: np.ones(len(free), dtype=np.bool_),
    }
    found = np.empty(0, dtype=np.intp)
    for match, allowed in levels.items():
        found = _nearest_of_each(key, distance, np.flatnonzero(allowed & free))
        if len(found) >= at_least:
            return MatchedEvent(calendar[row], tuple(calendar[found]), match)
    raise ValueError(
        f"event_days: only {len(found)} placebo days for {calendar[row]}, {at_least} are needed"
    )


def _nearest_of_each(key: IntArray, distance: IntArray, rows: IntArray) -> IntArray:
    """Return, in time order, the row of least distance for each key (the earlier when tied)."""
    order = rows[np.lexsort((rows, distance[rows], key[rows]))]
    _, first = np.unique(key[order], return_index=True)
    return np.sort(order[first])


def _far_from(calendar: DayArray, usage: DayArray, clear_days: int) -> BoolArray:
    """Return the days whose nearest usage day is more than `clear_days` calendar days away."""
    after = np.minimum(np.searchsorted(usage, calendar), len(usage) - 1)
    before = np.maximum(after - 1, 0)
    gaps = np.minimum(np.abs(usage[after] - calendar), np.abs(usage[before] - calendar))
    far: BoolArray = gaps > np.timedelta64(clear_days, "D")
    return far

"""Dated facts of the world, as they stood in the public at a moment.

The record itself is :mod:`data.chronicle`. Nothing in it may be used before it was known: the
functions here answer for a moment with what was known then. The end of a debt-limit episode or of
a shutdown is never known before it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.chronicle import (
    DEBT_LIMIT,
    ESSAY_PUBLISHED,
    EXECUTIVE_CLOSINGS,
    GROUPS,
    HALVINGS,
    QT,
    SHUTDOWNS,
    SRF_ERAS,
    Fact,
)
from data.errors import UnknownName

__all__ = [
    "DEBT_LIMIT",
    "ESSAY_PUBLISHED",
    "EXECUTIVE_CLOSINGS",
    "GROUPS",
    "HALVINGS",
    "NEW_YORK",
    "QT",
    "SHUTDOWNS",
    "SRF_ERAS",
    "TGA_TARGETS",
    "Fact",
    "TargetAnnouncement",
    "debt_limit_binding",
    "era",
    "facts",
    "in_force",
    "tga_target_observations",
    "value_in_force",
]

NEW_YORK = "America/New_York"
# What is announced in the course of a day counts as known from here, New York time: after the
# Fed's 14:00 and the Treasury's 15:00, before the decision at 00:00 UTC.
_KNOWN_BY = pd.Timedelta(hours=17)
_TARGETS_AT = pd.Timedelta(hours=15)


def facts(group: str) -> tuple[Fact, ...]:
    """Return one group of facts, oldest first.

    Raises
    ------
    UnknownName
        If there is no such group.
    """
    if group not in GROUPS:
        raise UnknownName("group of facts", group, GROUPS)
    return GROUPS[group]


def in_force(group: str, times: pd.DatetimeIndex) -> BoolArray:
    """Return for each moment whether a fact of the group was known to hold.

    Parameters
    ----------
    group : str
        A key of :data:`GROUPS`.
    times : DatetimeIndex
        Instants with a time zone, or naive New York days (read as: by the end of that day).

    Returns
    -------
    ndarray of bool, shape (len(times),)
        A fact counts from its start, or, if it was announced only on that day, from 17:00 New
        York time; and through its last day, since its end comes some time in that day.
    """
    return np.asarray(_latest(group, times) >= 0)


def value_in_force(group: str, times: pd.DatetimeIndex) -> FloatArray:
    """Return for each moment the value of the group's latest fact in force, NaN where none is.

    Parameters and the meaning of a moment are those of :func:`in_force`.
    """
    values = [np.nan if fact.value is None else fact.value for fact in facts(group)]
    return np.array([*values, np.nan])[_latest(group, times)]


def era(group: str, times: pd.DatetimeIndex) -> list[str | None]:
    """Return for each moment what the group's latest fact in force says, None where none is."""
    names = [fact.what for fact in facts(group)]
    return [names[at] if at >= 0 else None for at in _latest(group, times)]


def debt_limit_binding(times: pd.DatetimeIndex) -> BoolArray:
    """Return for each moment whether a debt limit was binding, as was known then.

    See :func:`in_force`; on the day a law lifts the limit it still counts as binding.
    """
    return in_force("debt_limit", times)


def _latest(group: str, times: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Position of the latest fact in force, -1 where there is none."""
    if times.tz is None:
        clock = times + (pd.Timedelta(days=1) - pd.Timedelta(microseconds=1))
    else:
        clock = times.tz_convert(NEW_YORK).tz_localize(None)
    found = np.full(len(times), -1)
    for at, fact in enumerate(facts(group)):
        holds = np.asarray(clock >= _begins(fact))
        if fact.end is not None:
            holds &= np.asarray(clock < pd.Timestamp(fact.end) + pd.Timedelta(days=1))
        found[holds] = at
    return found


def _begins(fact: Fact) -> pd.Timestamp:
    announced = pd.Timestamp(fact.announced) + _KNOWN_BY
    return max(pd.Timestamp(fact.start), announced)


@dataclass(frozen=True, slots=True)
class TargetAnnouncement:
    """Balance that the Treasury assumes for its account, announced once a quarter.

    Parameters
    ----------
    announced : date
        Public at 15:00 New York time on this day.
    this_quarter, next_quarter : float
        USD bn at the end of the quarter of the announcement and of the one after.
    """

    announced: date
    this_quarter: float
    next_quarter: float


def _target(day: str, this_quarter: float, next_quarter: float) -> TargetAnnouncement:
    return TargetAnnouncement(date.fromisoformat(day), this_quarter, next_quarter)


# Marketable borrowing estimates of the Treasury; after 2026-02-02 not on record.
TGA_TARGETS = (
    _target("2021-05-03", 800, 750),
    _target("2021-08-02", 750, 800),
    _target("2021-11-01", 650, 650),
    _target("2022-01-31", 650, 700),
    _target("2022-05-02", 800, 650),
    _target("2022-08-01", 650, 700),
    _target("2022-10-31", 700, 500),
    _target("2023-01-30", 500, 550),
    _target("2023-05-01", 550, 600),
    _target("2023-07-31", 650, 750),
    _target("2023-10-30", 750, 750),
    _target("2024-01-29", 750, 750),
    _target("2024-04-29", 750, 850),
    _target("2024-07-29", 850, 700),
    _target("2024-10-28", 700, 850),
    _target("2025-02-03", 850, 850),
    _target("2025-04-28", 850, 850),
    _target("2025-07-28", 850, 850),
    _target("2025-11-03", 850, 850),
    _target("2026-02-02", 850, 900),
)


def tga_target_observations() -> pd.DataFrame:
    """Return the announced targets of the Treasury's account as observations.

    Returns
    -------
    DataFrame
        ``series`` (``"tga_target"``), ``ref_date`` (the quarter-end a target is for), ``value``
        (USD bn), ``known_at`` (UTC: 15:00 New York time on the day of the announcement),
        ``known_by`` and ``source``; by ``known_at``, then ``ref_date``. Two rows an announcement:
        most quarter-ends are announced twice, and the second row revises the first.
    """
    announced = pd.DatetimeIndex([target.announced for target in TGA_TARGETS]).as_unit("us")
    known_at = (announced + _TARGETS_AT).tz_localize(NEW_YORK).tz_convert("UTC")
    quarter = announced.to_period("Q")
    rows = []
    for ahead, values in (
        (0, [target.this_quarter for target in TGA_TARGETS]),
        (1, [target.next_quarter for target in TGA_TARGETS]),
    ):
        ends = pd.DatetimeIndex((quarter + ahead).end_time.normalize().as_unit("us"))
        rows.append(
            pd.DataFrame(
                {
                    "series": "tga_target",
                    "ref_date": ends,
                    "value": np.array(values, dtype=float),
                    "known_at": known_at,
                    "known_by": "rule",
                    "source": "treasury:marketable_borrowing_estimates",
                }
            )
        )
    return pd.concat(rows).sort_values(["known_at", "ref_date"], ignore_index=True)

"""What every answer is held to before it leaves a source.

Nothing here repairs a figure. Rows are put in order, the same row twice is used once, and
whatever cannot be right, or looks like another unit, is refused with the answer's first line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.calendars import open_days
from data.catalogue import SeriesSpec
from data.errors import BadTable, UnexpectedAnswer
from data.facts import NEW_YORK
from data.release import known_at
from data.sources.base import Problem
from data.sources.web import Page

# Balances that go from nothing to hundreds of billions in a day: a ratio says nothing of a unit.
SWINGING = frozenset(
    {
        "srf",
        "srf_morning",
        "srf_afternoon",
        "srf_treasury",
        "srf_mbs",
        "rrp",
        "fed_repos",
        "fed_primary_credit",
        "fed_btfp",
    }
)
# Beyond these a figure cannot be in its unit. The largest balance is the debt (about 40,000
# billion), the largest facility was the reverse repo (2,554).
LARGEST: Mapping[str, float] = {"percent": 50.0, "USD bn": 200_000.0, "index": 100_000.0}
LARGEST_FACILITY = 10_000.0
# Units are a thousand apart, so a change of unit is a jump of three or six decades. The largest
# true jump of a series that does not swing is 2.2 decades (deficits of two months).
_JUMPS = ((2.6, 3.4), (5.6, 6.4))
# Figures are given this long after their scheduled release before they count as missing.
GRACE = pd.Timedelta(days=3)
# More gaps than this are told in one line.
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of one series in order.

    Parameters
    ----------
    values : Series indexed by ref_date
        Figures that have a value, each day once, ascending.
    published : DatetimeIndex
        Days for which there is a row at all: publishers give holidays rows without a value.
    problems : tuple of Problem
        Rows that came twice.
    """

    values: pd.Series[float]
    published: pd.DatetimeIndex
    problems: tuple[Problem, ...] = ()


def in_order(spec: SeriesSpec, rows: Iterable[tuple[pd.Timestamp, float]], page: Page) -> Figures:
    """Sort rows by day and drop repetitions.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    rows : iterable of (day, value)
        As the publisher stamps and scales them; NaN where the publisher gives none.
    page : Page
        Where they come from.

    Raises
    ------
    UnexpectedAnswer
        If one day stands there with two values.
    """
    listed = list(rows)
    stamps = pd.DatetimeIndex([day for day, _ in listed], dtype="datetime64[us]")
    table = pd.DataFrame({"day": stamps, "value": [float(value) for _, value in listed]})
    distinct = table.drop_duplicates()
    twice = distinct[distinct["day"].duplicated(keep=False)].sort_values("day", kind="stable")
    if len(twice):
        day = twice["day"].iloc[0]
        first, second = twice.loc[twice["day"] == day, "value"].iloc[:2]
        raise page.unexpected(
            f"one value of {spec.id!r} for {day:%Y-%m-%d}, not both {first:g} and {second:g}"
        )
    problems: tuple[Problem, ...] = ()
    if repeated := len(table) - len(distinct):
        text = f"{repeated} rows came twice with the same value and were used once"
        problems = (Problem("repeated", spec.id, text),)
    distinct = distinct.sort_values("day")
    published = _period_ends(spec, pd.DatetimeIndex(distinct["day"]), page)
    values = pd.Series(distinct["value"].to_numpy(), index=published, name=spec.id)
    return Figures(values.dropna(), published, problems)


def _period_ends(spec: SeriesSpec, days: pd.DatetimeIndex, page: Page) -> pd.DatetimeIndex:
    try:
        return spec.to_period_end(days)
    except BadTable as error:
        found = str(error)
    raise page.unexpected(f"days as the publisher stamps them ({found})")


def plausible(spec: SeriesSpec, values: pd.Series[float], page: Page, now: pd.Timestamp) -> None:
    """Refuse figures that cannot be what the catalogue says they are.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    values : Series indexed by ref_date
        In the catalogue's unit, ascending.
    page : Page
        Where they come from.
    now : Timestamp
        UTC: figures about days to come are refused, but for rates announced beforehand.

    Raises
    ------
    UnexpectedAnswer
        For the first figure out of its unit's range, a jump by a factor of about 10^3 or 10^6
        against its neighbour, or a day that has not come.
    """
    facility = spec.id in SWINGING
    largest = LARGEST_FACILITY if facility else LARGEST[spec.unit]
    lowest = 0.0 if facility or spec.unit == "index" else -largest
    bad = values[(values > largest) | (values < lowest) | ~np.isfinite(values)]
    if len(bad):
        raise page.unexpected(
            f"{spec.id!r} in {spec.unit}, {_day(bad.index[0])}: {bad.iloc[0]:.10g} cannot be that"
        )
    if (jump := unit_jump(spec, values)) is not None:
        raise page.unexpected(jump)
    today = now.tz_convert(NEW_YORK).tz_localize(None).normalize()
    ahead = values[values.index > today]
    if len(ahead) and spec.release.counted != "calendar_days":
        raise page.unexpected(f"{spec.id!r} up to {_day(today)}, not {_day(ahead.index[0])}")


def unit_jump(spec: SeriesSpec, values: pd.Series[float]) -> str | None:
    """Return what looks like a change of unit within a series, None where nothing does.

    Parameters
    ----------
    spec : SeriesSpec
        The series; balances that swing between nothing and hundreds of billions are let pass.
    values : Series indexed by ref_date
        Ascending; zeros and signs are left aside.
    """
    if spec.id in SWINGING or spec.kind == "flow":
        return None
    sizes = values[values != 0].abs()
    decades = np.abs(np.diff(np.log10(sizes.to_numpy(dtype=float))))
    found = np.flatnonzero(np.any([(decades > a) & (decades < b) for a, b in _JUMPS], axis=0))
    if not len(found):
        return None
    before, after = int(found[0]), int(found[0]) + 1
    return (
        f"{spec.id!r} without a jump of about 10^{round(decades[before])}, "
        f"{sizes.iloc[before]:.10g} on {_day(sizes.index[before])} and "
        f"{sizes.iloc[after]:.10g} on {_day(sizes.index[after])}: another unit?"
    )


def unit_change(
    spec: SeriesSpec, stored: pd.Series[float], offered: pd.Series[float]
) -> str | None:
    """Return what looks like a change of unit between two tellings of the same days.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    stored, offered : Series indexed by ref_date
        What was known and what is offered now; days in both are compared.

    Returns
    -------
    str or None
        None where the typical ratio of the two is not about 10^3 or 10^6 either way.
    """
    both = pd.DataFrame({"stored": stored, "offered": offered}).dropna()
    both = both[(both != 0).all(axis=1)]
    if both.empty:
        return None
    ratio = float(np.median(np.log10((both["offered"] / both["stored"]).abs())))
    if not any(a < abs(ratio) < b for a, b in _JUMPS):
        return None
    day = both.index[-1]
    return (
        f"{spec.id!r}, {_day(day)}: {both['offered'].iloc[-1]:.10g} where "
        f"{both['stored'].iloc[-1]:.10g} was known, a factor of about 10^{round(ratio)}: "
        "another unit?"
    )


def refuse_unit_change(
    spec: SeriesSpec, stored: pd.Series[float], offered: pd.Series[float], label: str
) -> None:
    """Raise :class:`UnexpectedAnswer` where :func:`unit_change` finds something."""
    if (found := unit_change(spec, stored, offered)) is not None:
        raise UnexpectedAnswer(f"{label}: {found} Look it up and add a Scale to the catalogue")


def missing(
    spec: SeriesSpec,
    published: pd.DatetimeIndex,
    first: date,
    now: pd.Timestamp,
    last: date | None = None,
) -> tuple[Problem, ...]:
    """List the days that should have a figure by now and have no row.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    published : DatetimeIndex
        Days (period ends) that have a row, with a value or expressly without.
    first, last : date
        Days between which rows were asked for; None: up to now.
    now : Timestamp
        UTC; what was due less than :data:`GRACE` ago is not missed yet.

    Returns
    -------
    tuple of Problem
        One ``gap`` for each run of missing days; one for all of them if there are many.
    """
    due = expected(spec, first, now - GRACE)
    if last is not None:
        due = due[due <= pd.Timestamp(last)]
    if spec.period == "tuesday":
        # Positions of a week whose Tuesday is a holiday are those of its Monday.
        absent = ~due.to_period("W").isin(published.to_period("W"))
    else:
        absent = ~due.isin(published)
    positions = np.flatnonzero(absent)
    if not len(positions):
        return ()
    runs = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    if len(runs) > _LISTED:
        begin, end = due[positions[0]], due[positions[-1]]
        text = f"{len(positions)} days in {len(runs)} spans from {_day(begin)} to {_day(end)}"
        return (Problem("gap", spec.id, f"the publisher has no figure for {text}", begin, end),)
    return tuple(_gap(spec, due[run[0]], due[run[-1]], len(run)) for run in runs)


def _gap(spec: SeriesSpec, begin: pd.Timestamp, end: pd.Timestamp, days: int) -> Problem:
    span = _day(begin) if days == 1 else f"{_day(begin)} to {_day(end)} ({days} days)"
    return Problem("gap", spec.id, f"the publisher has no figure for {span}", begin, end)


def expected(spec: SeriesSpec, first: date, now: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the days from `first` on whose figures are public by `now` (UTC), by the catalogue."""
    today = now.tz_convert(NEW_YORK).tz_localize(None).normalize()
    begin = max(pd.Timestamp(first), pd.Timestamp(spec.first or first))
    end = min(today, pd.Timestamp(spec.last)) if spec.last else today
    if begin > end or spec.release.counted == "announcement":
        return pd.DatetimeIndex([], dtype="datetime64[us]")
    if spec.period == "day":
        days = open_days(spec.observed, begin, end)
    else:
        frequency = {
            "calendar_day": "D",
            "tuesday": "W-TUE",
            "wednesday": "W-WED",
            "month": "ME",
            "quarter": "QE",
        }[spec.period]
        days = pd.date_range(begin, end, freq=frequency, unit="us")
    return days[known_at(spec, days) <= now] if len(days) else days


def _day(stamp: object) -> str:
    return f"{pd.Timestamp(str(stamp)):%Y-%m-%d}"

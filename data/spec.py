"""What the catalogue says about one series: its unit, its release rule, its traps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from data.errors import BadConfig, BadTable, UnexpectedAnswer

CalendarName: TypeAlias = Literal["bank", "government", "bond", "every_day"]
Counted: TypeAlias = Literal[
    "open_days", "calendar_days", "weekday", "month_day", "month_open_day", "announcement"
]
Kind: TypeAlias = Literal["balance", "rate", "count", "index", "flow"]
Period: TypeAlias = Literal["day", "calendar_day", "tuesday", "wednesday", "month", "quarter"]

UNITS = ("USD bn", "percent", "index")
_SOURCE = re.compile(r"[a-z_]+:\S+")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _choose(owner: str, field: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise BadConfig(
            f"{owner}: {field} = {value!r} is not one of {', '.join(map(str, allowed))}"
        )


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """When a figure becomes public, in New York's local time.

    Parameters
    ----------
    calendar : {"bank", "government", "bond", "every_day"}
        The days on which the publisher publishes (:mod:`data.calendars`).
    lag_days : int
        What is counted from the period, see `counted`.
    at : str
        New York wall clock, ``"HH:MM"``; daylight saving moves the UTC instant, never this.
    margin_minutes : int
        Added to the scheduled time: later is safe, earlier is look-ahead.
    counted : str
        ``open_days``: `lag_days` open days after the reference day (0: that day itself).
        ``calendar_days``: calendar days after it; negative for rates announced beforehand.
        ``weekday``: the first `weekday` at least `lag_days` calendar days after it, then the next
        open day. ``month_day``: day `lag_days` of the month (its last day where it is shorter)
        `months` after the period's, then the next open day. ``month_open_day``: the
        `lag_days`-th open day of that month. ``announcement``: by a dated table of announcements.
    months : int
        Months after the period's end, for the two monthly forms.
    weekday : int, optional
        Monday is 0.
    september_day : int, optional
        The day of October on which September's figure comes, where the fiscal year's last
        statement is late.
    exceptions : str, optional
        Name of the dated exceptions of :data:`data.slips.EXCEPTIONS`.

    Raises
    ------
    BadConfig
        If a field is out of its range or belongs to another way of counting.
    """

    calendar: CalendarName
    lag_days: int
    at: str
    margin_minutes: int = 0
    counted: Counted = "open_days"
    months: int = 0
    weekday: int | None = None
    september_day: int | None = None
    exceptions: str | None = None

    def __post_init__(self) -> None:
        _choose("release rule", "calendar", self.calendar, get_args(CalendarName))
        _choose("release rule", "counted", self.counted, get_args(Counted))
        if not _CLOCK.fullmatch(self.at):
            raise BadConfig(f"release rule: at = {self.at!r} is not a time of day like '16:30'")
        if self.margin_minutes < 0:
            raise BadConfig(f"release rule: margin_minutes = {self.margin_minutes} is negative")
        if (self.weekday is None) != (self.counted != "weekday"):
            raise BadConfig(f"release rule: weekday = {self.weekday} with counted {self.counted!r}")
        if self.weekday is not None and self.weekday not in range(5):
            raise BadConfig(f"release rule: weekday = {self.weekday} is not Monday (0) to Friday")
        monthly = self.counted in ("month_day", "month_open_day")
        if (self.months > 0) != monthly:
            raise BadConfig(f"release rule: months = {self.months} with counted {self.counted!r}")
        if self.counted != "calendar_days" and self.lag_days < (1 if monthly else 0):
            raise BadConfig(f"release rule: lag_days = {self.lag_days} with {self.counted!r}")


@dataclass(frozen=True, slots=True)
class Scale:
    """How one source's figures become the catalogue's unit.

    Parameters
    ----------
    source : str
        One of the series' `sources`.
    factor : float
        The source's figure times this is the figure in the catalogue's unit.
    vintages_from, vintages_until : date, optional
        The vintages for which this is known; None: no bound.
    """

    source: str
    factor: float
    vintages_from: date | None = None
    vintages_until: date | None = None


@dataclass(frozen=True, slots=True)
class SeriesSpec:
    """One series of the catalogue.

    Parameters
    ----------
    id : str
        The catalogue's id.
    title : str
        What the figure is, in words.
    unit : {"USD bn", "percent", "index"}
        Unit of every stored value.
    release : ReleaseRule
        When a figure becomes public.
    max_age_days : int
        A value older than this (decision time minus ``ref_date``) is stale.
    kind : {"balance", "rate", "count", "index", "flow"}
        How gaps are read: a balance holds until the next figure, a rate or count does not.
    period : {"day", "calendar_day", "tuesday", "wednesday", "month", "quarter"}
        What one figure is about; ``ref_date`` is that day or the last day of the period.
    sources : tuple of str
        Where it can be had, ``publisher:id``, best first.
    revised : bool
        Whether the history is restated, so that only vintages show what was known.
    observed : {"bank", "government", "bond", "every_day"}
        The days that daily figures are about.
    stamped : {"end", "start"}
        Which end of the period the publishers' date names.
    zero_before : date, optional
        Before this day the figure was zero, not missing.
    first, last : date, optional
        First day the publisher has a figure about, where that was looked up, and last day, where
        the series has ended.
    scales : tuple of Scale
        Units of the sources, where they are not the catalogue's.
    notes : str
        Eras and traps.

    Raises
    ------
    BadConfig
        If a field is out of its range.
    """

    id: str
    title: str
    unit: str
    release: ReleaseRule
    max_age_days: int
    kind: Kind
    period: Period
    sources: tuple[str, ...]
    revised: bool = False
    observed: CalendarName = "bank"
    stamped: Literal["end", "start"] = "end"
    zero_before: date | None = None
    first: date | None = None
    last: date | None = None
    scales: tuple[Scale, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        name = f"series {self.id!r}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.id):
            raise BadConfig(f"{name}: an id is lower case letters, digits and underscores")
        _choose(name, "unit", self.unit, UNITS)
        _choose(name, "kind", self.kind, get_args(Kind))
        _choose(name, "period", self.period, get_args(Period))
        _choose(name, "observed", self.observed, get_args(CalendarName))
        _choose(name, "stamped", self.stamped, ("end", "start"))
        if self.max_age_days <= 0:
            raise BadConfig(f"{name}: max_age_days = {self.max_age_days} is not positive")
        if self.stamped == "start" and self.period not in ("month", "quarter"):
            raise BadConfig(f"{name}: a {self.period} has one date, not a start")
        if not self.sources or not all(_SOURCE.fullmatch(source) for source in self.sources):
            raise BadConfig(f"{name}: sources = {self.sources!r} are not like 'fred:SOFR'")
        strange = [scale.source for scale in self.scales if scale.source not in self.sources]
        if strange:
            raise BadConfig(f"{name}: a scale for {strange[0]!r}, which is not among its sources")

    def to_period_end(self, stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Move the publisher's dates to the last day of the period they are about.

        Parameters
        ----------
        stamps : DatetimeIndex
            Naive days as published.

        Returns
        -------
        DatetimeIndex
            ``ref_date``: the same days for series stamped at the end (a daily figure included),
            else the last day of the month or quarter that begins on the stamp.

        Raises
        ------
        BadTable
            If a stamp is not the first day of a period, where the publisher stamps starts.
        """
        if self.stamped == "end":
            return stamps
        span = "Q" if self.period == "quarter" else "M"
        periods = stamps.to_period(span)
        off = np.flatnonzero(stamps != periods.start_time)
        if len(off):
            raise BadTable(
                f"series {self.id!r}, {stamps[off[0]]:%Y-%m-%d}: the publisher stamps the first "
                f"day of a {self.period}: give that, the loader moves it to the period's end"
            )
        return pd.DatetimeIndex(periods.end_time.normalize().as_unit("us"))

    def to_publisher_stamp(self, ref_dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Move ``ref_date`` back to the publisher's date: undoes :meth:`to_period_end`."""
        if self.stamped == "end":
            return ref_dates
        periods = ref_dates.to_period("Q" if self.period == "quarter" else "M")
        return pd.DatetimeIndex(periods.start_time.as_unit("us"))

    def scale(self, source: str, vintage: date | None = None) -> float:
        """Return the factor that turns a source's figure into the catalogue's unit.

        Parameters
        ----------
        source : str
            One of `sources`.
        vintage : date, optional
            The day the source's table was current; None: today's form.

        Raises
        ------
        BadConfig
            If the series does not come from that source.
        UnexpectedAnswer
            If the unit of that vintage is not on record: it is never guessed from the numbers.
        """
        if source not in self.sources:
            raise BadConfig(f"series {self.id!r} does not come from {source!r}")
        known = [scale for scale in self.scales if scale.source == source]
        day = vintage or date.max
        for scale in known:
            if (scale.vintages_from or date.min) <= day <= (scale.vintages_until or date.max):
                return scale.factor
        if not known:
            return 1.0
        raise UnexpectedAnswer(
            f"series {self.id!r}: the unit of {source!r} in the vintage of {day} is not on record: "
            "look it up and add a Scale to the catalogue"
        )

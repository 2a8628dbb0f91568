"""What the data are: ages, gaps, sources, and the release rules that mattered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backtests.report.wording import NONE, ordinal, plural
from data.catalogue import series as series_spec
from data.spec import SeriesSpec
from data.status import MarketStatus, SeriesStatus

ABOUT = {
    "day": "day",
    "calendar_day": "day",
    "tuesday": "Tuesday",
    "wednesday": "Wednesday",
    "month": "month end",
    "quarter": "quarter end",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@dataclass(frozen=True, slots=True)
class Source:
    """One series as the report lists it."""

    status: SeriesStatus
    title: str
    about: str
    rule: str
    used: bool

    @property
    def gaps(self) -> str:
        """Its gaps in a few words."""
        return self.status.gap_text or NONE


def release_rule(spec: SeriesSpec) -> str:
    """Return a series' release rule in words, New York time."""
    rule = spec.release
    if rule.counted == "announcement":
        return f"announced, dated; {rule.at}"
    clock = rule.at + (f" + {rule.margin_minutes} min" if rule.margin_minutes else "")
    return f"{_when(spec)}, {clock}"


def _when(spec: SeriesSpec) -> str:
    rule = spec.release
    days = rule.lag_days
    if rule.counted == "open_days":
        if days == 0:
            return "same day"
        calendar = rule.calendar.replace("_", " ")
        return f"next {calendar} day" if days == 1 else f"{days} {calendar} days later"
    if rule.counted == "calendar_days":
        if days < 0:
            return f"announced {plural(-days, 'day')} before"
        return "same day" if days == 0 else f"{plural(days, 'day')} later"
    if rule.counted == "weekday":
        assert rule.weekday is not None  # the rule's own check
        return f"{WEEKDAYS[rule.weekday]} after, or next open day"
    month = "next month" if rule.months == 1 else f"{ordinal(rule.months)} month after"
    if rule.counted == "month_open_day":
        return f"{ordinal(days)} open day of the {month}"
    return f"{ordinal(days)} of the {month}, or next open day"


def sources(statuses: Iterable[SeriesStatus], used: Iterable[str]) -> tuple[Source, ...]:
    """Return every series with its release rule, those that mattered first.

    Parameters
    ----------
    statuses : iterable of SeriesStatus
        What the snapshot holds.
    used : iterable of str
        Series that a claim or the headline rule reads.
    """
    wanted = set(used)
    found = [
        Source(
            status=status,
            title=series_spec(status.series).title,
            about=ABOUT[series_spec(status.series).period],
            rule=release_rule(series_spec(status.series)),
            used=status.series in wanted,
        )
        for status in statuses
    ]
    return tuple(sorted(found, key=lambda source: (not source.used, source.status.series)))


def remarkable(markets: Iterable[MarketStatus]) -> tuple[MarketStatus, ...]:
    """Return the markets that are stale, delisted or have gaps."""
    return tuple(market for market in markets if market.state != "fresh" or market.gaps)

"""When a figure became public: the clock.

``known_at`` is the first moment at which a trader could have had a figure by its publisher's
schedule: open days on the publisher's calendar, New York wall-clock time (so that daylight saving
moves the UTC instant), a safety margin, and the dated slips of :mod:`data.slips`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from data.calendars import next_open, open_days
from data.errors import BadConfig, BadTable, DataError
from data.facts import NEW_YORK, tga_target_observations
from data.slips import EXCEPTIONS, Exceptions
from data.spec import ReleaseRule, SeriesSpec

_DAY = pd.Timedelta(days=1)
_NONE = Exceptions()
# The longest backlog (national accounts after the shutdown of 2025) took seven months.
BACKLOG = 300 * _DAY
_FREQUENCY = {
    "calendar_day": "D",
    "tuesday": "W-TUE",
    "wednesday": "W-WED",
    "month": "ME",
    "quarter": "QE",
}


def known_at(spec: SeriesSpec, ref_dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return when each figure of a series became public.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    ref_dates : DatetimeIndex
        Naive days, in any order, repeats allowed: the day or the **last** day of the period each
        figure is about (:meth:`SeriesSpec.to_period_end`).

    Returns
    -------
    DatetimeIndex
        UTC instants in microseconds, one for each reference date, in the same order. For
        `tga_target`, whose quarter-ends are announced twice, the later announcement.

    Raises
    ------
    BadTable
        If a reference date is missing, has a time of day or a time zone, or is not the end of a
        month or quarter where the series is about one.
    """
    days = _checked(spec, ref_dates)
    if spec.release.counted == "announcement":
        return _announcements(spec, days)
    exceptions = _exceptions(spec.release)
    local = _apply_windows(_release_days(spec.release, days), exceptions)
    local = local + _clock(spec.release)
    if exceptions.dated:
        dated = pd.Series(
            pd.DatetimeIndex(list(exceptions.dated.values())).as_unit("us"),
            index=pd.DatetimeIndex(list(exceptions.dated)).as_unit("us"),
        )
        local = local.where(~days.isin(dated.index), pd.DatetimeIndex(dated.reindex(days)))
    return local.tz_localize(NEW_YORK).tz_convert("UTC")


def next_release(spec: SeriesSpec, after: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first release of a series strictly after a moment.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    after : Timestamp
        An instant with a time zone.

    Returns
    -------
    tuple of (Timestamp, Timestamp)
        The reference date (naive) and the instant (UTC). Where several figures come together,
        the latest of them.

    Raises
    ------
    BadConfig
        If `after` has no time zone.
    DataError
        If no later release is on record: for `tga_target` after the last announcement, and for
        a series that has ended.

    Notes
    -----
    Dated slips count as they happened, also for a moment at which they were not yet known: the
    answer says when a figure came, not when it was then expected.
    """
    if after.tzinfo is None:
        raise BadConfig(f"after = {after} is an instant without a time zone: give UTC")
    after = after.tz_convert("UTC")
    if spec.release.counted == "announcement":
        rows = tga_target_observations()
        dates = pd.DatetimeIndex(rows["ref_date"])
        instants = pd.DatetimeIndex(rows["known_at"])
    else:
        dates = _candidates(spec, after)
        instants = known_at(spec, dates)
    coming = instants > after
    if not coming.any():
        raise DataError(
            f"series {spec.id!r}: no release after {after:%Y-%m-%d %H:%M} UTC is on record: "
            + (
                f"the series ended on {spec.last}"
                if spec.last
                else "add the announcement to data/facts.py"
            )
        )
    first = instants[coming].min()
    return dates[instants == first].max(), first


def reference_dates(spec: SeriesSpec, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the days or period ends (naive) from `first` to `last` that a series is about."""
    if spec.last is not None:
        last = min(last, pd.Timestamp(spec.last))
    if spec.period == "day":
        return open_days(spec.observed, first, last)
    return pd.date_range(first, last, freq=_FREQUENCY[spec.period], unit="us")


def _candidates(spec: SeriesSpec, after: pd.Timestamp) -> pd.DatetimeIndex:
    today = after.tz_localize(None).normalize()
    return reference_dates(spec, today - BACKLOG, today + BACKLOG)


def _checked(spec: SeriesSpec, ref_dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    if ref_dates.tz is not None:
        raise BadTable(f"series {spec.id!r}: reference dates are days, without a time zone")
    days = ref_dates.as_unit("us")
    if days.hasnans:
        raise BadTable(f"series {spec.id!r}: a reference date is missing")
    moments = days.to_numpy()
    wrong = np.flatnonzero(moments != moments.astype("datetime64[D]"))
    if len(wrong):
        raise BadTable(f"series {spec.id!r}, {days[wrong[0]]}: a reference date is a whole day")
    if spec.period not in ("month", "quarter"):
        return days
    ends = days.is_month_end if spec.period == "month" else days.is_quarter_end
    if not ends.all():
        first = days[~ends][0]
        raise BadTable(
            f"series {spec.id!r}, {first:%Y-%m-%d}: not the last day of a {spec.period}: "
            "move the publisher's stamps with SeriesSpec.to_period_end"
        )
    return days


def _exceptions(rule: ReleaseRule) -> Exceptions:
    if rule.exceptions is None:
        return _NONE
    if rule.exceptions not in EXCEPTIONS:
        raise BadConfig(f"release rule: exceptions = {rule.exceptions!r} is not in data/slips.py")
    return EXCEPTIONS[rule.exceptions]


def _clock(rule: ReleaseRule) -> pd.Timedelta:
    return pd.Timedelta(f"{rule.at}:00") + pd.Timedelta(minutes=rule.margin_minutes)


def _release_days(rule: ReleaseRule, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Local days of release by the rule alone."""
    if rule.counted == "open_days":
        return next_open(days, rule.lag_days, rule.calendar)
    if rule.counted == "calendar_days":
        return days + rule.lag_days * _DAY
    if rule.counted == "weekday":
        earliest = days + rule.lag_days * _DAY
        wait = (rule.weekday - earliest.day_of_week) % 7  # type: ignore[operator]
        return next_open(earliest + pd.to_timedelta(wait, unit="D"), 0, rule.calendar)
    month = days.to_period("M") + rule.months
    first = pd.DatetimeIndex(month.start_time.as_unit("us"))
    if rule.counted == "month_open_day":
        release = next_open(first - _DAY, rule.lag_days, rule.calendar)
        if rule.september_day is None:
            return release
        late = next_open(first + (rule.september_day - 1) * _DAY, 0, rule.calendar)
        return release.where(days.month != 9, late)
    day = np.minimum(rule.lag_days, month.days_in_month)
    return next_open(first + pd.to_timedelta(day - 1, unit="D"), 0, rule.calendar)


def _apply_windows(release: pd.DatetimeIndex, exceptions: Exceptions) -> pd.DatetimeIndex:
    for window in exceptions.windows:
        first, again = pd.Timestamp(window.first), pd.Timestamp(window.normal_again)
        release = release.where(~((release >= first) & (release <= again)), again)
    return release


@lru_cache(maxsize=1)
def _last_announcement() -> pd.Series[pd.Timestamp]:
    return tga_target_observations().groupby("ref_date")["known_at"].max()


def _announcements(spec: SeriesSpec, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    found = _last_announcement().reindex(days)
    if found.isna().any():
        missing = found.index[found.isna()][0]
        raise BadTable(
            f"series {spec.id!r}, {missing:%Y-%m-%d}: no announcement for that quarter-end is on "
            "record: add it to data/facts.py"
        )
    return pd.DatetimeIndex(found)

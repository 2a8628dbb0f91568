"""What successive vintages of a series tell: first prints, revisions, and when each was public."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.catalogue import SERIES, SeriesSpec
from data.facts import NEW_YORK
from data.release import known_at
from data.sources.base import nothing, observations
from data.sources.checks import unit_change
from data.sources.fred_csv import fred_ids
from data.sources.web import Page

# FRED collects no vintages of these, or they say nothing: announced rates are on FRED a day late,
# stock indices are licensed and never revised.
_WITHOUT = frozenset({"ff_upper", "ff_lower", "iorb", "ioer", "sp500", "vix"})
VINTAGED: tuple[str, ...] = tuple(name for name in fred_ids() if name not in _WITHOUT)

# A figure that first appears this long after its release was scheduled was not printed then: the
# archive of the series begins there.
LATE = pd.Timedelta(days=10)


def release_days(spec: SeriesSpec, ref_dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the New York day on which each figure is public by the release rule, naive."""
    return known_at(spec, ref_dates).tz_convert(NEW_YORK).tz_localize(None).normalize()


def public_at(
    spec: SeriesSpec, ref_dates: pd.DatetimeIndex, vintages: pd.DatetimeIndex
) -> pd.DatetimeIndex:
    """Return when figures that a vintage proves were public.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    ref_dates : DatetimeIndex
        What each figure is about.
    vintages : DatetimeIndex
        Naive day on which each stood in the archive for the first time, of the same length.

    Returns
    -------
    DatetimeIndex
        UTC. An archive knows days, not hours: where the day is the scheduled one, the release
        rule's instant, else the rule's time of day on the archive's day.
    """
    rule = known_at(spec, ref_dates)
    clock = pd.Timedelta(f"{spec.release.at}:00") + pd.Timedelta(
        minutes=spec.release.margin_minutes
    )
    at = (vintages.as_unit("us") + clock).tz_localize(NEW_YORK).tz_convert("UTC")
    as_scheduled = np.asarray(release_days(spec, ref_dates) == vintages)
    return pd.DatetimeIndex(rule.where(as_scheduled, at)).as_unit("us")


def prints(spec: SeriesSpec, told: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return first prints and revisions as observations.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    told : DataFrame
        ``ref_date``, ``vintage`` (naive days), ``value`` (in the catalogue's unit) and ``old``:
        True where the vintage is the first one looked at and so does not show when the figure
        was printed. A vintage may tell a figure again that it did not change.
    source : str
        ``publisher:id``.

    Returns
    -------
    DataFrame
        Columns of the table ``observations``: for each figure its value and each change of it
        with the instant at which it was public; what is `old` is compared with, not returned.
    """
    told = told.dropna(subset=["value"]).sort_values(["ref_date", "vintage"], kind="stable")
    if told.empty:
        return nothing("observations")
    before = told.groupby("ref_date")["value"].shift()
    news = told[(told["value"] != before) & ~told["old"].astype(bool)]
    values = pd.Series(news["value"].to_numpy(), index=pd.DatetimeIndex(news["ref_date"]))
    known = public_at(spec, pd.DatetimeIndex(news["ref_date"]), pd.DatetimeIndex(news["vintage"]))
    return observations(spec.id, values, source, known)


def refuse_unit_breaks(spec: SeriesSpec, told: pd.DataFrame, page: Page) -> None:
    """Refuse a vintage that restates the figures by a factor of about 10^3 or 10^6.

    Parameters
    ----------
    spec : SeriesSpec
        The series.
    told : DataFrame
        As for :func:`prints`.
    page : Page
        Where it comes from.

    Raises
    ------
    UnexpectedAnswer
        For the first such vintage: its unit is not the one on record.
    """
    told = told[told["value"] != 0].sort_values(["ref_date", "vintage"], kind="stable")
    before = told.groupby("ref_date")["value"].shift()
    table = told.assign(before=before).dropna(subset=["before", "value"])
    for vintage, rows in table.groupby("vintage"):
        stood = pd.Series(rows["before"].to_numpy(), index=rows["ref_date"])
        stands = pd.Series(rows["value"].to_numpy(), index=rows["ref_date"])
        if (found := unit_change(spec, stood, stands)) is not None:
            raise page.unexpected(f"the unit on record in the vintage of {vintage}: {found}")


def printed_long_after(
    spec: SeriesSpec, ref_dates: pd.DatetimeIndex, vintages: pd.DatetimeIndex
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each figure stands in its vintage more than :data:`LATE` after its release."""
    return np.asarray(release_days(spec, ref_dates) + LATE < vintages)


assert set(VINTAGED) <= set(SERIES)

"""The catalogue: every series the project knows, by id."""

from __future__ import annotations

from collections.abc import Mapping

from data.errors import UnknownName
from data.series import TABLE
from data.spec import CalendarName, ReleaseRule, Scale, SeriesSpec

__all__ = ["SERIES", "CalendarName", "ReleaseRule", "Scale", "SeriesSpec", "series"]

SERIES: Mapping[str, SeriesSpec] = {spec.id: spec for spec in TABLE}
assert len(SERIES) == len(TABLE), "a series id stands twice in the catalogue"


def series(series_id: str) -> SeriesSpec:
    """Return the entry of one series.

    Raises
    ------
    UnknownName
        If the catalogue has no such series; near ids are suggested.
    """
    if series_id not in SERIES:
        raise UnknownName("series", series_id, SERIES)
    return SERIES[series_id]

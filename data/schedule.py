"""When a series is to be expected next, for many moments at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.aliases import IntArray, TimeArray
from data.errors import BadConfig
from data.release import BACKLOG, known_at, reference_dates
from data.spec import SeriesSpec


@dataclass(frozen=True, slots=True)
class Schedule:
    """The releases of a series over a span, by its rule.

    Parameters
    ----------
    spec : SeriesSpec
        The series; not one that is announced at no fixed time.
    first, last : Timestamp
        The span (UTC) that is asked about; releases some months on either side are looked at.

    Raises
    ------
    BadConfig
        If the series follows announcements.

    Notes
    -----
    As in :func:`data.release.next_release`, dated slips count as they happened.
    """

    spec: SeriesSpec
    first: pd.Timestamp
    last: pd.Timestamp
    _dates: pd.DatetimeIndex = field(init=False, repr=False, compare=False)
    _instants: TimeArray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.spec.release.counted == "announcement":
            raise BadConfig(f"series {self.spec.id!r} is announced at no fixed time")
        edges = [t.tz_convert("UTC").tz_localize(None).normalize() for t in (self.first, self.last)]
        dates = reference_dates(self.spec, edges[0] - BACKLOG, edges[1] + BACKLOG)
        object.__setattr__(self, "_dates", dates)
        object.__setattr__(self, "_instants", _naive(known_at(self.spec, dates)))

    def next_after(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the first release strictly after each of `times` (UTC); ``NaT`` where none."""
        ordered = np.sort(self._instants)
        at = np.searchsorted(ordered, _naive(times), side="right")
        return _pick(ordered, at)

    def due_after(self, ref_dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return when the first figure about a later date than each of `ref_dates` comes (UTC).

        Parameters
        ----------
        ref_dates : DatetimeIndex
            Naive days, the newest that are known; ``NaT`` gives ``NaT``.

        Returns
        -------
        DatetimeIndex
            ``NaT`` where the series has ended.
        """
        earliest = np.minimum.accumulate(self._instants[::-1])[::-1]
        at = np.searchsorted(
            self._dates.as_unit("us").to_numpy(), ref_dates.as_unit("us").to_numpy(), side="right"
        )
        return _pick(earliest, np.where(ref_dates.isna(), len(earliest), at))


def _naive(times: pd.DatetimeIndex) -> TimeArray:
    return np.asarray(times.tz_convert("UTC").tz_localize(None).as_unit("us").to_numpy())


def _pick(instants: TimeArray, at: IntArray) -> pd.DatetimeIndex:
    padded = np.append(instants, np.datetime64("NaT", "us"))
    return pd.DatetimeIndex(padded[np.minimum(at, len(instants))]).tz_localize("UTC")

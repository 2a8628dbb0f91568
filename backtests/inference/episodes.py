"""Usage days gathered into episodes, the independent events of a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    ordered_days,
    positions_of,
    positive_int,
)


@dataclass(frozen=True, slots=True)
class Episode:
    """A run of usage days that follow one another closely.

    Attributes
    ----------
    first, last : datetime64[D]
        First usage day, by which the episode is dated, and last one.
    usage_days : int
        Number of usage days in it.
    """

    first: np.datetime64
    last: np.datetime64
    usage_days: int


def episodes(
    usage_days: npt.ArrayLike, business_days: npt.ArrayLike, *, max_gap: int = 10
) -> tuple[Episode, ...]:
    """Gather usage days no more than `max_gap` business days apart into episodes.

    Parameters
    ----------
    usage_days : array_like of datetime64[D], shape (n,)
        Increasing; may be empty.
    business_days : array_like of datetime64[D], shape (T,)
        Increasing; holds every usage day.
    max_gap : int
        Largest distance, in business days, between neighbours of one episode.

    Returns
    -------
    tuple of Episode
        In time order; empty without usage.

    Raises
    ------
    ValueError
        Days that do not increase, or a usage day that is no business day.
    """
    positive_int(max_gap, "max_gap")
    if not np.size(usage_days):
        return ()
    days = ordered_days(usage_days, "usage_days")
    calendar = ordered_days(business_days, "business_days")
    rows = positions_of(days, calendar, "usage_days", "business_days")
    groups = np.split(days, np.flatnonzero(np.diff(rows) > max_gap) + 1)
    return tuple(Episode(group[0], group[-1], len(group)) for group in groups)

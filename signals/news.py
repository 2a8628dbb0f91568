"""What was published lately, against what the calendar led one to expect, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.catalogue import series as series_spec
from data.errors import DataError
from data.observations import Observations
from data.release import next_release
from signals.calendar_class import day_classes
from signals.calendar_expectation import expected_by_class

# Earlier changes of the same class of day that an expectation needs.
LEAST_EARLIER = 8
DAILY = frozenset({"day"})
_NEVER = pd.Timestamp.max.tz_localize("UTC")


@dataclass(frozen=True, slots=True)
class Published:
    """One figure that became known in a span of time.

    Parameters
    ----------
    series, unit : str
        Catalogue id, and the unit of the three values.
    ref_date : date
        Day the figure is about.
    known_at : Timestamp
        When it could first be known (UTC).
    value, previous : float
        The figure, and the newest one known before it.
    expected : float
        Previous figure plus the mean change on earlier days of the same calendar class; NaN for
        figures that are not daily balances and where too few are known.
    revision : bool
        Whether it restates a day that was known already.
    """

    series: str
    unit: str
    ref_date: date
    known_at: pd.Timestamp
    value: float
    previous: float
    expected: float
    revision: bool

    @property
    def surprise(self) -> float:
        """The figure less what the calendar led one to expect."""
        return self.value - self.expected


@dataclass(frozen=True, slots=True)
class Release:
    """The next figure of a series by its release rule; both ``None`` where none is on record."""

    series: str
    ref_date: date | None
    known_at: pd.Timestamp | None


def published(
    observations: Observations, since: pd.Timestamp, until: pd.Timestamp
) -> list[Published]:
    """Return what became known after `since` and not after `until` (both UTC), by time."""
    found = [
        item
        for name in sorted(observations.ids)
        for item in _published(name, observations.of(name), since, until)
    ]
    return sorted(found, key=lambda item: (item.known_at, item.series, item.ref_date))


def _published(
    name: str, rows: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp
) -> list[Published]:
    known = rows[rows["known_at"] <= until]
    fresh = known[known["known_at"] > since]
    if fresh.empty:
        return []
    spec = series_spec(name)
    expected = (
        _expected(known)
        if spec.kind == "balance" and spec.period in DAILY
        else pd.Series(np.nan, index=known.index)
    )
    out = []
    for (_, row), figure in zip(fresh.iterrows(), expected[fresh.index], strict=True):
        earlier = known[
            (known["known_at"] <= row["known_at"]) & (known["ref_date"] < row["ref_date"])
        ]
        before = known[known["known_at"] < row["known_at"]]
        out.append(
            Published(
                series=name,
                unit=spec.unit,
                ref_date=row["ref_date"].date(),
                known_at=row["known_at"],
                value=float(row["value"]),
                previous=float(earlier["value"].iloc[-1]) if len(earlier) else float("nan"),
                expected=float(figure),
                revision=bool((before["ref_date"] == row["ref_date"]).any()),
            )
        )
    return out


def _expected(rows: pd.DataFrame) -> pd.Series[float]:
    """Previous figure plus the mean of earlier changes about days of the same class."""
    values = rows["value"].to_numpy(dtype=float)
    previous = np.concatenate(([np.nan], values[:-1]))
    mean_change = expected_by_class(values - previous, day_classes(rows["ref_date"]), LEAST_EARLIER)
    return pd.Series(previous + mean_change, index=rows.index)


def upcoming(names: Iterable[str], after: pd.Timestamp) -> list[Release]:
    """Return the next release of each series, soonest first, those without one at the end."""
    found = [_next(name, after) for name in names]
    return sorted(found, key=lambda release: (release.known_at or _NEVER, release.series))


def _next(name: str, after: pd.Timestamp) -> Release:
    try:
        ref_date, known = next_release(series_spec(name), after)
    except DataError:
        return Release(name, None, None)
    return Release(name, ref_date.date(), known)

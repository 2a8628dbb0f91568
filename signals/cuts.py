"""Where to cut the data when looking for look-ahead."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from data.panel import FIRST_DECISION
from data.snapshot import Snapshot

_DAY = pd.Timedelta(days=1)


def audit_times(
    snapshot: Snapshot, count: int, *, seed: int | np.random.Generator = 0
) -> pd.DatetimeIndex:
    """Choose decision times at which look-ahead would show.

    Parameters
    ----------
    snapshot : Snapshot
        Data to be cut.
    count : int
        How many times, at least 8 (fewer where they coincide).
    seed : int or Generator
        Source of chance; the same seed gives the same times.

    Returns
    -------
    DatetimeIndex
        00:00 UTC, increasing. The day before all data; three eighths evenly spread, over all
        seven weekdays; three eighths at releases of a series chosen by lot, mostly the last
        midnight before the figure is out, else the first one after; an eighth before releases
        that came later than usual (holidays, closings); the rest before the first figure of a
        series.

    Notes
    -----
    A leak of one day shows only where the data are cut on the very day: an H.4.1 read on
    Wednesday shows at a cut before a Thursday's release and nowhere else.
    """
    if count < 8:
        raise ValueError(f"count = {count}: an audit needs at least 8 times")
    rng = np.random.default_rng(seed)
    first, last = _span(snapshot)
    releases = _releases(snapshot, first, last)
    eighth = count // 8
    chosen = [first, *_spread(first, last, 3 * eighth, rng)]
    chosen += _at_releases(releases, 3 * eighth, rng)
    late = releases[releases["late"]]
    chosen += list(_drawn(late, eighth, rng)["before"])
    begins = releases.drop_duplicates("series")
    chosen += list(_drawn(begins, count - len(chosen), rng)["before"])
    return pd.DatetimeIndex(chosen).as_unit("us").unique().sort_values()


def _span(snapshot: Snapshot) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The day before there is anything to decide on, and the last decision time."""
    known = snapshot.observations.table["known_at"]
    starts = [start for start in (known.min(), snapshot.daily.index.min()) if not pd.isna(start)]
    last = snapshot.as_of.floor("D")
    first = max(FIRST_DECISION, min(starts, default=last).floor("D") - _DAY)
    return min(first, last), last


def _spread(
    first: pd.Timestamp, last: pd.Timestamp, count: int, rng: np.random.Generator
) -> list[pd.Timestamp]:
    """One day of each of `count` equal spans, weekday after weekday."""
    edges = np.linspace(0, (last - first) // _DAY, count + 1).astype(int)
    times = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        day = first + _DAY * int(rng.integers(start, max(start + 1, stop)))
        times.append(min(day + _DAY * ((number - day.day_of_week) % 7), last))
    return times


def _releases(snapshot: Snapshot, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Every first release of a figure: its series, the midnight before it, and if it was late."""
    table = snapshot.observations.table[["series", "ref_date", "known_at"]]
    table = table.drop_duplicates(["series", "ref_date"])
    lag = table["known_at"].dt.tz_localize(None) - table["ref_date"]
    usual = lag.groupby(table["series"]).transform("median")
    before = table["known_at"].dt.floor("D")
    seen = pd.DataFrame(
        {"series": table["series"], "before": before, "late": lag > usual + 2 * _DAY}
    )
    within: pd.DataFrame = seen.loc[(before >= first) & (before < last)]
    return within


def _at_releases(
    releases: pd.DataFrame, count: int, rng: np.random.Generator
) -> list[pd.Timestamp]:
    names = releases["series"].unique()
    times = []
    for number, name in enumerate(rng.permutation(np.resize(names, count)) if len(names) else []):
        before = releases.loc[releases["series"] == name, "before"]
        day = before.iloc[int(rng.integers(len(before)))]
        times.append(day if number % 3 else day + _DAY)
    return times


def _drawn(rows: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    return rows.iloc[rng.permutation(len(rows))[: max(count, 0)]]

"""What a snapshot holds: first, last, rows, age, source and gaps of everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from data.assets import asset
from data.bars import Bars
from data.catalogue import SeriesSpec, series
from data.settings import settings
from data.snapshot import Snapshot
from data.store import Store


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing stretch: the first and last missing day, inclusive."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """One series of a snapshot; ages run to the snapshot's ``as_of``."""

    series: str
    unit: str
    first: date
    last: date
    rows: int
    revisions: int
    age_days: int
    max_age_days: int
    state: str  # "fresh" or "stale"
    source: str
    gaps: tuple[Gap, ...]

    @property
    def gap_text(self) -> str:
        """The gaps in a few words."""
        return gap_text(self.gaps)


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """One asset's bars; ages run to the snapshot's ``as_of``."""

    asset: str
    timeframe: str
    first: date
    last: date
    rows: int
    age_days: int
    state: str  # "fresh", "stale" or "delisted"
    market: str
    gaps: tuple[Gap, ...]

    @property
    def gap_text(self) -> str:
        """The gaps in a few words."""
        return gap_text(self.gaps)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A figure or bar that was offered and is not in use; see :mod:`data.merge`."""

    table: str
    name: str
    at: str
    source: str
    offered: str
    stored: str
    why: str
    seen_at: pd.Timestamp


def quarantine(source: str) -> list[Quarantined]:
    """List what the store has set aside; empty for any other source than ``"store"``."""
    if source != "store":
        return []
    rows = Store(settings().store).read().get("quarantine")
    if rows is None:
        return []
    return [Quarantined(*row) for row in rows.itertuples(index=False)]


def gap_text(gaps: Sequence[Gap]) -> str:
    """Return the number of gaps and the longest of them in words, empty where there is none."""
    if not gaps:
        return ""
    longest = max(gaps, key=lambda gap: gap.last - gap.first)
    where = f"{longest.first} .. {longest.last}"
    return where if len(gaps) == 1 else f"{len(gaps)}, longest {where}"


def series_status(snapshot: Snapshot) -> list[SeriesStatus]:
    """Describe every series that has a row known at the snapshot's ``as_of``."""
    known = snapshot.observations.until(snapshot.as_of)
    return [
        _series_status(series(name), known.of(name), snapshot.as_of)
        for name in sorted(known.ids)
        if not known.of(name).empty
    ]


def _series_status(spec: SeriesSpec, rows: pd.DataFrame, as_of: pd.Timestamp) -> SeriesStatus:
    days = pd.DatetimeIndex(rows["ref_date"].drop_duplicates().sort_values())
    age = (as_of.tz_localize(None).floor("D") - days[-1]).days
    return SeriesStatus(
        series=spec.id,
        unit=spec.unit,
        first=days[0].date(),
        last=days[-1].date(),
        rows=len(rows),
        revisions=len(rows) - len(days),
        age_days=age,
        max_age_days=spec.max_age_days,
        state="stale" if age > spec.max_age_days else "fresh",
        source=", ".join(sorted(set(rows["source"])))[:60],
        gaps=_gaps(days, pd.Timedelta(days=spec.max_age_days)),
    )


def _gaps(days: pd.DatetimeIndex, limit: pd.Timedelta) -> tuple[Gap, ...]:
    """Stretches between neighbours that are further apart than `limit`."""
    at = np.flatnonzero(np.diff(days.to_numpy()) > limit.to_timedelta64())
    one = pd.Timedelta(days=1)
    return tuple(Gap((days[int(i)] + one).date(), (days[int(i) + 1] - one).date()) for i in at)


def market_status(snapshot: Snapshot) -> list[MarketStatus]:
    """Describe the bars of every asset that has any by the snapshot's ``as_of``."""
    markets = [snapshot.daily] if snapshot.hourly is None else [snapshot.daily, snapshot.hourly]
    known = [bars.until(snapshot.as_of) for bars in markets]
    return [
        _market_status(bars, name, snapshot.as_of)
        for bars in known
        for name in bars.assets
        if bars.close[name].notna().any()
    ]


def _market_status(bars: Bars, name: str, as_of: pd.Timestamp) -> MarketStatus:
    closed = pd.DatetimeIndex(bars.close[name].dropna().index)
    opened = closed - bars.timeframe
    age = (as_of - closed[-1]).days
    delisted = asset(name).delisted_on is not None
    markets = bars.market.loc[closed, name].drop_duplicates()
    naive = pd.DatetimeIndex(opened).tz_localize(None)
    missing = _gaps(naive.floor("D").unique(), pd.Timedelta(days=1))
    return MarketStatus(
        asset=name,
        timeframe="1d" if bars.timeframe == pd.Timedelta(days=1) else "1h",
        first=naive[0].date(),
        last=naive[-1].date(),
        rows=len(closed),
        age_days=age,
        state="delisted" if delisted else "stale" if age > 1 else "fresh",
        market=", ".join(markets.astype(str)),
        gaps=missing,
    )

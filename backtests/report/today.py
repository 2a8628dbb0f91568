"""Where things stand at the end of the data: regime, next releases, tripwires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from backtests.report.wording import NONE, figure, listing, percent
from data.catalogue import series as series_spec
from data.panel import Panel
from data.snapshot import Snapshot
from signals.news import Release, upcoming
from signals.registry import table
from strategies.tripwires import Tripwire, tripwires
from strategies.variants import VARIANTS, variant

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Regime:
    """The displayed regime at the end of the data.

    Parameters
    ----------
    name, reason : str
        Which one, and why it was last switched.
    since : Timestamp or None
        Decision time of the switch; ``None`` where there was none.
    flags : tuple of str
        All flags that are on, displayed or not.
    history : Series
        The displayed regime by decision time.
    """

    name: str
    reason: str
    since: pd.Timestamp | None
    flags: tuple[str, ...]
    history: pd.Series[str]


def regime(panel: Panel) -> Regime | None:
    """Return the regime at the panel's last time; ``None`` where a series it needs is missing."""
    rule = table("regime")
    if not all(panel.has(name) for name in rule.inputs):
        return None
    rows = rule.compute(panel)
    last = rows.iloc[-1]
    switched = rows.index[rows["switched"].to_numpy(dtype=bool)]
    flags = [str(name) for name in rows.columns if rows[name].dtype == bool and last[name]]
    return Regime(
        name=str(last["regime"]),
        reason=str(last["reason"]),
        since=switched[-1] if len(switched) else None,
        flags=tuple(name for name in flags if name != "switched"),
        history=rows["regime"],
    )


@dataclass(frozen=True, slots=True)
class Coming:
    """The next figure of a series."""

    series: str
    title: str
    about: str
    known_at: pd.Timestamp


def coming(names: Iterable[str], as_of: pd.Timestamp) -> tuple[Coming, ...]:
    """Return the next releases of some series, soonest first, at most :data:`SHOWN`."""
    return tuple(
        Coming(release.series, series_spec(release.series).title, str(release.ref_date), known)
        for release, known in _dated(upcoming(sorted(set(names)), as_of))
    )[:SHOWN]


def _dated(releases: Iterable[Release]) -> list[tuple[Release, pd.Timestamp]]:
    return [(release, release.known_at) for release in releases if release.known_at is not None]


@dataclass(frozen=True, slots=True)
class Wire:
    """One input of the headline rule: now, and the levels that would change its target."""

    series: str
    unit: str
    about: str
    now: str
    below: str
    above: str


def wires(snapshot: Snapshot, panel: Panel, name: str) -> tuple[Wire, ...]:
    """Return the tripwires of one of the project's own variants; empty for any other name."""
    if name not in VARIANTS:
        return ()
    found = tripwires(variant(name), panel, snapshot.daily, panel.times[-1], snapshot.funding)
    return tuple(_wire(one) for one in found)


def _wire(one: Tripwire) -> Wire:
    return Wire(
        series=one.series,
        unit=one.unit,
        about=str(one.ref_date),
        now=figure(one.value),
        below=_level(one.below, one.weights_below),
        above=_level(one.above, one.weights_above),
    )


def _level(level: float | None, weights: Mapping[str, float]) -> str:
    if level is None:
        return NONE
    held = [f"{asset} {percent(weight)}" for asset, weight in weights.items() if weight]
    return f"{figure(level)} → {listing(held)}"

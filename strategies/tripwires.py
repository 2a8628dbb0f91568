"""The level of each input that would change a strategy's target."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.bars import Bars
from data.catalogue import series as series_spec
from data.observations import Observations
from data.panel import Panel
from strategies.exposure.base import Stance
from strategies.market import BTC, Market
from strategies.strategy import CASH, Strategy

# A target has changed when some weight has moved by more than this.
MATERIAL = 0.05
_HISTORY = pd.Timedelta(days=3 * 365)
# Finer than the publishers print: millions of dollars, hundredths of a basis point.
_TOLERANCE = {"USD bn": 1e-3, "percent": 1e-4, "index": 1e-2, "USD": 1.0}
# Distances that are tried, in spans of the series.
_STEPS = (1 / 32, 1 / 8, 1 / 2, 2.0)
# Most rules can be asked on the last years alone, four times faster; the answer is checked on all.
_SHORT = 1500

Target: TypeAlias = Callable[[float], FloatArray]


@dataclass(frozen=True, slots=True)
class Tripwire:
    """How far one input is from changing the target.

    Parameters
    ----------
    series : str
        Series, or ``BTC`` for its last close.
    unit : str
        Unit of the levels.
    ref_date : date
        Day the newest figure is about.
    value : float
        The newest figure.
    below, above : float or None
        The nearest level on either side at which the target would be another; ``None`` where
        there is none in the plausible range.
    weights_below, weights_above : mapping of str to float
        The target there, assets of weight zero left out; empty where there is no level.
    """

    series: str
    unit: str
    ref_date: date
    value: float
    below: float | None
    above: float | None
    weights_below: Mapping[str, float]
    weights_above: Mapping[str, float]


def tripwires(
    strategy: Strategy,
    panel: Panel,
    bars: Bars,
    t: pd.Timestamp,
    funding: pd.DataFrame | None = None,
) -> list[Tripwire]:
    """Return for each input the level of its newest figure that would change the target at `t`.

    Parameters
    ----------
    strategy : Strategy
        The rule; a weekly one is asked as if a decision were due at `t`.
    panel, bars, funding
        What it looks at; what was not known at `t` is left out.
    t : Timestamp
        A decision time of the panel.

    Returns
    -------
    list of Tripwire
        One for each input series that has a figure, and one for BTC's close. The newest figure
        known (of announced targets: the one for the present quarter) is replaced by levels that
        go away from it in doubling steps, within one span of its range of the last three years
        on either side of that range; between the last level without a change and the first with
        one, the edge is closed in on. A change is a weight that moves by more than
        :data:`MATERIAL`. All through the same functions that compute the targets.
    """
    times = panel.times[panel.times <= t]
    known = _read_by(strategy, panel.observations.until(t))
    cut = None if funding is None else funding[funding["ts"] <= t]
    full = _Probe(strategy, Market(Panel(known, times), bars.until(t), cut))
    short = _Probe(strategy, Market(Panel(known, times[-_SHORT:]), full.market.bars, cut))
    probes = (short, full) if np.allclose(short.base, full.base, atol=1e-9) else (full,)
    found = [_of_series(probes, known, series) for series in strategy.inputs]
    return [wire for wire in (*found, _of_btc(probes)) if wire is not None]


class _Probe:
    """Ask a strategy for its last target in altered markets.

    The walk over holdings depends on the wanted weights alone, so that each distinct history of
    those is walked once.
    """

    def __init__(self, strategy: Strategy, market: Market) -> None:
        self.strategy, self.market = strategy, market
        self._walked: dict[tuple[int, bytes], FloatArray] = {}
        self.base = self.target(market)

    def target(self, market: Market) -> FloatArray:
        stance, wanted = self.strategy.wanted(market)
        key = (id(market.bars), hashlib.sha256(wanted.tobytes()).digest())
        if key not in self._walked:
            self._walked[key] = self._walk(stance, wanted, market)
        return self._walked[key]

    def _walk(self, stance: Stance, wanted: FloatArray, market: Market) -> FloatArray:
        path = self.strategy.follow(stance, wanted, market, due=True)
        last: FloatArray = path.in_force()[-1]
        return last

    def excess(self, target: FloatArray) -> float:
        """Return how far a target is beyond a change; not positive: none."""
        return float(np.abs(target - self.base).max()) - MATERIAL

    def changed(self, target: FloatArray) -> bool:
        return self.excess(target) > 0.0

    def named(self, target: FloatArray) -> dict[str, float]:
        held = {self.market.assets[at]: float(target[at]) for at in np.flatnonzero(target)}
        return {**held, CASH: float(1.0 - target.sum())}


def _read_by(strategy: Strategy, observations: Observations) -> Observations:
    """Keep the rows that the strategy's signals can read, so that altered copies are cheap."""
    wanted = set(strategy.inputs)
    for signal in strategy.signals:
        wanted.update(getattr(signal, "optional", ()))
    table = observations.table
    return Observations(table[table["series"].isin(wanted)], observations.ids)


def _of_series(probes: tuple[_Probe, ...], known: Observations, series: str) -> Tripwire | None:
    spec, times = series_spec(series), probes[0].market.times
    rows = known.of(series)
    if spec.release.counted == "announcement":
        rows = rows[rows["ref_date"] <= quarter_end(times[-1])]
    if rows.empty:
        return None
    days = pd.DatetimeIndex(rows["ref_date"])
    about = days.max()
    newest = rows.index[np.flatnonzero(days == about)[-1]]
    position = int(np.flatnonzero(known.table.index == newest)[0])
    values = known.table["value"].to_numpy(dtype=float)
    recent = rows["value"].to_numpy(dtype=float)[days > about - _HISTORY]
    low, high = float(recent.min()), float(recent.max())
    span = high - low if high > low else max(abs(high), 1.0)

    def of(probe: _Probe) -> Target:
        def target(level: float) -> FloatArray:
            altered = values.copy()
            altered[position] = level
            figures = Observations(known.table.assign(value=altered), known.ids)
            panel = Panel(figures, probe.market.times)
            return probe.target(probe.market.with_panel(panel, series))

        return target

    floor = 0.0 if spec.kind in ("balance", "count") else -math.inf
    search = _Search(
        probes, of, float(values[position]), span, (max(low - span, floor), high + span)
    )
    return search.wire(series, spec.unit, about.date())


def quarter_end(t: pd.Timestamp) -> pd.Timestamp:
    """Return the last day (naive) of the quarter that a decision time falls in."""
    return t.tz_localize(None).to_period("Q").end_time.normalize()


def _of_btc(probes: tuple[_Probe, ...]) -> Tripwire | None:
    market = probes[0].market
    bars, last = market.bars, market.times[-1]
    value = float(market.close()[-1, market.btc])
    if math.isnan(value):
        return None
    # Held on to, since a probe tells bars apart by identity.
    kept: dict[float, Bars] = {}

    def of(probe: _Probe) -> Target:
        def target(level: float) -> FloatArray:
            if level not in kept:
                close = bars.close.copy()
                close.at[last, BTC] = level
                kept[level] = dataclasses.replace(bars, close=close)
            return probe.target(probe.market.with_bars(kept[level]))

        return target

    search = _Search(probes, of, value, value, (0.2 * value, 3.0 * value))
    return search.wire(BTC, "USD", (last - pd.Timedelta(days=1)).date())


@dataclass(frozen=True, slots=True)
class _Edge:
    """Two levels within the tolerance, the target unchanged at one and changed at the other.

    Where there is no change, `same` is the farthest level that was tried.
    """

    same: float
    other: float | None = None


@dataclass(frozen=True, slots=True)
class _Search:
    """The way out from a figure's value, on a short probe that a full one checks."""

    probes: tuple[_Probe, ...]
    of: Callable[[_Probe], Target]
    value: float
    span: float
    limits: tuple[float, float]

    def wire(self, series: str, unit: str, about: date) -> Tripwire:
        """Return the tripwire with both sides."""
        below, at_below = self._side(-self.span, _TOLERANCE[unit])
        above, at_above = self._side(self.span, _TOLERANCE[unit])
        return Tripwire(series, unit, about, self.value, below, above, at_below, at_above)

    def _side(self, span: float, tolerance: float) -> tuple[float | None, dict[str, float]]:
        full = self.probes[-1]
        edge = self._edge(self.probes[0], span, tolerance)
        if len(self.probes) > 1 and not self._holds(edge):
            edge = self._edge(full, span, tolerance)
        if edge.other is None:
            return None, {}
        return edge.other, full.named(self.of(full)(edge.other))

    def _holds(self, edge: _Edge) -> bool:
        """Tell whether all of the history agrees with an edge that was found on a part of it."""
        full = self.probes[-1]
        target = self.of(full)
        if full.changed(target(edge.same)):
            return False
        return edge.other is None or full.changed(target(edge.other))

    def _edge(self, probe: _Probe, span: float, tolerance: float) -> _Edge:
        target, same = self.of(probe), self.value
        for step in _STEPS:
            level = min(max(self.value + step * span, self.limits[0]), self.limits[1])
            if level == same:
                break
            if probe.changed(target(level)):
                return _narrow(probe, target, same, level, tolerance)
            same = level
        return _Edge(same)


def _narrow(probe: _Probe, target: Target, same: float, other: float, tolerance: float) -> _Edge:
    """Close in on the edge: bisection that a secant pulls in where the target moves smoothly.

    The ITP method of Oliveira and Takahashi (2021, ACM Transactions on Mathematical Software 47,
    5), with kappa_1 = 0.2 / width, kappa_2 = 2 and n_0 = 1: never more than one question beyond
    bisection.
    """
    width = abs(other - same)
    most = max(math.ceil(math.log2(width / tolerance)), 0) + 1
    excess_same, excess_other = probe.excess(target(same)), probe.excess(target(other))
    for asked in range(most + 1):
        gap = other - same
        if abs(gap) <= tolerance:
            break
        middle = same + 0.5 * gap
        secant = same + gap * excess_same / (excess_same - excess_other)
        to_middle = middle - secant
        pull = min(0.2 / width * gap**2, abs(to_middle))
        level = secant + math.copysign(pull, to_middle)
        reach = 0.5 * tolerance * 2.0 ** (most - asked) - 0.5 * abs(gap)
        if abs(level - middle) > reach:
            level = middle - math.copysign(reach, to_middle)
        excess = probe.excess(target(level))
        if excess > 0.0:
            other, excess_other = level, excess
        else:
            same, excess_same = level, excess
    return _Edge(same, other)

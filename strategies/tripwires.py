"""The level of each input that would change a strategy's target."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

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
_STEPS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)


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
        one, bisection finds the edge. A change is a weight that moves by more than
        :data:`MATERIAL`. All through the same functions that compute the targets.
    """
    times = panel.times[panel.times <= t]
    known = _read_by(strategy, panel.observations.until(t))
    cut = None if funding is None else funding[funding["ts"] <= t]
    market = Market(Panel(known, times), bars.until(t), cut)
    probe = _Probe(strategy, market)
    found = [_of_series(probe, known, series) for series in strategy.inputs]
    return [wire for wire in (*found, _of_btc(probe)) if wire is not None]


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

    def changed(self, target: FloatArray) -> bool:
        return bool(np.abs(target - self.base).max() > MATERIAL)

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


def _of_series(probe: _Probe, known: Observations, series: str) -> Tripwire | None:
    spec, times = series_spec(series), probe.market.times
    rows = known.of(series)
    if spec.release.counted == "announcement":
        quarter_end = times[-1].tz_localize(None).to_period("Q").end_time
        rows = rows[rows["ref_date"] <= quarter_end]
    if rows.empty:
        return None
    days = pd.DatetimeIndex(rows["ref_date"])
    about = days.max()
    newest = rows.index[np.flatnonzero(days == about)[-1]]
    position = int(np.flatnonzero(known.table.index == newest)[0])
    values = known.table["value"].to_numpy(dtype=float)
    recent = rows["value"].to_numpy(dtype=float)[days > about - _HISTORY]
    low, high = float(recent.min()), float(recent.max())
    span = max(high - low, abs(high), 1.0) if high == low else high - low

    def target(level: float) -> FloatArray:
        altered = values.copy()
        altered[position] = level
        table = known.table.assign(value=altered)
        panel = Panel(Observations(table, known.ids), times)
        return probe.target(probe.market.with_panel(panel, series))

    floor = 0.0 if spec.kind in ("balance", "count") else -math.inf
    limits = (max(low - span, floor), high + span)
    value = float(values[position])
    return _wire(probe, target, series, spec.unit, about.date(), value, span, limits)


def _of_btc(probe: _Probe) -> Tripwire | None:
    bars, last = probe.market.bars, probe.market.times[-1]
    value = float(probe.market.close()[-1, probe.market.btc])
    if math.isnan(value):
        return None

    def target(level: float) -> FloatArray:
        close = bars.close.copy()
        close.at[last, BTC] = level
        altered = dataclasses.replace(bars, close=close)
        kept.append(altered)
        return probe.target(probe.market.with_bars(altered))

    # Held on to, since the probe tells bars apart by identity.
    kept: list[Bars] = []
    about = (last - pd.Timedelta(days=1)).date()
    return _wire(probe, target, BTC, "USD", about, value, value, (0.2 * value, 3.0 * value))


def _wire(
    probe: _Probe,
    target: Callable[[float], FloatArray],
    series: str,
    unit: str,
    about: date,
    value: float,
    span: float,
    limits: tuple[float, float],
) -> Tripwire:
    below, at_below = _edge(probe, target, value, -span, limits, _TOLERANCE[unit])
    above, at_above = _edge(probe, target, value, span, limits, _TOLERANCE[unit])
    return Tripwire(
        series=series,
        unit=unit,
        ref_date=about,
        value=value,
        below=below,
        above=above,
        weights_below=at_below,
        weights_above=at_above,
    )


def _edge(
    probe: _Probe,
    target: Callable[[float], FloatArray],
    value: float,
    span: float,
    limits: tuple[float, float],
    tolerance: float,
) -> tuple[float | None, dict[str, float]]:
    """Return the nearest level on one side with another target, and that target."""
    same = value
    for step in _STEPS:
        level = min(max(value + step * span, limits[0]), limits[1])
        if level == same:
            break
        found = target(level)
        if probe.changed(found):
            return _bisect(probe, target, same, level, found, tolerance)
        same = level
    return None, {}


def _bisect(
    probe: _Probe,
    target: Callable[[float], FloatArray],
    same: float,
    other: float,
    found: FloatArray,
    tolerance: float,
) -> tuple[float, dict[str, float]]:
    while abs(other - same) > tolerance:
        middle = 0.5 * (same + other)
        answer = target(middle)
        if probe.changed(answer):
            other, found = middle, answer
        else:
            same = middle
    return other, probe.named(found)

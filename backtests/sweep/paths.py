"""Time paths that many variants share: signals, allocations, volatilities, trends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from data.aliases import BoolArray, FloatArray
from data.errors import UnknownName
from signals.base import Signal
from strategies.allocation.base import Allocation
from strategies.exposure.proportional import Proportional
from strategies.market import Market
from strategies.overlays.shadow import movable, moves
from strategies.overlays.targets import portfolio_volatility

# Place and path, by what it is a path of.
_Known: TypeAlias = dict[Any, tuple[int, FloatArray]]


class Paths:
    """Paths over all of a market's decision times, each computed once, when first asked for.

    Every method that asks for a path gives its place, which a batch refers to. Places never
    change, so that one object serves all batches of a sweep; asking is not safe between threads.

    Parameters
    ----------
    market : Market
        Prices and figures.
    assets : sequence of str
        Assets that may be held, in the field's order.

    Raises
    ------
    UnknownName
        If an asset has no bars.
    """

    def __init__(self, market: Market, assets: tuple[str, ...]) -> None:
        for name in assets:
            if name not in market.assets:
                raise UnknownName("asset", name, market.assets)
        self.market = market
        self.assets = assets
        self._columns = [market.assets.index(name) for name in assets]
        self._signals: _Known = {}
        self._units: _Known = {}
        self._volatilities: _Known = {}
        self._rising: _Known = {}
        self._stacked: dict[tuple[int, ...], tuple[Any, ...]] = {}

    def signal(self, signal: Signal) -> int:
        """Return the place of a signal's values."""
        return _place(self._signals, signal, lambda: self.market.signal(signal))

    def standing(self, rule: Proportional) -> int:
        """Return the place of a signal's standing in its past, its direction taken in."""
        plain = Proportional(signal=rule.signal, window=rule.window)
        return _place(
            self._signals,
            (plain.signal, plain.window),
            lambda: plain.stance(self.market).gauges[0].values,
        )

    def unit(self, allocation: Allocation) -> int:
        """Return the place of an allocation's weights for one unit of exposure.

        Raises
        ------
        UnknownName
            If it holds an asset that is not among those of these paths.
        """
        return _place(self._units, allocation, lambda: self._unit(allocation))

    def volatility(self, days: int) -> int:
        """Return the place of BTC's past volatility, as the volatility target reckons it."""
        return _place(self._volatilities, days, lambda: self._volatility(days))

    def rising(self, days: int) -> int:
        """Return the place of whether BTC is above its mean of the last `days` closes."""
        return _place(
            self._rising, days, lambda: (self.market.btc_over_mean(days) > 0.0).astype(float)
        )

    @property
    def size(self) -> int:
        """Bytes that the paths take, side by side again as the kernel reads them."""
        every = (self._signals, self._units, self._volatilities, self._rising)
        return 2 * sum(path.nbytes for known in every for _, path in known.values())

    def tables(self) -> tuple[Any, ...]:
        """Return all paths as the kernel reads them: by allocation, and by decision time."""
        known = tuple(map(len, (self._signals, self._units, self._volatilities, self._rising)))
        if known not in self._stacked:
            self._stacked = {known: (self._by_allocation(), self._by_time())}
        return self._stacked[known]

    def _unit(self, allocation: Allocation) -> FloatArray:
        weights = allocation.weights(self.market)
        held = (np.nan_to_num(weights) != 0.0).any(axis=0)
        for column in np.flatnonzero(held):
            if column not in self._columns:
                raise UnknownName("asset of the field", self.market.assets[column], self.assets)
        known: BoolArray = np.asarray(~np.isnan(weights).any(axis=1))
        out: FloatArray = np.where(known[:, None], weights[:, self._columns], np.nan)
        return out

    def _volatility(self, days: int) -> FloatArray:
        alone = np.zeros((len(self.market.times), len(self.market.assets)))
        alone[:, self.market.btc] = 1.0
        return portfolio_volatility(alone, self.market.returns(), days)

    def _by_allocation(self) -> tuple[FloatArray | BoolArray, ...]:
        unit = np.stack([path for _, path in self._units.values()])
        known: BoolArray = np.asarray(~np.isnan(unit).any(axis=2))
        unit = np.ascontiguousarray(np.where(known[:, :, None], unit, 0.0))
        may_be_held = np.logical_or.accumulate(unit != 0.0, axis=1)
        stuck: BoolArray = np.asarray(
            (may_be_held & ~movable(self.market)[:, self._columns]).any(axis=2)
        )
        return unit, known, np.abs(unit).sum(axis=2), unit.sum(axis=2), stuck

    def _by_time(self) -> tuple[FloatArray | BoolArray, ...]:
        """Copy what may be read-only: the kernel is compiled anew for other kinds of arrays."""
        market, times = self.market, len(self.market.times)
        return (
            _columns(self._signals, times),
            _columns(self._volatilities, times),
            _columns(self._rising, times),
            np.ascontiguousarray(1.0 + moves(market)[:, self._columns]),
            np.array(movable(market)[:, self._columns], order="C"),
            np.array(market.priced()),
            np.asarray(market.times.day_of_week == 4),
        )


def _place(known: _Known, key: object, build: Callable[[], FloatArray]) -> int:
    if key not in known:
        known[key] = len(known), build()
    return known[key][0]


def _columns(known: _Known, times: int) -> FloatArray:
    """Return paths side by side, time-major; one of zeros where there is none."""
    paths = [path for _, path in known.values()] or [np.zeros(times)]
    return np.ascontiguousarray(np.column_stack(paths))

"""Prices and figures side by side on the decision times: all that a rule may look at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.bars import Bars
from data.errors import BadTable, MissingSeries
from data.panel import Panel
from signals.base import Signal

BTC = "BTC"
YEAR = 365  # crypto trades on every day
_DAY = pd.Timedelta(days=1)
# A trailing statistic stands on at least this share of the days in its window.
_COVERAGE = 2 / 3


@dataclass(frozen=True, slots=True)
class Market:
    """What is known at each decision time: the panel, and the daily bars that have closed.

    Row *t* of every array holds only bars that closed at or before *t*. Statistics over bars are
    computed on the bars' own grid and then laid on the decision times, so that they do not
    depend on where the panel begins. Where no bar closes at *t* the row is NaN.

    Parameters
    ----------
    panel : Panel
        Published figures at the decision times.
    bars : Bars
        Daily bars, BTC among them.
    funding : DataFrame, optional
        Funding rates of perpetuals: ``symbol``, ``ts`` (UTC), ``rate`` (decimal for one
        interval), ``venue``.

    Raises
    ------
    BadTable
        If the bars are not daily.
    MissingSeries
        If there are no BTC bars.
    """

    panel: Panel
    bars: Bars
    funding: pd.DataFrame | None = None
    _memo: dict[tuple[Any, ...], Any] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        if self.bars.timeframe != _DAY:
            raise BadTable(f"strategies decide on daily bars, these are {self.bars.timeframe}")
        if BTC not in self.bars.assets:
            raise MissingSeries(f"{BTC} daily prices")

    @property
    def times(self) -> pd.DatetimeIndex:
        """Decision times."""
        return self.panel.times

    @property
    def assets(self) -> tuple[str, ...]:
        """Columns of every price array."""
        return self.bars.assets

    @property
    def btc(self) -> int:
        """Column of BTC."""
        return self.assets.index(BTC)

    @property
    def size(self) -> int:
        """Bytes that the arrays computed so far take."""
        return sum(int(array.nbytes) for array in list(self._memo.values()))

    def signal(self, signal: Signal) -> FloatArray:
        """Return a signal's value at each decision time; it is computed once."""
        key = ("signal", signal)
        if key not in self._memo:
            self._memo[key] = signal.compute(self.panel).to_numpy(dtype=float)
        return self._array(key)

    def close(self) -> FloatArray:
        """Return closes (times x assets); NaN where no bar closes at *t*."""
        return self._bars("close", 0, lambda: self.bars.close)

    def returns(self) -> FloatArray:
        """Return decimal returns from close to close (times x assets); NaN beside a gap."""
        return self._bars("returns", 0, self._returns)

    def universe(self) -> BoolArray:
        """Return which assets may be held (times x assets), by what was known then."""
        key = ("bars", "universe", 0)
        if key not in self._memo:
            frame = self.bars.universe().reindex(self.times, fill_value=False)
            self._memo[key] = frame.to_numpy(dtype=bool)
        allowed: BoolArray = self._memo[key]
        return allowed

    def tradable(self) -> BoolArray:
        """Return which assets have a bar with an open and a close at *t* (times x assets)."""
        key = ("bars", "tradable", 0)
        if key not in self._memo:
            frame = self.bars.tradable.reindex(self.times, fill_value=False)
            self._memo[key] = frame.to_numpy(dtype=bool)
        open_now: BoolArray = self._memo[key]
        return open_now

    def priced(self) -> BoolArray:
        """Tell at which decision times there is a BTC bar, and so a market to decide on."""
        return self.universe()[:, self.btc]

    def volatility(self, days: int) -> FloatArray:
        """Return annualised volatility over the trailing `days` (times x assets)."""

        def build() -> pd.DataFrame:
            rolling = self._returns().rolling(days, min_periods=enough(days))
            return rolling.std() * math.sqrt(YEAR)

        return self._bars("volatility", days, build)

    def beta(self, days: int) -> FloatArray:
        """Return each asset's slope on BTC over the trailing `days` of daily returns."""

        def build() -> pd.DataFrame:
            returns = self._returns()
            btc = pd.DataFrame(dict.fromkeys(self.assets, returns[BTC]))
            return trailing_slope(returns, btc, days)

        return self._bars("beta", days, build)

    def dollar_volume(self, days: int) -> FloatArray:
        """Return the mean dollar volume of one day over the trailing `days` (times x assets)."""

        def build() -> pd.DataFrame:
            traded = self.bars.close * self.bars.volume
            return traded.rolling(days, min_periods=enough(days)).mean()

        return self._bars("dollar_volume", days, build)

    def momentum(self, days: int) -> FloatArray:
        """Return the decimal return over the last `days` (times x assets)."""
        return self._bars(
            "momentum", days, lambda: self.bars.close / self.bars.close.shift(days) - 1.0
        )

    def btc_over_mean(self, days: int) -> FloatArray:
        """Return BTC's close over its mean of the last `days` closes, less one."""

        def build() -> pd.DataFrame:
            close = self.bars.close[[BTC]]
            return close / close.rolling(days).mean() - 1.0

        return self._bars("btc_over_mean", days, build)[:, 0]

    def with_panel(self, panel: Panel, changed: str) -> Market:
        """Return this market with other figures of the one series `changed`.

        What does not read that series is taken over instead of being computed again.
        """
        other = Market(panel, self.bars, self.funding)
        kept = {key: value for key, value in self._memo.items() if not _reads(key, changed)}
        other._memo.update(kept)
        return other

    def with_bars(self, bars: Bars) -> Market:
        """Return this market with other prices and the same figures."""
        other = Market(self.panel, bars, self.funding)
        kept = {key: value for key, value in self._memo.items() if key[0] == "signal"}
        other._memo.update(kept)
        return other

    def _returns(self) -> pd.DataFrame:
        return self.bars.close.pct_change(fill_method=None)

    def _bars(self, name: str, days: int, build: Callable[[], pd.DataFrame]) -> FloatArray:
        key = ("bars", name, days)
        if key not in self._memo:
            aligned = build().reindex(self.times).to_numpy(dtype=float)
            self._memo[key] = np.ascontiguousarray(aligned)
        return self._array(key)

    def _array(self, key: tuple[Any, ...]) -> FloatArray:
        array: FloatArray = self._memo[key]
        return array


def _reads(key: tuple[Any, ...], series: str) -> bool:
    return key[0] == "signal" and series in key[1].inputs


def enough(days: int) -> int:
    """Return how many of the days in a trailing window of `days` must be known."""
    return math.ceil(_COVERAGE * days)


def trailing_slope(y: pd.DataFrame, x: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return the least-squares slope of `y` on `x` over trailing windows of `days` rows.

    Parameters
    ----------
    y, x : DataFrame
        Same shape; a pair counts where both are there.
    days : int
        Rows in a window; at least two thirds of them must count, else NaN.
    """
    x, y = x.where(y.notna()), y.where(x.notna())

    def mean(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.rolling(days, min_periods=enough(days)).mean()

    covariance = mean(x * y) - mean(x) * mean(y)
    variance = mean(x * x) - mean(x) ** 2
    return covariance / variance.where(variance > 0.0)

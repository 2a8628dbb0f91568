"""Bars from returns: hours that aggregate exactly to their day, or a day's range at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import BoolArray, FloatArray
from data.worlds.coins import Coin, Path
from data.worlds.timeline import Timeline

HOURS = 24
# Standard deviation of the step from one bar's close to the next one's open.
_GAP = 0.0002
_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Ohlcv:
    """Bars in time order.

    Parameters
    ----------
    open, high, low, close : ndarray
        USD, seven significant digits.
    volume : ndarray
        In coins.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def take(self, keep: BoolArray) -> Ohlcv:
        """Return some of the bars."""
        return Ohlcv(**{name: getattr(self, name)[keep] for name in _FIELDS})


def hourly(time: Timeline, path: Path, rng: np.random.Generator) -> Ohlcv:
    """Return hourly bars: within each day a Brownian bridge to that day's return."""
    days = len(path.returns)
    scale = path.deviations[:, None] / np.sqrt(HOURS)
    steps = rng.normal(size=(days, HOURS)) * scale
    steps += (path.returns - steps.sum(axis=1))[:, None] / HOURS
    bars = _bars(path.coin.price, steps.ravel(), np.repeat(scale[:, 0], HOURS), rng)
    dollars = np.repeat(_dollars(time, path, rng) / HOURS, HOURS)
    clock = 1.0 + 0.5 * np.sin(2 * np.pi * (np.arange(HOURS) - 9.0) / HOURS)
    noise = np.exp(rng.normal(scale=0.5, size=days * HOURS) - 0.125)
    return _with_volume(bars, dollars * np.tile(clock, days) * noise)


def daily(time: Timeline, path: Path, rng: np.random.Generator) -> Ohlcv:
    """Return daily bars with a range in keeping with the day's volatility."""
    bars = _bars(path.coin.price, path.returns, path.deviations, rng)
    return _with_volume(bars, _dollars(time, path, rng))


def aggregated(hours: Ohlcv) -> Ohlcv:
    """Return the daily bars of hourly ones: first open, highest, lowest, last close, sum."""
    shaped = {name: getattr(hours, name).reshape(-1, HOURS) for name in _FIELDS}
    return Ohlcv(
        open=shaped["open"][:, 0],
        high=shaped["high"].max(axis=1),
        low=shaped["low"].min(axis=1),
        close=shaped["close"][:, -1],
        volume=np.round(shaped["volume"].sum(axis=1), 3),
    )


def _bars(start: float, steps: FloatArray, scale: FloatArray, rng: np.random.Generator) -> Ohlcv:
    """Open, high, low and close of bars with the given log steps; volume still 0."""
    n = len(steps)
    close = start * np.exp(np.cumsum(steps))
    opened = np.concatenate(([start], close[:-1])) * np.exp(rng.normal(scale=_GAP, size=n))
    beyond = np.abs(rng.normal(size=(2, n))) * 0.55 * scale
    high = np.maximum(opened, close) * np.exp(beyond[0])
    low = np.minimum(opened, close) * np.exp(-beyond[1])
    # One rounding for all four keeps their order, and the digits the same on every processor.
    return Ohlcv(_rounded(opened), _rounded(high), _rounded(low), _rounded(close), np.zeros(n))


def _rounded(price: FloatArray) -> FloatArray:
    unit = 10.0 ** (6.0 - np.floor(np.log10(price)))
    return np.asarray(np.round(price * unit) / unit, dtype=float)


def _with_volume(bars: Ohlcv, dollars: FloatArray) -> Ohlcv:
    volume = np.round(dollars / bars.close, 3)
    return Ohlcv(bars.open, bars.high, bars.low, bars.close, volume)


def _dollars(time: Timeline, path: Path, rng: np.random.Generator) -> FloatArray:
    """Dollars traded on each day: growing until 2021, more on days of large moves."""
    coin: Coin = path.coin
    opening, grown = np.log(coin.turnover[0]), np.log(coin.turnover[1])
    growth = time.knots({str(coin.first): opening, "2021-03-01": grown, "2026-12-31": grown})
    if coin.first.year >= 2021:
        growth = np.full(len(time), grown)
    excited = np.abs(path.returns) / path.deviations.mean()
    noise = rng.normal(scale=0.3, size=len(path.returns))
    usual = growth[path.first : path.first + len(path.returns)]
    return np.asarray(np.exp(usual + noise + 0.3 * np.minimum(excited, 4.0) - 0.25), dtype=float)

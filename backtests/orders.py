"""From decisions to orders: on which bar, at which moment and at which price each one fills.

Nothing here depends on what is held, so everything is known before the simulation runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.cash import CASH
from backtests.execution import Execution
from data.aliases import BoolArray, FloatArray, TimeArray
from data.assets import asset
from data.bars import Bars
from data.errors import EngineError, UnknownName

DAY = pd.Timedelta(days=1)
HOUR = pd.Timedelta(hours=1)
SUM_TOLERANCE = 1e-9
# A range that would take more than half of the price is a broken or dying market.
MAX_SLIPPAGE = 0.5

DELISTED = "delisted"
NO_BAR = "no bar"
CLOSE_ONLY = "close only"
NO_HOUR = "no hourly bar in the rest of the day"
NO_RANGE = "no earlier bar to take the range from"


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders on a gap-free daily grid of N bars and A assets.

    Parameters
    ----------
    closes : DatetimeIndex
        Close times of the N bars, from the first decision plus one day.
    assets : tuple of str
        Columns of the matrices; cash is not among them.
    decided : DatetimeIndex
        Decision that fills on each bar, ``NaT`` where none does.
    targets : array (N, A)
        Wanted weights; NaN where there is no order.
    cash_target : array (N,)
        Wanted weight of cash; NaN where there is no order.
    price : array (N, A)
        Fill price before slippage; NaN where nothing can trade.
    filled_at : datetime64 array (N, A)
        Moment of the fill.
    slippage : array (N, A)
        Share of the price that moves against the order.
    why_not : object array (N, A)
        Reason that an order cannot fill, ``""`` where it can.
    exits : bool array (N, A)
        Forced exits of delisted assets, at the last close less the discount.
    mark_fill, mark_close : array (N, A)
        Values used for holdings at the fill moment and at the close: the last known price.
    mark_open : array (N, A)
        The price at which an order would fill on the bar before slippage, whether or not there
        is one; the last close where nothing can trade.
    priced : bool array (N, A)
        Whether the bar has a close of its own.
    fill_at : float
        Share of the day that has passed at the nominal fill moment.
    """

    closes: pd.DatetimeIndex
    assets: tuple[str, ...]
    decided: pd.DatetimeIndex
    targets: FloatArray
    cash_target: FloatArray
    price: FloatArray
    filled_at: TimeArray
    slippage: FloatArray
    why_not: np.ndarray[tuple[int, int], np.dtype[np.object_]]
    exits: BoolArray
    mark_fill: FloatArray
    mark_close: FloatArray
    mark_open: FloatArray
    priced: BoolArray
    fill_at: float

    @property
    def ordered(self) -> BoolArray:
        """Bars on which a decision fills."""
        return np.asarray(self.decided.notna())

    @property
    def active(self) -> BoolArray:
        """Bars on which anything may trade."""
        return np.asarray(self.ordered | self.exits.any(axis=1))


def orders(
    weights: pd.DataFrame, bars: Bars, execution: Execution, hourly: Bars | None = None
) -> Orders:
    """Place each decision on the bar, the moment and the price at which it fills.

    Decisions that would fill after the last bar are still pending and left out.

    Raises
    ------
    EngineError
        Weights that are no weights, bars that are not daily, a price that is not positive, or
        a delay that needs hourly bars which are not there.
    UnknownName
        A weight for an asset without bars.
    """
    assets = _checked_assets(weights, bars)
    wanted = _checked_weights(weights)
    decisions = pd.DatetimeIndex(wanted.index)
    _check_bars(bars, DAY)
    closes = _grid(decisions, bars)
    delay = execution.delay_hours * HOUR
    due = decisions + delay
    bar_of = closes.get_indexer(due.floor("D") + DAY)
    here = (bar_of >= 0) & wanted[CASH].notna().to_numpy()
    rows = bar_of[here]

    decided = np.full(len(closes), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    decided[rows] = _instants(decisions)[here]
    targets = np.full((len(closes), len(assets)), np.nan)
    targets[rows] = wanted[list(assets)].to_numpy(dtype=np.float64)[here]
    cash_target = np.full(len(closes), np.nan)
    cash_target[rows] = wanted[CASH].to_numpy(dtype=np.float64)[here]

    market = _market(bars, assets, closes)
    price, filled_at = market.open, np.repeat(_instants(closes - DAY)[:, None], len(assets), 1)
    hours_missing = np.zeros_like(market.gone)
    if execution.delay_hours % 24:
        price, filled_at = _hourly_fills(targets, assets, closes, delay % DAY, hourly)
        hours_missing = np.isnan(price)
    slippage = _slippage(market, execution)
    why_not = np.select(
        [market.gone, ~market.priced, np.isnan(market.open), hours_missing, np.isnan(slippage)],
        [DELISTED, NO_BAR, CLOSE_ONLY, NO_HOUR, NO_RANGE],
        default="",
    ).astype(object)
    mark_open = np.where(why_not == "", price, market.last_close)
    price = np.where((why_not == "") & ~np.isnan(targets), price, np.nan)
    price = np.where(market.exits, market.last_close, price)
    return Orders(
        closes=closes,
        assets=assets,
        decided=pd.DatetimeIndex(decided, tz="UTC"),
        targets=targets,
        cash_target=cash_target,
        price=price,
        filled_at=np.where(market.exits, _instants(closes - DAY)[:, None], filled_at),
        slippage=np.where(market.exits, execution.delisting_discount, slippage),
        why_not=why_not,
        exits=market.exits,
        mark_fill=np.where(np.isnan(price), market.last_close, price),
        mark_close=market.close,
        mark_open=mark_open,
        priced=market.priced,
        fill_at=delay % DAY / DAY,
    )


@dataclass(frozen=True, slots=True)
class _Market:
    """Daily prices on the grid: opens as they are, closes carried over gaps."""

    open: FloatArray
    close: FloatArray
    last_close: FloatArray
    last_range: FloatArray
    priced: BoolArray
    gone: BoolArray
    exits: BoolArray


def _market(bars: Bars, assets: tuple[str, ...], closes: pd.DatetimeIndex) -> _Market:
    chosen = bars.select(list(assets))
    spread = (chosen.high - chosen.low) / chosen.open
    close, last_range, opened = (
        frame.astype(np.float64) for frame in (chosen.close, spread, chosen.open)
    )
    gone = np.zeros((len(closes), len(assets)), dtype=bool)
    exits = np.zeros_like(gone)
    for column, name in enumerate(assets):
        delisted_on = asset(name).delisted_on
        if delisted_on is not None:
            end = pd.Timestamp(delisted_on, tz="UTC")
            gone[:, column] = closes > end
            exits[:, column] = closes == end + DAY
            traded = np.asarray(bars.index <= end)
            close[name] = close[name].where(traded)
            opened[name] = opened[name].where(traded)
            last_range[name] = last_range[name].where(traded)
    carried = close.ffill()
    last_close = carried.reindex(closes - DAY).to_numpy()
    return _Market(
        open=opened.where(close.notna()).reindex(closes).to_numpy(),
        close=carried.reindex(closes).to_numpy(),
        last_close=last_close,
        last_range=last_range.ffill().reindex(closes - DAY).to_numpy(),
        priced=close.reindex(closes).notna().to_numpy(),
        gone=gone,
        exits=exits & ~np.isnan(last_close),
    )


def _slippage(market: _Market, execution: Execution) -> FloatArray:
    fixed = np.full(market.open.shape, execution.slippage)
    if execution.slippage_range == 0.0:
        return fixed
    return np.minimum(fixed + execution.slippage_range * market.last_range, MAX_SLIPPAGE)


def _hourly_fills(
    targets: FloatArray,
    assets: tuple[str, ...],
    closes: pd.DatetimeIndex,
    into_day: pd.Timedelta,
    hourly: Bars | None,
) -> tuple[FloatArray, TimeArray]:
    """First hourly open at or after the moment `into_day` of each bar's day, within that day."""
    used = [assets[column] for column in np.flatnonzero(np.nan_to_num(targets).any(axis=0))]
    lacking = sorted(set(used) - set(hourly.assets if hourly is not None else ()))
    if hourly is None or lacking:
        raise EngineError(
            f"no hourly bars of {', '.join(lacking) or 'any asset'}: give a delay in whole days "
            "(24, 48, ...) or weights for assets with hourly bars only"
        )
    _check_bars(hourly, HOUR)
    due, end = _instants(closes - DAY + into_day), _instants(closes)
    opens = _instants(hourly.index - HOUR)
    price = np.full(targets.shape, np.nan)
    filled_at = np.full(targets.shape, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    for column, name in enumerate(assets):
        if name not in used:
            continue
        there = hourly.tradable[name].to_numpy()
        times, values = opens[there], hourly.open[name].to_numpy(dtype=np.float64)[there]
        first = np.searchsorted(times, due)
        hit = first < len(times)
        hit[hit] = times[first[hit]] < end[hit]
        price[hit, column] = values[first[hit]]
        filled_at[hit, column] = times[first[hit]]
    return price, filled_at


def _grid(decisions: pd.DatetimeIndex, bars: Bars) -> pd.DatetimeIndex:
    first = decisions[0] + DAY
    if bars.index[-1] < first:
        raise EngineError(
            f"the first decision is of {decisions[0]:%Y-%m-%d} and no bar follows it: the last "
            f"one closes at {bars.index[-1]:%Y-%m-%d %H:%M}"
        )
    return pd.date_range(first, bars.index[-1], freq=DAY, unit="us", name="close_time")


def _instants(index: pd.DatetimeIndex) -> TimeArray:
    return index.tz_localize(None).as_unit("us").to_numpy()


def _checked_assets(weights: pd.DataFrame, bars: Bars) -> tuple[str, ...]:
    if CASH not in weights.columns or not weights.columns.is_unique:
        raise EngineError(f"weights need distinct columns and one named {CASH}")
    named = tuple(str(name) for name in weights.columns if name != CASH)
    for name in named:
        if name not in bars.assets:
            raise UnknownName("asset", name, bars.assets)
    return named


def _checked_weights(weights: pd.DataFrame) -> pd.DataFrame:
    index = weights.index
    if not isinstance(index, pd.DatetimeIndex) or str(index.tz) != "UTC" or len(index) == 0:
        raise EngineError("weights must be indexed by decision times in UTC, one at least")
    if not index.is_unique or not index.is_monotonic_increasing:
        raise EngineError("weights: decision times must increase")
    odd = index[index != index.normalize()]
    if len(odd):
        raise EngineError(f"weights: {odd[0]} is no decision time, those are at 00:00 UTC")
    values = weights.astype(np.float64)
    missing = values.isna()
    sums = values.where(np.isfinite(values)).sum(axis=1, skipna=False)
    bad = ~((sums - 1.0).abs() <= SUM_TOLERANCE) & ~missing.all(axis=1)
    if bad.any():
        when = index[bad.to_numpy()][0]
        raise EngineError(
            f"weights of {when:%Y-%m-%d} sum to {sums.loc[when]:.12g} with "
            f"{missing.loc[when].to_numpy().sum()} missing: a row sums to 1 with {CASH} included, "
            "or is NaN throughout for no order"
        )
    return values


def _check_bars(bars: Bars, timeframe: pd.Timedelta) -> None:
    if bars.timeframe != timeframe:
        raise EngineError(f"bars of {bars.timeframe} where bars of {timeframe} are needed")
    for field in ("open", "close"):
        frame = getattr(bars, field)
        values = frame.to_numpy(dtype=np.float64)
        bad = np.argwhere(~np.isnan(values) & ~((values > 0) & np.isfinite(values)))
        if len(bad):
            row, column = bad[0]
            raise EngineError(
                f"{frame.columns[column]}: {field} of the bar closing at {frame.index[row]} is "
                f"{values[row, column]:g}, prices are positive"
            )

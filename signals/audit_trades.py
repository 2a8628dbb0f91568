"""The audit of a whole backtest: no trade at a price that its decision had already seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeAlias

import numpy as np
import pandas as pd

from data.bars import Bars
from data.errors import BadTable, TooShort
from data.snapshot import Snapshot
from signals.audit import Kind, Leak
from signals.difference import first_difference

COUNT = 8
# An engine that settles by iteration repeats itself to rounding, not to the bit.
TOLERANCE = 1e-9
SHOCKS = (0.8, 1.2)
RISE = 1.25
# A trade may be delayed by up to three days.
REACH = pd.Timedelta(days=4)
_NEEDED = ("decision_time", "fill_time", "asset", "size", "price")


class Traded(Protocol):
    """What a backtest leaves behind, as far as the audit looks at it.

    Attributes
    ----------
    fills : DataFrame
        One row a trade: ``decision_time`` (NaT where none was taken), ``fill_time``, ``asset``,
        ``size`` and ``price``.
    equity : Series
        Value at each close, by close time (UTC).
    """

    @property
    def fills(self) -> pd.DataFrame:
        """Trades."""
        ...

    @property
    def equity(self) -> pd.Series[float]:
        """Value at each close."""
        ...


Backtest: TypeAlias = Callable[[Snapshot], Traded]


def audit_fills(fills: pd.DataFrame, name: str = "fills") -> list[Leak]:
    """Return the trades that filled before they were decided, the earliest of each asset.

    Parameters
    ----------
    fills : DataFrame
        See :class:`Traded`.
    name : str
        Name in the findings.

    Raises
    ------
    BadTable
        If a column is missing.
    """
    missing = [column for column in _NEEDED if column not in fills.columns]
    if missing:
        raise BadTable(f"{name}: the fills lack the column {missing[0]!r}")
    early = fills[fills["fill_time"] < fills["decision_time"]].sort_values("decision_time")
    found = early.drop_duplicates("asset")
    return [
        _leak(name, "fill before decision", when, when, str(coin), f"filled at {filled}")
        for when, filled, coin in zip(
            found["decision_time"], found["fill_time"], found["asset"], strict=True
        )
    ]


def audit_trades(
    run: Backtest,
    snapshot: Snapshot,
    times: pd.DatetimeIndex | None = None,
    *,
    name: str = "backtest",
    count: int = COUNT,
    seed: int = 0,
) -> list[Leak]:
    """Look for trades and values that use what was not yet known, or no longer to be had.

    Parameters
    ----------
    run : callable
        From a snapshot to its trades and equity.
    snapshot : Snapshot
        Data to try it on.
    times : DatetimeIndex, optional
        Where to cut the data; by default `count` times of its equity, chosen by lot.
    name : str
        Name in the findings.
    count, seed : int
        Number of default times, and their seed.

    Returns
    -------
    list of Leak
        Empty where all is well; else those of the first time that shows any.

    Raises
    ------
    TooShort
        If the equity has fewer than three rows.

    Notes
    -----
    A trade must not fill before its decision. Where the data end at *t* nothing that was decided
    at *t* can have filled: the next bar has not opened. Trades and values up to *t* must be the
    same with and without the future. Where every price after a decision is a quarter higher, so
    must be the price of its trades: else they filled at one that the decision had seen. And
    because what is held through a bar was settled before it closed, the value at *t* is a
    straight line in the closes of *t*: with all of them a fifth lower and a fifth higher, the two
    gains must cancel. A rule that earns the very bar whose close it looked at breaks that line.
    """
    whole = run(snapshot)
    if early := audit_fills(whole.fills, name):
        return early
    rng = np.random.default_rng(seed)
    for decided in _drawn(whole.fills["decision_time"].dropna().unique(), count, rng):
        if found := list(_seen_prices(run, snapshot, decided, name)):
            return found
    for t in _times(whole.equity, count, rng) if times is None else times:
        now = snapshot.until(t)
        known = run(now)
        if found := [*_too_early(known, t, name), *_changed(whole, known, t, name)]:
            return found
        values = [run(_shocked(now, factor)).equity.iloc[-1] for factor in SHOCKS]
        expected = float(known.equity.iloc[-1])
        if abs(float(np.mean(values)) - expected) > TOLERANCE * abs(expected):
            detail = f"{expected} as it was, {values[0]} and {values[1]} with other closes"
            return [_leak(name, "same bar", t, t, "equity", detail)]
    return []


def _times(
    equity: pd.Series[float], count: int, rng: np.random.Generator
) -> Iterator[pd.Timestamp]:
    if len(equity) < 3:
        raise TooShort(f"the equity has {len(equity)} rows: an audit of trades needs at least 3")
    return _drawn(equity.index[2:], count, rng)


def _drawn(
    times: Iterable[pd.Timestamp], count: int, rng: np.random.Generator
) -> Iterator[pd.Timestamp]:
    """Draw `count` of the times, in order."""
    index = pd.DatetimeIndex(list(times))
    return iter(index[np.sort(rng.permutation(len(index))[:count])])


def _seen_prices(
    run: Backtest, snapshot: Snapshot, decided: pd.Timestamp, name: str
) -> Iterator[Leak]:
    """Trades whose price does not move with the prices after their decision."""
    data = snapshot.until(decided + REACH)
    dearer = replace(
        data,
        daily=_dearer(data.daily, decided),
        hourly=None if data.hourly is None else _dearer(data.hourly, decided),
    )
    real, other = (_prices(run(each).fills, decided) for each in (data, dearer))
    both = real.index.intersection(other.index)
    moved = (other[both] / real[both] - 1.0).abs()
    for coin in moved.index[moved < (RISE - 1.0) / 2]:
        detail = f"filled at {real[coin]}, and at {other[coin]} where all later prices are higher"
        yield _leak(name, "same bar", decided, decided, str(coin), detail)


def _prices(fills: pd.DataFrame, decided: pd.Timestamp) -> pd.Series[float]:
    prices: pd.Series[float] = (
        fills[fills["decision_time"] == decided].groupby("asset")["price"].last()
    )
    return prices


def _dearer(bars: Bars, t: pd.Timestamp) -> Bars:
    factor = np.where(bars.index > t, RISE, 1.0)
    return replace(
        bars,
        open=bars.open.mul(factor, axis=0),
        high=bars.high.mul(factor, axis=0),
        low=bars.low.mul(factor, axis=0),
        close=bars.close.mul(factor, axis=0),
    )


def _too_early(known: Traded, t: pd.Timestamp, name: str) -> Iterator[Leak]:
    fills = known.fills
    seen = fills[(fills["decision_time"] >= t) | (fills["fill_time"] >= t)]
    if len(seen):
        detail = f"filled at {seen['fill_time'].iloc[0]}, when the data end at {t}"
        yield _leak(name, "same bar", t, t, str(seen["asset"].iloc[0]), detail)


def _changed(whole: Traded, known: Traded, t: pd.Timestamp, name: str) -> Iterator[Leak]:
    for what, before, after in (
        ("size of", _by_time(whole.fills, "size", t), _by_time(known.fills, "size", t)),
        ("price of", _by_time(whole.fills, "price", t), _by_time(known.fills, "price", t)),
        ("value:", whole.equity.to_frame("equity"), known.equity.to_frame("equity")),
    ):
        if found := first_difference(before, after, t, TOLERANCE):
            detail = f"{found.whole} with the future, {found.other} without"
            yield _leak(name, "cut", found.decision_time, t, f"{what} {found.column}", detail)


def _by_time(fills: pd.DataFrame, column: str, t: pd.Timestamp) -> pd.DataFrame:
    """One column by fill time x asset, of the bars that had closed at `t`."""
    closed = fills[fills["fill_time"] < t]
    table = closed.pivot_table(index="fill_time", columns="asset", values=column, aggfunc="sum")
    return table.set_axis(pd.DatetimeIndex(table.index, tz="UTC"))


def _shocked(snapshot: Snapshot, factor: float) -> Snapshot:
    """The same data with other closes on the last bar, and the same opens."""
    daily = snapshot.daily
    close = daily.close.copy()
    close.iloc[-1] = close.iloc[-1] * factor
    return replace(snapshot, daily=replace(daily, close=close))


def _leak(name: str, kind: Kind, when: object, cut: pd.Timestamp, column: str, detail: str) -> Leak:
    return Leak(name, kind, pd.Timestamp(str(when)), cut, column, (), detail)

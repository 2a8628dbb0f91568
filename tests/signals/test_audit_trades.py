"""Trades on bars that were already seen are caught, in the table of fills and in the equity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from data.errors import BadTable, TooShort
from data.snapshot import Snapshot
from signals.audit import Leak
from signals.audit_trades import audit_fills, audit_trades
from tests.signals.small_world import small_snapshot

DAY = pd.Timedelta(days=1)
COLUMNS = ["decision_time", "fill_time", "asset", "size", "price"]


@dataclass
class Result:
    fills: pd.DataFrame
    equity: pd.Series


@pytest.fixture(scope="module")
def world() -> Snapshot:
    whole = small_snapshot()
    daily = whole.daily.until(pd.Timestamp("2020-12-01", tz="UTC"))
    return replace(whole, daily=daily, as_of=daily.index[-1])


def wanted(close: pd.Series) -> pd.Series:
    """All in while BTC stands above its mean of ten days, as decided at each close."""
    return (close > close.rolling(10).mean()).astype(float)


def ledger(snapshot: Snapshot, at: str) -> Result:
    """Trade BTC to the wanted weight: at the next open, or at the close that was looked at."""
    bars = snapshot.daily
    close, opened = bars.close["BTC"], bars.open["BTC"]
    weight = wanted(close)
    cash, coins, rows, equity = 1000.0, 0.0, [], []
    for number, t in enumerate(close.index):
        decided, price, fill = close.index[number - 1], opened.iloc[number], t - DAY
        if at == "close":
            decided, price, fill = t, close.iloc[number], t
        if number and weight[decided] != coins * price / (cash + coins * price):
            target = weight[decided] * (cash + coins * price) / price
            if abs(target - coins) > 1e-12:
                rows.append((decided, fill, "BTC", target - coins, price))
            cash, coins = cash - (target - coins) * price * 1.001, target
        equity.append(cash + coins * close.iloc[number])
    return Result(pd.DataFrame(rows, columns=COLUMNS), pd.Series(equity, close.index))


def next_open(snapshot: Snapshot) -> Result:
    return ledger(snapshot, "open")


def own_close(snapshot: Snapshot) -> Result:
    return ledger(snapshot, "close")


def own_close_stamped_later(snapshot: Snapshot) -> Result:
    """The close that was looked at, passed off as the next open."""
    result = ledger(snapshot, "close")
    return replace(result, fills=result.fills.assign(fill_time=result.fills["fill_time"] + DAY))


def own_close_in_the_next_bar(snapshot: Snapshot) -> Result:
    """Booked when the next bar opens, at the close that was looked at."""
    daily = snapshot.daily
    opened = daily.close.shift(1).where(daily.open.notna())
    return ledger(replace(snapshot, daily=replace(daily, open=opened)), "open")


def own_open(snapshot: Snapshot) -> Result:
    """Filled at the open of the bar whose close decided."""
    result = ledger(snapshot, "close")
    return replace(result, fills=result.fills.assign(fill_time=result.fills["fill_time"] - DAY))


def vectorised(snapshot: Snapshot, lag: int, threshold: str = "trailing") -> Result:
    close = snapshot.daily.close["BTC"]
    weight = wanted(close) if threshold == "trailing" else (close > close.median()).astype(float)
    gains = weight.shift(lag).fillna(0.0) * close.pct_change().fillna(0.0)
    return Result(pd.DataFrame(columns=COLUMNS), 1000.0 * (1.0 + gains).cumprod())


def weights_times_own_returns(snapshot: Snapshot) -> Result:
    return vectorised(snapshot, 0)


def weights_times_next_returns(snapshot: Snapshot) -> Result:
    return vectorised(snapshot, 1)


def threshold_of_all_time(snapshot: Snapshot) -> Result:
    return vectorised(snapshot, 1, "median")


@pytest.mark.parametrize("run", [next_open, weights_times_next_returns])
def test_a_sound_backtest_raises_no_alarm(
    world: Snapshot, run: Callable[[Snapshot], Result]
) -> None:
    assert audit_trades(run, world) == []


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (own_close, "same bar"),
        (own_close_stamped_later, "same bar"),
        (own_close_in_the_next_bar, "same bar"),
        (own_open, "fill before decision"),
        (weights_times_own_returns, "same bar"),
        (threshold_of_all_time, "cut"),
    ],
)
def test_a_trade_on_what_was_already_seen_is_caught(
    world: Snapshot, run: Callable[[Snapshot], Result], kind: str
) -> None:
    found = audit_trades(run, world, name="mine", count=16)
    assert found
    assert {leak.kind for leak in found} == {kind}
    assert all(leak.name == "mine" for leak in found)


def test_a_fill_before_its_decision_is_named() -> None:
    times = pd.DatetimeIndex(["2021-01-02", "2021-01-03", "2021-01-04"], tz="UTC")
    fills = pd.DataFrame(
        {
            "decision_time": [times[0], times[2], pd.NaT],
            "fill_time": [times[0], times[1], times[0]],
            "asset": ["BTC", "ETH", "LUNA_CLASSIC"],
            "size": 1.0,
            "price": 2.0,
        }
    )
    (leak,) = audit_fills(fills)
    assert isinstance(leak, Leak)
    assert (leak.kind, leak.column, leak.decision_time) == ("fill before decision", "ETH", times[2])
    assert "filled at 2021-01-03" in str(leak)


def test_fills_need_their_columns() -> None:
    with pytest.raises(BadTable, match="mine: the fills lack the column 'decision_time'"):
        audit_fills(pd.DataFrame({"fill_time": [], "asset": []}), "mine")


def test_an_equity_of_two_rows_is_too_short(world: Snapshot) -> None:
    def short(snapshot: Snapshot) -> Result:
        index = pd.DatetimeIndex(["2020-01-01", "2020-01-02"], tz="UTC")
        return Result(pd.DataFrame(columns=COLUMNS), pd.Series(np.ones(2), index))

    with pytest.raises(TooShort, match="the equity has 2 rows"):
        audit_trades(short, world)

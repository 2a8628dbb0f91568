"""Real freqtrade, offline, on our feed: its trades are those of the engine.

Freqtrade has an environment of its own (scripts/freqtrade_environment.py makes it); it asks a
local server that speaks Binance's public endpoints over the simulated world's bars.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from backtests.engine import simulate
from backtests.execution import Execution
from data.snapshot import Snapshot
from paper.feed import Feed, export
from strategies.variants import variant
from tests.integrations.market import Spot, spot
from tests.integrations.running import DAY, FEE, WALLET, Freqtrade, python
from tests.paper.feeds import moment
from tests.sources.clock import VirtualClock
from tests.sources.server import Scenario, Server

pytestmark = pytest.mark.freqtrade

Start = Callable[[str, str, str], tuple[Freqtrade, Feed, Scenario]]


class MovingClock(VirtualClock):
    """Goes on with the computer's own from where it was set."""

    def __init__(self, start: pd.Timestamp) -> None:
        self.move_to(start)

    def move_to(self, instant: pd.Timestamp) -> None:
        self._set, self._since = instant, time.monotonic()

    def now(self) -> pd.Timestamp:
        return self._set + pd.Timedelta(seconds=time.monotonic() - self._since).round("us")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server({"binance": spot})
    yield found
    found.close()


@pytest.fixture
def start(phantom: Snapshot, server: Server, tmp_path: Path) -> Start:
    """Export a strategy's feed over some days, and set freqtrade up for it."""

    def begin(name: str, since: str, until: str) -> tuple[Freqtrade, Feed, Scenario]:
        feed = export(
            variant(name), phantom, moment(until), tmp_path / "feed", since=moment(since)
        ).feed
        assets = tuple(sorted(set(feed.table()["asset"]) - {"CASH"}))
        scenario = Scenario(Spot(phantom.daily, assets), MovingClock(moment(until)))
        folder = tmp_path / "freqtrade"
        folder.mkdir()
        found = Freqtrade(python(), folder, server.open(scenario), tmp_path / "feed", assets)
        found.configure()
        return found, feed, scenario

    return begin


def engine_fills(feed: Feed, phantom: Snapshot) -> pd.DataFrame:
    """The engine's trades on the feed's orders, at freqtrade's costs and without interest."""
    table = feed.table()
    ordered = table[table["action"] == "rebalance"]
    weights = ordered.pivot(index="decision_time", columns="asset", values="target_weight")
    assets = [name for name in weights.columns if name != "CASH"]
    weights = weights.fillna(0.0)[[*assets, "CASH"]]
    last = feed.latest.decision_time
    bars = phantom.daily.until(last + DAY).select(assets)
    days = pd.date_range(weights.index[0], last, freq="D", unit="us")
    costs = Execution(fee_bp=1e4 * FEE, slippage_bp=0.0, initial_cash=WALLET)
    return simulate(weights, bars, pd.Series(0.0, index=days), costs).fills


def filled(count: int, orders: pd.DataFrame) -> bool:
    return len(orders) >= count


def test_a_backtest_trades_as_the_engine_does(phantom: Snapshot, start: Start) -> None:
    since, until = "2024-06-03", "2026-08-06"
    freqtrade, feed, _ = start("composite_proportional", since, until)
    freqtrade.candles(phantom.daily, moment(since), moment(until) + DAY)
    found, expected = freqtrade.backtest(moment(since)), engine_fills(feed, phantom)
    assert len(expected) > 80
    assert found["fill_time"].tolist() == expected["fill_time"].tolist()
    assert found["side"].tolist() == expected["side"].tolist()
    assert found["price"].tolist() == expected["price"].tolist()
    # Freqtrade deals in hundred-millionths of a coin.
    assert (found["size"] / expected["size"] - 1.0).abs().max() < 1e-6


def test_a_backtest_of_several_coins_differs_by_little(phantom: Snapshot, start: Start) -> None:
    since, until = "2024-06-03", "2026-08-06"
    freqtrade, feed, _ = start("liquidity_momentum", since, until)
    assert len(freqtrade.assets) > 5
    freqtrade.candles(phantom.daily, moment(since), moment(until) + DAY)
    found, expected = freqtrade.backtest(moment(since)), engine_fills(feed, phantom)
    both = expected.merge(found, on=["fill_time", "asset"], how="outer", suffixes=("", "_there"))
    assert len(both) == len(expected) == len(found) > 100
    assert both["price"].tolist() == both["price_there"].tolist()
    # Freqtrade trades one pair after the other, so that a purchase may lack the money of a sale
    # that comes later, and values the other coins at their last close and before their fees.
    here, there = (
        both[f"size{which}"] * both[f"side{which}"].map({"buy": 1.0, "sell": -1.0})
        for which in ("", "_there")
    )
    off = ((there - here).abs() * both["price"]).groupby(both["fill_time"]).sum()
    assert off.max() < 0.025 * WALLET
    assert off.median() < 0.001 * WALLET


def test_a_dry_run_trades_as_the_engine_does(phantom: Snapshot, start: Start) -> None:
    freqtrade, feed, scenario = start("composite_proportional", "2026-06-01", "2026-06-30")
    expected = engine_fills(feed, phantom).head(3)
    assert len(expected) == 3
    found = expected.head(0)
    for count, day in enumerate(expected["fill_time"], start=1):
        opened = day + pd.Timedelta(minutes=5)
        scenario.clock.move_to(opened)
        found = freqtrade.dry_run(opened, partial(filled, count))
        # What was done once is not done again.
        assert len(found) == count
    assert found["fill_time"].dt.floor("D").tolist() == expected["fill_time"].tolist()
    assert found["side"].tolist() == expected["side"].tolist()
    assert found["price"].tolist() == expected["price"].tolist()
    assert (found["size"] / expected["size"] - 1.0).abs().max() < 1e-6


def test_a_feed_that_was_tampered_with_is_refused(phantom: Snapshot, start: Start) -> None:
    freqtrade, _, _ = start("composite_proportional", "2026-06-01", "2026-06-30")
    freqtrade.candles(phantom.daily, moment("2026-06-01"), moment("2026-07-01"))
    table = freqtrade.feed / "feed.csv"
    table.write_bytes(table.read_bytes().replace(b"fresh", b"fresj", 1))
    said = freqtrade.run(
        "backtesting",
        "--timerange",
        "20260601-",
        "--datadir",
        str(freqtrade.folder / "data"),
        fails=True,
    )
    assert "feed.csv is not what latest.json records" in " ".join(said.split())

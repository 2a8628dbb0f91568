"""A loop that is killed anywhere, under every fault of its broker, trades as if nothing had been.

``PLUMBLINE_PAPER_KILLS=1000 pytest tests/paper/test_crash.py`` for more; docs/reliability.md has
the figures.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.snapshot import Snapshot
from strategies.loading import load_strategy
from tests.paper.brokers.binance import Binance, config
from tests.paper.brokers.server import ExchangeServer
from tests.paper.brokers.venue import KEY, SECRET, Fault, Lot, Venue
from tests.paper.clocks import SharedClock
from tests.paper.deaths import (
    DISTURBANCES,
    FATES,
    Books,
    Trial,
    agrees_with_broker,
    fate_of,
)

KILLS = int(os.environ.get("PLUMBLINE_PAPER_KILLS", "40"))
# A fork of a process with threads is a warning since Python 3.12; the child only trades and dies.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


EXCHANGE_FAULTS = (
    "reset after accepted",
    "lost before accepted",
    "late arrival",
    "html before",
    "html",
    "500",
    "truncated",
    "429",
    "maintenance",
    "partial",
    "slow",
)


def trading_days(count: int) -> pd.DatetimeIndex:
    return pd.date_range("2024-01-05", periods=count, freq="D", tz="UTC", unit="us")


def test_a_killed_loop_trades_as_if_it_had_not_been(tmp_path: Path, phantom: Snapshot) -> None:
    strategy = load_strategy("liquidity_beta_tilt")
    trial = Trial(strategy, phantom, tmp_path / "killed")
    rng = np.random.default_rng(20240105)
    days = list[pd.Timestamp]()
    for day in trading_days(3000):
        if trial.kills >= KILLS:
            break
        trial.violently(day, rng, kills=4)
        days.append(day)
    assert trial.kills >= KILLS
    untouched = Trial(strategy, phantom, tmp_path / "calm")
    untouched.calmly(pd.DatetimeIndex(days))
    killed, calm = trial.books(), untouched.books()
    assert killed.equity == calm.equity
    assert killed == calm
    account = tmp_path / "killed" / "paper" / strategy.name / "account.sqlite"
    agrees_with_broker(killed, account, strategy.name)
    print(
        f"\n{trial.kills} kills ({trial.by_time} at any time) over {len(days)} days, "
        f"{len(killed.orders)} orders, {len(DISTURBANCES)} disturbances, {len(FATES)} fates on "
        f"{sum(fate_of(name) is not None for name in killed.orders)} orders"
    )


def on_an_exchange(
    folder: Path, snapshot: Snapshot, server: ExchangeServer, days: pd.DatetimeIndex, kills: int
) -> tuple[Books, Venue, pd.DatetimeIndex]:
    """Trade for days, or until so many kills; return ledger, exchange and the days it took."""
    clock, rng = SharedClock(days[0]), np.random.default_rng(7)
    cash = {"USDT": Decimal(50_000), "BTC": Decimal("1.5")}
    fee = Decimal("0.001")
    venue = Venue(
        clock,  # type: ignore[arg-type]
        "USDT",
        cash,
        {},
        {"BTC": Lot()},
        fee,
        unique_for_good=False,
    )
    exchanges = {"binance": config(server.open(venue, Binance()))}
    trial = Trial(
        load_strategy("volatility_target"),
        snapshot,
        folder,
        broker="ccxt:binance",
        exchanges=exchanges,
        clock=clock,
    )
    walked = 0
    for day in days:
        if kills and trial.kills >= kills:
            break
        venue.prices = {"BTC": Decimal(f"{snapshot.daily.close['BTC'].loc[day]:.2f}")}
        clock.move_to(day + pd.Timedelta(minutes=5))
        kinds = rng.choice(EXCHANGE_FAULTS, 2).tolist() if kills else list[str]()
        venue.faults = [Fault(kind, "order") for kind in kinds]
        trial.violently(day, rng, kills=3 if kills else 0)
        walked += 1
    venue.pass_time(everything=True)
    return trial.books(), venue, days[:walked]


def test_a_killed_loop_trades_once_on_an_exchange(
    tmp_path: Path,
    phantom: Snapshot,
    exchange_server: ExchangeServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same against an exchange over HTTP, with real ccxt: its books are the judge."""
    monkeypatch.setenv("PLUMBLINE_BINANCE_KEY", KEY)
    monkeypatch.setenv("PLUMBLINE_BINANCE_SECRET", SECRET)
    days = pd.date_range("2025-01-05", periods=190, freq="3D", tz="UTC", unit="us")
    kills = max(KILLS // 5, 1)
    killed, there, walked = on_an_exchange(
        tmp_path / "killed", phantom, exchange_server, days, kills
    )
    calm, quiet, _ = on_an_exchange(tmp_path / "calm", phantom, exchange_server, walked, 0)
    for books, venue in ((killed, there), (calm, quiet)):
        names = [order.name for order in venue.orders]
        assert len(set(names)) == len(names), "an order was sent twice"
        assert set(names) == set(books.orders), "an order was lost"
        # The account held 1.5 BTC before, which are left alone.
        assert books.coins["BTC"] == venue.balances["BTC"] - Decimal("1.5")
        assert books.cash == venue.balances["USDT"]
    assert killed.orders.keys() == calm.orders.keys()
    assert killed.equity.keys() == calm.equity.keys()
    # The exchange rounds the fee of each part of an order to eight places.
    for close, value in calm.equity.items():
        assert abs(Decimal(killed.equity[close]) - Decimal(value)) < Decimal("1e-3"), close

"""No trade of a backtest uses a price that its decision had seen, nor any figure of the future."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from backtests.execution import Execution
from backtests.run import backtest
from backtests.simulation import Simulation
from data.snapshot import Snapshot
from signals.audit_trades import audit_trades
from strategies.loading import load_strategy


@pytest.fixture(scope="module")
def world(phantom: Snapshot) -> Snapshot:
    return phantom.until(pd.Timestamp("2022-03-01", tz="UTC"))


@pytest.mark.parametrize(
    ("name", "delay_hours"),
    [
        ("liquidity_trend", 0),
        ("essay_playbook", 0),
        ("altcoins_hedged", 24),
        ("playbook_btc", 4),
    ],
)
def test_the_trades_of_a_rule(world: Snapshot, name: str, delay_hours: int) -> None:
    rule, execution = load_strategy(name), Execution(delay_hours=delay_hours)

    def run(snapshot: Snapshot) -> Simulation:
        return backtest(rule, snapshot, execution).simulation

    assert audit_trades(run, world, name=name, count=2) == []


def test_an_engine_that_fills_at_the_close_it_has_seen_is_caught(world: Snapshot) -> None:
    rule = load_strategy("liquidity_trend")

    def cheating(snapshot: Snapshot) -> Simulation:
        """Each bar opens at the close of the bar before: the price that decided."""
        daily = snapshot.daily
        seen = replace(daily, open=daily.close.shift(1).where(daily.open.notna()))
        return backtest(rule, replace(snapshot, daily=seen)).simulation

    found = audit_trades(cheating, world, count=2)
    assert {leak.kind for leak in found} == {"same bar"}

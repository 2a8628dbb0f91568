"""What perpetuals held earned over cash: funding is in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.execution import Execution
from backtests.holding import excess_of, held_weights
from backtests.perpetuals import days_known
from backtests.run import Run, backtest, run_weights
from data.errors import UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.variants import variant
from tests.backtests.test_perpetuals import FREE, bars, rates, trade

WINDOW = {
    "start": pd.Timestamp("2022-01-01", tz="UTC"),
    "end": pd.Timestamp("2023-06-01", tz="UTC"),
}


def small(weights: dict[int, float], funding: pd.DataFrame) -> Run:
    simulation = trade(weights, FREE, funding, rate=3.65)
    return Run("", "", "", False, simulation, {}, {})


def test_a_perpetual_earns_its_move_less_the_rates_from_fill_to_fill() -> None:
    weights, returns, costs = held_weights(small({0: 0.5}, rates()), bars())
    # Of one coin: the rates after the fill at the close's price, and the first of the next day,
    # which whoever holds the coin at the close pays at the next open.
    first = (0.002 + 0.003) * 110.0 + 0.004 * 120.0
    second = (0.005 + 0.006) * 130.0 + 0.007 * 140.0
    third = (0.008 + 0.009) * 150.0
    assert returns["BTC"].iloc[-2:].tolist() == pytest.approx(
        [130.0 / 110.0 - 1.0 - second / 110.0, 150.0 / 130.0 - 1.0 - third / 130.0]
    )
    simulation = small({0: 0.5}, rates()).simulation
    assert simulation.funding is not None
    assert simulation.funding["BTC"].tolist() == pytest.approx([first, second, third])
    assert (costs == 0).all()
    coins = 10_000.0 * 0.5 / 100.0
    equity = simulation.equity.to_numpy()
    assert weights["BTC"].iloc[-2:].to_numpy() == pytest.approx(
        coins * np.array([110.0, 130.0]) / equity[1:3]
    )
    assert simulation.costs["funding"] == pytest.approx(coins * (first + second + third))


def test_returns_of_the_account_are_those_of_weights_less_costs() -> None:
    run = small({0: 0.5}, rates())
    weights, returns, costs = held_weights(run, bars())
    simulation = run.simulation
    over = simulation.returns - simulation.cash_returns.iloc[1:]
    rebuilt = (weights * returns.fillna(0.0)).sum(axis=1) - costs
    # The first rate of a day is booked at the close before it, the moment it is settled.
    second, third = 0.004 * 120.0 * 50.0, 0.007 * 140.0 * 50.0
    value = simulation.equity.to_numpy()
    moved = np.array([(second - third) / value[1], third / value[2]])
    np.testing.assert_allclose(rebuilt.to_numpy()[1:], over.to_numpy()[1:] + moved, atol=2e-5)


@pytest.fixture(scope="module")
def runs(phantom: Snapshot) -> tuple[Run, Run]:
    rule, panel = variant("liquidity_threshold"), panel_of(phantom)
    both = [
        backtest(
            rule,
            phantom,
            Execution(perpetuals=names),
            panel=panel,
            start=WINDOW["start"],
            end=WINDOW["end"],
        )
        for names in ((), ("BTC",))
    ]
    return both[0], both[1]


def test_what_a_variant_pays_is_the_funding_of_its_accounts(
    phantom: Snapshot, runs: tuple[Run, Run]
) -> None:
    run = runs[1]
    weights, _, _ = held_weights(run, phantom.daily)
    simulation = run.simulation
    assert simulation.funding is not None
    close = phantom.daily.close["BTC"].reindex(simulation.equity.index)
    coins = weights["BTC"] * simulation.equity.shift(1).iloc[1:] / close.shift(1).iloc[1:]
    paid = float((coins * simulation.funding["BTC"]).sum())
    assert simulation.costs["funding"] != 0.0
    assert paid == pytest.approx(simulation.costs["funding"], rel=1e-3)


def test_the_mean_exposure_pays_funding_too(phantom: Snapshot, runs: tuple[Run, Run]) -> None:
    spot, perpetual = (held_weights(run, phantom.daily) for run in runs)
    funding = runs[1].simulation.funding
    assert funding is not None
    cash = runs[1].simulation.cash_returns.iloc[1:]
    before = phantom.daily.close["BTC"].shift(1).reindex(funding.index)
    pays = funding["BTC"] / before
    np.testing.assert_allclose(
        perpetual[1]["BTC"] - spot[1]["BTC"], cash - pays, rtol=0, atol=1e-12
    )
    d = excess_of(runs[1], phantom.daily)
    weights, returns, costs = perpetual
    own = (weights["BTC"] - weights["BTC"].mean()) * returns["BTC"] - costs
    np.testing.assert_allclose(d, own, rtol=0, atol=1e-12)
    # Whoever holds a perpetual throughout has nothing over itself, whatever the funding.
    held = pd.DataFrame({"BTC": 1.0, "CASH": 0.0}, index=panel_of(phantom).times)
    always = run_weights(
        held,
        phantom,
        replace(runs[1].simulation.execution, fee_bp=0.0, slippage_bp=0.0),
        name="held",
        title="Held",
        config={},
        start=WINDOW["start"],
        end=WINDOW["end"],
    )
    assert abs(excess_of(always, phantom.daily)).max() < 2e-3


def test_the_days_with_rates_are_those_that_every_perpetual_has() -> None:
    first, last = days_known(["BTC"], None, rates())
    assert (first, last) == (
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.Timestamp("2024-01-03", tz="UTC"),
    )
    late = rates().iloc[1:-1]
    assert days_known(["BTC"], None, late) == (
        pd.Timestamp("2024-01-02", tz="UTC"),
        pd.Timestamp("2024-01-02", tz="UTC"),
    )
    with pytest.raises(UnknownName, match="venue of BTC funding"):
        days_known(["BTC"], "w", rates())

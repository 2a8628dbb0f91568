"""Funding by hand, on the real rates, where it is missing, and where it must not be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.cash import CASH
from backtests.engine import simulate
from backtests.execution import Execution
from backtests.orders import orders
from backtests.perpetuals import charges
from backtests.run import backtest, run_weights
from backtests.simulation import Simulation
from data.bars import Bars
from data.errors import EngineError, MissingSeries, UnknownName
from data.snapshot import Snapshot
from signals.audit_trades import audit_trades
from strategies.loading import load_strategy
from tests.backtests.ledger import Bar
from tests.backtests.worlds import DAY, HOUR, table

START = pd.Timestamp("2024-01-01", tz="UTC")
FREE = Execution(
    fee_bp=0.0, slippage_bp=0.0, borrow_bp=0.0, initial_cash=10_000.0, perpetuals=("BTC",)
)
# Opens and closes of three days.
PRICES = [(100.0, 110.0), (120.0, 130.0), (140.0, 150.0)]
# Every eight hours from the first midnight on.
RATES = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009]


def bars(prices: list[tuple[float, float]] = PRICES, name: str = "BTC") -> Bars:
    def bar(_: str, day: int) -> Bar:
        opened, closed = prices[day]
        return Bar(closed, opened, max(opened, closed), min(opened, closed))

    return table((name,), len(prices), START, DAY, bar)


def rates(values: list[float] = RATES, every: int = 8, venue: str = "v") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "symbol": "BTC",
            "ts": [START + every * number * HOUR for number in range(len(values))],
            "rate": values,
            "venue": venue,
        }
    )


def trade(
    weights: dict[int, float],
    execution: Execution = FREE,
    funding: pd.DataFrame | None = None,
    rate: float = 0.0,
    hourly: Bars | None = None,
) -> Simulation:
    days = pd.DatetimeIndex([START + day * DAY for day in weights])
    targets = pd.DataFrame({"BTC": list(weights.values())}, index=days)
    targets[CASH] = 1.0 - targets["BTC"]
    cash = pd.Series(rate, index=pd.date_range(START, periods=3, freq="D"))
    paid = rates() if funding is None else funding
    return simulate(targets, bars(), cash, execution, hourly, paid)


class TestByHand:
    def test_a_long_pays_each_rate_on_what_it_holds(self):
        result = trade({0: 1.0})
        # 100 coins from the first open on: the first rate was settled before they were bought.
        first = 11_000 - 100 * 110 * 0.005
        second = 13_000 - 55 - 100 * 120 * 0.004 - 100 * 130 * 0.011
        third = 15_000 - 246 - 100 * 140 * 0.007 - 100 * 150 * 0.017
        np.testing.assert_allclose(result.equity, [10_000, first, second, third], rtol=1e-13)
        assert result.costs["funding"] == pytest.approx(55 + 48 + 143 + 98 + 255)
        assert result.held.sum(axis=1).tolist() == pytest.approx([1.0] * 4)
        assert result.held["BTC"].iloc[1] == pytest.approx(11_000 / first)

    def test_a_short_receives_it(self):
        result = trade({0: -1.0})
        first = 10_000 - 1_000 + 55
        assert result.equity.iloc[1] == pytest.approx(first)
        assert result.costs["funding"] == pytest.approx(-(55 + 48 + 143 + 98 + 255))

    def test_a_negative_rate_pays_the_long(self):
        result = trade({0: 1.0}, funding=rates([-rate for rate in RATES]))
        assert result.equity.iloc[1] == pytest.approx(11_055)

    def test_the_rate_of_midnight_falls_on_what_was_held_before_the_fill(self):
        result = trade({0: 1.0, 1: 0.0})
        sold = 100 * 120 - 55 - 100 * 120 * 0.004
        np.testing.assert_allclose(result.equity.iloc[2:], [sold, sold], rtol=1e-13)
        bought = trade({0: 0.0, 1: 1.0})
        size = 10_000 / 120
        assert bought.equity.iloc[2] == pytest.approx(size * 130 * (1 - 0.011))

    def test_targets_are_shares_of_what_funding_leaves(self):
        result = trade({0: 1.0, 1: 0.5})
        left = 100 * 120 - 55 - 48
        coins = 0.5 * left / 120
        assert result.equity.iloc[2] == pytest.approx(left / 2 + coins * 130 * (1 - 0.011))

    def test_a_delayed_fill_divides_the_day_at_its_own_moment(self):
        hours = {9: 104.0, 10: 105.0, 33: 125.0}

        def bar(_: str, hour: int) -> Bar | None:
            return Bar(*[hours[hour]] * 4) if hour in hours else None

        hourly = table(("BTC",), 72, START, HOUR, bar)
        # Due at 08:00, filled at the first hour there is: 09:00 and, of the second day, 33:00.
        result = trade({0: 1.0, 1: 0.0}, replace(FREE, delay_hours=8), hourly=hourly)
        coins = 10_000 / 104
        first = coins * 110 * (1 - 0.003)
        np.testing.assert_allclose(result.equity.iloc[1], first, rtol=1e-13)
        sold = coins * 125 - coins * 110 * 0.003 - coins * 125 * (0.004 + 0.005)
        np.testing.assert_allclose(result.equity.iloc[2:], [sold, sold], rtol=1e-13)

    def test_a_rate_at_the_moment_of_a_delayed_fill_is_charged_before_it(self):
        hourly = table(("BTC",), 72, START, HOUR, lambda _, hour: Bar(*[105.0] * 4))
        result = trade({0: 1.0}, replace(FREE, delay_hours=8), hourly=hourly)
        assert result.equity.iloc[1] == pytest.approx(10_000 / 105 * 110 * (1 - 0.003))

    def test_intervals_may_change(self):
        hourly = rates([0.0001] * 24, every=1)
        later = rates().assign(ts=lambda rows: rows["ts"] + DAY)
        result = trade({0: 1.0}, funding=pd.concat([hourly, later]))
        assert result.equity.iloc[1] == pytest.approx(11_000 * (1 - 0.0023))
        assert result.equity.iloc[2] == pytest.approx(13_000 - 25.3 - 12 - 100 * 130 * 0.005)


class TestMargin:
    def test_an_account_wholly_in_a_perpetual_earns_the_cash_rate(self):
        nothing = rates([0.0] * 9)
        result = trade({0: 1.0}, funding=nothing, rate=3.6)
        assert result.equity.iloc[1] == pytest.approx(11_001.0, rel=1e-13)
        assert result.equity.iloc[2] == pytest.approx(13_001 + (12_000 + 1) * 0.0001, rel=1e-13)

    def test_leverage_by_a_perpetual_is_no_loan(self):
        costly = replace(FREE, borrow_bp=1_000.0)
        result = trade({0: 2.0}, costly, funding=rates([0.0] * 9), rate=3.6)
        assert result.equity.iloc[1] == pytest.approx(12_000 + 1.0, rel=1e-13)
        assert result.costs["borrow"] == 0.0

    def test_a_short_has_no_proceeds_to_lend(self):
        result = trade({0: -1.0}, funding=rates([0.0] * 9), rate=3.6)
        assert result.equity.iloc[1] == pytest.approx(9_000 + 1.0, rel=1e-13)


class TestMissing:
    def test_a_held_perpetual_without_its_rate_is_refused_by_name_and_day(self):
        gap = rates().drop(4)
        message = r"BTC: the perpetual is held on 2024-01-02 and a funding rate of v is missing"
        with pytest.raises(EngineError, match=message):
            trade({0: 1.0}, funding=gap)
        with pytest.raises(EngineError, match=r"known are 2024-01-01 \.\. 2024-01-03"):
            trade({0: 1.0}, funding=gap)

    def test_rates_that_end_or_begin_inside_the_run_are_missing(self):
        with pytest.raises(EngineError, match="held on 2024-01-03"):
            trade({0: 1.0}, funding=rates(RATES[:7]))
        with pytest.raises(EngineError, match=r"held on 2024-01-01.*2024-01-02 \.\. 2024-01-03"):
            trade({0: 1.0}, funding=rates().iloc[1:])

    def test_what_is_not_held_there_needs_no_rate(self):
        until_noon = rates(RATES[:4])  # the last one at midnight of the second day
        result = trade({0: 1.0, 1: 0.0}, funding=until_noon)
        assert result.equity.iloc[3] == pytest.approx(12_000 - 55 - 48)
        trade({0: 0.0, 1: 1.0}, funding=rates().iloc[3:])

    def test_a_late_rate_is_no_gap(self):
        late = rates().assign(ts=lambda rows: rows["ts"] + pd.Timedelta(minutes=7))
        with pytest.raises(EngineError, match="held on 2024-01-01"):
            trade({0: 1.0}, funding=late)
        assert trade({1: 1.0}, funding=late).costs["funding"] > 0

    def test_no_rates_at_all(self):
        with pytest.raises(MissingSeries, match=r"BTC funding.*needed by a perpetual"):
            trade({0: 1.0}, funding=rates().assign(symbol="ETH"))
        with pytest.raises(EngineError, match="is no number"):
            trade({0: 1.0}, funding=rates([np.nan] * 9))

    def test_the_venue_that_began_first_counts_unless_another_is_named(self):
        other = rates([1e-5] * 8, venue="a").assign(ts=lambda rows: rows["ts"] + 8 * HOUR)
        both = pd.concat([other, rates()])
        assert trade({0: 1.0}, funding=both).equity.iloc[1] == pytest.approx(11_000 - 55)
        named = replace(FREE, funding_venue="a")
        assert trade({1: 1.0}, named, funding=both).costs["funding"] < 1
        with pytest.raises(UnknownName, match="unknown venue of BTC funding 'b'"):
            trade({0: 1.0}, replace(FREE, funding_venue="b"), funding=both)


def test_charges_do_not_depend_on_what_is_wanted():
    found = []
    for weight in (1.0, 0.0, np.nan):
        targets = pd.DataFrame({"BTC": [weight], CASH: [1 - weight]}, index=[START])
        index = pd.DatetimeIndex(targets.index).as_unit("us")
        plan = orders(targets.set_axis(index), bars(), FREE)
        charged = charges(plan, FREE, rates())
        assert charged is not None
        found.append(charged)
    for other in found[1:]:
        for name in ("before", "after", "rate_after", "margin_before", "margin_after"):
            np.testing.assert_array_equal(getattr(other, name), getattr(found[0], name))
    np.testing.assert_allclose(found[0].before[:, 0], [0.1, 0.48, 0.98])
    np.testing.assert_allclose(found[0].after[:, 0], [0.55, 1.43, 2.55])
    np.testing.assert_allclose(found[0].rate_before[:, 0], [0.001, 0.004, 0.007])
    np.testing.assert_allclose(found[0].rate_after[:, 0], [0.005, 0.011, 0.017])


@pytest.mark.parametrize("venue", [None, "bybit perp", "hyperliquid (hourly)"])
def test_a_constant_position_on_the_real_rates(real_snapshot: Snapshot, venue: str | None):
    """Coins bought once; all that follows is a sum of rates times prices, and interest."""
    first, last = pd.Timestamp("2023-06-01", tz="UTC"), pd.Timestamp("2023-12-30", tz="UTC")
    execution = replace(FREE, funding_venue=venue)
    weights = pd.DataFrame(
        {"BTC": [-0.5], CASH: [1.5]}, index=pd.DatetimeIndex([first]).as_unit("us")
    )
    run = run_weights(
        weights.reindex(pd.date_range(first, last, freq="D", unit="us")),
        real_snapshot,
        execution,
        name="short",
        title="Short",
        config={},
        start=first,
        end=last,
    )
    table = real_snapshot.funding
    assert table is not None
    chosen = table[
        (table["symbol"] == "BTC") & (table["venue"].astype(str) == (venue or "binance usdm"))
    ]
    opened = real_snapshot.daily.open["BTC"]
    closed = real_snapshot.daily.close["BTC"]
    coins = -0.5 * 10_000 / opened[first + DAY]
    paid = 0.0
    for at, rate in zip(chosen["ts"], chosen["rate"], strict=True):
        day = at.floor("D") + DAY
        if first < at < last + DAY:
            paid += coins * rate * (opened[day] if at == at.floor("D") else closed[day])
    assert run.simulation.costs["funding"] == pytest.approx(paid, rel=1e-9)
    gained = coins * (closed[last + DAY] - opened[first + DAY])
    interest = run.simulation.costs["interest"]
    assert run.simulation.equity.iloc[-1] == pytest.approx(10_000 + gained - paid + interest)
    assert abs(paid) > 50


def test_rates_of_later_instants_change_nothing_earlier(real_snapshot: Snapshot):
    begin = pd.Timestamp("2022-01-01", tz="UTC")
    cut = pd.Timestamp("2022-03-10 15:00", tz="UTC")
    rule = load_strategy("altcoins_hedged")
    execution = Execution(perpetuals=("BTC",))
    seen = real_snapshot.until(pd.Timestamp("2022-04-01", tz="UTC"))
    assert seen.funding is not None
    later = (seen.funding["ts"] > cut).to_numpy()
    dear = seen.funding.assign(rate=seen.funding["rate"].where(~later, 0.01))
    plain = backtest(rule, seen, execution, start=begin).simulation
    other = backtest(rule, replace(seen, funding=dear), execution, start=begin).simulation
    pd.testing.assert_frame_equal(plain.weights, other.weights)
    pd.testing.assert_series_equal(plain.equity[:cut], other.equity[:cut])
    assert (plain.equity[cut:] != other.equity[cut:]).all()


def test_the_trades_of_a_rule_with_perpetuals_look_at_nothing_later(real_snapshot: Snapshot):
    world = real_snapshot.until(pd.Timestamp("2021-03-01", tz="UTC"))
    rule, execution = load_strategy("altcoins_hedged"), Execution(perpetuals=("BTC",))
    begin = pd.Timestamp("2021-01-01", tz="UTC")

    def run(snapshot: Snapshot) -> Simulation:
        return backtest(rule, snapshot, execution, start=begin).simulation

    assert audit_trades(run, world, name=rule.name, count=1) == []


def test_a_yardstick_holds_coins(real_snapshot: Snapshot):
    rule = load_strategy("altcoins_hedged")
    begin = pd.Timestamp("2022-01-01", tz="UTC")
    seen = real_snapshot.until(pd.Timestamp("2022-02-01", tz="UTC"))
    run = backtest(rule, seen, Execution(perpetuals=("BTC",)), start=begin, benchmark=True)
    assert run.simulation.execution.perpetuals == ()
    assert run.simulation.costs["funding"] == 0.0

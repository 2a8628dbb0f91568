"""The engine against arithmetic by hand, against the plain ledger, and against look-ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vectorbt as vbt
from hypothesis import HealthCheck, assume, given, settings

from backtests.cash import CASH
from backtests.engine import simulate
from backtests.simulation import Simulation
from data.assets import asset
from data.errors import EngineError, UnknownName
from tests.backtests.ledger import Bar, Ledger, RuinedError, Terms, World
from tests.backtests.worlds import DAY, MATIC_ENDED, Case, Decisions, cases

FREE = Terms(initial_cash=10_000.0)
START = pd.Timestamp("2024-01-01", tz="UTC")
Prices = Sequence[tuple[float | None, float] | None]


def case(
    prices: Mapping[str, Prices],
    decisions: Decisions,
    terms: Terms = FREE,
    rate: float = 0.0,
    start: pd.Timestamp = START,
    hourly: Mapping[str, Mapping[int, float]] | None = None,
) -> Case:
    """A market from (open, close) pairs; None is no bar, an open of None a close only."""
    days = len(next(iter(prices.values())))
    bars: list[dict[str, Bar]] = [{} for _ in range(days)]
    for name, pairs in prices.items():
        for day, pair in enumerate(pairs):
            if pair is not None:
                opened, closed = pair
                high = None if opened is None else max(opened, closed)
                low = None if opened is None else min(opened, closed)
                bars[day][name] = Bar(closed, opened, high, low)
    world = World(tuple(prices), bars, [rate] * days, hourly_opens=hourly or {})
    return Case(world, decisions, terms, start)


def run(given_case: Case) -> Simulation:
    needs_hours = given_case.terms.delay_hours % 24
    return simulate(
        given_case.weights,
        given_case.bars,
        given_case.rates,
        given_case.execution,
        given_case.hourly if needs_hours else None,
        given_case.funding,
    )


def ledger(given_case: Case) -> Ledger:
    book = Ledger(given_case.world, given_case.terms)
    book.run(given_case.decisions)
    return book


def btc(weight: float) -> dict[str, float]:
    return {"BTC": weight, CASH: 1 - weight}


class TestByHand:
    def test_fees_and_slippage_of_a_round_trip(self):
        terms = Terms(fee=0.001, slippage=0.001, initial_cash=10_000.0)
        prices = {"BTC": [(100.0, 100.0), (100.0, 105.0), (110.0, 120.0)]}
        result = run(case(prices, {1: btc(1.0), 2: btc(0.0)}, terms))
        size = 10_000 / (100.1 * 1.001)
        proceeds = size * 109.89
        np.testing.assert_allclose(
            result.equity, [10_000, size * 105, proceeds * 0.999], rtol=1e-12
        )
        fills = result.fills
        assert fills["side"].tolist() == ["buy", "sell"]
        np.testing.assert_allclose(fills["size"], [size, size], rtol=1e-12)
        np.testing.assert_allclose(fills["price"], [100.1, 109.89], rtol=1e-12)
        np.testing.assert_allclose(fills["fee"], [size * 0.1001, proceeds * 0.001], rtol=1e-12)
        np.testing.assert_allclose(fills["slippage_cost"], [size * 0.1, size * 0.11], rtol=1e-9)
        assert fills["decision_time"].tolist() == [START + DAY, START + 2 * DAY]
        assert fills["fill_time"].tolist() == fills["decision_time"].tolist()
        assert result.costs["fees"] == pytest.approx(size * 0.1001 + proceeds * 0.001)
        assert result.costs["slippage"] == pytest.approx(size * 0.21)

    def test_weights_after_a_fill_are_the_targets_of_the_value_after_costs(self):
        terms = Terms(fee=0.002, slippage=0.005, initial_cash=10_000.0)
        prices = {"BTC": [(100.0, 100.0)] * 2}
        result = run(case(prices, {0: btc(0.5)}, terms))
        # value * 0.5 * (slippage + (1 + slippage) * fee) is what buying half of the value costs.
        value = 10_000 / (1 + 0.5 * (0.005 + 1.005 * 0.002))
        assert result.equity.iloc[1] == pytest.approx(value, rel=1e-12)
        assert result.held["BTC"].iloc[1] == pytest.approx(0.5, abs=1e-12)

    def test_cash_earns_simple_interest_on_360_days(self):
        result = run(case({"BTC": [(1.0, 1.0)] * 3}, {0: btc(0.0)}, rate=7.2))
        np.testing.assert_allclose(
            result.equity, [10_000, 10_002, 10_004.0004, 10_006.00120008], rtol=1e-14
        )
        assert result.costs["interest"] == pytest.approx(6.00120008)
        assert result.cash_returns.iloc[1:].tolist() == pytest.approx([0.0002] * 3)
        assert result.fills.empty
        assert result.exposure.tolist() == [0.0] * 4

    def test_leverage_pays_the_rate_and_the_spread(self):
        terms = Terms(borrow_percent=1.5, initial_cash=10_000.0)
        prices = {"BTC": [(100.0, 100.0), (100.0, 110.0)]}
        result = run(case(prices, {0: btc(2.0)}, terms, rate=3.6))
        owed = 10_000 * (1 + 0.051 / 360)
        np.testing.assert_allclose(
            result.equity, [10_000, 20_000 - owed, 22_000 - owed * (1 + 0.051 / 360)], rtol=1e-13
        )
        assert result.costs["borrow"] == pytest.approx(owed * (1 + 0.051 / 360) - 10_000)
        assert result.costs["interest"] == 0.0
        assert result.exposure.iloc[1] == pytest.approx(20_000 / (20_000 - owed))

    def test_a_short_gains_when_the_price_falls_and_its_proceeds_earn_interest(self):
        prices = {"BTC": [(100.0, 90.0)]}
        result = run(case(prices, {0: btc(-1.0)}, rate=3.6))
        assert result.equity.iloc[-1] == pytest.approx(20_000 * 1.0001 - 9_000, rel=1e-13)
        assert result.held.iloc[-1].to_dict() == pytest.approx(
            {"BTC": -9_000 / 11_002, CASH: 20_002 / 11_002}
        )

    def test_a_small_account_trades_a_dear_coin_exactly(self):
        # vectorbt by itself takes an order of less than 1e-12 coins for none.
        terms = replace(FREE, initial_cash=1.0)
        prices = {"BTC": [(1e8, 1e8), (1.0001e8, 1e8)]}
        result = run(case(prices, {0: btc(0.5), 1: btc(0.5)}, terms))
        assert len(result.fills) == 2
        spent = 0.5 * 1.00005
        assert result.equity.iloc[-1] == pytest.approx(spent + spent / 1.0001, rel=1e-14)

    def test_turnover_is_the_larger_of_purchases_and_sales(self):
        prices = {"BTC": [(100.0, 100.0)] * 3, "ETH": [(10.0, 10.0)] * 3}
        decisions = {
            0: {"BTC": 0.6, "ETH": 0.0, CASH: 0.4},
            1: {"BTC": 0.1, "ETH": 0.8, CASH: 0.1},
            2: None,
        }
        assert run(case(prices, decisions)).traded.tolist() == pytest.approx([0.0, 0.6, 0.8, 0.0])

    def test_slippage_follows_the_range_of_the_last_bar_that_closed(self):
        terms = Terms(slippage=0.001, slippage_range=0.1, initial_cash=10_000.0)
        prices = {"BTC": [(100.0, 110.0), (100.0, 300.0)]}
        result = run(case(prices, {1: btc(1.0)}, terms))
        assert result.fills["price"].tolist() == pytest.approx([100 * (1 + 0.001 + 0.1 * 0.1)])

    def test_a_delisted_coin_leaves_at_its_last_close_less_a_tenth(self):
        assert asset("MATIC").delisted_on == date(2024, 9, 10)
        prices: Mapping[str, Prices] = {
            "MATIC": [(2.0, 2.0), (2.0, 1.5), None, None],
            "BTC": [(100.0, 100.0)] * 4,
        }
        decisions = {0: {"MATIC": 0.4, "BTC": 0.6, CASH: 0.0}}
        terms = replace(FREE, fee=0.01)
        result = run(case(prices, decisions, terms, start=MATIC_ENDED - 2 * DAY))
        sale = result.fills.iloc[-1]
        assert sale["reason"] == "delisted"
        assert sale["fill_time"] == MATIC_ENDED
        assert pd.isna(sale["decision_time"])
        assert sale["price"] == pytest.approx(1.35)
        assert sale["fee"] == 0.0
        lost = sale["size"] * 0.15
        assert result.costs["delisting"] == pytest.approx(lost)
        assert result.equity.iloc[3] == pytest.approx(result.equity.iloc[2] - lost)
        assert result.held["MATIC"].iloc[3] == 0.0
        proceeds = sale["size"] * 1.35
        assert result.held[CASH].iloc[3] == pytest.approx(proceeds / result.equity.iloc[3])

    def test_a_short_of_a_delisted_coin_is_bought_back_dearer(self):
        prices: Mapping[str, Prices] = {"MATIC": [(2.0, 2.0), None]}
        decisions = {0: {"MATIC": -0.5, CASH: 1.5}}
        result = run(case(prices, decisions, start=MATIC_ENDED - DAY))
        assert result.fills["price"].tolist() == pytest.approx([2.0, 2.2])
        assert result.equity.iloc[-1] == pytest.approx(10_000 - 2_500 * 0.2)

    def test_prices_after_a_delisting_are_those_of_another_coin(self):
        prices: Mapping[str, Prices] = {"MATIC": [(2.0, 2.0), (50.0, 60.0), (50.0, 60.0)]}
        decisions = {day: {"MATIC": 1.0, CASH: 0.0} for day in range(3)}
        result = run(case(prices, decisions, start=MATIC_ENDED - DAY))
        assert result.equity.tolist() == pytest.approx([10_000, 10_000, 9_000, 9_000])
        assert result.unfilled["reason"].tolist() == ["delisted", "delisted"]


class TestDelay:
    prices: Mapping[str, Prices] = {"BTC": [(100.0, 101.0), (102.0, 103.0), (104.0, 105.0)]}

    def result(self, hours: int, opens: Mapping[int, float] | None = None) -> Simulation:
        terms = replace(FREE, delay_hours=hours)
        return run(
            case(self.prices, {0: btc(1.0)}, terms, rate=3.6, hourly={"BTC": opens or {0: 1.0}})
        )

    @pytest.mark.parametrize(("hours", "price"), [(0, 100.0), (24, 102.0), (48, 104.0)])
    def test_whole_days_fill_at_daily_opens(self, hours: int, price: float):
        fills = self.result(hours).fills
        assert fills["price"].tolist() == [price]
        assert fills["fill_time"].tolist() == [START + pd.Timedelta(hours=hours)]
        assert fills["decision_time"].tolist() == [START]

    @pytest.mark.parametrize(
        ("hours", "opens", "hour"),
        [
            (1, {0: 90.0, 1: 91.0, 2: 92.0}, 1),
            (4, {0: 90.0, 1: 91.0, 9: 99.0}, 9),
            (23, {23: 95.0}, 23),
            (25, {1: 91.0, 25: 98.0}, 25),
        ],
    )
    def test_hours_fill_at_the_first_hourly_open_from_then_on(self, hours, opens, hour):
        fills = self.result(hours, opens).fills
        assert fills["price"].tolist() == [opens[hour]]
        assert fills["fill_time"].tolist() == [START + pd.Timedelta(hours=hour)]

    def test_cash_earns_until_the_money_is_spent(self):
        result = self.result(6, {6: 80.0})
        spent = 10_000 * (1 + 0.036 / 360 * 6 / 24)
        assert result.equity.tolist() == pytest.approx(
            [10_000, spent / 80 * 101, spent / 80 * 103, spent / 80 * 105], rel=1e-12
        )

    def test_no_hour_left_in_the_day_is_no_trade(self):
        result = self.result(20, {19: 90.0, 24: 99.0})
        assert result.fills.empty
        row = result.unfilled.iloc[0]
        assert row["reason"] == "no hourly bar in the rest of the day"
        assert row["due"] == START + pd.Timedelta(hours=20)

    def test_assets_without_hourly_bars_are_refused_unless_days_are_whole(self):
        broken = case(self.prices, {0: btc(1.0)}, replace(FREE, delay_hours=1))
        with pytest.raises(EngineError, match="no hourly bars of BTC: give a delay in whole days"):
            run(broken)
        with pytest.raises(EngineError, match="no hourly bars"):
            simulate(broken.weights, broken.bars, broken.rates, broken.execution)

    def test_assets_that_are_never_wanted_need_no_hourly_bars(self):
        prices = {"BTC": self.prices["BTC"], "ETH": self.prices["BTC"]}
        decisions = {0: {"BTC": 1.0, "ETH": 0.0, CASH: 0.0}}
        hourly = {"BTC": {1: 99.0}}
        result = run(case(prices, decisions, replace(FREE, delay_hours=1), hourly=hourly))
        assert result.fills["price"].tolist() == [99.0]
        assert result.unfilled.empty


class TestGaps:
    def test_a_missing_bar_is_no_trade_and_listed(self):
        prices: Mapping[str, Prices] = {"BTC": [(1.0, 1.0), None, (1.0, 1.0)]}
        result = run(case(prices, {1: btc(0.5), 2: None}))
        assert result.fills.empty
        (row,) = result.unfilled.to_dict("records")
        assert row["decision_time"] == row["due"] == START + DAY
        assert (row["asset"], row["wanted"], row["got"]) == ("BTC", 0.5, 0.0)
        assert row["reason"] == "no bar"

    def test_a_row_with_a_close_only_is_valued_and_not_traded(self):
        prices: Mapping[str, Prices] = {"BTC": [(100.0, 100.0), (None, 150.0), (200.0, 200.0)]}
        result = run(case(prices, {0: btc(1.0), 1: btc(0.0), 2: None}))
        assert result.equity.tolist() == [10_000, 10_000, 15_000, 20_000]
        assert result.unfilled["reason"].tolist() == ["close only"]
        assert result.frozen.empty

    def test_a_halted_holding_is_frozen_at_its_last_close_and_listed(self):
        prices: Mapping[str, Prices] = {"BTC": [(100.0, 120.0), None, None, (80.0, 90.0)]}
        result = run(case(prices, {0: btc(1.0)}))
        assert result.equity.tolist() == [10_000, 12_000, 12_000, 12_000, 9_000]
        (spell,) = result.frozen.to_dict("records")
        assert (spell["asset"], spell["bars"], spell["weight"]) == ("BTC", 2, 1.0)
        assert (spell["first"], spell["last"]) == (START + 2 * DAY, START + 3 * DAY)

    def test_money_in_a_halted_coin_is_not_spent_twice(self):
        prices: Mapping[str, Prices] = {
            "BTC": [(100.0, 100.0)] * 2,
            "ETH": [(10.0, 10.0), None],
        }
        decisions = {
            0: {"BTC": 0.0, "ETH": 0.3, CASH: 0.7},
            1: {"BTC": 1.0, "ETH": 0.0, CASH: 0.0},
        }
        result = run(case(prices, decisions))
        assert result.held.iloc[-1].to_dict() == pytest.approx({"BTC": 0.7, "ETH": 0.3, CASH: 0.0})
        reasons = result.unfilled.set_index("asset")["reason"].to_dict()
        assert reasons == {"BTC": "cash ran out", "ETH": "no bar"}

    def test_purchases_are_cut_from_the_largest(self):
        prices: Mapping[str, Prices] = {
            "BTC": [(100.0, 100.0)] * 2,
            "ETH": [(10.0, 10.0)] * 2,
            "SOL": [(1.0, 1.0), None],
        }
        decisions = {
            0: {"BTC": 0.0, "ETH": 0.0, "SOL": 0.5, CASH: 0.5},
            1: {"BTC": 0.6, "ETH": 0.4, "SOL": 0.0, CASH: 0.0},
        }
        held = run(case(prices, decisions)).held.iloc[-1]
        assert held.to_dict() == pytest.approx({"BTC": 0.1, "ETH": 0.4, "SOL": 0.5, CASH: 0.0})

    def test_money_for_what_cannot_be_bought_stays_in_cash(self):
        prices: Mapping[str, Prices] = {"BTC": [(1.0, 1.0)] * 2, "ETH": [None, (1.0, 1.0)]}
        decisions = {0: {"BTC": 0.4, "ETH": 0.6, CASH: 0.0}, 1: None}
        held = run(case(prices, decisions)).held
        assert held.iloc[-1].to_dict() == pytest.approx({"BTC": 0.4, "ETH": 0.0, CASH: 0.6})

    def test_decisions_before_the_first_bar_leave_cash_earning(self):
        world = case({"BTC": [(1.0, 1.0)] * 3}, {0: btc(0.0)}, rate=3.6)
        early = START - 2 * DAY
        weights = pd.DataFrame([btc(1.0)], index=pd.DatetimeIndex([early]))
        rates = pd.Series(3.6, index=pd.date_range(early, periods=5, freq="D"))
        result = simulate(weights, world.bars, rates, world.execution)
        assert result.equity.index[0] == early
        assert result.equity.iloc[-1] == pytest.approx(10_000 * 1.0001**5)
        assert result.unfilled["reason"].tolist() == ["no bar"]

    def test_a_row_of_nan_lets_holdings_drift(self):
        prices = {"BTC": [(100.0, 100.0), (100.0, 300.0)]}
        result = run(case(prices, {0: btc(0.5), 1: None}))
        assert result.held["BTC"].tolist() == pytest.approx([0.0, 0.5, 0.75])
        assert len(result.fills) == 1

    def test_the_last_decision_is_pending_and_not_listed(self):
        result = run(case({"BTC": [(1.0, 1.0)] * 2}, {0: btc(0.0), 2: btc(1.0)}))
        assert result.unfilled.empty
        assert result.fills.empty


RUNS = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


class TestLedger:
    @RUNS
    @given(cases())
    def test_equity_and_costs_equal_the_plain_ledger(self, world: Case):
        try:
            book = ledger(world)
        except RuinedError:
            with pytest.raises(EngineError, match="ruined"):
                run(world)
            return
        result = run(world)
        np.testing.assert_allclose(result.equity.iloc[1:], book.equity, rtol=1e-9)
        scale = max(world.terms.initial_cash, *book.equity)
        for name, paid in result.costs.items():
            assert paid == pytest.approx(getattr(book, name), abs=1e-9 * scale), name

    @settings(max_examples=15)
    @given(cases())
    def test_equity_changes_by_what_fills_interest_and_holdings_say(self, world: Case):
        try:
            result = run(world)
        except EngineError:
            assume(False)
        fills = result.fills
        sign = np.where(fills["side"] == "buy", 1.0, -1.0)
        spent = (sign * fills["size"] * fills["price"] + fills["fee"]).sum()
        coins = (sign * fills["size"]).groupby(fills["asset"]).sum()
        known = world.bars.close.loc[: result.equity.index[-1]].ffill()
        if "MATIC" in coins.index:
            known["MATIC"] = known["MATIC"].where(known.index <= MATIC_ENDED).ffill()
        worth = (coins * known.iloc[-1].reindex(coins.index)).sum()
        costs = result.costs
        earned = costs["interest"] - costs["borrow"] - costs["funding"]
        cash = world.terms.initial_cash - spent + earned
        scale = max(world.terms.initial_cash, abs(spent), worth)
        assert result.equity.iloc[-1] == pytest.approx(cash + worth, abs=1e-7 * scale)
        forced = fills["reason"] == "delisted"
        assert result.costs["fees"] == pytest.approx(fills["fee"].sum(), abs=1e-7 * scale)
        slips = fills["slippage_cost"].groupby(forced).sum()
        assert result.costs["slippage"] == pytest.approx(slips.get(False, 0.0), abs=1e-7 * scale)
        assert result.costs["delisting"] == pytest.approx(slips.get(True, 0.0), abs=1e-7 * scale)

    @settings(max_examples=10)
    @given(cases())
    def test_the_size_of_the_account_does_not_matter(self, world: Case):
        small, large = (
            replace(world, terms=replace(world.terms, initial_cash=cash)) for cash in (1.0, 1e7)
        )
        try:
            first = run(small)
        except EngineError:
            assume(False)
        np.testing.assert_allclose(run(large).equity, first.equity * 1e7, rtol=1e-9)


class TestLookAhead:
    @settings(max_examples=15)
    @given(cases())
    def test_what_happens_later_changes_nothing_earlier(self, world: Case):
        days = len(world.world.bars)
        changed = days // 2
        assume(min(world.decisions) < changed)
        poisoned = [
            {name: _times(bar, 7.0) for name, bar in row.items()} if day >= changed else row
            for day, row in enumerate(world.world.bars)
        ]
        hours = {
            name: {hour: value * (7 if hour >= 24 * changed else 1) for hour, value in row.items()}
            for name, row in world.world.hourly_opens.items()
        }
        other = replace(world, world=replace(world.world, bars=poisoned, hourly_opens=hours))
        try:
            before, after = run(world), run(other)
        except EngineError:
            assume(False)
        end = world.start + changed * DAY
        np.testing.assert_allclose(before.equity[:end], after.equity[:end], rtol=1e-13)
        pd.testing.assert_frame_equal(_fills_until(before, end), _fills_until(after, end))

    @settings(max_examples=15)
    @given(cases())
    def test_fills_are_at_opens_at_or_after_the_decision_plus_the_delay(self, world: Case):
        terms = replace(world.terms, slippage=0.0, slippage_range=0.0)
        world = replace(world, terms=terms)
        try:
            fills = run(world).fills
        except EngineError:
            assume(False)
        for fill in fills[fills["reason"] == ""].to_dict("records"):
            wait = fill["fill_time"] - fill["decision_time"]
            assert wait >= pd.Timedelta(hours=terms.delay_hours)
            hour = int((fill["fill_time"] - world.start) / pd.Timedelta(hours=1))
            if terms.delay_hours % 24:
                assert fill["price"] == world.world.hourly_opens[fill["asset"]][hour]
            else:
                assert hour % 24 == 0
                assert fill["price"] == world.world.bars[hour // 24][fill["asset"]].open

    def test_the_close_that_was_decided_on_is_never_the_price(self):
        prices = {"BTC": [(100.0, 777.0), (100.0, 100.0)]}
        result = run(case(prices, {1: btc(1.0)}))
        assert result.fills["price"].tolist() == [100.0]
        assert result.equity.tolist() == [10_000, 10_000]


def _times(bar: Bar, factor: float) -> Bar:
    scaled = [None if price is None else price * factor for price in (bar.open, bar.high, bar.low)]
    return Bar(bar.close * factor, *scaled)


def _fills_until(result: Simulation, end: pd.Timestamp) -> pd.DataFrame:
    return result.fills[result.fills["fill_time"] < end].reset_index(drop=True)


class TestInput:
    def good(self) -> Case:
        prices = {"BTC": [(1.0, 1.0)] * 3, "ETH": [(2.0, 3.0)] * 3}
        return case(prices, {0: {"BTC": 0.5, "ETH": 0.2, CASH: 0.3}, 1: None})

    def refused(self, message: str, **changes: Any) -> None:
        good = self.good()
        given: dict[str, Any] = {
            "weights": good.weights,
            "bars": good.bars,
            "cash_rate": good.rates,
            "execution": good.execution,
        } | changes
        with pytest.raises((EngineError, UnknownName), match=message):
            simulate(**given)

    def test_weights_that_are_no_weights(self):
        weights = self.good().weights
        self.refused("one named CASH", weights=weights.drop(columns=CASH))
        self.refused(
            r"weights of 2024-01-01 sum to 1.5 with 0 missing", weights=weights.add([0.5, 0, 0])
        )
        self.refused("with 1 missing", weights=weights.assign(ETH=np.nan))
        self.refused("sum to nan", weights=weights.add([np.inf, -np.inf, 0]))
        self.refused("in UTC", weights=weights.tz_localize(None))
        self.refused("in UTC", weights=weights.tz_convert("America/New_York"))
        self.refused("in UTC", weights=weights.iloc[:0])
        self.refused("must increase", weights=weights.iloc[::-1])
        self.refused("00:00 UTC", weights=weights.shift(freq="1h"))
        self.refused(
            "unknown asset 'BTV': did you mean BTC", weights=weights.rename(columns={"BTC": "BTV"})
        )
        self.refused("no bar follows it", weights=weights.shift(freq="9D"))

    def test_a_rate_that_is_not_known(self):
        rates = self.good().rates
        self.refused(
            "cash rate unknown at 2024-01-02 and on 0 other days",
            cash_rate=rates.drop(rates.index[1]),
        )
        self.refused("cash rate unknown at 2024-01-01", cash_rate=rates * np.nan)
        self.refused("distinct", cash_rate=pd.concat([rates, rates]))

    def test_bars_that_cannot_be_traded(self):
        bars = self.good().bars
        self.refused(
            "BTC: close of the bar closing at 2024-01-02.* is -1, prices are positive",
            bars=replace(bars, close=bars.close * [-1, 1]),
        )
        self.refused(
            "bars of 0 days 01:00:00 where bars of 1 days",
            bars=replace(bars, timeframe=pd.Timedelta(hours=1)),
        )

    def test_a_ruined_account_says_when(self):
        prices = {"BTC": [(100.0, 100.0), (100.0, 40.0)]}
        with pytest.raises(EngineError, match=r"ruined on the bar closing at 2024-01-03.*-2,000"):
            run(case(prices, {0: btc(2.0)}))

    def test_costs_beyond_all_there_is_are_refused(self):
        terms = Terms(fee=0.5, slippage=0.5, initial_cash=10_000.0)
        prices = {"BTC": [(100.0, 100.0)] * 2, "ETH": [(100.0, 100.0)] * 2}
        decisions = {0: {"BTC": 3.0, "ETH": -3.0, CASH: 1.0}}
        with pytest.raises(EngineError, match="costs do not settle on the bar closing at 2024"):
            run(case(prices, decisions, terms))

    def test_the_order_of_columns_and_their_types_do_not_matter(self):
        good = self.good()
        plain = run(good)
        weights = good.weights[[CASH, "ETH", "BTC"]]
        weights.index = pd.DatetimeIndex(weights.index).as_unit("ns")
        bars = replace(
            good.bars,
            **{
                name: getattr(good.bars, name).astype("float64[pyarrow]")
                for name in ("open", "high", "low", "close")
            },
        )
        other = simulate(weights, bars, good.rates, good.execution)
        np.testing.assert_allclose(other.equity, plain.equity, rtol=1e-14)

    def test_settings_of_vectorbt_are_neither_used_nor_changed(self):
        plain = run(self.good())
        saved = dict(vbt.settings["portfolio"])
        vbt.settings["portfolio"].update(fees=0.5, init_cash=1.0, min_size=1e3, call_seq="reversed")
        try:
            other = run(self.good())
        finally:
            vbt.settings["portfolio"].update(saved)
        pd.testing.assert_series_equal(other.equity, plain.equity)
        assert dict(vbt.settings["portfolio"]) == saved


def test_tables_are_typed_when_empty():
    result = run(case({"BTC": [(1.0, 1.0)]}, {0: btc(0.0)}))
    for table in (result.fills, result.unfilled, result.frozen):
        assert table.empty
        for column in set(table.columns) & {"fill_time", "decision_time", "due", "first", "last"}:
            assert isinstance(table[column].dtype, pd.DatetimeTZDtype), column

"""The screening kernel over target weights, against the engine and arithmetic by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from backtests.engine import simulate
from backtests.execution import Execution
from backtests.sweep.batch import MatrixBatch, Terms, terms_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.screen import FINE, FOLDS, METRICS, RUINED, UNFUNDED, fold_edges, screen
from data.bars import Bars
from data.errors import EngineError
from tests.backtests.ledger import Bar
from tests.backtests.sweep.agreement import assert_agrees, assert_daily, assert_same
from tests.backtests.worlds import DAY, Case, cases, table

START = pd.Timestamp("2024-01-01", tz="UTC")
FREE = Execution(fee_bp=0.0, slippage_bp=0.0, borrow_bp=0.0, initial_cash=10_000.0)


def check_against_engine(world: Case) -> None:
    hourly = world.hourly if world.terms.delay_hours % 24 else None
    weights, execution = world.weights, world.execution
    decisions = pd.DatetimeIndex(weights.index)
    try:
        field = field_of(world.bars, decisions, world.rates, execution, hourly, world.funding)
    except EngineError:
        with pytest.raises(EngineError):
            simulate(weights, world.bars, world.rates, execution, hourly, world.funding)
        return
    matrix = weights[list(field.assets)].to_numpy()[None]
    batch = MatrixBatch(matrix, terms_of(execution, 1))
    screened, daily = screen(field, batch), screen(field, batch, daily=True)
    assert_same(daily, screened)
    try:
        simulation = simulate(weights, world.bars, world.rates, execution, hourly, world.funding)
    except EngineError as error:
        refused = str(error)
    else:
        assert screened.status[0] == FINE
        assert_agrees(screened, 0, simulation)
        assert_daily(field, daily, 0, simulation)
        return
    assert screened.status[0] != FINE
    assert (screened.status[0] == UNFUNDED) == ("a funding rate" in refused)
    assert np.isnan(screened.metrics).all()


class TestEngine:
    @settings(max_examples=60)
    @given(cases())
    def test_everything_agrees_with_the_engine(self, world: Case):
        check_against_engine(world)

    @pytest.mark.slow
    @settings(max_examples=2_000)
    @given(cases())
    def test_everything_agrees_with_the_engine_over_many_cases(self, world: Case):
        check_against_engine(world)


def one_coin(prices: list[tuple[float, float]]) -> Bars:
    bars = [
        Bar(closed, opened, max(opened, closed), min(opened, closed)) for opened, closed in prices
    ]
    return table(("BTC",), len(bars), START, DAY, lambda name, day: bars[day])


def world_of(bars: Bars, execution: Execution = FREE, rate: float = 0.0) -> Field:
    decisions = pd.DatetimeIndex(bars.index - DAY)
    return field_of(bars, decisions, pd.Series(rate, index=decisions), execution)


def metric(field: Field, weights: list[float], execution: Execution, name: str) -> float:
    matrix = np.array(weights)[None, :, None]
    screened = screen(field, MatrixBatch(matrix, terms_of(execution, 1)))
    return float(screened.metrics[0, METRICS.index(name)])


class TestByHand:
    def test_a_purchase_holds_the_target_of_the_value_after_costs(self):
        execution = replace(FREE, fee_bp=20.0, slippage_bp=50.0)
        field = world_of(one_coin([(100.0, 100.0)] * 2), execution)
        cost = 0.005 + 1.005 * 0.002
        value = 10_000 / (1 + 0.5 * cost)
        weights = [0.5, math.nan]
        assert metric(field, weights, execution, "ending_value") == pytest.approx(value, rel=1e-14)
        paid = metric(field, weights, execution, "costs_paid")
        assert paid == pytest.approx(10_000 - value, rel=1e-12)
        assert metric(field, weights, execution, "orders") == 1.0

    def test_cash_earns_simple_interest_on_360_days(self):
        field = world_of(one_coin([(1.0, 1.0)] * 3), rate=7.2)
        value = metric(field, [0.0] * 3, FREE, "ending_value")
        assert value == pytest.approx(10_000 * 1.0002**3, rel=1e-14)

    def test_leverage_pays_the_rate_and_the_spread(self):
        execution = replace(FREE, borrow_bp=150.0)
        field = world_of(one_coin([(100.0, 100.0), (100.0, 110.0)]), execution, rate=3.6)
        owed = 10_000 * (1 + 0.051 / 360) ** 2
        weights = [2.0, math.nan]
        value = metric(field, weights, execution, "ending_value")
        assert value == pytest.approx(22_000 - owed, rel=1e-13)
        paid = metric(field, weights, execution, "costs_paid")
        assert paid == pytest.approx(owed - 10_000, rel=1e-10)

    def test_an_account_that_loses_everything_is_ruined(self):
        field = world_of(one_coin([(100.0, 100.0), (100.0, 40.0), (40.0, 80.0)]))
        matrix = np.array([[2.0, math.nan, math.nan], [1.0, math.nan, math.nan]])[:, :, None]
        screened = screen(field, MatrixBatch(matrix, terms_of(FREE, 2)))
        assert screened.status.tolist() == [RUINED, FINE]
        assert np.isnan(screened.metrics[0]).all()
        assert screened.metrics[1, METRICS.index("max_drawdown")] == pytest.approx(-0.6)

    def test_a_short_sale_that_cannot_be_made_brings_no_money(self):
        flat = Bar(100.0, 100.0, 100.0, 100.0)
        bars = table(
            ("BTC", "ETH"), 2, START, DAY, lambda name, day: flat if name == "BTC" or day else None
        )
        execution = replace(FREE, fee_bp=100.0)
        field = world_of(bars, execution)
        weights = np.array([[1.5, -0.5], [np.nan, np.nan]])
        screened = screen(field, MatrixBatch(weights[None], terms_of(execution, 1)))
        # The whole account buys what it can, instead of one and a half.
        left = screened.metrics[0, METRICS.index("ending_value")]
        assert left == pytest.approx(10_000 / 1.01, rel=1e-13)

    def test_a_whole_day_of_delay_is_a_later_fill(self):
        field = world_of(one_coin([(100.0, 100.0), (125.0, 125.0), (125.0, 250.0)]))
        terms = Terms(np.zeros(3), np.zeros(3), np.zeros(3), np.array([0, 1, 3]))
        matrix = np.tile(np.array([1.0, math.nan, math.nan])[None, :, None], (3, 1, 1))
        screened = screen(field, MatrixBatch(matrix, terms))
        values = screened.metrics[:, METRICS.index("ending_value")]
        assert values.tolist() == pytest.approx([25_000.0, 20_000.0, 10_000.0])


class TestFolds:
    @pytest.mark.parametrize(
        ("bars", "first", "last"), [(16, 1, 16), (2_900, 181, 2_900), (20, 1, 20), (3, 0, 3)]
    )
    def test_edges_span_all_bars_nearly_equally(self, bars: int, first: int, last: int):
        edges = fold_edges(bars)
        spans = np.diff(edges)
        assert len(edges) == FOLDS + 1
        assert edges[0] == 0
        assert edges[1] == first
        assert edges[-1] == last
        assert spans.max() - spans.min() <= 1

    def test_they_compound_to_the_whole_and_empty_ones_are_missing(self):
        field = world_of(one_coin([(100.0, 110.0), (110.0, 99.0), (99.0, 198.0)]))
        screened = screen(field, MatrixBatch(np.ones((1, 3, 1)), terms_of(FREE, 1)))
        returns = screened.folds[0][~np.isnan(screened.folds[0])]
        assert returns.tolist() == pytest.approx([0.1, -0.1, 1.0])
        assert np.isnan(screened.folds[0]).sum() == 13


@pytest.fixture(scope="module")
def crowd() -> tuple[Field, MatrixBatch]:
    """Three hundred variants of four coins with gaps, on three delays."""
    rng = np.random.default_rng(3)
    names, length = ("BTC", "ETH", "LTC", "SOL"), 120
    close = 100 * np.cumprod(1 + rng.normal(0, 0.03, (length, 4)), axis=0)
    gone = rng.random((length, 4)) < 0.05
    bars = table(
        names,
        length,
        START,
        DAY,
        lambda name, day: (
            None
            if gone[day, names.index(name)]
            else Bar(*[float(close[day, names.index(name)])] * 4)
        ),
    )
    field = world_of(bars, rate=3.0)
    weights = rng.dirichlet(np.ones(4), (300, length)) * rng.choice([0.5, 1.0, 1.5], (300, 1, 1))
    weights[rng.random((300, length)) < 0.3] = np.nan
    count = len(weights)
    terms = Terms(
        fee=rng.choice([0.0, 0.001, 0.01], count),
        slippage=rng.choice([0.0, 0.001], count),
        borrow=np.full(count, 0.015),
        delay=rng.integers(0, 3, count),
    )
    return field, MatrixBatch(weights, terms)


def part(batch: MatrixBatch, rows: np.ndarray) -> MatrixBatch:
    terms = batch.terms
    own = Terms(terms.fee[rows], terms.slippage[rows], terms.borrow[rows], terms.delay[rows])
    return MatrixBatch(batch.weights[rows], own)


class TestBits:
    def test_order_does_not_matter(self, crowd):
        field, batch = crowd
        rows = np.random.default_rng(0).permutation(len(batch))
        assert_same(screen(field, part(batch, rows)), screen(field, batch), rows)

    def test_the_batch_does_not_matter(self, crowd):
        field, batch = crowd
        for rows in np.array_split(np.arange(len(batch)), 7):
            assert_same(screen(field, part(batch, rows)), screen(field, batch), rows)

    def test_threads_do_not_matter(self, crowd):
        field, batch = crowd
        many = part(batch, np.tile(np.arange(len(batch)), 9))
        assert_same(screen(field, many, threads=3), screen(field, many))


class TestRefusals:
    def test_weights_of_another_shape(self, crowd):
        field, batch = crowd
        with pytest.raises(EngineError, match=r"weights of shape \(300, 119, 4\)"):
            screen(field, MatrixBatch(batch.weights[:, 1:], batch.terms))

    def test_decisions_with_a_gap(self):
        bars = one_coin([(1.0, 1.0)] * 4)
        decisions = pd.DatetimeIndex(bars.index - DAY)
        rates = pd.Series(0.0, index=decisions)
        with pytest.raises(EngineError, match="one decision time a day"):
            field_of(bars, decisions[[0, 2]], rates, FREE)

    def test_a_cash_rate_that_is_unknown(self):
        bars = one_coin([(1.0, 1.0)] * 4)
        decisions = pd.DatetimeIndex(bars.index - DAY)
        rates = pd.Series([0.0, math.nan, 0.0, 0.0], index=decisions)
        with pytest.raises(EngineError, match="cash rate unknown at 2024-01-02"):
            field_of(bars, decisions, rates, FREE)

    def test_no_thread(self, crowd):
        field, batch = crowd
        with pytest.raises(EngineError, match="one thread at least"):
            screen(field, batch, threads=0)

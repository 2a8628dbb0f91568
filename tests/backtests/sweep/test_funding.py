"""Perpetuals in the screening kernel: by hand, against the engine, and where a rate is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.cash import CASH
from backtests.engine import simulate
from backtests.execution import Execution
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.native import native_batch
from backtests.sweep.paths import Paths
from backtests.sweep.screen import FINE, METRICS, RUINED, UNFUNDED, Screened, screen
from data.bars import Bars
from data.errors import EngineError, MissingSeries
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.market import Market
from strategies.variants import variant
from tests.backtests.ledger import Bar
from tests.backtests.sweep.agreement import assert_agrees
from tests.backtests.worlds import DAY, HOUR, table

START = pd.Timestamp("2024-08-01", tz="UTC")
FREE = Execution(
    fee_bp=0.0, slippage_bp=0.0, borrow_bp=0.0, initial_cash=10_000.0, perpetuals=("BTC",)
)
# Opens and closes of three days, and rates every eight hours from the first midnight on.
PRICES = [(100.0, 110.0), (120.0, 130.0), (140.0, 150.0)]
RATES = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009]


def three_days() -> Bars:
    def bar(_: str, day: int) -> Bar:
        opened, closed = PRICES[day]
        return Bar(closed, opened, max(opened, closed), min(opened, closed))

    return table(("BTC",), 3, START, DAY, bar)


def settled(rates: dict[float, float], name: str = "BTC") -> pd.DataFrame:
    """A funding table from rates by hour."""
    at = [START + hour * HOUR for hour in rates]
    return pd.DataFrame({"symbol": name, "ts": at, "rate": list(rates.values()), "venue": "v"})


EVERY_EIGHT = settled({8.0 * place: rate for place, rate in enumerate(RATES)})


def screened(
    paths: list[list[float]],
    execution: Execution = FREE,
    funding: pd.DataFrame | None = EVERY_EIGHT,
    rate: float = 0.0,
) -> Screened:
    bars = three_days()
    decisions = pd.DatetimeIndex(bars.index - DAY)
    field = field_of(bars, decisions, pd.Series(rate, index=decisions), execution, None, funding)
    weights = np.array(paths)[:, :, None]
    return screen(field, MatrixBatch(weights, terms_of(execution, len(paths))))


def figure(found: Screened, name: str) -> list[float]:
    values: list[float] = found.metrics[:, METRICS.index(name)].tolist()
    return values


class TestByHand:
    def test_a_long_pays_and_a_short_receives(self):
        once, none = [np.nan, np.nan], [0.0, np.nan, np.nan]
        found = screened([[1.0, *once], [-0.5, *once], none])
        # A hundred coins, and fifty sold short, from the first open on: its rate came before.
        paid = 110 * 0.005 + 120 * 0.004 + 130 * 0.011 + 140 * 0.007 + 150 * 0.017
        assert figure(found, "costs_paid") == pytest.approx([100 * paid, -50 * paid, 0.0])
        values = [15_000 - 100 * paid, 10_000 - 50 * 50 + 50 * paid, 10_000]
        assert figure(found, "ending_value") == pytest.approx(values, rel=1e-13)

    def test_targets_are_shares_of_what_funding_leaves(self):
        found = screened([[1.0, 0.5, np.nan], [1.0, 0.0, np.nan]])
        left = 100 * 120 - 100 * 110 * 0.005 - 100 * 120 * 0.004
        coins = 0.5 * left / 120
        late = 130 * 0.011 + 140 * 0.007 + 150 * 0.017
        expected = [left / 2 + coins * (150 - late), left]
        assert figure(found, "ending_value") == pytest.approx(expected, rel=1e-13)

    def test_leverage_by_a_perpetual_is_no_loan_and_its_margin_earns_the_cash_rate(self):
        dear = replace(FREE, borrow_bp=1_000.0)
        nothing = EVERY_EIGHT.assign(rate=0.0)
        found = screened([[2.0, np.nan, np.nan], [-1.0, 0.0, np.nan]], dear, nothing, rate=3.6)
        # A day earns a ten-thousandth of the account's value at its fill.
        cash = -10_000 + 1.0
        for opened in (120, 140):
            cash += (200 * opened + cash) * 1e-4
        covered = (20_000 + 1.0 - 100 * 120) * (1 + 1e-4) ** 2
        assert figure(found, "costs_paid") == [0.0, 0.0]
        expected = [200 * 150 + cash, covered]
        assert figure(found, "ending_value") == pytest.approx(expected, rel=1e-13)


class TestMissing:
    def test_only_who_holds_it_there_lacks_a_rate(self):
        gap = EVERY_EIGHT.drop(4)  # of the second day, after the fill
        found = screened(
            [[1.0, np.nan, np.nan], [1.0, 0.0, np.nan], [0.0, 0.0, -1.0], [-1.0, np.nan, 0.0]],
            funding=gap,
        )
        assert found.status.tolist() == [UNFUNDED, FINE, FINE, UNFUNDED]
        assert np.isnan(found.metrics[[0, 3]]).all()
        assert np.isfinite(found.metrics[[1, 2], 0]).all()

    def test_a_rate_that_lacks_before_the_fill(self):
        # Overdue at the third midnight, at which the first path sells.
        ended = settled(dict.fromkeys([0.0, 8.0, 16.0, 24.0, 32.0, 39.5], 0.001))
        found = screened(
            [[1.0, np.nan, 0.0], [1.0, 0.0, np.nan], [0.0, np.nan, 1.0]], funding=ended
        )
        assert found.status.tolist() == [UNFUNDED, FINE, UNFUNDED]

    def test_ruin_comes_first_as_in_the_engine(self):
        gap = EVERY_EIGHT.drop(4)
        path = [-3.0, np.nan, np.nan]
        assert screened([path], funding=gap).status.tolist() == [RUINED]
        bars = three_days()
        decisions = pd.DatetimeIndex(bars.index - DAY)
        weights = pd.DataFrame({"BTC": path, CASH: [4.0, np.nan, np.nan]}, index=decisions)
        with pytest.raises(EngineError, match="ruined"):
            simulate(weights, bars, pd.Series(0.0, index=decisions), FREE, None, gap)

    def test_no_rates_at_all(self):
        with pytest.raises(MissingSeries, match="BTC funding"):
            screened([[0.0] * 3], funding=None)

    def test_a_name_that_is_not_traded_does_nothing(self):
        other = replace(FREE, perpetuals=("ETH",))
        found = screened([[1.0, np.nan, np.nan]], other, None)
        assert figure(found, "ending_value") == pytest.approx([15_000.0], rel=1e-13)


def test_rules_that_the_kernel_decides_are_screened_on_coins(phantom: Snapshot):
    seen = phantom.until(pd.Timestamp("2016-06-01", tz="UTC"))
    paths = Paths(Market(panel_of(seen), seen.daily, seen.funding), ("BTC",))
    batch = native_batch(paths, variant("liquidity_threshold"), FREE, {}, 1)
    bars = three_days()
    decisions = pd.DatetimeIndex(bars.index - DAY)
    field = field_of(bars, decisions, pd.Series(0.0, index=decisions), FREE, None, EVERY_EIGHT)
    with pytest.raises(EngineError, match="BTC is a perpetual: screen its target weights"):
        screen(field, batch)


NAMES = ("BTC", "ETH", "MATIC", "SOL")
DAYS = 90


@pytest.fixture(scope="module")
def markets() -> tuple[Bars, pd.DataFrame]:
    """Four coins with gaps, one of which dies, and rates at intervals that change."""
    rng = np.random.default_rng(5)
    close = 100 * np.cumprod(1 + rng.normal(0, 0.03, (DAYS, 4)), axis=0)
    opened = close * (1 + rng.normal(0, 0.01, (DAYS, 4)))
    gone = rng.random((DAYS, 4)) < 0.06

    def bar(name: str, day: int) -> Bar | None:
        column = NAMES.index(name)
        first, last = float(opened[day, column]), float(close[day, column])
        return None if gone[day, column] else Bar(last, first, *sorted((first, last))[::-1])

    tables = []
    for name in ("BTC", "MATIC"):
        hours, hour = {}, 0.0
        while hour < 24 * DAYS:
            hours[hour] = float(rng.normal(2e-4, 5e-4))
            hour += float(rng.choice([1.0, 4.0, 8.0, 8.25]))
        tables.append(settled(hours, name))
    return table(NAMES, DAYS, START, DAY, bar), pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize(
    ("gross", "execution"),
    [
        (1.0, Execution(perpetuals=("BTC", "MATIC"), slippage_range=0.05)),
        (2.5, Execution(perpetuals=("BTC", "MATIC"), delay_hours=24)),
        (-1.2, Execution(perpetuals=("BTC", "MATIC"), borrow_bp=900.0)),
    ],
)
def test_long_levered_and_short_paths_agree_with_the_engine(markets, gross, execution):
    bars, funding = markets
    rng = np.random.default_rng(8)
    decisions = pd.DatetimeIndex(bars.index - DAY)
    rates = pd.Series(rng.uniform(0, 6, DAYS), index=decisions)
    field: Field = field_of(bars, decisions, rates, execution, None, funding)
    weights = rng.dirichlet(np.ones(4), DAYS) * gross * rng.choice([-0.3, 1.0], (DAYS, 4))
    weights[rng.random(DAYS) < 0.4] = np.nan
    targets = pd.DataFrame(weights, index=decisions, columns=list(field.assets))
    targets[CASH] = 1.0 - targets.sum(axis=1, skipna=False)
    simulation = simulate(targets, bars, rates, execution, None, funding)
    assert abs(simulation.costs["funding"]) > 10.0
    assert set(simulation.fills["reason"]) == {"", "delisted"}
    found = screen(field, MatrixBatch(weights[None], terms_of(execution, 1)))
    assert found.status.tolist() == [FINE]
    assert_agrees(found, 0, simulation)

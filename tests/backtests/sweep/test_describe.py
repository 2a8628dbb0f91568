"""Measures from daily accounts, against those of :mod:`backtests.metrics` on the same values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests import metrics
from backtests.execution import Execution
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.describe import DESCRIBED, LEADERBOARD, measures_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.matched import over_mean_weights
from backtests.sweep.screen import METRICS, Daily, screen
from data.aliases import BoolArray, FloatArray
from tests.backtests.ledger import Bar
from tests.backtests.worlds import DAY, table

START = pd.Timestamp("2020-01-01", tz="UTC")
FREE = Execution(fee_bp=0.0, slippage_bp=0.0)


def field(days: int, rate: float = 3.0, coins: tuple[str, ...] = ("BTC", "ETH")) -> Field:
    """Random walks of some coins."""
    rng = np.random.default_rng(days)
    price = {name: 100.0 * np.exp(rng.normal(0.0, 0.03, days).cumsum()) for name in coins}

    def bar(name: str, day: int) -> Bar:
        close = float(price[name][day])
        return Bar(close, 1.01 * close, 1.02 * close, 0.98 * close)

    bars = table(coins, days, START, DAY, bar)
    decisions = pd.DatetimeIndex(bars.index - DAY)
    return field_of(bars, decisions, pd.Series(rate, index=decisions), FREE)


def described(of: Field, weights: FloatArray) -> dict[str, FloatArray]:
    """The measures of target weights (variants, days, assets), by name."""
    batch = MatrixBatch(weights, terms_of(FREE, len(weights)))
    return dict(zip(LEADERBOARD, measures_of(of, screen(of, batch, daily=True)).T, strict=True))


def from_accounts(of: Field, values: FloatArray, invested: BoolArray) -> dict[str, FloatArray]:
    """The measures of accounts that nobody traded."""
    count, assets = len(values), len(of.assets)
    batch = MatrixBatch(np.zeros((count, len(of.decisions), assets)), terms_of(FREE, count))
    weights = np.random.default_rng(1).uniform(-0.5, 1.0, (count, assets))
    screened = replace(screen(of, batch), daily=Daily(values, invested, weights))
    return dict(zip(LEADERBOARD, measures_of(of, screened).T, strict=True))


def by_metrics(of: Field, values: FloatArray, invested: BoolArray) -> dict[str, float]:
    times = pd.date_range(START, periods=len(values), freq="D")
    equity = pd.Series(values, index=times)
    returns = equity.pct_change().iloc[1:]
    cash = pd.Series(of.lent.sum(axis=1), index=times[1:])
    held = pd.Series(np.r_[0.0, invested].astype(np.float64), index=times, dtype="float64")
    return {
        "sortino": metrics.sortino(returns, cash),
        "drawdown_days": metrics.drawdown_days(equity),
        "hit_rate": metrics.hit_rate(returns, held),
        "skew": metrics.skew(returns),
        "tail": metrics.tail(returns),
    }


def test_a_leaderboard_has_every_measure_of_a_backtest() -> None:
    assert LEADERBOARD[: len(metrics.MEASURES)] == tuple(metrics.MEASURES)
    assert LEADERBOARD[len(metrics.MEASURES) :] == ("sharpe_matched", "btc_exposure", "orders")
    assert set(LEADERBOARD) == {*METRICS, *DESCRIBED}


@pytest.mark.parametrize("days", [1, 2, 3, 19, 20, 21, 40, 127, 128, 129, 256, 700])
@pytest.mark.parametrize("kind", ["normal", "ties", "rare", "rising", "falling"])
def test_measures_are_those_of_a_backtest(days: int, kind: str) -> None:
    of, rng = field(days), np.random.default_rng(days)
    shape = (40, days)
    returns = {
        "normal": rng.normal(0.0005, 0.03, shape),
        # Many returns alike, zero among them; halving and doubling lead back to the very peak.
        "ties": rng.choice([-0.5, 0.0, 0.0, 0.0, 1.0], shape),
        "rare": np.where(rng.random(shape) < 0.02, rng.normal(0.0, 0.1, shape), 0.0),
        "rising": np.abs(rng.normal(0.0, 0.01, shape)),
        "falling": -np.abs(rng.normal(0.0, 0.01, shape)),
    }[kind]
    values = 1e5 * np.column_stack([np.ones(40), np.cumprod(1.0 + returns, axis=1)])
    invested = rng.random(shape) < rng.choice([0.0, 0.3, 1.0], (40, 1))
    found = from_accounts(of, values, invested)
    for row in range(40):
        for name, expected in by_metrics(of, values[row], invested[row]).items():
            np.testing.assert_allclose(
                found[name][row], expected, rtol=1e-10, atol=1e-13, err_msg=f"{name} of {row}"
            )


@pytest.mark.parametrize("days", [2, 30, 700])
def test_the_matched_sharpe_is_that_of_returns_over_mean_weights(days: int) -> None:
    of, rng = field(days), np.random.default_rng(3)
    weights = rng.uniform(-0.3, 0.6, (20, days, 2)) * (rng.random((20, days, 1)) < 0.4)
    screened = screen(of, MatrixBatch(weights, terms_of(FREE, 20)), daily=True)
    assert screened.daily is not None
    over = over_mean_weights(of, screened.daily)
    expected = [metrics.sharpe(pd.Series(row)) for row in over]
    column = LEADERBOARD.index("sharpe_matched")
    np.testing.assert_allclose(measures_of(of, screened)[:, column], expected, rtol=1e-9)


def test_an_account_that_never_moves_has_no_ratios() -> None:
    found = described(field(30, rate=0.0), np.zeros((1, 30, 2)))
    for name in ("sortino", "hit_rate", "skew", "sharpe", "sharpe_matched", "calmar"):
        assert math.isnan(found[name][0]), name
    for name in ("drawdown_days", "tail", "cagr", "exposure"):
        assert found[name][0] == pytest.approx(0.0, abs=1e-12), name


def test_interest_alone_is_neither_a_hit_nor_timing() -> None:
    found = described(field(30), np.zeros((1, 30, 2)))
    for name in ("hit_rate", "sharpe_matched", "sortino", "skew"):
        assert math.isnan(found[name][0]), name
    assert found["tail"][0] == pytest.approx(0.03 / 360.0)
    assert found["drawdown_days"][0] == 0.0


def test_what_is_held_throughout_is_not_timed() -> None:
    weights = np.full((2, 60, 1), np.nan)
    weights[0, 0], weights[1, 0] = 1.0, 0.5
    found = described(field(60, coins=("BTC",)), weights)
    assert math.isnan(found["sharpe_matched"][0])
    # Half drifts with the price: that is a little timing.
    assert math.isfinite(found["sharpe_matched"][1])


def test_one_day_has_a_hit_and_little_else() -> None:
    found = described(field(1), np.array([[[1.0, 0.0]], [[-1.0, 0.0]]]))
    for name in ("sortino", "skew", "tail", "sharpe_matched"):
        assert np.isnan(found[name]).all(), name
    # The day opens 1% above its close.
    assert found["hit_rate"].tolist() == [0.0, 1.0]
    assert found["drawdown_days"].tolist() == [1.0, 0.0]


def test_ruin_has_no_figures() -> None:
    of = field(30)
    found = described(of, np.stack([np.full((30, 2), 200.0), np.full((30, 2), 0.5)]))
    assert all(np.isnan(column[0]) for column in found.values())
    assert math.isfinite(found["sortino"][1])


def test_bits_do_not_depend_on_the_company() -> None:
    of, rng = field(300), np.random.default_rng(2)
    weights = rng.uniform(0.0, 0.5, (70, 300, 2))
    whole = described(of, weights)
    for chosen in (slice(0, 1), slice(3, 69), slice(69, 70)):
        part = described(of, weights[chosen])
        for name in LEADERBOARD:
            np.testing.assert_array_equal(part[name], whole[name][chosen], err_msg=name)


def test_without_daily_accounts_there_is_nothing_to_describe() -> None:
    of = field(3)
    batch = MatrixBatch(np.zeros((1, 3, 2)), terms_of(FREE, 1))
    with pytest.raises(ValueError, match="no daily accounts"):
        measures_of(of, screen(of, batch))

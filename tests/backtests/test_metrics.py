"""Every measure against numbers worked out by hand, and on input that has no answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.execution import Execution
from backtests.metrics import (
    MEASURES,
    cagr,
    calmar,
    costs_paid,
    drawdown,
    drawdown_days,
    ending_value,
    exposure,
    hit_rate,
    max_drawdown,
    sharpe,
    skew,
    sortino,
    summary,
    tail,
    turnover,
    volatility,
)
from backtests.simulation import Simulation

NAN = math.nan


def series(values: Sequence[float], every: str = "D") -> pd.Series:
    index = pd.date_range("2024-01-01", periods=len(values), freq=every, tz="UTC", unit="us")
    return pd.Series(values, index=index, dtype=float)


def check(got: float, expected: float) -> None:
    assert isinstance(got, float)
    assert got == pytest.approx(expected, rel=1e-12, nan_ok=True)


# Peaks at 100, 120 and 130; under water on days 2 and from day 4 to day 6; at the end too.
EQUITY = [100.0, 120.0, 90.0, 120.0, 96.0, 108.0, 130.0, 117.0]
# Mean 0.01; squares of the deviations 1, 9, 9, 1 and 0 times 1e-4.
RETURNS = [0.02, -0.02, 0.04, 0.0, 0.01]


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (ending_value, EQUITY, 117.0),
        (ending_value, [5.0], 5.0),
        (ending_value, [], NAN),
        (ending_value, [1.0, NAN], NAN),
        (cagr, [100.0, 110.0], 1.1**365 - 1),
        (cagr, [100.0] * 10, 0.0),
        (cagr, [200.0] + [150.0] * 364 + [100.0], -0.5),
        (cagr, [100.0], NAN),
        (cagr, [], NAN),
        (cagr, [100.0, NAN, 120.0], NAN),
        (max_drawdown, EQUITY, -0.25),
        (max_drawdown, [1.0, 2.0, 3.0], 0.0),
        (max_drawdown, [1.0], 0.0),
        (max_drawdown, [], NAN),
        (max_drawdown, [1.0, NAN, 2.0], NAN),
        (drawdown_days, EQUITY, 3.0),
        (drawdown_days, [3.0, 2.0, 2.0, 1.0, 2.0], 4.0),
        (drawdown_days, [1.0, 2.0, 2.0, 3.0], 0.0),
        (drawdown_days, [1.0], 0.0),
        (drawdown_days, [], NAN),
        (drawdown_days, [1.0, NAN], NAN),
        (calmar, [100.0, 50.0, *[75.0] * 363, 125.0], 0.5),
        (calmar, [1.0, 2.0], NAN),
        (calmar, [1.0], NAN),
        (calmar, [1.0, NAN], NAN),
        (volatility, RETURNS, math.sqrt(20e-4 / 4 * 365)),
        (volatility, [0.01] * 3, 0.0),
        (volatility, [0.01], NAN),
        (volatility, [0.01, NAN, 0.02], NAN),
        (sharpe, RETURNS, 0.01 / math.sqrt(5e-4) * math.sqrt(365)),
        (sharpe, [0.01] * 5, NAN),
        (sharpe, [0.01], NAN),
        (sharpe, [], NAN),
        (sharpe, [0.01, NAN, 0.02], NAN),
        (sortino, RETURNS, 0.01 / math.sqrt(4e-4 / 5) * math.sqrt(365)),
        (sortino, [0.01, 0.02], NAN),
        (sortino, [0.01], NAN),
        (sortino, [0.01, NAN, -0.02], NAN),
        (skew, [1.0, 1.0, 1.0, 5.0], 2 / math.sqrt(3)),
        (skew, [-1.0, 0.0, 1.0], 0.0),
        (skew, [0.01] * 4, NAN),
        (skew, [0.01], NAN),
        (skew, [0.01, NAN, 0.02], NAN),
        (tail, [-0.5, *[0.1] * 19], -0.5),
        (tail, [-0.5, -0.3, *[0.1] * 19], -0.4),
        (tail, [-0.5, *[0.1] * 18], NAN),
        (tail, [NAN, *[0.1] * 19], NAN),
        (hit_rate, [0.01, -0.01, 0.0, 0.02], 2 / 3),
        (hit_rate, [0.0, 0.0], NAN),
        (hit_rate, [], NAN),
        (hit_rate, [0.01, NAN], NAN),
        (exposure, [0.0, 0.5, 1.0, 1.5], 1.0),
        (exposure, [0.0], NAN),
        (exposure, [0.0, NAN], NAN),
        (turnover, [0.0, 0.5, 0.0, 0.0, 0.5], 0.25 * 365),
        (turnover, [0.0], NAN),
        (turnover, [0.0, NAN], NAN),
    ],
)
def test_values_by_hand(function: Callable[..., float], values: list[float], expected: float):
    check(function(series(values)), expected)


def test_drawdown_is_measured_from_the_running_peak():
    assert drawdown(series(EQUITY)).tolist() == pytest.approx(
        [0.0, 0.0, -0.25, 0.0, -0.2, -0.1, 0.0, -0.1]
    )


@pytest.mark.parametrize(
    ("function", "year", "expected"),
    [
        (lambda year: cagr(series([100.0, 110.0]), year=year), 2.0, 0.21),
        (lambda year: volatility(series(RETURNS), year=year), 1.0, math.sqrt(5e-4)),
        (lambda year: sharpe(series(RETURNS), year=year), 1.0, 0.01 / math.sqrt(5e-4)),
        (lambda year: sortino(series(RETURNS), year=year), 1.0, 0.01 / math.sqrt(8e-5)),
        (lambda year: turnover(series([0.0, 0.5, 0.1]), year=year), 10.0, 3.0),
        (lambda year: calmar(series([100.0, 90.0, 121.0]), year=year), 4.0, 4.641),
    ],
)
def test_the_length_of_a_year_is_an_argument(
    function: Callable[[float], float], year: float, expected: float
):
    check(function(year), expected)


def test_elapsed_days_count_not_the_number_of_values():
    check(cagr(series([100.0, 110.0, 121.0], every="365D")), 0.1)
    check(drawdown_days(series([2.0, 1.0, 3.0], every="7D")), 14.0)


def test_ratios_are_over_cash_matched_by_day():
    cash = series([9.0, 0.01, 0.01, 0.01, 0.01, 0.01])
    returns = series([9.0, *(value + 0.01 for value in RETURNS)]).iloc[1:]
    check(sharpe(returns, cash), sharpe(series(RETURNS)))
    check(sortino(returns, cash), sortino(series(RETURNS)))
    check(sharpe(returns, returns), NAN)
    check(sharpe(returns, cash.iloc[:3]), NAN)


def test_interest_on_idle_cash_is_no_hit():
    returns, held = series([0.001, -0.02, 0.03, 0.001]), series([0.0, 1.0, 1.0, 0.0])
    check(hit_rate(returns, held), 0.5)
    check(hit_rate(returns, held * 0), NAN)


def test_the_share_of_the_tail_is_an_argument_and_rounds_up():
    check(tail(series([-3.0, -2.0, -1.0, 0.0, 1.0]), share=0.2), -3.0)
    check(tail(series([-3.0, -2.0, -1.0, 0.0, 1.0]), share=0.3), -2.5)
    check(tail(series([-3.0, -2.0, -1.0, 0.0, 1.0]), share=1.0), -1.0)


def test_interest_earned_is_no_cost():
    paid = {"fees": 1.0, "slippage": 2.0, "delisting": 3.0, "borrow": 4.0, "interest": 100.0}
    check(costs_paid(paid | {"funding": -1.5}), 8.5)


@given(st.lists(st.floats(-0.5, 0.5).filter(lambda value: abs(value) > 1e-6), min_size=2))
def test_signs_and_bounds(values: list[float]):
    returns = series(values)
    equity = (1 + pd.concat([series([0.0]), returns], ignore_index=True)).cumprod()
    equity.index = pd.date_range("2024-01-01", periods=len(equity), freq="D")
    assert -1.0 <= max_drawdown(equity) <= 0.0
    assert 0.0 <= drawdown_days(equity) <= len(values)
    assert 0.0 <= hit_rate(returns) <= 1.0
    assert (cagr(equity) > 0) == (equity.iloc[-1] > 1) or equity.iloc[-1] == pytest.approx(1)
    one, two = sharpe(returns), sharpe(-returns)
    assert one == pytest.approx(-two, nan_ok=True)


def simulation(**changes: Any) -> Simulation:
    equity = series([100.0, 110.0, 99.0])
    parts: dict[str, Any] = {
        "weights": pd.DataFrame(),
        "fills": pd.DataFrame(),
        "unfilled": pd.DataFrame(),
        "frozen": pd.DataFrame(),
        "equity": equity,
        "held": pd.DataFrame({"BTC": [0.0, 0.5, -0.4], "ETH": 0.0, "CASH": 0.0}, equity.index),
        "traded": series([0.0, 0.5, 0.0]),
        "cash_returns": series([NAN, 0.0001, 0.0001]),
        "costs": {"fees": 1.0, "slippage": 1.0, "delisting": 0.0, "borrow": 0.0, "interest": 2.0}
        | {"funding": 0.5},
        "execution": Execution(),
    }
    return Simulation(**(parts | changes))


def test_summary_holds_every_measure_in_the_order_of_the_table():
    figures = summary(simulation())
    assert list(figures) == list(MEASURES)
    assert all(type(value) is float for value in figures.values())
    check(figures["ending_value"], 99.0)
    check(figures["max_drawdown"], -0.1)
    check(figures["exposure"], 0.45)
    check(figures["turnover"], 0.25 * 365)
    check(figures["costs_paid"], 2.5)
    check(figures["hit_rate"], 0.5)
    check(figures["sharpe"], (-0.0001) / math.sqrt(0.02) * math.sqrt(365))


def test_an_account_in_cash_has_no_ratios():
    equity = series(list(100 * 1.0001 ** np.arange(40)))
    figures = summary(
        simulation(
            equity=equity,
            held=pd.DataFrame({"BTC": 0.0, "CASH": 1.0}, equity.index),
            traded=equity * 0,
            cash_returns=equity.pct_change(),
        )
    )
    for name in ("sharpe", "sortino", "calmar", "hit_rate", "skew"):
        assert math.isnan(figures[name]), name
    check(figures["exposure"], 0.0)
    check(figures["max_drawdown"], 0.0)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_each_line_of_the_table_can_be_shown(name: str):
    measure = MEASURES[name]
    assert measure.title
    assert measure.unit in {"share", "ratio", "days", "times a year", "USD"}
    assert all(hasattr(Simulation, part) for part in measure.parts)

"""What may differ between two engines without being wrong, and what may not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.engine import simulate
from backtests.execution import Execution
from backtests.simulation import Simulation
from backtests.sweep.rounding import ranges, slack
from tests.backtests.ledger import Bar
from tests.backtests.worlds import DAY, table

START = pd.Timestamp("2020-01-01", tz="UTC")


@pytest.fixture(scope="module")
def any_run() -> Simulation:
    bars = table(("BTC",), 6, START, DAY, lambda _, day: Bar(*[100.0 + day] * 4))
    days = pd.DatetimeIndex(bars.index - DAY)
    weights = pd.DataFrame({"BTC": 1.0, "CASH": 0.0}, index=days)
    return simulate(weights, bars, pd.Series(0.0, index=days), Execution())


def of(run: Simulation, equity: Sequence[float], exposure: Sequence[float]) -> Simulation:
    """The same run with another account."""
    held = run.held.assign(BTC=exposure, CASH=1.0 - np.asarray(exposure))
    return replace(run, equity=pd.Series(equity, index=run.equity.index), held=held)


ULP = 1e-15


@pytest.mark.parametrize(
    ("equity", "days"),
    [
        ([1, 2, 3, 4, 5, 6, 7], (0, 0)),
        ([3, 1, 2, 4, 1, 1, 1], (3, 3)),
        # Back at the peak within rounding on the third day: two days under water, or all six.
        ([3, 1, 3 - 3 * ULP, 1, 1, 2, 2], (4, 6)),
        ([3, 1, 3, 1, 1, 2, 2], (4, 6)),
        ([3, 1, 3.00000001, 1, 1, 2, 2], (4, 4)),
        # An account that stands still is at its peak, or under it.
        ([1, 1, 1, 1, 1, 1, 1], (0, 6)),
    ],
)
def test_days_under_water(
    any_run: Simulation, equity: list[float], days: tuple[float, float]
) -> None:
    assert ranges(of(any_run, equity, [0.0, *[1.0] * 6]))["drawdown_days"] == days


@pytest.mark.parametrize(
    ("equity", "exposure", "rates"),
    [
        ([1, 2, 3, 2, 3, 4, 5], [1.0] * 6, (5 / 6, 5 / 6)),
        # A day without a move is a hit, a loss or neither.
        ([1, 1, 2, 1, 2, 3, 4], [1.0] * 6, (4 / 6, 5 / 6)),
        # A holding that may be dust, on a day that lost.
        ([1, 0.5, 1, 2, 1, 2, 3], [1e-15, 1, 1, 1, 1, 1], (4 / 6, 4 / 5)),
        ([1, 2, 3, 2, 3, 4, 5], [0.0, 0, 1, 0, 0, 0], (0.0, 0.0)),
    ],
)
def test_hits(
    any_run: Simulation, equity: list[float], exposure: list[float], rates: tuple[float, float]
) -> None:
    assert ranges(of(any_run, equity, [0.0, *exposure]))["hit_rate"] == pytest.approx(rates)


def test_nothing_held_has_no_rate(any_run: Simulation) -> None:
    found = ranges(of(any_run, [1, 2, 3, 4, 5, 6, 7], [0.0] * 7))["hit_rate"]
    assert all(math.isnan(rate) for rate in found)


def test_ratios_over_a_small_spread_have_slack_and_ordinary_ones_none_to_speak_of(
    any_run: Simulation,
) -> None:
    figures = {"sharpe": 1.0, "sortino": 1.0, "sharpe_matched": 1.0, "skew": 0.5, "calmar": 2.0}
    figures["max_drawdown"] = -0.5
    run = of(any_run, [1.0, 1.02, 0.99, 1.01, 1.04, 1.02, 1.05], [1.0] * 7)
    rng = np.random.default_rng(1)
    ordinary = slack(run, rng.normal(0.0, 0.02, 6), figures)
    assert 0.0 < max(ordinary.values()) < 1e-11
    nearly_flat = slack(run, rng.normal(0.0, 1e-9, 6), figures)
    assert 1e-6 < nearly_flat["sharpe_matched"] < 1e-3
    assert nearly_flat["sharpe"] == ordinary["sharpe"]
    lacking = slack(run, np.zeros(6), {**figures, "sharpe_matched": math.nan})
    assert lacking["sharpe_matched"] == 0.0

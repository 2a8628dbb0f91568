from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.latency import Delay
from backtests.metrics import cagr, max_drawdown
from backtests.report.performance import bracket, coins, drag, from_day, months, shown
from backtests.uncertainty import Uncertainty, uncertainty


def test_months_compound_from_midnight_to_midnight() -> None:
    # Midnight of 1 February still is the close of 31 January.
    closes = pd.DatetimeIndex(
        ["2025-12-20", "2026-01-01", "2026-01-15", "2026-02-01", "2026-02-10"], tz="UTC"
    )
    rows = months(pd.Series([100.0, 110.0, 99.0, 121.0, 60.5], index=closes))
    assert [year for year, _, _ in rows] == [2025, 2026]
    (_, december, first), (_, cells, second) = rows
    assert december[11] is not None
    assert december[11].text == "10.0"
    assert december[:11] == (None,) * 11
    assert [cell.text for cell in cells if cell] == ["10.0", "−50.0"]
    assert (first.text, second.text) == ("10.0", "−45.0")


def test_shades_go_both_ways_and_stop_at_full() -> None:
    closes = pd.DatetimeIndex(["2026-01-01", "2026-01-31", "2026-02-27", "2026-03-30"], tz="UTC")
    _, (_, cells, _) = months(pd.Series([100.0, 300.0, 240.0, 240.0], index=closes))
    assert [cell.shade for cell in cells if cell] == [1.0, -0.5, 0.0]


def test_intervals_and_ranges_hold_the_measures(study) -> None:
    run = study.runs[0]
    found = uncertainty(run, seed=1)
    assert found == uncertainty(run, seed=1)
    for name, interval in (
        ("sharpe", found.sharpe),
        ("volatility", found.volatility),
        ("max_drawdown", found.max_drawdown),
        ("calmar", found.calmar),
        ("tail", found.tail),
    ):
        assert interval is not None
        assert interval[0] < run.metrics[name] < interval[1]


def test_a_yardstick_is_measured_over_the_rules_span(study) -> None:
    run = next(run for run in study.runs if run.name == "buy_and_hold")
    start = run.simulation.equity.index[1000]
    found = from_day(run, start)
    assert found is not None
    rest = run.simulation.equity.iloc[1000:]
    assert found["cagr"] == pytest.approx(cagr(rest))
    assert found["max_drawdown"] == pytest.approx(max_drawdown(rest))
    assert found["exposure"] == pytest.approx(1.0)
    assert "costs_paid" not in found
    assert from_day(run, run.simulation.equity.index[0]) is None


def test_cash_and_short_runs_have_no_interval(study) -> None:
    cash = next(run for run in study.runs if run.name == "cash")
    assert uncertainty(cash, seed=1) == Uncertainty(None)
    simulation = study.runs[0].simulation
    short = replace(
        simulation,
        equity=simulation.equity.iloc[:400],
        cash_returns=simulation.cash_returns.iloc[:400],
    )
    assert uncertainty(replace(study.runs[0], simulation=short), seed=1).sharpe is None


def test_drag_is_growth_a_year_less_that_without_delay() -> None:
    window = (pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2021-12-31", tz="UTC"))
    found = drag(Delay("rule", *window, {0: 1.21, 24: 1.1025, 1: 1.21}))
    assert found.zero == "+10.0%"
    assert found.drags == ("0.0", "−5.0")
    assert (found.first, found.last) == ("2020-01-01", "2021-12-31")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.337, "share a year", "33.7%"),
        (-0.65, "share", "−65.0%"),
        (0.161, "ratio", "0.16"),
        (124_109.4, "USD", "124,109"),
        (1732.0, "days", "1,732"),
        (np.nan, "ratio", "–"),
    ],
)
def test_measures_read_by_the_unit_their_table_states(value, unit, expected) -> None:
    assert shown(value, unit) == expected


def test_brackets() -> None:
    assert bracket((-0.82, -0.35), "share") == "−82.0 to −35.0"
    assert bracket(None, "ratio") == ""


def test_coins_are_what_was_traded(study) -> None:
    assert coins(study.runs) == ("BTC",)

from __future__ import annotations

import pandas as pd
import pytest

from backtests.compare.breakeven import MOST_BP, _solve, at_cost, cost_bp
from backtests.compare.comparison import Comparison
from backtests.execution import Execution
from backtests.holding import excess_of
from backtests.latency import DELAYS_HOURS, Delay, hourly_window
from backtests.metrics import cagr
from data.errors import BadConfig


def test_at_its_break_even_cost_the_excess_is_gone(comparison: Comparison) -> None:
    one = comparison.standings[0]
    field, (matched, hold) = comparison.field, one.break_even
    assert matched.against == "exposure_matched"
    assert matched.cost_bp is not None
    run = field.again(one.entrant, at_cost(field.execution, matched.cost_bp))
    assert 365 * excess_of(run, field.snapshot.daily).mean() == pytest.approx(0.0, abs=1e-4)
    assert matched.at_cost == pytest.approx(365 * one.entrant.daily.mean())
    assert matched.free > matched.at_cost > 0
    assert matched.cost_bp > cost_bp(field.execution)
    assert hold.at_cost == pytest.approx(
        cagr(one.entrant.run.simulation.equity)
        - cagr(field.yardsticks["buy_and_hold"].simulation.equity)
    )


@pytest.mark.parametrize(
    ("slope", "free", "expected"),
    [(0.001, 0.05, 50.0), (0.001, 0.0125, 12.5), (0.001, 0.0, None), (0.00001, 0.05, None)],
)
def test_the_zero_of_a_line_is_found_or_said_to_be_out_of_reach(
    slope: float, free: float, expected: float | None
) -> None:
    found = _solve("x", lambda bp: free - slope * bp, 0.0)
    assert found.cost_bp == expected
    assert found.free == free
    if expected is None and free > 0:
        assert free - slope * MOST_BP > 0


def test_costs_scale_together_and_a_free_account_pays_fees() -> None:
    scaled = at_cost(Execution(fee_bp=15, slippage_bp=5), 40)
    assert (scaled.fee_bp, scaled.slippage_bp) == pytest.approx((30, 10))
    free = at_cost(Execution(fee_bp=0, slippage_bp=0), 40)
    assert (free.fee_bp, free.slippage_bp) == (40, 0)
    with pytest.raises(BadConfig, match="fee_bp"):
        at_cost(Execution(), -1.0)


def test_zero_delay_is_the_comparison_run_on_the_days_with_hourly_bars(
    comparison: Comparison,
) -> None:
    one = comparison.standings[2]
    assert one.hourly
    assert tuple(one.delay.end_value) == DELAYS_HOURS
    # Buy and hold buys once: waiting hours or days changes its end by that first move alone.
    hourly = comparison.field.snapshot.hourly
    assert hourly is not None
    opens = hourly.open["BTC"]
    first = one.delay.first
    start = opens.loc[first + hourly.timeframe]
    later = opens.loc[first + 5 * hourly.timeframe]
    ratio = one.delay.end_value[4] / one.delay.end_value[0]
    assert ratio == pytest.approx(start / later, rel=2e-3)


def test_before_the_first_hourly_bar_there_is_no_window(comparison: Comparison) -> None:
    snapshot = comparison.field.snapshot
    assert snapshot.hourly is not None
    first, last = hourly_window(snapshot) or (None, None)
    assert first == snapshot.hourly.index[0].ceil("D")
    assert last is not None
    for moment in (first - pd.Timedelta(days=30), first + pd.Timedelta(days=2)):
        assert hourly_window(snapshot.until(moment)) is None


def test_growth_is_a_year_of_365_days() -> None:
    first = pd.Timestamp("2020-01-01", tz="UTC")
    made = Delay("x", first, first + pd.Timedelta(days=730), {0: 1.21, 24: 1.0})
    assert made.growth == pytest.approx({0: 0.1, 24: 0.0})

"""The days, reach and scenarios of a grid."""

from __future__ import annotations

import pandas as pd
import pytest

from backtests.run import backtest
from backtests.walk_forward.grid_variants import (
    GridVariants,
    grid_reach,
    grid_variants,
    scenarios,
)
from backtests.walk_forward.reach import reach_of
from data.errors import TooShort
from data.snapshot import Snapshot
from tests.sweep.grids import LEVELS, grid

MIXED = """
[variant]
title = "Mixed"
exposure = { kind = "trend", days = 50 }
allocation = { kind = "btc" }
overlays = [{ kind = "minimum_holding", days = 7 }]
[grid]
exposure = [
    { kind = "threshold", signal = "liquidity_impulse", enter = 0, leave = 0 },
    { kind = "trend", days = 200 },
]
overlays.minimum_holding.days = [30, 1, 14]
decide = ["daily", "weekly_after_h41"]
"""


@pytest.mark.parametrize("text", [LEVELS, MIXED])
def test_reach_is_that_of_every_variant(text: str) -> None:
    given = grid(text)
    every = reach_of(given.strategy(point).config for point in range(given.count))
    assert grid_reach(given) == every


def test_reach_is_never_too_short_where_a_constraint_forbids_the_longest() -> None:
    tied = grid(LEVELS, constraint=[{"holds": "exposure.signal.days + exposure.enter <= 100"}])
    every = reach_of(tied.strategy(point).config for point in range(tied.count))
    assert grid_reach(tied).longest >= every.longest


def test_variants_begin_when_all_can_decide(phantom: Snapshot) -> None:
    given = grid(MIXED)
    found = grid_variants(given, phantom)
    alone = [
        backtest(given.strategy(point), phantom).simulation.equity.index[0]
        for point in range(0, given.count)
    ]
    assert found.decisions[0] == max(alone)
    assert found.decisions[-1] == phantom.daily.index[-1] - pd.Timedelta(days=1)


def test_days_that_are_given_are_kept(phantom: Snapshot) -> None:
    start, end = (pd.Timestamp(day, tz="UTC") for day in ("2022-03-01", "2023-04-01"))
    for found in (
        grid_variants(grid(MIXED), phantom, start, end),
        grid_variants(grid(MIXED, start="2022-03-01", end="2023-04-01"), phantom),
    ):
        assert found.decisions[[0, -1]].tolist() == [start, end]


def test_a_rule_that_can_never_decide_is_said(phantom: Snapshot) -> None:
    never = grid('base = "liquidity_threshold"\n[grid]\nexposure.signal.days = [7, 100000]')
    with pytest.raises(TooShort, match="some variant of g cannot decide on any day"):
        grid_variants(never, phantom)


def test_a_sample_is_numbered_in_its_own_order(phantom: Snapshot) -> None:
    found = grid_variants(grid(LEVELS, sample=20, seed=3, start="2022-01-01"), phantom)
    assert isinstance(found, GridVariants)
    assert len(found) == 20
    for number in (0, 7, 19):
        point = int(found.job.grid.points(0, 20)[number])
        rule = found.job.grid.strategy(point)
        assert found.rule(number).config == rule.config
        assert found.varied(number)["exposure.enter"] == rule.config["exposure"]["enter"]


def test_a_grid_over_the_rule_alone_is_one_scenario() -> None:
    given = grid(LEVELS)
    assert scenarios(given, 5) == [({}, given)]


def test_each_execution_is_a_scenario_with_the_same_rules() -> None:
    costs = {"execution": {"fee_bp": [5, 20], "delay_hours": [0, 24]}}
    joint = grid(LEVELS, grid={"exposure": {"enter": [0, 50, 100]}, **costs}, constraint=[])
    found = scenarios(joint, 10)
    assert [scenario for scenario, _ in found] == [
        {"execution.fee_bp": fee, "execution.delay_hours": delay}
        for fee in (5, 20)
        for delay in (0, 24)
    ]
    alone = grid(LEVELS, grid={"exposure": {"enter": [0, 50, 100]}}, constraint=[])
    for scenario, each in found:
        assert each.count == alone.count == 3
        for point in range(3):
            execution = each.execution(point)
            assert execution.fee_bp == scenario["execution.fee_bp"]
            assert execution.delay_hours == scenario["execution.delay_hours"]
            assert each.strategy(point).config == alone.strategy(point).config
    assert len(scenarios(joint, 2)) == 3


def test_executions_that_a_constraint_forbids_are_no_scenarios() -> None:
    costs = {"execution": {"fee_bp": [5, 20], "slippage_bp": [5, 20]}}
    tied = grid(
        LEVELS,
        grid={"exposure": {"enter": [0, 50]}, **costs},
        constraint=[{"holds": "execution.slippage_bp <= execution.fee_bp"}],
    )
    found = [
        (given["execution.fee_bp"], given["execution.slippage_bp"])
        for given, _ in scenarios(tied, 9)
    ]
    assert sorted(found) == [(5, 5), (20, 5), (20, 20)]

"""What is chosen, when, on what, and that the stitched account is one account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.execution import Execution
from backtests.run import backtest, run_weights
from backtests.walk_forward.criterion import criterion
from backtests.walk_forward.reach import Reach
from backtests.walk_forward.variant_paths import VariantPaths, variant_paths
from backtests.walk_forward.walk import Settings, Step, stitched, walk_forward
from backtests.walk_forward.windows import Window
from data.errors import InputError, UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.exposure.yardsticks import Trend

REACH = Reach(200, 1, False)
START = pd.Timestamp("2022-01-01", tz="UTC")
RULES = tuple(
    replace(BASELINES["trend_200"], name=f"trend_{days}", exposure=Trend(days=days))
    for days in (20, 60, 200)
)


@pytest.fixture(scope="module")
def paths(phantom: Snapshot) -> VariantPaths:
    return variant_paths(RULES, phantom, start=START)


def test_paths_are_the_engines(paths: VariantPaths, phantom: Snapshot) -> None:
    run = backtest(RULES[1], phantom, start=START)
    returns = run.simulation.returns
    over = returns - run.simulation.cash_returns.reindex(returns.index)
    np.testing.assert_array_equal(paths.over_cash[:, 1], over)
    assert paths.decisions[0] == START
    assert (paths.decisions + pd.Timedelta(days=1)).equals(pd.DatetimeIndex(returns.index))
    assert paths.trials[1].sharpe_cash == pytest.approx(over.mean() / over.std(ddof=0))


@pytest.mark.parametrize("anchored", [True, False])
@pytest.mark.parametrize("by", ["sharpe", "skill"])
def test_each_choice_rests_on_its_training_days_alone(
    paths: VariantPaths, phantom: Snapshot, anchored: bool, by: str
) -> None:
    settings = Settings(train=365, test=120, anchored=anchored, by=by, purge=5, embargo=30)
    found = walk_forward(paths, phantom, settings, REACH)
    assert len(found.steps) > 5
    for step in found.steps:
        window = step.window
        assert (window.test_first - window.train_last).days == 31
        spoilt = replace(paths, over_cash=paths.over_cash.copy())
        outside = ~paths.rows(window.train_first, window.train_last)
        spoilt.over_cash[outside] = np.random.default_rng(1).normal(size=(outside.sum(), 3))
        judged = criterion(by)(spoilt, paths.rows(window.train_first, window.train_last))
        assert int(np.nanargmax(judged)) == step.chosen
        assert judged[step.chosen] == step.train_score
    equity = found.run.simulation.equity
    assert equity.index[0] == found.steps[0].window.test_first
    assert equity.index[-1] == found.steps[-1].window.test_last + pd.Timedelta(days=1)


def test_one_choice_throughout_is_that_rule_run_on_the_test_days(
    paths: VariantPaths, phantom: Snapshot
) -> None:
    good = replace(paths, over_cash=paths.over_cash + [0.0, 1.0, 0.0] * np.ones((1, 3)))
    settings = Settings(train=365, test=120, by="mean")
    found = walk_forward(good, phantom, settings, REACH)
    assert {step.chosen for step in found.steps} == {1}
    assert found.switches == 0
    first, last = found.steps[0].window.test_first, found.steps[-1].window.test_last
    alone = backtest(RULES[1], phantom, start=first, end=last)
    pd.testing.assert_series_equal(found.run.simulation.equity, alone.simulation.equity)


def test_a_switch_is_traded_and_paid_for(phantom: Snapshot) -> None:
    rules = (BASELINES["buy_and_hold"], BASELINES["cash"])
    paths = variant_paths(rules, phantom, Execution(fee_bp=50), start=START)
    days = paths.decisions
    edges = [days[400], days[500], days[600], days[700]]
    steps = [
        Step(Window(days[0], days[300], first, last - pd.Timedelta(days=1)), chosen, 0.0, 0.0, 1)
        for first, last, chosen in zip(edges[:-1], edges[1:], (0, 1, 0), strict=True)
    ]
    weights = stitched(paths, steps)
    assert weights.index.equals(days[400:700])
    orders = weights.dropna()
    assert orders.loc[edges[0], "BTC"] == 1.0
    assert orders.loc[edges[1], "CASH"] == 1.0
    assert orders.loc[edges[2], "BTC"] == 1.0
    run = run_weights(
        weights,
        phantom,
        paths.execution,
        name="w",
        title="w",
        config={},
        start=edges[0],
        end=edges[3] - pd.Timedelta(days=1),
    )
    fills = run.simulation.fills
    assert fills["side"].tolist() == ["buy", "sell", "buy"]
    assert fills["decision_time"].tolist() == edges[:3]
    # Between the edges the account is in cash, and each turn has cost 60 basis points.
    held = run.simulation.held
    inside = (held.index > edges[1] + pd.Timedelta(days=1)) & (held.index <= edges[2])
    assert held.loc[inside, "CASH"].min() == 1.0
    assert run.simulation.costs["fees"] > 0


def test_a_variant_that_stays_is_not_ordered_anew(paths: VariantPaths) -> None:
    days = paths.decisions
    pair = [
        Step(Window(days[0], days[99], days[100], days[149]), 2, 0.0, 0.0, 1),
        Step(Window(days[0], days[149], days[150], days[199]), 2, 0.0, 0.0, 1),
    ]
    own = paths.targets[2].loc[days[101] : days[199]]
    pd.testing.assert_frame_equal(stitched(paths, pair).iloc[1:], own)


def test_variants_begin_together(phantom: Snapshot) -> None:
    told: list[int] = []
    late = variant_paths(RULES, phantom, panel=panel_of(phantom), progress=told.append)
    assert told == [1, 2, 3]
    assert late.over_cash.shape == (len(late.decisions), 3)
    assert not np.isnan(late.over_cash).any()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"train": 0}, InputError, "--train 0: give at least one day"),
        ({"test": -3}, InputError, "--test -3: give at least one day"),
        ({"purge": -1}, InputError, "--purge -1: give 0 or more"),
        ({"by": "luck"}, UnknownName, "unknown criterion 'luck'"),
    ],
)
def test_bad_settings_are_refused(changes, error, message) -> None:
    with pytest.raises(error, match=message):
        Settings(**changes)


def test_one_variant_is_nothing_to_choose_from(phantom: Snapshot) -> None:
    with pytest.raises(InputError, match="1 variant: there is nothing to choose from"):
        variant_paths(RULES[:1], phantom)

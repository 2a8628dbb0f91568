"""What is chosen, when, on what, and that the stitched account is one account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from backtests.execution import Execution
from backtests.run import backtest, run_weights
from backtests.walk_forward import walk
from backtests.walk_forward.grid_variants import grid_variants
from backtests.walk_forward.named_variants import NamedVariants
from backtests.walk_forward.reach import Reach
from backtests.walk_forward.scoring import score_variants
from backtests.walk_forward.variants import Variants, returns_of
from backtests.walk_forward.walk import (
    Settings,
    Step,
    confirm,
    day_sets,
    rank_of,
    stitched,
    walk_forward,
)
from backtests.walk_forward.windows import Window, windows
from data.errors import EngineError, InputError, TooShort, UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.exposure.yardsticks import Trend
from tests.backtests.walk_forward.made_up import MadeUp
from tests.sweep.grids import grid

REACH = Reach(200, 1, False)
START = pd.Timestamp("2022-01-01", tz="UTC")
DAY = pd.Timedelta(days=1)
RULES = tuple(
    replace(BASELINES["trend_200"], name=f"trend_{days}", exposure=Trend(days=days))
    for days in (20, 60, 200)
)


@pytest.fixture(scope="module")
def variants(phantom: Snapshot) -> NamedVariants:
    return NamedVariants(RULES, phantom, START)


def test_returns_are_the_engines(variants: NamedVariants, phantom: Snapshot) -> None:
    returns = backtest(RULES[1], phantom, start=START).simulation
    over = returns.returns - returns.cash_returns.reindex(returns.returns.index)
    np.testing.assert_allclose(returns_of(variants, 1), over, rtol=0, atol=1e-13)
    assert variants.decisions[0] == START
    assert (variants.decisions + DAY).tolist() == returns.returns.index.tolist()


@pytest.mark.parametrize("anchored", [True, False])
@pytest.mark.parametrize("by", ["sharpe", "mean"])
def test_each_choice_rests_on_its_training_days_alone(anchored: bool, by: str) -> None:
    x = np.random.default_rng(1).normal(0, 0.02, size=(1300, 6))
    given = MadeUp(x)
    days = given.decisions
    cut = windows(days[0], days[-1], train=365, test=120, gap=30, anchored=anchored)
    assert len(cut) > 5
    found = score_variants(given, day_sets(days, cut, None), by)
    for at, window in enumerate(cut):
        rows = np.asarray((days >= window.train_first) & (days <= window.train_last))
        spoilt = x.copy()
        spoilt[~rows] = np.random.default_rng(2).normal(size=((~rows).sum(), 6))
        again = score_variants(MadeUp(spoilt), day_sets(days, cut, None), by)
        assert again.chosen[at] == found.chosen[at]
        assert again.chosen_scores[at] == pytest.approx(found.chosen_scores[at], rel=1e-6)
        expected = x[rows].mean(axis=0) / (x[rows].std(axis=0) if by == "sharpe" else 1.0)
        assert found.chosen[at] == expected.argmax()


def test_windows_and_the_stitched_account_fit(variants: NamedVariants) -> None:
    settings = Settings(train=365, test=120, by="skill", purge=5, embargo=30, folds=0)
    found = walk_forward(variants, settings, REACH)
    assert found.combined is None
    for step in found.steps:
        assert (step.window.test_first - step.window.train_last).days == 31
    equity = found.run.simulation.equity
    assert equity.index[0] == found.steps[0].window.test_first
    assert equity.index[-1] == found.steps[-1].window.test_last + DAY
    assert found.difference < 1e-12
    first, last = found.steps[0].window.test_first, found.steps[-1].window.test_last
    rows = np.asarray((variants.decisions >= first) & (variants.decisions <= last))
    assert found.test_scores.shape == (3,)
    only = score_variants(
        variants, day_sets(variants.decisions, [step.window for step in found.steps], None), "mean"
    )
    assert only.judged[-1, 0] == pytest.approx(returns_of(variants, 0)[rows].mean())


def test_paths_are_made_of_what_the_variants_earned(variants: NamedVariants) -> None:
    found = walk_forward(variants, Settings(train=365, purge=1, embargo=60), REACH)
    assert found.combined is not None
    assert found.combined.splits == 15
    own = np.stack([returns_of(variants, number) for number in range(3)])
    for path in found.combined.returns.T:
        assert (path == own).any(axis=0).all()


def test_a_grids_choices_are_those_of_the_same_rules_by_name(phantom: Snapshot) -> None:
    """The kernel's own decisions and the rules' target matrices lead to the same walk."""
    given = grid(
        'base = "liquidity_threshold"\nstart = 2022-01-01\n[grid]\n'
        "exposure.signal.days = [7, 28]\nexposure.enter = [0, 50]\nexposure.leave = [-50, 0]"
    )
    settings = Settings(train=365, test=120, purge=7, embargo=35)
    ours = walk_forward(grid_variants(given, phantom), settings, REACH)
    rules = [given.strategy(point) for point in range(given.count)]
    theirs = walk_forward(NamedVariants(rules, phantom, START), settings, REACH)
    assert [step.chosen for step in ours.steps] == [step.chosen for step in theirs.steps]
    np.testing.assert_allclose(ours.scores.judged, theirs.scores.judged, rtol=1e-9)
    assert ours.combined is not None
    assert theirs.combined is not None
    assert ours.combined.chosen.tolist() == theirs.combined.chosen.tolist()
    pd.testing.assert_series_equal(ours.run.simulation.equity, theirs.run.simulation.equity)
    assert ours.scores.variants_hash == theirs.scores.variants_hash


def test_one_choice_throughout_is_that_rule_run_on_the_test_days(
    variants: NamedVariants, phantom: Snapshot
) -> None:
    days = variants.decisions
    cut = windows(days[0], days[-1], train=365, test=120, gap=0, anchored=True)
    steps = [Step(window, 1, 0.0, 0.0, 1.0) for window in cut]
    first, last = cut[0].test_first, cut[-1].test_last
    run = run_weights(
        stitched(variants, steps),
        phantom,
        variants.execution,
        name="w",
        title="w",
        config={},
        start=first,
        end=last,
    )
    alone = backtest(RULES[1], phantom, start=first, end=last)
    pd.testing.assert_series_equal(run.simulation.equity, alone.simulation.equity)


def test_a_switch_is_traded_and_paid_for(phantom: Snapshot) -> None:
    rules = (BASELINES["buy_and_hold"], BASELINES["cash"])
    pair = NamedVariants(rules, phantom, START, execution=Execution(fee_bp=50))
    days = pair.decisions
    edges = [days[400], days[500], days[600], days[700]]
    steps = [
        Step(Window(days[0], days[300], first, last - pd.Timedelta(days=1)), chosen, 0.0, 0.0, 1)
        for first, last, chosen in zip(edges[:-1], edges[1:], (0, 1, 0), strict=True)
    ]
    weights = stitched(pair, steps)
    assert weights.index.equals(days[400:700])
    orders = weights.dropna()
    assert orders.loc[edges[0], "BTC"] == 1.0
    assert orders.loc[edges[1], "CASH"] == 1.0
    assert orders.loc[edges[2], "BTC"] == 1.0
    run = run_weights(
        weights,
        phantom,
        pair.execution,
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


def test_a_variant_that_stays_is_not_ordered_anew(
    variants: NamedVariants, phantom: Snapshot
) -> None:
    days = variants.decisions
    pair = [
        Step(Window(days[0], days[99], days[100], days[149]), 2, 0.0, 0.0, 1),
        Step(Window(days[0], days[149], days[150], days[199]), 2, 0.0, 0.0, 1),
    ]
    targets = RULES[2].target_weights(panel_of(phantom), phantom.daily)
    own = targets.loc[days[101] : days[199]]
    pd.testing.assert_frame_equal(stitched(variants, pair).iloc[1:], own)


def test_variants_begin_together(phantom: Snapshot) -> None:
    late = NamedVariants(RULES, phantom)
    alone = [backtest(rule, phantom).simulation.equity.index[0] for rule in RULES]
    assert late.decisions[0] == max(alone)


def test_kernel_and_engine_apart_is_an_error(
    variants: NamedVariants, phantom: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_of(phantom)
    assert confirm(variants, 0, panel) < 1e-12

    def other(given: Variants, number: int) -> np.ndarray:
        return returns_of(given, number) + 1e-6

    monkeypatch.setattr(walk, "returns_of", other)
    with pytest.raises(EngineError, match=r"variant 0: a day's return differs by 1.0e-06"):
        confirm(variants, 0, panel)


@pytest.mark.parametrize(
    ("scores", "number", "expected"),
    [
        ([0.3, 0.1, 0.2], 0, 1.0),
        ([0.3, 0.1, 0.2], 1, 3.0),
        # Equals share the mean of their ranks.
        ([0.3, 0.3, 0.2, 0.1], 0, 1.5),
        # In cash is better than a loss, and worse than a gain.
        ([0.3, np.nan, -0.2, np.nan], 1, 2.5),
        ([np.nan, np.nan, np.nan], 0, 2.0),
    ],
)
def test_ranks_by_hand(scores, number, expected) -> None:
    assert rank_of(np.array(scores), number) == expected


def test_ranks_are_by_chance_in_the_middle() -> None:
    scores = np.array([0.1, np.nan, 0.4, 0.4, -0.2, np.nan, np.nan])
    ranks = [rank_of(scores, number) for number in range(len(scores))]
    assert np.mean(ranks) == (len(scores) + 1) / 2


def test_too_few_days_are_said_before_anything_is_computed() -> None:
    given = MadeUp(np.ones((300, 2)))
    with pytest.raises(TooShort, match="too few for 730 days"):
        walk_forward(given, Settings(), REACH)
    assert given.asked == []


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

"""Scores by the kernel against the engine's own accounts, and what is kept of many variants."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from backtests.inference.arrays import FloatArray
from backtests.run import Run
from backtests.sweep.evaluate import Evaluator
from backtests.sweep.job import job_of
from backtests.sweep.screen import RUINED
from backtests.trials.recording import Trial, trial_of
from backtests.walk_forward import scoring
from backtests.walk_forward.criterion import CRITERIA
from backtests.walk_forward.grid_variants import GridVariants, grid_variants
from backtests.walk_forward.named_variants import NamedVariants
from backtests.walk_forward.scoring import DaySets, Scores, score_variants
from backtests.walk_forward.variants import Variants, engine_run
from data.errors import EngineError, InputError, TooShort
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.variants import variant
from tests.backtests.sweep.agreement import moves_from_the_first_open
from tests.backtests.walk_forward.made_up import MadeUp
from tests.sweep.grids import grid

# Both routes: the kernel decides the thresholds, the trend comes as a target matrix.
GRID = """
start = 2022-01-01
[variant]
title = "Both routes"
exposure = { kind = "constant" }
allocation = { kind = "btc" }
overlays = [{ kind = "rebalance_band", width = 0.05 }]
[grid]
exposure = [
    { kind = "threshold", signal = "liquidity_impulse", enter = 0, leave = -50 },
    { kind = "proportional", signal = { name = "liquidity_impulse", days = 28 }, window = 365 },
    { kind = "trend", days = 50 },
]
allocation = [{ kind = "btc" }, { kind = "inverse_volatility", days = 30 }]
overlays.rebalance_band.width = [0.05, 0.2]
"""
NAMES = ("liquidity_threshold", "liquidity_trend", "essay_playbook")


def sets_of(days: int) -> DaySets:
    """Anchored and rolling windows, one of two pieces, and the days after them."""
    choose = np.zeros((3, days), dtype=bool)
    choose[0, :300] = choose[1, 200:500] = choose[2, 100:250] = choose[2, 600:900] = True
    judge = np.zeros((2, days), dtype=bool)
    judge[0, 310:500] = judge[1, 510:] = True
    return DaySets(choose, judge)


@cache
def runs(variants: Variants) -> list[Run]:
    panel = panel_of(variants.snapshot)
    return [engine_run(variants, number, panel) for number in range(len(variants))]


def by_engine(variants: Variants, rows: np.ndarray, by: str) -> FloatArray:
    """Scores from the engine's accounts, written out."""
    scores = []
    for run in runs(cast(Any, variants)):
        d = run.simulation.over_cash[rows]
        if by == "skill":
            d = d - matched(run, variants.snapshot, rows)
        if by == "mean":
            scores.append(d.mean())
        else:
            scores.append(d.mean() / d.std() if d.std() > 1e-12 else np.nan)
    return np.array(scores)


def matched(run: Run, snapshot: Snapshot, rows: np.ndarray) -> FloatArray:
    """What the mean weights at the closes of these days earned over cash."""
    held = run.simulation.held.iloc[1:].drop(columns="CASH")
    cash = run.simulation.cash_returns.iloc[1:]
    close = snapshot.daily.close[held.columns].loc[run.simulation.equity.index]
    move = moves_from_the_first_open(snapshot.daily, held.columns, close.index)
    # From the first bar to the one after the last, on which a delisted coin is sold.
    ahead = close.bfill().notna()
    known = (close.ffill().notna() & (ahead | ahead.shift(1, fill_value=False))).iloc[1:]
    excess = move.iloc[1:].sub(cash, axis=0).where(known, 0.0).fillna(0.0).to_numpy()[rows]
    earned: FloatArray = excess @ held.to_numpy()[rows].mean(axis=0)
    return earned


@pytest.fixture(scope="module")
def from_grid(phantom: Snapshot) -> GridVariants:
    return grid_variants(grid(GRID), phantom)


@pytest.fixture(scope="module")
def by_name(phantom: Snapshot) -> NamedVariants:
    rules = [variant(name) for name in NAMES]
    return NamedVariants(rules, phantom, pd.Timestamp("2022-01-01", tz="UTC"))


@pytest.mark.parametrize("by", CRITERIA)
@pytest.mark.parametrize("source", ["from_grid", "by_name"])
def test_the_kernels_scores_and_choices_are_the_engines(
    request: pytest.FixtureRequest, source: str, by: str
) -> None:
    variants: Variants = request.getfixturevalue(source)
    days = sets_of(len(variants.decisions))
    found = score_variants(variants, days, by)
    for rows, scores in zip(days.judge, found.judged, strict=True):
        expected = by_engine(variants, rows, by)
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-9)
    for rows, chosen, score in zip(days.choose, found.chosen, found.chosen_scores, strict=True):
        expected = by_engine(variants, rows, by)
        assert chosen == np.nanargmax(expected)
        assert score == pytest.approx(expected[chosen], rel=1e-9, abs=1e-9)


def test_the_ledger_is_told_what_a_backtest_tells_it(by_name: NamedVariants) -> None:
    told: list[Trial] = []
    score_variants(
        by_name, sets_of(len(by_name.decisions)), "sharpe", record=told.extend, workers=1
    )
    for number, trial in enumerate(told):
        run = runs(by_name)[number]
        expected = trial_of(by_name.rule(number).family, run, by_name.snapshot)
        assert (trial.family, trial.config_hash) == (expected.family, expected.config_hash)
        assert trial.periods == expected.periods
        assert trial.sharpe_cash == pytest.approx(expected.sharpe_cash, rel=1e-9)
        # The kernel's mean weights are those at the closes, the engine's those after the fills.
        assert trial.sharpe_matched == pytest.approx(expected.sharpe_matched, abs=2e-3)
        np.testing.assert_allclose(trial.folds, expected.folds, atol=1e-2)


def test_a_grids_variants_are_the_trials_of_its_sweep(from_grid: GridVariants) -> None:
    swept = grid(GRID)
    table = Evaluator(job_of(swept, from_grid.snapshot))((0, swept.count))
    hashes = [text for _, text in from_grid.trials((0, len(from_grid)))]
    assert hashes == table["config_hash"].to_pylist()


@pytest.mark.parametrize("workers", [1, 2])
def test_scores_do_not_depend_on_how_the_work_is_cut(
    from_grid: GridVariants, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    days = sets_of(len(from_grid.decisions))
    whole = score_variants(from_grid, days, "skill", workers=1)
    monkeypatch.setattr(scoring, "BY_PYTHON_AT_ONCE", 5)
    done: list[int] = []
    cut = score_variants(from_grid, days, "skill", workers=workers, progress=done.append)
    assert done[-1] == len(from_grid)
    assert len(done) == 3
    same(cut, whole)


def test_processes_give_the_same(from_grid: GridVariants, monkeypatch: pytest.MonkeyPatch) -> None:
    days = sets_of(len(from_grid.decisions))
    whole = score_variants(from_grid, days, "sharpe", workers=1)
    monkeypatch.setattr(scoring, "WORTH_PROCESSES", 2)
    same(score_variants(from_grid, days, "sharpe", workers=2), whole)


def same(one: Scores, other: Scores) -> None:
    np.testing.assert_array_equal(one.chosen, other.chosen)
    np.testing.assert_array_equal(one.chosen_scores, other.chosen_scores)
    np.testing.assert_array_equal(one.judged, other.judged)
    assert one.variants_hash == other.variants_hash


def all_days(x: np.ndarray) -> DaySets:
    return DaySets(np.ones((1, len(x)), dtype=bool), np.ones((1, len(x)), dtype=bool))


def test_of_equals_the_first_is_chosen_wherever_it_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "AT_ONCE", 4)
    x = np.random.default_rng(1).normal(0, 0.02, size=(400, 11))
    x[:, [2, 5, 9]] = np.random.default_rng(2).normal(0.005, 0.02, size=(400, 1))
    variants = MadeUp(x)
    found = score_variants(variants, all_days(x), "sharpe", workers=2)
    assert sorted(variants.asked) == [(0, 4), (4, 8), (8, 11)]
    assert found.chosen.tolist() == [2]
    assert found.judged[0, 2] == found.judged[0, 5] == found.judged[0, 9]


def test_a_variant_without_a_score_is_never_chosen() -> None:
    x = np.random.default_rng(1).normal(-0.01, 0.02, size=(400, 3))
    x[:, 0] = 0.0
    found = score_variants(MadeUp(x), all_days(x), "sharpe")
    assert np.isnan(found.judged[0, 0])
    assert found.chosen[0] == np.nanargmax(found.judged[0])
    with pytest.raises(TooShort, match="no variant held anything"):
        score_variants(MadeUp(np.zeros((400, 3))), all_days(x), "sharpe")


def test_a_ruined_variant_is_no_choice_that_one_could_have_left_out(
    phantom: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(1).normal(0.0, 0.02, size=(400, 3))
    variants = MadeUp(x, status=[0, RUINED, 0])
    variants.snapshot = phantom
    told: list[Trial] = []

    def ruined(_: Variants, number: int, __: object) -> Run:
        raise EngineError(f"{number} is ruined on 2021-03-04")

    monkeypatch.setattr(scoring, "engine_run", ruined)
    with pytest.raises(EngineError, match="1 is ruined on 2021-03-04"):
        score_variants(variants, all_days(x), "sharpe", record=told.extend, workers=1)
    # It was tried all the same.
    assert len(told) == 3


def test_more_scores_than_are_held_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.ones((400, 3))
    monkeypatch.setattr(scoring, "MOST_SCORES", 2)
    with pytest.raises(InputError, match="3 variants in 0 test windows: more than 2 scores"):
        score_variants(MadeUp(x), all_days(x), "sharpe")

"""SPA and StepM over a whole sweep: planted skill is found, noise is not, and d is the engine's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import backtests.sweep.evaluate as evaluation
from backtests.compare.board import Board, read_board
from backtests.compare.field import MATCHED, TIMED, Field, assemble, rules_of
from backtests.compare.sweep_returns import sweep_returns
from backtests.compare.whole_sweep import WholeSweep, job_of_board, whole_sweep
from backtests.holding import excess_of
from backtests.report.comparison.swept import swept_sentence, swept_table
from backtests.sweep.confirm import confirming_run
from backtests.sweep.evaluate import Evaluator
from backtests.sweep.grid import grid_of
from backtests.sweep.job import Job, job_of
from backtests.sweep.restore import GRID
from backtests.sweep.sweep import sweep
from backtests.trials.ledger import Ledger
from data.errors import BadTable, InputError
from data.panel import panel_of
from data.simulate import simulated
from data.snapshot import Snapshot

DRAWS = 199
TABLE = {
    "base": "liquidity_threshold",
    "family": "swept",
    "grid": {
        "exposure.signal.days": [7, 28, 91],
        "exposure.enter": [0, 50, 100, 150],
        "exposure.leave": [-50, 0],
    },
    "constraint": [{"holds": "exposure.leave <= exposure.enter"}],
}
PLANTED = 13


def board_of(job: Job) -> Board:
    """Return the leaderboard of a job, without writing it."""
    table = Evaluator(job)((0, job.grid.count)).to_pandas()
    paths = [axis.path for axis in job.grid.axes]
    return Board(
        path=Path("leaderboard.parquet"),
        manifest={},
        parameters=table[paths],
        measures=table[["sharpe"]],
        folds=np.zeros((len(table), 16)),
        hashes=table["config_hash"].astype(str),
    )


def planted(snapshot: Snapshot, point: int, daily: float = 0.006) -> Snapshot:
    """Return a world in which BTC rises more on the days on which one variant holds it."""
    job = job_of(grid_of(TABLE, "g", "g.toml"), snapshot)
    held = confirming_run(job, point, panel_of(snapshot)).simulation.held["BTC"]
    close = snapshot.daily.close
    inside = (held > 0.5).reindex(close.index, fill_value=False).to_numpy()
    # As much less on the others, so that nothing but timing is rewarded.
    drift = np.where(inside, daily, -daily * inside.mean() / (1 - inside.mean()))
    drift[close.index <= job.first] = 0.0
    after = pd.Series(np.exp(np.cumsum(drift)), index=close.index)
    before = after.shift(1, fill_value=1.0)
    btc = {}
    for name, factor in (("open", before), ("high", after), ("low", after), ("close", after)):
        frame = getattr(snapshot.daily, name).copy()
        frame["BTC"] = frame["BTC"] * factor
        btc[name] = frame
    top = np.maximum(btc["high"]["BTC"], np.maximum(btc["open"]["BTC"], btc["close"]["BTC"]))
    low = np.minimum(btc["low"]["BTC"], np.minimum(btc["open"]["BTC"], btc["close"]["BTC"]))
    btc["high"]["BTC"], btc["low"]["BTC"] = top, low
    return replace(snapshot, daily=replace(snapshot.daily, **btc), hourly=None)


def field_over(snapshot: Snapshot) -> Field:
    return assemble(rules_of(("liquidity_threshold", "trend_200")), snapshot, panel_of(snapshot))


def found_in(snapshot: Snapshot) -> WholeSweep:
    job = job_of(grid_of(TABLE, "g", "g.toml"), snapshot)
    return whole_sweep(job, board_of(job), field_over(snapshot), seed=3, draws=DRAWS)


@pytest.fixture(scope="module")
def null() -> Snapshot:
    return simulated("null")


@pytest.fixture(scope="module")
def noise(null: Snapshot) -> WholeSweep:
    return found_in(null)


@pytest.fixture(scope="module")
def job(phantom: Snapshot) -> Job:
    return job_of(grid_of(TABLE, "g", "g.toml"), phantom)


def test_planted_skill_of_one_variant_is_found(null: Snapshot) -> None:
    found = found_in(planted(null, PLANTED))
    test = found.skill
    assert test is not None
    assert test.p == pytest.approx(1 / (DRAWS + 1))
    assert test.best.variant == PLANTED
    assert test.best.name == f"variant {PLANTED}"
    assert test.best.parameters == {
        "exposure.signal.days": 28,
        "exposure.enter": 100,
        "exposure.leave": 0,
    }
    assert test.superior[0] == test.best
    assert test.best.sharpe > 1.5
    said = swept_sentence(found)
    assert f"is variant {PLANTED}, exposure.signal.days 28" in said
    assert "luck would show" not in said


def test_noise_is_not_found(noise: WholeSweep) -> None:
    test = noise.skill
    assert test is not None
    assert test.p > 0.05
    assert (test.found, test.superior) == (0, ())
    said = swept_sentence(noise)
    assert "StepM finds none better than their own mean exposure" in said
    assert said.endswith("The best of the sweep is what luck would show among so many.")


def test_compared_variants_count_once(noise: WholeSweep, null: Snapshot) -> None:
    # liquidity_threshold is 28 days, 50, -50: one of the grid's; trend_200 is not.
    assert (noise.inside, noise.joined, noise.outside) == (
        ("liquidity_threshold",),
        ("trend_200",),
        (),
    )
    test = noise.skill
    assert test is not None
    assert test.variants + test.dropped == noise.variants + 1
    assert noise.tests[0].benchmark == MATCHED
    assert {each.benchmark for each in noise.tests} >= {"buy_and_hold", "cash"}
    assert [each.skill for each in noise.tests] == [True, *[False] * (len(noise.tests) - 1)]
    note = swept_table(noise).note
    assert "Among them: liquidity threshold; tested beside them: trend 200." in note


def test_a_sweep_of_other_days_is_tested_on_its_own(null: Snapshot, noise: WholeSweep) -> None:
    table = {**TABLE, "start": "2016-02-20", "end": "2023-06-30"}
    job = job_of(grid_of(table, "g", "g.toml"), null)
    field = field_over(null)
    found = whole_sweep(job, board_of(job), field, seed=3, draws=DRAWS)
    assert (found.first, found.last) == (job.first, job.last)
    assert found.days == (job.last - job.first).days + 1 < noise.days
    assert found.joined == ("trend_200",)
    # A sweep that begins before a variant can decide is tested without it.
    weights = field.entrants[1].weights.copy()
    weights.loc[:"2017-12-31"] = np.nan
    late = replace(field, entrants=(replace(field.entrants[1], weights=weights),))
    without = whole_sweep(job, board_of(job), late, seed=3, draws=DRAWS)
    assert (without.joined, without.outside) == ((), ("trend_200",))


def test_the_returns_are_those_of_the_engine(job: Job, phantom: Snapshot) -> None:
    with sweep_returns(job) as found:
        assert found.points.tolist() == list(range(job.grid.count))
        assert not found.failed.any()
        for at in (0, 7, job.grid.count - 1):
            run = confirming_run(job, at, panel_of(phantom))
            simulation = run.simulation
            assert found.closes.equals(simulation.returns.index)
            over = simulation.returns - simulation.cash_returns.iloc[1:]
            np.testing.assert_allclose(found.over_cash.read(at)[0], over, atol=1e-9)
            d, own = found.over_matched.read(at)[0], excess_of(run, phantom.daily)
            assert np.corrcoef(d, own)[0, 1] > 0.99
            assert 365 * d.mean() == pytest.approx(365 * own.mean(), abs=0.01)
            assert d.std() > TIMED


def test_chunks_do_not_matter(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with sweep_returns(job) as found:
        whole = [
            found.over_cash.read(0, job.grid.count),
            found.over_matched.read(0, job.grid.count),
        ]
        blocks = np.column_stack(list(found.over_matched.blocks()))
        np.testing.assert_array_equal(blocks.T, whole[1])
    monkeypatch.setattr(evaluation, "DAILY_BYTES", 9 * 4000 * 3)
    with sweep_returns(job) as found:
        np.testing.assert_array_equal(found.over_cash.read(0, job.grid.count), whole[0])
        np.testing.assert_array_equal(found.over_matched.read(0, job.grid.count), whole[1])


def test_too_little_room_is_said_in_one_line(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1))
    with (
        pytest.raises(InputError, match="set TMPDIR to a folder with more room"),
        sweep_returns(job),
    ):
        pass


@pytest.fixture(scope="module")
def swept(phantom: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    table = {**TABLE, "sample": 9, "seed": 4, "start": "2023-01-01"}
    job = job_of(grid_of(table, "own", "own.toml"), phantom)
    sweep(job, folder / "out", ledger=Ledger(folder / "home"), workers=1, top=1)
    return folder / "out"


def test_a_leaderboard_holds_what_makes_its_job_again(swept: Path, phantom: Snapshot) -> None:
    board = read_board(swept, phantom)
    job = job_of_board(board, phantom)
    assert job.run_id == board.manifest["run_id"]
    assert job.grid.count == 9
    table = Evaluator(job)((0, 9)).to_pandas()
    assert table["config_hash"].tolist() == board.hashes.tolist()
    with sweep_returns(job) as found:
        assert found.points.tolist() == pd.read_parquet(board.path)["variant"].tolist()


def without_grid(manifest: dict[str, object]) -> None:
    del manifest[GRID]


def another_grid(manifest: dict[str, object]) -> None:
    manifest[GRID]["seed"] = 5  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "words"),
    [(without_grid, "does not hold its grid: run the sweep again"), (another_grid, "gives sweep")],
)
def test_a_leaderboard_without_its_grid_is_refused_in_one_line(
    swept: Path,
    phantom: Snapshot,
    change: Callable[[dict[str, object]], None],
    words: str,
) -> None:
    board = read_board(swept, phantom)
    manifest = json.loads((swept / "manifest.json").read_text())
    change(manifest)
    with pytest.raises(BadTable, match=words) as caught:
        job_of_board(replace(board, manifest=manifest), phantom)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadTable, match="has 8 variants and its grid 9"):
        job_of_board(replace(board, hashes=board.hashes[:8]), phantom)

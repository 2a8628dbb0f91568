"""A sweep from end to end: right, the same however it is run, and recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from backtests.execution import Execution
from backtests.metrics import MEASURES
from backtests.run import backtest
from backtests.sweep import evaluate, output, pieces
from backtests.sweep import sweep as sweeping
from backtests.sweep.confirm import confirm, difference
from backtests.sweep.evaluate import Evaluator
from backtests.sweep.job import Job, job_of
from backtests.sweep.sweep import Sweep, check_size, left_to_do, sweep
from backtests.trials.configuration import configuration_hash
from backtests.trials.ledger import Ledger
from data.errors import BadConfig, Corrupt, EngineError, Locked
from data.panel import panel_of
from data.snapshot import Snapshot
from tests.sweep.grids import LEVELS, MIXED, grid


@pytest.fixture(scope="session")
def short(phantom: Snapshot) -> Snapshot:
    return phantom.until(pd.Timestamp("2017-03-01", tz="UTC"))


@pytest.fixture(scope="session")
def levels(short: Snapshot) -> Job:
    return job_of(grid(LEVELS), short)


@pytest.fixture(scope="session")
def mixed(short: Snapshot) -> Job:
    return job_of(grid(MIXED), short)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def run(job: Job, out: Path, **more: Any) -> Sweep:
    return sweep(job, out, **{"ledger": Ledger(out.parent / "ledger"), "top": 1, **more})


def content(folder: Path) -> bytes:
    return (folder / output.LEADERBOARD).read_bytes()


def test_every_figure_is_that_of_the_engine(mixed: Job, tmp_path: Path):
    done = run(mixed, tmp_path / "out", top=2)
    table = pd.read_parquet(done.leaderboard)
    assert table["variant"].tolist() == list(range(mixed.grid.count))
    assert done.manifest["routes"] == {"native": 64, "matrix": 32}
    assert set(table.loc[table["exposure.kind"] == "trend", "route"]) == {"matrix"}
    for number in np.random.default_rng(1).choice(mixed.grid.count, 12, replace=False):
        strategy, execution = mixed.grid.strategy(number), mixed.grid.execution(number)
        alone = backtest(strategy, mixed.snapshot, execution, start=mixed.first, end=mixed.last)
        row = table.loc[number]
        assert row["config_hash"] == configuration_hash(strategy.config, execution)
        assert row["execution.fee_bp"] == execution.fee_bp
        assert row["exposure.kind"] == strategy.config["exposure"]["kind"]
        for name in MEASURES:
            assert difference(name, row[name], alone.metrics[name]) < 1e-9, (number, name)
        assert row["orders"] == len(alone.simulation.fills)
        held = alone.simulation.held.iloc[1:].get("BTC", pd.Series([0.0])).mean()
        assert row["btc_exposure"] == pytest.approx(held, rel=1e-9)
        growth = np.prod([1.0 + row[f"fold_{fold:02d}"] for fold in range(16)])
        equity = alone.simulation.equity
        assert growth == pytest.approx(equity.iloc[-1] / equity.iloc[0], rel=1e-9)


def test_the_same_bytes_however_it_is_run(levels: Job, mixed: Job, tmp_path: Path):
    for name, job in (("levels", levels), ("mixed", mixed)):
        whole = content(run(job, tmp_path / name / "whole").out)
        for size, workers in ((7, 1), (64, 2), (1000, 3)):
            out = tmp_path / name / f"{size}-{workers}"
            assert content(run(job, out, chunk=size, workers=workers).out) == whole


def test_hours_of_delay_need_hourly_bars(phantom: Snapshot, tmp_path: Path):
    axes = {"execution.delay_hours": [0, 6], "exposure.enter": [0, 50]}
    window = {"start": "2024-01-01", "end": "2024-06-01", "grid": axes}
    done = run(job_of(grid(LEVELS, **window), phantom), tmp_path / "btc", top=4)
    assert {one.row["execution.delay_hours"] for one in done.confirmed} == {0, 6}
    coins = {"base": "liquidity_momentum", "constraint": [], **window}
    with pytest.raises(EngineError, match="no hourly bars of ADA"):
        run(job_of(grid(LEVELS, **coins), phantom), tmp_path / "coins")
    assert not (tmp_path / "coins" / "pieces").exists()


def test_perpetuals_pay_funding_and_vectorbt_confirms_it(phantom: Snapshot, tmp_path: Path):
    axes = {"execution.perpetuals": [[], ["BTC"]], "exposure.enter": [0, 50]}
    window = {"start": "2024-01-01", "end": "2024-03-01", "grid": axes}
    job = job_of(grid(LEVELS, **window), phantom)
    done = run(job, tmp_path / "out", top=4)
    assert done.manifest["routes"] == {"native": 2, "matrix": 2}
    assert {one.variant for one in done.confirmed} == {0, 1, 2, 3}
    table = pd.read_parquet(done.leaderboard)
    assert table["execution.perpetuals"].tolist() == ["[]", "[]", '["BTC"]', '["BTC"]']
    strategy, execution = job.grid.strategy(3), Execution(perpetuals=("BTC",))
    alone = backtest(strategy, phantom, execution, start=job.first, end=job.last)
    for name in MEASURES:
        assert difference(name, table[name][3], alone.metrics[name]) < 1e-9, name
    assert alone.simulation.costs["funding"] != 0.0


def test_a_perpetual_held_without_its_rate_ends_the_sweep(phantom: Snapshot, tmp_path: Path):
    table = phantom.funding
    assert table is not None
    cut = pd.Timestamp("2024-02-01", tz="UTC")
    ended = replace(phantom, funding=table[(table["ts"] < cut).to_numpy()])
    held = {"kind": "constant"}
    variant = {"title": "Held", "exposure": held, "allocation": {"kind": "btc"}}
    window = {"start": "2024-01-01", "end": "2024-03-01", "variant": variant}
    axes = {"execution.perpetuals": [["BTC"]], "execution.fee_bp": [0, 10]}
    text = "family = 'held'"
    message = r"BTC: the perpetual is held on 2024-02-01 and a funding rate of .* is missing"
    with pytest.raises(EngineError, match=message):
        run(job_of(grid(text, grid=axes, **window), ended), tmp_path / "out")


def test_processes_give_the_same_bytes(mixed: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = content(run(mixed, tmp_path / "threads").out)
    monkeypatch.setattr(sweeping, "WORTH_PROCESSES", 1)
    out = tmp_path / "processes"
    assert content(run(mixed, out, chunk=9, workers=2).out) == whole


def test_what_is_kept_is_bounded_and_changes_nothing(
    levels: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = content(run(levels, tmp_path / "all").out)
    monkeypatch.setattr(evaluate, "PATHS_BYTES", 1)
    monkeypatch.setattr(evaluate, "MARKET_BYTES", 1)
    monkeypatch.setattr(evaluate, "DAILY_BYTES", 1)
    assert content(run(levels, tmp_path / "none", chunk=50).out) == whole


def test_goes_on_where_it_stopped(levels: Job, tmp_path: Path, ledger: Ledger):
    class Stopped(Exception):
        pass

    told: list[int] = []

    def stop(done: int) -> None:
        told.append(done)
        if len(told) == 3:
            raise Stopped

    out = tmp_path / "out"
    with pytest.raises(Stopped):
        run(levels, out, ledger=ledger, chunk=50, workers=1, progress=stop)
    assert told == [50, 100, 150]
    assert left_to_do(levels, out) == levels.grid.count - 150
    assert ledger.count("liquidity") == 150
    again: list[int] = []
    done = run(levels, out, ledger=ledger, chunk=70, workers=1, progress=again.append)
    assert again[0] == 220
    assert again[-1] == levels.grid.count
    assert content(done.out) == content(run(levels, tmp_path / "whole").out)
    assert left_to_do(levels, out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock",
        "leaderboard.parquet",
        "manifest.json",
    ]


def test_trials_are_recorded_once(levels: Job, tmp_path: Path, ledger: Ledger):
    first = run(levels, tmp_path / "a", ledger=ledger)
    table = pd.read_parquet(first.leaderboard)
    assert ledger.count("liquidity") == levels.grid.count == first.trials
    known = ledger.sharpes("liquidity", "cash")
    expected = table["sharpe"].dropna().to_numpy() / np.sqrt(365.0)
    np.testing.assert_allclose(np.sort(known), np.sort(expected))
    timed = table["sharpe_matched"].dropna().to_numpy() / np.sqrt(365.0)
    assert sorted(ledger.sharpes("liquidity")) == sorted(timed)
    assert run(levels, tmp_path / "b", ledger=ledger).trials == levels.grid.count
    assert ledger.faults() == []


def test_a_finished_sweep_is_shown_again(levels: Job, tmp_path: Path):
    first = run(levels, tmp_path / "out", top=2)
    before = content(first.out)
    told: list[int] = []
    second = run(levels, tmp_path / "out", top=2, progress=told.append)
    assert told == []
    assert content(second.out) == before
    assert second.manifest == first.manifest


def test_the_manifest_says_what_was_done(levels: Job, tmp_path: Path):
    done = run(levels, tmp_path / "out", top=3)
    manifest = json.loads((done.out / "manifest.json").read_text())
    table = pd.read_parquet(done.leaderboard)
    best = table.sort_values("sharpe", ascending=False, kind="stable")["variant"].tolist()[:3]
    timed = table.sort_values("sharpe_matched", ascending=False, kind="stable")
    matched = timed["variant"].tolist()[:3]
    assert manifest["rankings"] == {"sharpe": best, "sharpe_matched": matched}
    assert manifest["snapshot_id"] == levels.snapshot.snapshot_id
    assert manifest["grid_hash"] == levels.grid.grid_hash
    assert manifest["variants"] == manifest["routes"]["native"] == len(table)
    winners = [one["variant"] for one in manifest["winners"]]
    assert winners == list(dict.fromkeys([*best, *matched]))
    assert all(one["difference"] <= 1e-9 for one in manifest["winners"])
    assert manifest["family"] == "liquidity"
    assert manifest["start"] == "2016-02-05T00:00:00Z"


def test_a_winner_that_differs_stops_the_command(levels: Job):
    evaluator = Evaluator(levels)
    row = evaluator((3, 4)).to_pylist()[0]
    panel = panel_of(levels.snapshot)
    assert confirm(levels, row, panel).difference < 1e-9
    for name in (
        "sharpe",
        "fold_07",
        "sharpe_matched",
        "tail",
        "skew",
        "drawdown_days",
        "hit_rate",
    ):
        with pytest.raises(EngineError, match=f"variant 3: {name} is"):
            confirm(levels, {**row, name: row[name] + 1e-7}, panel)
    with pytest.raises(EngineError, match="inf apart"):
        confirm(levels, {**row, "cagr": float("nan")}, panel)


@pytest.mark.parametrize(
    ("name", "values", "apart"),
    [
        ("fold_00", (1e-9, 2e-9), 1e-9),
        ("sharpe", (2.0, 1.0), 0.5),
        ("sharpe", (np.nan, np.nan), 0.0),
        ("sharpe", (np.nan, 1.0), np.inf),
        ("turnover", (0.0, 0.0), 0.0),
    ],
)
def test_difference(name: str, values: tuple[float, float], apart: float):
    assert difference(name, *values) == pytest.approx(apart, rel=1e-6)


def test_another_sweep_is_not_written_over(levels: Job, short: Snapshot, tmp_path: Path):
    out = tmp_path / "out"
    run(levels, out)
    before = content(out)
    earlier = short.until(pd.Timestamp("2017-02-01", tz="UTC"))
    with pytest.raises(BadConfig, match="holds a leaderboard of another grid"):
        run(job_of(grid(LEVELS, family="other"), short), out)
    with pytest.raises(BadConfig, match="holds a leaderboard"):
        run(job_of(grid(LEVELS), earlier), out)
    with pytest.raises(BadConfig, match="of another snapshot"):
        run(replace(levels, snapshot=replace(short, snapshot_id="0" * 16)), out)
    assert content(out) == before


def test_another_version_is_refused(levels: Job, tmp_path: Path):
    out = tmp_path / "out"
    run(levels, out)
    table = pq.read_table(out / output.LEADERBOARD)
    identity = {**json.loads(table.schema.metadata[b"plumbline_sweep"]), "code": "0.0.0+old"}
    pq.write_table(
        table.replace_schema_metadata({b"plumbline_sweep": json.dumps(identity)}),
        out / output.LEADERBOARD,
    )
    with pytest.raises(BadConfig, match=r"of another version of the program \(0.0.0\+old"):
        run(levels, out)
    (out / output.LEADERBOARD).write_bytes(b"something else")
    with pytest.raises(BadConfig, match="is no leaderboard of a sweep"):
        run(levels, out)


def test_a_spoilt_piece_is_told(levels: Job, tmp_path: Path):
    out = tmp_path / "out"
    folder = output.begin(out, levels.identity)
    (folder / "000000000000-000000000050.arrow").write_bytes(b"ARROW1 no more")
    with pytest.raises(Corrupt, match="delete it and run again"):
        run(levels, out)


def test_two_sweeps_do_not_share_a_folder(levels: Job, tmp_path: Path):
    with output.held(tmp_path / "out"), pytest.raises(Locked, match="another sweep"):
        run(levels, tmp_path / "out")


def test_too_many_variants_want_a_yes(short: Snapshot):
    thousand = {"from": 1, "to": 1000, "step": 1}
    huge = grid(
        LEVELS,
        grid={
            "exposure.enter": thousand,
            "exposure.leave": thousand,
            "exposure.signal.days": thousand,
        },
        constraint=[],
    )
    job = job_of(huge, short)
    with pytest.raises(BadConfig, match="1,000,000,000 variants are too many"):
        check_size(job, on="local", yes=False)
    check_size(job, on="dask", yes=False)
    check_size(job, on="local", yes=True)


@pytest.mark.parametrize(
    ("done", "size", "left"),
    [
        ([], 4, [(0, 4), (4, 8), (8, 10)]),
        ([(4, 8)], 4, [(0, 4), (8, 10)]),
        ([(0, 3), (7, 10)], 2, [(3, 5), (5, 7)]),
        ([(0, 10)], 3, []),
    ],
)
def test_missing_spans(done: list[pieces.Span], size: int, left: list[pieces.Span]):
    assert list(pieces.missing(10, done, size)) == left

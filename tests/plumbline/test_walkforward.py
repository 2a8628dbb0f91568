"""``plumbline walkforward`` end to end on the simulated world."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from backtests.trials.ledger import Ledger
from plumbline.__main__ import main

GRID = """
base = "liquidity_threshold"
start = 2022-01-01
[grid]
exposure.signal.days = [7, 28]
exposure.enter = [0, 50]
"""
WORLD = ("--data", "simulated:phantom")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["walkforward", *arguments])
    captured = capsys.readouterr()
    assert (stopped.value.code or 0) == status, captured.err
    return captured.out, captured.err


@pytest.fixture
def grid(tmp_path: Path) -> str:
    path = tmp_path / "levels.toml"
    path.write_text(GRID)
    return str(path)


def test_a_grid_end_to_end(
    capsys: pytest.CaptureFixture[str], grid: str, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    text, _ = run(capsys, grid, *WORLD, "--train", "365", "--out", str(out))
    assert "exposure.signal.days" in text
    assert "chosen as one went" in text
    assert "Combinatorial purged paths: 5 from 15 splits, purge 7, embargo 35" in text
    found = json.loads((out / "walkforward.json").read_text())
    assert found["variants"] == 4
    ranks = [row["test_rank"] for row in found["windows"]]
    assert found["mean_test_rank"] == pytest.approx(sum(ranks) / len(ranks))
    assert "Rank of the chosen on test days" in text
    assert found["settings"]["anchored"] is True
    days = [pd.Timestamp(row["test_first"]) for row in found["windows"]]
    assert ((pd.Series(days).diff().dropna().dt.days) == 182).all()
    gaps = {
        (pd.Timestamp(row["test_first"]) - pd.Timestamp(row["train_last"])).days
        for row in found["windows"]
    }
    assert gaps == {36}
    assert {row["parameters"]["exposure.enter"] for row in found["windows"]} <= {0.0, 50.0}
    traded = {row["variant"] for row in found["windows"]}
    assert found["confirmed"]["variants"] == len(traded)
    assert found["confirmed"]["largest_difference"] < 1e-12
    equity = pd.read_parquet(out / "equity.parquet")
    assert equity["equity"].iloc[-1] == found["stitched"]["metrics"]["ending_value"]
    assert len(found["combinatorial"]["sharpe"]) == 5
    # Four variants, and the procedure itself.
    assert Ledger(home).count("liquidity") == 5


def test_named_variants_rolling_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = run(
        capsys,
        "trend_200",
        "buy_and_hold",
        *WORLD,
        "--rolling",
        "--json",
        "--start",
        "2022-01-01",
        "--folds",
        "0",
        "--by",
        "mean",
    )
    found = json.loads(text)
    assert found["combinatorial"] is None
    spans = {
        (pd.Timestamp(row["train_last"]) - pd.Timestamp(row["train_first"])).days
        for row in found["windows"]
    }
    assert spans == {729}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.toml",), "nowhere.toml"),
        (("trend_200",), "there is nothing to choose from"),
        (("trend_200", "trend_200"), "trend_200 is named twice"),
        (("trend_200", "trend_20"), "did you mean trend_200"),
        (("trend_200", "cash", "--by", "luck"), "unknown criterion 'luck'"),
        (("trend_200", "cash", "--train", "9000"), "too few for 9000 days"),
        (("trend_200", "cash", "--most", "1"), "2 variants: a walk forward takes 1 at most"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: tuple[str, ...], message: str
) -> None:
    _, words = run(capsys, *arguments, *WORLD, status=2)
    line = words.strip().splitlines()[-1]
    assert line.startswith("plumbline: ")
    assert message in line
    assert not home.exists()


def test_executions_are_scenarios_side_by_side(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, home: Path
) -> None:
    path, out = tmp_path / "costs.toml", tmp_path / "out"
    path.write_text(f"{GRID}execution.fee_bp = [5, 50]\n")
    text, _ = run(capsys, str(path), *WORLD, "--train", "365", "--folds", "0", "--out", str(out))
    assert "Scenario: fee_bp 5" in text
    assert "Scenario: fee_bp 50" in text
    assert "Chosen as one went, one account in each scenario" in text
    found = json.loads((out / "walkforward.json").read_text())["scenarios"]
    assert [each["scenario"] for each in found] == [
        {"execution.fee_bp": 5},
        {"execution.fee_bp": 50},
    ]
    for number, each in enumerate(found, 1):
        fee = each["scenario"]["execution.fee_bp"]
        assert each["variants"] == 4
        assert each["stitched"]["manifest"]["execution"]["fee_bp"] == fee
        assert "execution.fee_bp" not in each["windows"][0]["parameters"]
        equity = pd.read_parquet(out / f"scenario_{number}" / "equity.parquet")
        assert equity["equity"].iloc[-1] == each["stitched"]["metrics"]["ending_value"]
    # Four variants at two fees, and two procedures.
    assert Ledger(home).count("liquidity") == 10


def test_a_sweep_of_the_same_grid_adds_no_trials(
    capsys: pytest.CaptureFixture[str], grid: str, tmp_path: Path, home: Path
) -> None:
    run(capsys, grid, *WORLD, "--train", "365", "--folds", "0")
    assert Ledger(home).count("liquidity") == 5
    with pytest.raises(SystemExit):
        main(["sweep", grid, *WORLD, "--out", str(tmp_path / "sweep")])
    assert Ledger(home).count("liquidity") == 5
    assert Ledger(home).faults() == []

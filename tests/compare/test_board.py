from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backtests.compare.board import over_mean_exposure, read_board
from backtests.run import backtest
from backtests.sweep.columns import FOLDS
from data.errors import BadTable
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from tests.compare.boards import write_board

GRID = {"exposure.signal.days": [7, 28], "exposure.enter": [0.0, None]}


def test_a_leaderboard_is_read_back(tmp_path: Path, phantom: Snapshot) -> None:
    path = write_board(tmp_path, phantom, GRID, [0.5, 0.25])
    for given in (path, tmp_path):
        found = read_board(given, phantom)
        assert list(found.parameters) == list(GRID)
        assert list(found.measures) == ["sharpe", "exposure", "sharpe_matched"]
        assert found.folds.shape == (2, FOLDS)
        assert found.hashes.tolist() == ["0" * 64, "0" * 63 + "1"]
        assert found.manifest["family"] == "swept"


@pytest.mark.parametrize(
    ("key", "words"),
    [("snapshot_id", "from another snapshot"), ("code", "from another version of the program")],
)
def test_another_snapshot_or_version_is_refused_in_one_line(
    tmp_path: Path, phantom: Snapshot, key: str, words: str
) -> None:
    path = write_board(tmp_path, phantom, GRID, [0.5, 0.25], manifest={key: "other"})
    with pytest.raises(BadTable, match=words) as caught:
        read_board(path, phantom)
    assert "\n" not in str(caught.value)
    assert "other" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "leaderboard.parquet").unlink(), "there is no leaderboard"),
        (lambda folder: (folder / "manifest.json").unlink(), r"no manifest\.json beside it"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "is no manifest"),
        (lambda folder: (folder / "leaderboard.parquet").write_text("x"), "cannot be read"),
    ],
)
def test_a_spoilt_folder_is_refused_in_one_line(
    tmp_path: Path, phantom: Snapshot, spoil: object, words: str
) -> None:
    assert callable(spoil)
    write_board(tmp_path, phantom, GRID, [0.5, 0.25])
    spoil(tmp_path)
    with pytest.raises(BadTable, match=words) as caught:
        read_board(tmp_path / "leaderboard.parquet", phantom)
    assert "\n" not in str(caught.value)


def test_another_table_is_no_leaderboard(tmp_path: Path, phantom: Snapshot) -> None:
    import pandas as pd

    path = write_board(tmp_path, phantom, GRID, [0.5, 0.25])
    pd.read_parquet(path).drop(columns="fold_07").to_parquet(path)
    with pytest.raises(BadTable, match="lacks 'fold_07'"):
        read_board(path, phantom)


def test_mean_exposure_is_taken_off_each_fold(tmp_path: Path, phantom: Snapshot) -> None:
    run = backtest(BASELINES["buy_and_hold"], phantom)
    returns = run.simulation.returns.to_numpy()
    # Spans that differ by one day at most; array_split would put the longer ones first.
    edges = [number * len(returns) // FOLDS for number in range(FOLDS + 1)]
    held = np.array([np.prod(1 + returns[a:b]) - 1 for a, b in pairwise(edges)])
    extra = 0.01 * np.random.default_rng(1).standard_normal(FOLDS)
    folds = np.vstack([0.5 * held, 0.5 * held + extra, np.full(FOLDS, np.nan)])
    path = write_board(tmp_path, phantom, {"days": [1, 2, 3]}, [1.0, 2.0, 3.0], folds)
    found = over_mean_exposure(read_board(path, phantom), phantom)
    assert found.family == "swept"
    assert found.folds.shape == (2, FOLDS)
    assert found.sharpes == pytest.approx(np.array([1.0, 2.0]) / np.sqrt(365.0))
    # Half of it is cash: what is taken off has its interest too, the same for both.
    assert found.folds[1] - found.folds[0] == pytest.approx(extra)
    cash = run.simulation.cash_returns.iloc[1:].sum()
    assert -found.folds[0].sum() == pytest.approx(0.5 * cash, abs=0.01)


def test_a_leaderboard_without_days_is_refused(tmp_path: Path, phantom: Snapshot) -> None:
    path = write_board(tmp_path, phantom, GRID, [0.5, 0.25])
    text = (tmp_path / "manifest.json").read_text().replace('"start"', '"begin"')
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BadTable, match="does not say 'start'"):
        over_mean_exposure(read_board(path, phantom), phantom)


@pytest.mark.parametrize("name", ["exposure", "sharpe_matched"])
def test_a_leaderboard_without_a_measure_is_refused(
    tmp_path: Path, phantom: Snapshot, name: str
) -> None:
    import pandas as pd

    path = write_board(tmp_path, phantom, GRID, [0.5, 0.25])
    pd.read_parquet(path).drop(columns=name).to_parquet(path)
    with pytest.raises(BadTable, match=f"does not say '{name}': run the sweep again"):
        over_mean_exposure(read_board(path, phantom), phantom)

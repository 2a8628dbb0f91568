from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from backtests.compare.board import read_board
from backtests.compare.plateau import Plateau, plateau
from data.aliases import FloatArray
from data.errors import BadTable
from data.snapshot import Snapshot
from tests.compare.boards import write_board

POINTS = list(product(range(5), range(5)))


def around(tmp_path: Path, phantom: Snapshot, sharpe: FloatArray, **more: object) -> Plateau:
    """The plateau of a 5 x 5 grid with steps that are not even."""
    parameters = {
        "exposure.signal.days": [(7, 14, 28, 56, 91)[x] for x, _ in POINTS],
        "exposure.enter": [(0.0, 10.0, 25.0, 50.0, 100.0)[y] for _, y in POINTS],
        **more,
    }
    path = write_board(tmp_path, phantom, parameters, sharpe)
    return plateau(read_board(path, phantom))


@pytest.mark.parametrize(
    ("peak", "near", "share", "holds"),
    [
        # (winner's value; the eight neighbours have 0.5, the rest 0.1)
        (0.55, 8, 1.0, True),
        (0.60, 8, 1.0, True),
        (0.61, 0, 0.0, False),
        (2.00, 0, 0.0, False),
    ],
)
def test_a_plateau_holds_and_a_lonely_peak_does_not(
    tmp_path: Path, phantom: Snapshot, peak: float, near: int, share: float, holds: bool
) -> None:
    sharpe = np.array([0.5 if abs(x - 2) <= 1 and abs(y - 2) <= 1 else 0.1 for x, y in POINTS])
    sharpe[12] = peak
    found = around(tmp_path, phantom, sharpe)
    assert dict(found.winner) == {"exposure.signal.days": 28, "exposure.enter": 25.0}
    assert (found.neighbours, found.near) == (8, near)
    assert found.share == share
    assert found.holds is holds
    assert (found.median, found.worst, found.edges) == (0.5, 0.5, ())
    assert found.config_hash == f"{12:064x}"


def test_a_winner_in_the_corner_stands_on_two_edges(tmp_path: Path, phantom: Snapshot) -> None:
    sharpe = np.array([1.0 - 0.06 * (x + y) for x, y in POINTS])
    found = around(tmp_path, phantom, sharpe)
    assert found.edges == ("exposure.signal.days", "exposure.enter")
    # Of three neighbours two are 0.06 below, the third 0.12.
    assert (found.neighbours, found.near) == (3, 2)
    assert found.worst == pytest.approx(0.88)


def test_neighbours_are_equal_in_what_is_no_number(tmp_path: Path, phantom: Snapshot) -> None:
    words = ["a" if at < 13 else "b" for at in range(25)]
    sharpe = np.full(25, 0.1)
    sharpe[12] = 0.2
    found = around(tmp_path, phantom, sharpe, **{"exposure.kind": words})
    # Of the eight around (2, 2) those in the rows before it and one beside it are of kind a.
    assert found.neighbours == 4
    assert found.winner["exposure.kind"] == "a"


def test_values_of_the_heat_map_stand_where_they_belong(tmp_path: Path, phantom: Snapshot) -> None:
    sharpe = np.array([0.1 * x + 0.01 * y for x, y in POINTS])
    (shown,) = around(tmp_path, phantom, sharpe).maps
    assert (shown.x, shown.y) == ("exposure.signal.days", "exposure.enter")
    assert shown.x_values == (7, 14, 28, 56, 91)
    assert shown.y_values == (0, 10, 25, 50, 100)
    for x, y in POINTS:
        assert shown.values[y, x] == pytest.approx(0.1 * x + 0.01 * y)
    assert shown.winner == (4, 4)
    assert shown.slice


def test_a_thin_grid_shows_the_median_of_the_rest(tmp_path: Path, phantom: Snapshot) -> None:
    third = [at % 5 for at in range(25)]
    sharpe = np.array([0.1 * x + 0.01 * y for x, y in POINTS])
    fourth = [at // 5 + at % 5 for at in range(25)]
    maps = around(tmp_path, phantom, sharpe, third=third, fourth=fourth).maps
    assert len(maps) == 3
    assert not all(shown.slice for shown in maps)


def test_one_number_gives_one_row(tmp_path: Path, phantom: Snapshot) -> None:
    path = write_board(tmp_path, phantom, {"days": [28, 7, 91]}, [0.3, 0.9, float("nan")])
    found = plateau(read_board(path, phantom))
    assert found.variants == 2
    (shown,) = found.maps
    assert shown.y == ""
    assert shown.values.tolist() == [[0.9, 0.3]]
    assert shown.winner == (0, 0)


def test_without_neighbours_nothing_is_said_of_them(tmp_path: Path, phantom: Snapshot) -> None:
    path = write_board(tmp_path, phantom, {"kind": ["a", "b"]}, [1, 2])
    found = plateau(read_board(path, phantom))
    assert found.neighbours == 0
    assert found.holds is None
    assert np.isnan(found.share)
    assert found.maps == ()


def test_a_sweep_without_a_value_has_no_winner(tmp_path: Path, phantom: Snapshot) -> None:
    path = write_board(tmp_path, phantom, {"days": [1, 2]}, [float("nan")] * 2)
    with pytest.raises(BadTable, match="there is no winner"):
        plateau(read_board(path, phantom))

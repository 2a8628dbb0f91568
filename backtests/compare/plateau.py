"""Whether the neighbourhood of a sweep's winner holds: a plateau, or a lonely peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from backtests.compare.board import Board
from data.aliases import BoolArray, FloatArray, IntArray
from data.errors import BadTable

Parameters: TypeAlias = Mapping[str, "pd.Series[Any]"]
# What a sweep is won by: the first of them that the leaderboard has.
MEASURES = ("sharpe_matched", "sharpe")
# A neighbour whose Sharpe ratio is no further below the winner's than this counts as near.
DISTANCE = 0.1
ENOUGH = 0.5
MAPPED = 3


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The measure over two parameters.

    Parameters
    ----------
    x, y : str
        Dotted paths; `y` is empty where only one parameter is a number.
    x_values, y_values : tuple of float
        Their values, increasing.
    values : ndarray of shape (len(y_values), len(x_values))
        NaN where the grid holds no such variant.
    winner : tuple of int
        Column and row of the winner.
    slice : bool
        True: every other parameter is the winner's. False: the median over all others, since the
        grid is too thin for a slice.
    """

    x: str
    y: str
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    values: FloatArray
    winner: tuple[int, int]
    slice: bool


@dataclass(frozen=True, slots=True)
class Plateau:
    """The winner of a sweep and those beside it.

    Parameters
    ----------
    measure : str
        The measure that it wins by.
    best : float
        Its value.
    winner : mapping of str to value
        Its parameters.
    config_hash : str
        Its hash.
    variants : int
        Variants with a value.
    neighbours : int
        Variants at most one step of the grid away in every parameter that is a number, equal in
        every other.
    near : int
        Neighbours within :data:`DISTANCE` of the winner.
    median, worst : float
        Of the neighbours; NaN without any.
    edges : tuple of str
        Parameters whose winning value is the first or last of the grid.
    maps : tuple of HeatMap
        Over the parameters that move the measure most.
    """

    measure: str
    best: float
    winner: Mapping[str, Any]
    config_hash: str
    variants: int
    neighbours: int
    near: int
    median: float
    worst: float
    edges: tuple[str, ...]
    maps: tuple[HeatMap, ...]

    @property
    def share(self) -> float:
        """Share of the neighbours that are near; NaN without any."""
        return self.near / self.neighbours if self.neighbours else float("nan")

    @property
    def holds(self) -> bool | None:
        """Whether at least half of the neighbours are near; ``None`` without neighbours."""
        return self.share >= ENOUGH if self.neighbours else None


def plateau(board: Board) -> Plateau:
    """Look at the neighbourhood of a leaderboard's best variant.

    Parameters
    ----------
    board : Board
        A sweep; the Sharpe ratio over the exposure-matched benchmark decides where it is there,
        else that over cash.

    Raises
    ------
    BadTable
        If the leaderboard has neither, or no value in it.
    """
    there = [name for name in MEASURES if name in board.measures]
    measure = next((name for name in there if board.measures[name].notna().any()), None)
    if measure is None:
        raise BadTable(f"{board.path}: no variant has a Sharpe ratio: there is no winner")
    known = board.measures[measure].notna().to_numpy()
    values = board.measures[measure].to_numpy(dtype=np.float64)[known]
    table = board.parameters[known].reset_index(drop=True)
    parameters = {str(name): table[name] for name in table}
    at = int(values.argmax())
    numbers = [name for name, column in parameters.items() if _is_number(column)]
    steps = {name: _steps(parameters[name]) for name in numbers}
    beside = _beside(parameters, steps, at)
    around = values[beside]
    return Plateau(
        measure=measure,
        best=float(values[at]),
        winner={name: _plain(column.iloc[at]) for name, column in parameters.items()},
        config_hash=str(board.hashes[known].iloc[at]),
        variants=len(values),
        neighbours=int(beside.sum()),
        near=int((around >= values[at] - DISTANCE).sum()),
        median=float(np.median(around)) if len(around) else float("nan"),
        worst=float(around.min()) if len(around) else float("nan"),
        edges=tuple(name for name in numbers if steps[name][at] in (0, steps[name].max())),
        maps=_maps(parameters, numbers, values, at),
    )


def _is_number(column: pd.Series[Any]) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return bool(numeric and column.nunique() > 1)


def _steps(column: pd.Series[Any]) -> IntArray:
    """Return each value's position among the column's distinct ones, -1 where it is missing."""
    return pd.factorize(column, sort=True)[0].astype(np.intp)


def _beside(parameters: Parameters, steps: Mapping[str, IntArray], at: int) -> BoolArray:
    near = [
        (np.abs(steps[name] - steps[name][at]) <= 1) & ((steps[name] < 0) == (steps[name][at] < 0))
        if name in steps
        else _equal(column, at)
        for name, column in parameters.items()
    ]
    beside: BoolArray = np.logical_and.reduce(near)
    beside[at] = False
    return beside


def _equal(column: pd.Series[Any], at: int) -> BoolArray:
    value = column.iloc[at]
    same = column.isna() if pd.isna(value) else column == value
    return same.to_numpy(dtype=np.bool_)


def _maps(
    parameters: Parameters, numbers: Sequence[str], values: FloatArray, at: int
) -> tuple[HeatMap, ...]:
    there = [name for name in numbers if pd.notna(parameters[name].iloc[at])]
    ranked = sorted(there, key=lambda name: (-_moves(parameters[name], values), name))[:MAPPED]
    if len(ranked) == 1:
        return (_map(parameters, ranked[0], "", values, at),)
    return tuple(_map(parameters, x, y, values, at) for x, y in combinations(ranked, 2))


def _moves(column: pd.Series[Any], values: FloatArray) -> float:
    """Return how far the mean of the measure moves over the values of a parameter."""
    means = pd.Series(values).groupby(column.to_numpy()).mean()
    return float(means.max() - means.min())


def _map(parameters: Parameters, x: str, y: str, values: FloatArray, at: int) -> HeatMap:
    others = [_equal(column, at) for name, column in parameters.items() if name not in (x, y)]
    inside: BoolArray = np.logical_and.reduce([np.ones(len(values), dtype=np.bool_), *others])
    across = parameters[x].to_numpy()
    down = parameters[y].to_numpy() if y else np.zeros(len(values))
    whole = _pivot(across, down, values)
    cut = _pivot(across[inside], down[inside], values[inside])
    cut = cut.reindex(index=whole.index, columns=whole.columns)
    sliced = cut.notna().to_numpy().sum() >= ENOUGH * whole.notna().to_numpy().sum()
    shown = cut if sliced else whole
    x_values, y_values = (tuple(map(float, axis)) for axis in (shown.columns, shown.index))
    return HeatMap(
        x=x,
        y=y,
        x_values=x_values,
        y_values=y_values,
        values=shown.to_numpy(dtype=np.float64),
        winner=(x_values.index(float(across[at])), y_values.index(float(down[at]))),
        slice=bool(sliced),
    )


def _pivot(x: Any, y: Any, values: FloatArray) -> pd.DataFrame:
    table = pd.DataFrame({"x": x, "y": y, "value": values})
    return table.pivot_table(index="y", columns="x", values="value", aggfunc="median")


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value

"""A grid of variants: a base, what is varied, and every point by its number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backtests.execution import Execution
from backtests.sweep.axis import Axis
from backtests.sweep.constraint import Constraint
from backtests.sweep.grid_file import GridFile, grid_file, read_table
from backtests.sweep.parameters import (
    EXECUTION,
    Table,
    execution_from,
    look,
    parameters,
    paths,
    strategy_from,
)
from backtests.sweep.sample import Shuffle
from backtests.sweep.space import Allowed, Space, space
from backtests.sweep.structure import Structure, structure_of
from data.aliases import BoolArray, IntArray
from data.canonical import canonical_json
from data.errors import BadConfig, UnknownName
from strategies.strategy import Strategy

# Combinations of one part's parameters that are all tried beforehand; of more, every value once.
TRIED_BEFOREHAND = 5_000
_PARTS = ("decide", "exposure", "allocation", "overlays", EXECUTION)


@dataclass(frozen=True, slots=True)
class Grid:
    """All variants that a grid file describes.

    Parameters
    ----------
    file : GridFile
        What the file says.
    base : mapping
        Every parameter of the base variant and of its execution, defaults included.
    space : Space
        The points that meet the constraints.
    """

    file: GridFile
    base: Table
    space: Space
    _structures: dict[tuple[int, ...], Structure] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What is varied."""
        return self.file.axes

    @property
    def count(self) -> int:
        """Number of variants: the points of the grid, or of the sample."""
        return min(self.file.sample or self.space.size, self.space.size)

    @property
    def grid_hash(self) -> str:
        """Hash of everything that decides which variants are evaluated, 64 hex digits."""
        content = {
            "base": self.base,
            "axes": [[axis.path, axis.values] for axis in self.axes],
            "constraints": [constraint.text for constraint in self.file.constraints],
            "seed": self.file.seed if self.file.sample else None,
            "sample": self.file.sample,
            "family": self.file.family,
            "start": self.file.start,
            "end": self.file.end,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def points(self, first: int, last: int) -> IntArray:
        """Return the numbers in the grid of the variants `first` to `last` - 1."""
        positions = np.arange(first, last, dtype=np.int64)
        if self.file.sample is None:
            return positions
        return Shuffle(self.space.size, self.file.seed)(positions)

    def structure(self, digits: Sequence[int]) -> Structure:
        """Return what the point with these digits shares with all that differ in numbers only.

        Raises
        ------
        BadConfig
            If a piece refuses a value.
        """
        key = tuple(digits[axis] for axis in self.structural)
        if key not in self._structures:
            self._structures[key] = structure_of(self.file, self.base, digits)
        return self._structures[key]

    @property
    def structural(self) -> tuple[int, ...]:
        """Positions of the axes whose values are not plain numbers."""
        return tuple(at for at, axis in enumerate(self.axes) if not axis.numeric)

    def table(self, point: int) -> Table:
        """Return all parameters of a point, given by its number in the grid."""
        digits = self.space.digits(np.array([point]))[0]
        return self.structure(digits.tolist()).table(digits.tolist())

    def strategy(self, point: int) -> Strategy:
        """Return the strategy of a point; its name is the grid's with the number."""
        name = f"{self.file.name}:{point}"
        return strategy_from(
            self.table(point), name, self.file.title, self.file.family, self.file.origin
        )

    def execution(self, point: int) -> Execution:
        """Return the execution of a point."""
        return execution_from(self.table(point), self.file.origin)

    def fixed(self, digits: Mapping[int, int]) -> Grid:
        """Return the grid with some axes, by position, at one of their values each.

        Points are numbered anew; a sample is drawn anew.
        """
        axes = tuple(
            Axis(axis.path, (axis.values[digits[at]],)) if at in digits else axis
            for at, axis in enumerate(self.axes)
        )
        file = replace(self.file, axes=axes)
        return Grid(file, self.base, _space(file, self.base))


def read_grid(path: Path, home: Path | None = None) -> Grid:
    """Return the grid in a TOML file; see :func:`grid_of`."""
    return grid_of(read_table(path), path.stem, str(path), home)


def grid_of(table: Mapping[str, Any], name: str, origin: str, home: Path | None = None) -> Grid:
    """Return the grid that a table describes.

    Parameters
    ----------
    table : mapping
        Content of a grid file.
    name, origin : str
        The grid's name, and its file for error messages.
    home : Path, optional
        Folder of the user's variants.

    Raises
    ------
    UnknownName
        An unknown key, variant or parameter, with near matches.
    BadConfig
        No points, a constraint that never holds, or a value that a piece refuses.
    """
    file = grid_file(table, name, origin, home)
    given = execution_from({EXECUTION: file.execution}, origin)
    base = parameters(file.base, given)
    known = paths(base)
    for axis in file.axes:
        if axis.path not in known and not _below_another(axis.path, file.axes):
            raise UnknownName(f"parameter in {origin}", axis.path, known)
    if not file.axes:
        raise BadConfig(f"{origin}: the grid has no points: give parameters and values in [grid]")
    grid = Grid(file, base, _space(file, base))
    _try_values(grid)
    return grid


def _below_another(path: str, axes: Sequence[Axis]) -> bool:
    return any(path.startswith(f"{axis.path}.") for axis in axes)


def _space(file: GridFile, base: Table) -> Space:
    lengths = [len(axis) for axis in file.axes]
    tied = [_tie(constraint, file.axes, base) for constraint in file.constraints]
    try:
        found = space(lengths, tied)
    except BadConfig as error:
        raise BadConfig(f"{file.origin}: {error}") from None
    for constraint, (axes, allowed) in zip(file.constraints, tied, strict=True):
        alone = axes and space(lengths, [(axes, allowed)]).size == 0
        if alone or (not axes and not allowed(np.zeros((1, len(lengths)), dtype=np.int64)).all()):
            raise BadConfig(f"{constraint.origin}: {constraint.text!r} never holds in this grid")
    if found.size == 0:
        texts = "; ".join(constraint.text for constraint in file.constraints)
        raise BadConfig(f"{file.origin}: the constraints never hold together: {texts}")
    return found


def _tie(
    constraint: Constraint, axes: Sequence[Axis], base: Table
) -> tuple[frozenset[int], Allowed]:
    """Return the axes that a constraint looks at, and how it judges digits."""
    columns: dict[str, tuple[int, np.ndarray[Any, Any]]] = {}
    fixed: dict[str, object] = {}
    for path in constraint.paths:
        above = [
            at
            for at, axis in enumerate(axes)
            if path == axis.path or path.startswith(f"{axis.path}.")
        ]
        if above:
            at = max(above, key=lambda at: len(axes[at].path))
            columns[path] = (at, _column(constraint, path, axes[at]))
        else:
            fixed[path] = _fixed(constraint, path, base)

    def allowed(digits: IntArray) -> BoolArray:
        taken = {path: values[digits[:, at]] for path, (at, values) in columns.items()}
        return constraint.holds({**fixed, **taken})

    return frozenset(at for at, _ in columns.values()), allowed


def _column(constraint: Constraint, path: str, axis: Axis) -> np.ndarray[Any, Any]:
    below = path.removeprefix(axis.path).removeprefix(".")
    try:
        values = [look(value, below) if below else value for value in axis.values]
    except (KeyError, AttributeError):
        raise BadConfig(
            f"{constraint.origin}: {path} does not stand in every value of grid.{axis.path}"
        ) from None
    if any(isinstance(value, Mapping | list) for value in values):
        raise BadConfig(f"{constraint.origin}: {path} is a table and cannot be compared")
    numbers = all(isinstance(value, int | float) for value in values)
    return np.array(values) if numbers else np.array(values, dtype=object)


def _fixed(constraint: Constraint, path: str, base: Table) -> object:
    try:
        value = look(base, path)
    except KeyError:
        raise UnknownName(f"parameter in {constraint.origin}", path, paths(base)) from None
    if isinstance(value, Mapping | list):
        raise BadConfig(f"{constraint.origin}: {path} is a table and cannot be compared")
    return value


def _try_values(grid: Grid) -> None:
    """Build each part of a strategy with the values that it will have, so that bad ones show."""
    for part in _PARTS:
        axes = [at for at, axis in enumerate(grid.axes) if axis.path.split(".")[0] == part]
        if not axes:
            continue
        for digits in grid.space.combinations(axes, TRIED_BEFOREHAND).tolist():
            grid.structure(digits).check(digits, part)

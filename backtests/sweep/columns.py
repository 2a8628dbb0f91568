"""The columns of a leaderboard, and the rows of some of its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from backtests.sweep.grid import Grid
from backtests.sweep.structure import Structure
from data.aliases import FloatArray, IntArray
from data.canonical import canonical_json
from data.errors import BadConfig

FOLDS = 16
FOLD_NAMES = tuple(f"fold_{number:02d}" for number in range(FOLDS))
IDENTITY = b"plumbline_sweep"
# Each is resolved beforehand; a grid of more is several grids.
MOST_STRUCTURES = 10_000
_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands in a leaderboard's columns.

    Parameters
    ----------
    parameters : mapping of str to pyarrow.DataType
        Every varied parameter by its dotted path; of a varied table every parameter in it. Null
        where a variant has no such parameter.
    measures : tuple of str
        Names of the measures.
    """

    parameters: Mapping[str, pa.DataType]
    measures: tuple[str, ...]

    def schema(self, identity: Mapping[str, Any]) -> pa.Schema:
        """Return the table's schema; `identity` is kept in it as JSON."""
        fields = [
            pa.field("variant", pa.int64()),
            *(pa.field(path, kind) for path, kind in self.parameters.items()),
            pa.field("config_hash", pa.string()),
            pa.field("route", _TEXT),
            pa.field("status", _TEXT),
            *(pa.field(name, pa.float64()) for name in (*self.measures, *FOLD_NAMES)),
        ]
        return pa.schema(fields, metadata={IDENTITY: canonical_json(identity).encode()})


def columns_of(grid: Grid, measures: Sequence[str]) -> Columns:
    """Return the columns of a grid's leaderboard.

    Raises
    ------
    BadConfig
        If there are too many combinations of values that are not numbers, or a parameter is a
        number in one and text in another.
    """
    every = grid.space.combinations(grid.structural, MOST_STRUCTURES + 1)
    if len(every) > MOST_STRUCTURES:
        raise BadConfig(
            f"{grid.file.origin}: more than {MOST_STRUCTURES:,} combinations of values that are "
            "not numbers: split the grid"
        )
    kinds: dict[str, pa.DataType] = {}
    structures = [grid.structure(digits) for digits in every.tolist()]
    for axis in grid.axes:
        for structure in structures:
            for path, value in _values(structure, axis.path):
                kind = _kind(value)
                if kinds.setdefault(path, kind) != kind:
                    raise BadConfig(
                        f"{grid.file.origin}: {path} is {kinds[path]} in some variants and "
                        f"{kind} in others"
                    )
    return Columns(kinds, tuple(measures))


def _values(structure: Structure, path: str) -> list[tuple[str, Any]]:
    if path in structure.numbers:
        return [(path, structure.numbers[path][0])]
    return list(structure.constants(path).items())


def _kind(value: object) -> pa.DataType:
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        return pa.int64()
    return pa.float64() if isinstance(value, float) else _TEXT


def varied(names: Sequence[str]) -> list[str]:
    """Return which of a leaderboard's columns are the varied parameters."""
    return list(names[names.index("variant") + 1 : names.index("config_hash")])


@dataclass(frozen=True, slots=True)
class Rows:
    """Evaluated variants, n of them.

    Parameters
    ----------
    points : ndarray of int, shape (n,)
        Their numbers in the grid.
    digits : ndarray of int, shape (n, axes)
        Which value of each axis they have.
    hashes : list of str
        Hash under which each counts as a trial.
    routes : list of str
        What computed each.
    status : list of str
        "fine", or why there are no figures.
    measures : ndarray of shape (n, measures)
    folds : ndarray of shape (n, 16)
    """

    points: IntArray
    digits: IntArray
    hashes: list[str]
    routes: list[str]
    status: list[str]
    measures: FloatArray
    folds: FloatArray


def table_of(grid: Grid, columns: Columns, schema: pa.Schema, rows: Rows) -> pa.Table:
    """Return the leaderboard's rows of some variants."""
    arrays = [
        pa.array(rows.points),
        *_parameters(grid, columns, rows.digits),
        pa.array(rows.hashes, pa.string()),
        pa.array(rows.routes, _TEXT),
        pa.array(rows.status, _TEXT),
        *(pa.array(column) for column in rows.measures.T),
        *(pa.array(column) for column in rows.folds.T),
    ]
    return pa.table(arrays, schema=schema)


def _parameters(grid: Grid, columns: Columns, digits: IntArray) -> list[pa.Array]:
    found: dict[str, np.ndarray[Any, Any]] = {
        path: np.full(len(digits), None, dtype=object) for path in columns.parameters
    }
    for structure, chosen in by_structure(grid, digits):
        for path, values in found.items():
            value = _value(structure, path, digits[chosen])
            values[chosen] = value if isinstance(value, np.ndarray) else _plain(value)
    return [
        pa.array(found[path], kind if kind != _TEXT else pa.string()).cast(kind)
        for path, kind in columns.parameters.items()
    ]


def _value(structure: Structure, path: str, digits: IntArray) -> Any:
    try:
        return structure.column(path, digits)
    except KeyError:
        return None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return canonical_json(value)


def by_structure(grid: Grid, digits: IntArray) -> list[tuple[Structure, IntArray]]:
    """Return the structures of some variants, each with the positions of those that have it."""
    keys, which = np.unique(digits[:, list(grid.structural)], axis=0, return_inverse=True)
    groups = [np.flatnonzero(which == number) for number in range(len(keys))]
    return [(grid.structure(digits[chosen[0]].tolist()), chosen) for chosen in groups]


def config_hashes(grid: Grid, digits: IntArray) -> list[str]:
    """Return the hash under which each of some variants counts as a trial."""
    found = [""] * len(digits)
    for structure, chosen in by_structure(grid, digits):
        own = structure.config_hashes(digits[chosen])
        for at, text in zip(chosen.tolist(), own, strict=True):
            found[at] = text
    return found

"""Where the variants of a walk forward come from: a grid file, or names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.execution import Execution
from backtests.sweep.grid import Grid, read_grid
from backtests.sweep.grid_file import read_table
from backtests.sweep.parameters import look
from data.errors import InputError
from strategies.loading import load_strategy
from strategies.strategy import WeightRule

SUFFIX = ".toml"
GRID = "grid"


@dataclass(frozen=True, slots=True)
class Variants:
    """What is chosen from.

    Parameters
    ----------
    name : str
        The grid's, or "variants".
    rules : tuple of WeightRule
        In order.
    varied : tuple of mapping
        What tells each from the others.
    execution : Execution or None
        The grid's own; None for names.
    start, end : Timestamp or None
        The grid's own days.
    """

    name: str
    rules: tuple[WeightRule, ...]
    varied: tuple[Mapping[str, Any], ...]
    execution: Execution | None = None
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None


def variants_of(references: Sequence[str], home: Path | None, *, most: int) -> Variants:
    """Return the variants of one grid file, or those that are named.

    Parameters
    ----------
    references : sequence of str
        The path of a grid, or what :func:`strategies.loading.load_strategy` takes.
    home : Path, optional
        Folder of the user's variants.
    most : int
        The engine runs each of them; a grid of more is refused.

    Raises
    ------
    InputError
        Too many variants, a grid that varies the execution, a variant named twice.
    """
    if len(references) == 1 and _is_grid(references[0]):
        return _of_grid(read_grid(Path(references[0]), home), references[0], most)
    rules = [load_strategy(reference, home) for reference in references]
    twins = {rule.name for rule in rules if [other.name for other in rules].count(rule.name) > 1}
    if twins:
        raise InputError(f"{min(twins)} is named twice: there is nothing to choose between twins")
    _few_enough(len(rules), most)
    return Variants("variants", tuple(rules), tuple({"variant": rule.name} for rule in rules))


def _is_grid(reference: str) -> bool:
    return reference.endswith(SUFFIX) and GRID in read_table(Path(reference))


def _of_grid(grid: Grid, reference: str, most: int) -> Variants:
    _few_enough(grid.count, most)
    points = [int(point) for point in grid.points(0, grid.count)]
    executions = {grid.execution(point) for point in points}
    if len(executions) > 1:
        raise InputError(
            f"{reference}: it varies the execution, but a walk forward has one account: take "
            "`execution` out of [grid]"
        )
    return Variants(
        name=grid.file.name,
        rules=tuple(grid.strategy(point) for point in points),
        varied=tuple(_varied(grid, point) for point in points),
        execution=executions.pop(),
        start=grid.file.start,
        end=grid.file.end,
    )


def _varied(grid: Grid, point: int) -> dict[str, Any]:
    table = grid.table(point)
    found = {}
    for axis in grid.axes:
        try:
            found[axis.path] = look(table, axis.path)
        except KeyError:
            # Another value of a table axis has no such parameter.
            found[axis.path] = None
    return found


def _few_enough(count: int, most: int) -> None:
    if count > most:
        raise InputError(
            f"{count:,} variants: a walk forward runs each on the engine, {most:,} at most; narrow "
            "the grid, or raise --most"
        )

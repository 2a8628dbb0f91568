"""Where the variants of a walk forward come from: a grid file, or names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from backtests.sweep.grid import read_grid
from backtests.sweep.grid_file import read_table
from backtests.walk_forward.grid_variants import grid_reach, grid_variants, scenarios
from backtests.walk_forward.named_variants import NamedVariants
from backtests.walk_forward.reach import Reach, reach_of
from backtests.walk_forward.variants import Variants
from data.errors import InputError
from data.snapshot import Snapshot
from strategies.loading import load_strategy

SUFFIX = ".toml"
GRID = "grid"
# Each is a walk forward of its own.
MOST_SCENARIOS = 24

# Snapshot, first and last decision time -> variants.
On: TypeAlias = Callable[[Snapshot, pd.Timestamp | None, pd.Timestamp | None], Variants]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is chosen from, before any data are looked at.

    Parameters
    ----------
    count : int
        Number of variants.
    reach : Reach
        Their longest look-back and holding.
    on : callable
        The variants on a snapshot's days.
    scenario : mapping of str to value
        Settings of the execution by path, where a grid varies them.
    """

    count: int
    reach: Reach
    on: On
    scenario: Mapping[str, Any]


def candidates_of(
    references: Sequence[str], home: Path | None, *, most: int
) -> tuple[Candidates, ...]:
    """Return the variants of one grid file, or those that are named.

    What a trade costs and how late it fills is nobody's choice: a variant is not better because
    it was given lower fees. A grid over the execution is therefore several scenarios, each with
    the same variants to choose from and an account of its own.

    Parameters
    ----------
    references : sequence of str
        The path of a grid, or what :func:`strategies.loading.load_strategy` takes.
    home : Path, optional
        Folder of the user's variants.
    most : int
        More variants than this, of all scenarios together, are refused.

    Raises
    ------
    InputError
        Too many variants or too few, too many scenarios, a variant named twice.
    """
    if len(references) == 1 and _is_grid(references[0]):
        return _of_grid(references[0], home, most)
    rules = [load_strategy(reference, home) for reference in references]
    twins = {rule.name for rule in rules if [other.name for other in rules].count(rule.name) > 1}
    if twins:
        raise InputError(f"{min(twins)} is named twice: there is nothing to choose between twins")
    _check(len(rules), len(rules), most)
    reach = reach_of(rule.config for rule in rules)
    return (Candidates(len(rules), reach, partial(NamedVariants, rules), {}),)


def _is_grid(reference: str) -> bool:
    return reference.endswith(SUFFIX) and GRID in read_table(Path(reference))


def _of_grid(reference: str, home: Path | None, most: int) -> tuple[Candidates, ...]:
    grid = read_grid(Path(reference), home)
    _check(grid.count, grid.count, most)
    found = scenarios(grid, MOST_SCENARIOS)
    if len(found) > MOST_SCENARIOS:
        raise InputError(
            f"{reference}: more than {MOST_SCENARIOS} executions; each is a walk forward of its "
            "own: give fewer values of `execution` in [grid]"
        )
    _check(sum(each.count for _, each in found), min(each.count for _, each in found), most)
    return tuple(
        Candidates(each.count, grid_reach(each), partial(grid_variants, each), scenario)
        for scenario, each in found
    )


def _check(count: int, least: int, most: int) -> None:
    if count > most:
        raise InputError(
            f"{count:,} variants: a walk forward takes {most:,} at most; narrow the grid, or raise "
            "--most"
        )
    if least < 2:
        raise InputError(f"{least} variant: there is nothing to choose from, give at least two")

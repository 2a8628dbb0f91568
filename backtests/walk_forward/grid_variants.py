"""The variants of a grid, for a walk forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.run import window_of
from backtests.sweep.columns import MOST_STRUCTURES, config_hashes
from backtests.sweep.evaluate import Evaluator, Part
from backtests.sweep.grid import Grid
from backtests.sweep.job import Job
from backtests.sweep.parameters import EXECUTION, look, strategy_from
from backtests.sweep.pieces import Span
from backtests.walk_forward.reach import LOOK_BACK, Reach, reach_of
from backtests.walk_forward.variants import decisions_of
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.market import Market
from strategies.strategy import Strategy

# Combinations of look-backs of which each is asked for its first decision; of more, every value.
MOST_ASKED = 1_000


class GridVariants:
    """The variants of a grid that varies no execution, on common days.

    Parameters
    ----------
    job : Job
        The grid, the data and the days.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.evaluator = Evaluator(job)
        self.decisions = decisions_of(job.snapshot, job.first, job.last)
        self.execution: Execution = job.grid.execution(self._point(0))

    def __reduce__(self) -> tuple[type[GridVariants], tuple[Job]]:
        return GridVariants, (self.job,)

    def __len__(self) -> int:
        return self.job.grid.count

    @property
    def name(self) -> str:
        """The grid's."""
        return self.job.grid.file.name

    @property
    def snapshot(self) -> Snapshot:
        """The job's."""
        return self.job.snapshot

    @property
    def by_python(self) -> bool:
        """Whether some variants need a target matrix."""
        return self.evaluator.python_share > 0.0

    def rule(self, number: int) -> Strategy:
        """Return a variant's strategy."""
        return self.job.grid.strategy(self._point(number))

    def varied(self, number: int) -> Mapping[str, Any]:
        """Return a variant's value on each axis but those of the execution."""
        grid = self.job.grid
        table = grid.table(self._point(number))
        return {grid.axes[at].path: _value(table, grid.axes[at].path) for at in _choices(grid)}

    def trials(self, span: Span) -> Sequence[tuple[str, str]]:
        """Return family and configuration hash of each variant of a span."""
        grid = self.job.grid
        hashes = config_hashes(grid, grid.space.digits(grid.points(*span)))
        return [(grid.file.family, text) for text in hashes]

    def parts(self, span: Span) -> Iterator[Part]:
        """Yield the variants of a span with their daily accounts."""
        return self.evaluator.accounts(span)

    def _point(self, number: int) -> int:
        return int(self.job.grid.points(number, number + 1)[0])


def grid_variants(
    grid: Grid,
    snapshot: Snapshot,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
) -> GridVariants:
    """Return a grid's variants on the days on which all of them can decide.

    Parameters
    ----------
    grid : Grid
        At one execution.
    snapshot : Snapshot
        The data.
    start, end : Timestamp, optional
        First and last decision time; by default the grid's own, else from the first day on which
        every variant can decide (one may be in cash until it can where a start is given).

    Raises
    ------
    InputError
        If the end lies before the start.
    TooShort
        If some variant can never decide, or the data end before the start.
    """
    market = Market(panel_of(snapshot), snapshot.daily, snapshot.funding)
    since, until = start or grid.file.start, end or grid.file.end
    times = market.times if since is not None else market.times[_first_row(grid, market) :]
    decided = pd.DataFrame({"CASH": 1.0}, index=times)
    name = f"some variant of {grid.file.name}"
    return GridVariants(Job(grid, snapshot, *window_of(decided, snapshot, since, until, name)))


def grid_reach(grid: Grid) -> Reach:
    """Return the longest look-back and holding of a grid's variants, never too short.

    Of each structure two variants are looked at: with every number at its largest, and at its
    smallest, whether or not a constraint allows them.
    """
    tables = []
    for digits in grid.space.combinations(grid.structural, MOST_STRUCTURES).tolist():
        structure = grid.structure(digits)
        for pick in (np.argmax, np.argmin):
            extreme = list(digits)
            for path, at in structure.positions.items():
                extreme[at] = int(pick(structure.numbers[path]))
            tables.append(structure.table(extreme))
    return reach_of(
        {key: part for key, part in table.items() if key != EXECUTION} for table in tables
    )


def scenarios(grid: Grid, most: int) -> list[tuple[Mapping[str, Any], Grid]]:
    """Return a grid for each execution that it has, with what tells that from the others.

    A grid that does not vary the execution is its own only scenario. Of more than `most`, the
    first ``most + 1``.
    """
    own = [at for at in range(len(grid.axes)) if at not in _choices(grid)]
    if not own:
        return [({}, grid)]
    every = grid.space.combinations(own, MOST_STRUCTURES)[: most + 1]
    return [
        (
            {grid.axes[at].path: grid.axes[at].values[digits[at]] for at in own},
            grid.fixed({at: digits[at] for at in own}),
        )
        for digits in every.tolist()
    ]


def _choices(grid: Grid) -> list[int]:
    """Return the positions of the axes that vary the rule."""
    return [at for at, axis in enumerate(grid.axes) if axis.path.split(".")[0] != EXECUTION]


def _first_row(grid: Grid, market: Market) -> int:
    """Return the row of the first time at which every variant can decide."""
    axes = [
        at
        for at in _choices(grid)
        if not grid.axes[at].numeric or grid.axes[at].path.rpartition(".")[2] in LOOK_BACK
    ]
    latest = 0
    for digits in grid.space.combinations(axes, MOST_ASKED).tolist():
        file = grid.file
        table = grid.structure(digits).table(digits)
        strategy = strategy_from(table, file.name, file.title, file.family, file.origin)
        _, wanted = strategy.wanted(market)
        able = ~np.isnan(wanted).any(axis=1) & strategy.decision_days(market.times)
        latest = max(latest, int(np.argmax(able)) if able.any() else len(able))
    return latest


def _value(table: Mapping[str, Any], path: str) -> Any:
    try:
        return look(table, path)
    except KeyError:
        # Another value of a table axis has no such parameter.
        return None

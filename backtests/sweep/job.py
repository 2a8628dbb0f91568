"""What one sweep evaluates on which data and days: all that a worker needs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from backtests.execution import Execution
from backtests.provenance import code_version, run_id
from backtests.run import window_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.grid import Grid
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.strategy import weights_of

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A grid, the data, and the days that all of its variants are run on.

    Parameters
    ----------
    grid : Grid
    snapshot : Snapshot
    first, last : Timestamp
        First and last decision time, UTC.
    """

    grid: Grid
    snapshot: Snapshot
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def identity(self) -> Mapping[str, Any]:
        """What decides every byte of the leaderboard, in JSON's terms."""
        return {
            "grid": self.grid.file.name,
            "grid_hash": self.grid.grid_hash,
            "snapshot_id": self.snapshot.snapshot_id,
            "code": code_version(),
            "seed": self.grid.file.seed,
            "family": self.grid.file.family,
            "variants": self.grid.count,
            "start": self.first,
            "end": self.last,
        }

    @property
    def run_id(self) -> str:
        """Hash of the identity, 16 hex digits."""
        return run_id(**self.identity)

    @property
    def days(self) -> int:
        """Days with a return, at most: from the first decision to the bar after the last."""
        return (self.last - self.first).days + 1

    def field(
        self, assets: Sequence[str], execution: Execution, cash_rate: pd.Series[float]
    ) -> Field:
        """Return the bars that variants of these assets and settings share.

        Parameters
        ----------
        assets : sequence of str
        execution : Execution
            See :class:`backtests.sweep.field.Field`.
        cash_rate : Series
            Percent a year by decision time; see :func:`backtests.run.cash_rate`.
        """
        snapshot = self.snapshot
        return field_of(
            snapshot.daily.until(self.last + _DAY).select(list(assets)),
            pd.date_range(self.first, self.last, freq="D", unit="us"),
            cash_rate.loc[self.first : self.last],
            execution,
            snapshot.hourly if execution.delay_hours % 24 else None,
            snapshot.funding if execution.perpetuals else None,
        )


def job_of(grid: Grid, snapshot: Snapshot) -> Job:
    """Return the job that a grid asks for.

    The days are the grid's own; without a start they begin on :data:`backtests.run.FIRST_TRADE`,
    or on the base variant's first decision where that is later. They are the same for all
    variants, so that their figures can be compared: one that can decide only later is in cash
    until then.

    Raises
    ------
    InputError
        If the end lies before the start.
    DataError
        If the data lack a series that the base variant needs, or end before the start.
    """
    base = grid.file.base
    weights = weights_of(base, panel_of(snapshot), snapshot.daily, snapshot.funding)
    first, last = window_of(weights, snapshot, grid.file.start, grid.file.end, base.name)
    return Job(grid, snapshot, first, last)

"""Daily returns of every variant of a sweep, computed again and kept on disk for a while."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd

from backtests.compare.field import TIMED
from backtests.sweep.evaluate import Evaluator, Part
from backtests.sweep.job import Job
from backtests.sweep.screen import FINE
from data.aliases import BoolArray, FloatArray, IntArray
from data.errors import InputError

# Bytes that are read at a time.
_READ = 2**25
_WIDTH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A matrix on disk, a row a variant.

    Parameters
    ----------
    file : BinaryIO
        Open for reading and writing.
    count, periods : int
        Rows, and values of each.
    """

    file: BinaryIO
    count: int
    periods: int

    def write(self, at: int, row: FloatArray) -> None:
        """Write one row."""
        os.pwrite(self.file.fileno(), row.tobytes(), at * self.periods * _WIDTH)

    def read(self, first: int, count: int = 1) -> FloatArray:
        """Return some rows from the first on (count, periods)."""
        size = self.periods * _WIDTH
        read = os.pread(self.file.fileno(), count * size, first * size)
        return np.frombuffer(read, dtype=np.float64).reshape(count, self.periods)

    def blocks(self) -> Iterator[FloatArray]:
        """Yield blocks of columns (periods, n), a column a variant, the same each time."""
        # Whole multiples of 512 columns, which the tests take together.
        most = max(1, _READ // (_WIDTH * self.periods * 512)) * 512
        for first in range(0, self.count, most):
            yield self.read(first, min(most, self.count - first)).T


@dataclass(frozen=True, slots=True, eq=False)
class SweepReturns:
    """Daily returns of V variants of a sweep over N bars.

    Parameters
    ----------
    closes : DatetimeIndex
        Closes of the bars.
    points : int array (V,)
        The variants' numbers in the grid, in the order of the leaderboard.
    failed : bool array (V,)
        Whose account was ruined or could not be settled; their returns are zero here.
    over_cash : Rows
        Net returns less those of cash, decimal.
    over_matched : Rows
        d_t, net returns less those of the variant's own mean weights; zero throughout for a
        variant that times nothing, see :data:`~backtests.compare.field.TIMED`.
    """

    closes: pd.DatetimeIndex
    points: IntArray
    failed: BoolArray
    over_cash: Rows
    over_matched: Rows


@contextmanager
def sweep_returns(job: Job, note: Callable[[str], None] = lambda _: None) -> Iterator[SweepReturns]:
    """Compute the returns of a job's variants and keep them in two temporary files.

    They take 16 bytes a variant and day in the folder for temporary files (``TMPDIR``), whatever
    is in memory being some tens of megabytes, and are gone afterwards.

    Parameters
    ----------
    job : Job
        What the sweep evaluated.
    note : callable
        Told what is being done.

    Raises
    ------
    InputError
        If the folder has no room for them.
    """
    count, days = job.grid.count, job.days
    _check_room(2 * _WIDTH * count * days, count)
    note(f"returns of the sweep's {count:,} variants")
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second:
        over_cash, over_matched = Rows(first, count, 0), Rows(second, count, 0)
        points, failed = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
        closes = pd.DatetimeIndex([])
        for part in Evaluator(job).accounts((0, count)):
            if closes.empty:
                closes = part.field.closes
                over_cash, over_matched = (
                    Rows(each, count, len(closes)) for each in (first, second)
                )
            points[part.at], failed[part.at] = part.points, part.screened.status != FINE
            for rows, values in zip((over_cash, over_matched), returns_of(part), strict=True):
                for at, row in zip(part.at.tolist(), values, strict=True):
                    rows.write(at, row)
        yield SweepReturns(closes, points, failed, over_cash, over_matched)


def returns_of(part: Part) -> tuple[FloatArray, FloatArray]:
    """Return some variants' returns over cash and over their mean weights, decimal (n, N) each."""
    over, d = np.nan_to_num(part.over_cash), np.nan_to_num(part.over_matched)
    d[d.std(axis=1) <= TIMED] = 0.0
    return over, d


def _check_room(needed: int, count: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"the daily returns of {count:,} variants take {needed / 1e9:.1f} GB and {folder} has "
            f"{free / 1e9:.1f} GB left: set TMPDIR to a folder with more room"
        )

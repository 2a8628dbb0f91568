"""The trial ledger: what was ever evaluated, by research family.

It lies beside the store, ``trials.sqlite`` in ``PLUMBLINE_HOME``. Rows only go in. Two processes
may write at once, and one that is killed leaves a whole number of its calls behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, positive_int
from backtests.inference.needed_sharpe import NeededSharpe, needed_sharpe
from backtests.trials import chain
from backtests.trials.chain import Entry
from backtests.trials.rows import folds_of, rows_of
from backtests.trials.schema import connected, writing
from data.canonical import jsonable

Origin: TypeAlias = Literal["sweep", "compare", "backtest", "report", "walk_forward"]
Over: TypeAlias = Literal["matched", "cash"]

FILE, COPY = "trials.sqlite", "trials.chain"
# Below so many known Sharpe ratios their variance says nothing.
LEAST_KNOWN = 10
_HASH = itemgetter(0)
_COLUMNS = {"matched": "sharpe_matched", "cash": "sharpe_cash"}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger below one home folder; nothing is written before the first :meth:`record`.

    Parameters
    ----------
    home : Path
        ``settings().home``.
    """

    home: Path

    @property
    def path(self) -> Path:
        """The database."""
        return self.home / FILE

    @property
    def copy(self) -> Path:
        """The copy of the chain beside it."""
        return self.home / COPY

    def record(
        self,
        family: str,
        config_hashes: Sequence[str],
        *,
        origin: Origin,
        snapshot_id: str,
        data_until: datetime,
        sharpe_cash: npt.ArrayLike | None = None,
        sharpe_matched: npt.ArrayLike | None = None,
        periods: npt.ArrayLike | None = None,
        folds: npt.ArrayLike | None = None,
        at: datetime | None = None,
    ) -> int:
        """Record evaluated configurations; those that the family has already stay as they are.

        Parameters
        ----------
        family : str
            Research family.
        config_hashes : sequence of str, length n
            By :func:`backtests.trials.configuration.configuration_hash`, 64 hex digits each.
        origin : {"sweep", "compare", "backtest", "report", "walk_forward"}
            What evaluated them.
        snapshot_id : str
            The data.
        data_until : datetime
            Its last decision time (``snapshot.as_of``), with a zone.
        sharpe_cash, sharpe_matched : array_like, shape (n,), optional
            Sharpe ratio per period over cash and over the exposure-matched benchmark; NaN where
            it is not known.
        periods : array_like of int, shape (n,) or scalar, optional
            Returns that they were computed from.
        folds : array_like, shape (n, 16), optional
            Sums of the one-period returns over the exposure-matched benchmark in
            16 consecutive spans (:func:`backtests.trials.rows.fold_sums`); kept in single
            precision.
        at : datetime, optional
            Now, unless the clock is given.

        Returns
        -------
        int
            Configurations that were new to the family.

        Raises
        ------
        ValueError
            Shapes that differ, a hash that is none, an empty family.
        StoreError
            If the ledger cannot be written; it is then as it was.
        """
        if not family:
            raise ValueError("family: is empty")
        # In the order of the index, so that each of its pages is written once.
        rows = sorted(
            rows_of(config_hashes, sharpe_cash, sharpe_matched, periods, folds), key=_HASH
        )
        header = {
            "kind": "batch",
            "family": family,
            "origin": origin,
            "snapshot_id": snapshot_id,
            "data_until": jsonable(data_until),
            "at": jsonable(at or datetime.now(UTC)),
        }
        with connected(self.path) as connection:
            with writing(connection):
                connection.execute("INSERT OR IGNORE INTO families (family) VALUES (?)", (family,))
                (family_id,) = connection.execute(
                    "SELECT family_id FROM families WHERE family = ?", (family,)
                ).fetchone()
                number = _next(connection)
                before = connection.total_changes
                connection.executemany(
                    "INSERT OR IGNORE INTO trials (entry, family_id, config_hash, sharpe_cash, "
                    "sharpe_matched, periods, folds) "
                    f"VALUES ({number}, {family_id}, ?, ?, ?, ?, ?)",
                    rows,
                )
                new = connection.total_changes - before
                if new:
                    chain.append(connection, number, header)
            if new:
                chain.copy_entries(connection, self.copy)
        return new

    def count(self, family: str) -> int:
        """Return how many distinct configurations the family has tried; 0 for an unknown one.

        Trials that were deleted from the database still count.
        """
        return self.counts().get(family, 0)

    def counts(self) -> dict[str, int]:
        """Return the number of distinct configurations by family.

        The largest of three counts: the rows, what the chain says of them, and what the chain and
        its copy say together.
        """
        copied = chain.checkpoints(self.copy)
        if not self.path.is_file():
            return _by_family(copied)
        with connected(self.path) as connection:
            stored = chain.entries(connection)
            rows = dict(
                connection.execute(
                    "SELECT family, COUNT(*) FROM trials JOIN families USING (family_id) "
                    "GROUP BY family_id"
                ).fetchall()
            )
        union = {entry.digest: entry for entry in (*stored, *copied)}
        counts = (rows, _by_family(stored), _by_family(union.values()))
        return {
            family: max(count.get(family, 0) for count in counts)
            for family in sorted(set().union(*counts))
        }

    def sharpes(self, family: str, over: Over = "matched") -> FloatArray:
        """Return the known Sharpe ratios of a family's trials, per period, in ledger order.

        Parameters
        ----------
        family : str
            Research family.
        over : {"matched", "cash"}
            Over the exposure-matched benchmark, or over cash.
        """
        column = _COLUMNS[over]
        if not self.path.is_file():
            return np.zeros(0)
        with connected(self.path) as connection:
            # Read row by row: a family may have tried millions.
            found = connection.execute(_query(column, f"{column} IS NOT NULL"), (family,))
            return np.fromiter((row[0] for row in found), dtype=np.float64)

    def periods(self, family: str) -> int:
        """Return the longest track record among a family's trials, in periods; 0 when unknown."""
        found = self._select("MAX(periods)", family, "periods IS NOT NULL")
        return int(found[0][0] or 0) if found else 0

    def folds(self, family: str, *, most: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the fold returns and the matched Sharpe ratios of the trials that have both.

        Parameters
        ----------
        family : str
            Research family.
        most : int, optional
            Of more trials take every n-th, so that at most so many remain. A batch lies in the
            ledger in the order of its hashes, so that these are a random sample.

        Returns
        -------
        folds : ndarray, shape (n, 16)
        sharpes : ndarray, shape (n,)
        """
        known = "folds IS NOT NULL AND sharpe_matched IS NOT NULL"
        every = 1
        if most is not None:
            counted = self._select("COUNT(*)", family, known)
            every = max(1, -(-int(counted[0][0]) // most)) if counted else 1
        found = self._select(
            "folds, sharpe_matched", family, f"{known} AND (position % {every}) = 0"
        )
        return (
            folds_of([row[0] for row in found]),
            np.array([row[1] for row in found], dtype=np.float64),
        )

    def needed_sharpe(
        self,
        family: str,
        extra: int = 0,
        *,
        periods: int,
        over: Over = "matched",
        confidence: float = 0.95,
        skew: float = 0.0,
        kurtosis: float = 3.0,
    ) -> NeededSharpe:
        """Return the Sharpe ratio that the best trial needs after `extra` more.

        Parameters
        ----------
        family : str
            Research family.
        extra : int
            Trials about to be made; all are taken for new.
        periods : int
            Returns in the track record that will be judged.
        over : {"matched", "cash"}
            Which of the known Sharpe ratios give the variance across trials.
        confidence : float
            Deflated Sharpe ratio to be reached.
        skew, kurtosis : float
            Of the returns that will be judged; raw kurtosis.

        Returns
        -------
        NeededSharpe
            Per period. With fewer than :data:`LEAST_KNOWN` known Sharpe ratios the variance is
            that of trials without skill, 1 / periods, and it is never taken for less: variants
            alike have a small variance because they are one trial.
        """
        if extra < 0:
            raise ValueError(f"extra: expected 0 or more trials, got {extra}")
        trials = max(self.count(family) + extra, 1)
        noise = 1.0 / positive_int(periods, "periods")
        known = self.sharpes(family, over)
        measured = float(known.var(ddof=1)) if len(known) >= LEAST_KNOWN else 0.0
        return needed_sharpe(
            trials,
            max(measured, noise),
            periods,
            confidence=confidence,
            skew=skew,
            kurtosis=kurtosis,
        )

    def entries(self) -> list[Entry]:
        """Return the chain's entries: batches, seals and openings, in their order.

        Entries that only the copy still has come first.
        """
        copied = chain.checkpoints(self.copy)
        stored: list[Entry] = []
        if self.path.is_file():
            with connected(self.path) as connection:
                stored = chain.entries(connection)
        held = {entry.digest for entry in stored}
        return [*(entry for entry in copied if entry.digest not in held), *stored]

    def log(self, header: dict[str, Any]) -> Entry:
        """Append an entry without trials: a seal, or its opening."""
        with connected(self.path) as connection:
            with writing(connection):
                entry = chain.append(connection, _next(connection), header)
            chain.copy_entries(connection, self.copy)
        return entry

    def faults(self) -> list[str]:
        """Compare rows, chain and copy; one line for each place where the ledger was changed."""
        if not self.path.is_file():
            lost = chain.checkpoints(self.copy)
            trials = sum(entry.rows for entry in lost)
            return [f"{self.path} is gone, with {trials} trials"] if lost else []
        with connected(self.path) as connection:
            return chain.faults(connection, self.copy)

    def _select(self, columns: str, family: str, where: str) -> list[tuple[Any, ...]]:
        if not self.path.is_file():
            return []
        with connected(self.path) as connection:
            return connection.execute(_query(columns, where), (family,)).fetchall()


def _query(columns: str, where: str) -> str:
    return (
        f"SELECT {columns} FROM trials JOIN families USING (family_id) "
        f"WHERE family = ? AND {where} ORDER BY position"
    )


def _next(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT COALESCE(MAX(entry), 0) FROM entries").fetchone()
    return int(last) + 1


def _by_family(found: Iterable[Entry]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in found:
        if entry.header.get("kind") == "batch" and "family" in entry.header:
            family = str(entry.header["family"])
            counts[family] = counts.get(family, 0) + entry.rows
    return counts

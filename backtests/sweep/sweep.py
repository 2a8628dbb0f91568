"""Run a sweep: evaluate what is missing, finish the leaderboard, confirm the winners."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from backtests.metrics import YEAR
from backtests.sweep import output, pieces
from backtests.sweep.confirm import Confirmed, confirm
from backtests.sweep.evaluate import Evaluator
from backtests.sweep.job import Job
from backtests.sweep.local import Done, in_processes, in_threads
from backtests.sweep.manifest import manifest_of
from backtests.sweep.matched import holding_of, over_exposure
from backtests.sweep.pieces import Span
from backtests.sweep.ranking import Tally, tally
from backtests.trials.ledger import Ledger
from data.errors import BadConfig, UnknownName
from data.panel import panel_of

On: TypeAlias = Literal["local", "dask"]
# Called with the number of variants done so far, those of earlier runs among them.
Progress: TypeAlias = Callable[[int], None]

# Variants of a chunk: by the kernel alone, and where Python takes part.
CHUNK, MATRIX_CHUNK = 8_192, 256
# From so many variants on, Python's part is worth processes of its own.
WORTH_PROCESSES = 1_000
TOP = 10
# Without --yes or a cluster; more than this fills disks and days.
MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Sweep:
    """A finished sweep.

    Parameters
    ----------
    out : Path
        Folder with ``leaderboard.parquet`` and ``manifest.json``.
    manifest : mapping
        What the manifest says.
    rankings : mapping of str to list of int
        Numbers of the best variants by each measure they are ranked by, best first.
    confirmed : sequence of Confirmed
        The winners of all rankings.
    """

    out: Path
    manifest: Mapping[str, Any]
    rankings: Mapping[str, Sequence[int]]
    confirmed: Sequence[Confirmed]

    @property
    def leaderboard(self) -> Path:
        """The table of all variants."""
        return self.out / output.LEADERBOARD

    @property
    def trials(self) -> int:
        """Configurations that the grid's family has tried by now."""
        return int(self.manifest["trials"])


def sweep(
    job: Job,
    out: Path,
    *,
    ledger: Ledger,
    workers: int | None = None,
    on: On = "local",
    scheduler: str | None = None,
    top: int = TOP,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Evaluate every variant of a job and write the leaderboard.

    What an earlier run of the same sweep has left in `out` is not computed again. Every
    configuration is in the trial ledger before its figures are on disk.

    Parameters
    ----------
    job : Job
        The grid, the data and the days.
    out : Path
        Folder for the leaderboard, the manifest and, as long as it runs, the pieces.
    ledger : Ledger
        Where the trials are recorded.
    workers : int, optional
        Threads or processes, or chunks at once on a cluster; by default one a processor, and
        all of a cluster. The leaderboard does not depend on it.
    on : {"local", "dask"}
        This machine, or a Dask cluster.
    scheduler : str, optional
        Address of the cluster's scheduler, for instance ``"tcp://10.0.0.1:8786"``.
    top : int
        How many of the best by each ranking are confirmed by vectorbt.
    chunk : int, optional
        Variants of a chunk.
    progress : callable, optional
        Told how many variants are done.

    Raises
    ------
    BadConfig
        If `out` holds another sweep, or an argument cannot be.
    EngineError
        If a winner's figures differ between the kernel and vectorbt.
    Unreachable
        If the scheduler or all of its workers cannot be reached.
    Locked
        If another sweep is writing to `out`.
    """
    _check(workers, top, chunk, on, scheduler)
    with output.held(out):
        output.check_owner(out, job.identity)
        if (out / output.LEADERBOARD).is_file():
            count = _counted(out, top)
        else:
            schema = _evaluate(job, out, ledger, workers, on, scheduler, chunk, progress)
            count = tally(schema, top)
            parts = count.through(pieces.tables(out / pieces.FOLDER, schema))
            pieces.assemble(parts, schema, out / output.LEADERBOARD)
        # The evaluator and its paths are gone by now; vectorbt takes their place.
        pa.default_memory_pool().release_unused()
        panel = panel_of(job.snapshot)
        confirmed = [confirm(job, row, panel) for row in count.winners]
        manifest = manifest_of(job, count, confirmed, ledger.count(job.grid.file.family))
        output.finish(out, manifest)
    ranked = {best.measure: [row["variant"] for row in best.rows] for best in count.best}
    return Sweep(out, manifest, ranked, confirmed)


def place(name: str) -> On:
    """Return where a sweep runs, by the name that a user gives.

    Raises
    ------
    UnknownName
        If it is neither ``local`` nor ``dask``.
    """
    places: dict[str, On] = {"local": "local", "dask": "dask"}
    if name not in places:
        raise UnknownName("place for --on", name, places)
    return places[name]


def left_to_do(job: Job, out: Path) -> int:
    """Return how many variants an earlier run into `out` has not evaluated yet."""
    if (out / output.LEADERBOARD).is_file():
        return 0
    done = pieces.written(out / pieces.FOLDER)
    return job.grid.count - sum(last - first for first, last in done)


def check_size(job: Job, *, on: On, yes: bool) -> None:
    """Refuse a grid that would keep this machine busy for days, unless it is asked for.

    Raises
    ------
    BadConfig
        If there are more than :data:`MOST` variants, no cluster and no yes.
    """
    count = job.grid.count
    if count > MOST and on == "local" and not yes:
        raise BadConfig(
            f"{job.grid.file.origin}: {count:,} variants are too many to begin without being "
            "asked: add --yes, use a cluster (--on dask), or take some of them (sample = N)"
        )


def _check(
    workers: int | None, top: int, chunk: int | None, on: str, scheduler: str | None
) -> None:
    for name, value in (("--workers", workers), ("--top", top), ("chunk", chunk)):
        if value is not None and value < 1:
            raise BadConfig(f"{name} {value}: give at least 1")
    if (on == "dask") != (scheduler is not None):
        raise BadConfig("--on dask and --scheduler tcp://HOST:PORT go together")


def _counted(out: Path, top: int) -> Tally:
    """Return the tally of a leaderboard that is there already."""
    count = tally(output.schema(out), top)
    for _ in count.through(output.batches(out, pieces.GROUP)):
        pass
    return count


def _evaluate(
    job: Job,
    out: Path,
    ledger: Ledger,
    workers: int | None,
    on: On,
    scheduler: str | None,
    chunk: int | None,
    progress: Progress | None,
) -> pa.Schema:
    """Evaluate and record what is missing among the pieces; return the leaderboard's schema."""
    # What reading the data has left; every chunk needs some of it again.
    pa.default_memory_pool().release_unused()
    evaluator = Evaluator(job)
    evaluator.prepare()
    folder = output.begin(out, job.identity)
    left = _spans(evaluator, folder, chunk)
    done = _evaluated(evaluator, left, workers, on, scheduler)
    _write(job, folder, done, ledger, progress)
    return evaluator.schema


def _spans(evaluator: Evaluator, folder: Path, chunk: int | None) -> Iterator[Span]:
    size = chunk or (MATRIX_CHUNK if evaluator.python_share else CHUNK)
    return pieces.missing(evaluator.job.grid.count, pieces.written(folder), size)


def _evaluated(
    evaluator: Evaluator,
    spans: Iterator[Span],
    workers: int | None,
    on: On,
    scheduler: str | None,
) -> Iterator[Done]:
    if on == "dask":
        from backtests.sweep.cluster import on_cluster

        return on_cluster(evaluator.job, spans, str(scheduler), workers)
    number = workers or len(os.sched_getaffinity(0))
    by_python = evaluator.python_share * evaluator.job.grid.count
    if number > 1 and by_python >= WORTH_PROCESSES:
        return in_processes(evaluator, spans, number)
    return in_threads(evaluator, spans, number)


def _write(
    job: Job, folder: Path, done: Iterator[Done], ledger: Ledger, progress: Progress | None
) -> None:
    total = sum(last - first for first, last in pieces.written(folder))
    holding = holding_of(job)
    for span, table in done:
        ledger.record(
            job.grid.file.family,
            table["config_hash"].to_pylist(),
            origin="sweep",
            snapshot_id=job.snapshot.snapshot_id,
            data_until=job.last,
            sharpe_cash=table["sharpe"].to_numpy() / math.sqrt(YEAR),
            sharpe_matched=table["sharpe_matched"].to_numpy() / math.sqrt(YEAR),
            periods=job.days,
            folds=over_exposure(table, holding),
        )
        pieces.write_piece(folder, span, table)
        total += table.num_rows
        if progress is not None:
            progress(total)

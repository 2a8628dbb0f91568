"""The best of a whole sweep against each benchmark: what a search among so many would find."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from backtests.compare.board import Board
from backtests.compare.field import MATCHED, TIMED, Entrant, Field, Note, silent, yardsticks_of
from backtests.compare.superiority import SIZE
from backtests.compare.sweep_returns import Rows, SweepReturns, sweep_returns
from backtests.execution import Execution
from backtests.holding import excess_of
from backtests.inference.superior_ability import Superior, SuperiorAbility
from backtests.inference.superior_to_each import superior_to_each
from backtests.metrics import YEAR
from backtests.run import Run
from backtests.sweep.job import Job
from backtests.sweep.output import MANIFEST
from backtests.sweep.parameters import EXECUTION, execution_from
from backtests.sweep.restore import job_again
from backtests.trials.configuration import configuration_hash
from data.aliases import FloatArray
from data.errors import BadTable
from data.snapshot import Snapshot

# So many of the variants that StepM finds are named, those with the highest t.
NAMED = 10
# Daily returns of the kernel and of vectorbt that differ by less are the same.
ROUNDING = 1e-8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the variants tested.

    Parameters
    ----------
    name : str
        ``"variant 15245"`` by its number in the leaderboard, or the name of a compared variant.
    variant : int or None
        That number.
    parameters : mapping
        What the grid varies, by path; empty for a compared variant.
    sharpe : float
        Annual Sharpe ratio of its returns over the benchmark.
    t : float
        Their mean over its bootstrap standard error.
    """

    name: str
    variant: int | None
    parameters: Mapping[str, Any]
    sharpe: float
    t: float


@dataclass(frozen=True, slots=True)
class SweepTest:
    """SPA and StepM over all variants of a sweep, against one benchmark.

    Parameters
    ----------
    benchmark : str
        As in :class:`~backtests.compare.superiority.Superiority`.
    skill : bool
        Whether this is a test of skill.
    p, p_lower, p_upper : float
        Hansen's consistent p-value and its bounds.
    best : Candidate
        The largest studentised mean.
    superior : tuple of Candidate
        The best of those that StepM finds, at most :data:`NAMED`.
    found : int
        How many it finds.
    variants, dropped, mean_block : int
        Tested; left out because they differ from the benchmark on fewer than thirty days; mean
        block length of the bootstrap, days.
    """

    benchmark: str
    skill: bool
    p: float
    p_lower: float
    p_upper: float
    best: Candidate
    superior: tuple[Candidate, ...]
    found: int
    variants: int
    dropped: int
    mean_block: int


@dataclass(frozen=True, slots=True)
class WholeSweep:
    """The tests over all variants of a sweep, on the sweep's own days.

    Parameters
    ----------
    first, last : Timestamp
        First and last decision time.
    days, variants, failed : int
        Days with a return; variants of the sweep; those of them whose account was ruined or could
        not be settled, which are dropped.
    inside : tuple of str
        Compared variants whose configuration is one of the sweep's: they are tested as such.
    joined : tuple of str
        Compared variants that are tested beside the sweep's.
    outside : tuple of str
        Compared variants that cannot decide, or have no funding rates, on all of the sweep's days:
        they are not tested.
    tests : tuple of SweepTest
        By benchmark, the exposure-matched one first; those that nothing differs from are left out.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    days: int
    variants: int
    failed: int
    inside: tuple[str, ...]
    joined: tuple[str, ...]
    outside: tuple[str, ...]
    tests: tuple[SweepTest, ...]

    @property
    def skill(self) -> SweepTest | None:
        """The test against the variants' own mean exposure; ``None`` where nothing is timed."""
        return next((test for test in self.tests if test.skill), None)


def job_of_board(board: Board, snapshot: Snapshot) -> Job:
    """Return the job that a leaderboard was made by, from its manifest.

    Raises
    ------
    BadTable
        If the manifest does not hold its grid, or the leaderboard has not all of its variants.
    """
    job = job_again(board.manifest, snapshot, str(board.path.with_name(MANIFEST)))
    if job.grid.count != len(board.hashes):
        raise BadTable(
            f"{board.path}: has {len(board.hashes):,} variants and its grid {job.grid.count:,}: "
            "run the sweep again into another folder"
        )
    return job


def whole_sweep(
    job: Job, board: Board, field: Field, *, seed: int, draws: int = 999, note: Note = silent
) -> WholeSweep:
    """Test the best of all variants of a sweep, and of the compared ones, against each benchmark.

    Parameters
    ----------
    job : Job
        The sweep's, by :func:`job_of_board`.
    board : Board
        Its leaderboard.
    field : Field
        The compared variants.
    seed : int
        Of the bootstrap.
    draws : int
    note : callable
        Told what is being done.

    Raises
    ------
    InputError
        If there is no room for the returns; see
        :func:`~backtests.compare.sweep_returns.sweep_returns`.

    References
    ----------
    Hansen, P. R. (2005), "A test for superior predictive ability", Journal of Business and
    Economic Statistics 23. Romano, J. P. and Wolf, M. (2005), "Stepwise multiple testing as
    formalized data snooping", Econometrica 73.
    """
    inside, joined, outside = _places(job, board, field)
    runs = [_again(job, field, entrant) for entrant in joined]
    marks = {name: run.simulation.over_cash for name, run in _yardsticks(job, field, note).items()}
    with sweep_returns(job, note) as found:
        note(f"SPA and StepM over the sweep's {len(found.points):,} variants")
        none = np.zeros((len(found.closes), 0))
        compared = np.column_stack([none, *(run.simulation.over_cash for run in runs)])
        timed = np.column_stack([none, *(_excess(run, field) for run in runs)])
        names = tuple(entrant.name for entrant in joined)
        against = (
            (found.over_matched, timed, {MATCHED: np.zeros(len(found.closes))}),
            (found.over_cash, compared, marks),
        )
        tests = [
            test
            for rows, beside, benchmarks in against
            for test in _tests(_Pool(found, board, rows, beside, names), benchmarks, seed, draws)
        ]
        return WholeSweep(
            first=job.first,
            last=job.last,
            days=len(found.closes),
            variants=len(found.points),
            failed=int(found.failed.sum()),
            inside=tuple(entrant.name for entrant in inside),
            joined=names,
            outside=tuple(entrant.name for entrant in outside),
            tests=tuple(tests),
        )


def _places(
    job: Job, board: Board, field: Field
) -> tuple[list[Entrant], list[Entrant], list[Entrant]]:
    """Return the compared variants in the sweep, those beside it, and those outside its days."""
    hashes = set(board.hashes)
    funded = field.funded is None or (field.funded[0] <= job.first and job.last <= field.funded[1])
    places: tuple[list[Entrant], list[Entrant], list[Entrant]] = ([], [], [])
    for entrant in field.entrants:
        weights = entrant.weights
        begins = weights.index[weights.notna().all(axis=1)][0]
        if configuration_hash(entrant.rule.config, field.execution) in hashes:
            places[0].append(entrant)
        else:
            places[1 if funded and begins <= job.first else 2].append(entrant)
    return places


def _again(job: Job, field: Field, entrant: Entrant) -> Run:
    """Return a compared variant's run on the sweep's days."""
    if (job.first, job.last) == (field.first, field.last):
        return entrant.run
    return replace(field, first=job.first, last=job.last).again(entrant, field.execution)


def _yardsticks(job: Job, field: Field, note: Note) -> Mapping[str, Run]:
    """Return the yardsticks on the sweep's days, at the costs of its base."""
    execution: Execution = execution_from(
        {EXECUTION: job.grid.base[EXECUTION]}, job.grid.file.origin
    )
    if (job.first, job.last, execution) == (field.first, field.last, field.execution):
        return field.yardsticks
    note("yardsticks on the sweep's days")
    return yardsticks_of(replace(field, first=job.first, last=job.last, execution=execution))


def _excess(run: Run, field: Field) -> FloatArray:
    d = excess_of(run, field.snapshot.daily).to_numpy().astype(np.float64)
    return d if d.std() > TIMED else np.zeros_like(d)


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """The sweep's variants, and the compared ones as further columns."""

    found: SweepReturns
    board: Board
    rows: Rows
    beside: FloatArray
    names: tuple[str, ...]

    def blocks(self) -> Iterable[FloatArray]:
        yield from self.rows.blocks()
        if self.names:
            yield self.beside

    def candidate(self, at: int, benchmark: FloatArray, t: float) -> Candidate:
        swept = len(self.found.points)
        inside = at < swept
        d = (self.rows.read(at)[0] if inside else self.beside[:, at - swept]) - benchmark
        number = int(self.found.points[at]) if inside else None
        row = self.board.parameters.iloc[at].to_dict() if inside else {}
        return Candidate(
            name=self.names[at - swept] if number is None else f"variant {number}",
            variant=number,
            parameters={str(path): value for path, value in row.items()},
            sharpe=float(d.mean() / d.std()) * math.sqrt(YEAR),
            t=t,
        )


def _tests(
    pool: _Pool, benchmarks: Mapping[str, FloatArray], seed: int, draws: int
) -> list[SweepTest]:
    blocks: Callable[[], Iterable[FloatArray]] = pool.blocks
    tested = superior_to_each(
        blocks,
        np.column_stack(list(benchmarks.values())),
        seed=seed,
        draws=draws,
        size=SIZE,
        rounding=ROUNDING,
    )
    return [
        _test(pool, name, benchmark, *each)
        for (name, benchmark), each in zip(benchmarks.items(), tested, strict=True)
        if each is not None
    ]


def _test(
    pool: _Pool, name: str, benchmark: FloatArray, ability: SuperiorAbility, stepped: Superior
) -> SweepTest:
    def candidate(at: int) -> Candidate:
        return pool.candidate(at, benchmark, float(stepped.t[at]))

    first = sorted(stepped.superior, key=lambda at: (-stepped.t[at], at))[:NAMED]
    return SweepTest(
        benchmark=name,
        skill=name == MATCHED,
        p=ability.p,
        p_lower=ability.p_lower,
        p_upper=ability.p_upper,
        best=candidate(ability.best),
        superior=tuple(candidate(at) for at in first),
        found=len(stepped.superior),
        variants=ability.variants,
        dropped=ability.dropped,
        mean_block=ability.mean_block,
    )

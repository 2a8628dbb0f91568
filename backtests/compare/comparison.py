"""Everything a comparison finds, computed once; pages and JSON only print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.compare.board import Board, over_mean_exposure, read_board
from backtests.compare.breakeven import BreakEven, break_even
from backtests.compare.episodes import Without, without_each
from backtests.compare.field import Entrant, Field, Note, assemble, silent
from backtests.compare.overfit import Overfit, overfit_sweep, overfit_variants
from backtests.compare.pairs import Pair, pairs
from backtests.compare.plateau import Plateau, plateau
from backtests.compare.skill import Skill, Trials, record, skill, trials
from backtests.compare.spans import Stretch, stretches
from backtests.compare.superiority import Contenders, Superiority, contenders, superiorities
from backtests.compare.whole_sweep import WholeSweep, job_of_board, whole_sweep
from backtests.execution import Execution
from backtests.latency import (
    DELAYS_HOURS,
    WHOLE_DAYS,
    Delay,
    delayed,
    has_hourly,
    hourly_window,
)
from backtests.provenance import code_version, run_id, versions
from backtests.trials.ledger import Ledger
from backtests.uncertainty import Uncertainty, uncertainty
from data.panel import Panel
from data.snapshot import Snapshot
from strategies.strategy import WeightRule

SEED = 20251104
DRAWS = 999


@dataclass(frozen=True, slots=True)
class Standing:
    """One variant of a comparison with all that is found of it alone.

    Parameters
    ----------
    entrant : Entrant
        The variant and its runs.
    uncertainty : Uncertainty
        Interval of its Sharpe ratio, resampling ranges of the rest.
    skill : Skill or None
        On d_t; ``None`` where its exposure hardly changes.
    without : Without or None
        Sharpe ratio of d_t without each of its own spells, 2020-03..06 and each year in turn.
    stretches : tuple of Stretch
        By era and since publication.
    break_even : tuple of BreakEven
        Against the exposure-matched benchmark and against buy and hold.
    delay : Delay
        Latency drag.
    hourly : bool
        Whether every coin it holds has hourly bars; else only whole days of delay are there.
    """

    entrant: Entrant
    uncertainty: Uncertainty
    skill: Skill | None
    without: Without | None
    stretches: tuple[Stretch, ...]
    break_even: tuple[BreakEven, BreakEven]
    delay: Delay
    hourly: bool

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.entrant.name


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison finds.

    Parameters
    ----------
    field : Field
        The runs.
    standings : tuple of Standing
        One for each variant, in the order given, which is no ranking.
    yardsticks : mapping of str to Uncertainty
        Intervals and ranges of the yardsticks.
    pairs : tuple of Pair
        Paired differences of the variants and buy and hold.
    superiorities : tuple of Superiority
        SPA and StepM against each benchmark, the exposure-matched one first.
    contenders : Contenders
        The model confidence set.
    overfit : Overfit or None
        PBO over the sweep where one is given, else over the variants.
    trials : Trials
        N, N_eff and their variances.
    board : Board or None
        The sweep's leaderboard.
    plateau : Plateau or None
        Whether the neighbourhood of its winner holds.
    swept : WholeSweep or None
        SPA and StepM over all of the sweep's variants.
    run_id : str
        Hash of configurations, snapshot, sweep, seed and code.
    manifest : mapping
        What is needed to make it again.
    """

    field: Field
    standings: tuple[Standing, ...]
    yardsticks: Mapping[str, Uncertainty]
    pairs: tuple[Pair, ...]
    superiorities: tuple[Superiority, ...]
    contenders: Contenders
    overfit: Overfit | None
    trials: Trials
    board: Board | None
    plateau: Plateau | None
    swept: WholeSweep | None
    run_id: str
    manifest: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variants, in the order given."""
        return self.field.names


def compare(
    rules: Sequence[WeightRule],
    snapshot: Snapshot,
    panel: Panel,
    ledger: Ledger,
    *,
    execution: Execution | None = None,
    sweep: Path | None = None,
    seed: int = SEED,
    draws: int = DRAWS,
    note: Note = silent,
) -> Comparison:
    """Compare variants with each other and with the yardsticks.

    Parameters
    ----------
    rules : sequence of WeightRule
        At least two, by :func:`~backtests.compare.field.rules_of`.
    snapshot, panel : Snapshot, Panel
        The data, and the as-of view of them.
    ledger : Ledger
        Where every compared configuration is recorded, and N is counted.
    execution : Execution, optional
        Costs and delay.
    sweep : Path, optional
        A leaderboard of ``plumbline sweep``.
    seed : int
        Of every bootstrap.
    draws : int
        Of every bootstrap.
    note : callable
        Told what is being done.

    Raises
    ------
    BadTable
        A leaderboard from another snapshot or version, or one that does not hold its grid; nothing
        is recorded then.
    """
    board = None if sweep is None else read_board(sweep, snapshot)
    job = None if board is None else job_of_board(board, snapshot)
    field = assemble(rules, snapshot, panel, execution, note=note)
    record(field, ledger)
    searched = None if board is None else over_mean_exposure(board, snapshot)
    counted = trials(field, ledger, searched)
    standings = tuple(
        _standing(field, entrant, counted, seed, draws, note) for entrant in field.entrants
    )
    swept = None
    if board is not None and job is not None:
        swept = whole_sweep(job, board, field, seed=seed, draws=draws, note=note)
    note("paired differences, SPA, StepM, confidence set, overfitting")
    identity = {
        "compare": [_identity(entrant) for entrant in field.entrants],
        "execution": field.execution,
        "start": field.first,
        "end": field.last,
        "as_of": snapshot.as_of,
        "snapshot_id": snapshot.snapshot_id,
        "sweep": None if board is None else board.manifest.get("run_id"),
        "seed": seed,
        "draws": draws,
    }
    return Comparison(
        field=field,
        standings=standings,
        yardsticks={
            name: uncertainty(run, seed, draws=draws) for name, run in field.yardsticks.items()
        },
        pairs=pairs(field, seed=seed, draws=draws),
        superiorities=superiorities(field, seed=seed, draws=draws),
        contenders=contenders(field, seed=seed, draws=draws),
        overfit=overfit_variants(field) if searched is None else overfit_sweep(searched.folds),
        trials=counted,
        board=board,
        plateau=None if board is None else plateau(board),
        swept=swept,
        run_id=run_id(**identity),
        manifest={
            **identity,
            "source": snapshot.source,
            "code": code_version(),
            "versions": versions(),
        },
    )


def _identity(entrant: Entrant) -> dict[str, Any]:
    return {
        "name": entrant.name,
        "config_hash": entrant.rule.config_hash,
        "config": entrant.rule.config,
    }


def _standing(
    field: Field, entrant: Entrant, counted: Trials, seed: int, draws: int, note: Note
) -> Standing:
    note(f"{entrant.name}: skill, eras, ranges")
    found = skill(entrant, counted, seed=seed, draws=draws)
    sure = uncertainty(entrant.run, seed, draws=draws)
    without, spans = without_each(field, entrant), stretches(field, entrant)
    note(f"{entrant.name}: break-even cost")
    even = break_even(field, entrant)
    note(f"{entrant.name}: latency")
    delay, hourly = _delay(field, entrant)
    return Standing(entrant, sure, found, without, spans, even, delay, hourly)


def _delay(field: Field, entrant: Entrant) -> tuple[Delay, bool]:
    """Run a variant at each delay, on the days with hourly bars where it can use them."""
    snapshot = field.snapshot
    window = hourly_window(snapshot)
    if window is not None:
        window = max(window[0], field.first), min(window[1], field.last)
    hourly = (
        window is not None
        and window[0] < window[1]
        and has_hourly(entrant.weights, snapshot, window)
    )
    if window is None or window[0] >= window[1]:
        window = field.first, field.last
    waits = DELAYS_HOURS if hourly else WHOLE_DAYS
    return (
        delayed(
            entrant.rule, entrant.weights, snapshot, field.execution, field.panel, window, waits
        ),
        hourly,
    )

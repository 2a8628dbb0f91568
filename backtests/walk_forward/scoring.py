"""Scores of every variant on sets of days, from the kernel's daily accounts, some at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray, IntArray
from backtests.sweep.batch import MatrixBatch, NativeBatch
from backtests.sweep.evaluate import Part
from backtests.sweep.local import in_processes, in_threads
from backtests.sweep.matched import excess_of_assets
from backtests.sweep.pieces import Span
from backtests.sweep.screen import FINE, screen
from backtests.sweep.sweep import WORTH_PROCESSES
from backtests.trials.recording import Trial
from backtests.trials.rows import FOLDS, fold_sums
from backtests.walk_forward.criterion import best, criterion, ratios
from backtests.walk_forward.moments import Spans, SpanSums, span_exposures, span_sums, spans_of
from backtests.walk_forward.variants import Variants, engine_run
from data.errors import EngineError, InputError
from data.panel import panel_of

# Variants handed out at a time: by the kernel alone, and where Python takes part.
AT_ONCE, BY_PYTHON_AT_ONCE = 2_048, 256
# Scores that are held: 8 bytes each.
MOST_SCORES = 50_000_000

Record = Callable[[Iterable[Trial]], object]


@dataclass(frozen=True, slots=True, eq=False)
class DaySets:
    """The days that scores are wanted of, out of T.

    Parameters
    ----------
    choose : bool array (C, T)
        Sets on each of which the best variant is chosen.
    judge : bool array (J, T)
        Sets on which every variant's score is kept.
    """

    choose: BoolArray
    judge: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What N variants scored.

    Parameters
    ----------
    chosen : int array (C,)
        The best variant on each set to choose on, the first of equals.
    chosen_scores : array (C,)
        Its score there, per day.
    judged : array (J, N)
        Scores of all on each set to judge on, per day; NaN where nothing moved.
    variants_hash : str
        Hash of all variants' configuration hashes, whatever their order.
    """

    chosen: IntArray
    chosen_scores: FloatArray
    judged: FloatArray
    variants_hash: str


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is kept of the n variants of a span.

    Parameters
    ----------
    trials : tuple of Trial
        For the ledger.
    best : int array (C,)
        Place in the span of the best on each set to choose on; -1 where none has a score.
    best_scores : array (C,)
        NaN where none has one.
    judged : array (J, n)
    failed : int array
        Places of those that have no account, because it was ruined or could not be settled.
    """

    trials: tuple[Trial, ...]
    best: IntArray
    best_scores: FloatArray
    judged: FloatArray
    failed: IntArray


class Scoring:
    """Scores any span of some variants; it may be sent to another process.

    Parameters
    ----------
    variants : Variants
        N variants.
    days : DaySets
        The days that scores are wanted of.
    by : str
        Criterion.
    """

    def __init__(self, variants: Variants, days: DaySets, by: str) -> None:
        self.variants, self.days, self.by = variants, days, by
        self._spans = spans_of(np.vstack([days.choose, days.judge]))

    def __reduce__(self) -> tuple[type[Scoring], tuple[Variants, DaySets, str]]:
        return Scoring, (self.variants, self.days, self.by)

    def __call__(self, span: Span) -> Scored:
        """Return what is kept of the variants ``span[0]`` to ``span[1] - 1``."""
        count, choices = span[1] - span[0], len(self.days.choose)
        scores = np.full((len(self._spans.inside), count), np.nan)
        trials: list[Trial | None] = [None] * count
        named = self.variants.trials(span)
        failed: list[int] = []
        for part in self.variants.parts(span):
            if len(part.field.closes) != len(self.variants.decisions):
                raise EngineError("variants were screened on other days: please report this")
            net = part.over_cash
            scores[:, part.at] = self._scores(part, net)
            for at, trial in zip(part.at.tolist(), _trials(part, net, named), strict=True):
                trials[at] = trial
            failed += part.at[part.screened.status != FINE].tolist()
        chosen = scores[:choices]
        known = ~np.isnan(chosen).all(axis=1)
        first = np.argmax(np.where(np.isnan(chosen), -np.inf, chosen), axis=1)
        return Scored(
            trials=tuple(trial for trial in trials if trial is not None),
            best=np.where(known, first, -1),
            best_scores=np.where(known, chosen[np.arange(choices), first], np.nan),
            judged=scores[choices:],
            failed=np.array(sorted(failed), dtype=np.intp),
        )

    def _scores(self, part: Part, net: FloatArray) -> FloatArray:
        how, edges = criterion(self.by), self._spans.edges
        sums = span_sums(net, edges)
        if how.weighs:
            sums = _weighed(sums, part, net, self._spans)
        return np.stack([how.score(sums.over(inside)) for inside in self._spans.inside])


def score_variants(
    variants: Variants,
    days: DaySets,
    by: str,
    *,
    record: Record | None = None,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> Scores:
    """Score variants on sets of days.

    The kernel computes some variants' daily accounts at a time, their scores and what the ledger
    keeps are taken from them, and the accounts are let go.

    Parameters
    ----------
    variants : Variants
        N of them.
    days : DaySets
        The days that scores are wanted of.
    by : str
        Criterion.
    record : callable, optional
        Given the trials of each span as it is done.
    progress : callable, optional
        Told how many variants are done.
    workers : int, optional
        Threads, or processes where Python takes part; by default one a processor. The scores do
        not depend on it.

    Raises
    ------
    InputError
        More scores than are held.
    EngineError
        If a variant's account is ruined or cannot be settled: to leave it out would be to know
        that beforehand.
    TooShort
        If no variant moves on a set to choose on.
    """
    count, choices = len(variants), len(days.choose)
    if count * len(days.judge) > MOST_SCORES:
        raise InputError(
            f"{count:,} variants in {len(days.judge) - 1} test windows: more than {MOST_SCORES:,} "
            "scores; give a longer --test, or narrow the grid"
        )
    chosen = np.full(choices, -1, dtype=np.intp)
    top = np.full(choices, np.nan)
    judged = np.full((len(days.judge), count), np.nan)
    hashes: list[bytes] = []
    done = 0
    for span, found in _computed(Scoring(variants, days, by), workers):
        if record is not None:
            record(found.trials)
        if len(found.failed):
            _explain(variants, span[0] + int(found.failed[0]))
        hashes += [bytes.fromhex(trial.config_hash) for trial in found.trials]
        judged[:, slice(*span)] = found.judged
        number = span[0] + found.best
        # Spans come as they are done: of equals the first in the grid.
        better = (found.best_scores > top) | ((found.best_scores == top) & (number < chosen))
        take = (found.best >= 0) & ((chosen < 0) | better)
        chosen, top = np.where(take, number, chosen), np.where(take, found.best_scores, top)
        done += span[1] - span[0]
        if progress is not None:
            progress(done)
    for score in top:
        best(np.array([score]))
    digest = hashlib.sha256(b"".join(sorted(hashes))).hexdigest()
    return Scores(chosen, top, judged, digest)


def _computed(scoring: Scoring, workers: int | None) -> Iterator[tuple[Span, Scored]]:
    count, by_python = len(scoring.variants), scoring.variants.by_python
    number = workers or len(os.sched_getaffinity(0))
    size = min(BY_PYTHON_AT_ONCE if by_python else AT_ONCE, max(1, -(-count // number)))
    spans = ((first, min(first + size, count)) for first in range(0, count, size))
    if by_python and number > 1 and count >= WORTH_PROCESSES:
        return in_processes(scoring, spans, number)
    return in_threads(scoring, spans, number)


def _weighed(sums: SpanSums, part: Part, net: FloatArray, spans: Spans) -> SpanSums:
    """Add what was held: the kernel keeps mean weights, so the account is run up to each edge."""

    def held_until(bars: int) -> FloatArray:
        if bars == len(part.field.closes):
            return part.screened.accounts.weights * bars
        field = part.field.until(bars)
        again = screen(field, _until(part.batch, len(field.decisions)), daily=True)
        return again.accounts.weights * bars

    held = span_exposures(net, excess_of_assets(part.field), spans.edges, held_until)
    return SpanSums(sums.days, sums.net, sums.squares, held)


def _until(batch: NativeBatch | MatrixBatch, decisions: int) -> NativeBatch | MatrixBatch:
    if isinstance(batch, MatrixBatch):
        return MatrixBatch(np.ascontiguousarray(batch.weights[:, :decisions]), batch.terms)
    return batch


def _trials(part: Part, net: FloatArray, named: Sequence[tuple[str, str]]) -> list[Trial]:
    """Return what the ledger keeps of each variant of a part."""
    matched = part.over_matched
    sums = fold_sums(matched.T)
    folds = np.full((len(net), FOLDS), np.nan) if sums is None else sums.astype(np.float64)
    owners = [named[at] for at in part.at.tolist()]
    figures = zip(owners, ratios(net.T), ratios(matched.T), folds, strict=True)
    return [
        Trial(family, config_hash, float(cash), float(own), net.shape[1], fold)
        for (family, config_hash), cash, own, fold in figures
    ]


def _explain(variants: Variants, number: int) -> None:
    """Raise the engine's own error, which says what became of the account and when."""
    engine_run(variants, number, panel_of(variants.snapshot))
    raise EngineError(
        f"variant {number} has no account by the kernel and one by vectorbt: please report this"
    )

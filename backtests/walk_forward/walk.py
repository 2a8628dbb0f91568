"""Choose on the past, trade what was chosen, and choose again: one account throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from backtests.inference.arrays import BoolArray, FloatArray
from backtests.run import Run, run_weights
from backtests.sweep.confirm import TOLERANCE
from backtests.walk_forward.combinatorial import PurgedPaths, purged_paths, purged_splits
from backtests.walk_forward.criterion import criterion
from backtests.walk_forward.reach import Reach
from backtests.walk_forward.scoring import DaySets, Record, Scores, score_variants
from backtests.walk_forward.variants import Variants, engine_run, returns_of
from backtests.walk_forward.windows import Window, windows
from data.errors import EngineError, InputError
from data.panel import Panel, panel_of
from strategies.strategy import from_start, weights_of


@dataclass(frozen=True, slots=True)
class Settings:
    """How a walk forward is done; days throughout.

    Parameters
    ----------
    train, test : int
        Length of training (the least, where it is anchored) and of test windows.
    anchored : bool
        Whether training always begins with the first day.
    by : str
        Criterion, see :data:`backtests.walk_forward.criterion.CRITERIA`.
    purge, embargo : int
        Days that may not be trained on before a test, and after one. A walk forward trains on
        nothing after a test; it keeps the longer of the two clear before it.
    folds, test_folds : int
        Of the combinatorial paths; 0 folds for none.

    Raises
    ------
    InputError
        A length below one day, a negative purge or embargo.
    UnknownName
        An unknown criterion.
    """

    train: int = 730
    test: int = 182
    anchored: bool = True
    by: str = "sharpe"
    purge: int = 0
    embargo: int = 0
    folds: int = 6
    test_folds: int = 2

    def __post_init__(self) -> None:
        for name in ("train", "test"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name} {getattr(self, name)}: give at least one day")
        for name in ("purge", "embargo"):
            if getattr(self, name) < 0:
                raise InputError(f"--{name} {getattr(self, name)}: give 0 or more days")
        criterion(self.by)

    @property
    def gap(self) -> int:
        """Days kept clear between training and test."""
        return max(self.purge, self.embargo)


@dataclass(frozen=True, slots=True)
class Step:
    """One window and what was chosen in it.

    Parameters
    ----------
    window : Window
        Its days.
    chosen : int
        The variant.
    train_score, test_score : float
        The criterion on training and on test days, per day; NaN where nothing moved. The test
        score is that of the variant's own account, without the costs of switching.
    test_rank : float
        Rank among all variants on the test days, 1 for the best; equals share the mean of their
        ranks. One that held nothing has earned nothing over cash and stands at zero.
    """

    window: Window
    chosen: int
    train_score: float
    test_score: float
    test_rank: float


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """The result.

    Parameters
    ----------
    settings : Settings
        As asked for.
    reach : Reach
        Longest look-back and holding of the variants.
    variants : Variants
        What was chosen from.
    scores : Scores
        What they scored: chosen in each window, then in each split; judged on the test days of
        each window, then on those of all.
    steps : tuple of Step
        Windows in order.
    run : Run
        The stitched account over all test windows, costs of switching included.
    combined : PurgedPaths or None
        Combinatorial paths, where they were asked for.
    difference : float
        Largest difference of a day's return of a variant that was traded, as growth, between the
        kernel and the engine.
    """

    settings: Settings
    reach: Reach
    variants: Variants
    scores: Scores
    steps: tuple[Step, ...]
    run: Run
    combined: PurgedPaths | None
    difference: float

    @property
    def switches(self) -> int:
        """How often another variant was chosen than in the window before."""
        chosen = [step.chosen for step in self.steps]
        return sum(a != b for a, b in pairwise(chosen))

    @property
    def test_scores(self) -> FloatArray:
        """Every variant's criterion over all test days, per day."""
        scores: FloatArray = self.scores.judged[-1]
        return scores


def walk_forward(
    variants: Variants,
    settings: Settings,
    reach: Reach,
    *,
    record: Record | None = None,
    progress: Callable[[int], None] | None = None,
) -> WalkForward:
    """Choose a variant in each window, trade it in the next, and run the whole as one account.

    Variants are scored by the screening kernel. Those chosen in a window are run on the engine as
    well, and the stitched account is the engine's.

    Parameters
    ----------
    variants : Variants
        What is chosen from.
    settings : Settings
        Windows, folds and criterion.
    reach : Reach
        Stands in the result; purge and embargo of `settings` are what is used.
    record : callable, optional
        Given the trials of some variants at a time, as they are done.
    progress : callable, optional
        Told how many variants are done.

    Raises
    ------
    TooShort
        If the days do not suffice for one window or for the folds, or no variant moves in one.
    EngineError
        If kernel and engine differ in a variant that is traded.
    """
    days = variants.decisions
    found = windows(
        days[0],
        days[-1],
        train=settings.train,
        test=settings.test,
        gap=settings.gap,
        anchored=settings.anchored,
    )
    splits = None
    if settings.folds:
        splits = purged_splits(
            len(days),
            purge=settings.purge,
            embargo=settings.embargo,
            folds=settings.folds,
            test_folds=settings.test_folds,
        )
    sets = day_sets(days, found, None if splits is None else splits.trains)
    scores = score_variants(variants, sets, settings.by, record=record, progress=progress)
    steps = tuple(_step(window, scores, at) for at, window in enumerate(found))
    combined = None
    if splits is not None:
        chosen = scores.chosen[len(found) :]
        combined = purged_paths(splits, chosen, lambda number: returns_of(variants, number))
    panel = panel_of(variants.snapshot)
    run = run_weights(
        stitched(variants, steps),
        variants.snapshot,
        variants.execution,
        name=f"{variants.name}:walk_forward",
        title=f"Walk forward over {len(variants):,} variants",
        config=_config(variants, settings, scores),
        start=steps[0].window.test_first,
        end=steps[-1].window.test_last,
        panel=panel,
    )
    difference = max(confirm(variants, number, panel) for number in {step.chosen for step in steps})
    return WalkForward(settings, reach, variants, scores, steps, run, combined, difference)


def day_sets(days: pd.DatetimeIndex, found: Sequence[Window], trains: BoolArray | None) -> DaySets:
    """Return the days to choose and to judge on; see :class:`WalkForward`.

    Parameters
    ----------
    days : DatetimeIndex
        The T decision times.
    found : sequence of Window
        Windows.
    trains : bool array (splits, T), optional
        Training days of the splits.
    """

    def rows(first: pd.Timestamp, last: pd.Timestamp) -> BoolArray:
        return np.asarray((days >= first) & (days <= last))

    train = np.stack([rows(each.train_first, each.train_last) for each in found])
    test = np.stack([rows(each.test_first, each.test_last) for each in found])
    choose = train if trains is None else np.vstack([train, trains])
    return DaySets(choose, np.vstack([test, test.any(axis=0)]))


def _step(window: Window, scores: Scores, at: int) -> Step:
    chosen, after = int(scores.chosen[at]), scores.judged[at]
    rank = rank_of(after, chosen)
    return Step(window, chosen, float(scores.chosen_scores[at]), float(after[chosen]), rank)


def rank_of(scores: FloatArray, number: int) -> float:
    """Return a variant's rank by scores, shape (N,); see :class:`Step`."""
    known = np.nan_to_num(scores, nan=0.0)
    ahead, equal = (known > known[number]).sum(), (known == known[number]).sum()
    return float(ahead + (equal + 1) / 2)


def stitched(variants: Variants, steps: Sequence[Step]) -> pd.DataFrame:
    """Return the target weights of the variants chosen, window after window.

    On the first day of a window that has another variant than the one before, the account takes
    over that variant's last order; where the variant stays, nothing is ordered that it does not
    order itself.
    """
    snapshot = variants.snapshot

    @cache
    def targets(number: int) -> pd.DataFrame:
        panel = panel_of(snapshot)
        return weights_of(variants.rule(number), panel, snapshot.daily, snapshot.funding)

    parts = []
    begin = 0
    for at, step in enumerate(steps):
        if at + 1 < len(steps) and steps[at + 1].chosen == step.chosen:
            continue
        first, last = steps[begin].window.test_first, step.window.test_last
        parts.append(from_start(targets(step.chosen), first, last))
        begin = at + 1
    return pd.concat(parts)


def confirm(variants: Variants, number: int, panel: Panel) -> float:
    """Run a variant on the engine and return the largest difference of a day's return.

    Raises
    ------
    EngineError
        If it is more than :data:`backtests.sweep.confirm.TOLERANCE`.
    """
    engine = engine_run(variants, number, panel).simulation.over_cash
    apart = float(np.abs(engine - returns_of(variants, number)).max())
    if not apart <= TOLERANCE:
        raise EngineError(
            f"variant {number}: a day's return differs by {apart:.1e} between the kernel and "
            "vectorbt: the choices cannot be relied on; please report this"
        )
    return apart


def _config(variants: Variants, settings: Settings, scores: Scores) -> dict[str, Any]:
    return {
        "kind": "walk_forward",
        "train": settings.train,
        "test": settings.test,
        "anchored": settings.anchored,
        "by": settings.by,
        "gap": settings.gap,
        "variants": len(variants),
        "variants_hash": scores.variants_hash,
    }

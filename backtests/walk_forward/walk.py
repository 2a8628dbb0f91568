"""Choose on the past, trade what was chosen, and choose again: one account throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from backtests.inference.arrays import FloatArray
from backtests.run import Run, run_weights
from backtests.walk_forward.criterion import best, criterion
from backtests.walk_forward.reach import Reach
from backtests.walk_forward.variant_paths import VariantPaths
from backtests.walk_forward.windows import Window, windows
from data.errors import InputError
from data.panel import Panel
from data.snapshot import Snapshot
from strategies.strategy import from_start


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
    test_rank : int
        Rank among all variants on the test days, 1 for the best.
    """

    window: Window
    chosen: int
    train_score: float
    test_score: float
    test_rank: int


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """The result.

    Parameters
    ----------
    settings : Settings
        As asked for.
    reach : Reach
        Longest look-back and holding of the variants.
    paths : VariantPaths
        The variants on all days.
    steps : tuple of Step
        Windows in order.
    run : Run
        The stitched account over all test windows, costs of switching included.
    """

    settings: Settings
    reach: Reach
    paths: VariantPaths
    steps: tuple[Step, ...]
    run: Run

    @property
    def switches(self) -> int:
        """How often another variant was chosen than in the window before."""
        chosen = [step.chosen for step in self.steps]
        return sum(a != b for a, b in pairwise(chosen))

    def test_scores(self) -> FloatArray:
        """Return every variant's criterion over all test days, per day."""
        first, last = self.steps[0].window.test_first, self.steps[-1].window.test_last
        return criterion(self.settings.by)(self.paths, self.paths.rows(first, last))


def walk_forward(
    paths: VariantPaths,
    snapshot: Snapshot,
    settings: Settings,
    reach: Reach,
    *,
    name: str = "walk_forward",
    panel: Panel | None = None,
) -> WalkForward:
    """Choose a variant in each window, trade it in the next, and run the whole as one account.

    Parameters
    ----------
    paths : VariantPaths
        The variants.
    snapshot : Snapshot
        The data they were run on.
    settings : Settings
        Windows and criterion.
    reach : Reach
        Stands in the result; purge and embargo of `settings` are what is used.
    name : str
        Name of the stitched run.
    panel : Panel, optional
        ``panel_of(snapshot)``, where it is at hand.

    Raises
    ------
    TooShort
        If the days do not suffice for one window.
    """
    judge = criterion(settings.by)
    steps = []
    for window in windows(
        paths.decisions[0],
        paths.decisions[-1],
        train=settings.train,
        test=settings.test,
        gap=settings.gap,
        anchored=settings.anchored,
    ):
        before = judge(paths, paths.rows(window.train_first, window.train_last))
        after = judge(paths, paths.rows(window.test_first, window.test_last))
        chosen = best(before)
        ahead = int((np.nan_to_num(after, nan=-np.inf) > after[chosen]).sum())
        rank = ahead + 1 if np.isfinite(after[chosen]) else len(after)
        steps.append(Step(window, chosen, float(before[chosen]), float(after[chosen]), rank))
    run = run_weights(
        stitched(paths, steps),
        snapshot,
        paths.execution,
        name=name,
        title=f"Walk forward over {len(paths.rules)} variants",
        config=_config(paths, settings),
        start=steps[0].window.test_first,
        end=steps[-1].window.test_last,
        panel=panel,
    )
    return WalkForward(settings, reach, paths, tuple(steps), run)


def stitched(paths: VariantPaths, steps: Sequence[Step]) -> pd.DataFrame:
    """Return the target weights of the variants chosen, window after window.

    On the first day of a window that has another variant than the one before, the account takes
    over that variant's last order; where the variant stays, nothing is ordered that it does not
    order itself.
    """
    parts = []
    begin = 0
    for at, step in enumerate(steps):
        if at + 1 < len(steps) and steps[at + 1].chosen == step.chosen:
            continue
        first, last = steps[begin].window.test_first, step.window.test_last
        parts.append(from_start(paths.targets[step.chosen], first, last))
        begin = at + 1
    return pd.concat(parts)


def _config(paths: VariantPaths, settings: Settings) -> dict[str, Any]:
    return {
        "kind": "walk_forward",
        "train": settings.train,
        "test": settings.test,
        "anchored": settings.anchored,
        "by": settings.by,
        "gap": settings.gap,
        "variants": sorted(trial.config_hash for trial in paths.trials),
    }

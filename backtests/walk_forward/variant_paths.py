"""The daily returns of every variant on the same days, each run by the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.holding import held_weights
from backtests.inference.arrays import BoolArray, FloatArray
from backtests.run import Run, run_weights, window_of
from backtests.trials.recording import Trial, over_cash, trial_of
from data.errors import InputError
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from strategies.strategy import WeightRule, weights_of

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What one variant held during each bar.

    Parameters
    ----------
    weights, returns : ndarray, shape (T, A)
        Weights held and returns over cash (NaN where there is none) of the assets ever held.
    costs : ndarray, shape (T,)
        Costs over equity.
    """

    weights: FloatArray
    returns: FloatArray
    costs: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class VariantPaths:
    """Variants beside each other.

    Parameters
    ----------
    rules : tuple of WeightRule
        The N variants.
    varied : tuple of mapping
        What tells each from the others, for a table.
    execution : Execution
        The one they share.
    targets : tuple of DataFrame
        Target weights by decision time.
    decisions : DatetimeIndex
        Decision time of each of the T returns; the return ends a day later.
    over_cash : ndarray, shape (T, N)
        Net returns over those of cash.
    held : tuple of Held
        What each held.
    trials : tuple of Trial
        For the ledger.
    """

    rules: tuple[WeightRule, ...]
    varied: tuple[Mapping[str, Any], ...]
    execution: Execution
    targets: tuple[pd.DataFrame, ...]
    decisions: pd.DatetimeIndex
    over_cash: FloatArray
    held: tuple[Held, ...]
    trials: tuple[Trial, ...]

    def rows(self, first: pd.Timestamp, last: pd.Timestamp) -> BoolArray:
        """Return which of the T returns belong to decisions from `first` to `last`."""
        return np.asarray((self.decisions >= first) & (self.decisions <= last))


def variant_paths(
    rules: Sequence[WeightRule],
    snapshot: Snapshot,
    execution: Execution | None = None,
    *,
    varied: Sequence[Mapping[str, Any]] | None = None,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    panel: Panel | None = None,
    progress: Callable[[int], None] | None = None,
) -> VariantPaths:
    """Run variants on the same days.

    Parameters
    ----------
    rules : sequence of WeightRule
        At least two.
    snapshot : Snapshot
        What they may look at.
    execution : Execution, optional
        Costs and delay of all.
    varied : sequence of mapping, optional
        What to show of each; by default its name.
    start, end : Timestamp, optional
        First and last decision time; by default from the first day on which every variant can
        decide.
    panel : Panel, optional
        ``panel_of(snapshot)``, where it is at hand.
    progress : callable, optional
        Told after each variant how many are done.

    Raises
    ------
    InputError
        Fewer than two variants.
    """
    if len(rules) < 2:
        raise InputError(
            f"{len(rules)} variant: there is nothing to choose from, give at least two"
        )
    seen, costs = panel or panel_of(snapshot), execution or Execution()
    targets = [weights_of(rule, seen, snapshot.daily, snapshot.funding) for rule in rules]
    spans = [
        window_of(weights, snapshot, start, end, rule.name)
        for rule, weights in zip(rules, targets, strict=True)
    ]
    first, last = max(span[0] for span in spans), min(span[1] for span in spans)
    columns, held, trials = [], [], []
    decisions = pd.DatetimeIndex([])
    for rule, weights in zip(rules, targets, strict=True):
        run = run_weights(
            weights,
            snapshot,
            costs,
            name=rule.name,
            title=rule.title,
            config=rule.config,
            start=first,
            end=last,
            panel=seen,
        )
        columns.append(over_cash(run))
        held.append(_held(run, snapshot))
        trials.append(trial_of(rule.family, run, snapshot))
        decisions = pd.DatetimeIndex(run.simulation.returns.index) - DAY
        if progress is not None:
            progress(len(trials))
    shown = varied or [{"variant": rule.name} for rule in rules]
    return VariantPaths(
        rules=tuple(rules),
        varied=tuple(shown),
        execution=costs,
        targets=tuple(targets),
        decisions=decisions,
        over_cash=np.column_stack(columns),
        held=tuple(held),
        trials=tuple(trials),
    )


def _held(run: Run, snapshot: Snapshot) -> Held:
    weights, returns, costs = held_weights(run, snapshot.daily)
    return Held(
        weights.to_numpy().astype(np.float64),
        returns.to_numpy().astype(np.float64),
        costs.to_numpy().astype(np.float64),
    )

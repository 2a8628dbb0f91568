"""The field: variants and yardsticks run on the same days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.holding import excess_of, held_weights
from backtests.metrics import YEAR
from backtests.perpetuals import days_known
from backtests.run import Run, run_weights, window_of
from data.aliases import FloatArray
from data.errors import InputError, TooShort
from data.panel import Panel
from data.snapshot import Snapshot
from strategies.baselines import BASELINES, exposure_matched
from strategies.loading import load_strategy
from strategies.strategy import WeightRule, weights_of

Note: TypeAlias = Callable[[str], None]
HOLD = "buy_and_hold"
MATCHED = "exposure_matched"
LEAST_DAYS = 60
# Below this standard deviation of daily excess returns nothing is timed: a weight that never
# changes leaves rounding and the cost of the first purchase.
TIMED = 1e-4


def silent(_: str) -> None:
    """Say nothing of the progress."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One variant of a comparison.

    Parameters
    ----------
    rule : WeightRule
        The variant.
    weights : DataFrame
        Its targets at every decision time of the panel.
    run : Run
        Its backtest on the common days.
    matched : Run
        The backtest of its own mean exposure, held evenly (it cannot be traded), in the same
        perpetuals.
    held : tuple of DataFrame, DataFrame, Series
        Weights held during each bar, returns over cash and costs, as
        :func:`~backtests.holding.held_weights` gives them.
    excess : Series
        d_t = (w_t - w_bar) r_t net of costs, by bar close.
    """

    rule: WeightRule
    weights: pd.DataFrame
    run: Run
    matched: Run
    held: tuple[pd.DataFrame, pd.DataFrame, pd.Series[float]]
    excess: pd.Series[float]

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.run.name

    @property
    def daily(self) -> FloatArray:
        """The excess as an array."""
        return self.excess.to_numpy().astype(np.float64)

    @property
    def timed(self) -> bool:
        """Whether its exposure changes enough for there to be timing to measure."""
        return float(np.std(self.daily)) > TIMED


@dataclass(frozen=True, slots=True)
class Field:
    """Variants and yardsticks on the same days.

    Parameters
    ----------
    snapshot, panel, execution
        What everything ran on.
    first, last : Timestamp
        First and last decision time of every run: the latest of the variants' first decisions,
        and the end of the data; with perpetuals no day outside their funding rates.
    entrants : tuple of Entrant
        In the order given, which is no ranking.
    yardsticks : mapping of str to Run
        The baselines by name.
    funded : tuple of Timestamp or None
        First and last decision time between which all perpetuals have funding rates; ``None``
        without perpetuals.
    """

    snapshot: Snapshot
    panel: Panel
    execution: Execution
    first: pd.Timestamp
    last: pd.Timestamp
    entrants: tuple[Entrant, ...]
    yardsticks: Mapping[str, Run]
    funded: tuple[pd.Timestamp, pd.Timestamp] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variants, in the order given."""
        return tuple(entrant.name for entrant in self.entrants)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Closes of the bars that returns are measured over."""
        return pd.DatetimeIndex(self.yardsticks[HOLD].simulation.returns.index)

    @property
    def years(self) -> float:
        """Length in years of 365 days."""
        return len(self.days) / YEAR

    def runs(self) -> dict[str, Run]:
        """Return the runs of variants and yardsticks by name, variants first.

        A variant with a yardstick's name is the variant: it may hold perpetuals.
        """
        own = {entrant.name: entrant.run for entrant in self.entrants}
        rest = {name: run for name, run in self.yardsticks.items() if name not in own}
        return {**own, **rest}

    def over_cash(self, name: str) -> FloatArray:
        """Return a run's daily returns in excess of cash."""
        return self.runs()[name].simulation.over_cash

    def excesses(self) -> FloatArray:
        """Return the excess of all variants over their matched benchmarks (days x variants).

        Zero throughout for one that times nothing: what it has is rounding.
        """
        none = np.zeros(len(self.days))
        return np.column_stack(
            [entrant.daily if entrant.timed else none for entrant in self.entrants]
        )

    def again(self, entrant: Entrant, execution: Execution) -> Run:
        """Run a variant's targets on the same days with other costs."""
        return _run(self, entrant.rule, entrant.weights, execution=execution)


def rules_of(references: Sequence[str], home: Path | None = None) -> tuple[WeightRule, ...]:
    """Load the variants to compare.

    Raises
    ------
    InputError
        Fewer than two; two of one name; two of one configuration.
    PlumblineError
        What :func:`~strategies.loading.load_strategy` raises.
    """
    if len(references) < 2:
        raise InputError(
            f"a comparison needs at least two variants, got {', '.join(references) or 'none'}: "
            "`plumbline strategies list` shows what there is"
        )
    rules = tuple(load_strategy(reference, home) for reference in references)
    seen: dict[str, str] = {}
    for rule, reference in zip(rules, references, strict=True):
        for key, what in ((f"name {rule.name!r}", "name"), (rule.config_hash, "configuration")):
            if key in seen:
                raise InputError(
                    f"{seen[key]} and {reference} have the same {what}: compare different variants"
                )
            seen[key] = reference
    return rules


def assemble(
    rules: Sequence[WeightRule],
    snapshot: Snapshot,
    panel: Panel,
    execution: Execution | None = None,
    *,
    note: Note = silent,
) -> Field:
    """Run variants and yardsticks on the days on which all variants can decide.

    Parameters
    ----------
    rules : sequence of WeightRule
        The variants, in the order in which they are to be shown.
    snapshot, panel : Snapshot, Panel
        The data, and the as-of view of them.
    execution : Execution, optional
        Delay, costs and perpetuals, the same for all; the yardsticks hold coins.
    note : callable
        Told what is being done.

    Raises
    ------
    TooShort
        If less than sixty days remain on which all can decide, and perpetuals have rates.
    """
    costs = execution or Execution()
    targets = []
    for rule in rules:
        note(f"targets of {rule.name}")
        targets.append(weights_of(rule, panel, snapshot.daily, snapshot.funding))
    windows = [
        window_of(weights, snapshot, None, None, rule.name)
        for rule, weights in zip(rules, targets, strict=True)
    ]
    funded = _funded(costs, snapshot)
    if funded is not None:
        windows.append(funded)
    first, last = max(start for start, _ in windows), min(end for _, end in windows)
    if (last - first) / pd.Timedelta(days=1) < LEAST_DAYS:
        rates = " and have funding rates" if funded else ""
        raise TooShort(
            f"the variants can all decide{rates} only from {first:%Y-%m-%d} to {last:%Y-%m-%d}: at "
            f"least {LEAST_DAYS} days are needed"
        )
    bare = Field(snapshot, panel, costs, first, last, (), {}, funded)
    yardsticks = yardsticks_of(bare, note)
    entrants = []
    for rule, weights in zip(rules, targets, strict=True):
        note(f"backtest of {rule.name}")
        entrants.append(_entrant(bare, rule, weights))
    return replace(bare, entrants=tuple(entrants), yardsticks=yardsticks)


def yardsticks_of(field: Field, note: Note = silent) -> dict[str, Run]:
    """Run the yardsticks on a field's days and at its costs."""
    found = {}
    for name, rule in BASELINES.items():
        note(f"yardstick {name}")
        weights = weights_of(rule, field.panel, field.snapshot.daily, field.snapshot.funding)
        found[name] = _run(field, rule, weights, benchmark=True)
    return found


def _funded(execution: Execution, snapshot: Snapshot) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    traded = [name for name in execution.perpetuals if name in snapshot.daily.assets]
    return days_known(traded, execution.funding_venue, snapshot.funding) if traded else None


def _entrant(field: Field, rule: WeightRule, weights: pd.DataFrame) -> Entrant:
    run = _run(field, rule, weights)
    daily = field.snapshot.daily
    even = exposure_matched(weights, field.panel, daily, of=rule.name, start=field.first)
    return Entrant(
        rule=rule,
        weights=weights,
        run=run,
        matched=replace(_run(field, even, even.target_weights(field.panel, daily)), benchmark=True),
        held=held_weights(run, daily),
        excess=excess_of(run, daily),
    )


def _run(
    field: Field,
    rule: WeightRule,
    weights: pd.DataFrame,
    *,
    execution: Execution | None = None,
    benchmark: bool = False,
) -> Run:
    run = partial(run_weights, name=rule.name, title=rule.title, config=rule.config)
    return run(
        weights,
        field.snapshot,
        execution or field.execution,
        start=field.first,
        end=field.last,
        panel=field.panel,
        benchmark=benchmark,
    )

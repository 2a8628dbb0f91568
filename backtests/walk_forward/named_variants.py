"""Variants by name, for a walk forward: any rule, through a target matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.inference.arrays import FloatArray
from backtests.run import cash_rate, window_of
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.evaluate import Part
from backtests.sweep.field import Field, field_of
from backtests.sweep.pieces import Span
from backtests.sweep.screen import screen
from backtests.trials.configuration import configuration_hash
from backtests.walk_forward.variants import DAY, decisions_of
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.strategy import WeightRule, from_start, weights_of


class NamedVariants:
    """Some rules, on the days on which all of them can decide.

    Parameters
    ----------
    rules : sequence of WeightRule
        The variants.
    snapshot : Snapshot
        What they may look at.
    start, end : Timestamp, optional
        First and last decision time; by default from the first day on which every rule decides.
    execution : Execution, optional
        Costs and delay of all.

    Raises
    ------
    InputError
        If the end lies before the start.
    TooShort
        If a rule can never decide, or the data end before the start.
    """

    name = "variants"
    by_python = False

    def __init__(
        self,
        rules: Sequence[WeightRule],
        snapshot: Snapshot,
        start: pd.Timestamp | None = None,
        end: pd.Timestamp | None = None,
        execution: Execution | None = None,
    ) -> None:
        self.rules, self.snapshot = tuple(rules), snapshot
        self.execution = execution or Execution()
        panel = panel_of(snapshot)
        targets = [weights_of(rule, panel, snapshot.daily, snapshot.funding) for rule in rules]
        spans = [
            window_of(weights, snapshot, start, end, rule.name)
            for rule, weights in zip(rules, targets, strict=True)
        ]
        first, last = max(span[0] for span in spans), min(span[1] for span in spans)
        self.decisions = decisions_of(snapshot, first, last)
        self._field = self._field_of(first, last)
        self._orders = [self._orders_of(weights, first, last) for weights in targets]

    def __len__(self) -> int:
        return len(self.rules)

    def rule(self, number: int) -> WeightRule:
        """Return a rule."""
        return self.rules[number]

    def varied(self, number: int) -> Mapping[str, Any]:
        """Return a rule's name."""
        return {"variant": self.rules[number].name}

    def trials(self, span: Span) -> Sequence[tuple[str, str]]:
        """Return family and configuration hash of each rule of a span."""
        return [
            (rule.family, configuration_hash(rule.config, self.execution))
            for rule in self.rules[slice(*span)]
        ]

    def parts(self, span: Span) -> Iterator[Part]:
        """Yield the rules of a span with their daily accounts, one at a time."""
        for number in range(*span):
            batch = MatrixBatch(self._orders[number][None], terms_of(self.execution, 1))
            yield Part(
                points=np.array([number]),
                at=np.array([number - span[0]]),
                field=self._field,
                batch=batch,
                screened=screen(self._field, batch, daily=True),
            )

    def _field_of(self, first: pd.Timestamp, last: pd.Timestamp) -> Field:
        hours, snapshot = self.execution.delay_hours % 24, self.snapshot
        return field_of(
            snapshot.daily.until(last + DAY),
            pd.date_range(first, last, freq="D", unit="us"),
            cash_rate(panel_of(snapshot)).loc[first:last],
            self.execution,
            snapshot.hourly if hours else None,
            snapshot.funding if self.execution.perpetuals else None,
        )

    def _orders_of(
        self, weights: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
    ) -> FloatArray:
        orders = from_start(weights, first, last)[list(self._field.assets)]
        return np.ascontiguousarray(orders.to_numpy().astype(np.float64))

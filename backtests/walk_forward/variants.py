"""What is chosen from: variants beside each other, run by the screening kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from backtests.execution import Execution
from backtests.inference.arrays import FloatArray
from backtests.run import Run, backtest
from backtests.sweep.evaluate import Part
from backtests.sweep.pieces import Span
from data.panel import Panel
from data.snapshot import Snapshot
from strategies.strategy import WeightRule

DAY = pd.Timedelta(days=1)


class Variants(Protocol):
    """N variants over the same days, with one execution."""

    @property
    def name(self) -> str:
        """Name of the stitched run."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """What they may look at."""
        ...

    @property
    def execution(self) -> Execution:
        """Costs and delay of all."""
        ...

    @property
    def decisions(self) -> pd.DatetimeIndex:
        """Decision time of each of the T returns; the return ends a day later."""
        ...

    @property
    def by_python(self) -> bool:
        """Whether Python takes part in computing them."""
        ...

    def __len__(self) -> int:
        """N."""
        ...

    def rule(self, number: int) -> WeightRule:
        """Return a variant's rule."""
        ...

    def varied(self, number: int) -> Mapping[str, Any]:
        """Return what tells a variant from the others, for a table."""
        ...

    def trials(self, span: Span) -> Sequence[tuple[str, str]]:
        """Return family and configuration hash of each variant of a span."""
        ...

    def parts(self, span: Span) -> Iterator[Part]:
        """Yield the variants of a span with their daily accounts, some at a time."""
        ...


def decisions_of(snapshot: Snapshot, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the decision times from `first` to `last` that a bar follows."""
    closes = snapshot.daily.index
    return pd.DatetimeIndex(closes[(closes > first) & (closes <= last + DAY)] - DAY)


def returns_of(variants: Variants, number: int) -> FloatArray:
    """Return one variant's daily net returns over those of cash, decimal, shape (T,)."""
    (part,) = variants.parts((number, number + 1))
    only: FloatArray = part.over_cash[0]
    return only


def engine_run(variants: Variants, number: int, panel: Panel) -> Run:
    """Return the engine's backtest of a variant on all days."""
    return backtest(
        variants.rule(number),
        variants.snapshot,
        variants.execution,
        start=variants.decisions[0],
        end=variants.decisions[-1],
        panel=panel,
    )

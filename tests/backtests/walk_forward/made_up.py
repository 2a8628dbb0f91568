"""Variants whose returns are made up, for what needs no kernel and no engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.evaluate import Part
from backtests.sweep.field import Field
from backtests.sweep.screen import Daily, Screened
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.strategy import WeightRule

FIRST = pd.Timestamp("2020-01-01", tz="UTC")
DAY = pd.Timedelta(days=1)


class MadeUp:
    """N variants with the given returns over cash, shape (T, N); cash earns nothing."""

    name, by_python = "made_up", False
    snapshot: Snapshot

    def __init__(self, returns: np.ndarray, status: Sequence[int] | None = None) -> None:
        self.returns, self.execution = returns, Execution()
        self.status = np.array(status or [0] * returns.shape[1])
        self.decisions = pd.date_range(FIRST, periods=len(returns), freq="D")
        self.asked: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return int(self.returns.shape[1])

    def rule(self, number: int) -> WeightRule:
        return list(BASELINES.values())[number % len(BASELINES)]

    def varied(self, number: int) -> Mapping[str, Any]:
        return {"number": number}

    def trials(self, span: tuple[int, int]) -> Sequence[tuple[str, str]]:
        return [("f", f"{number:064x}") for number in range(*span)]

    def parts(self, span: tuple[int, int]) -> Iterator[Part]:
        """Two parts, the later variants first."""
        self.asked.append(span)
        numbers = np.arange(*span)
        middle = (len(numbers) + 1) // 2
        for at in (np.arange(middle, len(numbers)), np.arange(middle)):
            if len(at):
                yield self._part(numbers[at], at)

    def _part(self, numbers: np.ndarray, at: np.ndarray) -> Part:
        count, bars = len(numbers), len(self.returns)
        steps = 1.0 + self.returns[:, numbers].T
        values = np.column_stack([np.ones(count), np.cumprod(steps, axis=1)])
        values[self.status[numbers] != 0] = np.nan
        daily = Daily(values, np.ones((count, bars), dtype=bool), np.full((count, 1), 0.5))
        screened = Screened(
            np.zeros((count, 11)), np.zeros((count, 16)), self.status[numbers], daily
        )
        batch = MatrixBatch(np.zeros((count, bars, 1)), terms_of(self.execution, count))
        return Part(numbers, at, field(self.decisions), batch, screened)


def field(decisions: pd.DatetimeIndex) -> Field:
    """BTC at one price, and cash that earns nothing."""
    shape = (len(decisions), 1)
    return Field(
        assets=("BTC",),
        decisions=decisions,
        closes=decisions + DAY,
        to_fill=np.ones(shape),
        to_close=np.ones(shape),
        tradable=np.ones(shape, dtype=bool),
        exits=np.zeros(shape, dtype=bool),
        priced=np.ones(shape, dtype=bool),
        range_slippage=np.zeros(shape),
        lent=np.zeros((len(decisions), 2)),
        days=np.array([0.0, 1.0]),
        perpetuals=np.zeros(0, dtype=np.int64),
        funding=np.zeros((len(decisions), 0, 2)),
        execution=Execution(),
    )

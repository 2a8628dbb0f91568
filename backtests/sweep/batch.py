"""Batches of variants: parameters of rules the kernel knows, or target weights of any rule."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from backtests.execution import BASIS_POINT, Execution
from backtests.sweep.paths import Paths
from data.aliases import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Terms:
    """What each of V variants pays, and how late it trades.

    Parameters
    ----------
    fee, slippage : array (V,)
        Decimal shares of the traded value and of the price.
    borrow : array (V,)
        Spread on borrowed cash, decimal a year.
    delay : int array (V,)
        Whole days between a decision and its fill, beyond the field's hours.
    """

    fee: FloatArray
    slippage: FloatArray
    borrow: FloatArray
    delay: IntArray

    def __len__(self) -> int:
        return len(self.fee)

    def part(self, chosen: slice) -> Terms:
        """Return the terms of some of the variants."""
        return Terms(*(getattr(self, field.name)[chosen] for field in fields(self)))


def terms_of(execution: Execution, count: int) -> Terms:
    """Return an execution's terms for `count` variants."""
    return Terms(
        fee=np.full(count, execution.fee),
        slippage=np.full(count, execution.slippage),
        borrow=np.full(count, execution.borrow_bp * BASIS_POINT),
        delay=np.full(count, execution.delay_hours // 24, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class MatrixBatch:
    """Target weights of V variants.

    Parameters
    ----------
    weights : array (V, D, A)
        By variant, decision time and asset of the field; a row with a NaN is no order. What the
        weights leave is cash; negative weights are short, negative cash is borrowed. The first row
        is the order in force at the start (see :func:`strategies.strategy.from_start`).
    terms : Terms
    """

    weights: FloatArray
    terms: Terms

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class NativeBatch:
    """Parameters of V variants, one row each, that the kernel decides itself.

    Made by :func:`backtests.sweep.native.native_batch`.

    Parameters
    ----------
    paths : Paths
        What the rules look at; the index arrays below point into it.
    terms : Terms
    proportional : bool array (V,)
        Exposure rule: proportional, else threshold.
    path : int array (V,)
        Column of ``paths.signals``.
    enter, leave : array (V,)
        Levels of a threshold; of a proportional rule `enter` is the slope.
    unit : int array (V,)
        Allocation: place in ``paths.units``.
    weekly : bool array (V,)
        Orders on Fridays only.
    gross : array (V,)
        Highest gross exposure; infinite for none.
    target, ceiling : array (V,)
        Volatility target and the highest factor; an infinite target for none.
    volatility : int array (V,)
        Column of ``paths.volatilities``.
    gross_first : bool array (V,)
        Whether the highest gross exposure applies before the volatility target.
    limit : array (V,)
        Loss that stops; infinite for no drawdown stop.
    pause : int array (V,)
        Days in cash at least.
    rising : int array (V,)
        Column of ``paths.rising``.
    hold : int array (V,)
        Days of the minimum holding; 0 for none.
    band : array (V,)
        Width of the rebalance band; negative for none.
    late : int array (V, 3)
        Overlays that look at holdings, in their order: 0 none, 1 drawdown stop, 2 minimum
        holding, 3 rebalance band.
    """

    paths: Paths
    terms: Terms
    proportional: BoolArray
    path: IntArray
    enter: FloatArray
    leave: FloatArray
    unit: IntArray
    weekly: BoolArray
    gross: FloatArray
    target: FloatArray
    ceiling: FloatArray
    volatility: IntArray
    gross_first: BoolArray
    limit: FloatArray
    pause: IntArray
    rising: IntArray
    hold: IntArray
    band: FloatArray
    late: IntArray

    def __len__(self) -> int:
        return len(self.path)

    def part(self, chosen: slice) -> NativeBatch:
        """Return some of the variants."""
        shared = ("paths", "terms")
        columns = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if field.name not in shared
        }
        return replace(self, terms=self.terms.part(chosen), **columns)

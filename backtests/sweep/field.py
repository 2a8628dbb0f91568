"""What all variants of a screening share: bars, fill prices, interest, and what is special.

Everything here follows from :func:`backtests.orders.orders`, so that a screening fills on the same
bars, at the same prices and with the same exceptions as the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.orders import DAY
from data.aliases import BoolArray, FloatArray
from data.bars import Bars


@dataclass(frozen=True, slots=True)
class Field:
    """Daily bars of A assets, N of them, as every variant meets them.

    Holdings are kept in dollars: two factors a bar carry them from close to fill and from fill to
    close.

    Parameters
    ----------
    assets : tuple of str
        Columns of the matrices; cash is not among them.
    decisions : DatetimeIndex
        Decision times D, gap-free daily; the first bar closes a day after the first of them.
    closes : DatetimeIndex
        Close times of the N bars.
    to_fill, to_close : array (N, A)
        Value at the fill moment over that at the last close, and at the close over that at the
        fill moment; 1 where there is no price.
    tradable : bool array (N, A)
        Where an order can fill.
    exits : bool array (N, A)
        Forced exits of delisted assets.
    range_slippage : array (N, A)
        Slippage beyond a variant's fixed part: ``slippage_range`` times the last known range.
    lent : array (N, 2)
        Interest of one dollar up to the fill moment and from there to the close, decimal.
    days : array (2,)
        Share of a day in each of the two spans.
    execution : Execution
        What the variants share: the hours of the delay within a day, ``slippage_range``,
        ``initial_cash``, ``delisting_discount``. Fee, slippage, spread and whole days of delay are
        the variants' own.
    """

    assets: tuple[str, ...]
    decisions: pd.DatetimeIndex
    closes: pd.DatetimeIndex
    to_fill: FloatArray
    to_close: FloatArray
    tradable: BoolArray
    exits: BoolArray
    range_slippage: FloatArray
    lent: FloatArray
    days: FloatArray
    execution: Execution

    @property
    def shape(self) -> tuple[int, int]:
        """Bars and assets."""
        return self.to_fill.shape[0], self.to_fill.shape[1]


def field_of(
    bars: Bars,
    decisions: pd.DatetimeIndex,
    cash_rate: pd.Series[float],
    execution: Execution,
    hourly: Bars | None = None,
) -> Field:
    """Return the field of all assets in `bars` from the first decision to the last bar.

    Parameters
    ----------
    bars : Bars
        Daily bars of the assets that may be held.
    decisions : DatetimeIndex
        Decision times (00:00 UTC), one a day without a gap.
    cash_rate : Series
        Percent a year by decision time; needed for each day of the run.
    execution : Execution
        See :class:`Field`; its whole days of delay, fee, slippage and spread are left to the
        variants.
    hourly : Bars, optional
        Hourly bars, for a delay that is not of whole days.

    Raises
    ------
    EngineError
        Input that cannot be run on; as :func:`backtests.engine.simulate`.
    """
    raise AssertionError


_ = (np, DAY)

"""What all variants of a screening share: bars, fill prices, interest, and what is special.

Everything here follows from :func:`backtests.orders.orders`, so that a screening fills on the same
bars, at the same prices and with the same exceptions as the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from backtests.cash import CASH, growth, rates_of
from backtests.execution import Execution
from backtests.orders import DAY, orders
from backtests.perpetuals import Charges, charges
from data.aliases import BoolArray, FloatArray, IntArray
from data.bars import Bars
from data.errors import EngineError


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
    priced : bool array (N, A)
        Whether the asset has had a close before the bar and is not delisted: it may be held.
    range_slippage : array (N, A)
        Slippage beyond a variant's fixed part: ``slippage_range`` times the last known range.
    lent : array (N, 2)
        Interest of one dollar up to the fill moment and from there to the close, decimal.
    days : array (2,)
        Share of a day in each of the two spans.
    perpetuals : int array (P,)
        Columns of the assets that are perpetuals.
    funding : array (N, P, 2)
        What they pay before the fill and after it, as shares of the position's value at the price
        of the fill moment and at the close; NaN where a rate is missing.
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
    priced: BoolArray
    range_slippage: FloatArray
    lent: FloatArray
    days: FloatArray
    perpetuals: IntArray
    funding: FloatArray
    execution: Execution

    @property
    def shape(self) -> tuple[int, int]:
        """Bars and assets."""
        return self.to_fill.shape[0], self.to_fill.shape[1]

    def until(self, bars: int) -> Field:
        """Return the field that ends with its first so many bars."""
        return replace(
            self,
            decisions=self.decisions[:bars],
            closes=self.closes[:bars],
            to_fill=self.to_fill[:bars],
            to_close=self.to_close[:bars],
            tradable=self.tradable[:bars],
            exits=self.exits[:bars],
            priced=self.priced[:bars],
            range_slippage=self.range_slippage[:bars],
            lent=self.lent[:bars],
            funding=self.funding[:bars],
        )


def field_of(
    bars: Bars,
    decisions: pd.DatetimeIndex,
    cash_rate: pd.Series[float],
    execution: Execution,
    hourly: Bars | None = None,
    funding: pd.DataFrame | None = None,
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
    funding : DataFrame, optional
        Funding rates of the perpetuals; see :func:`backtests.perpetuals.charges`.

    Raises
    ------
    EngineError
        Input that cannot be run on; as :func:`backtests.engine.simulate`.
    MissingSeries
        A perpetual among the assets without any funding rates.
    UnknownName
        A venue without rates of a perpetual.
    """
    if len(decisions) == 0 or (len(decisions) - 1) * DAY != decisions[-1] - decisions[0]:
        raise EngineError("a screening needs one decision time a day, without a gap")
    hours = replace(execution, delay_hours=execution.delay_hours % 24, slippage_bp=0.0)
    # Something is wanted of every asset on every day, so that every price is asked for.
    every = pd.date_range(decisions[0], max(decisions[-1], bars.index[-1] - DAY), freq=DAY)
    weights = pd.DataFrame(1.0 / len(bars.assets), index=every, columns=list(bars.assets))
    plan = orders(weights.assign(**{CASH: 0.0}), bars, hours, hourly)
    last_close = np.vstack([np.full((1, len(plan.assets)), np.nan), plan.mark_close[:-1]])
    days = np.array([plan.fill_at, 1.0 - plan.fill_at])
    gone = np.logical_or.accumulate(plan.exits, axis=0) & ~plan.exits
    perpetuals, paid = _charged(charges(plan, hours, funding), len(plan.closes))
    return Field(
        assets=plan.assets,
        decisions=decisions,
        closes=plan.closes,
        to_fill=_factor(plan.mark_fill, last_close),
        to_close=_factor(plan.mark_close, plan.mark_fill),
        tradable=(plan.why_not == "") & ~np.isnan(plan.price),
        exits=plan.exits,
        priced=~np.isnan(last_close) & ~gone,
        range_slippage=np.where(plan.exits, 0.0, np.nan_to_num(plan.slippage)),
        lent=_interest(cash_rate, plan.closes, days),
        days=days,
        perpetuals=perpetuals,
        funding=paid,
        execution=hours,
    )


def _factor(after: FloatArray, before: FloatArray) -> FloatArray:
    factors: FloatArray = after / before
    return np.ascontiguousarray(np.where(np.isnan(factors), 1.0, factors))


def _charged(charged: Charges | None, bars: int) -> tuple[IntArray, FloatArray]:
    """Return the columns of the perpetuals, and their funding at each fill and close."""
    if charged is None:
        return np.zeros(0, dtype=np.int64), np.zeros((bars, 0, 2))
    chosen = np.flatnonzero(charged.perpetual).astype(np.int64)
    both = np.stack([charged.rate_before[:, chosen], charged.rate_after[:, chosen]], axis=2)
    return chosen, np.ascontiguousarray(both)


def _interest(
    cash_rate: pd.Series[float], closes: pd.DatetimeIndex, days: FloatArray
) -> FloatArray:
    percent = rates_of(cash_rate, closes)[:, None]
    lent = np.zeros((len(closes), 1), dtype=bool)
    return np.ascontiguousarray(growth(percent, lent, 0.0, days[None, :]) - 1.0)

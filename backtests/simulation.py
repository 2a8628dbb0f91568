"""What a simulation leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.cash import CASH
from backtests.execution import Execution
from data.aliases import FloatArray


@dataclass(frozen=True, slots=True)
class Simulation:
    """Trades, holdings, equity and costs of one backtest.

    Series and frames by close time start with the first decision, before any fill.

    Parameters
    ----------
    weights : DataFrame
        Target weights as given, by decision time.
    fills : DataFrame
        One row a trade, by fill time: ``decision_time`` (NaT when forced), ``fill_time``,
        ``asset``, ``side`` ("buy", "sell"), ``size`` (coins), ``price`` (slippage included),
        ``fee``, ``slippage_cost`` (USD; of a delisting the discount), ``reason`` ("" or
        "delisted"). Movements of cash are no trades.
    unfilled : DataFrame
        Orders that could not fill, or not wholly: ``decision_time``, ``due`` (open of the bar's
        day or the delayed moment), ``asset``, ``wanted`` weight, ``got`` weight, ``reason``.
    frozen : DataFrame
        Holdings through bars without a price, valued at the last close: ``asset``, ``first``
        and ``last`` close time without a price, ``bars``, ``weight`` at the first.
    equity : Series
        Value at each close, USD, after all costs.
    held : DataFrame
        Weights held at each close, drift included, cash among them.
    traded : Series
        Turnover of each bar, one-sided: the larger of purchases and sales over the value before
        them.
    cash_returns : Series
        Return of lent cash over each bar, decimal; the first is missing.
    costs : mapping of str to float
        USD: ``fees``, ``slippage``, ``delisting`` (discounts), ``borrow`` (interest paid on
        negative cash), ``interest`` (earned on positive cash, no cost) and ``funding`` (paid on
        perpetuals less received, hence negative when more came in).
    execution : Execution
        What it was run with.
    funding : DataFrame or None
        Bar close x perpetuals: what one coin held through the bar to its close pays, USD, see
        :meth:`backtests.perpetuals.Charges.held_through`; ``None`` without perpetuals.
    """

    weights: pd.DataFrame
    fills: pd.DataFrame
    unfilled: pd.DataFrame
    frozen: pd.DataFrame
    equity: pd.Series[float]
    held: pd.DataFrame
    traded: pd.Series[float]
    cash_returns: pd.Series[float]
    costs: Mapping[str, float]
    execution: Execution
    funding: pd.DataFrame | None = None

    @property
    def returns(self) -> pd.Series[float]:
        """Decimal return of each bar, net of all costs, by close time; one fewer than equity."""
        return self.equity.pct_change().iloc[1:].rename("return")

    @property
    def over_cash(self) -> FloatArray:
        """Returns less those of cash over the same bars, decimal, shape (T,)."""
        over = self.returns - self.cash_returns.iloc[1:]
        return over.to_numpy().astype(np.float64)

    @property
    def exposure(self) -> pd.Series[float]:
        """Gross weight of all assets but cash at each close, drift included."""
        return self.held.drop(columns=CASH).abs().sum(axis=1).rename("exposure")

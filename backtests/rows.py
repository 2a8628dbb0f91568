"""The rows of a simulation: the moments of each bar, cash as a column, and what is paid out of it.

Pure arithmetic on arrays of shape (bars, moments, columns); the engine hands them to vectorbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.orders import Orders
from data.aliases import BoolArray, FloatArray

# Value of a unit of the column through which money is paid; zero is not allowed.
WORTHLESS = 1e-300

Values = TypeVar("Values", FloatArray, BoolArray)


@dataclass(frozen=True, slots=True)
class Rows:
    """What is simulated, each of shape (bars, moments, columns).

    Parameters
    ----------
    mark : array
        Values used for holdings.
    price : array
        Prices of orders before slippage; NaN where nothing trades.
    size : array
        Wanted share of the account, or units to buy; NaN where there is no order.
    share : bool array
        Whether the size is a share.
    fees, slippage : array
        Shares of the traded value and of the price.
    """

    mark: FloatArray
    price: FloatArray
    size: FloatArray
    share: BoolArray
    fees: FloatArray
    slippage: FloatArray


def rows_of(plan: Orders, execution: Execution, cost: FloatArray, cash_price: FloatArray) -> Rows:
    """Return two rows a bar, the fill and the close; the last column is cash.

    Parameters
    ----------
    plan : Orders
        Targets, prices and marks.
    execution : Execution
        The fee.
    cost : array (N,)
        Costs of each bar over the value before its trades: targets are scaled by the rest.
    cash_price : array (N, 2)
        Value of a unit of cash at the fill and at the close.
    """
    fee, slippage = np.where(plan.exits, 0.0, execution.fee), np.nan_to_num(plan.slippage)
    mark = with_cash(plan.mark_fill, plan.mark_close, cash_price)
    size, share = _sizes(plan, cost, mark.shape)
    return Rows(
        mark=mark,
        price=with_cash(plan.price, plan.price, cash_price[:, [0, 0]]),
        size=size,
        share=share,
        fees=with_cash(fee, fee, np.zeros_like(cash_price)),
        slippage=with_cash(slippage, slippage, np.zeros_like(cash_price)),
    )


def with_cash(at_fill: FloatArray, at_close: FloatArray, cash: FloatArray) -> FloatArray:
    """Stack two moments of a bar and the cash column: (bars, 2, assets + 1)."""
    return np.concatenate([np.stack([at_fill, at_close], axis=1), cash[:, :, None]], axis=2)


def _sizes(plan: Orders, cost: FloatArray, shape: tuple[int, ...]) -> tuple[FloatArray, BoolArray]:
    """Order sizes: target shares at the fill, then all that remains into cash."""
    size = np.full(shape, np.nan)
    kept = np.maximum(1.0 - cost[:, None], 0.0)
    size[:, 0, :-1] = np.where(np.isnan(plan.price), np.nan, plan.targets * kept)
    size[:, 0, :-1][plan.exits] = 0.0
    # A short position that is forced out needs money: borrow it for the moment of the fill.
    standing = pd.DataFrame(plan.targets).ffill().fillna(0.0).abs().sum(axis=1).to_numpy()
    on_table = np.where(plan.ordered, np.minimum(plan.cash_target, 0.0) * kept[:, 0], -1 - standing)
    size[plan.active, 0, -1] = on_table[plan.active]
    swept = plan.active.copy()
    swept[0] = True
    size[swept, 1, -1] = np.inf
    share = np.ones(shape, dtype=bool)
    share[:, 1, -1] = False
    return size, share


def with_payments(rows: Rows, paid: FloatArray, cash_price: FloatArray, scale: float) -> Rows:
    """Return three rows a bar: what is due by a fill leaves cash, or comes in, before it.

    A column is added: a unit of it is worth nothing and is bought for what is to be paid, or sold
    for what is received, against cash sold or bought.

    Parameters
    ----------
    rows : Rows
        As from :func:`rows_of`.
    paid : array (N, 2)
        Due at each fill and at each close, USD; the latter leaves with the next payment and bears
        no interest until then.
    cash_price : array (N, 2)
        Value of a unit of cash at the fill and at the close.
    scale : float
        Units of account to a dollar.
    """
    late = np.r_[0.0, paid[:-1, 1] / cash_price[:-1, 1]] * cash_price[:, 0]
    due, cash = paid[:, 0] + late, rows.mark.shape[2] - 1
    mark, price, size = _larger(rows.mark, WORTHLESS), _larger(rows.price), _larger(rows.size)
    mark[:, 0, :-1] = rows.mark[:, 0]
    price[:, 0, cash] = cash_price[:, 0]
    price[:, 0, -1] = np.where(due == 0.0, np.nan, np.abs(due))
    size[:, 0, -1] = np.sign(due) * scale
    size[:, 0, cash] = np.select(
        [due > 0.0, due < 0.0], [-due / cash_price[:, 0] * scale, np.inf], default=np.nan
    )
    return Rows(
        mark=mark,
        price=price,
        size=size,
        share=_larger(rows.share, False),
        fees=_larger(rows.fees, 0.0),
        slippage=_larger(rows.slippage, 0.0),
    )


def _larger(values: Values, others: float = np.nan) -> Values:
    bars, moments, columns = values.shape
    larger = np.full((bars, moments + 1, columns + 1), others, dtype=values.dtype)
    larger[:, 1:, :-1] = values
    return larger

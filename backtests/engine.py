"""The backtest engine: vectorbt, told exactly what to do.

How a day is run
----------------
Each daily bar is two rows of a vectorbt simulation with shared cash: the moment of the fill and
the close. At the fill cash is laid on the table (or borrowed, as far as the target says), sales
go before purchases, purchases from the smallest to the largest while the money lasts; what then
remains goes back into cash, a column of its own that accrues interest. So

- the weights held right after a fill, on the value *after* costs, are exactly the targets;
- cash takes what could not be traded; and nobody spends money that sits in a halted coin: the
  largest purchases fill partly instead, and that is listed.

vectorbt sizes orders on the value before costs. The targets are therefore scaled by
1 - costs / value of their bar, with the costs of the run before, and the run is repeated until
they repeat: the error shrinks by the cost rate at each pass, six passes at ordinary costs.

This module is vectorbt's only home and importing it takes seconds: import it where a backtest
is run, not at the top of a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from vectorbt.portfolio import dispatch
from vectorbt.portfolio.enums import Direction, OrderSide, SizeType

from backtests.account import ROUNDING, Account, report
from backtests.cash import price_path, rates_of
from backtests.execution import Execution
from backtests.orders import Orders, orders
from backtests.simulation import Simulation
from data.aliases import BoolArray, FloatArray, IntArray
from data.bars import Bars
from data.errors import EngineError

__all__ = ["Simulation", "simulate"]

# A bar depends on those before it only: each has so many passes once they have settled.
MAX_PASSES = 100
SETTLED = 1e-14
# vectorbt takes amounts below 1e-12 for zero. The account is run in units of 2**-40 dollars
# (exact in binary), so that this never bites.
SCALE = 2.0**40


def simulate(
    weights: pd.DataFrame,
    bars: Bars,
    cash_rate: pd.Series[float],
    execution: Execution,
    hourly: Bars | None = None,
) -> Simulation:
    """Trade target weights over daily bars, from the first decision to the last bar.

    A decision at *t* has seen the bar that closed at *t*. It fills at the next bar's open, or
    later by the delay, never at a price of the bar it has seen.

    Parameters
    ----------
    weights : DataFrame
        Target weights by decision time (00:00 UTC), one column an asset and ``CASH``. A row
        sums to 1; negative weights are short, negative cash is borrowed. A row of NaN, or no
        row, is no order.
    bars : Bars
        Daily bars of every asset in `weights`.
    cash_rate : Series
        Percent a year by decision time, as known then; needed for each day from the first
        decision to the last bar.
    execution : Execution
        Delay, costs and the initial cash.
    hourly : Bars, optional
        Hourly bars, for delays that are not whole days.

    Returns
    -------
    Simulation

    Raises
    ------
    EngineError
        Input that cannot be run on, named with its date and value; or an account that is ruined
        (its value falls below zero or to a billionth of its peak).
    UnknownName
        A weight for an asset without bars.

    Notes
    -----
    Short sales pay no fee beyond those on trades, and their proceeds earn the cash rate.
    """
    plan = orders(weights, bars, execution, hourly)
    rate = rates_of(cash_rate, plan.closes)
    account = _settle(plan, rate, execution)
    return report(weights, plan, rate, account, execution)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One run of vectorbt and what the next one is sized with."""

    portfolio: vbt.Portfolio
    cash_price: FloatArray
    before: FloatArray
    after: FloatArray
    value: FloatArray  # (bars, 2): before the fill's trades and at the close
    share: FloatArray  # costs of each bar over the value before its trades
    borrowed: BoolArray  # (bars, 2): whether cash is negative before the fill and after it


def _settle(plan: Orders, rate: FloatArray, execution: Execution) -> Account:
    """Repeat the run until its costs and the signs of cash are those it was sized with."""
    share = np.zeros(len(plan.closes))
    owing = pd.Series(plan.cash_target).ffill().fillna(0.0).to_numpy() < 0
    borrowed = np.column_stack([np.r_[False, owing[:-1]], owing])
    waited, furthest = 0, -1
    while waited < MAX_PASSES:
        done = _run(plan, rate, execution, share, borrowed)
        same = (np.abs(done.share - share) <= SETTLED) & (done.borrowed == borrowed).all(axis=1)
        settled = len(same) if same.all() else int(same.argmin())
        _check_solvent(plan, done.value[:settled], execution.initial_cash)
        if settled == len(same):
            return _account(plan, done)
        _release(done.portfolio)
        share, borrowed = done.share, done.borrowed
        waited = 0 if settled > furthest else waited + 1
        furthest = max(settled, furthest)
    raise EngineError(
        f"costs do not settle on the bar closing at {plan.closes[settled]:%Y-%m-%d}: with these "
        "fees, slippage and leverage trading would cost more than there is"
    )


def _check_solvent(plan: Orders, value: FloatArray, initial_cash: float) -> None:
    if not len(value):
        return
    peak = np.maximum(np.maximum.accumulate(value.max(axis=1)), initial_cash)
    ruined = value.min(axis=1) <= ROUNDING * peak
    if ruined.any():
        row = int(ruined.argmax())
        raise EngineError(
            f"the account is ruined on the bar closing at {plan.closes[row]:%Y-%m-%d}: its value "
            f"is {value[row].min():,.2f}; use less leverage or smaller shorts"
        )


def _account(plan: Orders, done: _Pass) -> Account:
    trades = _trades(done.portfolio.order_records, plan)
    close = done.portfolio.value().to_numpy()[1::2] / SCALE
    _release(done.portfolio)
    return Account(
        before=done.before,
        after=done.after,
        cash_price=done.cash_price,
        value=np.column_stack([done.value[:, 0], close]),
        trades=pd.DataFrame(trades),
        cost=_cost(trades, len(plan.closes)),
    )


def _run(
    plan: Orders, rate: FloatArray, execution: Execution, share: FloatArray, borrowed: BoolArray
) -> _Pass:
    """Run vectorbt once, with targets scaled by 1 - `share` of costs."""
    shape = (len(plan.closes), 2, len(plan.assets) + 1)
    cash_price = price_path(rate, borrowed, execution.borrow_bp, plan.fill_at)
    mark = _with_cash(plan.mark_fill, plan.mark_close, cash_price)
    size, size_type = _sizes(plan, share, shape)
    fee, slippage = np.where(plan.exits, 0.0, execution.fee), np.nan_to_num(plan.slippage)
    portfolio = _portfolio(
        mark,
        _with_cash(plan.price, plan.price, cash_price[:, [0, 0]]),
        size,
        size_type,
        _with_cash(fee, fee, np.zeros_like(cash_price)),
        _with_cash(slippage, slippage, np.zeros_like(cash_price)),
        execution.initial_cash * cash_price[0, 0],
    )
    after = _units(portfolio.order_records, shape)
    before = np.vstack([np.zeros(shape[2]), after[:-1]])
    before[0, -1] = execution.initial_cash
    worth = np.nan_to_num(mark)
    value = np.column_stack([(before * worth[:, 0]).sum(axis=1), (after * worth[:, 1]).sum(axis=1)])
    cost = _cost(_trades(portfolio.order_records, plan), len(plan.closes))
    cash = np.column_stack([before[:, -1], after[:, -1]])
    return _Pass(
        portfolio=portfolio,
        cash_price=cash_price,
        before=before,
        after=after,
        value=value,
        share=np.divide(cost, value[:, 0], out=np.zeros_like(cost), where=value[:, 0] > 0),
        borrowed=cash < -ROUNDING * np.abs(value),
    )


def _portfolio(
    mark: FloatArray,
    price: FloatArray,
    size: FloatArray,
    size_type: IntArray,
    fees: FloatArray,
    slippage: FloatArray,
    initial_cash: float,
) -> vbt.Portfolio:
    """Call vectorbt; every setting is given, so that the user's own vectorbt settings are not."""
    rows = [array.reshape(-1, array.shape[-1]) for array in (mark, price, size, fees, slippage)]
    if any(array.shape != rows[0].shape or array.dtype != np.float64 for array in rows):
        raise AssertionError("matrices of different shapes or types")
    close, at, target, fee, slip = rows
    return vbt.Portfolio.from_orders(
        close,
        size=target,
        size_type=size_type.reshape(close.shape),
        direction=Direction.Both,
        price=at,
        val_price=close,
        fees=fee,
        slippage=slip,
        fixed_fees=0.0,
        min_size=0.0,
        max_size=np.inf,
        size_granularity=np.nan,
        reject_prob=0.0,
        lock_cash=False,
        allow_partial=True,
        raise_reject=False,
        log=False,
        init_cash=initial_cash * SCALE,
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
        ffill_val_price=True,
        update_value=False,
        fillna_close=False,
        freq="12h",
    )


def _units(
    records: np.ndarray[tuple[int], np.dtype[np.void]], shape: tuple[int, int, int]
) -> FloatArray:
    """Units held after each bar's fill, as vectorbt adds them up."""
    flow = np.zeros(shape).reshape(-1, shape[2])
    sign = np.where(records["side"] == OrderSide.Buy, 1.0, -1.0)
    flow[records["idx"], records["col"]] = sign * records["size"]
    units: FloatArray = dispatch.assets(flow)[1::2] / SCALE
    return units


def _release(portfolio: vbt.Portfolio) -> None:
    """Let go of a portfolio's arrays: it refers to itself and would keep them for long."""
    vars(portfolio).clear()


def _with_cash(at_fill: FloatArray, at_close: FloatArray, cash: FloatArray) -> FloatArray:
    """Stack two moments of a bar and the cash column: (bars, 2, assets + 1)."""
    return np.concatenate([np.stack([at_fill, at_close], axis=1), cash[:, :, None]], axis=2)


def _sizes(
    plan: Orders, share: FloatArray, shape: tuple[int, int, int]
) -> tuple[FloatArray, IntArray]:
    """Order sizes and their types: target shares at the fill, then all that remains into cash."""
    size = np.full(shape, np.nan)
    kept = np.maximum(1.0 - share[:, None], 0.0)
    size[:, 0, :-1] = np.where(np.isnan(plan.price), np.nan, plan.targets * kept)
    size[:, 0, :-1][plan.exits] = 0.0
    # A short position that is forced out needs money: borrow it for the moment of the fill.
    standing = pd.DataFrame(plan.targets).ffill().fillna(0.0).abs().sum(axis=1).to_numpy()
    on_table = np.where(plan.ordered, np.minimum(plan.cash_target, 0.0) * kept[:, 0], -1 - standing)
    size[plan.active, 0, -1] = on_table[plan.active]
    swept = plan.active.copy()
    swept[0] = True
    size[swept, 1, -1] = np.inf
    size_type = np.full(shape, SizeType.TargetPercent, dtype=np.int64)
    size_type[:, 1, -1] = SizeType.Amount
    return size, size_type


def _trades(
    records: np.ndarray[tuple[int], np.dtype[np.void]], plan: Orders
) -> dict[str, np.ndarray[tuple[int], np.dtype[Any]]]:
    """Trades in assets as columns, money in dollars; see :class:`Account`."""
    kept = records[records["col"] < len(plan.assets)]
    row, column = kept["idx"] // 2, kept["col"]
    size = kept["size"] / SCALE
    quote = plan.price[row, column]
    return {
        "row": row,
        "column": column,
        "buy": kept["side"] == OrderSide.Buy,
        "size": size,
        "quote": quote,
        "price": kept["price"],
        "fee": kept["fees"] / SCALE,
        "slippage_cost": size * np.abs(kept["price"] - quote),
        "forced": plan.exits[row, column],
    }


def _cost(trades: Mapping[str, np.ndarray[tuple[int], np.dtype[Any]]], bars: int) -> FloatArray:
    paid: FloatArray = trades["fee"] + trades["slippage_cost"]
    total: FloatArray = np.bincount(trades["row"], paid, minlength=bars).astype(np.float64)
    return total

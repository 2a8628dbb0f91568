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

Where perpetuals are traded a bar begins with a third row, in which funding leaves cash or comes
in: a unit of a worthless column is bought or sold for the amount. vectorbt knows no other way to
move money, and the amounts, too, are those of the run before.

This module is vectorbt's only home and importing it takes seconds: import it where a backtest
is run, not at the top of a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from vectorbt.portfolio import dispatch
from vectorbt.portfolio.enums import Direction, OrderSide, SizeType

from backtests.account import ROUNDING, Account, report
from backtests.cash import accrual, price_path, rates_of
from backtests.execution import Execution
from backtests.orders import Orders, orders
from backtests.perpetuals import Charges, charges
from backtests.rows import Rows, rows_of, with_cash, with_payments
from backtests.simulation import Simulation
from data.aliases import BoolArray, FloatArray
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
    funding: pd.DataFrame | None = None,
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
    funding : DataFrame, optional
        Funding rates (see :class:`data.snapshot.Snapshot`), where perpetuals are traded.

    Returns
    -------
    Simulation

    Raises
    ------
    EngineError
        Input that cannot be run on, named with its date and value; an account that is ruined
        (its value falls below zero or to a billionth of its peak); or a perpetual that is held
        where its funding rate is missing.
    MissingSeries
        A perpetual without any funding rates.
    UnknownName
        A weight for an asset without bars, or a venue without rates of a perpetual.

    Notes
    -----
    Short sales pay no fee beyond those on trades, and their proceeds earn the cash rate.
    Perpetuals pay or receive funding, see :mod:`backtests.perpetuals`.
    """
    plan = orders(weights, bars, execution, hourly)
    rate = rates_of(cash_rate, plan.closes)
    charged = charges(plan, execution, funding)
    account = _settle(plan, charged, rate, execution)
    done = report(weights, plan, rate, account, execution)
    return done if charged is None else replace(done, funding=charged.held_through(plan))


@dataclass(frozen=True, slots=True)
class _Sizing:
    """What a run is sized with: a guess, which the run then confirms or mends."""

    share: FloatArray  # costs of each bar over the value before its trades
    borrowed: BoolArray  # (bars, 2): whether money is owed before the fill and after it
    paid: FloatArray  # (bars, 2): what perpetuals take from cash at the fill and at the close

    def agrees(self, other: _Sizing, value: FloatArray) -> BoolArray:
        """Bars on which two sizings of an account of this value are the same."""
        flows = np.abs(self.paid - other.paid) <= SETTLED * np.abs(value)
        agree: BoolArray = (flows & (self.borrowed == other.borrowed)).all(axis=1)
        return agree & (np.abs(self.share - other.share) <= SETTLED)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One run of vectorbt and what the next one is sized with."""

    portfolio: vbt.Portfolio
    cash_price: FloatArray
    before: FloatArray
    after: FloatArray
    value: FloatArray  # (bars, 2): before the fill's trades and at the close
    lent: FloatArray  # (bars, 2): units of cash that bear interest to the fill and to the close
    funding: FloatArray  # (bars, 2): paid at the fill and at the close
    sizing: _Sizing  # what it should have been sized with


def _settle(
    plan: Orders, charged: Charges | None, rate: FloatArray, execution: Execution
) -> Account:
    """Repeat the run until its costs and the signs of cash are those it was sized with."""
    sizing = _first_sizing(plan, charged)
    waited, furthest = 0, -1
    while waited < MAX_PASSES:
        done = _run(plan, charged, rate, execution, sizing)
        same = done.sizing.agrees(sizing, done.value)
        settled = len(same) if same.all() else int(same.argmin())
        _check_solvent(plan, done.value[:settled], execution.initial_cash)
        if settled == len(same):
            return _account(plan, charged, done)
        _release(done.portfolio)
        sizing = done.sizing
        waited = 0 if settled > furthest else waited + 1
        furthest = max(settled, furthest)
    raise EngineError(
        f"costs do not settle on the bar closing at {plan.closes[settled]:%Y-%m-%d}: with these "
        "fees, slippage and leverage trading would cost more than there is"
    )


def _first_sizing(plan: Orders, charged: Charges | None) -> _Sizing:
    """No costs, no funding, and money owed where the targets say so."""
    money = plan.cash_target
    if charged is not None:
        money = money + plan.targets[:, charged.perpetual].sum(axis=1)
    owing = pd.Series(money).ffill().fillna(0.0).to_numpy() < 0
    bars = len(plan.closes)
    borrowed = np.column_stack([np.r_[False, owing[:-1]], owing])
    return _Sizing(np.zeros(bars), borrowed, np.zeros((bars, 2)))


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


def _account(plan: Orders, charged: Charges | None, done: _Pass) -> Account:
    moments = _moments(charged)
    trades = _trades(done.portfolio.order_records, plan, moments)
    close = done.portfolio.value().to_numpy()[moments - 1 :: moments] / SCALE
    _release(done.portfolio)
    if charged is not None:
        charged.check_held(plan, done.before, done.after, done.value)
    return Account(
        after=_less_paid(done.after, done.sizing.paid, done.cash_price),
        lent=done.lent,
        cash_price=done.cash_price,
        value=np.column_stack([done.value[:, 0], close - done.sizing.paid[:, 1]]),
        funding=float(done.funding.sum()),
        trades=pd.DataFrame(trades),
        cost=_cost(trades, len(plan.closes)),
    )


def _run(
    plan: Orders,
    charged: Charges | None,
    rate: FloatArray,
    execution: Execution,
    sizing: _Sizing,
) -> _Pass:
    """Run vectorbt once, with targets scaled by 1 - the share of costs."""
    cash_price = price_path(rate, sizing.borrowed, execution.borrow_bp, plan.fill_at)
    table = rows_of(plan, execution, sizing.share, cash_price)
    if charged is not None:
        table = with_payments(table, sizing.paid, cash_price, SCALE)
    portfolio = _portfolio(table, execution.initial_cash * cash_price[0, 0])
    return _books(plan, charged, portfolio, cash_price, sizing, execution.initial_cash)


def _books(
    plan: Orders,
    charged: Charges | None,
    portfolio: vbt.Portfolio,
    cash_price: FloatArray,
    sizing: _Sizing,
    initial_cash: float,
) -> _Pass:
    """Read from a run what was held, what it was worth, and what it should have been sized with."""
    shape = (len(plan.closes), _moments(charged), len(plan.assets) + _moments(charged) - 1)
    units = _units(portfolio.order_records, shape)[:, :, : len(plan.assets) + 1]
    after = units[:, -1]
    opening = np.vstack([np.zeros(units.shape[2]), _less_paid(after, sizing.paid, cash_price)[:-1]])
    opening[0, -1] = initial_cash
    before = opening if charged is None else np.vstack([opening[:1], units[1:, 0]])
    worth = np.nan_to_num(with_cash(plan.mark_fill, plan.mark_close, cash_price))
    value = np.column_stack([(before * worth[:, 0]).sum(axis=1), (after * worth[:, 1]).sum(axis=1)])
    value[:, 1] -= sizing.paid[:, 1]
    cost = _cost(_trades(portfolio.order_records, plan, _moments(charged)), len(plan.closes))
    lent = np.column_stack([opening[:, -1], after[:, -1]])
    funding = paid = np.zeros_like(lent)
    if charged is not None:
        funding = charged.funding(before, after)
        margin = charged.margin(before, after, cash_price)
        lent = lent + margin
        paid = funding - margin * accrual(cash_price)
    return _Pass(
        portfolio=portfolio,
        cash_price=cash_price,
        before=before,
        after=after,
        value=value,
        lent=lent,
        funding=funding,
        sizing=_Sizing(
            share=np.divide(cost, value[:, 0], out=np.zeros_like(cost), where=value[:, 0] > 0),
            borrowed=lent < -ROUNDING * np.abs(value),
            paid=paid,
        ),
    )


def _moments(charged: Charges | None) -> int:
    """Rows of vectorbt to a bar."""
    return 2 if charged is None else 3


def _less_paid(after: FloatArray, paid: FloatArray, cash_price: FloatArray) -> FloatArray:
    """Units held when a bar has closed and what was due then has been paid."""
    left = after.copy()
    left[:, -1] -= paid[:, 1] / cash_price[:, 1]
    return left


def _portfolio(table: Rows, initial_cash: float) -> vbt.Portfolio:
    """Call vectorbt; every setting is given, so that the user's own vectorbt settings are not."""
    arrays = (table.mark, table.price, table.size, table.fees, table.slippage)
    flat = [array.reshape(-1, array.shape[-1]) for array in arrays]
    if any(array.shape != flat[0].shape or array.dtype != np.float64 for array in flat):
        raise AssertionError("matrices of different shapes or types")
    close, at, target, fee, slip = flat
    share = table.share.reshape(close.shape)
    return vbt.Portfolio.from_orders(
        close,
        size=target,
        size_type=np.where(share, SizeType.TargetPercent, SizeType.Amount),
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
    """Units held after each moment of each bar, as vectorbt adds them up."""
    flow = np.zeros(shape).reshape(-1, shape[2])
    sign = np.where(records["side"] == OrderSide.Buy, 1.0, -1.0)
    flow[records["idx"], records["col"]] = sign * records["size"]
    units: FloatArray = dispatch.assets(flow).reshape(shape) / SCALE
    return units


def _release(portfolio: vbt.Portfolio) -> None:
    """Let go of a portfolio's arrays: it refers to itself and would keep them for long."""
    vars(portfolio).clear()


def _trades(
    records: np.ndarray[tuple[int], np.dtype[np.void]], plan: Orders, moments: int
) -> dict[str, np.ndarray[tuple[int], np.dtype[Any]]]:
    """Trades in assets as columns, money in dollars; see :class:`Account`."""
    kept = records[records["col"] < len(plan.assets)]
    row, column = kept["idx"] // moments, kept["col"]
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

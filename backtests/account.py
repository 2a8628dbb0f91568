"""The books of one simulation: what was traded, held, paid and left undone."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from backtests.cash import CASH, accrual, growth
from backtests.execution import Execution
from backtests.orders import DAY, DELISTED, Orders
from backtests.simulation import Simulation
from data.aliases import FloatArray

# Differences below a billionth of the portfolio are rounding, not trades or holdings.
ROUNDING = 1e-9
# A purchase that misses its target by more than a millionth of the portfolio is listed.
MISSED = 1e-6
CASH_SHORT = "cash ran out"


@dataclass(frozen=True, slots=True)
class Account:
    """Account of N bars and A assets, with cash after the assets; money in USD.

    Parameters
    ----------
    after : array (N, A + 1)
        Units held from the bar's fill on, at its close.
    lent : array (N, 2)
        Units of cash that bear interest up to the fill and from there to the close, the value of
        perpetuals included; negative when money is owed.
    cash_price : array (N, 2)
        Value of a unit of cash at the fill moment and at the close.
    value : array (N, 2)
        Value of the account before the fill's trades and at the close.
    funding : float
        Funding of perpetuals, USD: paid less received.
    trades : DataFrame
        ``row``, ``column`` (of the orders' matrices), ``buy``, ``size``, ``quote`` (price
        before slippage), ``price``, ``fee``, ``slippage_cost``, ``forced`` (delisted).
    cost : array (N,)
        Fees, slippage and discounts of each bar.
    """

    after: FloatArray
    lent: FloatArray
    cash_price: FloatArray
    value: FloatArray
    funding: float
    trades: pd.DataFrame
    cost: FloatArray


def report(
    weights: pd.DataFrame, plan: Orders, rate: FloatArray, account: Account, execution: Execution
) -> Simulation:
    """Write the books up as a :class:`Simulation`."""
    start = plan.closes[0] - DAY
    index = pd.DatetimeIndex([start, *plan.closes], name="close_time").as_unit("us")
    held = np.zeros((len(index), account.after.shape[1]))
    held[0, -1] = 1.0
    held[1:] = _weights(account.after, plan.mark_close, account.cash_price, account.value, 1)
    lent = growth(rate, np.zeros(len(rate), dtype=bool), 0.0, 1.0) - 1.0
    equity = np.r_[execution.initial_cash, account.value[:, 1]]
    return Simulation(
        weights=weights,
        fills=_fills(plan, account),
        unfilled=_unfilled(plan, account),
        frozen=_frozen(plan, held[1:, :-1]),
        equity=_series(equity, index, "equity"),
        held=pd.DataFrame(held, index=index, columns=pd.Index([*plan.assets, CASH], name="asset")),
        traded=_series(np.r_[0.0, _traded(account)], index, "traded"),
        cash_returns=_series(np.r_[np.nan, lent], index, "cash_return"),
        costs=MappingProxyType(_costs(account)),
        execution=execution,
    )


def _series(values: FloatArray, index: pd.DatetimeIndex, name: str) -> pd.Series[float]:
    series: pd.Series[float] = pd.Series(values, index=index, name=name, dtype="float64")
    return series


def _weights(
    units: FloatArray, mark: FloatArray, cash_price: FloatArray, value: FloatArray, moment: int
) -> FloatArray:
    marks = np.column_stack([np.nan_to_num(mark), cash_price[:, moment]])
    weights: FloatArray = units * marks / value[:, [moment]]
    return weights


def _fills(plan: Orders, account: Account) -> pd.DataFrame:
    trades = account.trades
    row = trades["row"].to_numpy()
    real = trades["size"] * trades["quote"] > ROUNDING * account.value[row, 0]
    trades = trades[real.to_numpy()]
    row, column = trades["row"].to_numpy(), trades["column"].to_numpy()
    decided = plan.decided[row].where(~trades["forced"].to_numpy())
    table = pd.DataFrame(
        {
            "decision_time": decided,
            "fill_time": pd.DatetimeIndex(plan.filled_at[row, column], tz="UTC"),
            "asset": np.array(plan.assets, dtype=object)[column],
            "side": np.where(trades["buy"], "buy", "sell").astype(object),
            "size": trades["size"].to_numpy(),
            "price": trades["price"].to_numpy(),
            "fee": trades["fee"].to_numpy(),
            "slippage_cost": trades["slippage_cost"].to_numpy(),
            "reason": np.where(trades["forced"], DELISTED, "").astype(object),
        }
    )
    return table.sort_values(["fill_time", "asset"], ignore_index=True)


def _unfilled(plan: Orders, account: Account) -> pd.DataFrame:
    spent = np.column_stack([account.value[:, 0] - account.cost, account.value[:, 1]])
    got = _weights(account.after, plan.mark_fill, account.cash_price, spent, 0)[:, :-1]
    barred = (plan.why_not != "") & ((plan.targets != 0) | (np.abs(got) > ROUNDING))
    cut = (plan.why_not == "") & (np.abs(got - plan.targets) > MISSED)
    row, column = np.nonzero(plan.ordered[:, None] & (barred | cut))
    return pd.DataFrame(
        {
            "decision_time": plan.decided[row],
            "due": plan.closes[row] - DAY + plan.fill_at * DAY,
            "asset": np.array(plan.assets, dtype=object)[column],
            "wanted": plan.targets[row, column],
            "got": got[row, column],
            "reason": np.where(cut[row, column], CASH_SHORT, plan.why_not[row, column]),
        }
    )


def _frozen(plan: Orders, held: FloatArray) -> pd.DataFrame:
    frozen = ~plan.priced & (np.abs(held) > ROUNDING)
    # Spells as (column, first row, last row), asset by asset.
    edges = np.diff(frozen.T.astype(np.int8), axis=1, prepend=0, append=0)
    column, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1] - 1
    return pd.DataFrame(
        {
            "asset": np.array(plan.assets, dtype=object)[column],
            "first": plan.closes[first],
            "last": plan.closes[last],
            "bars": last - first + 1,
            "weight": held[first, column],
        }
    )


def _traded(account: Account) -> FloatArray:
    trades, bars = account.trades, len(account.cost)
    worth = (trades["size"] * trades["quote"]).to_numpy()
    row, buy = trades["row"].to_numpy(), trades["buy"].to_numpy()
    bought = np.bincount(row, worth * buy, minlength=bars)
    sold = np.bincount(row, worth * ~buy, minlength=bars)
    turnover: FloatArray = np.maximum(bought, sold) / account.value[:, 0]
    return turnover


def _costs(account: Account) -> dict[str, float]:
    trades = account.trades
    accrued, owed = account.lent * accrual(account.cash_price), account.lent < 0
    forced = trades["forced"].to_numpy()
    slippage = trades["slippage_cost"].to_numpy()
    return {
        "fees": float(trades["fee"].sum()),
        "slippage": float(slippage[~forced].sum()),
        "delisting": float(slippage[forced].sum()),
        "borrow": float(0.0 - accrued[owed].sum()),
        "interest": float(accrued[~owed].sum()),
        "funding": account.funding,
    }

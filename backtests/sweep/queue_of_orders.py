"""One account's fill where money may run out: sales first, then purchases from the smallest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from backtests.sweep.lanes import (
    AT_FILL,
    BUY,
    CASH,
    COSTS,
    COUNT,
    END,
    FEE,
    FILLS,
    FLOOR,
    FREE,
    HELD,
    LEAST,
    MAX_SLIPPAGE,
    ORDER,
    ROUNDING,
    ROWS,
    SELL,
    SLIP,
    STATUS,
    STEP,
    TRADED,
    TURNOVER,
    WANTED,
)
from data.aliases import FloatArray, IntArray

if TYPE_CHECKING:
    from backtests.sweep.fill import Bars

UNSETTLED = 2.0
PASSES = 200
SETTLED = 1e-15

compiled = njit(nogil=True, error_model="numpy")


@compiled
def queue(s: FloatArray, bars: Bars, j: int, k: int, spare: FloatArray, rank: IntArray) -> None:
    """Fill what lane `k` has ordered on bar `j`, and all that is forced out; no order is left.

    All cash is laid on the table, and as much is borrowed as the target says; a debt beyond it is
    repaid as if it were a purchase. Without an order cash takes whatever comes.

    Parameters
    ----------
    spare : array (3, A + 1)
        Room for what is held, wanted and filled.
    rank : int array (A + 1,)
        Room for the order of the orders.
    """
    assets = bars.to_fill.shape[1]
    ordered = s[ORDER + k] != 0.0
    value = s[CASH + k]
    for a in range(assets):
        own = ROWS + a * STEP + k
        spare[0, a] = s[own + AT_FILL] if ordered else s[own + HELD]
        value += spare[0, a]
    new, settled = value, False
    paid, bought, sold, cash = 0.0, 0.0, 0.0, 0.0
    for _ in range(PASSES):
        count = line_up(s, bars, j, k, ordered, new, spare, rank)
        paid, bought, sold, cash = serve(s, bars, j, k, ordered, count, spare, rank)
        settled = abs(value - paid - new) <= SETTLED * abs(value)
        if settled:
            break
        new = value - paid
    s[END + k] = 0.0
    for a in range(assets):
        own = ROWS + a * STEP + k
        s[own + HELD] = (s[own + AT_FILL] + spare[2, a]) * bars.to_close[j, a]
        s[END + k] += s[own + HELD]
        s[COUNT + k] += 1.0 if abs(spare[2, a]) > ROUNDING * value else 0.0
    s[CASH + k] = cash
    s[TURNOVER + k] += max(bought, sold) / value
    s[COSTS + k] += paid
    s[FLOOR + k] = min(s[FLOOR + k], value * s[LEAST + k])
    s[ORDER + k], s[TRADED + k], s[FILLS + k] = 0.0, 0.0, 0.0
    if not settled:
        s[STATUS + k] = UNSETTLED


@compiled
def line_up(
    s: FloatArray,
    bars: Bars,
    j: int,
    k: int,
    ordered: bool,
    new: float,
    spare: FloatArray,
    rank: IntArray,
) -> int:
    """Put the orders in the order of their amounts, ties by column and cash last."""
    assets, count, basis = bars.to_fill.shape[1], 0, max(new, 0.0)
    for a in range(assets + 1):
        if a == assets:
            due = ordered
            amount = min(s[FREE + k], 0.0) * basis - s[CASH + k]
        else:
            due = bars.exits[j, a] or (ordered and bars.tradable[j, a])
            wanted = 0.0 if bars.exits[j, a] else s[ROWS + a * STEP + WANTED + k] * basis
            amount = wanted - spare[0, a]
        spare[2, a] = 0.0
        if due:
            spare[1, a] = amount
            place = count
            while place > 0 and spare[1, rank[place - 1]] > amount:
                rank[place] = rank[place - 1]
                place -= 1
            rank[place] = a
            count += 1
    return count


@compiled
def serve(
    s: FloatArray,
    bars: Bars,
    j: int,
    k: int,
    ordered: bool,
    count: int,
    spare: FloatArray,
    rank: IntArray,
) -> tuple[float, float, float, float]:
    """Fill the orders in turn; return costs, purchases, sales and the cash that is left."""
    assets = bars.to_fill.shape[1]
    cash, table = s[CASH + k], 0.0
    paid, bought, sold = 0.0, 0.0, 0.0
    for place in range(count):
        a = rank[place]
        amount = spare[1, a]
        if a == assets:
            amount = min(amount, table)
            cash += amount
            table -= amount
            continue
        buy, sell = costs(s, bars, j, k, a)
        if amount < 0.0:
            table -= amount * (1.0 - sell)
            paid -= amount * sell
            sold -= amount
        elif amount > 0.0:
            if ordered:
                amount = min(amount, max(table, 0.0) / (1.0 + buy))
            table -= amount * (1.0 + buy)
            paid += amount * buy
            bought += amount
        spare[2, a] = amount
    return paid, bought, sold, cash + table


@compiled
def costs(s: FloatArray, bars: Bars, j: int, k: int, a: int) -> tuple[float, float]:
    """Return what a dollar of an asset bought and sold costs."""
    if bars.exits[j, a]:
        return bars.discount, bars.discount
    if not bars.ranged:
        return s[BUY + k], s[SELL + k]
    slip, fee = min(s[SLIP + k] + bars.range_slippage[j, a], MAX_SLIPPAGE), s[FEE + k]
    return slip + (1.0 + slip) * fee, slip + (1.0 - slip) * fee

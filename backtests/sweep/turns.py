"""One account's fill on its own: where money may run out, and where coins are forced out.

Sales come first, then purchases from the smallest on, while the money lasts.
"""

from __future__ import annotations

from backtests.sweep.compiled import compiled
from backtests.sweep.lanes import (
    BUY,
    CASH,
    COSTS,
    END,
    FEE,
    FILLS,
    FLOOR,
    FREE,
    HELD,
    LEAST,
    LOOSE,
    MAX_SLIPPAGE,
    NEW,
    ONE_OVER,
    ORDER,
    ROUNDING,
    ROWS,
    SELL,
    SLIP,
    STATUS,
    STEP,
    STUCK,
    TURNOVER,
    UNSETTLED,
    VALUE,
    WANTED,
)
from backtests.sweep.tables import Bars
from data.aliases import FloatArray, IntArray

PASSES = 200
# Two values after costs this near to each other differ by the sign of an order of nothing.
SAME = 1e-14
SETTLED = 1e-15


@compiled
def settle(s: FloatArray, bars: Bars, j: int, k: int) -> None:
    """Reckon the value after costs of lane `k` until the signs are those it is reckoned with."""
    assets, value = bars.to_fill.shape[1], s[VALUE + k]
    for _ in range(2 * assets + 3):
        total, share, last = value, 1.0, s[NEW + k]
        for a in range(assets):
            if bars.tradable[j, a]:
                own = ROWS + a * STEP + k
                held, wanted = s[own + HELD] * bars.to_fill[j, a], s[own + WANTED]
                buy, sell = costs(s, bars, j, k, a)
                cost = buy if wanted * last > held else -sell
                total += cost * held
                share += cost * wanted
        inverse = 1.0 / (value * share)
        s[NEW + k] = total * value * inverse
        s[ONE_OVER + k] = share * inverse
        if abs(s[NEW + k] - last) <= SAME * abs(value):
            return
    s[STATUS + k] = UNSETTLED


@compiled
def take_turns(
    s: FloatArray, bars: Bars, j: int, k: int, spare: FloatArray, rank: IntArray
) -> None:
    """Serve the orders of lane `k` on bar `j`; leave weights and a value that can be had.

    The weights wanted become those got, so that the fill goes on as if they had been wanted.

    Parameters
    ----------
    spare : array (3, A + 1)
        Room for what is held, due and filled.
    rank : int array (A + 1,)
        Room for the order of the orders.
    """
    assets = bars.to_fill.shape[1]
    value = s[VALUE + k]
    for a in range(assets):
        spare[0, a] = s[ROWS + a * STEP + HELD + k] * bars.to_fill[j, a]
    paid, _, _, cash = serve_all(s, bars, j, k, True, value, spare, rank)
    new = value - paid
    for a in range(assets):
        if bars.tradable[j, a]:
            s[ROWS + a * STEP + WANTED + k] = (spare[0, a] + spare[2, a]) / new
    s[LOOSE + k] = (cash + s[STUCK + k]) / new
    s[NEW + k], s[ONE_OVER + k] = new, 1.0 / value


@compiled
def leave(s: FloatArray, bars: Bars, j: int, k: int, spare: FloatArray, rank: IntArray) -> None:
    """Serve the orders of lane `k` on a bar that forces some coin out; no order is left."""
    assets = bars.to_fill.shape[1]
    ordered = s[ORDER + k] != 0.0
    value = s[CASH + k]
    for a in range(assets):
        held = s[ROWS + a * STEP + HELD + k]
        spare[0, a] = held * bars.to_fill[j, a] if ordered else held
        value += spare[0, a]
    paid, bought, sold, cash = serve_all(s, bars, j, k, ordered, value, spare, rank)
    for a in range(assets):
        own = ROWS + a * STEP + k
        after = spare[0, a] + spare[2, a]
        after = after if ordered else after * bars.to_fill[j, a]
        s[own + HELD] = after * bars.to_close[j, a]
        s[END + k] += s[own + HELD]
        s[FILLS + k] += 1.0 if abs(spare[2, a]) > ROUNDING * value else 0.0
    s[CASH + k] = cash
    s[TURNOVER + k] += max(bought, sold) / value
    s[COSTS + k] += paid
    s[FLOOR + k] = min(s[FLOOR + k], value * s[LEAST + k])
    s[ORDER + k] = 0.0


@compiled
def serve_all(
    s: FloatArray,
    bars: Bars,
    j: int,
    k: int,
    ordered: bool,
    value: float,
    spare: FloatArray,
    rank: IntArray,
) -> tuple[float, float, float, float]:
    """Serve the orders until the costs are those they were sized with."""
    new = value
    paid, bought, sold, cash = 0.0, 0.0, 0.0, 0.0
    for _ in range(PASSES):
        count = line_up(s, bars, j, k, ordered, new, spare, rank)
        paid, bought, sold, cash = serve(s, bars, j, k, ordered, count, spare, rank)
        if abs(value - paid - new) <= SETTLED * abs(value):
            return paid, bought, sold, cash
        new = value - paid
    s[STATUS + k] = UNSETTLED
    return paid, bought, sold, cash


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

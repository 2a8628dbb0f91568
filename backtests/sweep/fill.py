"""The account of 64 variants on one bar: fill, interest, close, and the figures that add up.

The weights right after a fill, on the value after costs, are the targets. With V the value before
the fill, h the dollars held, w the weights wanted and c what a traded dollar costs,

    V' = (V + sum_buy c h - sum_sell c h) / (1 + sum_buy c w - sum_sell c w)

is the value after it, once it is known which assets are bought and which are sold. V' + costs(V')
is convex in V', so taking the signs at V, then at the V' that follows, and so on (Newton's method)
ends at the right ones; mostly they are those at V.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

from backtests.sweep.lanes import (
    AMISS,
    AT_FILL,
    BUY,
    CASH,
    COSTS,
    COUNT,
    DOWN,
    END,
    EXCESS,
    EXPOSURE,
    FEE,
    FILLS,
    FLOOR,
    FREE,
    HELD,
    HELD_SUM,
    INVERSE,
    LANES,
    LEAST,
    LOOSE,
    MAX_SLIPPAGE,
    NEW,
    ONE_OVER,
    ORDER,
    PAID,
    PRODUCTS,
    ROUNDING,
    ROWS,
    SELL,
    SIGNS_AT,
    SLIP,
    SPREAD,
    SQUARES,
    STATUS,
    STEP,
    STUCK,
    SUM_HELD,
    SUM_WANTED,
    TRADED,
    TURNOVER,
    VALUE,
    WANTED,
)
from backtests.sweep.queue_of_orders import queue
from data.aliases import BoolArray, FloatArray, IntArray

UNSETTLED = 2.0
# Signs that are still wrong misprice the fill by less than this share of the account.
SETTLED = 1e-13
# A purchase that lacks less money than this share of the account lacks nothing.
SHORT = 1e-12


class Bars(NamedTuple):
    """The field's matrices; see :class:`backtests.sweep.field.Field`."""

    to_fill: FloatArray
    to_close: FloatArray
    tradable: BoolArray
    exits: BoolArray
    gaps: BoolArray  # (N,), some asset cannot trade
    halted: BoolArray  # (N,), some asset that cannot trade may be held
    leaving: BoolArray  # (N,), some asset is forced out
    ranged: bool
    range_slippage: FloatArray
    lent: FloatArray
    days: FloatArray
    discount: float


compiled = njit(nogil=True, error_model="numpy")


@compiled
def trade(s: FloatArray, bars: Bars, j: int, spare: FloatArray, rank: IntArray) -> None:
    """Run the account over bar `j`, with the orders and weights that stand in the rows."""
    assets = bars.to_fill.shape[1]
    if bars.days[0] > 0.0:
        accrue(s, bars.lent[j, 0], bars.days[0])
    to_fill(s, bars.to_fill, j, assets)
    ordered = 0
    for k in range(LANES):
        ordered += 1 if s[ORDER + k] != 0.0 else 0
    if bars.leaving[j]:
        for k in range(LANES):
            queue(s, bars, j, k, spare, rank)
    elif ordered == 0:
        hold_on(s, bars.to_close, j, assets)
    else:
        fill(s, bars, j, assets)
        if bars.halted[j]:
            for k in range(LANES):
                least = s[FREE + k] if s[FREE + k] < 0.0 else 0.0
                cash = s[NEW + k] * s[LOOSE + k] - s[STUCK + k]
                short = cash < least * s[NEW + k] - SHORT * s[VALUE + k]
                if short and s[ORDER + k] != 0.0:
                    queue(s, bars, j, k, spare, rank)
        pay(s)
    accrue(s, bars.lent[j, 1], bars.days[1])
    close(s, bars.lent[j, 0] + bars.lent[j, 1])


@compiled
def to_fill(s: FloatArray, factor: FloatArray, j: int, assets: int) -> None:
    """Value the account at the fill moment, and add up the weights held at the last close."""
    for k in range(LANES):
        s[VALUE + k] = s[CASH + k]
    for a in range(assets):
        own, moved = ROWS + a * STEP, factor[j, a]
        for k in range(LANES):
            held = s[own + HELD + k]
            weight, worth = held * s[INVERSE + k], held * moved
            s[own + HELD_SUM + k] += weight
            s[EXPOSURE + k] += abs(weight)
            s[own + AT_FILL + k] = worth
            s[VALUE + k] += worth


@compiled
def hold_on(s: FloatArray, factor: FloatArray, j: int, assets: int) -> None:
    """Carry the holdings to the close when nobody trades."""
    for k in range(LANES):
        s[END + k] = 0.0
    for a in range(assets):
        own, moved = ROWS + a * STEP, factor[j, a]
        for k in range(LANES):
            worth = s[own + AT_FILL + k] * moved
            s[own + HELD + k] = worth
            s[END + k] += worth


@compiled
def costs_of_range(s: FloatArray, extra: float) -> None:
    """What a dollar bought or sold costs where slippage depends on the last range."""
    for k in range(LANES):
        slip, fee = s[SLIP + k] + extra, s[FEE + k]
        slip = slip if slip < MAX_SLIPPAGE else MAX_SLIPPAGE
        s[BUY + k] = slip + (1.0 + slip) * fee
        s[SELL + k] = slip + (1.0 - slip) * fee


@compiled
def fill(s: FloatArray, bars: Bars, j: int, assets: int) -> None:
    """Bring the accounts that trade to their targets, as if cash never ran out."""
    for k in range(LANES):
        s[SIGNS_AT + k] = s[VALUE + k]
        s[LOOSE + k] = s[FREE + k]
        s[STUCK + k] = 0.0
    if bars.gaps[j]:
        for a in range(assets):
            own = ROWS + a * STEP
            if not bars.tradable[j, a]:
                for k in range(LANES):
                    s[LOOSE + k] += s[own + WANTED + k]
                    s[STUCK + k] += s[own + AT_FILL + k]
    wrong = 1
    for _ in range(2 * assets + 3):
        if wrong:
            value_after(s, bars, j, assets)
            move(s, bars, j, assets)
            wrong = check(s, bars.ranged)
    if wrong:
        for k in range(LANES):
            status = s[STATUS + k]
            s[STATUS + k] = UNSETTLED if s[AMISS + k] != 0.0 else status


@compiled
def value_after(s: FloatArray, bars: Bars, j: int, assets: int) -> None:
    """The value after costs, given which assets are bought and sold at the value SIGNS_AT."""
    for k in range(LANES):
        s[SUM_HELD + k] = s[VALUE + k]
        s[SUM_WANTED + k] = 1.0
    for a in range(assets):
        own = ROWS + a * STEP
        if bars.tradable[j, a]:
            if bars.ranged:
                costs_of_range(s, bars.range_slippage[j, a])
            for k in range(LANES):
                held, wanted = s[own + AT_FILL + k], s[own + WANTED + k]
                buy, sell = s[BUY + k], s[SELL + k]
                cost = buy if wanted * s[SIGNS_AT + k] > held else -sell
                s[SUM_HELD + k] += cost * held
                s[SUM_WANTED + k] += cost * wanted
    for k in range(LANES):
        value, share = s[VALUE + k], s[SUM_WANTED + k]
        inverse = 1.0 / (value * share)
        s[NEW + k] = s[SUM_HELD + k] * value * inverse
        s[ONE_OVER + k] = share * inverse


@compiled
def move(s: FloatArray, bars: Bars, j: int, assets: int) -> None:
    """Move the holdings to their targets at the value NEW and carry them to the close."""
    for k in range(LANES):
        s[END + k] = 0.0
        s[TRADED + k] = 0.0
        s[FILLS + k] = 0.0
        s[PAID + k] = 0.0
    for a in range(assets):
        own, moved = ROWS + a * STEP, bars.to_close[j, a]
        if not bars.tradable[j, a]:
            for k in range(LANES):
                worth = s[own + AT_FILL + k] * moved
                s[own + HELD + k] = worth
                s[END + k] += worth
        else:
            if bars.ranged:
                pay_range(s, own, bars.range_slippage[j, a])
            for k in range(LANES):
                held, aimed = s[own + AT_FILL + k], s[own + WANTED + k] * s[NEW + k]
                after = aimed if s[ORDER + k] != 0.0 else held
                size = abs(after - held)
                worth = after * moved
                s[own + HELD + k] = worth
                s[END + k] += worth
                s[TRADED + k] += size
                s[FILLS + k] += 1.0 if size > ROUNDING * s[VALUE + k] else 0.0


@compiled
def pay_range(s: FloatArray, own: int, extra: float) -> None:
    """Add up costs asset by asset, where they differ between assets."""
    costs_of_range(s, extra)
    for k in range(LANES):
        buy, sell = s[BUY + k], s[SELL + k]
        size = s[own + WANTED + k] * s[NEW + k] - s[own + AT_FILL + k]
        s[PAID + k] += size * (buy if size > 0.0 else -sell)


@compiled
def check(s: FloatArray, ranged: bool) -> int:
    """Reckon the costs, and count the accounts whose value after costs did not foresee them.

    Those take their signs at the new value next.
    """
    if not ranged:
        for k in range(LANES):
            slip, fee, new = s[SLIP + k], s[FEE + k], s[NEW + k]
            cash = new * s[LOOSE + k] - s[STUCK + k]
            net = (new - cash) - (s[VALUE + k] - s[CASH + k])
            s[PAID + k] = (slip + fee) * s[TRADED + k] + slip * fee * net
    wrong = 0
    for k in range(LANES):
        value, new, signs = s[VALUE + k], s[NEW + k], s[SIGNS_AT + k]
        off = abs(value - s[PAID + k] - new)
        amiss = (s[ORDER + k] != 0.0) & (off > SETTLED * value)
        s[SIGNS_AT + k] = new if amiss else signs
        s[AMISS + k] = 1.0 if amiss else 0.0
        wrong += 1 if amiss else 0
    return wrong


@compiled
def pay(s: FloatArray) -> None:
    """Settle the fill in cash, and add up what was traded and paid."""
    for k in range(LANES):
        order, before, value, new = s[ORDER + k] != 0.0, s[CASH + k], s[VALUE + k], s[NEW + k]
        cash = new * s[LOOSE + k] - s[STUCK + k]
        net = (new - cash) - (value - before)
        larger = 0.5 * (s[TRADED + k] + abs(net)) * s[ONE_OVER + k]
        paid, floor, ratio = s[PAID + k], s[FLOOR + k], value * s[LEAST + k]
        s[CASH + k] = cash if order else before
        s[TURNOVER + k] += larger if order else 0.0
        s[COSTS + k] += paid if order else 0.0
        s[COUNT + k] += s[FILLS + k]
        s[FLOOR + k] = ratio if order & (ratio < floor) else floor


@compiled
def accrue(s: FloatArray, rate: float, days: float) -> None:
    """Credit interest on cash, or charge it with the spread; a debt below rounding has none."""
    for k in range(LANES):
        cash, spread = s[CASH + k], s[SPREAD + k] * days
        owes = cash < -ROUNDING * abs(s[VALUE + k])
        interest = cash * (rate + (spread if owes else 0.0))
        s[CASH + k] = cash + interest
        s[COSTS + k] -= interest if cash < 0.0 else 0.0


@compiled
def close(s: FloatArray, lent: float) -> None:
    """Value the account at the close, and add up its returns over cash and its drawdown."""
    for k in range(LANES):
        value = s[CASH + k] + s[END + k]
        excess = value * s[INVERSE + k] - 1.0 - lent
        least, down = s[LEAST + k], s[DOWN + k]
        inverse, ratio = 1.0 / value, value * least
        s[INVERSE + k] = inverse
        s[LEAST + k] = inverse if inverse < least else least
        s[DOWN + k] = ratio if (ratio < down) & (inverse > least) else down
        s[EXCESS + k] += excess
        s[SQUARES + k] += excess * excess
        s[PRODUCTS + k] += excess * lent

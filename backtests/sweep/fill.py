"""The account of 64 variants on one bar: fill, interest, close, and the figures that add up.

The weights right after a fill, on the value after costs, are the targets. With V the value before
the fill, h the dollars held, w the weights wanted and c what a traded dollar costs,

    V' = (V + sum_buy c h - sum_sell c h) / (1 + sum_buy c w - sum_sell c w)

is the value after it, once it is known which assets are bought and which are sold. V' + costs(V')
is convex in V', so taking the signs at V, then at the V' that follows, and so on (Newton's method)
ends at the right ones. The second pass mostly confirms the first; where it does not, the account
is finished on its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backtests.sweep.charge import charge_before, reckon
from backtests.sweep.compiled import compiled, inlined
from backtests.sweep.lanes import (
    BTC_EXPOSURE,
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
    FUNDING,
    HELD,
    INVERSE,
    LEAST,
    LOOSE,
    MARGIN,
    MAX_SLIPPAGE,
    NEW,
    ONE_OVER,
    ORDER,
    PAID,
    PRODUCTS,
    ROUNDING,
    ROWS,
    SELL,
    SHORT,
    SLIP,
    SPREAD,
    SQUARES,
    STEP,
    STUCK,
    SUM_HELD,
    SUM_WANTED,
    TRADED,
    TURNOVER,
    VALUE,
    WANTED,
    WEIGHT,
    kept,
    lowest,
    width,
)
from backtests.sweep.tables import Bars
from backtests.sweep.turns import leave, settle, take_turns
from data.aliases import BoolArray, FloatArray, IntArray


@inlined
def trade(s: FloatArray, bars: Bars, j: int, spare: FloatArray, rank: IntArray) -> None:
    """Run the account over bar `j`, with the orders and weights that stand in the rows."""
    assets = bars.to_fill.shape[1]
    if bars.charged:
        charge_before(s, bars, j)
    elif bars.days[0] > 0.0:
        accrue(s, bars.lent[j, 0], bars.days[0])
    ordered = 0
    for k in range(width(s)):
        ordered += 1 if s[ORDER + k] != 0.0 else 0
    for k in range(width(s)):
        s[END + k] = 0.0
        s[TRADED + k] = 0.0
        s[FILLS + k] = 0.0
        s[PAID + k] = 0.0
    if bars.leaving[j]:
        for k in range(width(s)):
            leave(s, bars, j, k, spare, rank)
    elif ordered == 0:
        hold_on(s, bars.to_fill, bars.to_close, j, assets)
    else:
        find_value(s, bars, j, spare, rank)
        move(s, bars.to_fill, bars.to_close, bars.tradable, bars.range_slippage, bars.ranged, j)
    lent, rate, days = bars.lent[j, 0] + bars.lent[j, 1], bars.lent[j, 1], bars.days[1]
    each, long = 0.0 if bars.ranged else 1.0, 0.0 if bars.signed else 1.0
    if bars.charged:
        reckon(s, bars, j, True)
        finish_charged(s, each, long, lent, rate, days)
    else:
        finish(s, each, long, lent, rate, days)
    for a in range(assets):
        if bars.signed or bars.weighed or a == bars.btc:
            own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
            weigh(s, own, 1.0 if bars.signed else 0.0, 1.0 if a == bars.btc else 0.0)


@compiled
def hold_on(s: FloatArray, to_fill: FloatArray, to_close: FloatArray, j: int, assets: int) -> None:
    """Carry the holdings to the close when nobody trades."""
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        first, then = to_fill[j, a], to_close[j, a]
        for k in range(width(s)):
            worth = own[HELD + k] * first * then
            own[HELD + k] = worth
            s[END + k] += worth


@inlined
def find_value(s: FloatArray, bars: Bars, j: int, spare: FloatArray, rank: IntArray) -> None:
    """Find the value after costs; where money runs out, weights that can be had as well."""
    to_fill, tradable = bars.to_fill, bars.tradable
    assets = to_fill.shape[1]
    for k in range(width(s)):
        s[VALUE + k] = s[CASH + k]
        s[LOOSE + k] = s[FREE + k]
        s[STUCK + k] = 0.0
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        first = to_fill[j, a]
        for k in range(width(s)):
            s[VALUE + k] += own[HELD + k] * first
    for k in range(width(s)):
        value, floor = s[VALUE + k], s[FLOOR + k]
        ratio = value * s[LEAST + k]
        s[NEW + k] = value
        s[FLOOR + k] = ratio if (s[ORDER + k] != 0.0) & (ratio < floor) else kept(floor)
    if bars.gaps[j]:
        for a in range(assets):
            own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
            first = to_fill[j, a]
            if not tradable[j, a]:
                for k in range(width(s)):
                    s[LOOSE + k] += own[WANTED + k]
                    s[STUCK + k] += own[HELD + k] * first
    amiss = value_after(s, to_fill, tradable, bars.range_slippage, bars.ranged, j)
    if assets > 1:  # with one asset only a short sale could change signs
        amiss = value_after(s, to_fill, tradable, bars.range_slippage, bars.ranged, j)
    while amiss != np.uint64(0):
        k = lowest(amiss)
        settle(s, bars, j, k)
        amiss &= amiss - np.uint64(1)
    if bars.halted[j]:
        for k in range(width(s)):
            if is_short(s, k):
                take_turns(s, bars, j, k, spare, rank)


@compiled
def costs_of_range(s: FloatArray, extra: float) -> None:
    """What a dollar bought or sold costs where slippage depends on the last range."""
    for k in range(width(s)):
        slip, fee = s[SLIP + k] + extra, s[FEE + k]
        slip = slip if slip < MAX_SLIPPAGE else MAX_SLIPPAGE
        s[BUY + k] = slip + (1.0 + slip) * fee
        s[SELL + k] = slip + (1.0 - slip) * fee


@compiled
def value_after(
    s: FloatArray,
    to_fill: FloatArray,
    tradable: BoolArray,
    range_slippage: FloatArray,
    ranged: bool,
    j: int,
) -> np.uint64:
    """Reckon the value after costs with the signs at NEW; return bit k if that changes lane k's."""
    assets, found = to_fill.shape[1], np.uint64(0)
    for k in range(width(s)):
        s[SUM_HELD + k] = s[VALUE + k]
        s[SUM_WANTED + k] = 1.0
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        first = to_fill[j, a]
        if tradable[j, a]:
            if ranged:
                costs_of_range(s, range_slippage[j, a])
            for k in range(width(s)):
                held, wanted = own[HELD + k] * first, own[WANTED + k]
                buy, sell = s[BUY + k], s[SELL + k]
                cost = buy if wanted * s[NEW + k] > held else -sell
                s[SUM_HELD + k] += cost * held
                s[SUM_WANTED + k] += cost * wanted
    for k in range(width(s)):
        value, share, last = s[VALUE + k], s[SUM_WANTED + k], s[NEW + k]
        inverse = 1.0 / (value * share)
        new = s[SUM_HELD + k] * value * inverse
        amiss = (s[ORDER + k] != 0.0) & (new != last)
        s[NEW + k] = new
        s[ONE_OVER + k] = share * inverse
        found |= (np.uint64(1) if amiss else np.uint64(0)) << np.uint64(k)
    return found


@compiled
def is_short(s: FloatArray, k: int) -> bool:
    """Whether holdings that cannot be sold leave too little money for what is wanted."""
    least, new = min(s[FREE + k], 0.0), s[NEW + k]
    cash = new * s[LOOSE + k] - s[STUCK + k]
    short: bool = s[ORDER + k] != 0.0 and cash < least * new - SHORT * s[VALUE + k]
    return short


@compiled
def move(
    s: FloatArray,
    to_fill: FloatArray,
    to_close: FloatArray,
    tradable: BoolArray,
    range_slippage: FloatArray,
    ranged: bool,
    j: int,
) -> None:
    """Move the holdings to their targets at the value NEW and carry them to the close."""
    for a in range(to_fill.shape[1]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        first, then = to_fill[j, a], to_close[j, a]
        if tradable[j, a]:
            if ranged:
                pay_range(s, own, first, range_slippage[j, a])
            for k in range(width(s)):
                held, aimed = own[HELD + k] * first, own[WANTED + k] * s[NEW + k]
                after = aimed if s[ORDER + k] != 0.0 else held
                size = abs(after - held)
                worth = after * then
                own[HELD + k] = worth
                s[END + k] += worth
                s[TRADED + k] += size
                s[FILLS + k] += 1.0 if size > ROUNDING * s[VALUE + k] else 0.0
        else:
            for k in range(width(s)):
                worth = own[HELD + k] * first * then
                own[HELD + k] = worth
                s[END + k] += worth


@compiled
def pay_range(s: FloatArray, own: FloatArray, first: float, extra: float) -> None:
    """Add up costs asset by asset, where they differ between assets."""
    costs_of_range(s, extra)
    for k in range(width(s)):
        buy, sell = s[BUY + k], s[SELL + k]
        size = own[WANTED + k] * s[NEW + k] - own[HELD + k] * first
        s[PAID + k] += size * (buy if size > 0.0 else -sell)


@compiled
def accrue(s: FloatArray, rate: float, days: float) -> None:
    """Credit interest on cash, or charge it with the spread, up to the fill."""
    for k in range(width(s)):
        cash, spread = s[CASH + k], s[SPREAD + k] * days
        owes = cash < -ROUNDING * abs(s[VALUE + k])
        interest = cash * (rate + (spread if owes else 0.0))
        s[CASH + k] = cash + interest
        s[COSTS + k] -= interest if cash < 0.0 else 0.0


@compiled
def weigh(s: FloatArray, own: FloatArray, gross: float, btc: float) -> None:
    """Add up the weights of one asset at the close."""
    for k in range(width(s)):
        weight = own[HELD + k] * s[INVERSE + k]
        own[WEIGHT + k] += weight
        s[EXPOSURE + k] += gross * abs(weight)
        s[BTC_EXPOSURE + k] += btc * weight


def _finish(charged: bool) -> Callable[..., None]:
    """Return the end of a bar with perpetuals or, as fast as if there were none, without."""

    @compiled
    def finish(
        s: FloatArray, each: float, long: float, lent: float, rate: float, days: float
    ) -> None:
        """Settle the fill in cash, credit interest, value the account and add up its figures.

        Parameters
        ----------
        each : float
            0 where costs were added up asset by asset, else 1.
        long : float
            0 where weights may be negative, else 1.
        """
        for k in range(width(s)):
            order, cash, value, new = s[ORDER + k] != 0.0, s[CASH + k], s[VALUE + k], s[NEW + k]
            slip, fee, spread = s[SLIP + k], s[FEE + k], s[SPREAD + k] * days
            traded, paid, over_value = s[TRADED + k], s[PAID + k], s[ONE_OVER + k]
            least, down = s[LEAST + k], s[DOWN + k]
            left = new * s[LOOSE + k] - s[STUCK + k]
            net = (new - left) - (value - cash)
            paid = paid + each * ((slip + fee) * traded + slip * fee * net)
            larger = 0.5 * (traded + abs(net)) * over_value
            left = left if order else cash
            bearing = left + s[MARGIN + k] if charged else left
            owes = bearing < -ROUNDING * abs(value)
            interest = bearing * (rate + (spread if owes else 0.0))
            borrowed = interest if bearing < 0.0 else 0.0
            left = left + interest
            if charged:
                left -= s[FUNDING + k]
                borrowed -= s[FUNDING + k]
            end = left + s[END + k]
            excess = end * s[INVERSE + k] - 1.0 - lent
            over, ratio = 1.0 / end, end * least
            s[CASH + k] = left
            s[COSTS + k] += (paid if order else 0.0) - borrowed
            s[TURNOVER + k] += larger if order else 0.0
            s[COUNT + k] += s[FILLS + k]
            s[EXPOSURE + k] += long * s[END + k] * over
            s[INVERSE + k] = over
            s[LEAST + k] = over if over < least else kept(least)
            s[DOWN + k] = ratio if ratio < down else kept(down)
            s[EXCESS + k] += excess
            s[SQUARES + k] += excess * excess
            s[PRODUCTS + k] += excess * lent

    finishing: Callable[..., None] = finish
    return finishing


finish, finish_charged = _finish(False), _finish(True)

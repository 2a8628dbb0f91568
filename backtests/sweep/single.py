"""The fast path for one asset: a decision day, or a bar of the account, in one loop over lanes.

The same as :mod:`backtests.sweep.rule` and :mod:`backtests.sweep.fill`, for what most sweeps do:
one asset that is never forced out, slippage that does not depend on ranges, fills at the open. All
figures of a lane then stay in registers from the first to the last.
"""

from __future__ import annotations

import math

from numba import njit

from backtests.sweep.lanes import (
    ALIVE,
    BAND,
    BEGUN,
    BOOK_CASH,
    BTC_EXPOSURE,
    BUY,
    CASH,
    COSTS,
    COUNT,
    DAILY,
    DOWN,
    END,
    ENTER,
    EXCESS,
    EXPOSURE,
    FLOOR,
    HELD,
    HOLD,
    INVERSE,
    KEEP,
    LANES,
    LEAST,
    LEAVE,
    MOVED,
    ORDER,
    ORDERED,
    PAUSE,
    PEAK,
    PRODUCTS,
    RISES,
    ROUNDING,
    ROWS,
    SELL,
    SHADOW,
    SIGN,
    SPREAD,
    SQUARES,
    STOPPED,
    SWITCH,
    TURNOVER,
    WEIGHT,
    WISH,
    kept,
)
from data.aliases import FloatArray

_HELD, _SHADOW, _WEIGHT = ROWS + HELD, ROWS + SHADOW, ROWS + WEIGHT

compiled = njit(nogil=True, error_model="numpy")


@compiled
def act(
    s: FloatArray, t: int, growth: float, unit: float, known: bool, day: float, stop_last: bool
) -> None:
    """Turn wishes into orders, through drawdown stop, minimum holding and rebalance band.

    The first two in either order, the band after them; an overlay that a variant lacks has a
    parameter that never binds.

    Parameters
    ----------
    day : float
        1 on a Friday, 0 on other days, -1 where nobody can decide.
    """
    now = float(t)
    highest = math.inf if known else 0.0
    at_once = -math.inf if stop_last else math.inf
    for k in range(LANES):
        shadow, cash = s[_SHADOW + k] * growth, s[BOOK_CASH + k]
        wish, daily, begun = s[WISH + k], s[DAILY + k], s[BEGUN + k]
        peak, since, moved, ordered = s[PEAK + k], s[STOPPED + k], s[MOVED + k], s[ORDERED + k]
        pause, rises, keep, alive = s[PAUSE + k], s[RISES + k], s[KEEP + k], s[ALIVE + k]
        wait, band = s[HOLD + k], s[BAND + k]
        book = cash + shadow
        decides = (daily + day) > 0.0
        wants = (abs(wish) <= highest) & decides
        begins = wants | (begun != 0.0)
        acts = begins & decides
        worth = book * alive
        halted = since >= 0.0
        stays = halted & ((now - since < pause) | (rises == 0.0))
        higher = worth if halted | (worth > peak) else peak
        trips = (worth < keep * higher) & ~stays
        out = (stays | trips) & acts
        changes = acts & ~stays
        short = wait if wait < at_once else at_once
        free = (now - moved) >= (short if out else wait)
        gross = 0.0 if out else wish
        after = gross * unit * book
        gap = abs(after - shadow)
        moves = gap > ROUNDING * book
        switched = ((after == 0.0) != (shadow == 0.0)) & moves
        order = (wants | out) & free & ((gap > band * book) | switched | (ordered == 0.0))
        stop_at = now if trips else -1.0
        s[BEGUN + k] = 1.0 if begins else 0.0
        s[PEAK + k] = higher if changes else kept(peak)
        s[STOPPED + k] = stop_at if changes else kept(since)
        s[MOVED + k] = now if order & moves else kept(moved)
        s[ORDERED + k] = 1.0 if order else kept(ordered)
        s[BOOK_CASH + k] = book - after if order else kept(cash)
        s[_SHADOW + k] = after if order else shadow
        s[ORDER + k] = 1.0 if order else 0.0
        s[WISH + k] = gross if order else 0.0


@compiled
def look_at(s: FloatArray, seen: float, proportional: bool) -> None:
    """Gross exposure of lanes that all look at one path; see :func:`rule.look`."""
    if proportional:
        for k in range(LANES):
            gross = 0.5 + s[ENTER + k] * seen
            gross = 0.0 if gross < 0.0 else gross
            s[WISH + k] = 1.0 if gross > 1.0 else gross
    else:
        unknown = math.nan if math.isnan(seen) else 0.0
        for k in range(LANES):
            turned, state = s[SIGN + k] * seen, s[SWITCH + k] + 0.0
            above, below = s[ENTER + k], s[LEAVE + k]
            state = 0.0 if turned <= below else state
            state = 1.0 if turned > above else state
            s[SWITCH + k] = state
            s[WISH + k] = state + unknown


@compiled
def obey(s: FloatArray, known: bool, day: float) -> None:
    """Turn wishes into orders where no overlay looks at holdings; see :func:`act`."""
    highest = math.inf if known else 0.0
    for k in range(LANES):
        wish = s[WISH + k]
        order = (abs(wish) <= highest) & ((s[DAILY + k] + day) > 0.0)
        s[ORDER + k] = 1.0 if order else 0.0
        s[WISH + k] = wish + 0.0 if order else 0.0


@compiled
def revive(s: FloatArray, growth: float) -> None:
    """Let a shadow book that has lost everything go on by its weights; its value stays nothing."""
    for k in range(LANES):
        shadow, cash, alive = s[_SHADOW + k], s[BOOK_CASH + k], s[ALIVE + k]
        dead = cash + shadow * growth <= 0.0
        s[_SHADOW + k] = 0.0 if dead else kept(shadow)
        s[BOOK_CASH + k] = 1.0 if dead else kept(cash)
        s[ALIVE + k] = 0.0 if dead else kept(alive)


@compiled
def watch(s: FloatArray, to_fill: float) -> None:
    """Keep the lowest value before a fill, where leverage might take it below nothing."""
    for k in range(LANES):
        ratio = (s[CASH + k] + s[_HELD + k] * to_fill) * s[LEAST + k]
        floor, order = s[FLOOR + k], s[ORDER + k] != 0.0
        s[FLOOR + k] = ratio if order & (ratio < floor) else kept(floor)


@compiled
def account(
    s: FloatArray,
    unit: float,
    tradable: bool,
    to_fill: float,
    to_close: float,
    lent: float,
    btc: float,
) -> None:
    """Run the account over one bar, and add up its figures; `btc` is 1 if the coin is BTC.

    With one asset the signs at the value before costs are the right ones if no weight is
    negative: w V' - h = (w V - h) / (1 +- c w).
    """
    trades = 1.0 if tradable else 0.0
    for k in range(LANES):
        cash, held = s[CASH + k], s[_HELD + k] * to_fill
        wanted, order = s[WISH + k] * unit, s[ORDER + k] * trades != 0.0
        buy, sell, spread = s[BUY + k], s[SELL + k], s[SPREAD + k]
        before, least, down = s[INVERSE + k], s[LEAST + k], s[DOWN + k]
        value = cash + held
        cost = buy if wanted * value > held else -sell
        share = 1.0 + cost * wanted
        inverse = 1.0 / (value * share)
        new = (value + cost * held) * value * inverse
        aimed = wanted * new
        after = aimed if order else held
        left = new - aimed if order else cash
        size = after - held
        traded = abs(size)
        rate = lent + (spread if left < -ROUNDING * abs(value) else 0.0)
        interest = left * rate
        borrowed = interest if left < 0.0 else 0.0
        left = left + interest
        worth = after * to_close
        end = left + worth
        excess = end * before - 1.0 - lent
        over, ratio = 1.0 / end, end * least
        s[CASH + k] = left
        s[_HELD + k] = worth
        s[END + k] = worth
        s[INVERSE + k] = over
        s[LEAST + k] = over if over < least else kept(least)
        s[DOWN + k] = ratio if (ratio < down) & (over > least) else kept(down)
        s[EXCESS + k] += excess
        s[SQUARES + k] += excess * excess
        s[PRODUCTS + k] += excess * lent
        s[TURNOVER + k] += traded * share * inverse
        s[COSTS + k] += cost * size - borrowed
        s[COUNT + k] += 1.0 if traded > ROUNDING * value else 0.0
        s[EXPOSURE + k] += abs(worth) * over
        s[_WEIGHT + k] += worth * over
        s[BTC_EXPOSURE + k] += btc * worth * over

"""The rules that the kernel decides itself, one decision day at a time, 64 variants at once.

Each function is a loop over lanes that only loads, selects and stores: a load inside a branch
would cost the vectors. They restate `strategies.exposure.threshold`, `.proportional` and
`strategies.overlays`, with the shadow book kept in dollars rather than in weights.
"""

from __future__ import annotations

import math

from backtests.sweep.compiled import compiled, inlined
from backtests.sweep.lanes import (
    AIM,
    AIMED,
    ALIVE,
    BAND,
    BEGUN,
    BOOK,
    BOOK_CASH,
    CEILING,
    ENTER,
    FREE,
    GAP,
    GIVEN,
    GIVEN_AT,
    GROSS,
    HOLD,
    KEEP,
    LANES,
    LEAVE,
    MOVED,
    ORDER,
    ORDERED,
    PATH,
    PAUSE,
    PEAK,
    RISES,
    ROUNDING,
    ROWS,
    SEEN,
    SHADOW,
    SIGN,
    STEP,
    STOPPED,
    SWITCH,
    TARGET,
    TREND,
    VOLATILITY,
    WANTED,
    WISH,
    kept,
    width,
)
from backtests.sweep.tables import Block, Tables
from data.aliases import FloatArray, IntArray

NO_OVERLAY, GROSS_ONLY, VOLATILITY_ONLY, GROSS_FIRST, VOLATILITY_FIRST = 0, 1, 2, 3, 4
NOTHING, STOP, HOLDING, REBALANCE = 0, 1, 2, 3


@inlined
def decide(s: FloatArray, index: IntArray, block: Block, tables: Tables, t: int) -> None:
    """Leave in ORDER and WISH what the rules order on day `t`, and carry the shadow books on."""
    gather(s, SEEN, tables.signals, t, index, PATH, block.one_path)
    look(s, block.proportional)
    books, closed = block.late[0] != NOTHING, not decides(block.daily, tables, t)
    if books:
        mark(s, tables.growth, t, block.levered)
    if closed:
        s[ORDER : ORDER + LANES] = 0.0
    else:
        if block.targets != NO_OVERLAY:
            limit(s, index, tables, block.targets, t)
        begin(s, tables.unit_known[t])
        if books:
            follow(s, index, block, tables, t)
    for k in range(width(s)):
        wish = s[WISH + k]
        s[WISH + k] = kept(wish) if s[ORDER + k] != 0.0 else 0.0


@compiled
def decides(daily: bool, tables: Tables, t: int) -> bool:
    """Whether anybody may order on day `t`: BTC has a price, and it is a day for it."""
    open_today: bool = tables.priced[t] and (daily or tables.friday[t])
    return open_today


@compiled
def in_usual_order(late: IntArray) -> bool:
    """Whether a rebalance band, if there is one, comes last."""
    two = late[0] < late[1] or late[1] == NOTHING or (late[0] == HOLDING and late[1] == STOP)
    usual: bool = two and (late[2] == NOTHING or late[2] == REBALANCE)
    return usual


@inlined
def follow(s: FloatArray, index: IntArray, block: Block, tables: Tables, t: int) -> None:
    """Apply the overlays that look at holdings, in the block's order, and settle."""
    assets, stuck, aimed = tables.unit.shape[1], tables.stuck[t], False
    for place in range(3):
        kind = block.late[place]
        if kind == STOP:
            gather(s, RISES, tables.rising, t, index, TREND, block.one_trend)
            stop(s, t)
            aimed = False
        elif kind == HOLDING:
            hold(s, t)
        elif kind == REBALANCE:
            if stuck:
                attain(s, tables, t, assets)
            aim(s, tables.unit, t, stuck)
            keep_in_band(s)
            aimed = True
    if not aimed:
        if stuck:
            attain(s, tables, t, assets)
        aim(s, tables.unit, t, stuck)
    settle(s, t, assets)


@compiled
def gather(
    s: FloatArray,
    row: int,
    paths: FloatArray,
    t: int,
    index: IntArray,
    place: int,
    shared: bool,
) -> None:
    """Lay today's value of each lane's path into a row."""
    if shared:
        value = paths[t, index[place]]
        for k in range(width(s)):
            s[row + k] = value
    else:
        for k in range(width(s)):
            s[row + k] = paths[t, index[place + k]]


@compiled
def mark(s: FloatArray, growth: FloatArray, t: int, levered: bool) -> None:
    """Carry the shadow books to the close of day `t`."""
    assets = growth.shape[1]
    for k in range(width(s)):
        s[BOOK + k] = s[BOOK_CASH + k]
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        factor = growth[t, a]
        for k in range(width(s)):
            worth = own[SHADOW + k] * factor
            own[SHADOW + k] = worth
            s[BOOK + k] += worth
    if levered:
        for k in range(width(s)):
            if s[BOOK + k] <= 0.0:
                s[BOOK + k], s[BOOK_CASH + k], s[ALIVE + k] = 1.0, 1.0, 0.0
                for a in range(assets):
                    s[ROWS + a * STEP + SHADOW + k] = 0.0


@compiled
def look(s: FloatArray, proportional: bool) -> None:
    """Gross exposure by the rule alone; NaN where the signal is unknown."""
    if proportional:
        for k in range(width(s)):
            gross = 0.5 + s[ENTER + k] * s[SEEN + k]
            gross = 0.0 if gross < 0.0 else gross
            s[WISH + k] = 1.0 if gross > 1.0 else gross
    else:
        for k in range(width(s)):
            seen, state = s[SIGN + k] * s[SEEN + k], s[SWITCH + k]
            above, below = s[ENTER + k], s[LEAVE + k]
            state = 0.0 if seen <= below else state
            state = 1.0 if seen > above else state
            s[SWITCH + k] = state + 0.0
            s[WISH + k] = state if seen == seen else math.nan


@compiled
def limit(s: FloatArray, index: IntArray, tables: Tables, targets: int, t: int) -> None:
    """Apply the highest gross exposure and the volatility target, in the block's order."""
    spread = tables.unit_gross[t]
    if targets in (GROSS_ONLY, GROSS_FIRST):
        cut(s, spread)
    if targets != GROSS_ONLY:
        gather(s, SEEN, tables.volatilities, t, index, VOLATILITY, False)
        for k in range(width(s)):
            gross, past = s[WISH + k], s[SEEN + k]
            factor = s[TARGET + k] / (gross * past)
            highest = s[CEILING + k]
            factor = highest if factor > highest else factor
            factor = factor if past > 0.0 else math.nan
            s[WISH + k] = 0.0 if gross == 0.0 else gross * factor
    if targets == VOLATILITY_FIRST:
        cut(s, spread)


@compiled
def cut(s: FloatArray, spread: float) -> None:
    """Scale down what is above the highest gross exposure."""
    for k in range(width(s)):
        gross, highest = s[WISH + k], s[GROSS + k]
        size = gross * spread
        s[WISH + k] = gross * (highest / (size if size > highest else highest))


@compiled
def begin(s: FloatArray, unit_known: bool) -> None:
    """Tell who wants an order; nobody acts before the first day on which he does."""
    highest = math.inf if unit_known else 0.0
    for k in range(width(s)):
        wants, begun = abs(s[WISH + k]) <= highest, s[BEGUN + k]
        s[BEGUN + k] = 1.0 if wants else kept(begun)
        s[ORDER + k] = 1.0 if wants else 0.0


@compiled
def stop(s: FloatArray, t: int) -> None:
    """Go to cash after a loss from the peak; stay there for the pause and until BTC rises."""
    now = float(t)
    for k in range(width(s)):
        worth, peak, since = s[BOOK + k] * s[ALIVE + k], s[PEAK + k], s[STOPPED + k]
        order, wish, acts = s[ORDER + k], s[WISH + k], s[BEGUN + k] != 0.0
        halted = since >= 0.0
        stays = halted & ((now - since < s[PAUSE + k]) | (s[RISES + k] == 0.0))
        highest = worth if halted | (worth > peak) else peak
        trips = (worth < s[KEEP + k] * highest) & ~stays
        out = (stays | trips) & acts
        changes = acts & ~stays
        stop_at = now if trips else -1.0
        s[PEAK + k] = highest if changes else kept(peak)
        s[STOPPED + k] = stop_at if changes else kept(since)
        s[ORDER + k] = 1.0 if out else kept(order)
        s[WISH + k] = 0.0 if out else kept(wish)


@compiled
def hold(s: FloatArray, t: int) -> None:
    """Withhold orders within the minimum holding time."""
    now = float(t)
    for k in range(width(s)):
        order = s[ORDER + k]
        s[ORDER + k] = 0.0 if now - s[MOVED + k] < s[HOLD + k] else kept(order)


@compiled
def aim(s: FloatArray, unit: FloatArray, t: int, stuck: bool) -> None:
    """Dollars that each order would lead to in the shadow book, and how far that is away.

    What is to be entered or left altogether is infinitely far. Where some holding is stuck, AIM
    is there already.
    """
    for k in range(width(s)):
        s[GAP + k] = 0.0
        s[AIMED + k] = 0.0
    for a in range(unit.shape[1]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        if not stuck:
            share = unit[t, a]
            for k in range(width(s)):
                own[AIM + k] = s[WISH + k] * share * s[BOOK + k]
        for k in range(width(s)):
            after, before = own[AIM + k], own[SHADOW + k]
            widest = s[GAP + k]
            gap = abs(after - before)
            switched = ((after == 0.0) != (before == 0.0)) & (gap > ROUNDING * s[BOOK + k])
            gap = math.inf if switched else gap
            s[GAP + k] = gap if gap > widest else kept(widest)
            s[AIMED + k] += after


@compiled
def attain(s: FloatArray, tables: Tables, t: int, assets: int) -> None:
    """As `aim`, where some holding cannot be moved and what it binds cannot be spent."""
    for k in range(width(s)):
        total, wanted, bought, frozen = 0.0, 0.0, 0.0, False
        for a in range(assets):
            own = ROWS + a * STEP + k
            after = s[WISH + k] * tables.unit[t, a] * s[BOOK + k]
            wanted += after
            if not tables.movable[t, a]:
                after = s[own + SHADOW]
                frozen = frozen or after > 0.0
            elif after > 0.0:
                bought += after
            s[own + AIM] = after
            total += after
        excess = total - max(wanted, s[BOOK + k])
        if frozen and excess > ROUNDING * s[BOOK + k] and bought > 0.0:
            left = max(0.0, 1.0 - excess / bought)
            for a in range(assets):
                own = ROWS + a * STEP + k
                if tables.movable[t, a] and s[own + AIM] > 0.0:
                    s[own + AIM] *= left


@compiled
def keep_in_band(s: FloatArray) -> None:
    """Withhold orders that would move no holding by more than the band."""
    for k in range(width(s)):
        order, far = s[ORDER + k], s[GAP + k] > s[BAND + k] * s[BOOK + k]
        s[ORDER + k] = kept(order) if far | (s[ORDERED + k] == 0.0) else 0.0


@compiled
def settle(s: FloatArray, t: int, assets: int) -> None:
    """Carry the orders out in the shadow book."""
    now = float(t)
    for k in range(width(s)):
        order, moved, done = s[ORDER + k] != 0.0, s[MOVED + k], s[ORDERED + k]
        book, cash, gap = s[BOOK + k], s[BOOK_CASH + k], s[GAP + k]
        s[MOVED + k] = now if order & (gap > ROUNDING * book) else kept(moved)
        s[ORDERED + k] = 1.0 if order else kept(done)
        s[BOOK_CASH + k] = book - s[AIMED + k] if order else kept(cash)
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(width(s)):
            after, before, order = own[AIM + k], own[SHADOW + k], s[ORDER + k]
            own[SHADOW + k] = after if order != 0.0 else kept(before)


@compiled
def remember(s: FloatArray, t: int) -> None:
    """Keep the last order given."""
    for k in range(width(s)):
        order, given, at = s[ORDER + k] != 0.0, s[GIVEN + k], s[GIVEN_AT + k]
        wish = s[WISH + k]
        s[GIVEN + k] = wish if order else kept(given)
        s[GIVEN_AT + k] = t * 1.0 if order else kept(at)


@compiled
def in_force(s: FloatArray, tables: Tables) -> None:
    """Order what is in force: a run begins with the last order given, whenever that was."""
    for k in range(width(s)):
        at = int(s[GIVEN_AT + k])
        s[ORDER + k] = 1.0 if at >= 0 else 0.0
        s[FREE + k] = 1.0 - s[GIVEN + k] * tables.unit_sum[max(at, 0)]
        for a in range(tables.unit.shape[1]):
            s[ROWS + a * STEP + WANTED + k] = s[GIVEN + k] * tables.unit[max(at, 0), a]
        s[WISH + k] = s[ROWS + WANTED + k]


@compiled
def spread_out(s: FloatArray, unit: FloatArray, total: float, t: int) -> None:
    """Spread the wanted gross exposure over the assets; what is left is cash."""
    for k in range(width(s)):
        s[FREE + k] = 1.0 - s[WISH + k] * total
    for a in range(unit.shape[1]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        share = unit[t, a]
        for k in range(width(s)):
            own[WANTED + k] = s[WISH + k] * share

"""The rules that the kernel decides itself, one decision day at a time, 64 variants at once.

Each function is a loop over lanes that only loads, selects and stores: a load inside a branch
would cost the vectors. They restate `strategies.exposure.threshold`, `.proportional` and
`strategies.overlays`, with the shadow book kept in dollars rather than in weights.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from numba import njit

from backtests.sweep.lanes import (
    ACTS,
    AIMED,
    AT_FILL,
    AWAY,
    BAND,
    BEGUN,
    BOOK,
    BOOK_CASH,
    CEILING,
    DAILY,
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
    ROUNDING,
    ROWS,
    SEEN,
    SHADOW,
    SIGN,
    STEP,
    STOPPED,
    SUM_HELD,
    SUM_WANTED,
    SWITCH,
    TARGET,
    TREND,
    VOLATILITY,
    WANTED,
    WISH,
)
from data.aliases import BoolArray, FloatArray, IntArray

NO_OVERLAY, GROSS_ONLY, VOLATILITY_ONLY, GROSS_FIRST, VOLATILITY_FIRST = 0, 1, 2, 3, 4
NOTHING, STOP, HOLDING, REBALANCE = 0, 1, 2, 3


class Tables(NamedTuple):
    """What the rules look at, by decision day (T) of the market: see :class:`paths.Paths`."""

    signals: FloatArray  # (T, P)
    unit: FloatArray  # (T, A), zero where unknown
    unit_known: BoolArray  # (T,)
    unit_gross: FloatArray  # (T,), sum of the absolute weights
    unit_sum: FloatArray  # (T,)
    stuck: BoolArray  # (T,), some asset that may be held is not movable
    volatilities: FloatArray  # (T, Q)
    rising: FloatArray  # (T, D), one or zero
    growth: FloatArray  # (T, A), close over the last close
    movable: BoolArray  # (T, A)
    priced: BoolArray  # (T,)
    friday: BoolArray  # (T,)


class Block(NamedTuple):
    """What all lanes of a block have in common."""

    proportional: bool
    targets: int
    late: IntArray  # (3,)
    daily: bool  # whether some lane decides daily


compiled = njit(nogil=True, error_model="numpy")


@compiled
def decide(s: FloatArray, index: IntArray, block: Block, tables: Tables, t: int) -> None:
    """Leave in ORDER and WISH what the rules order on day `t`, and carry the shadow books on."""
    assets = tables.unit.shape[1]
    books = block.late[0] != NOTHING
    if books:
        mark(s, tables.growth, t, assets)
    look(s, index, tables.signals, t, block.proportional)
    friday = tables.friday[t]
    if not tables.priced[t] or not (friday or block.daily):
        for k in range(LANES):
            s[ORDER + k] = 0.0
        return
    if block.targets != NO_OVERLAY:
        limit(s, index, tables, block.targets, t)
    begin(s, tables.unit_known[t], 1.0 if friday else 0.0)
    if books:
        aimed = False
        for place in range(3):
            kind = block.late[place]
            if kind == STOP:
                stop(s, index, tables.rising, t)
                aimed = False
            elif kind == HOLDING:
                hold(s, t)
            elif kind == REBALANCE:
                aim(s, tables, t, assets)
                keep_in_band(s)
                aimed = True
        if not aimed:
            aim(s, tables, t, assets)
        settle(s, t, assets)


@compiled
def mark(s: FloatArray, growth: FloatArray, t: int, assets: int) -> None:
    """Carry the shadow books to the close of day `t`."""
    for k in range(LANES):
        s[BOOK + k] = s[BOOK_CASH + k]
    for a in range(assets):
        own, factor = ROWS + a * STEP, growth[t, a]
        for k in range(LANES):
            worth = s[own + SHADOW + k] * factor
            s[own + SHADOW + k] = worth
            s[BOOK + k] += worth


@compiled
def look(s: FloatArray, index: IntArray, signals: FloatArray, t: int, proportional: bool) -> None:
    """Gross exposure by the rule alone; NaN where the signal is unknown."""
    for k in range(LANES):
        s[SEEN + k] = signals[t, index[PATH + k]]
    if proportional:
        for k in range(LANES):
            gross = 0.5 + s[ENTER + k] * s[SEEN + k]
            gross = 0.0 if gross < 0.0 else gross
            s[WISH + k] = 1.0 if gross > 1.0 else gross
    else:
        for k in range(LANES):
            seen, state = s[SIGN + k] * s[SEEN + k], s[SWITCH + k]
            above, below = s[ENTER + k], s[LEAVE + k]
            state = 0.0 if seen <= below else state
            state = 1.0 if seen > above else state
            s[SWITCH + k] = state
            s[WISH + k] = state if seen == seen else math.nan


@compiled
def limit(s: FloatArray, index: IntArray, tables: Tables, targets: int, t: int) -> None:
    """Apply the highest gross exposure and the volatility target, in the block's order."""
    spread = tables.unit_gross[t]
    if targets in (GROSS_ONLY, GROSS_FIRST):
        cut(s, spread)
    if targets != GROSS_ONLY:
        for k in range(LANES):
            s[SEEN + k] = tables.volatilities[t, index[VOLATILITY + k]]
        for k in range(LANES):
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
    for k in range(LANES):
        gross, highest = s[WISH + k], s[GROSS + k]
        size = gross * spread
        s[WISH + k] = gross * (highest / (size if size > highest else highest))


@compiled
def begin(s: FloatArray, unit_known: bool, friday: float) -> None:
    """Tell who decides today and wants an order; nobody acts before the first such day."""
    free = 1.0 if unit_known else 0.0
    for k in range(LANES):
        gross, daily, begun = s[WISH + k], s[DAILY + k], s[BEGUN + k]
        day = daily if daily > friday else friday
        known = free if gross != 0.0 else 1.0
        known = known if gross == gross else 0.0
        order = known * day
        begun = order if order > begun else begun
        s[BEGUN + k] = begun
        s[ACTS + k] = begun * day
        s[ORDER + k] = order


@compiled
def stop(s: FloatArray, index: IntArray, rising: FloatArray, t: int) -> None:
    """Go to cash after a loss from the peak; stay there for the pause and until BTC rises."""
    for k in range(LANES):
        s[SEEN + k] = rising[t, index[TREND + k]]
    for k in range(LANES):
        worth, peak, since = s[BOOK + k], s[PEAK + k], s[STOPPED + k]
        order, wish, acts = s[ORDER + k], s[WISH + k], s[ACTS + k] != 0.0
        early = (t - since < s[PAUSE + k]) | (s[SEEN + k] == 0.0)
        halted = since >= 0.0
        stays = halted & early
        highest = worth if halted | (worth > peak) else peak
        trips = (worth < s[KEEP + k] * highest) & ~stays
        out = (stays | trips) & acts
        changes = acts & ~stays
        s[PEAK + k] = highest if changes else peak
        now = t * 1.0 if trips else -1.0
        s[STOPPED + k] = now if changes else since
        s[ORDER + k] = 1.0 if out else order
        s[WISH + k] = 0.0 if out else wish


@compiled
def hold(s: FloatArray, t: int) -> None:
    """Withhold orders within the minimum holding time."""
    for k in range(LANES):
        order = s[ORDER + k]
        s[ORDER + k] = 0.0 if t - s[MOVED + k] < s[HOLD + k] else order


@compiled
def aim(s: FloatArray, tables: Tables, t: int, assets: int) -> None:
    """Dollars that each order would lead to in the shadow book, and how far that is away."""
    if tables.stuck[t]:
        attain(s, tables, t, assets)
    else:
        for a in range(assets):
            own, unit = ROWS + a * STEP, tables.unit[t, a]
            for k in range(LANES):
                s[own + AT_FILL + k] = s[WISH + k] * unit * s[BOOK + k]
    for k in range(LANES):
        s[GAP + k] = 0.0
        s[AWAY + k] = 0.0
        s[AIMED + k] = 0.0
    for a in range(assets):
        own = ROWS + a * STEP
        for k in range(LANES):
            after, before = s[own + AT_FILL + k], s[own + SHADOW + k]
            widest, away, book = s[GAP + k], s[AWAY + k], s[BOOK + k]
            gap = abs(after - before)
            s[GAP + k] = gap if gap > widest else widest
            switched = ((after == 0.0) != (before == 0.0)) & (gap > ROUNDING * book)
            s[AWAY + k] = 1.0 if switched else away
            s[AIMED + k] += after


@compiled
def attain(s: FloatArray, tables: Tables, t: int, assets: int) -> None:
    """As `aim`, where some holding cannot be moved and what it binds cannot be spent."""
    for k in range(LANES):
        s[SUM_HELD + k] = 0.0
        s[SUM_WANTED + k] = 0.0
        s[GAP + k] = 0.0
        s[AWAY + k] = 0.0
    for a in range(assets):
        own, unit, moves = ROWS + a * STEP, tables.unit[t, a], tables.movable[t, a]
        for k in range(LANES):
            wanted, stays = s[WISH + k] * unit * s[BOOK + k], s[own + SHADOW + k]
            after = wanted if moves else stays
            bought, frozen = s[GAP + k], s[AWAY + k]
            s[own + AT_FILL + k] = after
            s[SUM_WANTED + k] += wanted
            s[SUM_HELD + k] += after
            s[GAP + k] = bought + after if moves & (after > 0.0) else bought
            s[AWAY + k] = 1.0 if (not moves) & (stays > 0.0) else frozen
    for k in range(LANES):
        book, wanted, bought = s[BOOK + k], s[SUM_WANTED + k], s[GAP + k]
        excess = s[SUM_HELD + k] - (wanted if wanted > book else book)
        cuts = (excess > ROUNDING * book) & (bought > 0.0) & (s[AWAY + k] != 0.0)
        left = 1.0 - excess / bought
        left = left if left > 0.0 else 0.0
        s[GAP + k] = left if cuts else 1.0
    for a in range(assets):
        own, moves = ROWS + a * STEP, tables.movable[t, a]
        for k in range(LANES):
            after, left = s[own + AT_FILL + k], s[GAP + k]
            s[own + AT_FILL + k] = after * left if moves & (after > 0.0) else after


@compiled
def keep_in_band(s: FloatArray) -> None:
    """Withhold orders that would move no holding by more than the band."""
    for k in range(LANES):
        order, far = s[ORDER + k], s[GAP + k] > s[BAND + k] * s[BOOK + k]
        moves = far | (s[AWAY + k] != 0.0) | (s[ORDERED + k] == 0.0)
        s[ORDER + k] = order if moves else 0.0


@compiled
def settle(s: FloatArray, t: int, assets: int) -> None:
    """Carry the orders out in the shadow book."""
    for k in range(LANES):
        order, moved, done = s[ORDER + k] != 0.0, s[MOVED + k], s[ORDERED + k]
        book, cash, gap = s[BOOK + k], s[BOOK_CASH + k], s[GAP + k]
        s[MOVED + k] = t * 1.0 if order & (gap > ROUNDING * book) else moved
        s[ORDERED + k] = 1.0 if order else done
        s[BOOK_CASH + k] = book - s[AIMED + k] if order else cash
    for a in range(assets):
        own = ROWS + a * STEP
        for k in range(LANES):
            after, before = s[own + AT_FILL + k], s[own + SHADOW + k]
            s[own + SHADOW + k] = after if s[ORDER + k] != 0.0 else before


@compiled
def remember(s: FloatArray, t: int) -> None:
    """Keep the last order given."""
    for k in range(LANES):
        order, given, at = s[ORDER + k] != 0.0, s[GIVEN + k], s[GIVEN_AT + k]
        wish = s[WISH + k]
        s[GIVEN + k] = wish if order else given
        s[GIVEN_AT + k] = t * 1.0 if order else at


@compiled
def in_force(s: FloatArray, tables: Tables) -> None:
    """Order what is in force: a run begins with the last order given, whenever that was."""
    for k in range(LANES):
        at = int(s[GIVEN_AT + k])
        s[ORDER + k] = 1.0 if at >= 0 else 0.0
        s[FREE + k] = 1.0 - s[GIVEN + k] * tables.unit_sum[max(at, 0)]
        for a in range(tables.unit.shape[1]):
            s[ROWS + a * STEP + WANTED + k] = s[GIVEN + k] * tables.unit[max(at, 0), a]


@compiled
def spread_out(s: FloatArray, tables: Tables, t: int) -> None:
    """Spread the wanted gross exposure over the assets; what is left is cash."""
    total = tables.unit_sum[t]
    for k in range(LANES):
        s[FREE + k] = 1.0 - s[WISH + k] * total
    for a in range(tables.unit.shape[1]):
        own, share = ROWS + a * STEP, tables.unit[t, a]
        for k in range(LANES):
            s[own + WANTED + k] = s[WISH + k] * share

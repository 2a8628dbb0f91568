"""The fast path for one coin: a decision day in one loop over lanes, or a glance at it.

The same as :mod:`backtests.sweep.rule`, with a rebalance band last if there is one.
"""

from __future__ import annotations

import math

import numpy as np

from backtests.sweep.compiled import compiled
from backtests.sweep.lanes import (
    ALIVE,
    BAND,
    BEGUN,
    BOOK_CASH,
    CASH,
    ENTER,
    HELD,
    HOLD,
    KEEP,
    LANES,
    LEAVE,
    MOVED,
    ORDER,
    ORDERED,
    PAUSE,
    PEAK,
    RISES,
    ROUNDING,
    ROWS,
    SHADOW,
    SIGN,
    STOPPED,
    SWITCH,
    WAKE,
    WISH,
    kept,
    width,
)
from data.aliases import FloatArray

_HELD, _SHADOW = ROWS + HELD, ROWS + SHADOW


@compiled
def act(
    s: FloatArray,
    first: int,
    last: int,
    t: int,
    growth: float,
    unit: float,
    known: bool,
    stop_last: bool,
) -> None:
    """Turn wishes into orders, through drawdown stop, minimum holding and rebalance band.

    The first two in either order, the band after them; an overlay that a variant lacks has a
    parameter that never binds.

    Parameters
    ----------
    first, last : int
        Lanes `first` to ``last - 1``.
    growth : float
        Factor that carries the shadow books to today's close; 1 where they are there.
    """
    now = float(t)
    highest = math.inf if known else 0.0
    at_once = -math.inf if stop_last else math.inf
    for k in range(first, last):
        shadow, cash = s[_SHADOW + k] * growth, s[BOOK_CASH + k]
        wish, begun, alive = s[WISH + k], s[BEGUN + k], s[ALIVE + k]
        peak, since, moved, ordered = s[PEAK + k], s[STOPPED + k], s[MOVED + k], s[ORDERED + k]
        pause, rises, keep = s[PAUSE + k], s[RISES + k], s[KEEP + k]
        wait, band = s[HOLD + k], s[BAND + k]
        book = cash + shadow
        wants = abs(wish) <= highest
        acts = wants | (begun != 0.0)
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
        higher = higher if changes else peak
        since = stop_at if changes else since
        moved = now if order & moves else moved
        after = after if order else shadow
        stopped = since >= 0.0
        until = since + pause + 0.5 if stopped else moved + wait + 0.5
        until = until if until > 0.5 else 0.5
        s[BEGUN + k] = 1.0 if acts else 0.0
        s[PEAK + k] = (0.0 if after == 0.0 else math.inf) if stopped else higher + 0.0
        s[WAKE + k] = -until if stopped else until
        s[STOPPED + k] = since + 0.0
        s[MOVED + k] = moved + 0.0
        s[ORDERED + k] = 1.0 if order else kept(ordered)
        s[BOOK_CASH + k] = book - after if order else kept(cash)
        s[_SHADOW + k] = after
        s[ORDER + k] = 1.0 if order else 0.0
        s[WISH + k] = gross if order else 0.0


@compiled
def glance(s: FloatArray, t: int, growth: float, rises: bool) -> np.uint64:
    """Carry the shadow books on, and tell for which lanes :func:`act` might do anything else.

    For lanes that are all in or all out in their shadow book and in their account alike, under a
    switch: as long as it stays where it is and no stop trips, repeating the order moves nothing.

    Parameters
    ----------
    rises : bool
        Whether a stop may end today.

    Returns
    -------
    uint64
        Bit k for lane k.
    """
    latest = t + 0.5
    earliest = -latest if rises else 0.0
    found = np.uint64(0)
    for k in range(width(s)):
        shadow, cash, state = s[_SHADOW + k] * growth, s[BOOK_CASH + k], s[SWITCH + k]
        peak, keep, wake = s[PEAK + k], s[KEEP + k], s[WAKE + k]
        book = cash + shadow
        peak = book if book > peak else peak
        due = (wake <= latest) & (wake >= earliest) & (state * book != shadow)
        s[_SHADOW + k] = shadow
        s[PEAK + k] = peak + 0.0
        found |= (np.uint64(1) if due | (book < keep * peak) else np.uint64(0)) << np.uint64(k)
    return found


@compiled
def idle(s: FloatArray, growth: float) -> None:
    """Carry the shadow books on where nobody may order."""
    for k in range(width(s)):
        s[_SHADOW + k] = s[_SHADOW + k] * growth
        s[ORDER + k] = 0.0


@compiled
def in_step(s: FloatArray) -> bool:
    """Tell whether every account is all in or all out, where its shadow book is."""
    found = 0
    for k in range(width(s)):
        shadow, aside = s[_SHADOW + k], s[BOOK_CASH + k]
        held, cash, begun = s[_HELD + k], s[CASH + k], s[BEGUN + k]
        out = (shadow == 0.0) & (held == 0.0)
        full = (aside == 0.0) & (cash == 0.0)
        found += 1 if (begun != 0.0) & (out | full) else 0
    return found == LANES


@compiled
def look_at(s: FloatArray, seen: float, proportional: bool) -> None:
    """Gross exposure of lanes that all look at one path; see :func:`rule.look`."""
    if proportional:
        for k in range(width(s)):
            gross = 0.5 + s[ENTER + k] * seen
            gross = 0.0 if gross < 0.0 else gross
            s[WISH + k] = 1.0 if gross > 1.0 else gross
    else:
        unknown = math.nan if math.isnan(seen) else 0.0
        for k in range(width(s)):
            turned, state = s[SIGN + k] * seen, s[SWITCH + k] + 0.0
            above, below = s[ENTER + k], s[LEAVE + k]
            state = 0.0 if turned <= below else state
            state = 1.0 if turned > above else state
            s[SWITCH + k] = state
            s[WISH + k] = state + unknown


@compiled
def obey(s: FloatArray, known: bool) -> None:
    """Turn wishes into orders where no overlay looks at holdings; see :func:`act`."""
    highest = math.inf if known else 0.0
    for k in range(width(s)):
        wish = s[WISH + k]
        order = abs(wish) <= highest
        s[ORDER + k] = 1.0 if order else 0.0
        s[WISH + k] = wish + 0.0 if order else 0.0


@compiled
def revive(s: FloatArray, growth: float) -> None:
    """Let a shadow book that has lost everything go on by its weights; its value stays nothing."""
    for k in range(width(s)):
        shadow, cash, alive = s[_SHADOW + k], s[BOOK_CASH + k], s[ALIVE + k]
        dead = cash + shadow * growth <= 0.0
        s[_SHADOW + k] = 0.0 if dead else kept(shadow)
        s[BOOK_CASH + k] = 1.0 if dead else kept(cash)
        s[ALIVE + k] = 0.0 if dead else kept(alive)

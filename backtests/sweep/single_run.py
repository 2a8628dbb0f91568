"""Run blocks of one coin over all bars: decide, fill, close, and glance where that is enough."""

from __future__ import annotations

import math

import numpy as np

from backtests.sweep.compiled import compiled, inlined
from backtests.sweep.lanes import (
    LANES,
    ORDER,
    PATH,
    RISES,
    SEEN,
    SWITCH,
    TREND,
    WISH,
    lowest,
    width,
)
from backtests.sweep.rule import NO_OVERLAY, NOTHING, STOP, in_force, limit, look, remember
from backtests.sweep.single import act, glance, idle, in_step, look_at, obey, revive
from backtests.sweep.single_account import (
    carry,
    close,
    close_levered,
    fill,
    fill_levered,
    watch,
    write_down,
)
from backtests.sweep.tables import Bars, Block, Tables
from data.aliases import FloatArray, IntArray


@compiled
def trade_one(
    s: FloatArray,
    levered: bool,
    tradable: bool,
    unit: float,
    first: float,
    then: float,
    lent: float,
) -> None:
    """Run the accounts over one bar, with the orders that stand in the rows."""
    if not tradable:
        carry(s, first)
        if levered:
            watch(s)
    elif levered:
        fill_levered(s, 0, LANES, unit, first)
    else:
        fill(s, 0, LANES, unit, first)
    if levered:
        close_levered(s, 1.0, then, lent)
    else:
        close(s, 1.0, then, lent)


@inlined
def serve(
    s: FloatArray,
    index: IntArray,
    found: np.uint64,
    t: int,
    unit: float,
    stop_last: bool,
    rising: FloatArray,
    fresh: bool,
    fills: bool,
) -> None:
    """Let the lanes of the bits act, one by one, and carry their orders out."""
    while found != np.uint64(0):
        k = lowest(found)
        found &= found - np.uint64(1)
        if not fresh:
            s[WISH + k] = s[SWITCH + k]
        s[RISES + k] = rising[t, index[TREND + k]]
        act(s, k, k + 1, t, 1.0, unit, True, stop_last)
        if fills:
            fill(s, k, k + 1, unit, 1.0)


@inlined
def see(s: FloatArray, index: IntArray, block: Block, signals: FloatArray, t: int) -> None:
    """Lay in the rows what the rules want by their signals alone."""
    if block.one_path:
        look_at(s, signals[t, index[PATH]], block.proportional)
    else:
        for k in range(width(s)):
            s[SEEN + k] = signals[t, index[PATH + k]]
        look(s, block.proportional)


@inlined
def order_all(
    s: FloatArray, index: IntArray, block: Block, tables: Tables, t: int, stop_last: bool
) -> None:
    """Turn the wishes of all lanes into orders."""
    if block.targets != NO_OVERLAY:
        limit(s, index, tables, block.targets, t)
    if block.late[0] == NOTHING and not block.switch:
        obey(s, tables.unit_known[t])
    else:
        factor = tables.growth[t, 0]
        if block.levered:
            revive(s, factor)
        for k in range(width(s)):
            s[RISES + k] = tables.rising[t, index[TREND + k]]
        act(s, 0, LANES, t, factor, tables.unit[t, 0], tables.unit_known[t], stop_last)


@compiled
def run_one(
    s: FloatArray,
    index: IntArray,
    block: Block,
    tables: Tables,
    bars: Bars,
    spans: tuple[int, int, int],
    edges: IntArray,
    fold: int,
    quiet: bool,
    closes: FloatArray,
) -> bool:
    """Run a block over the bars of a fold; the first begins with the decision days before the run.

    Parameters
    ----------
    spans : tuple of int
        First decision day of the run, number of them, delay in days.
    quiet : bool
        Whether :func:`backtests.sweep.single.glance` may be relied on; the new value is returned.
    closes : array (N, 64)
        Room for the value at each close, or none.
    """
    start, decisions, delay = spans
    signals, rising, growth, unit = tables.signals, tables.rising, tables.growth, tables.unit
    known, priced, friday = tables.unit_known, tables.priced, tables.friday
    tradable, to_fill, to_close, lent = bars.tradable, bars.to_fill, bars.to_close, bars.lent
    path, trend, daily = index[PATH], index[TREND], block.daily
    stop_last, last = block.late[1] == STOP, math.nan
    for bar in range(edges[fold] - (start if fold == 0 else 0), edges[fold + 1]):
        t = start + bar - (delay if bar >= 0 else 0)
        gross, found, full, fresh = 1.0, np.uint64(0), False, True
        if bar >= 0 and (bar < delay or t >= start + decisions):
            if not quiet:
                s[ORDER : ORDER + LANES] = 0.0
        else:
            gross = unit[t, 0]
            closed = not (priced[t] and (daily or friday[t]))
            full = not (closed or (quiet and known[t] and gross == 1.0))
            fresh = full or not (block.one_path and signals[t, path] == last)
            last = signals[t, path]
            if fresh:
                see(s, index, block, signals, t)
            if full:
                order_all(s, index, block, tables, t, stop_last)
                if t <= start:
                    remember(s, t)
            elif closed:
                idle(s, growth[t, 0])
            else:
                rises = not block.one_trend or rising[t, trend] != 0.0
                found = glance(s, t, growth[t, 0], rises)
            if t == start:
                in_force(s, tables)
                gross = 1.0
        if bar < 0:
            continue
        first, then, rate, free = to_fill[bar, 0], to_close[bar, 0], lent[bar, 1], tradable[bar, 0]
        if quiet and not full:
            if found != np.uint64(0):
                carry(s, first)
                serve(s, index, found, t, gross, stop_last, rising, fresh, free)
                first, quiet = 1.0, free
            close(s, first, then, rate)
        else:
            trade_one(s, block.levered, free, gross, first, then, rate)
            quiet = block.switch and full and free and in_step(s)
        if len(closes) > 0:
            write_down(s, closes, bar)
    return quiet

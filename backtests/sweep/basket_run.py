"""Run blocks over the bars of a fold: of several coins, and of target weights of any number."""

from __future__ import annotations

from backtests.sweep.compiled import compiled, inlined
from backtests.sweep.fill import trade
from backtests.sweep.lanes import (
    CASH,
    END,
    FILLS,
    FREE,
    HELD,
    LANES,
    ORDER,
    ROWS,
    STEP,
    WANTED,
    WISH,
    kept,
    width,
)
from backtests.sweep.rule import decide, in_force, remember, spread_out
from backtests.sweep.single_account import write_down
from backtests.sweep.single_run import trade_one
from backtests.sweep.tables import Bars, Block, Tables
from data.aliases import FloatArray, IntArray


@compiled
def write_down_all(s: FloatArray, closes: FloatArray, bar: int, assets: int) -> None:
    """Keep what the accounts are worth at a close: negative where nothing is held."""
    for k in range(width(s)):
        s[FILLS + k] = 0.0
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(width(s)):
            s[FILLS + k] = 1.0 if own[HELD + k] != 0.0 else kept(s[FILLS + k])
    for k in range(width(s)):
        value = s[CASH + k] + s[END + k]
        closes[bar, k] = value if s[FILLS + k] != 0.0 else -value


@inlined
def run_bar(
    s: FloatArray,
    bars: Bars,
    j: int,
    unit: float,
    levered: bool,
    spare: FloatArray,
    rank: IntArray,
    closes: FloatArray,
) -> None:
    """Run the accounts over one bar, by the fast path where it is fit."""
    if bars.simple:
        first, then = bars.to_fill[j, 0], bars.to_close[j, 0]
        trade_one(s, levered, bars.tradable[j, 0], unit, first, then, bars.lent[j, 1])
        if len(closes) > 0:
            write_down(s, closes, j)
    else:
        trade(s, bars, j, spare, rank)
        if len(closes) > 0:
            write_down_all(s, closes, j, bars.to_fill.shape[1])


@compiled
def run_many(
    s: FloatArray,
    index: IntArray,
    block: Block,
    tables: Tables,
    bars: Bars,
    spans: tuple[int, int, int],
    edges: IntArray,
    fold: int,
    spare: FloatArray,
    rank: IntArray,
    closes: FloatArray,
) -> None:
    """Run a block over the bars of a fold; the first begins with the decision days before it."""
    start, decisions, delay = spans
    if fold == 0:
        for t in range(start):
            decide(s, index, block, tables, t)
            remember(s, t)
    for j in range(edges[fold], edges[fold + 1]):
        t, unit = start + j - delay, 1.0
        if j < delay or t >= start + decisions:
            s[ORDER : ORDER + LANES] = 0.0
        else:
            decide(s, index, block, tables, t)
            if t == start:
                remember(s, t)
                in_force(s, tables)
            elif bars.simple:
                unit = tables.unit[t, 0]
            else:
                spread_out(s, tables.unit, tables.unit_sum[t], t)
        run_bar(s, bars, j, unit, block.levered, spare, rank, closes)


@compiled
def read_weights(s: FloatArray, variants: IntArray, weights: FloatArray, t: int) -> None:
    """Take the target weights of day `t` from the matrix; a NaN among them is no order."""
    for k in range(width(s)):
        s[FREE + k] = 1.0
    for a in range(weights.shape[2]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(width(s)):
            own[WANTED + k] = weights[variants[k], t, a]
        for k in range(width(s)):
            s[FREE + k] -= own[WANTED + k]
    for k in range(width(s)):
        free, wanted = s[FREE + k], s[ROWS + WANTED + k]
        s[ORDER + k] = 1.0 if free == free else 0.0
        s[WISH + k] = wanted if free == free else 0.0


@compiled
def run_targets(
    s: FloatArray,
    variants: IntArray,
    delay: int,
    weights: FloatArray,
    bars: Bars,
    edges: IntArray,
    fold: int,
    spare: FloatArray,
    rank: IntArray,
    closes: FloatArray,
) -> None:
    """Run a block of target weights over the bars of a fold."""
    decisions = weights.shape[1]
    for j in range(edges[fold], edges[fold + 1]):
        if 0 <= j - delay < decisions:
            read_weights(s, variants, weights, j - delay)
        else:
            s[ORDER : ORDER + LANES] = 0.0
        run_bar(s, bars, j, 1.0, True, spare, rank, closes)

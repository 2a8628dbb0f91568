"""The compiled loops over blocks, folds and bars, and the cache of their machine code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backtests.sweep.compiled import compiled, entry, inlined
from backtests.sweep.fill import trade
from backtests.sweep.lanes import (
    ALIVE,
    APART,
    BOOK_CASH,
    CASH,
    DOWN,
    END,
    ENTER,
    FILLS,
    FLOOR,
    FREE,
    GIVEN_AT,
    HELD,
    INDEX_ROWS,
    INVERSE,
    LANES,
    LAST,
    LEAST,
    MOVED,
    ORDER,
    PARAMETERS,
    PATH,
    RESULTS,
    ROUNDING,
    ROWS,
    RUINED,
    STATUS,
    STEP,
    STOPPED,
    TREND,
    UNSETTLED,
    VALUE,
    WANTED,
    WEIGHT,
    WIDTH,
    WISH,
    kept,
)
from backtests.sweep.rule import (
    NO_OVERLAY,
    decide,
    in_force,
    in_usual_order,
    remember,
    spread_out,
)
from backtests.sweep.single_account import sum_up, write_down
from backtests.sweep.single_run import run_one, trade_one
from backtests.sweep.tables import Bars, Block, Out, Tables
from data.aliases import FloatArray, IntArray

# Bars of a block that are handed back at a time.
CACHED = 64


@compiled
def open_accounts(
    s: FloatArray, variants: IntArray, parameters: FloatArray, capital: float
) -> None:
    """Begin with parameters and cash, and nothing else."""
    s[:] = 0.0
    s[WIDTH] = LANES
    for row in range(PARAMETERS):
        for k in range(LANES):
            s[ENTER + row * APART + k] = parameters[row, variants[k]]
    for k in range(int(s[WIDTH])):
        s[CASH + k] = capital
        s[VALUE + k] = capital
        s[INVERSE + k] = 1.0 / capital
        s[LEAST + k] = 1.0 / capital
        s[DOWN + k] = 1.0
        s[FLOOR + k] = 1.0
        s[ALIVE + k] = 1.0
        s[BOOK_CASH + k] = 1.0
        s[STOPPED + k] = -1.0
        s[MOVED + k] = -1e18
        s[GIVEN_AT + k] = -1.0


@compiled
def close_fold(
    s: FloatArray, bars: Bars, levered: bool, variants: IntArray, fold: int, out: Out
) -> None:
    """Write what the accounts are worth at the end of a fold."""
    if bars.simple:
        sum_up(s, levered, bars.btc == 0)
    for k in range(int(s[WIDTH])):
        out.values[variants[k], fold + 1] = s[CASH + k] + s[END + k]


@compiled
def keep_closes(closes: FloatArray, variants: IntArray, out: Out) -> None:
    """Hand back a block's accounts at the closes, some bars at a time for the cache's sake."""
    bars = len(closes)
    for first in range(0, bars, CACHED):
        for k in range(LANES):
            values, invested = out.closes[variants[k]], out.invested[variants[k]]
            for bar in range(first, min(first + CACHED, bars)):
                value = closes[bar, k]
                values[bar] = abs(value)
                invested[bar] = value > 0.0


@compiled
def write_down_all(s: FloatArray, closes: FloatArray, bar: int, assets: int) -> None:
    """Keep what the accounts are worth at a close: negative where nothing is held."""
    for k in range(int(s[WIDTH])):
        s[FILLS + k] = 0.0
    for a in range(assets):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(int(s[WIDTH])):
            s[FILLS + k] = 1.0 if own[HELD + k] != 0.0 else kept(s[FILLS + k])
    for k in range(int(s[WIDTH])):
        value = s[CASH + k] + s[END + k]
        closes[bar, k] = value if s[FILLS + k] != 0.0 else -value


@compiled
def hand_back(
    s: FloatArray, closes: FloatArray, variants: IntArray, capital: float, out: Out
) -> None:
    """Write what is left of a block's variants."""
    if len(closes) > 0:
        keep_closes(closes, variants, out)
    for k in range(int(s[WIDTH])):
        variant, value = variants[k], s[CASH + k] + s[END + k]
        s[LAST + k] = value
        ruined = not (s[DOWN + k] > ROUNDING and s[FLOOR + k] > ROUNDING and value > 0.0)
        if ruined and s[STATUS + k] != UNSETTLED:
            s[STATUS + k] = RUINED
        for row in range(RESULTS):
            out.results[variant, row] = s[LAST + row * APART + k]
        out.values[variant, 0] = capital
        if len(out.weights) > 0:
            for a in range(out.weights.shape[1]):
                out.weights[variant, a] = s[ROWS + a * STEP + WEIGHT + k]


@compiled
def read_weights(s: FloatArray, variants: IntArray, weights: FloatArray, t: int) -> None:
    """Take the target weights of day `t` from the matrix; a NaN among them is no order."""
    for k in range(int(s[WIDTH])):
        s[FREE + k] = 1.0
    for a in range(weights.shape[2]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(int(s[WIDTH])):
            own[WANTED + k] = weights[variants[k], t, a]
        for k in range(int(s[WIDTH])):
            s[FREE + k] -= own[WANTED + k]
    for k in range(int(s[WIDTH])):
        free, wanted = s[FREE + k], s[ROWS + WANTED + k]
        s[ORDER + k] = 1.0 if free == free else 0.0
        s[WISH + k] = wanted if free == free else 0.0


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
def lay_places(index: IntArray, places: IntArray, variants: IntArray) -> tuple[bool, bool]:
    """Lay the columns of the lanes' paths; tell whether all signals, and all trends, are one."""
    one_path, one_trend = True, True
    for k in range(LANES):
        for row in range(3):
            index[row * LANES + k] = places[row, variants[k]]
        one_path = one_path and index[PATH + k] == index[PATH]
        one_trend = one_trend and index[TREND + k] == index[TREND]
    return one_path, one_trend


@compiled
def tables_of(units: Any, unit: int, paths: Any) -> Tables:
    """Put the paths of one allocation and those of all together."""
    return Tables(
        paths[0],
        units[0][unit],
        units[1][unit],
        units[2][unit],
        units[3][unit],
        units[4][unit],
        paths[1],
        paths[2],
        paths[3],
        paths[4],
        paths[5],
        paths[6],
    )


@compiled
def run_matrix(  # type: ignore[no-untyped-def]
    room, variants, kind, parameters, weights, bars, capital, edges, out
):
    """Screen a block of target weights; see :func:`backtests.sweep.screen.screen`."""
    s, _, spare, rank, closes = room
    delay, decisions = kind[0], weights.shape[1]
    open_accounts(s, variants, parameters, capital)
    for fold in range(len(edges) - 1):
        for j in range(edges[fold], edges[fold + 1]):
            if 0 <= j - delay < decisions:
                read_weights(s, variants, weights, j - delay)
            else:
                s[ORDER : ORDER + LANES] = 0.0
            run_bar(s, bars, j, 1.0, True, spare, rank, closes)
        close_fold(s, bars, True, variants, fold, out)
    hand_back(s, closes, variants, capital, out)


@compiled
def run_native(  # type: ignore[no-untyped-def]
    room,
    variants,
    kind,
    parameters,
    places,
    units,
    paths,
    start,
    decisions,
    bars,
    capital,
    edges,
    out,
):
    """Screen a block of rules; see :func:`backtests.sweep.screen.screen`."""
    s, index, spare, rank, closes = room
    open_accounts(s, variants, parameters, capital)
    one = lay_places(index, places, variants)
    levered, proportional = kind[8] != 0 or bars.signed, kind[1] != 0
    switch = not (proportional or levered) and kind[2] == NO_OVERLAY
    shared = Block(proportional, kind[2], kind[3:6], kind[7] != 0, *one, levered, switch)
    tables = tables_of(units, kind[6], paths)
    spans, quiet = (start, decisions, kind[0]), start < 0
    alone = bars.simple and in_usual_order(kind[3:6]) and not tables.stuck.any()
    for fold in range(len(edges) - 1):
        if alone:
            quiet = run_one(s, index, shared, tables, bars, spans, edges, fold, quiet, closes)
        else:
            run_many(s, index, shared, tables, bars, spans, edges, fold, spare, rank, closes)
        close_fold(s, bars, levered, variants, fold, out)
    hand_back(s, closes, variants, capital, out)


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


@entry
def make_room(assets: int, bars: int) -> Any:
    """Return the scratch arrays of one block after another."""
    return (
        np.empty(ROWS + assets * STEP),
        np.empty(INDEX_ROWS, np.uint64),
        np.empty((3, assets + 1)),
        np.empty(assets + 1, np.int64),
        np.empty((bars, LANES)),
    )


_FILES = (
    "compiled",
    "lanes",
    "tables",
    "rule",
    "single",
    "single_account",
    "single_run",
    "charge",
    "fill",
    "turns",
    "kernel",
)


def _build(sources: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the two entry points, cached on disk under the hash of all their sources.

    numba looks only at the file of the function that is called; what the closure holds is part of
    its key, so that a change in any of the files is seen.
    """

    @entry
    def matrix(blocks, kinds, parameters, weights, bars, capital, edges, out):  # type: ignore[no-untyped-def]
        assert len(sources) > 0
        room = make_room(bars.to_fill.shape[1], out.closes.shape[1])
        for block in range(len(blocks)):
            run_matrix(
                room, blocks[block], kinds[block], parameters, weights, bars, capital, edges, out
            )

    @entry
    def native(  # type: ignore[no-untyped-def]
        blocks,
        kinds,
        parameters,
        places,
        units,
        paths,
        start,
        decisions,
        bars,
        capital,
        edges,
        out,
    ):
        assert len(sources) > 0
        room = make_room(bars.to_fill.shape[1], out.closes.shape[1])
        for block in range(len(blocks)):
            run_native(
                room,
                blocks[block],
                kinds[block],
                parameters,
                places,
                units,
                paths,
                start,
                decisions,
                bars,
                capital,
                edges,
                out,
            )

    return matrix, native


def _sources() -> str:
    digest = hashlib.sha256()
    for name in (
        "lanes",
        "tables",
        "rule",
        "single",
        "single_account",
        "single_run",
        "charge",
        "fill",
        "turns",
        "kernel",
    ):
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


matrix, native = _build(_sources())

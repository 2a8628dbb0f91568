"""The compiled loops over blocks, folds and bars, and the cache of their machine code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from backtests.sweep.fill import trade
from backtests.sweep.lanes import (
    ALIVE,
    APART,
    BOOK_CASH,
    CASH,
    CEILING,
    DAILY,
    DOWN,
    END,
    EXPOSURE,
    FLOOR,
    FREE,
    GIVEN_AT,
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
    RISES,
    ROUNDING,
    ROWS,
    RUINED,
    SEEN,
    SEEN_EXPOSURE,
    STATUS,
    STEP,
    STOPPED,
    TREND,
    UNSETTLED,
    VALUE,
    WANTED,
    WEIGHT,
    WISH,
)
from backtests.sweep.rule import (
    NO_OVERLAY,
    NOTHING,
    STOP,
    decide,
    in_force,
    in_usual_order,
    limit,
    look,
    remember,
    spread_out,
)
from backtests.sweep.single import account, act, look_at, obey, revive, watch
from backtests.sweep.tables import Bars, Block, Out, Tables
from data.aliases import FloatArray, IntArray

compiled = njit(nogil=True, error_model="numpy")
inlined = njit(nogil=True, error_model="numpy", inline="always")


@compiled
def open_accounts(
    s: FloatArray, variants: IntArray, parameters: FloatArray, capital: float
) -> None:
    """Begin with parameters and cash, and nothing else."""
    s[:] = 0.0
    for row in range(PARAMETERS):
        for k in range(LANES):
            s[row * APART + k] = parameters[row, variants[k]]
    for k in range(LANES):
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
def close_fold(s: FloatArray, variants: IntArray, fold: int, out: Out) -> None:
    """Write what the accounts are worth at the end of a fold, and who holds something."""
    for k in range(LANES):
        out.values[variants[k], fold + 1] = s[CASH + k] + s[END + k]
    if len(out.invested) > 0:
        for k in range(LANES):
            gross, seen = s[EXPOSURE + k], s[SEEN_EXPOSURE + k]
            out.invested[variants[k], fold] = gross > seen
            s[SEEN_EXPOSURE + k] = gross


@compiled
def hand_back(s: FloatArray, variants: IntArray, capital: float, out: Out) -> None:
    """Write what is left of a block's variants."""
    for k in range(LANES):
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
    for k in range(LANES):
        s[FREE + k] = 1.0
    for a in range(weights.shape[2]):
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        for k in range(LANES):
            own[WANTED + k] = weights[variants[k], t, a]
        for k in range(LANES):
            s[FREE + k] -= own[WANTED + k]
    for k in range(LANES):
        free, wanted = s[FREE + k], s[ROWS + WANTED + k]
        s[ORDER + k] = 1.0 if free == free else 0.0
        s[WISH + k] = wanted if free == free else 0.0


@inlined
def run_bar(
    s: FloatArray, bars: Bars, j: int, unit: float, levered: bool, spare: FloatArray, rank: IntArray
) -> None:
    """Run the accounts over one bar, by the fast path where it is fit."""
    if bars.simple:
        if levered:
            watch(s, bars.to_fill[j, 0])
        account(
            s,
            unit,
            bars.tradable[j, 0],
            bars.to_fill[j, 0],
            bars.to_close[j, 0],
            bars.lent[j, 1],
            1.0 if bars.btc == 0 else 0.0,
        )
    else:
        trade(s, bars, j, spare, rank)


@compiled
def run_simple(
    s: FloatArray,
    index: IntArray,
    block: Block,
    tables: Tables,
    bars: Bars,
    spans: tuple[int, int, int],
    edges: IntArray,
    variants: IntArray,
    out: Out,
) -> None:
    """Run a block over all bars by the fast path; only plain arrays are looked at on each bar.

    The first fold begins with the decision days before the run. Lanes on paths of their own find
    theirs in SEEN and RISES.
    """
    start, decisions, delay = spans
    signals, rising, growth, unit = tables.signals, tables.rising, tables.growth, tables.unit
    known, priced, friday = tables.unit_known, tables.priced, tables.friday
    tradable, first, then, lent = bars.tradable, bars.to_fill, bars.to_close, bars.lent
    proportional, levered, late = block.proportional, block.levered, block.late
    books, stop_last = late[0] != NOTHING, late[1] == STOP
    path, trend, daily = index[PATH], index[TREND], block.daily
    btc = 1.0 if bars.btc == 0 else 0.0
    for fold in range(len(edges) - 1):
        early = start if fold == 0 else 0
        for bar in range(edges[fold] - early, edges[fold + 1]):
            t, gross = start + bar - (delay if bar >= 0 else 0), 1.0
            if bar >= 0 and (bar < delay or t >= start + decisions):
                for k in range(LANES):
                    s[ORDER + k] = 0.0
            else:
                if block.one_path:
                    look_at(s, signals[t, path], proportional)
                else:
                    for k in range(LANES):
                        s[SEEN + k] = signals[t, index[PATH + k]]
                    look(s, proportional)
                closed = not priced[t] or not (friday[t] or daily)
                if block.targets != NO_OVERLAY and not closed:
                    limit(s, index, tables, block.targets, t)
                day = -1.0 if closed else (1.0 if friday[t] else 0.0)
                gross = unit[t, 0]
                if not books:
                    obey(s, known[t], day)
                else:
                    if levered:
                        revive(s, growth[t, 0])
                    if block.one_trend:
                        rises = rising[t, trend]
                        for k in range(LANES):
                            s[RISES + k] = rises
                    else:
                        for k in range(LANES):
                            s[RISES + k] = rising[t, index[TREND + k]]
                    act(s, t, growth[t, 0], gross, known[t], day, stop_last)
                if t <= start:
                    remember(s, t)
                if t == start:
                    in_force(s, tables)
                    gross = 1.0
            if bar >= 0:
                if levered:
                    watch(s, first[bar, 0])
                account(s, gross, tradable[bar, 0], first[bar, 0], then[bar, 0], lent[bar, 1], btc)
        close_fold(s, variants, fold, out)


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
def run_matrix(blocks, kinds, parameters, weights, bars, capital, edges, out):  # type: ignore[no-untyped-def]
    """Screen blocks of target weights; see :func:`backtests.sweep.screen.screen`."""
    assets, decisions = bars.to_fill.shape[1], weights.shape[1]
    s = np.empty(ROWS + assets * STEP)
    spare, rank = np.empty((3, assets + 1)), np.empty(assets + 1, np.int64)
    for block in range(len(blocks)):
        variants, delay = blocks[block], kinds[block, 0]
        open_accounts(s, variants, parameters, capital)
        for fold in range(len(edges) - 1):
            for j in range(edges[fold], edges[fold + 1]):
                if 0 <= j - delay < decisions:
                    read_weights(s, variants, weights, j - delay)
                else:
                    s[ORDER : ORDER + LANES] = 0.0
                run_bar(s, bars, j, 1.0, True, spare, rank)
            close_fold(s, variants, fold, out)
        hand_back(s, variants, capital, out)


@compiled
def run_native(  # type: ignore[no-untyped-def]
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
    """Screen blocks of rules; see :func:`backtests.sweep.screen.screen`."""
    assets = bars.to_fill.shape[1]
    s = np.empty(ROWS + assets * STEP)
    index: Any = np.empty(INDEX_ROWS, np.uint64)
    spare, rank = np.empty((3, assets + 1)), np.empty(assets + 1, np.int64)
    for block in range(len(blocks)):
        variants, kind = blocks[block], kinds[block]
        open_accounts(s, variants, parameters, capital)
        one = lay_places(index, places, variants)
        daily = s[DAILY : DAILY + LANES].max() > 0.0
        levered = s[CEILING : CEILING + LANES].max() > 1.0 or bars.signed
        shared = Block(kind[1] != 0, kind[2], kind[3:6], daily, one[0], one[1], levered)
        tables = tables_of(units, kind[6], paths)
        delay = kind[0]
        if bars.simple and in_usual_order(kind[3:6]) and not tables.stuck.any():
            spans = (start, decisions, delay)
            run_simple(s, index, shared, tables, bars, spans, edges, variants, out)
            hand_back(s, variants, capital, out)
            continue
        for t in range(start):
            decide(s, index, shared, tables, t)
            remember(s, t)
        for fold in range(len(edges) - 1):
            for j in range(edges[fold], edges[fold + 1]):
                t, unit = start + j - delay, 1.0
                if j < delay or t >= start + decisions:
                    s[ORDER : ORDER + LANES] = 0.0
                else:
                    decide(s, index, shared, tables, t)
                    if t == start:
                        remember(s, t)
                        in_force(s, tables)
                    elif bars.simple:
                        unit = tables.unit[t, 0]
                    else:
                        spread_out(s, tables, t)
                run_bar(s, bars, j, unit, levered, spare, rank)
            close_fold(s, variants, fold, out)
        hand_back(s, variants, capital, out)


def _build(sources: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the two entry points, cached on disk under the hash of all their sources.

    numba looks only at the file of the function that is called; what the closure holds is part of
    its key, so that a change in any of the files is seen.
    """
    cached = njit(nogil=True, error_model="numpy", cache=True)

    @cached
    def matrix(blocks, kinds, parameters, weights, bars, capital, edges, out):  # type: ignore[no-untyped-def]
        if len(sources) > 0:
            run_matrix(blocks, kinds, parameters, weights, bars, capital, edges, out)

    @cached
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
        if len(sources) > 0:
            run_native(
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
            )

    return matrix, native


def _sources() -> str:
    digest = hashlib.sha256()
    for name in ("lanes", "tables", "rule", "single", "charge", "fill", "turns", "kernel"):
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


matrix, native = _build(_sources())

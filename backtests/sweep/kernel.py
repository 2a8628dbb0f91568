"""The compiled loops over blocks, folds and bars, and the cache of their machine code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backtests.sweep.basket_run import run_many, run_targets
from backtests.sweep.compiled import compiled, entry, inlined
from backtests.sweep.lanes import (
    ALIVE,
    APART,
    BOOK_CASH,
    CASH,
    DOWN,
    END,
    ENTER,
    FLOOR,
    GIVEN_AT,
    GROUPS,
    INDEX_ROWS,
    INVERSE,
    LANES,
    LAST,
    LEAST,
    MOVED,
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
    WEIGHT,
    width,
)
from backtests.sweep.rule import (
    NO_OVERLAY,
    in_usual_order,
)
from backtests.sweep.single_account import sum_up
from backtests.sweep.single_run import run_one
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
    s[GROUPS] = LANES // 16
    for row in range(PARAMETERS):
        for k in range(LANES):
            s[ENTER + row * APART + k] = parameters[row, variants[k]]
    for k in range(width(s)):
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
    for k in range(width(s)):
        out.values[variants[k], fold + 1] = s[CASH + k] + s[END + k]


@compiled
def keep_closes(closes: FloatArray, variants: IntArray, capital: float, out: Out) -> None:
    """Hand back a block's accounts at the closes, some bars at a time for the cache's sake."""
    bars = len(closes)
    for first in range(0, bars, CACHED):
        for k in range(LANES):
            values, invested = out.closes[variants[k]], out.invested[variants[k]]
            values[0] = capital
            for bar in range(first, min(first + CACHED, bars)):
                value = closes[bar, k]
                values[bar + 1] = abs(value)
                invested[bar] = value > 0.0


@compiled
def hand_back(
    s: FloatArray, closes: FloatArray, variants: IntArray, capital: float, out: Out
) -> None:
    """Write what is left of a block's variants."""
    if len(closes) > 0:
        keep_closes(closes, variants, capital, out)
    for k in range(width(s)):
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
def lay_places(index: IntArray, places: IntArray, variants: IntArray) -> tuple[bool, bool]:
    """Lay the columns of the lanes' paths; tell whether all signals, and all trends, are one."""
    one_path, one_trend = True, True
    for k in range(LANES):
        for row in range(3):
            index[row * LANES + k] = places[row, variants[k]]
        one_path = one_path and index[PATH + k] == index[PATH]
        one_trend = one_trend and index[TREND + k] == index[TREND]
    return one_path, one_trend


@inlined
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
    "basket_run",
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


def _matrix(sources: str) -> Callable[..., None]:
    """Return the entry point for target weights, cached on disk under the hash of all sources.

    numba looks only at the file of the function that is called; what the closure holds is part of
    its key, so that a change in any of the files is seen.
    """

    @entry
    def matrix(blocks, kinds, parameters, weights, bars, capital, edges, out):  # type: ignore[no-untyped-def]
        assert len(sources) > 0
        s, _, spare, rank, closes = make_room(bars.to_fill.shape[1], out.invested.shape[1])
        for block in range(len(blocks)):
            variants = blocks[block]
            open_accounts(s, variants, parameters, capital)
            for fold in range(len(edges) - 1):
                run_targets(
                    s, variants, kinds[block, 0], weights, bars, edges, fold, spare, rank, closes
                )
                close_fold(s, bars, True, variants, fold, out)
            hand_back(s, closes, variants, capital, out)

    return matrix


def _native(sources: str) -> Callable[..., None]:
    """Return the entry point for rules; see :func:`_matrix`."""

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
        s, index, spare, rank, closes = make_room(bars.to_fill.shape[1], out.invested.shape[1])
        for block in range(len(blocks)):
            variants, kind = blocks[block], kinds[block]
            open_accounts(s, variants, parameters, capital)
            one, trend = lay_places(index, places, variants)
            levered, proportional = kind[8] != 0 or bars.signed, kind[1] != 0
            switch = not (proportional or levered) and kind[2] == NO_OVERLAY
            late, daily = kind[3:6], kind[7] != 0
            shared = Block(proportional, kind[2], late, daily, one, trend, levered, switch)
            tables = tables_of(units, kind[6], paths)
            spans = (start, decisions, kind[0])
            quiet = start < 0  # never yet; a literal would make it another type
            alone = bars.simple and in_usual_order(late) and not tables.stuck.any()
            for fold in range(len(edges) - 1):
                if alone:
                    quiet = run_one(
                        s, index, shared, tables, bars, spans, edges, fold, quiet, closes
                    )
                else:
                    run_many(
                        s, index, shared, tables, bars, spans, edges, fold, spare, rank, closes
                    )
                close_fold(s, bars, levered, variants, fold, out)
            hand_back(s, closes, variants, capital, out)

    return native


def _sources() -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


matrix, native = _matrix(_sources()), _native(_sources())

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
    BOOK_CASH,
    CASH,
    DAILY,
    DOWN,
    END,
    EXPOSURE,
    FLOOR,
    FOLD,
    FREE,
    GIVEN_AT,
    HELD,
    HELD_SUM,
    INDEX_ROWS,
    INVERSE,
    LANES,
    LAST,
    LEAST,
    MOVED,
    ORDER,
    PARAMETERS,
    RESULTS,
    ROUNDING,
    ROWS,
    STATUS,
    STEP,
    STOPPED,
    VALUE,
    WANTED,
)
from backtests.sweep.rule import Block, Tables, decide, in_force, remember, spread_out
from data.aliases import FloatArray, IntArray

FINE, RUINED = 0.0, 1.0

compiled = njit(nogil=True, error_model="numpy")


@compiled
def open_accounts(
    s: FloatArray, variants: IntArray, parameters: FloatArray, capital: float
) -> None:
    """Begin with parameters and cash, and nothing else."""
    s[:] = 0.0
    for row in range(PARAMETERS):
        for k in range(LANES):
            s[row * LANES + k] = parameters[row, variants[k]]
    for k in range(LANES):
        s[CASH + k] = capital
        s[VALUE + k] = capital
        s[INVERSE + k] = 1.0 / capital
        s[LEAST + k] = 1.0 / capital
        s[DOWN + k] = 1.0
        s[FLOOR + k] = 1.0
        s[BOOK_CASH + k] = 1.0
        s[STOPPED + k] = -1.0
        s[MOVED + k] = -1e18
        s[GIVEN_AT + k] = -1.0


@compiled
def close_fold(s: FloatArray, variants: IntArray, fold: int, bars: int, folds: FloatArray) -> None:
    """Write the returns of a fold that has ended."""
    for k in range(LANES):
        value = s[CASH + k] + s[END + k]
        folds[variants[k], fold] = value / s[FOLD + k] - 1.0 if bars else np.nan
        s[FOLD + k] = value


@compiled
def hand_back(s: FloatArray, variants: IntArray, results: FloatArray, held: FloatArray) -> None:
    """Write what is left of a block's variants."""
    for k in range(LANES):
        value = s[CASH + k] + s[END + k]
        s[LAST + k] = value
        ruined = not (s[DOWN + k] > ROUNDING) or not (s[FLOOR + k] > ROUNDING) or not value > 0.0
        if ruined and s[STATUS + k] == FINE:
            s[STATUS + k] = RUINED
    for k in range(LANES):
        for a in range(held.shape[1]):
            own = ROWS + a * STEP + k
            weight = s[own + HELD] * s[INVERSE + k]
            s[EXPOSURE + k] += abs(weight)
            held[variants[k], a] = s[own + HELD_SUM] + weight
        for row in range(RESULTS):
            results[variants[k], row] = s[LAST + row * LANES + k]


@compiled
def read_weights(s: FloatArray, variants: IntArray, weights: FloatArray, t: int) -> None:
    """Take the target weights of day `t` from the matrix; a NaN among them is no order."""
    for k in range(LANES):
        s[FREE + k] = 1.0
    for a in range(weights.shape[2]):
        own = ROWS + a * STEP
        for k in range(LANES):
            wanted = weights[variants[k], t, a]
            s[own + WANTED + k] = wanted
            s[FREE + k] -= wanted
    for k in range(LANES):
        s[ORDER + k] = 1.0 if s[FREE + k] == s[FREE + k] else 0.0


def _build(sources: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the two entry points, cached on disk under the hash of all their sources.

    numba looks only at the file of the function that is called; what the closure holds is part of
    its key, so that a change in any of the files is seen.
    """

    @njit(nogil=True, error_model="numpy", cache=True)
    def matrix(blocks, kinds, parameters, weights, bars, capital, edges, results, folds, held):  # type: ignore[no-untyped-def]
        assets, decisions = bars.to_fill.shape[1], weights.shape[1]
        s = np.empty(ROWS + assets * STEP)
        spare, rank = np.empty((3, assets + 1)), np.empty(assets + 1, np.int64)
        if len(sources) == 0:
            return
        for block in range(len(blocks)):
            variants, delay = blocks[block], kinds[block, 0]
            open_accounts(s, variants, parameters, capital)
            s[FOLD : FOLD + LANES] = capital
            for fold in range(len(edges) - 1):
                for j in range(edges[fold], edges[fold + 1]):
                    t = j - delay
                    if 0 <= t < decisions:
                        read_weights(s, variants, weights, t)
                    else:
                        s[ORDER : ORDER + LANES] = 0.0
                    trade(s, bars, j, spare, rank)
                close_fold(s, variants, fold, edges[fold + 1] - edges[fold], folds)
            hand_back(s, variants, results, held)

    @njit(nogil=True, error_model="numpy", cache=True)
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
        results,
        folds,
        held,
    ):
        assets = bars.to_fill.shape[1]
        s = np.empty(ROWS + assets * STEP)
        index = np.empty(INDEX_ROWS, np.uint64)
        spare, rank = np.empty((3, assets + 1)), np.empty(assets + 1, np.int64)
        if len(sources) == 0:
            return
        for block in range(len(blocks)):
            variants, kind = blocks[block], kinds[block]
            open_accounts(s, variants, parameters, capital)
            s[FOLD : FOLD + LANES] = capital
            for k in range(LANES):
                for row in range(3):
                    index[row * LANES + k] = places[row, variants[k]]
            daily = s[DAILY : DAILY + LANES].max() > 0.0
            shared = Block(kind[1] != 0, kind[2], kind[3:6], daily)
            u = kind[6]
            tables = Tables(
                paths[0],
                units[0][u],
                units[1][u],
                units[2][u],
                units[3][u],
                units[4][u],
                paths[1],
                paths[2],
                paths[3],
                paths[4],
                paths[5],
                paths[6],
            )
            delay = kind[0]
            for t in range(start):
                decide(s, index, shared, tables, t)
                remember(s, t)
            for fold in range(len(edges) - 1):
                for j in range(edges[fold], edges[fold + 1]):
                    t = start + j - delay
                    if j < delay or t >= start + decisions:
                        s[ORDER : ORDER + LANES] = 0.0
                    else:
                        decide(s, index, shared, tables, t)
                        if t == start:
                            remember(s, t)
                            in_force(s, tables)
                        else:
                            spread_out(s, tables, t)
                    trade(s, bars, j, spare, rank)
                close_fold(s, variants, fold, edges[fold + 1] - edges[fold], folds)
            hand_back(s, variants, results, held)

    return matrix, native


def _sources() -> str:
    digest = hashlib.sha256()
    for name in ("lanes", "rule", "fill", "queue_of_orders", "kernel"):
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


matrix, native = _build(_sources())

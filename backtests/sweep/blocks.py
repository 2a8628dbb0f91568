"""How variants are laid on the kernel's blocks: like to like, 64 at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from backtests.sweep.batch import MatrixBatch, NativeBatch, Terms
from backtests.sweep.lanes import LANES, PARAMETERS
from backtests.sweep.rule import (
    GROSS_FIRST,
    GROSS_ONLY,
    NO_OVERLAY,
    VOLATILITY_FIRST,
    VOLATILITY_ONLY,
)
from data.aliases import FloatArray, IntArray

KINDS = 9


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of 64 variants of one kind.

    Parameters
    ----------
    variants : int array (B, 64)
        Rows of the batch; the last one stands again in the lanes that would be empty.
    kinds : int array (B, 9)
        What they have in common: delay, proportional, overlays on targets, the three overlays on
        holdings, allocation, daily decisions, leverage. Of a matrix the delay only.
    """

    variants: IntArray
    kinds: IntArray


def blocks_of(batch: NativeBatch | MatrixBatch) -> Blocks:
    """Return the blocks of a batch: one kind in each, neighbours on the same path."""
    kinds = np.zeros((len(batch), KINDS), dtype=np.int64)
    kinds[:, 0] = batch.terms.delay
    path = np.zeros(len(batch), dtype=np.int64)
    if isinstance(batch, NativeBatch):
        kinds[:, 1], kinds[:, 2], kinds[:, 3:6] = batch.proportional, _targets(batch), batch.late
        kinds[:, 6], path = batch.unit, batch.path
        kinds[:, 7] = ~batch.weekly
        kinds[:, 8] = np.isfinite(batch.target) & (batch.ceiling > 1.0)
    code = np.zeros(len(batch), dtype=np.int64)
    for column in (*kinds.T, path):
        code = code * (int(column.max(initial=0)) + 1) + column
    order = np.argsort(code, kind="stable")
    changes = np.any(np.diff(kinds[order], axis=0) != 0, axis=1)
    firsts = np.r_[0, np.flatnonzero(changes) + 1, len(batch)]
    chosen = [
        np.minimum(np.arange(first, first + -(-(last - first) // LANES) * LANES), last - 1)
        for first, last in pairwise(firsts.tolist())
    ]
    variants = order[np.concatenate(chosen)].reshape(-1, LANES)
    return Blocks(variants, kinds[variants[:, 0]])


def _targets(batch: NativeBatch) -> IntArray:
    """Return which overlays change the targets, and in which order."""
    capped, aimed = np.isfinite(batch.gross), np.isfinite(batch.target)
    both = np.where(batch.gross_first, GROSS_FIRST, VOLATILITY_FIRST)
    one = np.where(capped, GROSS_ONLY, np.where(aimed, VOLATILITY_ONLY, NO_OVERLAY))
    return np.where(capped & aimed, both, one).astype(np.int64)


def rows_of(batch: NativeBatch | MatrixBatch) -> FloatArray:
    """Return the parameters as the kernel reads them: (parameters, V), see the lanes."""
    terms = batch.terms
    if isinstance(batch, NativeBatch):
        upward = batch.proportional | (batch.enter >= batch.leave)
        sign = np.where(upward, 1.0, -1.0)
        rule = [
            sign * batch.enter,
            sign * batch.leave,
            sign,
            batch.gross,
            batch.target,
            batch.ceiling,
            1.0 - batch.limit,
            batch.pause,
            batch.hold,
            batch.band,
        ]
    else:
        rule = [np.zeros(len(batch))] * (PARAMETERS - len(_costs(terms)))
    return np.ascontiguousarray(np.vstack([*rule, *_costs(terms)]), dtype=np.float64)


def _costs(terms: Terms) -> list[FloatArray]:
    fee, slip = terms.fee, terms.slippage
    buy, sell = slip + (1.0 + slip) * fee, slip + (1.0 - slip) * fee
    return [fee, slip, buy, sell, terms.borrow / 360.0]


def places_of(batch: NativeBatch) -> tuple[IntArray]:
    """Return the columns of the paths that each variant reads: (3, V)."""
    return (np.vstack([batch.path, batch.rising, batch.volatility]).astype(np.int64),)

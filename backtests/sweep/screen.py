"""Screen a batch of variants: metrics and fold returns, and nothing else is kept."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.sweep.batch import MatrixBatch, NativeBatch
from backtests.sweep.field import Field
from data.aliases import FloatArray, IntArray

# By the names of backtests.metrics.MEASURES; `orders` is the number of fills.
METRICS: tuple[str, ...] = (
    "ending_value",
    "cagr",
    "volatility",
    "sharpe",
    "calmar",
    "max_drawdown",
    "exposure",
    "turnover",
    "costs_paid",
    "orders",
)
FOLDS = 16
FINE, RUINED, UNSETTLED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screening says of V variants, in the order of the batch.

    Parameters
    ----------
    metrics : array (V, M)
        By :data:`METRICS`; defined as in :mod:`backtests.metrics`.
    folds : array (V, 16)
        Compounded net returns over the spans of :func:`fold_edges`.
    held : array (V, A)
        Mean weight of each asset over the closes; what an exposure-matched benchmark needs.
    status : int array (V,)
        FINE, RUINED (the value fell to nothing) or UNSETTLED (trading would cost more than there
        is): where the engine raises, and everything else is NaN.
    """

    metrics: FloatArray
    folds: FloatArray
    held: FloatArray
    status: IntArray


def fold_edges(bars: int) -> IntArray:
    """Return the 17 edges of 16 contiguous spans of bars that differ by one bar at most.

    Fold *k* compounds the bars from ``edges[k]`` up to, not including, ``edges[k + 1]``; edge *k*
    is ``k * bars // 16``. A span without a bar has the return NaN.
    """
    raise AssertionError


def screen(field: Field, batch: NativeBatch | MatrixBatch, *, threads: int = 1) -> Screened:
    """Run the account of every variant over the field.

    Parameters
    ----------
    field : Field
    batch : NativeBatch or MatrixBatch
    threads : int
        Threads that share the work; the result is the same to the bit whatever their number, the
        batch's order or how variants are spread over batches.

    Raises
    ------
    EngineError
        If the batch does not fit the field.
    """
    raise AssertionError

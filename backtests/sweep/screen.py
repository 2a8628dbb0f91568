"""Screen a batch of variants: metrics and fold returns, and nothing else is kept."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.metrics import FLAT, YEAR
from backtests.sweep import kernel
from backtests.sweep.batch import MatrixBatch, NativeBatch
from backtests.sweep.blocks import blocks_of, places_of, rows_of
from backtests.sweep.field import Field
from backtests.sweep.lanes import RESULTS
from backtests.sweep.tables import Bars, Out
from data.aliases import BoolArray, FloatArray, IntArray
from data.errors import EngineError
from strategies.market import BTC

# By the names of backtests.metrics.MEASURES; beside them the mean weight of BTC (shorts negative,
# so that a benchmark of the same exposure can be told) and the number of fills.
METRICS: tuple[str, ...] = (
    "ending_value",
    "cagr",
    "volatility",
    "sharpe",
    "calmar",
    "max_drawdown",
    "exposure",
    "btc_exposure",
    "turnover",
    "costs_paid",
    "orders",
)
FOLDS = 16
# A loss from the peak below this is rounding.
DRAWN_DOWN = 1e-14
FINE, RUINED, UNSETTLED, UNFUNDED = 0, 1, 2, 3
# Blocks that one task of a thread runs: enough to outweigh the handing over.
BLOCKS_A_TASK = 8


@dataclass(frozen=True, slots=True, eq=False)
class Daily:
    """The accounts of V variants, close by close; NaN where the status is not FINE.

    Parameters
    ----------
    values : array (V, N + 1)
        USD, at the start and at each close.
    invested : bool array (V, N)
        Whether anything is held at the close.
    weights : array (V, A)
        Mean weight of each asset at the closes, shorts negative.
    """

    values: FloatArray
    invested: BoolArray
    weights: FloatArray

    @property
    def returns(self) -> FloatArray:
        """Net returns, decimal (V, N)."""
        found: FloatArray = self.values[:, 1:] / self.values[:, :-1]
        found -= 1.0
        return found


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screening says of V variants, in the order of the batch.

    Parameters
    ----------
    metrics : array (V, M)
        By :data:`METRICS`; defined as in :mod:`backtests.metrics`.
    folds : array (V, 16)
        Compounded net returns over the spans of :func:`fold_edges`.
    status : int array (V,)
        FINE, RUINED (the value fell to nothing), UNSETTLED (trading would cost more than there
        is) or UNFUNDED (a perpetual is held and its rate is missing): where the engine raises, and
        everything else is NaN.
    daily : Daily or None
        What is asked for with ``daily=True``.
    """

    metrics: FloatArray
    folds: FloatArray
    status: IntArray
    daily: Daily | None = None

    @property
    def accounts(self) -> Daily:
        """The daily accounts.

        Raises
        ------
        ValueError
            If they were not asked for.
        """
        if self.daily is None:
            raise ValueError("screened: has no daily accounts")
        return self.daily


def fold_edges(bars: int) -> IntArray:
    """Return the 17 edges of 16 contiguous spans of bars that differ by one bar at most.

    Fold *k* compounds the bars from ``edges[k]`` up to, not including, ``edges[k + 1]``; edge *k*
    is ``k * bars // 16``. A span without a bar has the return NaN.
    """
    return np.arange(FOLDS + 1, dtype=np.int64) * bars // FOLDS


def screen(
    field: Field, batch: NativeBatch | MatrixBatch, *, threads: int = 1, daily: bool = False
) -> Screened:
    """Run the account of every variant over the field.

    Parameters
    ----------
    field : Field
    batch : NativeBatch or MatrixBatch
    threads : int
        Threads that share the work; the result is the same to the bit whatever their number, the
        batch's order or how variants are spread over batches.
    daily : bool
        Whether to hand back the daily accounts as well: 9 bytes for each variant and bar. All else
        is the same to the bit.

    Raises
    ------
    EngineError
        If the batch does not fit the field.
    """
    if threads < 1:
        raise EngineError(f"a screening runs on one thread at least, not on {threads}")
    count, (bars, assets) = len(batch), field.shape
    edges = fold_edges(bars)
    out = Out(
        results=np.zeros((count, RESULTS)),
        values=np.zeros((count, len(edges))),
        closes=np.empty((count, bars + 1) if daily else (0, 0)),
        invested=np.empty((count, bars) if daily else (0, 0), dtype=np.bool_),
        weights=np.zeros((count if daily else 0, assets)),
    )
    blocks, rows = blocks_of(batch), rows_of(batch)
    shared = _bars(field, _signed(batch), daily), field.execution.initial_cash, edges, out
    inputs = _matrix(field, batch) if isinstance(batch, MatrixBatch) else _native(field, batch)
    entry = kernel.matrix if isinstance(batch, MatrixBatch) else kernel.native

    def run(first: int) -> None:
        part = slice(first, first + BLOCKS_A_TASK)
        entry(blocks.variants[part], blocks.kinds[part], rows, *inputs, *shared)

    firsts = range(0, len(blocks.variants), BLOCKS_A_TASK)
    if threads == 1:
        for first in firsts:
            run(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, firsts))
    return _screened(field, out, daily)


def _matrix(field: Field, batch: MatrixBatch) -> tuple[Any, ...]:
    wanted = (len(batch), len(field.decisions), field.shape[1])
    if batch.weights.shape != wanted:
        raise EngineError(
            f"weights of shape {batch.weights.shape} where the field has {wanted}: variants, "
            "decisions, assets"
        )
    # One kind of array, whatever is given: the kernel is compiled anew for each.
    weights = np.ascontiguousarray(batch.weights).view()
    weights.flags.writeable = False
    return (weights,)


def _native(field: Field, batch: NativeBatch) -> tuple[Any, ...]:
    paths = batch.paths
    if len(field.perpetuals):
        raise EngineError(
            f"{field.assets[field.perpetuals[0]]} is a perpetual: screen its target weights, rules "
            "are screened on coins"
        )
    if paths.assets != field.assets:
        raise EngineError(f"paths of {paths.assets} over a field of {field.assets}")
    times, count = paths.market.times, len(field.decisions)
    start = int(times.searchsorted(field.decisions[0]))
    if not times[start : start + count].equals(field.decisions):
        raise EngineError(
            f"the field decides from {field.decisions[0]:%Y-%m-%d} to "
            f"{field.decisions[-1]:%Y-%m-%d}, the market does not on all of these days"
        )
    return (*places_of(batch), *paths.tables(), start, count)


def _signed(batch: NativeBatch | MatrixBatch) -> bool:
    """Whether weights may be negative; a matrix is not searched for it."""
    return isinstance(batch, MatrixBatch) or bool((batch.paths.tables()[0][0] < 0.0).any())


def _bars(field: Field, signed: bool, weighed: bool) -> Bars:
    gap = ~field.tradable & ~field.exits
    ranged = field.execution.slippage_range > 0.0
    charged = len(field.perpetuals) > 0
    alone = field.shape[1] == 1 and not field.exits.any()
    return Bars(
        to_fill=field.to_fill,
        to_close=field.to_close,
        tradable=field.tradable & ~field.exits,
        exits=field.exits,
        gaps=np.asarray((gap | field.exits).any(axis=1)),
        # A short sale that cannot be made brings no money, of whatever asset.
        halted=np.asarray((gap & (field.priced | signed)).any(axis=1)),
        leaving=np.asarray(field.exits.any(axis=1)),
        ranged=ranged,
        range_slippage=field.range_slippage,
        lent=field.lent,
        days=field.days,
        discount=field.execution.delisting_discount,
        signed=signed,
        btc=field.assets.index(BTC) if BTC in field.assets else -1,
        weighed=weighed,
        simple=alone and not ranged and field.days[0] == 0.0 and not charged,
        charged=charged,
        perpetuals=field.perpetuals,
        funding=field.funding,
    )


def _screened(field: Field, out: Out, daily: bool) -> Screened:
    """Turn what the kernel leaves into measures and returns."""
    bars, status = len(field.closes), out.results[:, -1]
    fine = status == FINE
    table = _measures(field, out.results)
    edges, at = fold_edges(bars), out.values
    with np.errstate(invalid="ignore", divide="ignore"):
        folds = np.where(np.diff(edges) > 0, at[:, 1:] / at[:, :-1] - 1.0, math.nan)
    account = Daily(out.closes, out.invested, out.weights / bars) if daily else None
    for values in (table, folds, *((out.closes,) if daily else ())):
        values[~fine] = math.nan
    return Screened(table, folds, status.astype(np.int64), account)


def _measures(field: Field, results: FloatArray) -> FloatArray:
    """Turn the kernel's sums into measures, by the formulas of :mod:`backtests.metrics`."""
    bars = len(field.closes)
    last, total, squares, products, down, turnover, costs, count, gross, btc, _ = results.T
    down = np.where(down > 1.0 - DRAWN_DOWN, 1.0, down)
    lent = field.lent.sum(axis=1)
    mean, few = total / bars, max(bars - 1, 1)
    variance = np.maximum(squares - bars * mean**2, 0.0) / few
    covariance = (products - total * lent.mean()) / few
    spread = np.sqrt(variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = variance + 2.0 * covariance + (lent.var(ddof=1) if bars > 1 else math.nan)
        growth = (last / field.execution.initial_cash) ** (YEAR / bars) - 1.0
        metrics = {
            "ending_value": last,
            "cagr": growth,
            "volatility": np.sqrt(np.maximum(plain, 0.0) * YEAR),
            "sharpe": np.where(spread > FLAT, mean / spread * math.sqrt(YEAR), math.nan),
            "calmar": np.where(down < 1.0, growth / (1.0 - down), math.nan),
            "max_drawdown": down - 1.0,
            "exposure": gross / bars,
            "btc_exposure": btc / bars,
            "turnover": turnover / bars * YEAR,
            "costs_paid": costs,
            "orders": count,
        }
    return np.column_stack([metrics[name] for name in METRICS])

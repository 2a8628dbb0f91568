"""Evaluate the variants of a span of a grid, each by the fastest way that computes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
import pyarrow as pa

from backtests.execution import BASIS_POINT, Execution
from backtests.run import cash_rate
from backtests.sweep.batch import MatrixBatch, NativeBatch, Terms
from backtests.sweep.columns import (
    MOST_STRUCTURES,
    Rows,
    by_structure,
    columns_of,
    config_hashes,
    table_of,
)
from backtests.sweep.confirm import confirming_run
from backtests.sweep.describe import LEADERBOARD, measures_of
from backtests.sweep.field import Field
from backtests.sweep.job import Job
from backtests.sweep.lanes import LANES
from backtests.sweep.matched import over_mean_weights
from backtests.sweep.native import native_batch, not_native
from backtests.sweep.parameters import EXECUTION, execution_from, strategy_from
from backtests.sweep.paths import Paths
from backtests.sweep.pieces import Span
from backtests.sweep.screen import FOLDS, UNFUNDED, Screened, screen
from backtests.sweep.structure import Structure
from data.aliases import FloatArray, IntArray
from data.canonical import canonical_json
from data.errors import EngineError
from data.panel import panel_of
from strategies.allocation.baskets import BtcOnly
from strategies.market import BTC, Market
from strategies.strategy import Strategy

Route: TypeAlias = Literal["native", "matrix"]
STATUS = ("fine", "ruined", "unsettled")
# Bytes of target weights that are held at a time.
MATRIX_BYTES = 2**25
# Bytes of daily accounts that are held at a time.
DAILY_BYTES = 2**24
# What is kept of signals and statistics of prices, by all threads and by each.
MARKET_BYTES, PATHS_BYTES = 2**28, 2**26
# Settings that a field has one value of; the variants of a batch differ in the others.
_OF_FIELD = ("slippage_range", "initial_cash", "delisting_discount")
_DELAY = "delay_hours"
_HOURS = 24


def route_of(structure: Structure) -> Route:
    """Return what computes the variants of a structure.

    The kernel alone or, for other rules and wherever perpetuals are traded, the kernel from a
    target matrix.
    """
    charged = bool(structure.resolved[EXECUTION]["perpetuals"])
    return "matrix" if charged or not_native(_strategy(structure)) is not None else "native"


def _strategy(structure: Structure, digits: IntArray | None = None) -> Strategy:
    table = structure.resolved if digits is None else structure.table(digits.tolist())
    file = structure.file
    return strategy_from(table, file.name, file.title, file.family, file.origin)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some variants of a span, screened together.

    Parameters
    ----------
    points : int array (n,)
        Their numbers in the grid.
    at : int array (n,)
        Their places in the span.
    field : Field
        The bars that they share.
    batch : NativeBatch or MatrixBatch
        What was screened on them.
    screened : Screened
    """

    points: IntArray
    at: IntArray
    field: Field
    batch: NativeBatch | MatrixBatch
    screened: Screened

    @property
    def over_cash(self) -> FloatArray:
        """Daily net returns over those of cash, decimal (n, N)."""
        over: FloatArray = self.screened.accounts.returns - self.field.lent.sum(axis=1)
        return over

    @property
    def over_matched(self) -> FloatArray:
        """Daily net returns over holding their own mean weights, decimal (n, N)."""
        return over_mean_weights(self.field, self.screened.accounts)


class Evaluator:
    """Rows of the leaderboard for any span of a job's variants.

    Signals, allocations and other paths that variants share are computed once and kept as long
    as there is room. An evaluator may be used by several threads at once, and be sent to another
    process, where it begins with nothing kept.

    Parameters
    ----------
    job : Job
        What is evaluated.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.columns = columns_of(job.grid, LEADERBOARD)
        self.schema = self.columns.schema(job.identity)
        self._panel = panel_of(job.snapshot)
        self._cash = cash_rate(self._panel)
        self._market = self._new_market()
        self._fields: dict[str, Field] = {}
        self._building = threading.Lock()
        self._own = threading.local()

    def __reduce__(self) -> tuple[type[Evaluator], tuple[Job]]:
        return Evaluator, (self.job,)

    def __call__(self, span: Span) -> pa.Table:
        """Return the rows of the variants ``span[0]`` to ``span[1] - 1``.

        The bits of a row do not depend on the span that it is computed in.
        """
        grid = self.job.grid
        points = grid.points(*span)
        digits = grid.space.digits(points)
        count = len(points)
        rows = Rows(
            points=points,
            digits=digits,
            hashes=config_hashes(grid, digits),
            routes=[""] * count,
            status=[""] * count,
            measures=np.full((count, len(LEADERBOARD)), np.nan),
            folds=np.full((count, FOLDS), np.nan),
        )
        for structure, chosen in by_structure(grid, digits):
            route = route_of(structure)
            for at in chosen.tolist():
                rows.routes[at] = route
        for part in self._parts(points, digits):
            _fill(rows, part)
        return table_of(grid, self.columns, self.schema, rows)

    def accounts(self, span: Span) -> Iterator[Part]:
        """Yield the variants ``span[0]`` to ``span[1] - 1`` with their daily accounts.

        Some at a time, so that their accounts take :data:`DAILY_BYTES` at most; not in the order
        of the grid, and with the same bits whatever the span.
        """
        points = self.job.grid.points(*span)
        yield from self._parts(points, self.job.grid.space.digits(points))

    def _parts(self, points: IntArray, digits: IntArray) -> Iterator[Part]:
        for structure, chosen in by_structure(self.job.grid, digits):
            native = route_of(structure) == "native"
            for execution, some in _by_field(structure, digits, chosen):
                field = self._field(structure, execution)
                whole = self._native(structure, execution, field, digits[some]) if native else None
                for part in _portions(field, len(some), native=native):
                    at = some[part]
                    batch = (
                        self._matrix(structure, field, digits[at])
                        if whole is None
                        else whole.part(part)
                    )
                    screened = screen(field, batch, daily=True)
                    lacking = at[screened.status == UNFUNDED]
                    if len(lacking):
                        self._refuse(int(points[lacking[0]]))
                    yield Part(points[at], at, field, batch, screened)

    @property
    def python_share(self) -> float:
        """Share of the grid's structures that Python computes, wholly or in part."""
        grid = self.job.grid
        every = grid.space.combinations(grid.structural, MOST_STRUCTURES).tolist()
        return sum(route_of(grid.structure(digits)) != "native" for digits in every) / len(every)

    def prepare(self) -> None:
        """Lay out the prices of every structure, so that what they lack shows beforehand.

        Raises
        ------
        EngineError
            If a delay needs hourly bars that are not there.
        MissingSeries
            If a perpetual has no funding rates at all.
        UnknownName
            If the venue that was asked for has none of a perpetual.
        """
        grid = self.job.grid
        shared = [f"{EXECUTION}.{name}" for name in (*_OF_FIELD, _DELAY)]
        axes = [at for at, axis in enumerate(grid.axes) if not axis.numeric or axis.path in shared]
        for digits in grid.space.combinations(axes, MOST_STRUCTURES):
            structure = grid.structure(digits.tolist())
            for execution, _ in _by_field(structure, digits[None], np.zeros(1, dtype=np.int64)):
                self._field(structure, execution)

    def _field(self, structure: Structure, execution: Execution) -> Field:
        assets = self._assets(structure)
        key = canonical_json([assets, execution])
        with self._building:
            if key not in self._fields:
                self._fields[key] = self.job.field(assets, execution, self._cash)
            return self._fields[key]

    def _assets(self, structure: Structure) -> tuple[str, ...]:
        if isinstance(_strategy(structure).allocation, BtcOnly):
            return (BTC,)
        return self.job.snapshot.daily.assets

    def _native(
        self, structure: Structure, execution: Execution, field: Field, digits: IntArray
    ) -> NativeBatch:
        columns = {path: structure.column(path, digits) for path in structure.numbers}
        paths = self._paths(field.assets)
        return native_batch(paths, _strategy(structure), execution, columns, len(digits))

    def _paths(self, assets: tuple[str, ...]) -> Paths:
        """Return this thread's paths; the market that they are computed from is shared."""
        known: dict[tuple[str, ...], Paths] = self._own.__dict__.setdefault("paths", {})
        market = self.market()
        paths = known.get(assets)
        if paths is None or paths.market is not market or paths.size > PATHS_BYTES:
            paths = known[assets] = Paths(market, assets)
        return paths

    def market(self) -> Market:
        """Return the market; a new one when what is kept of the old one has grown too large."""
        if self._market.size > MARKET_BYTES:
            self._market = self._new_market()
        return self._market

    def _new_market(self) -> Market:
        snapshot = self.job.snapshot
        return Market(self._panel, snapshot.daily, snapshot.funding)

    def _matrix(self, structure: Structure, field: Field, digits: IntArray) -> MatrixBatch:
        weights = np.stack([self._weights(structure, row, field) for row in digits])
        return MatrixBatch(weights, _terms(structure, digits))

    def _refuse(self, variant: int) -> NoReturn:
        """Raise the engine's error, which says where the rate of which perpetual is missing."""
        confirming_run(self.job, variant, self._panel)
        raise EngineError(
            f"variant {variant}: a funding rate is missing by the matrix route and none by "
            "vectorbt: please report this grid"
        )

    def _weights(self, structure: Structure, digits: IntArray, field: Field) -> FloatArray:
        """Return a variant's orders from the first decision on; that day has the one in force."""
        market = self.market()
        path = _strategy(structure, digits).path(market)
        first = int(market.times.searchsorted(field.decisions[0]))
        taken = [market.assets.index(name) for name in field.assets]
        orders = path.orders[first : first + len(field.decisions), taken].copy()
        given = np.flatnonzero(~np.isnan(path.orders[: first + 1]).any(axis=1))
        if len(given):
            orders[0] = path.orders[given[-1], taken]
        return orders


def _portions(field: Field, count: int, *, native: bool) -> Iterator[slice]:
    """Yield portions of `count` variants whose accounts and target weights take bounded room."""
    bars, assets = field.shape
    most = max(1, DAILY_BYTES // (9 * bars))
    if native:
        most = most // LANES * LANES or most
    else:
        most = max(1, min(most, MATRIX_BYTES // (8 * bars * assets)))
    for first in range(0, count, most):
        yield slice(first, min(first + most, count))


def _by_field(
    structure: Structure, digits: IntArray, chosen: IntArray
) -> list[tuple[Execution, IntArray]]:
    """Return the variants that share a field, and an execution with that field's settings."""
    origin = structure.file.origin
    named = [f"{EXECUTION}.{name}" for name in _OF_FIELD]
    delay = f"{EXECUTION}.{_DELAY}"
    varied: dict[str, np.ndarray[Any, Any]] = {
        path: structure.column(path, digits[chosen])
        for path in (*named, delay)
        if path in structure.numbers
    }
    if delay in varied:
        varied[delay] = varied[delay] % _HOURS
    base = structure.resolved[EXECUTION]
    if not varied:
        return [(execution_from({EXECUTION: base}, origin), chosen)]
    keys, which = np.unique(np.column_stack(list(varied.values())), axis=0, return_inverse=True)
    found = []
    for number, values in enumerate(keys.tolist()):
        own = {
            path.rpartition(".")[2]: type(base[path.rpartition(".")[2]])(value)
            for path, value in zip(varied, values, strict=True)
        }
        execution = execution_from({EXECUTION: {**base, **own}}, origin)
        found.append((execution, chosen[which == number]))
    return found


def _terms(structure: Structure, digits: IntArray) -> Terms:
    """Return what each of some variants pays and how late it trades."""

    def column(name: str) -> Any:
        values = structure.column(f"{EXECUTION}.{name}", digits)
        return np.broadcast_to(values, len(digits))

    return Terms(
        fee=column("fee_bp") * BASIS_POINT,
        slippage=column("slippage_bp") * BASIS_POINT,
        borrow=column("borrow_bp") * BASIS_POINT,
        delay=(column("delay_hours") // _HOURS).astype(np.int64),
    )


def _fill(rows: Rows, part: Part) -> None:
    rows.measures[part.at] = measures_of(part.field, part.screened)
    rows.folds[part.at] = part.screened.folds
    for at, status in zip(part.at.tolist(), part.screened.status.tolist(), strict=True):
        rows.status[at] = STATUS[status]

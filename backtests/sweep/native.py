"""Which variants the kernel decides itself, and their batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of_dataclass
from typing import Any, TypeAlias

import numpy as np
from pydantic import ValidationError

from backtests.execution import BASIS_POINT, Execution
from backtests.sweep.batch import NativeBatch, Terms
from backtests.sweep.paths import Paths
from backtests.sweep.rule import HOLDING, NOTHING, REBALANCE, STOP
from data.aliases import BoolArray, FloatArray, IntArray
from data.errors import BadConfig, UnknownName
from strategies.allocation.baskets import BtcOnly
from strategies.exposure.proportional import Proportional
from strategies.exposure.threshold import Threshold
from strategies.overlays.holdings import DrawdownStop, MinimumHolding, RebalanceBand
from strategies.overlays.targets import MaxGross, VolatilityTarget
from strategies.piece import Piece, written_signal
from strategies.strategy import Strategy

Column: TypeAlias = np.ndarray[Any, Any]

_ON_TARGETS = (MaxGross, VolatilityTarget)
_ON_HOLDINGS = {DrawdownStop: STOP, MinimumHolding: HOLDING, RebalanceBand: REBALANCE}
_COSTS = ("fee_bp", "slippage_bp", "borrow_bp")


def not_native(strategy: Strategy) -> str | None:
    """Return why the kernel cannot decide for a strategy of this structure, or None if it can.

    The answer depends on the kinds of the parts and their order only, never on numbers: one
    question settles a whole structure of a grid.
    """
    exposure, allocation = strategy.exposure, strategy.allocation
    if type(exposure) not in (Threshold, Proportional):
        return f"exposure {_kind(exposure)}"
    if not isinstance(allocation, Piece):
        return f"allocation {_kind(allocation)}"
    kinds = [type(overlay) for overlay in strategy.overlays]
    for overlay, kind in zip(strategy.overlays, kinds, strict=True):
        if kind not in (*_ON_TARGETS, *_ON_HOLDINGS):
            return f"overlay {_kind(overlay)}"
        if kinds.count(kind) > 1:
            return f"overlay {_kind(overlay)} twice"
    if VolatilityTarget in kinds and type(allocation) is not BtcOnly:
        return f"overlay volatility_target over allocation {_kind(allocation)}"
    return None


def native_batch(
    paths: Paths,
    strategy: Strategy,
    execution: Execution,
    columns: Mapping[str, Column],
    count: int | None = None,
) -> NativeBatch:
    """Return the batch of variants of one structure that differ in numbers.

    Parameters
    ----------
    paths : Paths
        Shared by all batches over the same market.
    strategy, execution
        Every parameter that is not varied.
    columns : mapping of str to array (V,)
        Values of the varied parameters by dotted path: ``"exposure.enter"``,
        ``"exposure.signal.days"``, ``"overlays.rebalance_band.width"``, ``"execution.fee_bp"``,
        ``"execution.delay_hours"``, ``"allocation.days"``, ... What a field has one value of
        (``slippage_range``, the hours of the delay, ...) is not looked at.
    count : int, optional
        V, where there are no columns.

    Raises
    ------
    BadConfig
        If the structure is not native, the columns differ in length, or a value is refused.
    UnknownName
        If a path is unknown.
    """
    reason = not_native(strategy)
    if reason is not None:
        raise BadConfig(f"strategy {strategy.name!r} is not for the kernel alone: {reason}")
    lengths = {len(column) for column in columns.values()} | ({count} - {None})
    if len(lengths) != 1:
        raise BadConfig(f"columns of one length are needed, not of {sorted(lengths, key=str)}")
    varied = _Varied(columns, lengths.pop() or 0)
    batch = _batch(paths, strategy, execution, varied)
    unknown = sorted(set(columns) - varied.read)
    if unknown:
        raise UnknownName("parameter", unknown[0], varied.read)
    return batch


@dataclass(frozen=True, slots=True)
class _Varied:
    """The varied parameters, and which of them have been read."""

    columns: Mapping[str, Column]
    count: int
    read: set[str] = field_of_dataclass(default_factory=set)

    def number(self, piece: object, place: str, name: str) -> FloatArray:
        """Return a parameter of a piece as a column, its extremes checked by the piece."""
        path = f"{place}.{name}"
        self.read.add(path)
        if path not in self.columns:
            return np.full(self.count, float(getattr(piece, name)))
        column = self.columns[path]
        if self.count and isinstance(piece, Piece):
            for extreme in (column.min().item(), column.max().item()):
                _changed(piece, {name: extreme}, place)
        return column.astype(np.float64)

    def whole(self, piece: object, place: str, name: str) -> IntArray:
        """Return a parameter that is a whole number as a column."""
        return self.number(piece, place, name).astype(np.int64)

    def places(
        self, piece: Piece, place: str, names: tuple[str, ...], find: Callable[[Any], int]
    ) -> IntArray:
        """Return the place of each variant's path, found once for every distinct piece."""
        full = {name: f"{place}.{name}" for name in names}
        self.read.update(full.values())
        given = {name: path for name, path in full.items() if path in self.columns}
        if not given:
            return np.full(self.count, find(piece), dtype=np.int64)
        rows = np.column_stack([self.columns[path].astype(np.float64) for path in given.values()])
        keys, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        found = np.zeros(len(keys), dtype=np.int64)
        for number, row in enumerate(first.tolist()):
            values = {name: self.columns[path][row].item() for name, path in given.items()}
            found[number] = find(_changed(piece, values, place))
        return found[which]


def _changed(piece: Piece, values: Mapping[str, Any], place: str) -> Piece:
    """Return a piece with other parameters; ``signal.days`` is one of its signal's."""
    table = {name: getattr(piece, name) for name in type(piece).model_fields}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        if inner:
            written = table[outer] if isinstance(table[outer], dict) else None
            table[outer] = {**(written or written_signal(table[outer])), inner: value}
        else:
            table[name] = value
    try:
        return type(piece)(**table)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        raise BadConfig(f"{place}.{name} = {fault['input']!r}: {message}") from None


def _names(piece: Piece) -> tuple[str, ...]:
    """Return a piece's parameters, those of its signal among them."""
    names = [name for name in type(piece).model_fields if name not in ("kind", "signal")]
    if piece.signals:
        names += [f"signal.{name}" for name in written_signal(piece.signals[0]) if name != "name"]
    return tuple(names)


def _batch(paths: Paths, strategy: Strategy, execution: Execution, varied: _Varied) -> NativeBatch:
    exposure, count = strategy.exposure, varied.count
    proportional = isinstance(exposure, Proportional)
    assert isinstance(exposure, Threshold | Proportional)
    assert isinstance(strategy.allocation, Piece)
    known = [name for name in _names(exposure) if name not in ("enter", "leave", "slope")]
    find = paths.standing if proportional else lambda rule: paths.signal(rule.signal)
    return NativeBatch(
        paths=paths,
        terms=_terms(execution, varied),
        proportional=np.full(count, proportional),
        path=varied.places(exposure, "exposure", tuple(known), find),
        enter=varied.number(exposure, "exposure", "slope" if proportional else "enter"),
        leave=np.zeros(count) if proportional else varied.number(exposure, "exposure", "leave"),
        unit=varied.places(
            strategy.allocation, "allocation", _names(strategy.allocation), paths.unit
        ),
        weekly=np.full(count, strategy.decide != "daily"),
        **_on_targets(paths, strategy, varied),
        **_on_holdings(paths, strategy, varied),
    )


def _terms(execution: Execution, varied: _Varied) -> Terms:
    basis = {name: varied.number(execution, "execution", name) * BASIS_POINT for name in _COSTS}
    hours = varied.whole(execution, "execution", "delay_hours")
    varied.read.update(
        f"execution.{name}" for name in ("slippage_range", "initial_cash", "delisting_discount")
    )
    return Terms(basis["fee_bp"], basis["slippage_bp"], basis["borrow_bp"], hours // 24)


def _on_targets(
    paths: Paths, strategy: Strategy, varied: _Varied
) -> dict[str, FloatArray | IntArray | BoolArray]:
    count = varied.count
    kinds = [type(overlay) for overlay in strategy.overlays]
    found: dict[str, FloatArray | IntArray | BoolArray] = {
        "gross": np.full(count, math.inf),
        "target": np.full(count, math.inf),
        "ceiling": np.ones(count),
        "volatility": np.zeros(count, dtype=np.int64),
        "gross_first": np.full(count, kinds[:1] == [MaxGross]),
    }
    for overlay in strategy.overlays:
        if isinstance(overlay, MaxGross):
            found["gross"] = varied.number(overlay, "overlays.max_gross", "limit")
        elif isinstance(overlay, VolatilityTarget):
            place = "overlays.volatility_target"
            found["target"] = varied.number(overlay, place, "target")
            found["ceiling"] = varied.number(overlay, place, "ceiling")
            found["volatility"] = varied.places(
                overlay, place, ("days",), lambda piece: paths.volatility(piece.days)
            )
    return found


def _on_holdings(
    paths: Paths, strategy: Strategy, varied: _Varied
) -> dict[str, FloatArray | IntArray]:
    count = varied.count
    found: dict[str, FloatArray | IntArray] = {
        "limit": np.full(count, math.inf),
        "pause": np.ones(count, dtype=np.int64),
        "rising": np.zeros(count, dtype=np.int64),
        "hold": np.zeros(count, dtype=np.int64),
        "band": np.full(count, -1.0),
    }
    late = [NOTHING] * 3
    kept = [overlay for overlay in strategy.overlays if type(overlay) in _ON_HOLDINGS]
    for at, overlay in enumerate(kept):
        late[at] = _ON_HOLDINGS[type(overlay)]
        if isinstance(overlay, DrawdownStop):
            place = "overlays.drawdown_stop"
            found["limit"] = varied.number(overlay, place, "limit")
            found["pause"] = varied.whole(overlay, place, "pause")
            found["rising"] = varied.places(
                overlay, place, ("days",), lambda piece: paths.rising(piece.days)
            )
        elif isinstance(overlay, MinimumHolding):
            found["hold"] = varied.whole(overlay, "overlays.minimum_holding", "days")
        elif isinstance(overlay, RebalanceBand):
            found["band"] = varied.number(overlay, "overlays.rebalance_band", "width")
    found["late"] = np.tile(np.array(late, dtype=np.int64), (count, 1))
    return found


def _kind(piece: object) -> str:
    return str(getattr(piece, "kind", type(piece).__name__))

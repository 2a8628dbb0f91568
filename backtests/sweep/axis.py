"""One axis of a grid: a parameter's dotted path and the values that it takes."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from data.canonical import canonical_json
from data.errors import BadConfig

RANGE_KEYS = frozenset({"from", "to", "step", "count"})
# A longer axis is a slip of the step, and its values would no longer be held at ease.
LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and the values that it takes.

    Parameters
    ----------
    path : str
        Dotted path into the variant, for instance ``"exposure.signal.days"``, or into
        ``execution``.
    values : tuple
        In the order of the file; numbers, strings, truth values, or whole tables.
    """

    path: str
    values: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numeric(self) -> bool:
        """Whether all values are plain numbers."""
        return all(isinstance(item, int | float) for item in self.values) and not any(
            isinstance(item, bool) for item in self.values
        )


def read_axes(table: Mapping[str, Any], origin: str) -> tuple[Axis, ...]:
    """Return the axes of a ``[grid]`` table, in the order of the file.

    A key may be quoted (``"exposure.enter" = [...]``) or not (``exposure.enter = [...]``), which
    TOML reads as tables within tables.

    Raises
    ------
    BadConfig
        A path given twice, no values, the same value twice, or a range that is none.
    """
    axes: dict[str, Axis] = {}
    for path, given in _flat(table, ""):
        if path in axes:
            raise BadConfig(f"{origin}: grid.{path} is given twice")
        values = _values(given, f"{origin}: grid.{path}")
        seen = [canonical_json(value) for value in values]
        if len(set(seen)) < len(seen):
            twice = next(value for value in seen if seen.count(value) > 1)
            raise BadConfig(f"{origin}: grid.{path} has the value {twice} twice")
        axes[path] = Axis(path, values)
    return tuple(axes.values())


def _flat(table: Mapping[str, Any], above: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        path = f"{above}{key}"
        nested = isinstance(value, Mapping) and not ({"from", "to"} & set(value))
        found.extend(_flat(value, f"{path}.") if nested else [(path, value)])
    return found


def _values(given: object, place: str) -> tuple[Any, ...]:
    if isinstance(given, Mapping):
        return read_range(given, place)
    if not isinstance(given, list):
        raise BadConfig(
            f"{place} = {given!r}: give a list of values, or {{ from, to, step }} "
            "or { from, to, count }"
        )
    if not given:
        raise BadConfig(f"{place} has no values: the grid has no points")
    return tuple(given)


def read_range(table: Mapping[str, Any], place: str) -> tuple[Any, ...]:
    """Return the values of ``{ from, to, step }`` or ``{ from, to, count }``, both ends included.

    Steps are taken in decimals, so that 0.1 + 0.2 is 0.3. Values are whole numbers where all
    that is given is whole and so are they.

    Raises
    ------
    BadConfig
        A key too many or too few, or numbers that make no range.
    """
    for key in table:
        if key not in RANGE_KEYS:
            near = difflib.get_close_matches(key, sorted(RANGE_KEYS), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "known: from, to, step, count"
            raise BadConfig(f"{place}: a range has no {key!r}: {hint}")
    if not {"from", "to"} <= set(table) or ("step" in table) == ("count" in table):
        raise BadConfig(f"{place}: a range needs from, to, and either step or count")
    for key, value in table.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise BadConfig(f"{place}.{key} = {value!r} is not a number")
    low, high = _decimal(table["from"]), _decimal(table["to"])
    if "count" in table:
        count = table["count"]
        if not isinstance(count, int) or not 1 <= count <= LONGEST:
            raise BadConfig(f"{place}.count = {count!r} is not a whole number from 1 to {LONGEST}")
        step = (high - low) / (count - 1) if count > 1 else Decimal(0)
        if count > 1 and step == 0:
            raise BadConfig(f"{place}: {count} values from {low} to {high} are the same")
    else:
        step = _decimal(table["step"])
        if step == 0 or (high - low) / step < 0:
            raise BadConfig(f"{place}: steps of {step} do not lead from {low} to {high}")
        if (high - low) / step >= LONGEST:
            raise BadConfig(f"{place}: more than {LONGEST:,} values")
        count = int((high - low) / step) + 1
    points = [low + step * position for position in range(count)]
    if "count" in table and count > 1:
        points[-1] = high
    return _numbers(points, [value for key, value in table.items() if key != "count"])


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _numbers(points: Sequence[Decimal], given: Sequence[object]) -> tuple[int | float, ...]:
    whole = all(isinstance(value, int) for value in given)
    if whole and all(point == point.to_integral_value() for point in points):
        return tuple(int(point) for point in points)
    return tuple(float(point) for point in points)

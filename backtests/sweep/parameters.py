"""A variant as a table of parameters, read and changed by dotted paths.

The table has the parts of a variant file with every default filled in, and ``execution`` beside
them. An overlay is named by its kind: ``overlays.rebalance_band.width``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from backtests.execution import Execution
from data.errors import BadConfig, UnknownName
from strategies.config import strategy_of
from strategies.strategy import Strategy

Table: TypeAlias = Mapping[str, Any]

EXECUTION = "execution"
_DEFAULT = Execution()


def parameters(strategy: Strategy, execution: Execution) -> dict[str, Any]:
    """Return everything that a run depends on beside the data, defaults included."""
    return {**strategy.config, EXECUTION: dataclasses.asdict(execution)}


def strategy_from(table: Table, name: str, title: str, family: str, origin: str) -> Strategy:
    """Return the strategy of a table of parameters.

    Raises
    ------
    BadConfig
        If a value is refused, in one line with file, key and value.
    """
    parts = {key: value for key, value in table.items() if key != EXECUTION}
    return strategy_of({**parts, "title": title, "family": family}, name, origin)


def execution_from(table: Table, origin: str) -> Execution:
    """Return the execution of a table of parameters.

    Raises
    ------
    BadConfig
        If a value is refused.
    """
    given = table[EXECUTION]
    known = [item.name for item in dataclasses.fields(Execution)]
    for key in given:
        if key not in known:
            raise UnknownName(f"parameter of execution in {origin}", key, known)
    # A whole number is as good as a float, and is counted as the same configuration.
    exact: dict[str, Any] = {
        key: float(value) if _is_float(key) and type(value) is int else value
        for key, value in given.items()
    }
    try:
        return Execution(**exact)
    except BadConfig as error:
        raise BadConfig(f"{origin}: {error}") from None


def _is_float(key: str) -> bool:
    return isinstance(getattr(_DEFAULT, key), float)


def look(table: Table, path: str) -> Any:
    """Return what stands at a path.

    Raises
    ------
    KeyError
        If nothing does.
    """
    at: Any = table
    for part in path.split("."):
        at = at[_key(at, part)]
    return at


def put(table: Table, path: str, value: object) -> dict[str, Any]:
    """Return a copy of the table with another value at a path that there is.

    Raises
    ------
    KeyError
        If nothing stands there.
    """
    changed: dict[str, Any] = _put(table, path.split("."), value)
    return changed


def set_at(table: Table, path: str, value: object) -> dict[str, Any]:
    """Return a copy of the table with a value at a path whose last part may be new.

    A signal given by its name alone becomes a table, so that its parameters have a place.

    Raises
    ------
    KeyError
        If there is no table for it to stand in.
    """
    above, _, last = path.rpartition(".")
    holder = look(table, above) if above else table
    if isinstance(holder, Mapping) and last not in holder:
        return put(table, above, {**holder, last: _spelt(last, value)})
    return put(table, path, _spelt(last, value))


def _spelt(key: str, value: Any) -> Any:
    if key == "signal" and isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping):
        return {inner: _spelt(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_spelt("", item) for item in value]
    return value


def _put(at: Any, parts: Sequence[str], value: object) -> Any:
    if not parts:
        return value
    key = _key(at, parts[0])
    inner = _put(at[key], parts[1:], value)
    if isinstance(at, Mapping):
        return {**at, key: inner}
    return [*at[:key], inner, *at[key + 1 :]]


def _key(at: Any, part: str) -> Any:
    if isinstance(at, Mapping):
        if part in at:
            return part
    elif isinstance(at, list | tuple):
        kinds = [item.get("kind") for item in at if isinstance(item, Mapping)]
        if kinds.count(part) == 1:
            return kinds.index(part)
    raise KeyError(part)


def paths(table: Table) -> tuple[str, ...]:
    """Return every path of the table, those of whole tables among them."""
    return tuple(path for path, _ in _walk(table, ""))


def leaves(table: Table) -> dict[str, Any]:
    """Return the values that are no tables, by path; an empty list stands for itself."""
    return {
        path: value
        for path, value in _walk(table, "")
        if not isinstance(value, Mapping) and not (_tables(value) and value)
    }


def _walk(at: Any, above: str) -> Iterator[tuple[str, Any]]:
    for key, value in _members(at):
        path = f"{above}{key}"
        yield path, value
        if isinstance(value, Mapping) or _tables(value):
            yield from _walk(value, f"{path}.")


def _members(at: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(at, Mapping):
        yield from ((str(key), value) for key, value in at.items())
    else:
        yield from ((str(item.get("kind")), item) for item in at)


def _tables(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)

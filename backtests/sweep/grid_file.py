"""What a grid file says, and one line for what is wrong with it."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.sweep.axis import Axis, read_axes
from backtests.sweep.constraint import Constraint
from data.errors import BadConfig, UnknownName
from strategies.config import strategy_of
from strategies.strategy import Strategy
from strategies.variants import SUFFIX, variant

KEYS = (
    "title",
    "base",
    "variant",
    "family",
    "seed",
    "sample",
    "start",
    "end",
    "grid",
    "constraint",
    "execution",
)


@dataclass(frozen=True, slots=True)
class GridFile:
    """A grid as it stands in a TOML file.

    Parameters
    ----------
    name, title, origin : str
        The file's stem, one line for a reader, and where it stands.
    base : Strategy
        The variant whose parameters the grid changes.
    family : str
        Research family of all its variants: the grid's own, else that of the base.
    execution : mapping
        Settings of :class:`backtests.execution.Execution` other than the defaults.
    axes : tuple of Axis
        What is varied.
    constraints : tuple of Constraint
        Conditions on every point.
    seed : int
        Seed of the sample.
    sample : int or None
        Take so many points at random; None takes all.
    start, end : Timestamp or None
        First and last decision day, UTC.
    """

    name: str
    title: str
    origin: str
    base: Strategy
    family: str
    execution: Mapping[str, Any]
    axes: tuple[Axis, ...]
    constraints: tuple[Constraint, ...]
    seed: int
    sample: int | None
    start: pd.Timestamp | None
    end: pd.Timestamp | None


def read_table(path: Path) -> Mapping[str, Any]:
    """Return the content of a grid file.

    Raises
    ------
    BadConfig
        If it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfig(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: not valid TOML: {error}") from None


def grid_file(
    table: Mapping[str, Any], name: str, origin: str, home: Path | None = None
) -> GridFile:
    """Return what a grid's table says.

    Parameters
    ----------
    table : mapping
        Content of the file.
    name, origin : str
        The grid's name, and its file for error messages.
    home : Path, optional
        Folder of the user's variants.

    Raises
    ------
    UnknownName
        An unknown key, or an unknown variant as base.
    BadConfig
        A missing key or a value that cannot be, in one line.
    """
    for key in table:
        if key not in KEYS:
            raise UnknownName(f"key in {origin}", key, KEYS)
    base = _base(table, name, origin, home)
    return GridFile(
        name=name,
        title=_of(table, "title", str, origin, base.title),
        origin=origin,
        base=base,
        family=_of(table, "family", str, origin, base.family),
        execution=_of(table, "execution", dict, origin, {}),
        axes=read_axes(_of(table, "grid", dict, origin, {}), origin),
        constraints=_constraints(table, origin),
        seed=_whole(table, "seed", origin, 0) or 0,
        sample=_whole(table, "sample", origin, 1),
        start=_day(table, "start", origin),
        end=_day(table, "end", origin),
    )


def _base(table: Mapping[str, Any], name: str, origin: str, home: Path | None) -> Strategy:
    if ("base" in table) == ("variant" in table):
        raise BadConfig(f"{origin}: give either base = NAME or a [variant] table")
    if "variant" in table:
        return strategy_of(_of(table, "variant", dict, origin, {}), name, f"{origin}: variant")
    reference = _of(table, "base", str, origin, "")
    if reference.endswith(SUFFIX):
        # A path is meant from the grid's own folder.
        return variant(Path(origin).parent / reference, home)
    return variant(reference, home)


def _constraints(table: Mapping[str, Any], origin: str) -> tuple[Constraint, ...]:
    found = []
    for number, given in enumerate(_of(table, "constraint", list, origin, []), 1):
        if not isinstance(given, Mapping) or set(given) != {"holds"}:
            raise BadConfig(f'{origin}: constraint {number}: write it as holds = "..."')
        if not isinstance(given["holds"], str):
            raise BadConfig(f"{origin}: constraint {number}: {given['holds']!r} is not text")
        found.append(Constraint(given["holds"], f"{origin}: constraint {number}"))
    return tuple(found)


def _of(table: Mapping[str, Any], key: str, kind: type, origin: str, otherwise: Any) -> Any:
    value = table.get(key, otherwise)
    if not isinstance(value, kind) or value == "":
        names: dict[type, str] = {str: "text", dict: "a table", list: "an array of tables"}
        hint = "" if value != "" or otherwise != "" else ": it is missing or empty"
        raise BadConfig(f"{origin}: {key} = {value!r} is not {names[kind]}{hint}")
    return value


def _whole(table: Mapping[str, Any], key: str, origin: str, least: int) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadConfig(f"{origin}: {key} = {value!r} is not a whole number of at least {least}")
    return value


def _day(table: Mapping[str, Any], key: str, origin: str) -> pd.Timestamp | None:
    value = table.get(key)
    if value is None:
        return None
    given = value
    if isinstance(given, str):
        try:
            given = datetime.date.fromisoformat(given)
        except ValueError:
            given = None
    if isinstance(given, datetime.datetime) or not isinstance(given, datetime.date):
        raise BadConfig(f"{origin}: {key} = {str(value)!r} is not a day, such as 2016-02-05")
    return pd.Timestamp(given).tz_localize("UTC").as_unit("us")

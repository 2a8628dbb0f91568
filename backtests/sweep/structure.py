"""What the variants of a grid share that differ from each other in numbers only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from backtests.sweep.grid_file import GridFile
from backtests.sweep.parameters import (
    EXECUTION,
    Table,
    execution_from,
    leaves,
    look,
    parameters,
    paths,
    put,
    set_at,
    strategy_from,
)
from backtests.trials.configuration import configuration_text
from data.aliases import IntArray
from data.canonical import canonical_json
from data.errors import UnknownName

# Characters of no alphabet, so that no value of a variant can hold them.
_MARK = re.compile('"\ue000(\\d+)\ue001"')


@dataclass(frozen=True, slots=True)
class Structure:
    """One choice of everything that is no plain number.

    Parameters
    ----------
    resolved : mapping
        All parameters, defaults included; the varied numbers stand at some allowed values.
    numbers : mapping of str to tuple
        Values of each numeric axis by its path, as the pieces read them (50 becomes 50.0 where
        a piece wants a float).
    positions : mapping of str to int
        Position of each of those axes among all axes.
    file : GridFile
        What the grid's file says.
    """

    resolved: Table
    numbers: Mapping[str, tuple[int | float, ...]]
    positions: Mapping[str, int]
    file: GridFile

    def table(self, digits: Sequence[int]) -> Table:
        """Return all parameters of the variant with these digits."""
        found: Table = self.resolved
        for path, values in self.numbers.items():
            found = put(found, path, values[digits[self.positions[path]]])
        return found

    def column(self, path: str, digits: IntArray) -> Any:
        """Return a parameter of many variants: an array where it is varied, else its value.

        Parameters
        ----------
        path : str
            Dotted path.
        digits : ndarray of int, shape (variants, axes)

        Raises
        ------
        KeyError
            If these variants have no such parameter.
        """
        if path in self.numbers:
            return np.array(self.numbers[path])[digits[:, self.positions[path]]]
        return look(self.resolved, path)

    def constants(self, below: str) -> dict[str, Any]:
        """Return the values at and below a path that are no tables and not varied as numbers."""
        return {
            path: value
            for path, value in leaves(self.resolved).items()
            if (path == below or path.startswith(f"{below}.")) and path not in self.numbers
        }

    def check(self, digits: Sequence[int], part: str) -> None:
        """Build one part of the variant with these digits.

        Raises
        ------
        BadConfig
            If a value is refused.
        """
        table, origin = self.table(digits), self.file.origin
        if part == EXECUTION:
            execution_from(table, origin)
        else:
            strategy_from(table, self.file.name, self.file.title, self.file.family, origin)

    def config_hashes(self, digits: IntArray) -> list[str]:
        """Return the hash under which each of the variants is counted as a trial.

        The same as :func:`backtests.trials.configuration.configuration_hash` of each variant;
        here only the numbers are written anew.
        """
        marked = self.resolved
        for path, at in self.positions.items():
            marked = put(marked, path, f"\ue000{at}\ue001")
        config = {key: value for key, value in marked.items() if key != EXECUTION}
        template = configuration_text(config, marked[EXECUTION]).replace("%", "%%")
        written = {at: path for path, at in self.positions.items()}
        order = [int(at) for at in _MARK.findall(template)]
        template = _MARK.sub("%s", template)
        texts = [
            np.array([canonical_json(value) for value in self.numbers[written[at]]], dtype=object)
            for at in order
        ]
        columns = [text[digits[:, at]].tolist() for at, text in zip(order, texts, strict=True)]
        if not columns:
            return [sha256((template % ()).encode()).hexdigest()] * len(digits)
        return [
            sha256((template % numbers).encode()).hexdigest()
            for numbers in zip(*columns, strict=True)
        ]


def structure_of(file: GridFile, base: Table, digits: Sequence[int]) -> Structure:
    """Return the structure of the variant with these digits.

    Raises
    ------
    UnknownName
        If a parameter does not stand in the values of the other axes.
    BadConfig
        If a piece refuses a value.
    """
    # A whole table first, then what stands in it.
    order = sorted(range(len(file.axes)), key=lambda at: file.axes[at].path.count("."))
    table: Table = base
    for at in order:
        axis = file.axes[at]
        try:
            table = set_at(table, axis.path, axis.values[digits[at]])
        except KeyError:
            raise UnknownName(f"parameter in {file.origin}", axis.path, paths(table)) from None
    strategy = strategy_from(table, file.name, file.title, file.family, file.origin)
    resolved = parameters(strategy, execution_from(table, file.origin))
    positions = {axis.path: at for at, axis in enumerate(file.axes) if axis.numeric}
    numbers = {}
    for path, at in positions.items():
        values = file.axes[at].values
        if isinstance(look(resolved, path), float):
            values = tuple(float(value) for value in values)
        numbers[path] = values
    return Structure(resolved, numbers, positions, file)

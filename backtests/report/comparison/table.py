"""A table of text: the page sets it, the terminal prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and smaller text below it (intervals, p-values)."""

    text: str
    small: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Parameters
    ----------
    key, title : str
        Anchor and heading.
    note : str
        What the reader must know of it.
    header : tuple of str
        One for each column; the first names the rows.
    groups : tuple of (str, tuple of rows)
        Rows under a heading each; an empty heading is not shown.
    text : tuple of int
        Columns that hold words rather than numbers.
    """

    key: str
    title: str
    note: str
    header: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[Cell, ...], ...]], ...]
    text: tuple[int, ...] = (0,)


def flat(table: Table) -> list[tuple[str, ...]]:
    """Return a table's rows as plain text for a terminal, headings among them."""
    rows: list[tuple[str, ...]] = []
    for heading, members_ in table.groups:
        if heading:
            rows.append((heading, *("",) * (len(table.header) - 1)))
        rows += [tuple(_joined(cell) for cell in row) for row in members_]
    return rows


def _joined(cell: Cell) -> str:
    return f"{cell.text}\n{cell.small}" if cell.small else cell.text


def narrow(table: Table, columns: Sequence[int]) -> Table:
    """Return a table with some of its columns only, for a terminal."""
    return Table(
        key=table.key,
        title=table.title,
        note=table.note,
        header=tuple(table.header[at] for at in columns),
        groups=tuple(
            (heading, tuple(tuple(row[at] for at in columns) for row in rows))
            for heading, rows in table.groups
        ),
        text=tuple(new for new, at in enumerate(columns) if at % len(table.header) in table.text),
    )

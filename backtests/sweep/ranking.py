"""The best variants of a leaderboard, found while it streams by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

# What winners are chosen by, where the leaderboard has it: higher is better.
RANKED_BY = ("sharpe", "sharpe_matched")


@dataclass(slots=True)
class Best:
    """The `top` best rows by one measure; of equal ones those that come first.

    Parameters
    ----------
    measure : str
        Column; rows without a value do not count.
    top : int
        How many are kept.
    """

    measure: str
    top: int
    rows: list[Mapping[str, Any]] = field(default_factory=list)

    def look_at(self, table: pa.Table) -> None:
        """Take the best rows of a table into account."""
        values = table[self.measure].to_numpy()
        order = np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")
        known = order[: self.top][~np.isnan(values[order[: self.top]])]
        found = [*self.rows, *table.take(pa.array(known)).to_pylist()]
        # Sorting is stable: what was seen before stays ahead of its equals.
        self.rows = sorted(found, key=lambda row: -row[self.measure])[: self.top]


@dataclass(slots=True)
class Tally:
    """What is counted while a leaderboard streams by.

    Parameters
    ----------
    best : sequence of Best
        Rankings.
    routes, status : dict of str to int
        Variants by what computed them and how it ended.
    """

    best: Sequence[Best]
    routes: dict[str, int] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)

    def through(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Yield the same tables, counting."""
        for table in tables:
            for ranking in self.best:
                ranking.look_at(table)
            for name, counts in (("route", self.routes), ("status", self.status)):
                for entry in table[name].value_counts().to_pylist():
                    counts[entry["values"]] = counts.get(entry["values"], 0) + entry["counts"]
            yield table

    @property
    def winners(self) -> list[Mapping[str, Any]]:
        """The rows of all rankings, each once."""
        rows = {row["variant"]: row for ranking in self.best for row in ranking.rows}
        return list(rows.values())


def tally(schema: pa.Schema, top: int) -> Tally:
    """Return an empty tally of the `top` best by each measure that the leaderboard has."""
    return Tally([Best(name, top) for name in RANKED_BY if name in schema.names])

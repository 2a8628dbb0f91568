"""Published figures with the moment at which each could first be known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.catalogue import series as series_spec
from data.errors import BadTable, MissingSeries
from data.release import known_at as rule_known_at

COLUMNS = ("series", "ref_date", "value", "known_at", "known_by", "source")


@dataclass(frozen=True, slots=True)
class Observations:
    """A table of figures, sorted by series, ``known_at`` and ``ref_date``.

    Parameters
    ----------
    table : DataFrame
        Columns ``series``, ``ref_date`` (naive day or period end), ``value`` (in the catalogue's
        unit), ``known_at`` (UTC), ``known_by`` (``"rule"`` or ``"vintage"``) and ``source``.
        One row is one vintage of one figure.
    ids : frozenset of str
        The series this data set carries. A series may be here without a row: it had not begun
        by the moment the table was cut at.

    Raises
    ------
    BadTable
        If a column is missing or a value or an instant is missing.
    """

    table: pd.DataFrame
    ids: frozenset[str]
    _rows: dict[str, slice] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.table.columns]
        if missing:
            raise BadTable(f"observations lack the column {missing[0]!r}")
        names = self.table["series"].to_numpy(dtype=object)
        edges = np.flatnonzero(names[1:] != names[:-1]) + 1
        starts = np.concatenate(([0], edges)) if len(names) else np.array([], dtype=int)
        stops = np.concatenate((edges, [len(names)])) if len(names) else starts
        rows = {str(names[a]): slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)}
        if len(rows) != len(starts):
            raise BadTable("observations are not sorted by series")
        object.__setattr__(self, "_rows", rows)

    def of(self, series: str) -> pd.DataFrame:
        """Return all vintages of one series, by ``known_at`` then ``ref_date``.

        Raises
        ------
        MissingSeries
            If the data set does not carry the series.
        """
        if series not in self.ids:
            raise MissingSeries(series)
        return self.table.iloc[self._rows.get(series, slice(0, 0))]

    def latest(self, series: str) -> pd.Series[float]:
        """Return the last vintage of each figure by the day it is about: history, not a decision.

        Facts and scoreboards look back with it; signals never do, they read a panel.
        """
        rows = self.of(series).drop_duplicates("ref_date", keep="last").sort_values("ref_date")
        index = pd.DatetimeIndex(rows["ref_date"], name="ref_date")
        return pd.Series(rows["value"].to_numpy(dtype=float), index=index, name=series)

    def until(self, t: pd.Timestamp) -> Observations:
        """Return only what was known at `t` (UTC), inclusive."""
        return Observations(self.table[self.table["known_at"] <= t], self.ids)

    def with_rows(self, rows: pd.DataFrame) -> Observations:
        """Return these observations and `rows` (same columns) together."""
        return from_rows(pd.concat([self.table, rows]), self.ids | set(rows["series"]))


def from_rows(rows: pd.DataFrame, ids: Iterable[str]) -> Observations:
    """Sort `rows` (all of :data:`COLUMNS`) into :class:`Observations`."""
    table = rows.loc[:, list(COLUMNS)].sort_values(
        ["series", "known_at", "ref_date"], kind="stable", ignore_index=True
    )
    if table[["ref_date", "value", "known_at"]].isna().any(axis=None):
        bad = table[table[["ref_date", "value", "known_at"]].isna().any(axis=1)].iloc[0]
        raise BadTable(
            f"series {bad['series']!r}, {bad['ref_date']}: value {bad['value']}, "
            f"known at {bad['known_at']}: none of them may be missing"
        )
    return Observations(table, frozenset(str(name) for name in ids))


def observe(values: pd.DataFrame) -> Observations:
    """Attach to each stored value the moment it was first known.

    Parameters
    ----------
    values : DataFrame
        Columns ``series``, ``ref_date``, ``value``, ``source`` and, where a vintage is on
        record, ``known_at`` (UTC; ``NaT`` means: by the series' release rule).

    Returns
    -------
    Observations
        Rule times are computed here, at load, and never stored: a mended rule needs no migration.
    """
    recorded = values["known_at"]
    pieces = []
    for name, rows in values.groupby("series", observed=True, sort=True):
        by_rule = rule_known_at(series_spec(str(name)), pd.DatetimeIndex(rows["ref_date"]))
        on_record = recorded.loc[rows.index]
        known = on_record.where(on_record.notna(), pd.Series(by_rule, index=rows.index))
        pieces.append(
            pd.DataFrame(
                {
                    "series": str(name),
                    "ref_date": rows["ref_date"],
                    "value": rows["value"],
                    "known_at": known.dt.as_unit("us"),
                    "known_by": np.where(on_record.notna(), "vintage", "rule"),
                    "source": rows["source"].astype(str),
                }
            )
        )
    if not pieces:
        raise BadTable("there are no observations at all")
    return from_rows(pd.concat(pieces), values["series"].unique())

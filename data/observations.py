"""Published figures with the moment at which each could first be known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray, TimeArray
from data.catalogue import series as series_spec
from data.errors import BadTable, MissingSeries
from data.release import known_at as rule_known_at

COLUMNS = ("series", "ref_date", "value", "known_at", "known_by", "source")


@dataclass(frozen=True, slots=True)
class Vintages:
    """Figures as arrays of one length.

    Parameters
    ----------
    day : datetime64[D] array
        What each figure is about.
    known : datetime64[us] array
        When it was known (UTC).
    value : array
        In the catalogue's unit.
    on_record : bool array
        Whether the moment is that of a vintage, not of the release rule.
    """

    day: TimeArray
    known: TimeArray
    value: FloatArray
    on_record: BoolArray

    def rows(self, chosen: slice | BoolArray) -> Vintages:
        """Return some of the rows."""
        return Vintages(
            self.day[chosen], self.known[chosen], self.value[chosen], self.on_record[chosen]
        )


def _columns(table: pd.DataFrame) -> Vintages:
    known = pd.DatetimeIndex(table["known_at"]).tz_convert("UTC").tz_localize(None)
    return Vintages(
        pd.DatetimeIndex(table["ref_date"]).as_unit("us").to_numpy().astype("datetime64[D]"),
        known.as_unit("us").to_numpy(),
        table["value"].to_numpy(dtype=np.float64),
        np.asarray(table["known_by"] == "vintage", dtype=bool),
    )


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
    _columns: Vintages = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.table.columns]
        if missing:
            raise BadTable(f"observations lack the column {missing[0]!r}")
        codes, names = pd.factorize(self.table["series"])
        edges = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        starts = np.concatenate(([0], edges)) if len(codes) else np.array([], dtype=int)
        stops = np.concatenate((edges, [len(codes)])) if len(codes) else starts
        rows = {
            str(names[codes[a]]): slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)
        }
        if len(rows) != len(starts):
            raise BadTable("observations are not sorted by series")
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_columns", _columns(self.table))

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

    def vintages(self, series: str) -> Vintages:
        """Return the same as :meth:`of`, as arrays.

        Raises
        ------
        MissingSeries
            If the data set does not carry the series.
        """
        if series not in self.ids:
            raise MissingSeries(series)
        return self._columns.rows(self._rows.get(series, slice(0, 0)))

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
    bad = rows[["ref_date", "value", "known_at"]].isna().any(axis=1).to_numpy()
    if bad.any():
        first = _sorted(rows).loc[lambda table: table.isna().any(axis=1)].iloc[0]
        raise BadTable(
            f"series {first['series']!r}, {first['ref_date']}: value {first['value']}, "
            f"known at {first['known_at']}: none of them may be missing"
        )
    return Observations(_sorted(rows), frozenset(str(name) for name in ids))


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by series, known_at and ref_date, ties as they come."""
    table = rows.loc[:, list(COLUMNS)]
    codes = pd.factorize(table["series"], sort=True)[0]
    order = np.lexsort([_instants(table["ref_date"]), _instants(table["known_at"]), codes])
    in_order = (order[1:] > order[:-1]).all()
    return (table if in_order else table.take(order)).reset_index(drop=True)


def _instants(column: pd.Series | pd.DatetimeIndex) -> TimeArray:
    index = pd.DatetimeIndex(column)
    naive = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
    return np.asarray(naive.as_unit("us").to_numpy())


def observe(values: pd.DataFrame, also: pd.DataFrame | None = None) -> Observations:
    """Attach to each stored value the moment it was first known.

    Parameters
    ----------
    values : DataFrame
        Columns ``series``, ``ref_date``, ``value``, ``source`` and, where a vintage is on
        record, ``known_at`` (UTC; ``NaT`` means: by the series' release rule).
    also : DataFrame, optional
        Rows to add that say all of :data:`COLUMNS` themselves.

    Returns
    -------
    Observations
        Rule times are computed here, at load, and never stored: a mended rule needs no migration.
    """
    codes, names = pd.factorize(values["series"].astype(str), sort=True)
    if not len(names):
        raise BadTable("there are no observations at all")
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    ref_dates = pd.DatetimeIndex(values["ref_date"])
    known = _instants(values["known_at"]).copy()
    on_record = ~np.isnat(known)
    for number, name in enumerate(names):
        rows = order[edges[number] : edges[number + 1]]
        by_rule = rule_known_at(series_spec(str(name)), ref_dates[rows])
        known[rows] = np.where(on_record[rows], known[rows], _instants(by_rule))
    table = pd.DataFrame(
        {
            "series": values["series"].astype(str).array,
            "ref_date": values["ref_date"].array,
            "value": values["value"].array,
            "known_at": pd.DatetimeIndex(known).tz_localize("UTC"),
            "known_by": pd.array(["rule", "vintage"], dtype="str").take(on_record.astype(np.intp)),
            "source": values["source"].astype(str).array,
        }
    )
    ids = set(names)
    if also is not None:
        table, ids = pd.concat([table, also[list(COLUMNS)]]), ids | set(also["series"])
    return from_rows(table, ids)

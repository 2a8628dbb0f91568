"""Hash the content of tables, whatever their row order, units of time or encoding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from data.aliases import IntArray

_Values: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]
_NOT_A_TIME = np.datetime64("NaT", "us").astype(np.int64)

# What a result can depend on. When and from where a row was fetched is not among it.
CONTENT: Mapping[str, tuple[str, ...]] = {
    "observations": ("series", "ref_date", "known_at", "value"),
    "prices_1d": ("symbol", "opened", "open", "high", "low", "close", "volume", "market"),
    "prices_1h": ("symbol", "opened", "open", "high", "low", "close", "volume", "market"),
    "funding": ("perpetual", "ts", "rate"),
}


def snapshot_id(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return 16 hex digits of the SHA-256 over the content of `tables`."""
    digest = hashlib.sha256()
    for name in sorted(CONTENT):
        if name not in tables or tables[name].empty:
            continue
        columns = [_Column.of(tables[name][column]) for column in CONTENT[name]]
        order = _order([column.values for column in columns[:3]])
        digest.update(f"{name}:{len(tables[name])}".encode())
        for label, column in zip(CONTENT[name], columns, strict=True):
            digest.update(label.encode())
            digest.update(column.names)
            values = column.values if order is None else column.values[order]
            digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as numbers that sort as it does; text as its names and their positions."""

    names: bytes
    values: _Values

    @classmethod
    def of(cls, column: pd.Series) -> _Column:
        if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
            index = pd.DatetimeIndex(column)
            naive = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
            return cls(b"", naive.as_unit("us").to_numpy().view(np.int64))
        if column.dtype.kind == "f":
            return cls(b"", column.to_numpy(dtype="<f8"))
        codes, names = pd.factorize(column.astype(str), sort=True)
        return cls("\n".join(names).encode(), codes.astype("<i4"))


def _order(keys: Sequence[_Values]) -> IntArray | None:
    """The stable order of rows by `keys`, what is missing last; None where they are in order."""
    ranks = [_missing_last(key) for key in keys]
    tied = np.ones(len(ranks[0]) - 1, dtype=bool)
    ahead = np.zeros_like(tied)
    for rank in ranks:
        ahead |= tied & (rank[:-1] > rank[1:])
        tied &= rank[:-1] == rank[1:]
    return np.lexsort(ranks[::-1]) if ahead.any() else None


def _missing_last(key: _Values) -> _Values:
    if key.dtype.kind == "f":
        return np.where(np.isnan(key), np.inf, key)
    return np.where(key == _NOT_A_TIME, np.iinfo(np.int64).max, key)

"""Hash the content of tables, whatever their row order, units of time or encoding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

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
        columns = CONTENT[name]
        table = tables[name].sort_values(list(columns[:3]), kind="stable")
        digest.update(f"{name}:{len(table)}".encode())
        for column in columns:
            digest.update(column.encode())
            digest.update(_bytes(table[column]))
    return digest.hexdigest()[:16]


def _bytes(column: pd.Series) -> bytes:
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        index = pd.DatetimeIndex(column)
        naive = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
        return bytes(naive.as_unit("us").to_numpy().tobytes())
    if column.dtype.kind == "f":
        return bytes(np.ascontiguousarray(column.to_numpy(dtype="<f8")).tobytes())
    codes, names = pd.factorize(column.astype(str), sort=True)
    return "\n".join(names).encode() + bytes(codes.astype("<i4").tobytes())

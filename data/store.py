"""The table store: Parquet files under one manifest, one writer, nothing overwritten.

A commit writes new table files under names that carry their hash, then replaces
``manifest.json``; that rename is the moment the commit happens. A crash before it leaves the old
store, after it the new one.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data import atomic
from data.aliases import BoolArray
from data.errors import Corrupt, WrongVersion
from data.fingerprint import snapshot_id
from data.lock import writing
from data.tables import SCHEMAS, Tables

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Change:
    """What an import did to one table.

    Parameters
    ----------
    table : str
        Table name.
    new, same, revised : int
        Rows added, rows that were there already, and rows whose figure differs from the stored
        one. A revised figure is kept beside the first one (observations) or listed in the
        ``revisions`` table while the first one stays in use (prices, funding).
    """

    table: str
    new: int
    same: int
    revised: int


@dataclass(frozen=True, slots=True)
class Store:
    """Tables on disk below one folder."""

    folder: Path
    lock_seconds: float = field(default=10.0)

    @property
    def empty(self) -> bool:
        """True where nothing was ever committed."""
        return not (self.folder / MANIFEST).is_file() or not self.manifest()["tables"]

    def manifest(self) -> dict[str, Any]:
        """Return the manifest.

        Raises
        ------
        Corrupt, WrongVersion
            If it cannot be read, or was written by another schema version.
        """
        path = self.folder / MANIFEST
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            version = content["schema_version"]
        except (OSError, ValueError, KeyError) as error:
            raise Corrupt(f"{path}: not a readable manifest ({type(error).__name__})") from None
        if version != SCHEMA_VERSION:
            raise WrongVersion(
                f"{path}: schema version {version}, this program reads {SCHEMA_VERSION}"
            )
        return content

    def read(self) -> dict[str, pd.DataFrame]:
        """Read every table, checking each file against its recorded hash.

        Raises
        ------
        Corrupt
            If a file is missing or differs from what was committed.
        """
        manifest = self.manifest()
        while True:
            try:
                return {name: self._table(name, row) for name, row in manifest["tables"].items()}
            except Corrupt:
                # A commit in between removes the files of the one before it.
                newer = self.manifest()
                if newer == manifest:
                    raise
                manifest = newer

    def add(self, tables: Tables, seen_at: pd.Timestamp) -> list[Change]:
        """Merge checked `tables` into the store in one commit.

        Parameters
        ----------
        tables : mapping of name to DataFrame
            As :func:`data.tables.read_tables` returns them.
        seen_at : Timestamp
            UTC instant of the import. It becomes ``known_at`` of a figure that differs from the
            stored one: that is when this store could first know it.

        Raises
        ------
        Locked
            If another process is writing and does not finish in `lock_seconds`.
        StoreError
            If the disk refuses to be written to; the store is then as it was.
        """
        with self.writing():
            self._begin()
            stored = self.read()
            changes = []
            for name, offered in tables.items():
                merged, change, revisions = _merge(name, stored.get(name), offered, seen_at)
                stored[name] = merged
                changes.append(change)
                if not revisions.empty:
                    known = stored.get("revisions")
                    stored["revisions"] = _append(known, revisions)
            self._commit(stored)
        return changes

    def writing(self) -> AbstractContextManager[None]:
        """Hold the write lock, see :func:`data.lock.writing`."""
        return writing(self.folder, self.lock_seconds)

    def _begin(self) -> None:
        """Commit that there is nothing yet, so that tables without a manifest are a loss."""
        if (self.folder / MANIFEST).is_file():
            return
        if orphans := sorted(path.name for path in self.folder.glob("*.parquet")):
            raise Corrupt(
                f"{self.folder / MANIFEST} is missing, but there are tables ({orphans[0]}): put it "
                "back, or move them away and import anew"
            )
        self._commit({})

    def _table(self, name: str, entry: Mapping[str, str]) -> pd.DataFrame:
        path = self.folder / entry["file"]
        try:
            content = path.read_bytes()
        except OSError:
            raise Corrupt(f"{path}: table {name} is missing; import or fetch it anew") from None
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise Corrupt(f"{path}: table {name} is not what was committed (hash differs)")
        return pd.read_parquet(io.BytesIO(content))

    def _commit(self, tables: Tables) -> None:
        entries = {}
        for name, table in sorted(tables.items()):
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False, compression="zstd")
            content = buffer.getvalue()
            digest = hashlib.sha256(content).hexdigest()
            file = f"{name}-{digest[:16]}.parquet"
            if not (self.folder / file).exists():
                atomic.replace_file(self.folder / file, content)
            entries[name] = {"file": file, "sha256": digest, "rows": len(table)}
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "snapshot_id": snapshot_id(tables),
            "tables": entries,
        }
        atomic.replace_file(self.folder / MANIFEST, json.dumps(manifest, indent=2).encode())
        in_use = {entry["file"] for entry in entries.values()}
        for path in self.folder.glob("*.parquet"):
            if path.name not in in_use:
                atomic.remove_file(path)


def _append(stored: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    return rows if stored is None else pd.concat([stored, rows], ignore_index=True)


_VALUES: Mapping[str, tuple[str, ...]] = {
    "observations": ("value",),
    "prices_1d": ("open", "high", "low", "close"),
    "prices_1h": ("open", "high", "low", "close"),
    "funding": ("rate",),
}


def _merge(
    name: str, stored: pd.DataFrame | None, offered: pd.DataFrame, seen_at: pd.Timestamp
) -> tuple[pd.DataFrame, Change, pd.DataFrame]:
    """Return the merged table, what changed, and the revisions that were set aside."""
    offered = offered.assign(seen_at=seen_at.as_unit("us"))
    nothing = offered.iloc[:0]
    if stored is None:
        return offered, Change(name, len(offered), 0, 0), nothing
    key, columns = list(SCHEMAS[name].key), list(_VALUES[name])
    latest = stored.drop_duplicates(key, keep="last").set_index(key)[columns]
    known = latest.reindex(pd.MultiIndex.from_frame(offered[key])).reset_index(drop=True)
    fresh = ~pd.MultiIndex.from_frame(offered[key]).isin(latest.index)
    theirs = offered[columns].reset_index(drop=True)
    equal = ((known == theirs) | (known.isna() & theirs.isna())).all(axis=1).to_numpy() & ~fresh
    if name == "observations":
        equal |= _on_record(stored, offered)
    revised = offered[~fresh & ~equal]
    change = Change(name, int(fresh.sum()), int(equal.sum()), len(revised))
    added = offered[fresh]
    if name == "observations":
        # A figure that changed is a vintage of its own, known since this store saw it.
        stamped = revised.assign(known_at=revised["known_at"].fillna(seen_at.as_unit("us")))
        merged = pd.concat([stored, added, stamped], ignore_index=True)
        return _ordered(merged, [*key, "known_at"]), change, nothing
    listed = pd.DataFrame(
        {
            "table": name,
            "key": revised[key[0]].astype(str) + " " + revised[key[1]].astype(str),
            "offered": revised[columns].astype(str).agg(" ".join, axis=1)
            if len(revised)
            else pd.Series(dtype=str),
            "seen_at": seen_at.as_unit("us"),
        }
    )
    return _ordered(pd.concat([stored, added], ignore_index=True), key), change, listed


def _on_record(stored: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    """Return which offered figures are vintages that the store has, though not the last ones.

    A figure without a vintage of its own that comes alone is today's, and may be a return to an
    earlier value; one that comes with later vintages of the same day is history.
    """
    key = ["series", "ref_date"]
    vintage = [*key, "known_at", "value"]
    there = pd.MultiIndex.from_frame(offered[vintage]).isin(
        pd.MultiIndex.from_frame(stored[vintage])
    )
    history = offered["known_at"].notna() | offered.duplicated(key, keep="last")
    return np.asarray(there & history.to_numpy())


def _ordered(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    # A figure without a vintage was the first to come.
    return table.sort_values(key, kind="stable", ignore_index=True, na_position="first")

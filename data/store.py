"""The table store: Parquet files under one manifest, one writer, nothing overwritten.

A commit writes new table files under names that carry their hash, then replaces
``manifest.json``; that rename is the moment the commit happens. A crash before it leaves the old
store, after it the new one.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from data import atomic
from data.errors import Corrupt, WrongVersion
from data.fingerprint import CONTENT, snapshot_id
from data.lock import writing
from data.merge import Change, merge
from data.tables import Tables

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Held:
    """Tables as a reader holds them, and the manifest's entries that they were read by."""

    entries: Mapping[str, Mapping[str, Any]]
    tables: Tables


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
        return dict(self.hold().tables)

    def hold(self, before: Held | None = None) -> Held:
        """Read every table as it is now; those that have not changed since `before` are kept.

        Raises
        ------
        Corrupt
            As :meth:`read`.
        """
        manifest = self.manifest()
        while True:
            try:
                tables = {
                    name: before.tables[name]
                    if before is not None and before.entries.get(name) == entry
                    else self._table(name, entry)
                    for name, entry in manifest["tables"].items()
                }
                return Held(manifest["tables"], tables)
            except Corrupt:
                # A commit in between removes the files of the one before it.
                newer = self.manifest()
                if newer == manifest:
                    raise
                manifest = newer

    @property
    def fetched(self) -> dict[str, str]:
        """For each source, the last day (ISO) up to which its answers are in the store."""
        if not (self.folder / MANIFEST).is_file():
            return {}
        journal: dict[str, str] = self.manifest().get("fetched", {})
        return journal

    def add(
        self,
        tables: Tables,
        seen_at: pd.Timestamp,
        *,
        rejected: pd.DataFrame | None = None,
        fetched: Mapping[str, str] | None = None,
        held: Held | None = None,
    ) -> tuple[Change, ...]:
        """Merge checked `tables` into the store in one commit.

        Parameters
        ----------
        tables : mapping of name to DataFrame
            As :func:`data.tables.read_tables` returns them.
        seen_at : Timestamp
            UTC instant of the import, see :func:`data.merge.merge`.
        rejected : DataFrame, optional
            Rows that a source itself refused, for the quarantine.
        fetched : mapping of str to str, optional
            Sources that are complete up to a day (ISO) with this commit.
        held : Held, optional
            What the caller has read already.

        Raises
        ------
        Locked
            If another process is writing and does not finish in `lock_seconds`.
        StoreError
            If the disk refuses to be written to; the store is then as it was.
        """
        with self.writing():
            self._begin()
            merged = merge(self.hold(held).tables, tables, seen_at, rejected)
            self._commit(merged.tables, merged.touched, fetched)
        return merged.changes

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

    def _commit(
        self,
        tables: Tables,
        touched: Collection[str] | None = None,
        fetched: Mapping[str, str] | None = None,
    ) -> None:
        """Commit `tables`, of which `touched` (None: all) are not what is on disk already."""
        manifest = self.manifest() if (self.folder / MANIFEST).is_file() else None
        entries = {} if manifest is None else dict(manifest["tables"])
        touched = tables if touched is None else touched
        for name in sorted(touched):
            entries[name] = self._write(name, tables[name])
        # What is set aside is no content: the identity of the data stays.
        as_before = manifest is not None and not set(touched) & set(CONTENT)
        content = {
            "schema_version": SCHEMA_VERSION,
            "snapshot_id": manifest["snapshot_id"]
            if manifest is not None and as_before
            else snapshot_id(tables),
            "tables": dict(sorted(entries.items())),
            "fetched": dict(sorted({**self.fetched, **(fetched or {})}.items())),
        }
        if content != manifest:
            atomic.replace_file(self.folder / MANIFEST, json.dumps(content, indent=2).encode())
        in_use = {entry["file"] for entry in entries.values()}
        for path in self.folder.glob("*.parquet"):
            if path.name not in in_use:
                atomic.remove_file(path)

    def _write(self, name: str, table: pd.DataFrame) -> dict[str, Any]:
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False, compression="zstd")
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        file = f"{name}-{digest[:16]}.parquet"
        if not (self.folder / file).exists():
            atomic.replace_file(self.folder / file, content)
        return {"file": file, "sha256": digest, "rows": len(table)}

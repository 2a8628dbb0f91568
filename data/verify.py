"""Check a whole store: every byte against its hash, every row against what must hold."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from data.checks import COLUMNS, Fault, table_faults
from data.errors import StoreError
from data.fingerprint import CONTENT, snapshot_id
from data.merge import SET_ASIDE
from data.raw import RawArchive
from data.store import MANIFEST, Store

_MANIFEST_KEYS = ["schema_version", "snapshot_id", "tables", "fetched"]
_ENTRY_KEYS = ["file", "sha256", "rows"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a store found.

    Parameters
    ----------
    files, rows, answers : int
        How much was checked: tables, their rows, and raw answers.
    faults : tuple of Fault
        What does not hold.
    leftovers : tuple of str
        Files of an interrupted write that no reader ever sees; the next write removes them.
    """

    files: int
    rows: int
    faults: tuple[Fault, ...]
    leftovers: tuple[str, ...]
    answers: int = 0


def verify(store: Store, raw: RawArchive | None = None) -> Verification:
    """Check a store while nobody writes to it, and the raw answers where they are given.

    Every file is hashed and compared with the manifest, the manifest with the form in which it
    was written and its ``snapshot_id`` with the content, so that any changed byte is found; then
    come schema, order, duplicates, ranges, corridor, bars and instants (:mod:`data.checks`).

    Raises
    ------
    Locked
        If another process is writing and does not finish in the store's `lock_seconds`.
    """
    archived = () if raw is None else tuple(raw.faults())
    answers = 0 if raw is None else len(raw.entries())
    if not store.folder.is_dir():
        return Verification(0, 0, archived, (), answers)
    with store.writing():
        found = _verify(store)
    return replace(found, faults=(*found.faults, *archived), answers=answers)


def _verify(store: Store) -> Verification:
    entries, faults = _manifest(store)
    tables: dict[str, pd.DataFrame] = {}
    for name, entry in entries.items():
        found = _file_faults(store, name, entry, tables)
        faults += found or table_faults(name, tables[name], entry["file"])
        if name in tables and name in COLUMNS and len(tables[name]) != entry["rows"]:
            counted = f"{entry['rows']} rows recorded for {name}, {len(tables[name])} there"
            faults.append(Fault(MANIFEST, counted))
    if entries and not faults:
        recorded, computed = store.manifest()["snapshot_id"], snapshot_id(tables)
        if recorded != computed:
            faults.append(
                Fault(MANIFEST, f"snapshot_id {recorded} is not the content's {computed}")
            )
    foreign, leftovers = _unreferenced(store, {entry["file"] for entry in entries.values()})
    rows = sum(map(len, tables.values()))
    return Verification(len(tables), rows, (*faults, *foreign), tuple(leftovers))


def _manifest(store: Store) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    if not (store.folder / MANIFEST).is_file():
        return {}, []
    try:
        manifest = store.manifest()
    except StoreError as error:
        return {}, [Fault(MANIFEST, str(error))]
    written = (store.folder / MANIFEST).read_bytes()
    tables = manifest.get("tables")
    if list(manifest) != _MANIFEST_KEYS or not isinstance(tables, dict):
        return {}, [Fault(MANIFEST, f"has not the fields {', '.join(_MANIFEST_KEYS)}")]
    for name, entry in tables.items():
        if not isinstance(entry, dict) or list(entry) != _ENTRY_KEYS:
            return {}, [Fault(MANIFEST, f"{name!r} has not the fields {', '.join(_ENTRY_KEYS)}")]
    if written != json.dumps(manifest, indent=2).encode():
        return tables, [Fault(MANIFEST, "is not in the form in which it was written")]
    return tables, []


def _file_faults(
    store: Store, name: str, entry: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> list[Fault]:
    """Compare one file with its entry; put its table into `tables` where they agree."""
    file, digest = str(entry["file"]), str(entry["sha256"])
    if file != f"{name}-{digest[:16]}.parquet":
        return [
            Fault(MANIFEST, f"{file} is not the name of table {name!r} with hash {digest[:16]}")
        ]
    try:
        content = (store.folder / file).read_bytes()
    except OSError as error:
        return [Fault(file, f"table {name} cannot be read: {error.strerror}")]
    if hashlib.sha256(content).hexdigest() != digest:
        return [Fault(file, f"table {name} is not what was committed (hash differs)")]
    try:
        tables[name] = pd.read_parquet(io.BytesIO(content))
    except (ValueError, OSError) as error:
        return [Fault(file, f"cannot be read as parquet: {str(error).splitlines()[0]}")]
    return []


def _unreferenced(store: Store, referenced: set[str]) -> tuple[list[Fault], list[str]]:
    foreign, leftovers = [], []
    for path in sorted(store.folder.glob("*.parquet")):
        if path.name in referenced:
            continue
        name, _, digest = path.stem.rpartition("-")
        whole = hashlib.sha256(path.read_bytes()).hexdigest()[:16] == digest
        if whole and name in (*CONTENT, *SET_ASIDE):
            leftovers.append(path.name)
        else:
            foreign.append(Fault(path.name, "belongs to no commit of this store: move it away"))
    if leftovers and not (store.folder / MANIFEST).is_file():
        lost = f"is missing, but there are tables: {', '.join(leftovers)}"
        foreign.append(Fault(MANIFEST, lost))
    leftovers += sorted(path.name for path in store.folder.glob(".*.tmp"))
    return foreign, leftovers

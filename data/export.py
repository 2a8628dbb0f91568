"""Write the store as a directory of tables in the import schema."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from data.atomic import fsync_folder, replace_file
from data.catalogue import series
from data.errors import BadConfig, Corrupt, StoreError
from data.fingerprint import snapshot_id
from data.store import Store
from data.tables import PRICE_COLUMNS, read_tables

MARK = "export.json"
FORMAT = 1


def export(store: Store, target: Path) -> str:
    """Write what `store` holds to the directory `target`.

    ``--data TARGET`` reads it, and an empty store that imports it has the same content. The
    directory is written beside `target`, read back and compared, and only then put in place.
    Bars and funding rates that were offered later and set aside (``revisions``) are not in it.

    Parameters
    ----------
    store : Store
        Holds at least one table.
    target : Path
        A directory that does not exist, is empty, or is an earlier export, which is replaced.

    Returns
    -------
    str
        ``snapshot_id`` of both.

    Raises
    ------
    BadConfig
        If the store is empty, or `target` holds something else than an export.
    Corrupt
        If what was written does not read back as what the store holds: ``data verify`` says why.
    StoreError
        If the disk refuses; `target` is then as it was.
    """
    if store.empty:
        raise BadConfig(f"{store.folder}: the store is empty: there is nothing to export")
    _refuse_others(target)
    tables = store.read()
    identity = snapshot_id(tables)
    beside = target.absolute().with_name(f".{target.absolute().name}.{os.getpid()}.tmp")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        for name, form in _FORMS.items():
            if name in tables:
                replace_file(beside / f"{name}.parquet", _parquet(form(tables[name])))
        mark = {"format": FORMAT, "snapshot_id": identity}
        replace_file(beside / MARK, json.dumps(mark, indent=2).encode())
        back = snapshot_id(read_tables([beside]))
        if back != identity:
            raise Corrupt(f"{target}: reads back as {back}, the store is {identity}: not written")
        _put_in_place(beside, target.absolute())
    except OSError as error:
        raise StoreError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return identity


def _refuse_others(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise BadConfig(f"{target}: is a file: name a directory to export to")
    inside = {path.name for path in target.iterdir()}
    ours = {MARK, *(f"{name}.parquet" for name in _FORMS)}
    if inside and (MARK not in inside or inside - ours):
        other = sorted(inside - ours or inside)[0]
        raise BadConfig(
            f"{target}: holds {other!r}, which is not of an export: name a new or empty directory"
        )


def _put_in_place(beside: Path, target: Path) -> None:
    """Move the finished directory to its name; an earlier export steps aside first."""
    old = beside.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    fsync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _observations(table: pd.DataFrame) -> pd.DataFrame:
    table = table.reset_index(drop=True)
    stamps = table["ref_date"].copy()
    for name, rows in table.groupby("series", sort=False):
        days = series(str(name)).to_publisher_stamp(pd.DatetimeIndex(rows["ref_date"]))
        stamps.loc[rows.index] = days
    exported = pd.DataFrame(
        {
            "series": table["series"],
            "ref_date": stamps,
            "value": table["value"],
            "unit": table["series"].map(lambda name: series(name).unit),
            "origin": table["source"],
        }
    )
    on_record = table["known_at"].notna().any()
    return exported.assign(known_at=table["known_at"]) if on_record else exported


def _prices(table: pd.DataFrame) -> pd.DataFrame:
    return table[["symbol", "opened", *PRICE_COLUMNS, "market"]].assign(
        close_only=table["open"].isna(), via=table["source"]
    )


def _prices_1d(table: pd.DataFrame) -> pd.DataFrame:
    days = table["opened"].dt.tz_localize(None)
    return _prices(table.assign(opened=days)).rename(columns={"opened": "date"})


def _prices_1h(table: pd.DataFrame) -> pd.DataFrame:
    return _prices(table).rename(columns={"opened": "ts"})


def _funding(table: pd.DataFrame) -> pd.DataFrame:
    return table[["symbol", "ts", "rate", "venue"]].assign(via=table["source"])


_FORMS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "observations": _observations,
    "prices_1d": _prices_1d,
    "prices_1h": _prices_1h,
    "funding": _funding,
}

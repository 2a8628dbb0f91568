"""The folder of a sweep: whose it is, what is in it, and how it is finished."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import pyarrow as pa
import pyarrow.parquet as pq

from backtests.sweep import pieces
from backtests.sweep.columns import IDENTITY
from data.atomic import replace_file
from data.canonical import canonical_json, jsonable
from data.errors import BadConfig, Locked

LEADERBOARD, MANIFEST, LOCK = "leaderboard.parquet", "manifest.json", ".lock"
_MINE = "sweep.json"
_SAID = {
    "snapshot_id": "snapshot",
    "code": "version of the program",
    "grid_hash": "grid",
}


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two sweeps do not write to it at once.

    Raises
    ------
    Locked
        If another process holds it.
    BadConfig
        If the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfig(f"--out {folder}: cannot be made: {error.strerror}") from None
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise Locked(
            f"--out {folder}: another sweep is writing to it; wait for it to finish, or give "
            "another folder"
        ) from None
    try:
        # What a sweep that was killed left half written.
        for place in (folder, folder / pieces.FOLDER):
            for leftover in place.glob(".*.tmp"):
                leftover.unlink()
        yield
    finally:
        lock.release()


def check_owner(folder: Path, identity: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another sweep.

    Raises
    ------
    BadConfig
        If its leaderboard, or the pieces of one, come from another grid, snapshot or version.
    """
    own = json.loads(canonical_json(identity))
    for found in (_of_pieces(folder), _of_leaderboard(folder)):
        if found is None or found == own:
            continue
        for key, words in _SAID.items():
            if found.get(key) != own[key]:
                raise BadConfig(
                    f"--out {folder}: holds a leaderboard of another {words} ({found.get(key)}, "
                    f"now {own[key]}): give another folder, or delete this one"
                )
        key = next(key for key in own if found.get(key) != own[key])
        raise BadConfig(
            f"--out {folder}: holds a leaderboard with another {key} ({found.get(key)}, now "
            f"{own[key]}): give another folder, or delete this one"
        )


def _of_pieces(folder: Path) -> Any:
    path = folder / pieces.FOLDER / _MINE
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise BadConfig(f"{path}: cannot be read: delete {path.parent}") from None


def _of_leaderboard(folder: Path) -> Any:
    path = folder / LEADERBOARD
    if not path.is_file():
        return None
    try:
        metadata = pq.read_schema(path).metadata or {}
        return json.loads(metadata[IDENTITY])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        raise BadConfig(f"{path}: is no leaderboard of a sweep: give another folder") from None


def begin(folder: Path, identity: Mapping[str, Any]) -> Path:
    """Return the folder of the pieces, with a note of whose they are."""
    inside = folder / pieces.FOLDER
    replace_file(inside / _MINE, canonical_json(identity).encode())
    return inside


def finish(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest and remove the pieces, which the leaderboard has taken in."""
    text = canonical_json(jsonable(manifest), indent=2) + "\n"
    replace_file(folder / MANIFEST, text.encode())
    inside = folder / pieces.FOLDER
    if inside.is_dir():
        pieces.remove(inside)
        (inside / _MINE).unlink(missing_ok=True)
        inside.rmdir()


def schema(folder: Path) -> pa.Schema:
    """Return the schema of a finished leaderboard."""
    return pq.read_schema(folder / LEADERBOARD)


def batches(folder: Path, rows: int) -> Iterator[pa.Table]:
    """Yield a finished leaderboard in tables of at most `rows` rows."""
    with pq.ParquetFile(folder / LEADERBOARD) as file:
        for batch in file.iter_batches(batch_size=rows):
            yield pa.Table.from_batches([batch])

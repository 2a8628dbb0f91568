"""The chain of hashes over the ledger's entries, and its copy beside the database.

Each entry's digest covers the one before it, its header and its rows. The same headers and digests
are appended to a text file beside the database, so that a database that lost its last entries, or
all of them, still has its count: the larger of the two holds.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from data.canonical import canonical_json
from data.errors import Corrupt

GENESIS = bytes(32)
_TAIL = 65_536
_NUMBERS = struct.Struct("<ddq")
_ROWS = (
    "SELECT config_hash, sharpe_cash, sharpe_matched, periods, folds FROM trials "
    "WHERE entry = ? ORDER BY position"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the chain.

    Parameters
    ----------
    number : int
        From 1.
    header : mapping
        ``kind`` ("batch", "seal" or "open") and what that kind says.
    rows : int
        Trials that came with it.
    digest : str
        64 hex digits.
    """

    number: int
    header: Mapping[str, Any]
    rows: int
    digest: str


def append(connection: sqlite3.Connection, number: int, header: Mapping[str, Any]) -> Entry:
    """Close an entry whose rows, if any, are in: compute its digest and write it."""
    last = connection.execute("SELECT digest FROM entries ORDER BY entry DESC LIMIT 1").fetchone()
    text = canonical_json(header)
    rows = connection.execute(_ROWS, (number,)).fetchall()
    digest = _digest(last[0] if last else GENESIS, text, rows)
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (number, text, len(rows), digest))
    return Entry(number, header, len(rows), digest.hex())


def entries(connection: sqlite3.Connection) -> list[Entry]:
    """Return the entries of the database in their order."""
    found = connection.execute("SELECT entry, header, rows, digest FROM entries ORDER BY entry")
    return [
        Entry(number, json.loads(text), rows, digest.hex()) for number, text, rows, digest in found
    ]


def checkpoints(path: Path) -> list[Entry]:
    """Return the entries of the copy, each once; a line cut short by a crash does not count.

    Raises
    ------
    Corrupt
        If a whole line cannot be read.
    """
    if not path.is_file():
        return []
    found: dict[str, Entry] = {}
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        if not line:
            continue
        try:
            row = json.loads(line)
            entry = Entry(row["entry"], row["header"], row["rows"], row["digest"])
        except (ValueError, KeyError, TypeError):
            raise Corrupt(f"{path}: line {number} cannot be read; put a copy back") from None
        found[entry.digest] = entry
    return list(found.values())


def copy_entries(connection: sqlite3.Connection, path: Path) -> None:
    """Append to the copy the entries that it lacks, after a crash those of others too."""
    with filelock.FileLock(f"{path}.lock"):
        last = _last_digest(path)
        missing: list[Entry] = []
        for number, text, rows, digest in connection.execute(
            "SELECT entry, header, rows, digest FROM entries ORDER BY entry DESC"
        ):
            if digest.hex() == last:
                break
            missing.append(Entry(number, json.loads(text), rows, digest.hex()))
        if len(missing) > 1:
            known = {entry.digest for entry in checkpoints(path)}
            missing = [entry for entry in missing if entry.digest not in known]
        if missing:
            _write(path, "".join(f"{_line(entry)}\n" for entry in reversed(missing)))


def _line(entry: Entry) -> str:
    return canonical_json(
        {
            "entry": entry.number,
            "header": entry.header,
            "rows": entry.rows,
            "digest": entry.digest,
        }
    )


def _write(path: Path, lines: str) -> None:
    with path.open("ab") as file:
        # What a crash has cut short is no entry.
        whole = path.read_bytes().rfind(b"\n") + 1 if path.stat().st_size else 0
        file.truncate(whole)
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def _last_digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        lines = file.read().split(b"\n")
    try:
        return str(json.loads(lines[-2])["digest"]) if len(lines) > 1 else None
    except (ValueError, KeyError, TypeError):
        return None


def faults(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Compare the rows with the chain and the chain with its copy; one line for each fault."""
    found = []
    last, numbers = GENESIS, []
    for number, text, count, digest in connection.execute(
        "SELECT entry, header, rows, digest FROM entries ORDER BY entry"
    ).fetchall():
        rows = connection.execute(_ROWS, (number,)).fetchall()
        if len(rows) != count:
            found.append(f"entry {number}: {count - len(rows)} of {count} trials are gone")
        elif _digest(last, text, rows) != digest:
            found.append(f"entry {number}: it or an entry before it was changed")
        last = digest
        numbers.append(number)
    stray = connection.execute(
        "SELECT COUNT(*) FROM trials WHERE entry NOT IN (SELECT entry FROM entries)"
    ).fetchone()[0]
    if stray:
        found.append(f"{stray} trials belong to no entry")
    held = {entry.digest for entry in entries(connection)}
    gone = [entry for entry in checkpoints(path) if entry.digest not in held]
    if gone:
        trials = sum(entry.rows for entry in gone)
        found.append(
            f"{len(gone)} entries with {trials} trials stand in {path.name} but no longer in the "
            f"database, the first of {gone[0].header['at']}"
        )
    return found


def _digest(
    last: bytes, text: str, rows: Iterable[tuple[bytes, float, float, int, bytes]]
) -> bytes:
    digest = hashlib.sha256(last)
    digest.update(text.encode())
    digest.update(b"".join(_packed(*row) for row in rows))
    return digest.digest()


def _packed(
    config_hash: bytes,
    sharpe_cash: float | None,
    sharpe_matched: float | None,
    periods: int | None,
    folds: bytes | None,
) -> bytes:
    numbers = _NUMBERS.pack(
        math.nan if sharpe_cash is None else sharpe_cash,
        math.nan if sharpe_matched is None else sharpe_matched,
        -1 if periods is None else periods,
    )
    return config_hash + numbers + (folds or b"")

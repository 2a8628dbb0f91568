"""The ledger's tables: rows go in, and nothing that went in can be changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from data.errors import Corrupt, Locked, StoreError, WrongVersion

VERSION = 1
_SECONDS = 60.0
_CACHE = 65_536  # KiB

# A batch is what one call recorded, a seal or an opening an entry of its own: one chain for all.
_TABLES = """
CREATE TABLE entries (
    entry INTEGER PRIMARY KEY,
    header TEXT NOT NULL,
    rows INTEGER NOT NULL,
    digest BLOB NOT NULL
);
CREATE TABLE families (
    family_id INTEGER PRIMARY KEY,
    family TEXT NOT NULL UNIQUE
);
CREATE TABLE trials (
    position INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    config_hash BLOB NOT NULL,
    sharpe_cash REAL,
    sharpe_matched REAL,
    periods INTEGER,
    folds BLOB,
    UNIQUE (family_id, config_hash)
);
CREATE INDEX trials_by_entry ON trials (entry);
"""
_GUARD = """
CREATE TRIGGER {table}_keeps_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only'); END;
"""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger's database, made where there is none.

    Raises
    ------
    Corrupt
        If the file is no database.
    WrongVersion
        If another version of the program wrote it.
    Locked
        If another process writes for longer than a minute.
    StoreError
        If the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{_CACHE}")
            _prepare(connection, path)
            yield connection
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Locked(f"{path}: another process is writing to the trial ledger") from None
        raise StoreError(f"{path}: {error}: make room or mend the permissions") from None
    except sqlite3.DatabaseError as error:
        raise Corrupt(f"{path}: {error}; put a copy of the trial ledger back") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from None


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the database's write lock; all or nothing of what is written inside stays."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == 0:
        with writing(connection):
            # Another process may have made the tables since.
            if _version(connection) == 0:
                _make(connection)
    if (version := _version(connection)) != VERSION:
        raise WrongVersion(
            f"{path}: trial ledger of version {version}, this program reads {VERSION}"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    for table in ("entries", "families", "trials"):
        for verb in ("UPDATE", "DELETE"):
            connection.execute(_GUARD.format(table=table, verb=verb))
    connection.execute(f"PRAGMA user_version = {VERSION}")

"""The paper ledger: an append-only, hash-chained file of events in SQLite.

Nothing in it is ever changed: positions, cash and orders follow from the events. Triggers refuse
to update or delete; each event carries the hash of the one before it, so that an edit by other
means is found; and a small file beside the ledger names the last event of each finished tick, so
that a ledger cut short is found too.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data.atomic import replace_file
from data.canonical import canonical_json
from data.errors import PaperError, Tampered, WrongLedger
from paper import steps
from paper.events import GENESIS, Draft, Event, body_text, digest, stamp
from paper.opening import SCHEMA_VERSION, Opening

# "PLpl" as a number: tells a ledger from any other SQLite file.
APPLICATION_ID = 0x504C706C
MEMORY = Path(":memory:")

_SCHEMA = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    parent INTEGER REFERENCES events (seq),
    body TEXT NOT NULL CHECK (json_valid(body)),
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_kind ON events (kind, seq);
CREATE TABLE checkpoints (
    seq INTEGER PRIMARY KEY REFERENCES events (seq),
    hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (json_valid(state))
) STRICT;
CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT raise(ABORT, 'events are only appended'); END;
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State after some event, so that a reader need not begin at the first."""

    seq: int
    hash: str
    state: dict[str, Any]


class Ledger:
    """One ledger, open.

    Parameters
    ----------
    connection : sqlite3.Connection
        From :meth:`create` or :meth:`open`.
    path : Path
        The file; ``:memory:`` keeps nothing.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path = connection, path
        self._opening = self._read_opening()

    @classmethod
    def create(cls, path: Path, opening: Opening, at: datetime) -> Ledger:
        """Make a ledger with its first event, in one transaction.

        Raises
        ------
        PaperError
            If the file is there already.
        """
        if path != MEMORY:
            path.parent.mkdir(parents=True, exist_ok=True)
            if cls.begun(path):
                raise PaperError(f"{path}: there is a ledger already")
        connection = _connect(path)
        steps.reached("ledger new")
        first = opening.draft(at)
        body = body_text(first.body)
        row = (1, first.kind, stamp(at), first.key, None, body, GENESIS)
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION}; {_SCHEMA}"
        )
        _insert(connection, (*row, digest(GENESIS, 1, first.kind, row[2], first.key, None, body)))
        steps.reached("ledger unmade")
        connection.execute("COMMIT")
        steps.reached("ledger made")
        return cls(connection, path)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open the ledger at `path`.

        Raises
        ------
        WrongLedger
            If there is none, the file is no ledger, or one of another version.
        Tampered
            If it cannot be read as SQLite.
        """
        if not cls.begun(path):
            raise WrongLedger(f"{path}: there is no ledger yet: `plumbline paper once` begins one")
        with _readable(path):
            connection = _connect(path)
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise WrongLedger(f"{path} is no paper ledger: move the file away")
        if version != SCHEMA_VERSION:
            raise WrongLedger(
                f"{path}: written in version {version}, this program reads {SCHEMA_VERSION}: use "
                "the program that wrote it, or move the file away to begin a new ledger"
            )
        with _readable(path):
            return cls(connection, path)

    @classmethod
    def begun(cls, path: Path) -> bool:
        """Tell whether a ledger has been made at `path`.

        A process that died while it made one leaves an empty file, which counts as none.
        """
        if not path.exists() or not path.stat().st_size:
            return False
        with _readable(path), closing(_connect(path)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return bool(tables[0])

    @property
    def opening(self) -> Opening:
        """Whose it is."""
        return self._opening

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def check(self, strategy: str, config_hash: str, broker: str | None = None) -> None:
        """Refuse a ledger of another strategy, of changed parameters or of another broker.

        Raises
        ------
        WrongLedger
            With what differs and what to do.
        """
        own = self.opening
        if own.strategy != strategy:
            raise WrongLedger(
                f"{self.path} is the ledger of {own.strategy!r}, not of {strategy!r}: move the "
                "file away, or give --strategy " + own.strategy
            )
        if own.config_hash != config_hash:
            raise WrongLedger(
                f"strategy {strategy!r} has changed since its ledger began on "
                f"{own.started:%Y-%m-%d} (config {own.config_hash[:12]}, now {config_hash[:12]}): "
                f"restore it, save the change under another name, or move {self.path} away"
            )
        if broker is not None and own.broker != broker:
            raise WrongLedger(
                f"{self.path} trades on {own.broker}, not on {broker}: give --broker "
                f"{own.broker}, or move the file away to begin a new ledger"
            )

    def append(self, drafts: Sequence[Draft]) -> None:
        """Write events, all or none, and wait until they are on disk.

        Raises
        ------
        PaperError
            If one of the keys is there already: another process has been at work.
        """
        if not drafts:
            return
        point = drafts[0].kind
        steps.reached(f"before {point}")
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            seq, previous = self.head()
            for draft in drafts:
                seq += 1
                at, body = stamp(draft.at), body_text(draft.body)
                parent = None if draft.parent is None else self._seq(draft.parent)
                own = digest(previous, seq, draft.kind, at, draft.key, parent, body)
                row = (seq, draft.kind, at, draft.key, parent, body, previous, own)
                _insert(connection, row)
                previous = own
            steps.reached(f"unwritten {point}")
            connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            connection.execute("ROLLBACK")
            raise PaperError(f"{self.path}: {drafts[0].key}: written already ({error})") from None
        steps.reached(f"written {point}")

    def head(self) -> tuple[int, str]:
        """Return number and hash of the last event."""
        row = self._connection.execute(
            "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return (0, GENESIS) if row is None else (row[0], row[1])

    def has(self, key: str) -> bool:
        """Tell whether an event of this key is written."""
        found = self._connection.execute("SELECT 1 FROM events WHERE key = ?", (key,))
        return found.fetchone() is not None

    def get(self, key: str) -> Event | None:
        """Return the event of this key."""
        return next(self._select("WHERE key = ?", (key,)), None)

    def events(self, since: int = 0) -> Iterator[Event]:
        """Yield the events after number `since`, in order."""
        return self._select("WHERE seq > ? ORDER BY seq", (since,))

    def of_kind(self, *kinds: str) -> Iterator[Event]:
        """Yield the events of some kinds, in order."""
        marks = ", ".join("?" * len(kinds))
        return self._select(f"WHERE kind IN ({marks}) ORDER BY seq", kinds)

    def latest(self, count: int, *kinds: str) -> list[Event]:
        """Return the last events, of some kinds or of all, newest first."""
        where = f"WHERE kind IN ({', '.join('?' * len(kinds))}) " if kinds else ""
        return list(self._select(f"{where}ORDER BY seq DESC LIMIT ?", (*kinds, count)))

    def verify(self, since: Checkpoint | None = None) -> list[Event]:
        """Read the events from the first one, or after a checkpoint, and check the chain.

        Returns
        -------
        list of Event
            What was read.

        Raises
        ------
        Tampered
            With the number of the first event that does not fit, or when events that were there
            are gone.
        """
        with _readable(self.path):
            events = list(self.events(0 if since is None else since.seq))
        previous = GENESIS if since is None else since.hash
        for number, event in enumerate(events, 1 if since is None else since.seq + 1):
            if event.seq != number or event.previous != previous or event.hash != event.digest():
                raise self._edited(number, event.at, event.kind)
            previous = event.hash
        self._check_mark()
        return events

    def check_chain(self) -> None:
        """Check every event as :meth:`verify` does, and keep none.

        Raises
        ------
        Tampered
            As :meth:`verify`.
        """
        expected, last = 1, GENESIS
        rows = self._connection.execute(
            "SELECT seq, previous, hash, kind, at, key, parent, body FROM events ORDER BY seq"
        )
        with _readable(self.path):
            for seq, previous, own, *rest in rows:
                if seq != expected or previous != last or own != digest(previous, seq, *rest):
                    raise self._edited(expected, rest[1], rest[0])
                expected, last = expected + 1, own
        self._check_mark()

    def _edited(self, number: int, at: str, kind: str) -> Tampered:
        return Tampered(
            f"{self.path}: event {number} ({at}, {kind}) does not match its hash: the ledger was "
            "edited; restore it from a copy or move it away"
        )

    def checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint; None where there is none.

        Raises
        ------
        Tampered
            If it names an event that is not there.
        """
        row = self._connection.execute(
            "SELECT c.seq, c.hash, c.state, e.hash FROM checkpoints c"
            " LEFT JOIN events e ON e.seq = c.seq ORDER BY c.seq DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        mark = self._read_mark() or {}
        own = mark.get("state") if mark.get("seq") == row[0] else None
        if row[1] != row[3] or own not in (None, _sha256(row[2])):
            raise Tampered(
                f"{self.path}: the checkpoint of event {row[0]} does not match: the ledger was "
                "edited; restore it from a copy or move it away"
            )
        return Checkpoint(row[0], row[1], json.loads(row[2]))

    def keep(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint by the state after the last event, and mark that event."""
        seq, own = self.head()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("DELETE FROM checkpoints")
        written = body_text(state)
        self._connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (seq, own, written))
        self._connection.execute("COMMIT")
        if self.path != MEMORY:
            mark = {"seq": seq, "hash": own, "state": _sha256(written)}
            replace_file(self._mark, canonical_json(mark).encode())
        steps.reached("kept")

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".head.json")

    def _read_mark(self) -> Mapping[str, Any] | None:
        if self.path == MEMORY or not self._mark.exists():
            return None
        try:
            mark = json.loads(self._mark.read_text())
            return {"seq": int(mark["seq"]), "hash": str(mark["hash"]), "state": mark["state"]}
        except (ValueError, KeyError, TypeError):
            raise Tampered(f"{self._mark}: cannot be read: restore it or remove it") from None

    def _check_mark(self) -> None:
        mark = self._read_mark()
        if mark is None:
            return
        found = self._connection.execute(
            "SELECT hash FROM events WHERE seq = ?", (mark["seq"],)
        ).fetchone()
        if found is None or found[0] != mark["hash"]:
            raise Tampered(
                f"{self.path}: event {mark['seq']} is gone or another one (see {self._mark.name}): "
                "the ledger was cut short; restore it from a copy or move both files away"
            )

    def _seq(self, key: str) -> int:
        row = self._connection.execute("SELECT seq FROM events WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise PaperError(f"{self.path}: there is no event {key!r} to follow from")
        return int(row[0])

    def _select(self, clause: str, values: Sequence[Any]) -> Iterator[Event]:
        columns = "seq, kind, at, key, parent, body, previous, hash"
        rows = self._connection.execute(f"SELECT {columns} FROM events {clause}", tuple(values))
        return (Event(*row) for row in rows)

    def _read_opening(self) -> Opening:
        first = next(self.events(), None)
        if first is None or first.kind != "opened":
            raise Tampered(f"{self.path}: the first event is gone: restore the ledger from a copy")
        return Opening.of(first)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    return connection


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one line what a file is that SQLite cannot read."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Tampered(
            f"{path}: cannot be read as a ledger ({error}): restore it from a copy or move it away"
        ) from None


def _insert(connection: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

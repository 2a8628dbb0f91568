"""A ledger keeps what it was told, once, and finds whatever was changed by other hands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import PaperError, Tampered, WrongLedger
from paper.events import Draft
from paper.ledger import MEMORY, Ledger
from paper.opening import Opening

AT = datetime(2025, 1, 1, 0, 5, tzinfo=UTC)
OPENING = Opening(
    strategy="rule",
    config_hash="a" * 64,
    broker="simulated",
    terms={"fee": "0.001", "currency": "USD"},
    initial_cash=Decimal("100000.00"),
    started=datetime(2025, 1, 1, tzinfo=UTC),
    run="0123456789abcdef",
)


def note(number: int) -> Draft:
    return Draft("halted", AT, f"halted:{number}", {"reason": f"number {number}", "by": "test"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paper" / "rule.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    made = Ledger.create(path, OPENING, AT)
    made.append([note(1), note(2)])
    made.append([note(3)])
    yield made
    made.close()


def edit(path: Path, *statements: str) -> None:
    """Change a ledger as someone would who knows SQLite: past the triggers."""
    with sqlite3.connect(path) as connection:
        for name in ("events_stay", "events_last", "events_follow"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_what_was_opened_is_read_back(ledger: Ledger, path: Path) -> None:
    again = Ledger.open(path)
    assert again.opening == OPENING
    assert [event.kind for event in again.verify()] == ["opened", "halted", "halted", "halted"]
    again.close()


def test_sqlite_is_told_to_be_careful(ledger: Ledger) -> None:
    asked = {
        name: ledger._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET body = '{}' WHERE seq = 2", "never changed"),
        ("DELETE FROM events WHERE seq = 4", "never deleted"),
        (
            "INSERT INTO events VALUES (2, 'halted', '', 'x', NULL, '{}', '', '')",
            "only appended",
        ),
        (
            "INSERT OR REPLACE INTO events VALUES (4, 'halted', '', 'x', NULL, '{}', '', '')",
            "only appended",
        ),
        ("INSERT INTO events VALUES (5, 'halted', '', 'x', 77, '{}', '', '')", "FOREIGN KEY"),
        ("INSERT INTO events VALUES (5, 'halted', '', 'x', NULL, 'no', '', '')", "CHECK"),
    ],
)
def test_an_event_stays_as_it_was_written(ledger: Ledger, statement: str, message: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=message):
        ledger._connection.execute(statement)


def test_the_same_thing_is_written_once_and_its_companions_not_at_all(ledger: Ledger) -> None:
    before = ledger.head()
    with pytest.raises(PaperError, match="written already"):
        ledger.append([note(9), note(2)])
    assert ledger.head() == before
    assert not ledger.has("halted:9")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = json_set(body, '$.reason', 'other') WHERE seq = 3",
        "UPDATE events SET at = '2024-01-01T00:00:00Z' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 3",
        "UPDATE events SET parent = 1 WHERE seq = 3",
    ],
)
def test_an_edited_event_is_found(ledger: Ledger, path: Path, statement: str) -> None:
    ledger.close()
    edit(path, statement)
    with pytest.raises(Tampered, match=r"event 3 \(.*\) does not match its hash"):
        Ledger.open(path).verify()
    with pytest.raises(Tampered, match=r"event 3 \(.*\) does not match its hash"):
        Ledger.open(path).check_chain()


def test_a_ledger_cut_short_is_found(ledger: Ledger, path: Path) -> None:
    ledger.keep({"state": "kept"})
    ledger.close()
    edit(path, "DELETE FROM checkpoints", "DELETE FROM events WHERE seq = 4")
    with pytest.raises(Tampered, match=r"event 4 is gone or another one.*cut short"):
        Ledger.open(path).verify()


def test_an_older_copy_with_other_events_is_found(ledger: Ledger, path: Path) -> None:
    ledger.keep({"state": "kept"})
    ledger.close()
    mark = path.with_suffix(".head.json").read_text()
    for name in (path, *path.parent.glob("rule.sqlite-*")):
        name.unlink(missing_ok=True)
    other = Ledger.create(path, OPENING, AT)
    other.append([note(1), note(2), note(7)])
    other.close()
    path.with_suffix(".head.json").write_text(mark)
    with pytest.raises(Tampered, match="event 4 is gone or another one"):
        Ledger.open(path).verify()


def test_a_checkpoint_that_was_exchanged_is_found(ledger: Ledger, path: Path) -> None:
    ledger.keep({"cash": "1"})
    ledger.close()
    edit(path, "UPDATE checkpoints SET hash = 'f'")
    with pytest.raises(Tampered, match="checkpoint of event 4 does not match"):
        Ledger.open(path).checkpoint()


def test_a_checkpoint_whose_state_was_edited_is_found(ledger: Ledger, path: Path) -> None:
    ledger.keep({"cash": "1"})
    ledger.close()
    edit(path, """UPDATE checkpoints SET state = '{"cash":"1000000"}'""")
    with pytest.raises(Tampered, match="checkpoint of event 4 does not match"):
        Ledger.open(path).checkpoint()


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "text.sqlite", tmp_path / "other.sqlite"
    text.write_text("This is no database, and long enough not to be taken for an empty one.\n" * 20)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = text.read_bytes(), other.read_bytes()
    with pytest.raises(Tampered, match="cannot be read as a ledger"):
        Ledger.open(text)
    with pytest.raises(WrongLedger, match="is no paper ledger: move the file away"):
        Ledger.open(other)
    assert before[0] == text.read_bytes()


def test_a_ledger_of_another_version_is_refused(ledger: Ledger, path: Path) -> None:
    ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(WrongLedger, match="written in version 7, this program reads 1"):
        Ledger.open(path)


def test_no_ledger_is_said_with_what_to_do(path: Path) -> None:
    with pytest.raises(WrongLedger, match="no ledger yet: `plumbline paper once` begins one"):
        Ledger.open(path)


def test_a_second_ledger_in_the_same_place_is_refused(ledger: Ledger, path: Path) -> None:
    with pytest.raises(PaperError, match="there is a ledger already"):
        Ledger.create(path, OPENING, AT)


@pytest.mark.parametrize(
    ("strategy", "config", "broker", "message"),
    [
        ("other", "a" * 64, None, "is the ledger of 'rule', not of 'other'.*--strategy rule"),
        ("rule", "b" * 64, None, "'rule' has changed since its ledger began on 2025-01-01.*aaaa"),
        ("rule", "a" * 64, "ccxt:binance", "trades on simulated, not on ccxt:binance: give --brok"),
    ],
)
def test_a_ledger_is_its_strategys_alone(
    ledger: Ledger, strategy: str, config: str, broker: str | None, message: str
) -> None:
    ledger.check("rule", "a" * 64, "simulated")
    with pytest.raises(WrongLedger, match=message):
        ledger.check(strategy, config, broker)


def test_a_ledger_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger.create(MEMORY, OPENING, AT)
    ledger.append([note(1)])
    ledger.keep({})
    assert len(ledger.verify()) == 2
    assert list(tmp_path.iterdir()) == []

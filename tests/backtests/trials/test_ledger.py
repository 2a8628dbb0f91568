"""What goes into the ledger stays, counts once, and is missed when it is gone."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.inference.moments import expected_maximum_sharpe
from backtests.trials.ledger import Ledger
from backtests.trials.schema import connected
from data.errors import Corrupt, WrongVersion
from tests.backtests.trials.trial_batches import BATCH, figures, hashes

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ledger(home: Path) -> Ledger:
    return Ledger(home)


def by_force(ledger: Ledger, *statements: str) -> None:
    """Change the database as someone would who takes its guards away first."""
    with sqlite3.connect(ledger.path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


class TestCounting:
    def test_an_empty_ledger_counts_nothing_and_writes_nothing(self, ledger: Ledger) -> None:
        assert ledger.count("f") == 0
        assert ledger.counts() == {}
        assert not len(ledger.sharpes("f"))
        assert ledger.faults() == []
        assert not ledger.home.exists()

    def test_a_configuration_counts_once_whatever_the_snapshot_or_origin(
        self, ledger: Ledger
    ) -> None:
        assert ledger.record("f", hashes(0, 10), **BATCH) == 10
        again = {**BATCH, "snapshot_id": "tomorrow", "origin": "backtest"}
        assert ledger.record("f", hashes(5, 12), **again) == 2
        assert ledger.record("f", hashes(0, 12), **again) == 0
        assert ledger.count("f") == 12
        assert len(ledger.entries()) == 2

    def test_twins_within_one_call_count_once(self, ledger: Ledger) -> None:
        assert ledger.record("f", hashes(0, 3) * 2, **BATCH) == 3

    def test_families_are_counted_apart(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 10), **BATCH)
        ledger.record("g", hashes(0, 4), **BATCH)
        assert ledger.counts() == {"f": 10, "g": 4}

    def test_nothing_to_record_leaves_no_trace(self, ledger: Ledger) -> None:
        assert ledger.record("f", [], **BATCH) == 0
        assert ledger.counts() == {}

    def test_the_first_figures_stay(self, ledger: Ledger) -> None:
        # Within one call trials go in by hash.
        first = figures(3)
        assert hashes(0, 3) == sorted(hashes(0, 3))
        ledger.record("f", hashes(0, 3), **BATCH, **first)
        ledger.record("f", hashes(0, 3), **BATCH, **figures(3, seed=2))
        np.testing.assert_array_equal(ledger.sharpes("f"), first["sharpe_matched"])
        np.testing.assert_array_equal(ledger.sharpes("f", "cash"), first["sharpe_cash"])
        folds, sharpes = ledger.folds("f")
        np.testing.assert_array_equal(folds, first["folds"].astype(np.float32))
        np.testing.assert_array_equal(sharpes, first["sharpe_matched"])
        assert ledger.periods("f") == 2900

    def test_unknown_figures_are_left_out(self, ledger: Ledger) -> None:
        some = figures(4)
        some["sharpe_matched"][1] = np.nan
        some["folds"][2, 3] = np.nan
        ledger.record("f", hashes(0, 4), **BATCH, **some)
        ledger.record("f", hashes(4, 6), **BATCH)
        assert ledger.count("f") == 6
        known = np.sort(some["sharpe_matched"][[0, 2, 3]])
        np.testing.assert_array_equal(np.sort(ledger.sharpes("f")), known)
        assert ledger.folds("f")[0].shape == (2, 16)

    def test_a_sample_of_many_folds_is_spread_over_them(self, ledger: Ledger) -> None:
        some = figures(500)
        ledger.record("f", hashes(0, 500), **BATCH, **some)
        folds, sharpes = ledger.folds("f", most=100)
        assert len(folds) == len(sharpes) == 100
        assert set(sharpes) < set(some["sharpe_matched"])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"config_hashes": ["12"]}, "config_hashes: '12' is not a SHA-256"),
            ({"family": ""}, "family: is empty"),
            ({"sharpe_cash": [0.1, 0.2]}, r"sharpe_cash: expected shape \(1,\), got \(2,\)"),
            ({"folds": np.zeros((1, 15))}, r"folds: expected shape \(1, 16\)"),
            ({"periods": [1.5]}, "periods: expected whole numbers"),
        ],
    )
    def test_bad_rows_are_refused_and_nothing_is_written(
        self, ledger: Ledger, changes: dict[str, Any], message: str
    ) -> None:
        arguments: dict[str, Any] = {
            "family": "f",
            "config_hashes": hashes(0, 1),
            **BATCH,
            **changes,
        }
        with pytest.raises(ValueError, match=message):
            ledger.record(**arguments)
        assert not ledger.path.exists()


class TestNeededSharpe:
    def test_counts_the_trials_to_come(self, ledger: Ledger) -> None:
        some = figures(40)
        ledger.record("f", hashes(0, 40), **BATCH, **some)
        found = ledger.needed_sharpe("f", 60, periods=5000)
        variance = np.var(some["sharpe_matched"], ddof=1)
        assert found.trials == 100
        assert found.variance == pytest.approx(variance)
        assert found.expected_maximum == pytest.approx(expected_maximum_sharpe(100, variance))
        over_cash = ledger.needed_sharpe("f", periods=5000, over="cash")
        assert over_cash.variance == pytest.approx(np.var(some["sharpe_cash"], ddof=1))

    def test_few_or_like_trials_take_the_variance_of_noise(self, ledger: Ledger) -> None:
        assert ledger.needed_sharpe("f", 10, periods=2900).variance == 1 / 2900
        alike = {**figures(30), "sharpe_matched": np.full(30, 0.05)}
        ledger.record("f", hashes(0, 30), **BATCH, **alike)
        assert ledger.needed_sharpe("f", periods=2900).variance == 1 / 2900

    def test_negative_trials_are_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="extra: expected 0 or more"):
            ledger.needed_sharpe("f", -1, periods=2900)


class TestNothingIsTakenBack:
    @pytest.mark.parametrize("table", ["trials", "entries", "families"])
    @pytest.mark.parametrize("verb", ["DELETE FROM {table}", "UPDATE {table} SET rowid = rowid"])
    def test_the_database_refuses(self, ledger: Ledger, table: str, verb: str) -> None:
        ledger.record("f", hashes(0, 3), **BATCH)
        with (
            pytest.raises(Corrupt, match="append-only"),
            connected(ledger.path) as connection,
        ):
            connection.execute(verb.format(table=table))
        assert ledger.count("f") == 3

    @pytest.mark.parametrize(
        ("statements", "fault"),
        [
            (["DELETE FROM trials WHERE position > 2"], "entry 1: 3 of 5 trials are gone"),
            (["DELETE FROM trials", "DELETE FROM entries"], "2 entries with 8 trials stand in"),
            (
                ["DELETE FROM trials WHERE entry = 2", "DELETE FROM entries WHERE entry = 2"],
                "1 entries with 3 trials stand in",
            ),
            (["DELETE FROM entries WHERE entry = 1"], "entry 2: it or an entry before it was"),
            (["UPDATE trials SET sharpe_cash = 0.0 WHERE position = 4"], "entry 1: it or an"),
            (
                ["UPDATE entries SET header = replace(header, '\"f\"', '\"g\"')"],
                "entry 1: it or an entry",
            ),
            (
                ["UPDATE entries SET rows = 1 WHERE entry = 1"],
                "entry 1: -4 of 1 trials are gone",
            ),
        ],
    )
    def test_force_is_noticed_and_lowers_no_count(
        self, ledger: Ledger, statements: list[str], fault: str
    ) -> None:
        ledger.record("f", hashes(0, 5), **BATCH, **figures(5))
        ledger.record("f", hashes(5, 8), **BATCH, **figures(3))
        by_force(ledger, *statements)
        assert any(line.startswith(fault) for line in ledger.faults()), ledger.faults()
        assert ledger.count("f") >= 8

    def test_deleting_the_database_is_noticed_and_lowers_no_count(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 5), **BATCH)
        for path in ledger.home.glob("trials.sqlite*"):
            path.unlink()
        assert ledger.count("f") == 5
        assert ledger.faults() == [f"{ledger.path} is gone, with 5 trials"]
        ledger.record("f", hashes(0, 2), **BATCH)
        assert ledger.count("f") == 7
        assert "1 entries with 5 trials stand in trials.chain" in ledger.faults()[0]

    def test_deleting_the_copy_lowers_no_count_and_it_is_written_anew(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 5), **BATCH)
        ledger.copy.unlink()
        assert ledger.count("f") == 5
        ledger.record("f", hashes(5, 6), **BATCH)
        assert len(ledger.copy.read_bytes().splitlines()) == 2
        assert ledger.faults() == []

    def test_a_line_cut_short_by_a_crash_is_written_again(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 5), **BATCH)
        whole = ledger.copy.read_bytes()
        ledger.copy.write_bytes(whole + whole[:30])
        assert ledger.count("f") == 5
        ledger.record("f", hashes(5, 7), **BATCH)
        assert len(ledger.copy.read_bytes().splitlines()) == 2
        assert ledger.faults() == []

    def test_a_spoilt_copy_and_a_spoilt_database_are_named(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 5), **BATCH)
        good = ledger.copy.read_bytes()
        ledger.copy.write_bytes(b"no entry\n")
        with pytest.raises(Corrupt, match=r"trials\.chain: line 1 cannot be read"):
            ledger.count("f")
        ledger.copy.write_bytes(good)
        for path in ledger.home.glob("trials.sqlite*"):
            path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
        with pytest.raises(Corrupt, match="not a database"):
            ledger.count("f")

    def test_a_ledger_of_another_version_is_refused(self, ledger: Ledger) -> None:
        ledger.record("f", hashes(0, 5), **BATCH)
        by_force(ledger, "PRAGMA user_version = 9")
        with pytest.raises(WrongVersion, match="of version 9, this program reads 1"):
            ledger.record("f", hashes(0, 5), **BATCH)


WRITER = """
import sys
from pathlib import Path
from typing import Any
from backtests.trials.ledger import Ledger
from tests.backtests.trials.trial_batches import BATCH, figures, hashes

ledger, first = Ledger(Path(sys.argv[1])), int(sys.argv[2])
for i in range(int(sys.argv[3])):
    start = first + 50 * i
    ledger.record("f", hashes(start, start + 50), **BATCH, **figures(50))
    print(i, flush=True)
"""


def writer(ledger: Ledger, first: int, batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(ledger.home), str(first), str(batches)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_writers_lose_nothing(ledger: Ledger) -> None:
    # The second one's first half are configurations that the first one records too.
    processes = [writer(ledger, 0, 20), writer(ledger, 500, 20)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert ledger.count("f") == 1500
    assert ledger.faults() == []
    assert sum(entry.rows for entry in ledger.entries()) == 1500


def test_a_killed_writer_leaves_whole_batches_and_the_next_goes_on(ledger: Ledger) -> None:
    process = writer(ledger, 0, 100_000)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    count = ledger.count("f")
    assert count >= 250
    assert count % 50 == 0
    assert ledger.faults() == []
    ledger.record("f", hashes(0, count + 10), **BATCH)
    assert ledger.count("f") == count + 10
    assert ledger.faults() == []

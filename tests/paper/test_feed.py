"""What an export says, and that it only ever adds to what was said."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data import atomic
from data.errors import (
    InputError,
    Locked,
    PlumblineError,
    Tampered,
    TooShort,
    WrongLedger,
    WrongVersion,
)
from data.lock import writing
from data.snapshot import Snapshot
from paper.feed import Export, export, read_feed
from paper.feed_files import read, torn, write
from strategies.baselines import BASELINES
from strategies.decision import decide
from strategies.variants import variant
from tests.paper.feeds import DAY, FILES, always, content, moment, without_tga


@pytest.fixture(scope="module")
def world(phantom: Snapshot) -> Snapshot:
    """The simulated world up to a Wednesday in June."""
    return phantom.until(moment("2024-06-12"))


@pytest.fixture(scope="module")
def hole(world: Snapshot) -> Snapshot:
    """The Treasury falls silent after its statement about 2024-05-24."""
    return without_tga(world, "2024-05-24")


@pytest.fixture(scope="module")
def feeds(world: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed of one signal, and what it is after the next."""
    out = tmp_path_factory.mktemp("feeds")
    export(always(), world, moment("2024-05-22"), out / "one")
    shutil.copytree(out / "one", out / "two")
    export(always(), world, moment("2024-05-23"), out / "two")
    return out


class TestWhatItSays:
    def test_the_weights_are_the_decisions(self, phantom: Snapshot, tmp_path: Path) -> None:
        rule, day = variant("composite_proportional"), moment("2025-11-04")
        signal = export(rule, phantom, day, tmp_path).signal
        decision = decide(rule, phantom, day)
        assert decision.target is not None
        assert signal.targets == {
            name: weight for name, weight in decision.target.items() if weight or name == "CASH"
        }
        assert decision.reason in signal.reason
        assert signal.reason.startswith("SIMULATED DATA (world phantom). ")
        assert signal.config_hash == rule.config_hash
        assert signal.snapshot_id == phantom.snapshot_id

    # The Treasury's statement comes at 16:00 in New York, 20:00 UTC, and is acted on at midnight;
    # six hours are the grace. 2024-05-27 is Memorial Day.
    @pytest.mark.parametrize(
        ("day", "until"),
        [
            ("2024-05-22", "2024-05-23 06:00"),
            ("2024-05-24", "2024-05-25 06:00"),
            ("2024-05-25", "2024-05-29 06:00"),
            ("2024-05-28", "2024-05-29 06:00"),
        ],
    )
    def test_it_is_valid_over_a_holiday(
        self, world: Snapshot, tmp_path: Path, day: str, until: str
    ) -> None:
        signal = export(always(), world, moment(day), tmp_path).signal
        assert (signal.state, signal.valid_until) == ("fresh", moment(until))

    def test_a_weekly_rule_is_valid_until_its_next_decision_day(
        self, world: Snapshot, tmp_path: Path
    ) -> None:
        # Friday 2024-05-31; the balance sheet of Thursday 06-06 is acted on at 06-07.
        signal = export(variant("liquidity_momentum"), world, moment("2024-05-31"), tmp_path).signal
        assert signal.valid_until == moment("2024-06-07 06:00")

    def test_a_rule_without_series_waits_for_the_next_bar(
        self, world: Snapshot, tmp_path: Path
    ) -> None:
        signal = export(BASELINES["buy_and_hold"], world, moment("2024-05-25"), tmp_path).signal
        assert signal.valid_until == moment("2024-05-26 06:00")

    def test_silence_of_the_rule_keeps_the_holdings(self, world: Snapshot, tmp_path: Path) -> None:
        done = export(always(), world, moment("2024-05-28"), tmp_path, since=moment("2024-05-22"))
        ordered = [
            decide(always(), world, signal.decision_time).has_order for signal in done.feed.signals
        ]
        # The first signal of a feed always sets the holdings.
        expected = ["rebalance" if order else "keep" for order in [True, *ordered[1:]]]
        assert [signal.action for signal in done.feed.signals] == expected
        assert "keep" in expected[1:]

    def test_an_asset_that_is_left_is_told_once_at_zero(
        self, hole: Snapshot, tmp_path: Path
    ) -> None:
        rule = always("flat")
        done = export(rule, hole, moment("2024-06-02"), tmp_path, since=moment("2024-05-30"))
        assert [dict(signal.weights) for signal in done.feed.signals] == [
            {"BTC": 0.75, "CASH": 0.25},
            {"BTC": 0.0, "CASH": 1.0},
            {"CASH": 1.0},
            {"CASH": 1.0},
        ]


class TestStaleInputs:
    # Due on Wednesday 05-29 at 20:00 UTC, and late six hours after; the figure about 05-24 counts
    # for eight days, to 06-01.
    @pytest.mark.parametrize(
        ("on_stale", "expected"),
        [
            ("hold", [1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0]),
            ("decay", [1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0, 0.0, 0.0]),
            ("flat", [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ],
    )
    def test_they_lead_to_rows_that_say_so(
        self, hole: Snapshot, tmp_path: Path, on_stale: str, expected: list[float]
    ) -> None:
        first, last = moment("2024-05-29"), moment("2024-06-07")
        done = export(always(on_stale), hole, last, tmp_path, since=first)
        kept = [signal.weights.get("BTC", 0.0) / 0.75 for signal in done.feed.signals]
        assert kept == pytest.approx(expected)
        states = [signal.state for signal in done.feed.signals]
        assert states == ["fresh"] * 2 + ["stale"] * 8
        for signal in done.feed.signals[2:]:
            assert "tga was due on 2024-05-29 20:00 UTC" in signal.reason
            assert sum(signal.weights.values()) == pytest.approx(1.0)
            assert signal.valid_until == signal.decision_time + DAY + pd.Timedelta(hours=6)

    def test_a_series_that_has_not_begun_is_not_late(
        self, phantom: Snapshot, tmp_path: Path
    ) -> None:
        # SOFR was first published on 2018-04-03; the composite does without it before.
        rule, day = variant("composite_proportional"), moment("2018-02-01")
        assert [item.name for item in decide(rule, phantom, day).stale] == ["sofr"]
        assert export(rule, phantom, day, tmp_path).signal.state == "fresh"

    def test_once_they_are_back_the_target_is_set_again(
        self, world: Snapshot, tmp_path: Path
    ) -> None:
        late = without_tga(world, "2024-05-24", "2024-06-04")
        first, last = moment("2024-06-04"), moment("2024-06-08")
        done = export(always(), late, last, tmp_path, since=first)
        told = [(signal.state, signal.action) for signal in done.feed.signals[:3]]
        assert told == [("stale", "rebalance"), ("stale", "rebalance"), ("fresh", "rebalance")]
        assert done.feed.signals[2].targets == {"BTC": 0.75, "CASH": 0.25}

    def test_a_missing_bar_is_waited_for_and_then_said(
        self, world: Snapshot, tmp_path: Path
    ) -> None:
        rule, last = always(), world.as_of
        export(rule, world, last, tmp_path)
        waiting = export(rule, world, last + pd.Timedelta(hours=29), tmp_path)
        assert (waiting.outcome, waiting.signal.decision_time) == ("unchanged", last)
        done = export(rule, world, last + pd.Timedelta(hours=31), tmp_path)
        assert (done.signal.decision_time, done.signal.state) == (last + DAY, "stale")
        assert done.signal.targets == {"BTC": 0.75, "CASH": 0.25}
        assert "BTC: the newest is of 2024-06-11, 2 days old" in done.signal.reason
        assert done.signal.data_as_of == last

    def test_when_the_bar_comes_after_all_the_decision_is_taken_then(
        self, phantom: Snapshot, tmp_path: Path
    ) -> None:
        rule, last = always(), moment("2024-06-12")
        late, in_time = last + pd.Timedelta(hours=31), last + pd.Timedelta(hours=34)
        said = export(rule, phantom.until(last), late, tmp_path).signal
        taken = export(rule, phantom, in_time, tmp_path).signal
        assert (said.state, taken.state) == ("stale", "fresh")
        assert said.decision_time == taken.decision_time == last + DAY
        assert taken.valid_from == in_time
        assert export(rule, phantom, in_time, tmp_path).outcome == "unchanged"


class TestItOnlyGrows:
    def test_the_same_twice_changes_no_byte(self, world: Snapshot, tmp_path: Path) -> None:
        day = moment("2024-05-22")
        assert export(always(), world, day, tmp_path).outcome == "exported"
        before = content(tmp_path)
        again = export(always(), world, day, tmp_path)
        assert (again.outcome, again.added, again.note) == ("unchanged", 0, "")
        assert content(tmp_path) == before
        assert set(FILES) <= set(before)

    def test_filled_in_or_day_by_day_is_the_same(self, world: Snapshot, tmp_path: Path) -> None:
        first, days = moment("2024-05-22"), 5
        for number in range(days):
            export(always(), world, first + number * DAY, tmp_path / "daily")
        last = first + (days - 1) * DAY
        export(always(), world, last, tmp_path / "filled", since=first)
        assert content(tmp_path / "daily") == content(tmp_path / "filled")

    def test_earlier_rows_stand_byte_for_byte(self, world: Snapshot, tmp_path: Path) -> None:
        export(always(), world, moment("2024-05-22"), tmp_path)
        before = (tmp_path / "feed.csv").read_bytes()
        export(always(), world, moment("2024-05-24"), tmp_path)
        after = (tmp_path / "feed.csv").read_bytes()
        assert after.startswith(before)
        assert len(after) > len(before)

    def test_csv_parquet_and_reader_agree(self, world: Snapshot, tmp_path: Path) -> None:
        export(always(), world, moment("2024-05-24"), tmp_path, since=moment("2024-05-20"))
        table = read_feed(tmp_path).table()
        columns = pd.read_parquet(tmp_path / "feed.parquet")
        text = pd.read_csv(tmp_path / "feed.csv")
        assert list(text.columns) == list(columns.columns)
        for column in columns.columns:
            told = text[column]
            if str(columns[column].dtype).startswith("datetime"):
                told = pd.to_datetime(told)
            assert told.tolist() == columns[column].tolist() == table[column].tolist(), column
        assert not columns.duplicated(["strategy", "asset", "valid_from"]).any()

    def test_revised_data_do_not_rewrite_a_row(self, world: Snapshot, tmp_path: Path) -> None:
        day = moment("2024-06-03")
        export(always(), without_tga(world, "2024-05-24"), day, tmp_path)
        before = content(tmp_path)
        again = export(always(), world, day, tmp_path)
        assert again.outcome == "unchanged"
        assert "the data have changed since the signal of 2024-06-03 was written" in again.note
        assert content(tmp_path) == before

    @pytest.mark.parametrize(
        ("attempt", "error", "message"),
        [
            (
                lambda world, folder: export(
                    BASELINES["cash"], world, moment("2024-06-01"), folder
                ),
                WrongLedger,
                "this is the feed of 'always', not of 'cash'",
            ),
            (
                lambda world, folder: export(
                    always(enter=-2e6), world, moment("2024-06-01"), folder
                ),
                WrongLedger,
                "'always' was changed since this feed began",
            ),
            (
                lambda world, folder: export(always(), world, moment("2024-05-20"), folder),
                InputError,
                "the feed stands at 2024-05-22 and has no signal of 2024-05-20",
            ),
            (
                lambda world, folder: export(
                    always(), world, moment("2024-05-24"), folder, since=moment("2024-05-01")
                ),
                InputError,
                "the feed begins on 2024-05-22, after 2024-05-01",
            ),
            (
                lambda world, folder: export(
                    always(), world, moment("2024-05-24"), folder, since=moment("2024-05-25")
                ),
                InputError,
                "since 2024-05-25 lies after the decision of 2024-05-24",
            ),
        ],
    )
    def test_what_does_not_go_forward_is_refused(
        self,
        world: Snapshot,
        feeds: Path,
        tmp_path: Path,
        attempt: Callable[[Snapshot, Path], Export],
        error: type[PlumblineError],
        message: str,
    ) -> None:
        shutil.copytree(feeds / "one", tmp_path, dirs_exist_ok=True)
        before = content(tmp_path)
        with pytest.raises(error, match=message):
            attempt(world, tmp_path)
        assert content(tmp_path) == before

    def test_a_simulated_feed_does_not_go_on_with_real_figures(
        self, world: Snapshot, real_snapshot: Snapshot, tmp_path: Path
    ) -> None:
        export(always(), world, moment("2024-05-22"), tmp_path)
        with pytest.raises(WrongLedger, match="this feed rests on a simulated world"):
            export(always(), real_snapshot, moment("2024-05-23"), tmp_path)

    def test_before_the_first_order_nothing_is_made(self, world: Snapshot, tmp_path: Path) -> None:
        with pytest.raises(TooShort, match="there is no target to export yet"):
            export(variant("essay_playbook"), world, moment("2019-01-01"), tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_two_exports_at_once_wait_for_each_other(
    world: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paper.feed.LOCK_SECONDS", 0.05)
    with writing(tmp_path, 1.0), pytest.raises(Locked, match="wait for it to finish"):
        export(always(), world, moment("2024-05-22"), tmp_path)
    assert not set(FILES) & set(content(tmp_path))


def flip(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))


class TestTampering:
    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            (lambda f: flip(f / "feed.csv", b"0.75", b"0.95"), "feed.csv: .*another hash"),
            (lambda f: (f / "feed.csv").write_bytes(b""), "feed.csv: 0 bytes with another hash"),
            (
                lambda f: (f / "feed.csv").write_bytes((f / "feed.csv").read_bytes()[:-40]),
                "was changed or cut short",
            ),
            (lambda f: flip(f / "feed.parquet", b"PAR1", b"PAR2"), "feed.parquet: .*another hash"),
            (lambda f: flip(f / "latest.json", b"0.75", b"0.95"), "not what its sha256 says"),
            (lambda f: flip(f / "latest.json", b'"hold"', b'"flat"'), "not what its sha256 says"),
            (
                lambda f: (f / "latest.json").write_bytes((f / "latest.json").read_bytes()[:300]),
                "no whole JSON of a feed",
            ),
            (lambda f: (f / "latest.json").unlink(), "there is no latest.json beside it"),
            (lambda f: (f / "feed.csv").unlink(), "feed.csv: the file is missing"),
        ],
    )
    def test_is_refused_and_nothing_is_written(
        self,
        world: Snapshot,
        feeds: Path,
        tmp_path: Path,
        fault: Callable[[Path], object],
        message: str,
    ) -> None:
        folder = shutil.copytree(feeds / "one", tmp_path / "feed")
        fault(folder)
        before = content(folder)
        with pytest.raises(Tampered, match=message):
            read_feed(folder)
        with pytest.raises(Tampered, match=message):
            export(always(), world, moment("2024-05-23"), folder)
        assert content(folder) == before

    def test_another_version_is_refused(self, feeds: Path, tmp_path: Path) -> None:
        shutil.copytree(feeds / "one", tmp_path, dirs_exist_ok=True)
        flip(tmp_path / "latest.json", b'\n  "schema_version": 1', b'\n  "schema_version": 2')
        with pytest.raises(WrongVersion, match="schema_version 2, this program writes 1"):
            read_feed(tmp_path)

    def test_an_empty_folder_is_no_feed(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="there is no feed"):
            read_feed(tmp_path)


class Killed(BaseException):
    """The process ended here."""


def die_at(number: int) -> Callable[[str], None]:
    """Let the process end at the `number`-th step of the disk."""
    steps = itertools.count(1)

    def reached(step: str) -> None:
        if next(steps) == number:
            raise Killed(step)

    return reached


class TestCrash:
    def test_at_any_step_leaves_the_old_or_the_new(
        self, feeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, two = read(feeds / "one"), read(feeds / "two")
        assert one is not None
        assert two is not None
        left: list[int] = []
        for number in itertools.count(1):
            folder = tmp_path / str(number)
            shutil.copytree(feeds / "one", folder)
            monkeypatch.setattr(atomic, "reached", die_at(number))
            try:
                write(folder, two[0], one[1])
                break
            except Killed:
                monkeypatch.undo()
            found = read(folder)
            assert found is not None
            assert found in (one, two)
            left.append(len(found[0].signals))
            write(folder, two[0], found[1])
            assert content(folder) == content(feeds / "two")
        assert left == sorted(left)
        assert set(left) == {1, 2}
        assert len(left) > 25

    @pytest.mark.parametrize("number", [12, 20, 28, 30])
    def test_is_mended_by_the_next_export(
        self,
        world: Snapshot,
        feeds: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
    ) -> None:
        folder, day = tmp_path / "feed", moment("2024-05-23")
        shutil.copytree(feeds / "one", folder)
        monkeypatch.setattr(atomic, "reached", die_at(number))
        with pytest.raises(Killed):
            export(always(), world, day, folder)
        monkeypatch.undo()
        assert torn(folder)
        export(always(), world, day, folder)
        assert content(folder) == content(feeds / "two")

    def test_of_the_first_export_leaves_no_feed(
        self, world: Snapshot, feeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, day = tmp_path / "feed", moment("2024-05-22")
        monkeypatch.setattr(atomic, "reached", die_at(20))
        with pytest.raises(Killed):
            export(always(), world, day, folder)
        monkeypatch.undo()
        assert (folder / "feed.csv").exists()
        with pytest.raises(InputError, match="there is no feed"):
            read_feed(folder)
        export(always(), world, day, folder)
        assert content(folder) == content(feeds / "one")


@pytest.fixture(scope="module")
def folder(world: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("folder")
    export(always(), world, moment("2024-05-24"), out, since=moment("2024-05-22"))
    return out


class TestReading:
    # The last signal is valid until 05-25 06:00; the figure it rests on counts to 05-30.
    @pytest.mark.parametrize(
        ("at", "state", "btc"),
        [
            ("2024-05-22 00:00", "fresh", 0.75),
            ("2024-05-25 06:00", "fresh", 0.75),
            ("2024-05-25 06:01", "stale", 0.75),
            ("2024-05-30 00:00", "stale", 0.75),
            ("2024-05-30 12:00", "stale", 0.60),
            ("2024-06-01 12:00", "stale", 0.30),
            ("2024-06-20 00:00", "stale", 0.00),
        ],
    )
    def test_a_target_runs_out(self, folder: Path, at: str, state: str, btc: float) -> None:
        standing = read_feed(folder).at(moment(at))
        assert standing.state == state
        assert standing.weights.get("BTC", 0.0) == pytest.approx(btc)
        assert sum(standing.weights.values()) == pytest.approx(1.0)
        assert bool(standing.why) == (state == "stale")

    def test_before_it_begins_it_says_nothing(self, folder: Path) -> None:
        with pytest.raises(InputError, match="the feed begins on 2024-05-22"):
            read_feed(folder).at(moment("2024-05-21"))

"""A writer that is killed, or whose disk is full, costs nothing that was acknowledged."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import atomic
from data.errors import Corrupt, Locked, StoreError
from data.store import MANIFEST, Store
from data.verify import verify
from tests.data.small_store import LATER, SEEN, observations, prices, tables

# Each takes a few tenths of a second; every write point is hit at least once.
ROUNDS = int(os.environ.get("PLUMBLINE_KILLS", "60"))
ALARM = 60  # seconds after which a child that hangs is killed, and the test fails
# A fork of a process with threads is a warning since Python 3.12; the child only writes and dies.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def kill_at(count: int) -> Callable[[str], None]:
    """Return a hook that kills this process, past all handlers, at the `count`-th point."""
    left = [count]

    def reached(point: str) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    return reached


def full_at(count: int) -> Callable[[str], None]:
    left = [count]

    def reached(point: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), point)

    return reached


def points(folder: Path, offered: dict[str, pd.DataFrame]) -> list[str]:
    """Name the write points of one addition to a copy of the store."""
    names: list[str] = []
    copy = Store(folder.with_name(folder.name + "-copy"))
    if folder.exists():
        shutil.copytree(folder, copy.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "reached", names.append)
        copy.add(offered, LATER)
    shutil.rmtree(copy.folder)
    return names


def add_in_child(
    store: Store, offered: dict[str, pd.DataFrame], seen: pd.Timestamp, count: int
) -> bool:
    """Add in a process of its own that is killed at a point; return whether it finished."""
    child = os.fork()
    if child == 0:
        signal.alarm(ALARM)
        atomic.reached = kill_at(count)
        try:
            store.add(offered, seen)
        except BaseException:  # the parent judges by the status
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def offer(number: int) -> dict[str, pd.DataFrame]:
    """Return a new figure, a revision and two new bars, different for every `number`."""
    day = pd.Timestamp("2022-01-01") + pd.Timedelta(days=number)
    return {
        "observations": observations(
            [("rrp", f"{day:%Y-%m-%d}", 100.0 + number), ("rrp", "2024-01-02", 500.0 + number)]
        ),
        "prices_1d": prices("SOL", f"{day:%Y-%m-%d}", [20.0 + number]),
        "funding": tables()["funding"].assign(rate=[0.0001, 0.0001 * (number % 7)]),
    }


def at(number: int) -> pd.Timestamp:
    return LATER + pd.Timedelta(minutes=number)


def contents(store: Store) -> dict[str, set[tuple[object, ...]]]:
    if store.empty:
        return {}
    return {
        name: {tuple(map(str, row)) for row in table.itertuples(index=False)}
        for name, table in store.read().items()
    }


def test_a_kill_at_any_point_loses_nothing_acknowledged(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    rng = np.random.default_rng(11)
    reached: set[str] = set()
    number, killed, names = 0, 0, list[str]()
    while killed < max(ROUNDS, len(names)):
        if number % 60 == 0:
            shutil.rmtree(store.folder, ignore_errors=True)
            store.add(tables(), SEEN)
        number += 1
        if number % 20 == 1:
            names = points(store.folder, offer(number))
        count = int(rng.integers(len(names))) if killed >= len(names) else killed
        before = contents(store)
        finished = add_in_child(store, offer(number), at(number), count)
        killed += not finished
        reached.add(names[count].split("-")[0])
        found = verify(store)
        assert found.faults == (), names[count]
        after = contents(store)
        for name, rows in before.items():
            assert rows <= after[name], f"{name} lost rows at {names[count]}"
        if not finished and after != before:
            # The commit had happened: then all of it is there.
            expected = Store(tmp_path / "expected")
            shutil.copytree(store.folder, expected.folder)
            expected.add(offer(number), at(number))
            assert contents(expected) == after
            shutil.rmtree(expected.folder)
        changes = store.add(offer(number), at(number))
        assert len(changes) == 3
        assert not list(store.folder.glob(".*.tmp"))
        assert len(list(store.folder.glob("*.parquet"))) == len(store.manifest()["tables"])
    assert reached >= {"locked", "renamed manifest.json", "before removing observations"}


def test_a_kill_in_the_very_first_write_leaves_an_empty_store(tmp_path: Path) -> None:
    names = points(tmp_path / "store", tables())
    for count, name in enumerate(names):
        store = Store(tmp_path / str(count))
        assert not add_in_child(store, tables(), SEEN, count)
        assert verify(store).faults == (), name
        assert store.empty or set(store.read()) == set(tables())
        store.add(tables(), SEEN)
        assert set(store.read()) == set(tables())


def test_a_full_disk_at_any_point_is_told_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Store(tmp_path / "store")
    first.add(tables(), SEEN)
    before = contents(first)
    names = points(first.folder, offer(1))
    for count, name in enumerate(names[: names.index("renamed manifest.json")]):
        # A table that was finished before the disk was full is not written again: begin anew.
        store = Store(tmp_path / str(count))
        shutil.copytree(first.folder, store.folder)
        monkeypatch.setattr(atomic, "reached", full_at(count))
        with pytest.raises(StoreError, match=r"No space left on device.*the store is as it was"):
            store.add(offer(1), LATER)
        monkeypatch.undo()
        assert contents(store) == before, name
        assert verify(store).faults == (), name
        assert not list(store.folder.glob(".*.tmp"))
    store.add(offer(1), LATER)
    assert contents(store) != before


def test_tables_without_a_manifest_are_not_written_over(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.add(tables(), SEEN)
    (store.folder / MANIFEST).unlink()
    names = sorted(path.name for path in store.folder.glob("*.parquet"))
    with pytest.raises(Corrupt, match="is missing, but there are tables"):
        store.add(tables(), SEEN)
    assert sorted(path.name for path in store.folder.glob("*.parquet")) == names


HOLDS = """
import sys
from pathlib import Path
from data.lock import writing
with writing(Path(sys.argv[1]), 1):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", lock_seconds=0.1)
    store.folder.mkdir()
    script = tmp_path / "holds.py"
    script.write_text(HOLDS)
    command = [sys.executable, str(script), str(store.folder)]
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match=rf"process {child.pid} \(holds.py .*\) is writing"):
            store.add(tables(), SEEN)
        child.kill()
    # The lock of the dead is free, and what it said of itself is not believed.
    store.add(tables(), SEEN)
    assert not (store.folder / ".lock.json").exists()


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", lock_seconds=30)
    store.add(tables(), SEEN)
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            signal.alarm(ALARM)
            store.add(offer(number), at(number))
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert verify(store).faults == ()
    rrp = store.read()["observations"].query("series == 'rrp' and ref_date < '2023'")
    assert sorted(rrp["value"]) == [100.0, 101.0, 102.0, 103.0]


def test_a_reader_beside_a_writer_sees_one_commit_or_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    store.add(tables(), SEEN)
    read = Store._table
    once = [True]

    def slow(self: Store, name: str, entry: dict[str, str]) -> pd.DataFrame:
        if once.pop() if once else False:
            Store(tmp_path / "store").add(offer(1), LATER)
        return read(self, name, entry)

    # Between its look at the manifest and at the files, the files are gone.
    monkeypatch.setattr(Store, "_table", slow)
    seen = store.read()
    monkeypatch.undo()
    assert len(seen["prices_1d"]) == len(store.read()["prices_1d"]) == 6

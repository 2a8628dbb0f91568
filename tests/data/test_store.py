"""The store loses nothing, overwrites nothing and notices a changed byte."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import filelock
import pandas as pd
import pytest

from data.errors import Corrupt, Locked, StoreError, WrongVersion
from data.fingerprint import snapshot_id
from data.store import Store

SEEN = pd.Timestamp("2024-02-01 12:00", tz="UTC")
LATER = pd.Timestamp("2024-03-01 12:00", tz="UTC")


def figures(values: dict[str, float], series: str = "rrp") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": series,
            "ref_date": pd.DatetimeIndex(list(values)).as_unit("us"),
            "value": list(values.values()),
            "known_at": pd.Series(pd.NaT, index=range(len(values)), dtype="datetime64[us, UTC]"),
            "source": "test",
        }
    )


def bars(closes: dict[str, float]) -> pd.DataFrame:
    close = pd.Series(list(closes.values()))
    return pd.DataFrame(
        {
            "symbol": "BTC",
            "opened": pd.DatetimeIndex(list(closes), tz="UTC").as_unit("us"),
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "volume": 1.0,
            "market": "test spot USD",
            "source": "test",
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", lock_seconds=0.1)


def test_what_goes_in_comes_out(store: Store) -> None:
    table = figures({"2024-01-02": 700.0, "2024-01-03": 680.0})
    assert store.empty
    (change,) = store.add({"observations": table}, SEEN)
    assert (change.new, change.same, change.revised) == (2, 0, 0)
    read = store.read()["observations"]
    pd.testing.assert_frame_equal(read.drop(columns="seen_at"), table)
    assert store.manifest()["snapshot_id"] == snapshot_id(store.read())


def test_the_same_import_again_changes_nothing(store: Store) -> None:
    table = figures({"2024-01-02": 700.0})
    store.add({"observations": table}, SEEN)
    before = store.manifest()
    (change,) = store.add({"observations": table}, LATER)
    assert (change.new, change.same, change.revised) == (0, 1, 0)
    assert store.manifest() == before


def test_a_changed_figure_becomes_a_vintage_known_since_it_was_seen(store: Store) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0, "2024-01-03": 680.0})}, SEEN)
    (change,) = store.add({"observations": figures({"2024-01-02": 701.0})}, LATER)
    assert (change.new, change.same, change.revised) == (0, 0, 1)
    read = store.read()["observations"]
    vintages = read[read["ref_date"] == "2024-01-02"]
    assert vintages["value"].tolist() == [700.0, 701.0]
    assert vintages["known_at"].isna().tolist() == [True, False]
    assert vintages["known_at"].iloc[1] == LATER
    assert len(read) == 3, "a shorter table never shortens the store"


def test_a_changed_bar_is_set_aside_and_the_first_stays(store: Store) -> None:
    store.add({"prices_1d": bars({"2024-01-02": 100.0, "2024-01-03": 101.0})}, SEEN)
    offered = bars({"2024-01-03": 99.0, "2024-01-04": 102.0})
    (change,) = store.add({"prices_1d": offered}, LATER)
    assert (change.new, change.same, change.revised) == (1, 0, 1)
    tables = store.read()
    assert tables["prices_1d"]["close"].tolist() == [100.0, 101.0, 102.0]
    revision = tables["revisions"].iloc[0]
    assert revision["key"].startswith("BTC 2024-01-03")
    assert "99.0" in revision["offered"]


def test_the_snapshot_id_is_of_content_alone(store: Store, tmp_path: Path) -> None:
    table = figures({"2024-01-02": 700.0, "2024-01-03": 680.0})
    store.add({"observations": table}, SEEN)
    other = Store(tmp_path / "other")
    other.add({"observations": table.iloc[:1]}, SEEN)
    other.add({"observations": table.iloc[1:].reset_index(drop=True)}, LATER)
    assert store.manifest()["snapshot_id"] == other.manifest()["snapshot_id"]
    changed = Store(tmp_path / "changed")
    changed.add({"observations": table.assign(value=[700.0, 680.0000001])}, SEEN)
    assert changed.manifest()["snapshot_id"] != store.manifest()["snapshot_id"]


def test_a_flipped_byte_is_noticed(store: Store) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    path = next(store.folder.glob("observations-*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Corrupt, match="table observations is not what was committed"):
        store.read()


def test_a_missing_file_and_a_broken_manifest_are_noticed(store: Store) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    next(store.folder.glob("observations-*.parquet")).unlink()
    with pytest.raises(Corrupt, match="table observations is missing"):
        store.read()
    (store.folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(Corrupt, match="not a readable manifest"):
        store.read()


def test_another_schema_version_is_refused(store: Store) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    path = store.folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "schema_version": 99}), encoding="utf-8")
    with pytest.raises(WrongVersion, match="schema version 99"):
        store.read()


def test_a_second_writer_is_refused_while_the_first_writes(store: Store) -> None:
    store.folder.mkdir(parents=True)
    with (
        filelock.FileLock(store.folder / ".lock"),
        pytest.raises(Locked, match="another process is writing"),
    ):
        store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    assert store.empty


def test_a_crash_before_the_manifest_leaves_the_old_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    before = store.read()["observations"]

    def full(point: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("data.atomic.reached", full)
    with pytest.raises(StoreError, match=r"No space left on device.*the store is as it was"):
        store.add({"observations": figures({"2024-01-03": 680.0})}, LATER)
    pd.testing.assert_frame_equal(store.read()["observations"], before)


def test_only_files_in_use_remain(store: Store) -> None:
    store.add({"observations": figures({"2024-01-02": 700.0})}, SEEN)
    store.add({"observations": figures({"2024-01-03": 680.0})}, LATER)
    assert len(list(store.folder.glob("*.parquet"))) == 1
    assert not list(store.folder.glob("*.tmp"))

"""An export reads as the store it was made from, here and in another store."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pandas as pd
import pytest

from data.errors import BadConfig, Corrupt, StoreError
from data.export import MARK, export
from data.loading import load
from data.store import Store
from data.tables import read_tables
from data.verify import verify
from plumbline.__main__ import main
from tests.data.small_store import LATER, SEEN, filled, prices, tables


@pytest.fixture
def store(home: Path) -> Store:
    return filled(home / "store")


def identity(store: Store) -> object:
    return store.manifest()["snapshot_id"]


def test_it_reads_and_imports_as_the_same_snapshot(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert export(store, target) == identity(store)
    assert load(str(target)).snapshot_id == identity(store)
    assert load("store").snapshot_id == identity(store)
    other = Store(tmp_path / "other")
    other.add(read_tables([target]), LATER)
    assert identity(other) == identity(store)
    assert verify(other).faults == ()
    again = tmp_path / "again"
    assert export(other, again) == identity(store)
    for path in target.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_the_real_tables_go_round(real_tables: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "real")
    store.add(read_tables([real_tables]), pd.Timestamp("2026-11-01", tz="UTC"))
    export(store, tmp_path / "out")
    back, first = read_tables([tmp_path / "out"]), store.read()
    assert set(back) == set(first)
    for name, table in back.items():
        pd.testing.assert_frame_equal(table, first[name].drop(columns="seen_at"))
    other = Store(tmp_path / "other")
    other.add(back, pd.Timestamp("2026-11-01", tz="UTC"))
    assert identity(other) == identity(store)
    assert load(str(tmp_path / "out")).snapshot_id == identity(store)


def test_it_is_in_the_publishers_form(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "out")
    raw = pd.read_parquet(tmp_path / "out" / "observations.parquet")
    days = {
        name: list(rows.dt.strftime("%Y-%m-%d")) for name, rows in raw.groupby("series").ref_date
    }
    assert days["gdp"] == ["2023-07-01"]
    assert days["m2"] == ["2023-11-01", "2023-12-01"]
    assert days["rrp"] == ["2024-01-02", "2024-01-03", "2024-01-03"]
    vintages = raw[raw["series"] == "rrp"]
    assert vintages["value"].tolist() == [700.0, 680.0, 681.0]
    assert vintages["known_at"].isna().tolist() == [True, True, False]
    bars = pd.read_parquet(tmp_path / "out" / "prices_1d.parquet")
    assert bars["close_only"].tolist() == [False, True, False, False, False]
    assert bars["date"].dt.tz is None


def test_importing_an_export_into_its_own_store_changes_nothing(
    store: Store, tmp_path: Path
) -> None:
    export(store, tmp_path / "out")
    before = store.manifest()
    changes = store.add(read_tables([tmp_path / "out"]), LATER + pd.Timedelta(days=9))
    assert [(change.new, change.revised) for change in changes] == [(0, 0)] * 4
    assert store.manifest() == before


def test_an_older_export_takes_no_figure_back(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "out")
    newer = tables()["observations"].iloc[[4]].assign(value=682.0)
    store.add({"observations": newer}, LATER + pd.Timedelta(days=1))
    before = store.manifest()
    store.add(read_tables([tmp_path / "out"]), LATER + pd.Timedelta(days=9))
    assert store.manifest() == before


def test_an_earlier_export_is_replaced_and_nothing_else_is(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export(store, target)
    store.add({"prices_1d": prices("ETH", "2024-01-04", [12.0])}, LATER)
    assert export(store, target) == identity(store)
    assert load(str(target)).snapshot_id == identity(store)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (target / "mine.txt").write_text("mine")
    with pytest.raises(BadConfig, match=r"holds 'mine.txt', which is not of an export"):
        export(store, target)
    (target / "mine.txt").unlink()
    (target / MARK).unlink()
    with pytest.raises(BadConfig, match="not of an export"):
        export(store, target)
    with pytest.raises(BadConfig, match="is a file"):
        export(store, tmp_path / "out" / "funding.parquet")
    (tmp_path / "empty").mkdir()
    assert export(store, tmp_path / "empty") == identity(store)


def test_an_empty_store_has_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="nothing to export"):
        export(Store(tmp_path / "none"), tmp_path / "out")


def test_a_full_disk_leaves_the_earlier_export(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path / "out")
    before = identity(store)
    store.add({"prices_1d": prices("ETH", "2024-01-04", [12.0])}, LATER)

    def full(point: str) -> None:
        if point == "written funding.parquet":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("data.atomic.reached", full)
    with pytest.raises(StoreError, match="No space left"):
        export(store, tmp_path / "out")
    assert load(str(tmp_path / "out")).snapshot_id == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_does_not_read_back_is_not_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.export.read_tables", lambda paths: tables())
    with pytest.raises(Corrupt, match="reads back as"):
        export(store, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_wrote(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["data", "export", str(tmp_path / "out"), "--json"])
    assert stopped.value.code == 0
    assert json.loads(capsys.readouterr().out)["snapshot_id"] == identity(store)


def test_vintages_may_come_in_any_import(tmp_path: Path) -> None:
    raw = tables()["observations"].iloc[3:5].drop(columns="source")
    raw = raw.assign(known_at=["", SEEN.isoformat()], ref_date=pd.Timestamp("2024-01-02"))
    raw.to_csv(tmp_path / "observations.csv", index=False)
    read = read_tables([tmp_path / "observations.csv"])["observations"]
    assert read["known_at"].isna().tolist() == [True, False]
    assert read["known_at"].iloc[1] == SEEN

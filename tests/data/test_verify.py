"""A store that holds passes; whatever does not hold is found and named."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.checks import LISTED
from data.errors import Locked
from data.store import MANIFEST, Store
from data.tables import read_tables
from data.verify import verify
from plumbline.__main__ import main
from tests.data.small_store import filled, prices


@pytest.fixture
def store(home: Path) -> Store:
    return filled(home / "store")


def lines(store: Store) -> list[str]:
    return [fault.line for fault in verify(store).faults]


def commit(store: Store, name: str, change: Callable[[pd.DataFrame], Any]) -> None:
    """Commit a table that the import would have refused."""
    tables = store.read()
    changed = change(tables[name])
    store._commit({**tables, name: tables[name] if changed is None else changed})


def put(row: int, column: str, value: Any) -> Callable[[pd.DataFrame], None]:
    def change(table: pd.DataFrame) -> None:
        table.loc[row, column] = value

    return change


def test_a_store_as_it_was_written_holds(store: Store) -> None:
    found = verify(store)
    assert found.faults == ()
    assert found.leftovers == ()
    assert found.files == 5
    assert set(store.read()) == {"observations", "prices_1d", "prices_1h", "funding", "revisions"}


def test_a_store_that_is_not_there_holds(tmp_path: Path) -> None:
    assert verify(Store(tmp_path / "none")).faults == ()
    assert not (tmp_path / "none").exists()


def test_the_real_tables_hold(real_tables: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "real")
    store.add(read_tables([real_tables]), pd.Timestamp("2026-11-01", tz="UTC"))
    found = verify(store)
    assert found.faults == ()
    assert found.rows > 350_000


def test_any_flipped_byte_is_found(store: Store) -> None:
    rng = np.random.default_rng(7)
    for path in sorted(store.folder.glob("*.parquet")):
        content = path.read_bytes()
        for at in {0, len(content) - 1, *rng.integers(0, len(content), 6).tolist()}:
            flipped = bytearray(content)
            flipped[at] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            assert any(path.name in line for line in lines(store)), f"{path.name} at {at}"
        path.write_bytes(content)
    assert lines(store) == []


def test_any_byte_of_the_manifest_counts(store: Store) -> None:
    path = store.folder / MANIFEST
    content = path.read_bytes()
    rng = np.random.default_rng(8)
    for at in range(0, len(content), 2):
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        assert lines(store), f"at {at}"
    for space, other in ((b" ", b"\t"), (b"\n", b" "), (b"\n", b"\r")):
        at = content.index(space)
        path.write_bytes(content[:at] + other + content[at + 1 :])
        assert lines(store) == ["manifest.json: is not in the form in which it was written"]


RULES = [
    ("observations", put(5, "value", np.nan), r"m2, 2023-11-30: value is missing"),
    ("observations", put(5, "value", np.inf), r"m2, 2023-11-30, value = inf: a figure must be"),
    ("observations", put(7, "value", -1.0), r"rrp, .*, value = -1.0: not between 0 and 10000 USD"),
    ("observations", put(0, "value", 7_681e3), r"fed_assets, 2024-01-03, value = 7681000.0: not"),
    ("observations", put(10, "value", 5.45), r"rrp_rate, 2024-01-02, value = 5.45: rrp_rate lies "),
    ("observations", put(7, "series", "rrrp"), r"rrrp, .*: the catalogue has no such series"),
    ("observations", put(0, "ref_date", pd.Timestamp("2024-01-04")), "not a Wednesday"),
    ("observations", put(5, "ref_date", pd.Timestamp("2023-11-29")), "not the last day of a month"),
    ("observations", put(3, "ref_date", pd.Timestamp("2023-11-30")), "not the last day of a quart"),
    (
        "observations",
        put(7, "ref_date", pd.Timestamp("2024-01-02 01:00")),
        r"rrp, 2024-01-02, ref_date = 2024-01-02 01:00:00: ref_date is not a whole day",
    ),
    (
        "observations",
        put(7, "known_at", pd.Timestamp("2023-12-01", tz="UTC")),
        r"known_at = 2023-12-01 00:00:00\+00:00: known before the period it is about",
    ),
    (
        "observations",
        put(7, "known_at", pd.Timestamp("2024-02-02", tz="UTC")),
        "known later than the store saw it",
    ),
    ("observations", put(7, "ref_date", pd.Timestamp("2124-01-02")), "far ahead"),
    ("observations", lambda t: t.astype({"value": "float32"}), "'value' is float32, not float64"),
    ("observations", lambda t: t.drop(columns="source"), "column 'source' is missing"),
    ("observations", lambda t: t.assign(more=1), "column 'more' is not of the schema"),
    ("observations", lambda t: pd.concat([t, t[-1:]], ignore_index=True), "a second row for the s"),
    ("observations", lambda t: t.iloc[::-1].reset_index(drop=True), "ref_date goes back in time"),
    (
        "observations",
        lambda t: (
            pd.concat([t[1:], t[:1]], ignore_index=True)
            if t["series"].iloc[0] == t["series"].iloc[1]
            else pd.concat(
                [t, t[:1].assign(ref_date=pd.Timestamp("2024-01-10"))], ignore_index=True
            )
        ),
        "rows of one series do not stand together",
    ),
    ("prices_1d", put(0, "close", 0.0), r"BTC, 2024-01-02 .*, close = 0.0: a price must be"),
    ("prices_1d", put(0, "high", 50.0), "high = 50.0: high lies below open or close"),
    ("prices_1d", put(0, "low", 100.5), "low = 100.5: low lies above open or close"),
    ("prices_1d", put(0, "open", np.nan), "some of open, high and low are missing"),
    ("prices_1d", put(0, "close", np.nan), "a close is missing"),
    ("prices_1d", put(0, "volume", -1.0), "volume = -1.0: a volume cannot be negative"),
    ("prices_1d", put(0, "opened", pd.Timestamp("2024-01-01 01:00", tz="UTC")), "open on the grid"),
    ("prices_1d", put(2, "opened", pd.Timestamp("2024-02-01", tz="UTC")), "bar had not closed"),
    ("prices_1h", put(0, "opened", pd.Timestamp("2024-01-01 01:30", tz="UTC")), "on the grid"),
    ("funding", put(0, "rate", 0.5), r"BTC test usdm, .*, rate = 0.5: not between -0.1 and 0.1"),
    ("funding", put(0, "symbol", "ETH"), "symbol = ETH: is not the symbol on the venue"),
    ("funding", put(1, "ts", pd.Timestamp("2024-02-02", tz="UTC")), "later than the store saw it"),
    ("revisions", lambda t: t.drop(columns="key"), "column 'key' is missing"),
]


@pytest.mark.parametrize(("table", "change", "message"), RULES)
def test_a_row_that_breaks_a_rule_is_named(
    store: Store, table: str, change: Callable[[pd.DataFrame], Any], message: str
) -> None:
    commit(store, table, change)
    found = "\n".join(lines(store))
    assert f"{table}-" in found

    assert re.search(message, found), found


def test_many_faults_of_one_kind_are_counted(store: Store) -> None:
    commit(store, "prices_1d", lambda _: bad_bars(50))
    found = lines(store)
    assert len(found) == LISTED + 1
    assert found[-1].endswith("a volume cannot be negative or endless: 40 more rows")


def bad_bars(count: int) -> pd.DataFrame:
    table = prices("BTC", "2023-01-02", [100.0] * count).assign(volume=-1.0)
    return table.assign(seen_at=pd.Timestamp("2024-02-01", tz="UTC").as_unit("us"))


def test_missing_foreign_and_left_over_files(store: Store) -> None:
    (store.folder / "mine-0123456789abcdef.parquet").write_bytes(b"mine")
    (line,) = lines(store)
    assert line.startswith("mine-0123456789abcdef.parquet: belongs to no commit")
    (store.folder / "mine-0123456789abcdef.parquet").unlink()
    path = next(store.folder.glob("funding-*"))
    content = path.read_bytes()
    path.unlink()
    assert lines(store) == [f"{path.name}: table funding cannot be read: No such file or directory"]
    path.write_bytes(content)
    (store.folder / ".x.parquet.1.tmp").write_bytes(b"half")
    assert lines(store) == []


def test_a_lost_manifest_is_a_fault_and_nothing_is_written_over_it(store: Store) -> None:
    (store.folder / MANIFEST).unlink()
    (line,) = lines(store)
    assert line.startswith("manifest.json: is missing, but there are tables: funding-")


def test_a_wrong_snapshot_id_and_row_count_are_found(store: Store) -> None:
    path = store.folder / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["snapshot_id"] = "0" * 16
    path.write_text(json.dumps(manifest, indent=2))
    assert "snapshot_id 0000000000000000 is not the content's" in lines(store)[0]
    manifest["tables"]["funding"]["rows"] = 3
    path.write_text(json.dumps(manifest, indent=2))
    assert "3 rows recorded for funding, 2 there" in lines(store)[0]


def test_it_waits_for_a_writer(store: Store) -> None:
    with store.writing(), pytest.raises(Locked, match=rf"process {os.getpid()} "):
        verify(store)


def test_the_command_exits_with_a_line_for_each_fault(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["data", "verify", *arguments])
        return stopped.value.code, capsys.readouterr().out

    status, text = run()
    assert status == 0
    assert "all holds" in text
    assert json.loads(run("--json")[1])["ok"] is True
    path = next(store.folder.glob("funding-*"))
    content = bytearray(path.read_bytes())
    content[100] ^= 4
    path.write_bytes(content)
    status, text = run()
    assert status == 1
    assert text.splitlines() == [
        f"{path.name}: table funding is not what was committed (hash differs)"
    ]
    status, text = run("--json")
    assert status == 1
    assert json.loads(text)["found"]["faults"][0]["file"] == path.name

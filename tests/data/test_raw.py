"""The record of raw answers notices every changed byte, and a crash costs at most its last line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import atomic
from data.raw import INDEX, RawArchive
from data.sources.archive import RawAnswer, raw_answer

AT = pd.Timestamp("2026-03-10 21:00", tz="UTC")


def answer(text: str, source: str = "fred_csv") -> RawAnswer:
    return raw_answer(source, f"https://example.org/{source}", AT, "text/csv", text.encode())


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    kept = RawArchive(tmp_path / "raw")
    for text in ("a,1\n", "b,2\n", "a,1\n"):
        kept.keep(answer(text))
    return kept


def test_every_answer_has_a_line_and_every_body_one_file(archive: RawArchive) -> None:
    entries = archive.entries()
    assert [entry["source"] for entry in entries] == ["fred_csv"] * 3
    assert entries[0]["fetched_at"] == "2026-03-10T21:00:00+00:00"
    assert entries[0]["sha256"] == entries[2]["sha256"] != entries[1]["sha256"]
    assert len(list(archive.folder.rglob("*.gz"))) == 2
    assert list(archive.faults()) == []


def test_no_archive_has_no_faults(tmp_path: Path) -> None:
    assert list(RawArchive(tmp_path / "raw").faults()) == []


def test_any_flipped_byte_is_found(archive: RawArchive) -> None:
    rng = np.random.default_rng(3)
    for path in (archive.folder / INDEX, *archive.folder.rglob("*.gz")):
        content = path.read_bytes()
        places = {0, len(content) - 1, *rng.integers(len(content), size=40).tolist()}
        for at in sorted(places):
            path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
            assert list(archive.faults()), f"{path.name} byte {at}"
        path.write_bytes(content)
    assert list(archive.faults()) == []


def test_a_missing_body_is_named(archive: RawArchive) -> None:
    path = next(archive.folder.rglob("*.gz"))
    path.unlink()
    (fault,) = archive.faults()
    assert path.name in fault.file
    assert fault.what.endswith("of index.jsonl is missing")


def test_a_line_that_a_crash_cut_is_no_fault_and_gives_way(archive: RawArchive) -> None:
    index = archive.folder / INDEX
    whole = index.read_bytes()
    index.write_bytes(whole + b'0123456789abcdef {"sou')
    assert list(archive.faults()) == []
    assert len(archive.entries()) == 3
    archive.keep(answer("c,3\n"))
    assert index.read_bytes().startswith(whole)
    assert len(archive.entries()) == 4
    assert list(archive.faults()) == []


def test_a_crash_between_body_and_line_leaves_no_fault(
    archive: RawArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(point: str) -> None:
        if point == f"before {INDEX}":
            raise RuntimeError(point)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "reached", crash)
        with pytest.raises(RuntimeError, match="before"):
            archive.keep(answer("d,4\n"))
    assert list(archive.faults()) == []
    archive.keep(answer("d,4\n"))
    assert len(archive.entries()) == 4

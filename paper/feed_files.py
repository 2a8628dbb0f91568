"""The feed on disk: two tables that only grow, and ``latest.json`` that vouches for them.

``latest.json`` is replaced last, so that it alone says how far the feed has come: the first
`bytes` of ``feed.csv`` have the hash that it records, and a crash before that step leaves the
feed as it was. What such a crash left behind is told from a forgery by ``pending.json``, which is
there from before the first table is replaced until the feed stands again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data import atomic
from data.canonical import canonical_json, jsonable
from data.errors import InputError, Tampered, WrongVersion
from paper.feed_signal import COLUMNS, INSTANTS, SCHEMA_VERSION, FeedSignal, from_rows
from strategies.feed_terms import FeedTerms

LATEST, PENDING = "latest.json", "pending.json"
CSV, PARQUET = "feed.csv", "feed.parquet"
_HOW = "restore the folder from a copy, or export into an empty one"


@dataclass(frozen=True, slots=True)
class Content:
    """A feed's signals and what is said of them all.

    Parameters
    ----------
    strategy, title, config_hash : str
        Whose feed it is.
    terms : FeedTerms
        What becomes of a target that nothing newer follows.
    simulated : bool
        Whether the data are those of a simulated world.
    signals : tuple of FeedSignal
        By time; never empty.
    """

    strategy: str
    title: str
    config_hash: str
    terms: FeedTerms
    simulated: bool
    signals: tuple[FeedSignal, ...]


def write(folder: Path, content: Content, keep: bytes | None = None) -> None:
    """Replace the files of a feed.

    Parameters
    ----------
    folder : Path
        The feed's folder; the caller holds its lock.
    content : Content
        All signals, those that stand already among them.
    keep : bytes, optional
        The CSV of the signals that stand already; they are not written anew.
    """
    begin = keep or (",".join(COLUMNS) + "\n").encode()
    standing = len(_parse(keep, folder)) if keep else 0
    rows = [row for signal in content.signals for row in signal.rows()]
    table = begin + _csv(rows[standing:])
    columns = _parquet(rows)
    latest = _latest(content, len(rows), {CSV: table, PARQUET: columns})
    atomic.replace_file(folder / PENDING, latest)
    atomic.replace_file(folder / CSV, table)
    atomic.replace_file(folder / PARQUET, columns)
    atomic.replace_file(folder / LATEST, latest)
    atomic.remove_file(folder / PENDING)


def read(folder: Path) -> tuple[Content, bytes] | None:
    """Return what a feed's folder holds, and the CSV of it; None where there is no feed.

    Raises
    ------
    Tampered
        If a file is missing, cut short or changed, or its rows contradict one another.
    WrongVersion
        If another version of the schema wrote it.
    """
    for _ in range(5):
        latest = _bytes(folder / LATEST)
        if latest is None:
            break
        pending, found = _bytes(folder / PENDING), _head(folder, latest)
        files = {name: _bytes(folder / name) for name in (CSV, PARQUET)}
        # An export may have finished in between: then the files are those of the newer head.
        if _bytes(folder / LATEST) == latest:
            return _checked(folder, found, None if pending is None else pending, files)
    left = [name for name in (CSV, PARQUET) if (folder / name).exists()]
    if left and not (folder / PENDING).exists():
        raise Tampered(f"{folder / left[0]}: there is no {LATEST} beside it: {_HOW}")
    return None


def torn(folder: Path) -> bool:
    """Tell whether an export died before it was done; the next one mends it."""
    return (folder / PENDING).exists()


def _checked(
    folder: Path, head: Mapping[str, Any], pending: bytes | None, files: Mapping[str, bytes | None]
) -> tuple[Content, bytes]:
    coming = {} if pending is None else _head(folder, pending, PENDING)["files"]
    for name, found in files.items():
        known = [head["files"][name]] + ([coming[name]] if coming else [])
        if found is None:
            raise Tampered(f"{folder / name}: the file is missing: {_HOW}")
        if not any(_described(found) == _size(entry) for entry in known):
            raise Tampered(
                f"{folder / name}: {len(found)} bytes with another hash than {LATEST} records: "
                f"it was changed or cut short: {_HOW}"
            )
    table = files[CSV]
    assert table is not None
    standing = table[: head["files"][CSV]["bytes"]]
    if _described(standing) != _size(head["files"][CSV]):
        raise Tampered(f"{folder / CSV}: its begin is not what {LATEST} records: {_HOW}")
    signals = _signals(standing, folder)
    if any(
        (signal.strategy, signal.config_hash) != (head["strategy"], head["config_hash"])
        for signal in signals
    ):
        raise Tampered(f"{folder / CSV}: not all of it is of {head['strategy']!r}: {_HOW}")
    if jsonable(signals[-1].rows()) != head["latest"]:
        raise Tampered(f"{folder / LATEST}: it is not the last signal of {CSV}: {_HOW}")
    try:
        terms = FeedTerms(**head["terms"])
    except ValueError:
        raise Tampered(f"{folder / LATEST}: its terms are none that are known: {_HOW}") from None
    return Content(
        head["strategy"], head["title"], head["config_hash"], terms, head["simulated"], signals
    ), standing


def _latest(content: Content, rows: int, files: Mapping[str, bytes]) -> bytes:
    head: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "strategy": content.strategy,
        "title": content.title,
        "config_hash": content.config_hash,
        "terms": content.terms.model_dump(mode="json"),
        "simulated": content.simulated,
        "signals": len(content.signals),
        "latest": jsonable(content.signals[-1].rows()),
        "files": {
            name: {"sha256": _hash(found), "bytes": len(found), "rows": rows}
            for name, found in files.items()
        },
    }
    return (canonical_json({**head, "sha256": _own_hash(head)}, indent=2) + "\n").encode()


def _head(folder: Path, text: bytes, name: str = LATEST) -> dict[str, Any]:
    try:
        head = json.loads(text)
        said = head.pop("sha256")
        version = head["schema_version"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Tampered(f"{folder / name}: no whole JSON of a feed: {_HOW}") from None
    if version != SCHEMA_VERSION:
        raise WrongVersion(
            f"{folder / name}: schema_version {version}, this program writes {SCHEMA_VERSION}: "
            "export into an empty folder"
        )
    if said != _own_hash(head):
        raise Tampered(f"{folder / name}: its content is not what its sha256 says: {_HOW}")
    return dict(head)


def _own_hash(head: Mapping[str, Any]) -> str:
    return _hash(canonical_json(head).encode())


def _signals(table: bytes, folder: Path) -> tuple[FeedSignal, ...]:
    """Return the signals of a CSV, in order; they may only go forward."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in _parse(table, folder):
        groups.setdefault(row["signal_id"], []).append(row)
    found: list[FeedSignal] = []
    for rows in groups.values():
        where = f"{folder / CSV}, {rows[0]['valid_from']:%Y-%m-%d %H:%M}"
        try:
            signal = from_rows(rows)
        except ValueError as error:
            raise Tampered(f"{where}: {error}: {_HOW}") from None
        if found and (
            signal.valid_from <= found[-1].valid_from
            or signal.decision_time < found[-1].decision_time
        ):
            raise Tampered(f"{where}: it does not come after the signal before it: {_HOW}")
        found.append(signal)
    if not found:
        raise Tampered(f"{folder / CSV}: it holds no signal: {_HOW}")
    return tuple(found)


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    for row in rows:
        written = {name: jsonable(row[name]) for name in COLUMNS}
        writer.writerow({**written, "target_weight": repr(float(row["target_weight"]))})
    return text.getvalue().encode()


def _parse(table: bytes, folder: Path) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(table.decode(errors="replace")), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise Tampered(f"{folder / CSV}: its columns are not those of a feed: {_HOW}")
    try:
        return [
            {
                **row,
                **{name: pd.Timestamp(row[name]).as_unit("us") for name in INSTANTS},
                "schema_version": int(row["schema_version"]),
                "target_weight": float(row["target_weight"]),
            }
            for row in reader
        ]
    except (ValueError, TypeError, csv.Error):
        raise Tampered(f"{folder / CSV}: row {reader.line_num} cannot be read: {_HOW}") from None


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    table = pd.DataFrame.from_records(list(rows), columns=list(COLUMNS))
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _described(content: bytes) -> tuple[str, int]:
    return _hash(content), len(content)


def _size(entry: Mapping[str, Any]) -> tuple[str, int]:
    return str(entry["sha256"]), int(entry["bytes"])

"""The feed keeps to the JSON Schema in the docs, which says what a consumer may rely on."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from data.canonical import jsonable
from data.snapshot import Snapshot
from paper.feed import export
from paper.feed_signal import COLUMNS
from tests.paper.feeds import always, moment, without_tga

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "feed.schema.json").read_text(encoding="utf-8")
)
ROW = {"$ref": "#/$defs/row", "$defs": SCHEMA["$defs"]}


@pytest.fixture(scope="module")
def folder(phantom: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed with fresh and stale signals."""
    out = tmp_path_factory.mktemp("feed")
    world = without_tga(phantom.until(moment("2024-06-12")), "2024-05-24")
    export(always(), world, moment("2024-06-07"), out, since=moment("2024-05-20"))
    return out


@pytest.fixture(scope="module")
def head(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "latest.json").read_text(encoding="utf-8"))
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_latest_json_keeps_to_it(head: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(head)


def test_every_row_of_the_table_keeps_to_it(folder: Path) -> None:
    validator = jsonschema.Draft202012Validator(ROW)
    with (folder / "feed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["state"] for row in rows} == {"fresh", "stale"}
    for row in rows:
        typed = {
            **row,
            "schema_version": int(row["schema_version"]),
            "target_weight": float(row["target_weight"]),
        }
        validator.validate(jsonable(typed))


def test_the_schema_names_the_columns() -> None:
    row = SCHEMA["$defs"]["row"]
    assert set(row["properties"]) == set(row["required"]) == set(COLUMNS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "old"),
        ("action", "buy"),
        ("target_weight", "0.5"),
        ("decision_time", "2024-06-07T12:00:00Z"),
        ("valid_until", "2024-06-08 06:00"),
        ("signal_id", "0x12"),
    ],
)
def test_it_refuses_what_a_consumer_could_not_read(
    head: dict[str, Any], key: str, value: object
) -> None:
    broken = copy.deepcopy(head)
    broken["latest"][0][key] = value
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(broken)

"""``plumbline data fetch`` as a user runs it, with every address set in plumbline.toml."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.loading import load
from data.settings import settings
from data.sources import web
from data.store import Store
from plumbline.__main__ import main
from tests.sources.faults import ALWAYS, Fault
from tests.sources.server import Scenario, Server
from tests.sources.whole import pointed_at, written
from tests.sources.world import scenario

Output = pytest.CaptureFixture[str]
Fetch = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scene() -> Scenario:
    return scenario()


@pytest.fixture
def fetch(
    server: Server, scene: Scenario, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> Fetch:
    home.mkdir()
    (home / "plumbline.toml").write_text(written(pointed_at(server.open(scene), home)))
    monkeypatch.setenv("PLUMBLINE_OFFLINE", "0")
    monkeypatch.setattr(web, "SystemClock", lambda: scene.clock)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["data", "fetch", *arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def sources(out: str) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in json.loads(out)["sources"]}


def test_the_json_tells_each_source(fetch: Fetch) -> None:
    status, out, _ = fetch("--only", "treasury_cash", "--since", "2026-02-02", "--json")
    assert status == 0
    document = json.loads(out)
    assert document["complete"] is True
    (one,) = document["sources"]
    assert (one["source"], one["error"], one["revised"]) == ("treasury_cash", None, 0)
    assert one["new"] > 20
    assert (one["quarantined"], one["gaps"]) == (0, 0)
    assert document["snapshot_id"] == Store(settings().store).manifest()["snapshot_id"]


def test_the_table_tells_what_is_new_and_a_partial_fetch_ends_with_one(
    fetch: Fetch, scene: Scenario
) -> None:
    status, out, _ = fetch("--only", "treasury_cash", "--since", "2026-02-02")
    assert status == 0
    assert "treasury_cash" in out
    assert "snapshot" in out
    scene.fault = Fault("403", ALWAYS)
    status, out, err = fetch("--only", "treasury_cash")
    assert status == 1
    assert "failed" in out
    assert "1 of 1 sources are incomplete" in out
    assert "forbidden from here (403)" in err


def test_a_dry_run_writes_nothing(fetch: Fetch, home: Path) -> None:
    status, out, _ = fetch("--only", "treasury_cash", "--since", "2026-02-02", "--dry-run")
    assert status == 0
    assert "Dry run: nothing is stored" in out
    assert [path.name for path in home.iterdir()] == ["plumbline.toml"]


KEY = "abcdef0123456789abcdef0123456789"


@pytest.mark.parametrize("fault", ["none", "500", "403", "html", "reset"])
def test_the_key_is_shown_nowhere(
    fetch: Fetch,
    scene: Scenario,
    home: Path,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("FRED_API_KEY", KEY)
    scene.fault = Fault(fault, 0 if fault == "none" else ALWAYS)
    scene.mangle = lambda path, text: f"{text}<!-- {path} -->" if "fred_api" in path else text
    status, out, err = fetch("--only", "fed_assets", "--since", "2026-02-02", "--json")
    assert status in (0, 1)
    assert any(KEY in path for path in scene.asked), "the key was never used"
    told = [out, err, caplog.text, *(str(record.__dict__) for record in caplog.records)]
    assert not any(KEY in text for text in told)
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            plain = gzip.decompress(content) if path.suffix == ".gz" else content
            assert KEY.encode() not in plain, path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "tresury"), "unknown source, series or asset 'tresury': did you mean treasury"),
        (("--since", "soon"), "'soon' is not a day"),
    ],
)
def test_bad_input_is_one_line(fetch: Fetch, arguments: tuple[str, ...], message: str) -> None:
    status, _, err = fetch(*arguments)
    assert status == 2
    assert message in err
    assert err.count("\n") == 1


def test_auto_fetches_into_an_empty_store(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.live.configured", only_some)
    loaded = load("auto")
    assert loaded.source == "store"
    assert loaded.truth is None
    assert "tga" in loaded.observations.ids
    assert "BTC" in loaded.daily.assets


def only_some(*arguments: Any) -> dict[str, Any]:
    from data.sources.registry import configured

    every = configured(*arguments)
    return {name: every[name] for name in ("treasury_cash", "prices:bitstamp:BTC/USD:1d")}


def test_auto_without_a_network_takes_the_built_in_world(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    nowhere = pointed_at("http://127.0.0.1:9", home)
    (home / "plumbline.toml").write_text(written(nowhere))
    monkeypatch.setenv("PLUMBLINE_OFFLINE", "0")
    assert load("auto").source == "simulated:phantom"

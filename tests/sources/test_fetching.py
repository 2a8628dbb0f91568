"""A whole fetch: what is new arrives once, faults of one source cost no other anything."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import SecretStr

from data import atomic
from data.errors import BadConfig, Locked, StoreError
from data.fetching import FetchReport
from data.live import fetch_live
from data.lock import writing
from data.raw import RawArchive
from data.settings import Settings
from data.sources.retry import Patience
from data.status import quarantine
from data.store import Store
from data.tables import Tables
from data.verify import verify
from tests.sources.faults import ALWAYS, Fault
from tests.sources.server import Scenario, Server
from tests.sources.test_chaos import PASSING, Chaos
from tests.sources.truth import NOW, SINCE, figures
from tests.sources.whole import pointed_at
from tests.sources.world import CANARY, PATIENCE, scenario, since, table

ONLY = ("nyfed_rates", "treasury_cash", "fed_assets", "sofr", "tga_wednesday", "BTC")
KILLS = int(os.environ.get("PLUMBLINE_KILLS", "4"))


@pytest.fixture
def scene() -> Scenario:
    return scenario()


@pytest.fixture
def chosen(server: Server, scene: Scenario, home: Path) -> Settings:
    return pointed_at(server.open(scene), home)


def run(chosen: Settings, scene: Scenario, **more: Any) -> FetchReport:
    told: dict[str, Any] = {"only": ONLY, "clock": scene.clock, "patience": PATIENCE, **more}
    return fetch_live(chosen, **told)


def first(chosen: Settings, scene: Scenario, **more: Any) -> FetchReport:
    return run(chosen, scene, since=SINCE, **more)


def stored(chosen: Settings) -> Tables:
    return Store(chosen.store).read()


def counts(report: FetchReport) -> dict[str, tuple[int, int, int]]:
    return {one.source: (one.new, one.revised, one.quarantined) for one in report.sources}


def test_everything_arrives_and_verifies(chosen: Settings, scene: Scenario) -> None:
    report = first(chosen, scene)
    assert report.complete, [one.error for one in report.sources]
    tables = stored(chosen)
    observed = tables["observations"]
    for name in ("sofr", "tga", "fed_assets", "tga_wednesday", "effr"):
        mine = observed[observed["series"] == name].drop_duplicates("ref_date", keep="last")
        found = dict(zip(mine["ref_date"].dt.date, mine["value"].round(9), strict=True))
        true = {day: value for day, value in figures(name, NOW).items() if day >= SINCE}
        assert {day: found.get(day) for day in true} == true, name
    assert len(tables["prices_1h"]) > 500
    assert len(tables["funding"]) > 60
    checked = verify(Store(chosen.store), RawArchive(chosen.raw))
    assert checked.faults == ()
    assert checked.answers == len(scene.asked)
    assert report.snapshot_id == Store(chosen.store).manifest()["snapshot_id"]


def test_the_second_fetch_finds_nothing_and_asks_little(chosen: Settings, scene: Scenario) -> None:
    first(chosen, scene)
    before, asked = Store(chosen.store).manifest(), len(scene.asked)
    report = run(chosen, scene)
    assert report.complete
    assert set(counts(report).values()) == {(0, 0, 0)}
    assert Store(chosen.store).manifest()["snapshot_id"] == before["snapshot_id"]
    # One request for each source, page and rate; a vintage for each release day of two series.
    latest = [path for path in scene.asked[asked:] if "/alfred/" not in path]
    assert len(latest) == len(set(latest))
    assert len(latest) <= 20


def test_a_day_later_only_the_day_is_new(chosen: Settings, scene: Scenario) -> None:
    first(chosen, scene)
    scene.clock.move_to(NOW + pd.Timedelta(days=1))
    new = {name: told[0] for name, told in counts(run(chosen, scene)).items()}
    assert new["treasury_cash"] == 1
    assert new["prices:coinbaseexchange:BTC/USD:1d"] == 1
    assert new["prices:coinbaseexchange:BTC/USD:1h"] == 24
    assert new["prices:bitstamp:BTC/USD:1d"] == 0
    assert new["funding:bybit:BTC/USDT:USDT"] == 3


def test_a_dry_run_compares_and_stores_nothing(chosen: Settings, scene: Scenario) -> None:
    wet = counts(first(chosen, scene))
    dry_home = pointed_at_same(chosen, "dry")
    report = first(dry_home, scene, dry_run=True)
    assert counts(report) == wet
    assert report.snapshot_id is None
    assert not dry_home.home.exists()


def pointed_at_same(chosen: Settings, name: str) -> Settings:
    return Settings(
        home=chosen.home.with_name(f"{chosen.home.name}-{name}"),
        sources=chosen.sources,
        exchanges=chosen.exchanges,
        markets=chosen.markets,
        perpetuals=chosen.perpetuals,
    )


def test_one_failing_source_costs_the_others_nothing(
    server: Server, chosen: Settings, scene: Scenario
) -> None:
    whole = counts(first(chosen, scene))
    broken = scenario()
    broken.fault = Fault("503", ALWAYS)
    other = pointed_at(server.open(scenario()), chosen.home.with_name("half"))
    bad = {**other.sources, "nyfed": f"{server.open(broken)}/nyfed"}
    report = first(Settings(**{**fields(other), "sources": bad}), scenario())
    assert not report.complete
    told = {one.source: one for one in report.sources}
    assert "the server is busy" in str(told["nyfed_rates"].error) or told["nyfed_rates"].error
    for name, (new, _, _) in counts(report).items():
        if not name.startswith(("nyfed", "fred", "alfred")):
            assert new == whole[name][0], name
    # What the Desk did not tell came from the second publisher.
    assert told["fred_csv"].new > whole["fred_csv"][0]


def fields(chosen: Settings) -> dict[str, Any]:
    return {name: getattr(chosen, name) for name in Settings.__slots__}


def test_a_second_publisher_that_disagrees_is_quarantined(
    chosen: Settings, scene: Scenario
) -> None:
    day = "2026-02-18"
    scene.mangle = lambda path, text: (
        text.replace(f"{day},{figures('sofr', NOW)[date(2026, 2, 18)]:.3f}", f"{day},9.99")
        if "/fred/" in path and "id=SOFR" in path
        else text
    )
    report = first(chosen, scene)
    assert {one.source: one.quarantined for one in report.sources}["fred_csv"] == 1
    (row,) = stored(chosen)["quarantine"].itertuples()
    assert (row.name, row.at, row.source) == ("sofr", day, "fred:SOFR")
    assert (row.offered, row.why) == ("9.99", "another publisher tells it differently")
    assert on_day(chosen, "sofr", day)["value"].tolist() == [
        figures("sofr", NOW)[date(2026, 2, 18)]
    ]
    assert run(chosen, scene).complete
    assert len(stored(chosen)["quarantine"]) == 1


def on_day(chosen: Settings, series: str, day: str) -> pd.DataFrame:
    rows = stored(chosen)["observations"]
    return rows[(rows["series"] == series) & (rows["ref_date"] == pd.Timestamp(day))]


def test_a_revision_is_kept_beside_the_first_figure(chosen: Settings, scene: Scenario) -> None:
    first(chosen, scene)
    old = figures("tga", NOW)[date(2026, 3, 5)]
    cents = f'"{old * 1000:.0f}"'
    scene.mangle = lambda path, text: text.replace(cents, '"123456"', 1)
    report = run(chosen, scene, only=["treasury_cash"])
    assert [one.revised for one in report.sources] == [1]
    rows = on_day(chosen, "tga", "2026-03-05")
    assert rows["value"].tolist() == [old, 123.456]
    assert rows["known_at"].isna().tolist() == [True, False]


def test_another_unit_is_refused_and_nothing_stored(chosen: Settings, scene: Scenario) -> None:
    first(chosen, scene)
    before = Store(chosen.store).manifest()["snapshot_id"]

    def thousandfold(path: str, text: str) -> str:
        if "id=WALCL" not in path or "/fred/" not in path:
            return text
        head, *lines = text.splitlines()
        pairs = [line.split(",") for line in lines]
        told = [f"{day},{float(value) / 1000:.6f}" for day, value in pairs]
        return "\n".join([head, *told, ""])

    scene.mangle = thousandfold
    report = run(chosen, scene, only=["fed_assets", "tga_wednesday"])
    told = {one.source: one for one in report.sources}["fred_csv"]
    assert told.error is not None
    assert "another unit?" in told.error
    assert "fed_assets" in told.error
    # The other series of the publisher went on.
    assert told.same > 0
    assert Store(chosen.store).manifest()["snapshot_id"] == before


def test_a_bar_that_cannot_be_right_is_quarantined(chosen: Settings, scene: Scenario) -> None:
    bar = scene.truth.daily.row(pd.Timestamp("2026-02-20", tz="UTC"), NOW)
    assert bar is not None
    stamp, _, high, low, *_ = bar
    told, wrong = f"[{stamp // 1000}, {low}, {high}", f"[{stamp // 1000}, {high}, {low}"
    scene.mangle = lambda path, text: text.replace(told, wrong)
    report = first(chosen, scene, only=["prices:coinbaseexchange:BTC/USD:1d"])
    assert [one.quarantined for one in report.sources] == [1]
    (row,) = stored(chosen)["quarantine"].itertuples()
    assert row.name == "coinbaseexchange BTC/USD 1d"
    assert "2026-02-20" in str(row.why)


def test_a_whole_fetch_through_random_faults_arrives_equal(
    server: Server, chosen: Settings, scene: Scenario
) -> None:
    first(chosen, scene)
    stormy = scenario()
    kinds = tuple(kind for kind in PASSING if kind != "cut")
    stormy.fault = Chaos(20251104, kinds)
    other = pointed_at(server.open(stormy), chosen.home.with_name(f"{chosen.home.name}-storm"))
    report = first(other, stormy, patience=Patience(attempts=12, content_attempts=12))
    assert report.complete, [one.error for one in report.sources]
    assert stormy.fault.hits > 10
    assert contents(stored(other)) == contents(stored(chosen))


def test_what_is_set_aside_is_listed(chosen: Settings, scene: Scenario, home: Path) -> None:
    assert home == chosen.home
    assert quarantine("simulated:phantom") == []
    day = "2026-02-18"
    true = figures("sofr", NOW)[date.fromisoformat(day)]
    scene.mangle = lambda path, text: text.replace(f"{day},{true:.3f}", f"{day},9.99")
    first(chosen, scene, only=["nyfed_rates", "sofr"])
    (row,) = (one for one in quarantine("store") if one.offered == "9.99")
    assert (row.name, row.at, row.stored) == ("sofr", day, repr(true))


def test_two_fetches_do_not_meet(chosen: Settings, scene: Scenario) -> None:
    with writing(chosen.raw, 0.1, "fetching"), pytest.raises(Locked, match=r"is fetching; wait"):
        first(chosen, scene)
    assert Store(chosen.store).empty


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_full_disk_is_told_and_the_next_fetch_completes(
    chosen: Settings, scene: Scenario, share: float
) -> None:
    only = ("treasury_cash", "prices:coinbaseexchange:BTC/USD:1h")
    names: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "reached", names.append)
        dry = pointed_at_same(chosen, "whole")
        first(dry, scene, only=only)
    left = [int(share * len(names))]

    def full(point: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), point)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "reached", full)
        with pytest.raises(StoreError, match="No space left on device"):
            first(chosen, scene, only=only)
    assert verify(Store(chosen.store), RawArchive(chosen.raw)).faults == ()
    assert first(chosen, scene, only=only).complete
    assert contents(stored(chosen)) == contents(stored(dry))


def test_offline_asks_nobody(chosen: Settings, scene: Scenario) -> None:
    offline = Settings(**{**fields(chosen), "offline": True})
    with pytest.raises(BadConfig, match="offline is set"):
        run(offline, scene)
    assert scene.asked == []


def test_the_key_is_in_nothing_that_is_written(chosen: Settings, scene: Scenario) -> None:
    report = first(
        chosen,
        scene,
        only=["fed_assets"],
        fred_key=SecretStr(CANARY),
    )
    assert report.complete
    assert any(CANARY in path for path in scene.asked), "the key was never used"
    written = [path for path in chosen.home.rglob("*") if path.is_file()]
    assert any("raw" in path.parts for path in written)
    for path in written:
        content = path.read_bytes()
        assert CANARY.encode() not in content, path
    for entry in RawArchive(chosen.raw).entries():
        assert CANARY not in str(entry)


# A fork of a process with threads is a warning since Python 3.12; the child only fetches and dies.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_fetch_that_is_killed_loses_nothing_and_the_next_completes(
    server: Server, home: Path
) -> None:
    only = ("nyfed_rates", "sofr", "prices:coinbaseexchange:BTC/USD:1h")
    scene = scenario()
    whole = pointed_at(server.open(scene), home)
    first(whole, scene, only=only)
    truth = contents(stored(whole))
    points = count_points(server, home.with_name("points"), only)
    rng = np.random.default_rng(5)
    for number in range(KILLS):
        scene = scenario()
        chosen = pointed_at(server.open(scene), home.with_name(f"killed-{number}"))
        at = int(rng.integers(points))
        killed = in_child(partial(killed_at, at, chosen, scene, only))
        assert killed or at > points // 2
        if not Store(chosen.store).empty:
            assert verify(Store(chosen.store), RawArchive(chosen.raw)).faults == ()
            assert_part_of(stored(chosen), truth)
        report = run(chosen, scenario_like(scene), only=only, since=SINCE)
        assert report.complete
        assert contents(stored(chosen)) == truth
        assert verify(Store(chosen.store), RawArchive(chosen.raw)).faults == ()


def scenario_like(scene: Scenario) -> Scenario:
    scene.clock.move_to(NOW)
    return scene


def assert_part_of(tables: Tables, truth: dict[str, set[tuple[str, ...]]]) -> None:
    """Nothing but the truth, though figures may not be dated yet."""
    for name, rows in contents(tables).items():
        undated = 3 if name == "observations" else None
        told = {row[:undated] for row in truth[name]}
        assert {row[:undated] for row in rows} <= told


def contents(tables: Tables) -> dict[str, set[tuple[str, ...]]]:
    """Every row but for when it was seen and who told it."""
    return {
        name: {
            tuple(map(str, row))
            for row in rows.drop(columns=["seen_at", "source"]).itertuples(index=False)
        }
        for name, rows in tables.items()
        if name not in ("quarantine", "revisions")
    }


def count_points(server: Server, home: Path, only: tuple[str, ...]) -> int:
    names: list[str] = []
    scene = scenario()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "reached", names.append)
        first(pointed_at(server.open(scene), home), scene, only=only)
    return len(names)


def killed_at(count: int, chosen: Settings, scene: Scenario, only: tuple[str, ...]) -> None:
    left = [count]

    def reached(point: str) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    atomic.reached = reached
    first(chosen, scene, only=only)


def in_child(work: Callable[[], None]) -> bool:
    """Run in a process of its own; return whether it was killed."""
    child = os.fork()
    if child == 0:
        signal.alarm(120)
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


@pytest.mark.parametrize("name", ["prices_1d", "funding"])
def test_rows_equal_the_truth(chosen: Settings, scene: Scenario, name: str) -> None:
    first(chosen, scene, only=["prices", "funding"], patience=Patience(attempts=2))
    found = since(table(stored(chosen)[name], name), SINCE)
    assert len(found) > 30

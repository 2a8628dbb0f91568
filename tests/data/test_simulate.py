"""Simulated worlds as a user meets them: one name, one snapshot, the real schema and rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.catalogue import SERIES
from data.errors import BadConfig, UnknownName
from data.fingerprint import snapshot_id
from data.simulate import WORLDS, simulated
from data.snapshot import Snapshot
from data.tables import Tables, read_tables
from data.worlds.build import build, simulated_tables, truth
from data.worlds.config import LINKS, World, world

# Every series of the real tables.
CARRIED = {
    *("srf", "srf_treasury", "srf_mbs", "rrp", "rrp_rate", "tga", "tga_wednesday"),
    *("tga_week_average", "fed_assets", "reserves", "fed_treasuries", "sofr", "sofr_p1"),
    *("sofr_p25", "sofr_p75", "sofr_p99", "sofr_volume", "iorb", "ioer", "ff_upper", "ff_lower"),
    *("effr", "tgcr", "debt_total", "debt_public", "debt_total_quarterly", "deficit_monthly"),
    *("cayman_treasuries", "foreign_treasuries", "sp500", "vix", "dollar_broad", "ust_2y"),
    *("ust_10y", "real_10y", "breakeven_10y", "m2", "gdp"),
}
TABLES = ("observations", "prices_1d", "prices_1h", "funding")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulated_tables(world("phantom"))[0]


@pytest.fixture(scope="module")
def phantom() -> Snapshot:
    return simulated("phantom")


def export(tables: Tables, folder: Path) -> Path:
    """Write tables as files of the import schema (docs/data.md)."""
    figures = tables["observations"].drop(columns=["known_at", "source"])
    stamps = figures["ref_date"].copy()
    for name, rows in figures.groupby("series")["ref_date"]:
        spec = SERIES[str(name)]
        if spec.stamped == "start":
            span = "Q" if spec.period == "quarter" else "M"
            stamps[rows.index] = rows.dt.to_period(span).dt.start_time.dt.as_unit("us")
    units = figures["series"].map({name: spec.unit for name, spec in SERIES.items()})
    figures.assign(ref_date=stamps, unit=units).to_parquet(folder / "observations.parquet")
    days = tables["prices_1d"].drop(columns="source")
    days["date"] = days.pop("opened").dt.tz_localize(None)
    days.to_parquet(folder / "prices_1d.parquet")
    hours = tables["prices_1h"].drop(columns="source")
    hours.rename(columns={"opened": "ts"}).to_parquet(folder / "prices_1h.parquet")
    rates = tables["funding"].drop(columns=["source", "perpetual"])
    rates.to_parquet(folder / "funding.parquet")
    return folder


def test_the_tables_pass_every_check_of_the_import(tables: Tables, tmp_path: Path) -> None:
    read = read_tables([export(tables, tmp_path)])
    assert set(read) == set(tables) == set(TABLES)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            read[name].drop(columns="source"), tables[name].drop(columns="source")
        )
        assert list(read[name].columns) == list(tables[name].columns)
    assert snapshot_id(read) == snapshot_id(tables)


def test_the_series_are_those_of_the_real_tables(tables: Tables) -> None:
    assert set(tables["observations"]["series"]) == CARRIED


def test_the_list_of_real_series_is_right(real_tables: Path) -> None:
    real = pd.read_parquet(real_tables / "observations.parquet", columns=["series"])
    assert set(real["series"].astype(str)) == CARRIED


def test_one_name_is_one_snapshot(phantom: Snapshot) -> None:
    again = simulated("phantom")
    assert again.snapshot_id == phantom.snapshot_id
    assert again.truth == phantom.truth
    pd.testing.assert_frame_equal(again.observations.table, phantom.observations.table)
    assert simulated(f"phantom:{WORLDS['phantom'].seed}").snapshot_id == phantom.snapshot_id


def test_another_seed_is_another_snapshot(phantom: Snapshot) -> None:
    other = simulated("phantom:7")
    assert other.snapshot_id != phantom.snapshot_id
    assert other.truth is not None
    assert (other.truth.world, other.truth.seed) == ("phantom", 7)
    assert other.source == "simulated:phantom:7"


def test_nothing_depends_on_the_global_generator(tables: Tables) -> None:
    np.random.seed(1)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    again, _ = simulated_tables(world("phantom"))
    assert snapshot_id(again) == snapshot_id(tables)
    assert np.random.random() == expected  # noqa: NPY002


def test_the_snapshot_says_what_it_is(phantom: Snapshot) -> None:
    assert phantom.source == "simulated:phantom"
    assert phantom.as_of == pd.Timestamp("2026-08-07", tz="UTC")
    assert phantom.hourly is not None
    assert phantom.hourly.assets == ("BTC", "ETH")
    assert phantom.funding is not None
    assert set(phantom.funding["symbol"]) == {"BTC", "ETH"}
    assert phantom.observations.table["known_by"].eq("rule").all()
    assert "tga_target" in phantom.observations.ids


def test_the_clock_is_that_of_the_release_rules(phantom: Snapshot) -> None:
    assets = phantom.observations.of("fed_assets").set_index("ref_date")["known_at"]
    assert assets["2024-11-13"] == pd.Timestamp("2024-11-14 21:35", tz="UTC")
    assert assets["2024-11-27"] == pd.Timestamp("2024-11-29 21:35", tz="UTC")


@pytest.mark.parametrize("name", ["fantom", "", "Phantom", "phantom2"])
def test_an_unknown_world_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(UnknownName, match=r"unknown simulated world .*(did you mean|known:)"):
        simulated(name)


def test_a_misspelt_world_gets_the_near_name() -> None:
    with pytest.raises(UnknownName, match="did you mean phantom"):
        simulated("fantom")


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.5", "²", "1:2", " 3"])
def test_a_bad_seed_is_refused(seed: str) -> None:
    with pytest.raises(BadConfig, match=r"the seed .* is not a whole number from 0 on"):
        simulated(f"phantom:{seed}")


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_every_world_can_be_built_and_knows_its_truth(name: str) -> None:
    given = WORLDS[name]
    built = build(given)
    assert np.isfinite(built.bitcoin.returns).all()
    assert built.plumbing.sheet.reserves.min() > 500.0
    known = truth(given, built)
    assert set(known.links) <= set(LINKS)
    assert set(LINKS) - set(known.links) <= {"C2a"}
    for claim, size in given.links.items():
        assert size == 0 or known.links[claim] > 0
    assert known.notes
    assert all(note.endswith(".") for note in known.notes)


def test_the_null_world_has_nothing_in_it() -> None:
    known = simulated("null").truth
    assert known is not None
    assert dict(known.links) == dict.fromkeys(sorted(LINKS), 0.0)
    assert "No effect at all is planted for B4, C2a, C2b, C3, C5, C6." in known.notes


def test_the_linked_world_has_everything_in_it() -> None:
    given = world("linked")
    known = truth(given, build(given))
    assert all(value > 0 for value in known.links.values())
    assert set(known.links) == set(LINKS)


def test_phantom_says_what_was_planted(phantom: Snapshot) -> None:
    assert phantom.truth is not None
    links, notes = phantom.truth.links, " ".join(phantom.truth.notes)
    assert links["C2b"] == pytest.approx(4.0, abs=0.8)
    assert links["C3"] == pytest.approx(4.5, abs=0.8)
    assert links["B4"] > 0.3
    assert links["C5"] == links["C6"] == 0.0
    assert "+3% over the next 4 weeks and +6% over 13" in notes
    assert "Nothing of their own is planted for C2a" in notes
    assert "No effect at all is planted for C5, C6." in notes


BITCOIN_MOVES = {"prices_1d", "prices_1h", "funding"}
FACILITY = {"srf", "srf_treasury", "srf_mbs", "fed_assets", "reserves"}


@pytest.mark.parametrize(
    ("claim", "size", "moved", "series"),
    [
        ("B4", 3.0, {"observations"}, FACILITY),
        ("C2a", 4.0, BITCOIN_MOVES, set()),
        ("C2b", 4.0, BITCOIN_MOVES, set()),
        ("C3", 4.0, BITCOIN_MOVES, set()),
        ("C5", 20.0, BITCOIN_MOVES, set()),
        ("C6", 2.0, BITCOIN_MOVES, set()),
    ],
)
def test_a_link_changes_only_what_it_is_about(
    claim: str, size: float, moved: set[str], series: set[str]
) -> None:
    off, _ = simulated_tables(World("off", 5))
    on, _ = simulated_tables(World("on", 5, {claim: size}))
    changed = {name for name in TABLES if not off[name].equals(on[name])}
    assert changed == moved
    differs = off["observations"]["value"] != on["observations"]["value"]
    assert set(off["observations"]["series"][differs]) <= series


def test_amplification_leaves_bitcoin_alone() -> None:
    off, _ = simulated_tables(World("off", 5))
    on, _ = simulated_tables(World("on", 5, {"C6": 2.0}))
    for name in ("prices_1d", "prices_1h", "funding"):
        without, with_link = (tables[name][tables[name]["symbol"] == "BTC"] for tables in (off, on))
        pd.testing.assert_frame_equal(without, with_link)


def test_a_confounder_that_moves_bitcoin_only_leaves_the_figures_alone() -> None:
    off, _ = simulated_tables(World("off", 5))
    on, _ = simulated_tables(World("on", 5, confounders=("calendar",)))
    assert off["observations"].equals(on["observations"])
    assert not off["prices_1d"].equals(on["prices_1d"])

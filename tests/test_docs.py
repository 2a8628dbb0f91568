"""What the docs say of the code is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from data.catalogue import SERIES, series
from data.release import known_at
from scripts.describe_series import DOC, TABLES, parts
from scripts.eras import BEARS_ON
from scripts.release_evidence import COPIES, REASONS, Copies

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_series_are_the_catalogues(name: str) -> None:
    _, written, _ = parts(DOC.read_text(encoding="utf-8"), name)
    assert written.strip() == TABLES[name]().strip(), "run `python -m scripts.describe_series`"


def test_every_series_has_a_reason_for_its_release_time() -> None:
    assert {spec.release for spec in SERIES.values()} == set(REASONS)
    evidence = TABLES["evidence"]()
    named = re.findall(
        r"`([a-z0-9_]+)`", "".join(row.split("|")[1] for row in evidence.split("\n")[2:-1])
    )
    assert sorted(named) == sorted(SERIES)


def test_the_traps_of_every_series_are_told() -> None:
    text = DOC.read_text(encoding="utf-8")
    traps = text.split("### Traps")[1].split("## Prices")[0]
    told = re.findall(r"`([a-z0-9_]+\*?)`", traps)
    for name in SERIES:
        starred = any(each.endswith("*") and name.startswith(each[:-1]) for each in told)
        assert starred or name in told, name
    for names in BEARS_ON.values():
        assert set(names) <= set(SERIES)


def test_the_evidence_is_that_of_the_tables(real_tables: Path) -> None:
    rows = pd.read_parquet(real_tables / "first_seen.parquet")
    found = {}
    for name, group in rows.groupby(rows["series"].astype(str)):
        instants = known_at(series(str(name)), pd.DatetimeIndex(group["ref_date"]))
        ahead = pd.DatetimeIndex(group["published_before"]) - instants
        assert ahead.min() > pd.Timedelta(0)
        found[name] = Copies(len(group), int(ahead.min() / pd.Timedelta(seconds=1)))
    assert found == dict(COPIES)
    late = pd.read_csv(ROOT / "tests" / "data" / "late_copies.csv")
    assert f"for {len(late)} rows" in DOC.read_text(encoding="utf-8").replace("\n", " ")


def test_numbers_in_the_traps_are_those_of_the_tables(real_tables: Path) -> None:
    rows = pd.read_parquet(real_tables / "observations.parquet")
    figures = rows.assign(series=rows["series"].astype(str)).set_index(["series", "ref_date"])
    value = figures["value"].sort_index()
    assert value["rrp"].idxmax() == pd.Timestamp("2022-12-30")
    assert value["rrp"].max() == pytest.approx(2553.716)
    assert value["fed_assets"].idxmax() == pd.Timestamp("2022-04-13")
    assert value["fed_assets"].max() == pytest.approx(8965.487)
    day = pd.Timestamp("2025-10-31")
    assert value["srf", day] == pytest.approx(50.35)
    assert value["srf_treasury", day] == pytest.approx(29.40)
    assert value["srf_mbs", day] == pytest.approx(20.95)
    both = pd.concat([value["tga"], value["tga_wednesday"]], axis=1, join="inner")
    assert (both.iloc[:, 0] - both.iloc[:, 1]).abs().max() < 0.001
    below = value["rrp_rate"] - value["ff_lower"].reindex(value["rrp_rate"].index)
    spell = below[below.round(2) == -0.05].loc["2019":"2020"]
    assert (spell.index[0], spell.index[-1]) == (
        pd.Timestamp("2019-09-19"),
        pd.Timestamp("2020-01-29"),
    )

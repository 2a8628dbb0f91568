"""Where a snapshot comes from, and what is said when it comes from nowhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data.errors import BadConfig
from data.loading import instant, load
from data.snapshot import Snapshot


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def write_tables(folder: Path) -> None:
    days = ["2021-11-01", "2021-11-02", "2021-11-03"]
    pd.DataFrame(
        {"series": "tga", "ref_date": days, "value": [1.0, 2.0, 3.0], "unit": "USD bn"}
    ).to_csv(folder / "observations.csv", index=False)
    prices = dict.fromkeys(("open", "high", "low", "close"), 60_000.0)
    pd.DataFrame(
        {"symbol": "BTC", "date": days, **prices, "volume": 1.0, "market": "kraken USD"}
    ).to_csv(folder / "prices_1d.csv", index=False)


def test_an_instant_states_its_time_zone() -> None:
    assert instant("2025-11-04T00:00Z") == at("2025-11-04")
    assert instant("2025-11-03T19:00-05:00") == at("2025-11-04")
    assert str(instant("2025-11-03T19:00-05:00").tz) == "UTC"


@pytest.mark.parametrize(
    ("text", "message"),
    [("2025-11-04", "'2025-11-04' has no time zone: give"), ("soon", "'soon' is not a time: give")],
)
def test_an_instant_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        instant(text)


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(BadConfig, match="--data 'nowhere': neither auto, store"):
        load("nowhere")


def test_an_empty_store_is_refused_by_name() -> None:
    with pytest.raises(BadConfig, match="the store is empty: `plumbline data fetch`"):
        load("store")


def test_an_empty_store_gives_way_to_the_built_in_world(phantom: Snapshot) -> None:
    loaded = load("auto")
    assert loaded.source == "simulated:phantom"
    assert loaded.snapshot_id == phantom.snapshot_id
    assert loaded.truth is not None


def test_tables_in_a_folder(tmp_path: Path) -> None:
    write_tables(tmp_path)
    loaded = load(str(tmp_path))
    assert (loaded.source, loaded.as_of) == (str(tmp_path), at("2021-11-04"))
    assert "tga" in loaded.observations.ids


def test_a_cut_on_loading(tmp_path: Path) -> None:
    write_tables(tmp_path)
    loaded = load(str(tmp_path), as_of=at("2021-11-03"))
    assert loaded.as_of == at("2021-11-03")
    assert (loaded.observations.table["known_at"] <= loaded.as_of).all()
    assert len(loaded.daily.index) == 2

"""The import schema refuses bad rows by name, and normalises good ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

from data.errors import BadTable, UnknownName
from data.tables import read_tables


def observations(**changes: Any) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "series": ["rrp", "rrp", "sofr"],
            "ref_date": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-02"]),
            "value": [700.5, 680.25, 5.40],
            "unit": ["USD bn", "USD bn", "percent"],
        }
    )
    return table.assign(**changes)


def prices(**changes: Any) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "symbol": ["BTC", "BTC"],
            "date": pd.to_datetime(["2024-01-02", "2024-01-03"]),
            "open": [100.0, 110.0],
            "high": [115.0, 120.0],
            "low": [95.0, 100.0],
            "close": [110.0, 105.0],
            "volume": [1.0, 2.0],
            "market": ["a spot USD", "a spot USD"],
        }
    )
    return table.assign(**changes)


def read(tmp_path: Path, name: str, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    path = tmp_path / name
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return read_tables([path])


@pytest.mark.parametrize("name", ["observations.parquet", "observations.csv", "mine.parquet"])
def test_observations_are_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, name, observations())["observations"]
    assert list(table["value"]) == [700.5, 680.25, 5.40]
    assert table["ref_date"].dtype == "datetime64[us]"
    assert table["known_at"].isna().all()


@pytest.mark.parametrize("unit", ["ns", "ms", "us", "s"])
def test_mixed_datetime_units_become_one(
    tmp_path: Path, unit: Literal["s", "ms", "us", "ns"]
) -> None:
    dates = pd.DatetimeIndex(["2024-01-02", "2024-01-03"]).as_unit(unit)
    table = read(tmp_path, "prices_1d.parquet", prices(date=dates))["prices_1d"]
    assert table["opened"].dtype == "datetime64[us, UTC]"
    assert table["opened"].iloc[0] == pd.Timestamp("2024-01-02", tz="UTC")


def test_period_start_stamps_move_to_the_period_end(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"series": ["gdp"], "ref_date": pd.to_datetime(["2024-01-01"]), "value": [28000.0]}
    )
    read_back = read(tmp_path, "observations.parquet", table)["observations"]
    assert read_back["ref_date"].iloc[0] == pd.Timestamp("2024-03-31")


def test_the_volume_of_a_close_only_row_is_unknown_not_zero(tmp_path: Path) -> None:
    table = prices(
        close_only=[False, True],
        open=[100.0, None],
        high=[115.0, None],
        low=[95.0, None],
        volume=[1.0, 0.0],
    )
    read_back = read(tmp_path, "prices_1d.parquet", table)["prices_1d"]
    assert read_back["volume"].isna().tolist() == [False, True]


BAD_OBSERVATIONS = [
    ({"value": [700.5, None, 5.4]}, r"rrp, 2024-01-03, value = nan: a figure must be a number"),
    ({"value": ["1", "x", "2"]}, r"row 1: value = 'x' is no number"),
    ({"series": ["rrp", "rrp", "sofrr"]}, r"unknown series .* 'sofrr': did you mean sofr"),
    ({"unit": ["USD mn", "USD bn", "percent"]}, r"rrp, 2024-01-02: unit 'USD mn', .* 'USD bn'"),
    (
        {"ref_date": pd.to_datetime(["2024-01-02", "2024-01-02", "2024-01-02"])},
        r"rrp, 2024-01-02: a second row for the same key",
    ),
    (
        {"ref_date": pd.to_datetime(["2024-01-03", "2024-01-02", "2024-01-02"])},
        r"rrp, 2024-01-02: ref_date goes back in time",
    ),
    (
        {"ref_date": pd.to_datetime(["2024-01-02 05:00", "2024-01-03 00:00", "2024-01-02 00:00"])},
        r"ref_date = 2024-01-02 05:00:00 is not a whole day",
    ),
    (
        {"known_at": pd.to_datetime(["2024-01-02 21:00", "2024-01-03 21:00", "2024-01-03 13:00"])},
        r"known_at = 2024-01-02 21:00:00 is an instant without a time zone",
    ),
    (
        {"known_at": pd.to_datetime(["2023-12-02", "2024-01-04", "2024-01-03"], utc=True)},
        r"rrp, 2024-01-02, known_at = 2023-12-02 .*: known before the period it is about",
    ),
    ({"valeu": [1, 2, 3]}, r"unknown column in observations.parquet 'valeu': did you mean value"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_OBSERVATIONS)
def test_a_bad_observation_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises((BadTable, UnknownName), match=message) as caught:
        read(tmp_path, "observations.parquet", observations(**changes))
    assert "\n" not in str(caught.value)


BAD_PRICES = [
    ({"close": [110.0, -1.0]}, r"BTC, 2024-01-03 .*close = -1.0: a price must be above zero"),
    ({"open": [0.0, 110.0]}, r"BTC, 2024-01-02 .*open = 0.0: a price must be above zero"),
    ({"open": [None, 110.0]}, r"BTC, 2024-01-02 .*open = nan: a price is missing"),
    ({"high": [105.0, 120.0]}, r"high = 105.0: high lies below open or close"),
    ({"low": [101.0, 100.0]}, r"low = 101.0: low lies above open or close"),
    ({"volume": [-5.0, 2.0]}, r"volume = -5.0: a volume cannot be negative"),
    (
        {"date": pd.to_datetime(["2024-01-02", "2024-01-03"], utc=True)},
        r"date carries a time zone",
    ),
]


@pytest.mark.parametrize(("changes", "message"), BAD_PRICES)
def test_a_bad_price_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadTable, match=message):
        read(tmp_path, "prices_1d.parquet", prices(**changes))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"prices_1d.parquet: column 'market' is missing"):
        read(tmp_path, "prices_1d.parquet", prices().drop(columns="market"))


def test_hourly_instants_need_a_time_zone(tmp_path: Path) -> None:
    table = prices().rename(columns={"date": "ts"})
    with pytest.raises(BadTable, match=r"ts = 2024-01-02 00:00:00 is an instant without"):
        read(tmp_path, "prices_1h.parquet", table)


def test_a_file_of_no_known_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"mine.csv: columns a, b are of no known table"):
        read(tmp_path, "mine.csv", pd.DataFrame({"a": [1], "b": [2]}))


def test_an_absent_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no such file or directory"):
        read_tables([tmp_path / "nowhere"])
    with pytest.raises(BadTable, match="no table to import"):
        read_tables([tmp_path])


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "observations.parquet"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(BadTable, match=r"observations.parquet: cannot be read as parquet"):
        read_tables([path])


def test_the_real_tables_pass(real_tables: Path) -> None:
    tables = read_tables([real_tables])
    assert set(tables) == {"observations", "prices_1d", "prices_1h", "funding"}
    assert len(tables["observations"]) > 100_000

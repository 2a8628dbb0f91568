"""Bars on their grid, and who could be held when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.bars import FIELDS, MIN_BARS, Bars, from_rows
from data.errors import BadTable

DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
START = pd.Timestamp("2021-01-01", tz="UTC")
NAN = float("nan")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def rows(symbol: str, days: list[int], price: float = 10.0, **columns: Any) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "symbol": symbol,
            "opened": START + DAY * pd.Series(days),
            "open": price,
            "high": price + 1.0,
            "low": price - 1.0,
            "close": price + 0.5,
            "volume": 100.0,
            "market": "kraken USD",
        }
    )
    return table.assign(**columns)


def bars(*tables: pd.DataFrame, timeframe: pd.Timedelta = DAY) -> Bars:
    return from_rows(pd.concat(tables, ignore_index=True), timeframe)


class TestPivot:
    def test_a_bar_stands_at_the_moment_it_closes(self) -> None:
        made = bars(rows("BTC", [0, 1]))
        assert list(made.index) == [START + DAY, START + 2 * DAY]
        assert made.index.name == "close_time"
        assert made.index.unit == "us"

    def test_a_missing_bar_is_a_row_of_nan_and_never_filled(self) -> None:
        made = bars(rows("BTC", [0, 3]))
        assert list(made.index) == [START + DAY * n for n in (1, 2, 3, 4)]
        for name in FIELDS:
            assert list(getattr(made, name)["BTC"].isna()) == [False, True, True, False]
        assert list(made.market["BTC"].isna()) == [False, True, True, False]
        assert made.market["BTC"].iloc[0] == "kraken USD"

    def test_assets_are_sorted_and_each_keeps_its_own_rows(self) -> None:
        made = bars(rows("SOL", [1], 5.0), rows("BTC", [0, 1], 7.0))
        assert made.assets == ("BTC", "SOL")
        assert np.array_equal(made.open.to_numpy(), [[7.0, NAN], [7.0, 5.0]], equal_nan=True)

    @settings(max_examples=40)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["BTC", "ETH", "SOL"]), st.integers(0, 20)),
            min_size=1,
            max_size=30,
            unique=True,
        )
    )
    def test_every_row_is_found_again_and_nothing_else(self, keys: list[tuple[str, int]]) -> None:
        tables = [rows(name, [day], 100.0 * day + len(name)) for name, day in keys]
        made = bars(*tables)
        for symbol, day in keys:
            close_time = START + DAY * (day + 1)
            assert made.open.at[close_time, symbol] == 100.0 * day + len(symbol)
        for name in FIELDS:
            assert int(getattr(made, name).notna().to_numpy().sum()) == len(keys)
        assert (np.diff(made.index) == DAY).all()

    def test_hourly_bars_close_an_hour_later(self) -> None:
        made = bars(rows("BTC", [0]), timeframe=HOUR)
        assert list(made.index) == [START + HOUR]
        assert made.timeframe == HOUR

    def test_a_bar_off_the_grid_is_named(self) -> None:
        odd = rows("ETH", [1], opened=START + 30 * HOUR)
        with pytest.raises(BadTable, match=r"ETH 2021-01-02 06:00.* does not open on the 1 days"):
            bars(rows("BTC", [0, 1, 2]), odd)

    def test_fields_must_share_one_grid(self) -> None:
        made = bars(rows("BTC", [0, 1]))
        frames = {name: getattr(made, name) for name in (*FIELDS, "market")}
        frames["volume"] = frames["volume"].iloc[:1]
        with pytest.raises(BadTable, match="volume and close differ in index or columns"):
            Bars(**frames, timeframe=DAY)


class TestCut:
    def test_only_closed_bars_are_left_and_every_asset(self) -> None:
        made = bars(rows("BTC", [0, 1, 2]), rows("SOL", [2]))
        cut = made.until(at("2021-01-03"))
        assert list(cut.index) == [at("2021-01-02"), at("2021-01-03")]
        assert cut.assets == ("BTC", "SOL")
        assert len(made.until(at("2021-01-03") - HOUR).index) == 1
        assert len(made.until(START).index) == 0

    def test_chosen_assets(self) -> None:
        made = bars(rows("BTC", [0]), rows("SOL", [0])).select(["SOL"])
        assert made.assets == ("SOL",)
        assert list(made.market.columns) == ["SOL"]


class TestUniverse:
    def test_a_coin_counts_from_its_thirtieth_bar(self) -> None:
        held = bars(rows("BTC", list(range(40)))).universe()["BTC"]
        assert held.idxmax() == START + MIN_BARS * DAY
        assert int(held.sum()) == 40 - MIN_BARS + 1

    def test_bars_are_counted_not_days(self) -> None:
        days = [day for day in range(60) if day % 2 == 0]
        held = bars(rows("BTC", list(range(60))), rows("SOL", days)).universe()["SOL"]
        assert int(held.sum()) == 1
        assert held.idxmax() == START + 59 * DAY

    def test_a_day_without_a_bar_is_out_and_the_next_is_in_again(self) -> None:
        days = [day for day in range(45) if day != 40]
        held = bars(rows("BTC", list(range(45))), rows("SOL", days)).universe()["SOL"]
        assert list(held.loc[START + 40 * DAY : START + 43 * DAY]) == [True, False, True, True]

    def test_a_bar_with_a_close_only_cannot_be_traded(self) -> None:
        made = bars(rows("BTC", list(range(40)), open=NAN, high=NAN, low=NAN))
        assert not made.tradable.to_numpy().any()
        assert not made.universe().to_numpy().any()

    def test_stablecoins_never_count(self) -> None:
        assert not bars(rows("USDT", list(range(40)))).universe().to_numpy().any()

    def test_a_delisted_coin_is_out_from_its_first_day_without_trading(self) -> None:
        # LUNA_CLASSIC did not trade on 2022-05-14: its last bar closed at 00:00 of that day.
        opened = pd.Series(pd.date_range("2022-04-01", "2022-05-20", tz="UTC", unit="us"))
        table = rows("LUNA_CLASSIC", list(range(len(opened)))).assign(opened=opened)
        held = bars(table).universe()["LUNA_CLASSIC"]
        assert held.index[held][-1] == at("2022-05-14")

    def test_a_smaller_minimum(self) -> None:
        assert bars(rows("BTC", [0, 1, 2])).universe(min_bars=2)["BTC"].tolist() == [
            False,
            True,
            True,
        ]

    @settings(max_examples=30)
    @given(st.sets(st.integers(0, 60), min_size=1), st.integers(0, 61))
    def test_a_day_does_not_depend_on_what_came_after_it(self, days: set[int], cut: int) -> None:
        made = bars(rows("BTC", list(range(61))), rows("SOL", sorted(days)))
        t = START + DAY * cut
        pd.testing.assert_frame_equal(made.universe().loc[:t], made.until(t).universe())

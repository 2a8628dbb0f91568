"""One state of the data: cuts and falsified futures keep the past, and where it comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.bars import FIELDS, Bars
from data.errors import BadTable, TooShort, UnknownName
from data.poison import INVENTED, Flavour
from data.snapshot import HOUR, Snapshot, from_tables
from tests.signals.small_world import DAY, small_bars, small_observations

FLAVOURS: tuple[Flavour, ...] = ("wild", "mirrored", "listing", "absent")
FUNDING_AT = pd.date_range("2021-01-01", "2022-12-31", freq="8h", tz="UTC", unit="us")


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@pytest.fixture(scope="module")
def world() -> Snapshot:
    rng = np.random.default_rng(2)
    daily = small_bars(rng)
    index = pd.date_range("2021-06-01", "2021-08-01", freq="h", tz="UTC", unit="us")
    price = pd.DataFrame({"BTC": rng.lognormal(size=len(index))}, index=index)
    return Snapshot(
        observations=small_observations(rng),
        daily=daily,
        hourly=Bars(price, price, price, price, price, price.astype(str), HOUR),
        funding=pd.DataFrame({"symbol": "BTC", "ts": FUNDING_AT, "rate": 1e-4, "venue": "x"}),
        snapshot_id="0",
        as_of=daily.index[-1],
        source="test",
    )


def assert_same(left: Snapshot, right: Snapshot) -> None:
    pd.testing.assert_frame_equal(
        left.observations.table.reset_index(drop=True),
        right.observations.table.reset_index(drop=True),
        check_exact=True,
    )
    for a, b in ((left.daily, right.daily), (left.hourly, right.hourly)):
        assert a is not None
        assert b is not None
        for name in (*FIELDS, "market"):
            pd.testing.assert_frame_equal(
                getattr(a, name), getattr(b, name), check_exact=True, check_freq=False
            )
    assert left.funding is not None
    assert right.funding is not None
    pd.testing.assert_frame_equal(left.funding, right.funding, check_exact=True)


def without_invented(snapshot: Snapshot) -> Snapshot:
    kept = [name for name in snapshot.daily.assets if name not in INVENTED]
    hourly = snapshot.hourly
    assert hourly is not None
    return replace(
        snapshot,
        daily=snapshot.daily.select(kept),
        hourly=hourly.select([name for name in hourly.assets if name not in INVENTED]),
    )


times = st.integers(0, 1400).map(lambda day: at("2019-10-20") + DAY * day)
several = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestUntil:
    @several
    @given(t=times)
    def test_nothing_later_is_left(self, world: Snapshot, t: pd.Timestamp) -> None:
        cut = world.until(t)
        assert (cut.observations.table["known_at"] <= t).all()
        assert (cut.daily.index <= t).all()
        assert cut.hourly is not None
        assert (cut.hourly.index <= t).all()
        assert cut.funding is not None
        assert (cut.funding["ts"] <= t).all()
        assert cut.as_of == min(t, world.as_of)

    def test_a_cut_after_the_end_changes_nothing(self, world: Snapshot) -> None:
        later = world.until(world.as_of + DAY * 400)
        assert_same(later, world)
        assert later.as_of == world.as_of


class TestPoisoned:
    @several
    @given(t=times, flavour=st.sampled_from(FLAVOURS), seed=st.integers(0, 9))
    def test_the_past_stays_to_the_bit(
        self, world: Snapshot, t: pd.Timestamp, flavour: Flavour, seed: int
    ) -> None:
        false = world.poisoned(t, np.random.default_rng(seed), flavour=flavour)
        assert_same(without_invented(false).until(t), world.until(t))

    @several
    @given(t=times, flavour=st.sampled_from(FLAVOURS))
    def test_coins_that_begin_later_have_no_past(
        self, world: Snapshot, t: pd.Timestamp, flavour: Flavour
    ) -> None:
        daily = world.poisoned(t, np.random.default_rng(0), flavour=flavour).daily.until(t)
        for name in set(daily.assets) & set(INVENTED):
            assert daily.close[name].isna().all()

    @pytest.mark.parametrize("flavour", FLAVOURS)
    def test_the_future_is_another_one(self, world: Snapshot, flavour: Flavour) -> None:
        t = at("2021-07-01")
        false = without_invented(world.poisoned(t, np.random.default_rng(0), flavour=flavour))
        after = world.daily.index > t
        for name in FIELDS:
            real, other = (getattr(bars, name).loc[after] for bars in (world.daily, false.daily))
            both = real.notna() & other.notna()
            assert not (both & (real == other)).any(axis=None), name
        old, new = (
            set(zip(x["series"], x["ref_date"], x["value"], x["known_at"], strict=True))
            for x in (
                both.observations.table.query("known_at > @t", local_dict={"t": t})
                for both in (world, false)
            )
        )
        assert len(old & new) == 0

    def test_a_wild_future_has_every_kind_of_fault(self, world: Snapshot) -> None:
        t = at("2021-07-01")
        false = world.poisoned(t, np.random.default_rng(0), flavour="wild")
        close, real = (bars.close.loc[t + DAY :, "BTC"] for bars in (false.daily, world.daily))
        assert close.isna().any()
        assert (close < 0).any()
        assert (close > 1000 * real).any()
        assert (close.abs() < real / 1000).any()
        table = false.observations.of("tga")
        later = table[table["known_at"] > t]
        assert (later["value"] < 0).any()
        assert (later["value"].abs() > 1e6).any()
        revised = later[later["ref_date"] < pd.Timestamp("2021-06-20")]
        assert revised["ref_date"].isin(table[table["known_at"] <= t]["ref_date"]).any()
        true_days = world.observations.of("tga")["ref_date"]
        assert not later["ref_date"].isin(true_days).all()
        assert not true_days.isin(table["ref_date"]).all()

    def test_a_mirrored_future_is_one_of_prices(self, world: Snapshot) -> None:
        t = at("2021-07-01")
        false = world.poisoned(t, np.random.default_rng(0), flavour="mirrored").daily
        after = slice(t + DAY, None)
        close, high = false.close.loc[after], false.high.loc[after]
        opened, low = false.open.loc[after], false.low.loc[after]
        seen = close.notna()
        assert (close > 0).where(seen, True).all(axis=None)
        assert ((high >= opened) & (high >= close)).where(seen, True).all(axis=None)
        assert ((low <= opened) & (low <= close)).where(seen, True).all(axis=None)
        real = world.daily.close.loc[after].pct_change(fill_method=None)
        mirror = close.pct_change(fill_method=None)
        both = (real.abs() > 0.05) & mirror.notna()
        assert both.to_numpy().sum() > 20
        assert (np.sign(real) == -np.sign(mirror)).where(both, True).all(axis=None)

    def test_nothing_comes_after_an_absent_future(self, world: Snapshot) -> None:
        t = at("2021-07-01")
        false = world.poisoned(t, np.random.default_rng(0), flavour="absent")
        assert (false.observations.table["known_at"] <= t).all()
        assert false.daily.close.loc[t + DAY :].isna().all(axis=None)
        assert false.daily.market.loc[t + DAY :].isna().all(axis=None)
        assert false.funding is not None
        assert (false.funding["ts"] <= t).all()

    @pytest.mark.parametrize(
        "name", ["tga", "daily.close", "daily.market", "hourly.open", "funding"]
    )
    def test_one_input_alone(self, world: Snapshot, name: str) -> None:
        t = at("2021-07-01")
        false = world.poisoned(t, np.random.default_rng(0), flavour="mirrored", only=[name])
        changed = set()
        for series in sorted(world.observations.ids):
            if (
                not false.observations.of(series)
                .reset_index(drop=True)
                .equals(world.observations.of(series).reset_index(drop=True))
            ):
                changed.add(series)
        for prefix in ("daily", "hourly"):
            for field in (*FIELDS, "market"):
                real, other = (getattr(getattr(x, prefix), field) for x in (world, false))
                if not real.equals(other):
                    changed.add(f"{prefix}.{field}")
        assert false.funding is not None
        assert world.funding is not None
        if not false.funding.equals(world.funding):
            changed.add("funding")
        assert changed == {name}

    def test_the_same_seed_gives_the_same_future(self, world: Snapshot) -> None:
        t = at("2021-07-01")
        first, second = (world.poisoned(t, np.random.default_rng(4)) for _ in range(2))
        assert_same(first, second)

    def test_an_unknown_input_is_named(self, world: Snapshot) -> None:
        with pytest.raises(UnknownName, match="unknown input 'tgaa': did you mean tga"):
            world.poisoned(at("2021-07-01"), np.random.default_rng(0), only=["tgaa"])

    def test_its_inputs(self, world: Snapshot) -> None:
        assert {"tga", "daily.close", "daily.market", "hourly.volume", "funding"} <= set(
            world.inputs
        )
        assert len(world.inputs) == len(world.observations.ids) + 13


class TestFromTables:
    def test_it_ends_with_the_last_bar_of_btc(self) -> None:
        observations, prices = stored_tables()
        made = from_tables({"observations": observations, "prices_1d": prices}, "mine")
        assert (made.as_of, made.source) == (at("2021-11-05"), "mine")
        assert made.hourly is None
        assert made.funding is None
        assert made.truth is None

    def test_the_announced_targets_come_beside_the_balance_they_are_for(self) -> None:
        observations, prices = stored_tables()
        made = from_tables({"observations": observations, "prices_1d": prices}, "mine")
        assert made.observations.ids == {"tga", "tga_target"}
        other = observations.assign(series="rrp")
        made = from_tables({"observations": other, "prices_1d": prices}, "mine")
        assert made.observations.ids == {"rrp"}

    def test_both_tables_are_needed_and_btc_among_the_prices(self) -> None:
        observations, prices = stored_tables()
        with pytest.raises(BadTable, match="there is no observations table"):
            from_tables({"prices_1d": prices}, "mine")
        with pytest.raises(BadTable, match="there is no prices_1d table"):
            from_tables({"observations": observations}, "mine")
        with pytest.raises(TooShort, match="mine: prices_1d has no BTC"):
            from_tables(
                {"observations": observations, "prices_1d": prices.assign(symbol="ETH")}, "mine"
            )


def stored_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    observations = pd.DataFrame(
        {
            "series": ["tga", "tga"],
            "ref_date": pd.DatetimeIndex(["2021-11-02", "2021-11-03"]).as_unit("us"),
            "value": [200.0, 210.0],
            "known_at": pd.Series([pd.NaT, pd.NaT]).dt.tz_localize("UTC"),
            "source": "test",
        }
    )
    prices = pd.DataFrame(
        {
            "symbol": "BTC",
            "opened": pd.date_range("2021-11-01", periods=4, tz="UTC", unit="us"),
            **dict.fromkeys(("open", "high", "low", "close"), 60_000.0),
            "volume": 1.0,
            "market": "kraken USD",
        }
    )
    return observations, prices

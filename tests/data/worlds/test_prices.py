"""Prices: valid bars, hours that make their days, fat tails, clustered volatility."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.bars import from_rows
from data.tables import Tables
from data.worlds.build import Built, build, to_tables
from data.worlds.coins import ALTCOINS, COINS
from data.worlds.config import World

WORLD = World("tried", 12)


@pytest.fixture(scope="module")
def built() -> Built:
    return build(WORLD)


@pytest.fixture(scope="module")
def tables(built: Built) -> Tables:
    return to_tables(WORLD, built)


def of(table: pd.DataFrame, symbol: str) -> pd.DataFrame:
    return table[table["symbol"] == symbol].set_index("opened")


@pytest.mark.parametrize("name", ["prices_1d", "prices_1h"])
def test_bars_are_valid(tables: Tables, name: str) -> None:
    bars = tables[name]
    assert (bars[["open", "high", "low", "close"]] > 0.0).all(axis=None)
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] > bars["low"]).mean() > 0.99
    assert (bars["volume"] >= 0.0).all()
    assert not bars.duplicated(["symbol", "opened"]).any()


@pytest.mark.parametrize("symbol", ["BTC", "ETH"])
def test_hours_aggregate_exactly_to_their_day(tables: Tables, symbol: str) -> None:
    hours, days = of(tables["prices_1h"], symbol), of(tables["prices_1d"], symbol)
    assert hours.index[0] == pd.Timestamp("2021-01-01", tz="UTC")
    assert hours.index[-1] == pd.Timestamp("2026-08-06 23:00", tz="UTC")
    day = pd.DatetimeIndex(hours.index).floor("D")
    made = hours.groupby(day).agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    days = days.loc[made.index, made.columns]
    prices = ["open", "high", "low", "close"]
    np.testing.assert_array_equal(made[prices], days[prices])
    np.testing.assert_allclose(made["volume"], days["volume"], rtol=1e-9, atol=0.001)
    assert (hours.groupby(day).size() == 24).all()


def test_a_bar_opens_near_the_last_close_but_not_on_it(tables: Tables) -> None:
    days = of(tables["prices_1d"], "BTC")
    step = np.log(days["open"].to_numpy()[1:] / days["close"].to_numpy()[:-1])
    assert np.abs(step).max() < 0.002
    assert (step != 0).mean() > 0.99


def test_closes_follow_the_returns(built: Built, tables: Tables) -> None:
    for path in (built.bitcoin, built.altcoins[0]):
        close = of(tables["prices_1d"], path.coin.name)["close"].to_numpy()
        np.testing.assert_allclose(np.diff(np.log(close)), path.returns[1:], atol=2e-6)


def test_listings_delistings_and_gaps(tables: Tables) -> None:
    bars = from_rows(tables["prices_1d"], pd.Timedelta(days=1))
    assert set(bars.assets) == {coin.name for coin in COINS}
    for coin in COINS:
        first = bars.close[coin.name].first_valid_index()
        assert first == pd.Timestamp(coin.first, tz="UTC") + pd.Timedelta(days=1)
    terra = bars.close["LUNA_CLASSIC"]
    assert terra.last_valid_index() == pd.Timestamp("2022-05-14", tz="UTC")
    assert terra["2022-05-14"].item() < 1e-4 * terra["2022-05-08"].item()
    missing = bars.close["ATOM"]["2019-05-01":].isna()
    days = pd.DatetimeIndex(missing.index[missing]) - pd.Timedelta(days=1)
    assert (str(days[0].date()), str(days[-1].date())) == ("2026-03-19", "2026-04-19")
    assert len(days) == 32
    others = [coin.name for coin in COINS if coin.name not in ("ATOM", "LUNA_CLASSIC")]
    assert bars.close[others].iloc[-1].notna().all()
    held = bars.universe()
    assert not held.loc["2022-05-15", "LUNA_CLASSIC"]
    assert held.loc["2026-03-19", "ATOM"]
    assert not held.loc["2026-03-20", "ATOM"]
    assert not held.loc["2024-12-20", "HYPE"]
    assert held.loc["2025-01-04", "HYPE"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_returns_have_fat_tails_and_clustered_volatility(seed: int) -> None:
    returns = pd.Series(build(World("tried", seed)).bitcoin.returns)
    assert ((returns / returns.std()) ** 4).mean() - 3.0 > 3.0
    size = returns.abs()
    assert np.mean([size.autocorr(lag) for lag in range(1, 11)]) > 0.08
    assert abs(returns.autocorr()) < 0.08
    assert 0.4 < returns.std() * np.sqrt(365) < 0.9


def test_altcoins_are_beta_times_bitcoin_and_their_own_noise(built: Built) -> None:
    betas = {coin.name: coin.beta for coin in ALTCOINS}
    for path in built.altcoins:
        if path.coin.name == "LUNA_CLASSIC":
            continue
        lead = built.bitcoin.returns[path.first : path.first + len(path.returns)]
        fit, covariance = np.polyfit(lead, path.returns, 1, cov=True)
        # Clustered volatility widens the plain standard error.
        assert abs(fit[0] - betas[path.coin.name]) < 5.0 * np.sqrt(covariance[0, 0])
        own = path.returns - betas[path.coin.name] * lead
        assert 0.25 < own.std() * np.sqrt(365) < 1.5


def test_own_noises_are_independent(built: Built) -> None:
    since = built.time.at("2020-09-01")
    own = [
        (path.returns - path.coin.beta * built.bitcoin.returns[path.first :])[since - path.first :]
        for path in built.altcoins
        if path.coin.name not in ("LUNA_CLASSIC", "HYPE")
    ]
    correlations = np.asarray(np.corrcoef(own))[np.triu_indices(len(own), 1)]
    assert np.abs(correlations).max() < 0.12


def test_funding_comes_every_eight_hours_and_follows_the_price(
    built: Built, tables: Tables
) -> None:
    table = tables["funding"]
    for symbol, first in (("BTC", "2019-09-10"), ("ETH", "2019-11-27")):
        rates = table[table["symbol"] == symbol].set_index("ts")["rate"]
        assert rates.index[0] == pd.Timestamp(first, tz="UTC")
        assert (rates.index.to_series().diff().dropna() == pd.Timedelta(hours=8)).all()
        assert rates.abs().max() <= 0.003
    rates = table[table["symbol"] == "BTC"].set_index("ts")["rate"]
    past = pd.Series(built.bitcoin.returns, index=built.time.days.tz_localize("UTC"))
    heat = past.rolling(14).sum().shift().reindex(pd.DatetimeIndex(rates.index).floor("D"))
    assert np.corrcoef(heat, rates)[0, 1] > 0.5

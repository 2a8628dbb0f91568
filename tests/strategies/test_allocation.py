"""Each allocation against weights worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from strategies.allocation.altcoins import UptrendAltcoins
from strategies.allocation.base import Allocation
from strategies.allocation.baskets import BtcOnly, EqualWeight, InverseVolatility
from strategies.allocation.hedged import HedgedAltcoins
from strategies.allocation.liquidity_beta import LiquidityBeta
from strategies.allocation.momentum import Momentum
from strategies.market import Market
from tests.strategies.small import FIRST, NAN, Given, bars, market, panel


def last(rule: Allocation, world: Market) -> list[float]:
    return [float(weight) for weight in rule.weights(world)[-1]]


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def swinging(size: float, count: int = 61, drift: float = 0.0) -> list[float]:
    """Closes whose log returns alternate between +size and -size."""
    steps = [drift + (size if at % 2 else -size) for at in range(1, count)]
    return [float(close) for close in 100.0 * np.exp(np.cumsum([0.0, *steps]))]


def test_btc_only() -> None:
    same(last(BtcOnly(), market({"BTC": [1.0], "ETH": [1.0]})), [1, 0])


def test_equal_weight_holds_the_universe_of_the_day() -> None:
    closes = {"BTC": [1.0, 1.0, 1.0], "ETH": [1.0, NAN, 1.0], "USDC": [1.0, 1.0, 1.0]}
    found = EqualWeight().weights(market(closes))
    same(found, [[0.5, 0.5, 0], [1, 0, 0], [0.5, 0.5, 0]])


def test_equal_weight_waits_for_thirty_bars() -> None:
    world = Market(panel(31), bars({"BTC": [1.0] * 31}, season=0))
    same(EqualWeight().weights(world)[28:, 0], [0, 1, 1])


def test_a_delisted_coin_leaves_the_universe() -> None:
    first = FIRST.replace(year=2022, month=5, day=13)
    closes = {"BTC": [1.0] * 3, "LUNA_CLASSIC": [1.0, 0.1, NAN]}
    world = Market(panel(3, first=first), bars(closes, first))
    same(EqualWeight().weights(world), [[0.5, 0.5], [0.5, 0.5], [1, 0]])


def test_inverse_volatility() -> None:
    closes = {"BTC": swinging(0.01), "ETH": swinging(0.02), "SOL": swinging(0.04)}
    world = market(closes, season=0)
    volatility = world.volatility(60)[-1]
    parts = 1.0 / volatility
    same(last(InverseVolatility(days=60), world), parts / parts.sum())
    # Returns, not log returns: the ratios are 1 : 2 : 4 but for terms of the second order.
    assert last(InverseVolatility(days=60), world) == pytest.approx([4 / 7, 2 / 7, 1 / 7], rel=2e-3)


def test_inverse_volatility_leaves_out_what_has_no_volatility() -> None:
    young = [NAN] * 25 + swinging(0.02, 36)
    world = market({"BTC": swinging(0.01), "NEW": young}, season=0)
    same(last(InverseVolatility(days=60), world), [1, 0])
    still = market({"BTC": [1.0] * 61, "ETH": swinging(0.02)}, season=0)
    assert np.isnan(last(InverseVolatility(days=60), still)).all()


@pytest.mark.parametrize(
    ("count", "volume", "capital", "expected"),
    [
        # Half over one coin is cut to 20%; over five it is 10% each.
        (1, 1e9, 1e6, [0.8, 0.2]),
        (5, 1e9, 1e6, [0.5] + [0.1] * 5),
        # 1% of a daily volume of 5 million is 50,000: 5% of the capital.
        (2, 5e6, 1e6, [0.9, 0.05, 0.05]),
    ],
)
def test_altcoins_in_an_uptrend_within_limits(
    count: int, volume: float, capital: float, expected: list[float]
) -> None:
    closes = {"BTC": [1.0, 1.0, 1.1], **{f"C{at}": [1.0] * 3 for at in range(count)}}
    world = Market(panel(3), bars(closes, volume=volume))
    rule = UptrendAltcoins(part=0.5, trend_days=3, capital=capital)
    same(last(rule, world), expected)


def test_no_altcoins_without_an_uptrend_and_no_answer_without_a_trend() -> None:
    closes = {"BTC": [1.0, 1.1, 0.9], "ETH": [1.0, 1.0, 1.0]}
    same(last(UptrendAltcoins(trend_days=3), market(closes)), [1, 0])
    assert np.isnan(last(UptrendAltcoins(trend_days=60), market(closes))).all()


def test_a_coin_of_unknown_volume_is_not_bought() -> None:
    closes = {"BTC": [1.0, 1.0, 1.1], "ETH": [1.0] * 3}
    world = Market(panel(3), bars(closes, volume=NAN))
    same(last(UptrendAltcoins(trend_days=3), world), [1, 0])


def test_momentum_takes_the_strongest_and_leaves_empty_places_in_cash() -> None:
    closes = {
        "AAA": [1.0, 1.3],
        "BTC": [1.0, 1.1],
        "CCC": [1.0, 1.2],
        "DDD": [1.0, 0.9],
        "EEE": [1.0, 1.1],
    }
    world = market(closes)
    same(last(Momentum(top=2, days=1), world), [0.5, 0, 0.5, 0, 0])
    # Of equals the earlier name.
    same(last(Momentum(top=3, days=1), world), [1 / 3, 1 / 3, 1 / 3, 0, 0])
    same(last(Momentum(top=5, days=1), world), [0.2, 0.2, 0.2, 0, 0.2])


def test_momentum_over_a_gap_is_no_momentum() -> None:
    closes = {"BTC": [1.0, 1.0, 1.1], "ETH": [1.0, NAN, 2.0]}
    same(last(Momentum(top=2, days=1), market(closes)), [0.5, 0])


def geared(beta: float, count: int = 61) -> list[float]:
    btc = np.array(swinging(0.02, count))
    returns = beta * (btc[1:] / btc[:-1] - 1.0)
    return [100.0, *(float(close) for close in 100.0 * np.cumprod(1.0 + returns))]


def test_altcoins_hedged_by_their_beta() -> None:
    closes = {"BTC": swinging(0.02), "ETH": geared(2.0), "SOL": geared(1.0)}
    # Basket beta 1.5: long 1 / 2.5 in two parts, short 1.5 / 2.5.
    same(last(HedgedAltcoins(days=60), market(closes, season=0)), [-0.6, 0.2, 0.2])


def test_a_basket_that_runs_against_btc_is_not_hedged() -> None:
    closes = {"BTC": swinging(0.02), "ETH": geared(-1.0)}
    same(last(HedgedAltcoins(days=60), market(closes, season=0)), [0, 1])
    same(last(HedgedAltcoins(days=60), market({"BTC": swinging(0.02)}, season=0)), [0])


@pytest.mark.parametrize(("final", "tilts"), [(1.0, (0.5, 1.5)), (-1.0, (1.5, 0.5)), (0.0, (1, 1))])
def test_liquidity_beta_tilts_with_the_sign_of_the_flow(
    final: float, tilts: tuple[float, float]
) -> None:
    flow = [math.sin(at) for at in range(60)] + [final]
    high = np.cumprod(1.0 + 0.02 * np.array(flow)).tolist()
    low = np.cumprod(1.0 + 0.01 * np.array(flow)).tolist()
    rule = LiquidityBeta(signal=Given(tuple(flow)), horizon=1, window=45, strength=0.5)
    # Two assets stand one standard deviation below and above their mean beta.
    found = last(rule, market({"BTC": low, "ETH": high}))
    same(found, np.array(tilts) / 2)


def test_liquidity_beta_is_unknown_where_the_flow_is() -> None:
    rule = LiquidityBeta(signal=Given((1.0, NAN)), horizon=1, window=30)
    found = rule.weights(market({"BTC": [1.0, 1.1], "ETH": [1.0, 1.0]}))
    # Without betas every part is 1.
    same(found[0], [0.5, 0.5])
    assert np.isnan(found[1]).all()

"""Names and parameters as users give them."""

from __future__ import annotations

import pytest

from data.errors import BadConfig, UnknownName
from signals.drivers import LiquidityDrivers
from signals.net_liquidity import NetLiquidity
from signals.registry import SIGNALS, TABLES, signal, table
from signals.srf import SrfUsage
from tests.signals.contract import assert_same_bits
from tests.signals.contract_world import contract_panel

DESIGNED = {
    "net_liquidity",
    "liquidity_impulse",
    "srf_usage",
    "srf_surprise",
    "corridor_net",
    "stealth_qe",
    "funding_pressure",
    "rrp_depletion",
    "tga_drawdown",
    "tga_excess",
    "tga_expected_flow",
    "tga_impulse",
    "tga_surprise",
    "reserve_scarcity",
    "repo_demand",
    "regime",
    "composite",
}
# What the thesis says of each, fixed beforehand.
DIRECTIONS = {
    "liquidity_impulse": 1,
    "wednesday_impulse": 1,
    "srf_usage": 1,
    "srf_surprise": 1,
    "corridor_net": 1,
    "stealth_qe": 1,
    "funding_pressure": -1,
    "rrp_flow": 1,
    "tga_impulse": 1,
    "composite": 1,
}


def test_every_signal_of_the_design_is_there():
    assert set(SIGNALS) >= DESIGNED
    assert set(TABLES) == {"liquidity_drivers", "regime"}


def test_directions_are_the_essays():
    assert {name: kind.direction for name, kind in SIGNALS.items() if kind.direction} == DIRECTIONS


def test_parameters_are_passed_on():
    assert signal("net_liquidity") == NetLiquidity("nowcast")
    assert signal("srf_usage", statistic="max", days=7) == SrfUsage("max", 7)
    assert table("liquidity_drivers", days=7) == LiquidityDrivers(7)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: signal("net_liqidity"),
            UnknownName,
            "unknown signal 'net_liqidity': did you mean",
        ),
        (lambda: table("regimes"), UnknownName, "unknown table 'regimes': did you mean regime"),
        (
            lambda: signal("srf_usage", statistics="max"),
            BadConfig,
            "'srf_usage' has no parameter 'statistics': did you mean statistic",
        ),
        (lambda: signal("tga_excess", days=3), BadConfig, "no parameter 'days': it has none"),
        (lambda: signal("rrp_flow", window=3), BadConfig, "no parameter 'window': it has days"),
        (lambda: signal("rrp_flow", days=-3), BadConfig, "rrp_flow: days = -3"),
    ],
)
def test_mistakes_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_contract_would_notice_a_look_ahead():
    values = signal("net_liquidity").compute(contract_panel())
    with pytest.raises(AssertionError, match="differs at"):
        assert_same_bits(values.shift(-1).iloc[:-1], values.iloc[:-1])

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from data.bars import Bars
from data.errors import BadConfig, BadTable, MissingSeries
from data.panel import Panel
from signals.registry import signal
from strategies.allocation.baskets import EqualWeight, InverseVolatility
from strategies.exposure.threshold import Threshold
from strategies.exposure.yardsticks import Constant
from strategies.market import Market
from strategies.overlays.holdings import MinimumHolding, RebalanceBand
from strategies.overlays.targets import HotFunding, MaxGross, VolatilityTarget
from strategies.strategy import CASH, Strategy, from_start, weights_of
from tests.strategies.small import DAY, FIRST, NAN, Given, Stated, bars, market, panel, strategy


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def targets(rule: Strategy, world: Market) -> pd.DataFrame:
    return rule.target_weights(world.panel, world.bars, world.funding)


def test_the_table_has_every_decision_time_every_asset_and_cash() -> None:
    world = market({"BTC": [1.0, 1.0], "ETH": [1.0, 1.0]})
    found = targets(strategy(Stated((0.4, 0.0))), world)
    assert found.columns.tolist() == ["BTC", "ETH", CASH]
    assert found.index.equals(world.times)
    same(found, [[0.4, 0, 0.6], [0, 0, 1]])


def test_there_is_no_order_before_the_first_answer_nor_while_it_is_silent() -> None:
    found = targets(strategy(Stated((NAN, NAN, 0.5, NAN, 0.7))), market({"BTC": [1.0] * 5}))
    same(found["BTC"], [NAN, NAN, 0.5, NAN, 0.7])
    same(found[CASH], [NAN, NAN, 0.5, NAN, 0.3])


def test_a_rule_that_never_answers_never_orders() -> None:
    same(targets(strategy(Stated((NAN, NAN))), market({"BTC": [1.0] * 2}))[CASH], [NAN, NAN])


def test_without_a_btc_bar_there_is_no_order() -> None:
    world = market({"BTC": [1.0, NAN, 1.0], "ETH": [1.0] * 3})
    found = targets(strategy(Stated((1.0, 0.0, 1.0)), allocation=EqualWeight()), world)
    same(found["BTC"], [0.5, NAN, 0.5])
    assert found.iloc[1].isna().all()


def test_after_the_last_bar_there_is_no_order() -> None:
    world = Market(panel(3), bars({"BTC": [1.0]}))
    same(targets(strategy(Constant()), world)["BTC"], [1, NAN, NAN])


def test_before_the_thirtieth_bar_of_btc_there_is_no_order() -> None:
    world = Market(panel(31), bars({"BTC": [1.0] * 31}, season=0))
    same(targets(strategy(Constant()), world)["BTC"].iloc[27:], [NAN, NAN, 1, 1])


def test_weekly_orders_fall_on_friday_midnights() -> None:
    world = market({"BTC": [1.0] * 9})
    rule = strategy(
        Stated((NAN, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)), decide="weekly_after_h41"
    )
    assert FIRST.day_name() == "Friday"
    # The first Friday has no answer; until the next there is no order.
    same(targets(rule, world)["BTC"], [*7 * [NAN], 0.8, NAN])


@pytest.mark.parametrize(
    ("share", "expected"), [(1.0, [0.25, 0.25]), (0.5, [0.375, 0.125]), (0.0, [0.5, 0.0])]
)
def test_the_altcoin_share_blends_the_allocation_with_btc(
    share: float, expected: list[float]
) -> None:
    world = market({"BTC": [1.0], "ETH": [1.0]})
    rule = strategy(Stated((0.5,), altcoins=share), allocation=EqualWeight())
    same(targets(rule, world)[["BTC", "ETH"]].iloc[0], expected)


def test_an_allocation_that_is_not_asked_need_not_be_known() -> None:
    world = market({"BTC": [1.0] * 2}, season=29)
    unknown = InverseVolatility(days=60)
    same(
        targets(strategy(Stated((1.0, 1.0), altcoins=0.0), allocation=unknown), world)["BTC"],
        [1, 1],
    )
    same(targets(strategy(Stated((0.0, 1.0)), allocation=unknown), world)["BTC"], [0, NAN])


def test_overlays_apply_in_their_order() -> None:
    world = market({"BTC": [1.0, 1.1, 1.0]})
    overlays = (MaxGross(limit=0.5), MinimumHolding(days=2))
    found = targets(strategy(Stated((1.0, 0.0, 0.2)), overlays=overlays), world)
    same(found["BTC"], [0.5, NAN, 0.2])


def test_an_overlay_on_the_market_must_not_follow_one_on_holdings() -> None:
    with pytest.raises(BadConfig, match="overlay 'max_gross' must come before those that look"):
        strategy(Constant(), overlays=(MinimumHolding(days=2), MaxGross(limit=1.0)))


def test_decide_is_one_of_two() -> None:
    with pytest.raises(BadConfig, match="decide = 'hourly' is not one of daily, weekly_after_h41"):
        strategy(Constant(), decide="hourly")


def test_maximum_gross_exposure_follows_from_the_pieces() -> None:
    overlays = (VolatilityTarget(ceiling=2.0), MaxGross(limit=1.2), HotFunding())
    assert strategy(Constant(gross=0.5)).max_gross == 0.5
    assert strategy(Constant(gross=0.5), overlays=overlays[:1]).max_gross == 1.0
    assert strategy(Constant(gross=1.0), overlays=overlays).max_gross == 1.2


def test_a_missing_series_is_named_with_the_strategy() -> None:
    rule = strategy(Threshold(signal=signal("srf_usage"), enter=1.0, leave=0.0))
    assert rule.inputs == ("srf",)
    with pytest.raises(MissingSeries, match=r"^series 'srf' .*needed by strategy 'test'") as caught:
        targets(rule, market({"BTC": [1.0]}))
    assert "\n" not in str(caught.value)


def test_btc_prices_are_needed_and_daily_ones() -> None:
    with pytest.raises(MissingSeries, match="'BTC daily prices'"):
        Market(panel(1), bars({"ETH": [1.0]}))
    daily = bars({"BTC": [1.0]})
    pieces = {name: getattr(daily, name) for name in ("open", "high", "low", "close", "volume")}
    with pytest.raises(BadTable, match="these are 0 days 01:00:00"):
        Market(panel(1), Bars(**pieces, market=daily.market, timeframe=pd.Timedelta(hours=1)))


CHANGES: list[dict[str, object]] = [
    {"decide": "weekly_after_h41"},
    {"exposure": Constant(gross=0.9)},
    {"allocation": InverseVolatility(days=59)},
    {"allocation": EqualWeight()},
    {"overlays": ()},
    {"overlays": (RebalanceBand(width=0.06),)},
    {"overlays": (MaxGross(limit=1.0), RebalanceBand(width=0.05))},
    {"exposure": Threshold(signal=signal("srf_usage"), enter=1.0, leave=0.0)},
    {"exposure": Threshold(signal=signal("srf_usage", days=27), enter=1.0, leave=0.0)},
    {"exposure": Threshold(signal=signal("srf_usage"), enter=1.0, leave=0.1)},
]


def made(**change: object) -> Strategy:
    parts = {
        "exposure": Constant(),
        "allocation": InverseVolatility(),
        "overlays": (RebalanceBand(width=0.05),),
        **change,
    }
    return Strategy("made", "Made", **parts)  # type: ignore[arg-type]


def test_every_parameter_changes_the_hash() -> None:
    hashes = {made().config_hash, *(made(**change).config_hash for change in CHANGES)}
    assert len(hashes) == len(CHANGES) + 1
    assert all(len(digest) == 64 for digest in hashes)


def test_name_title_and_family_do_not_change_the_hash() -> None:
    base = made()
    other = Strategy("x", "y", base.exposure, base.allocation, base.overlays, family="z")
    assert other.config_hash == base.config_hash


def test_a_signal_by_name_and_by_object_is_the_same_configuration() -> None:
    table = {"name": "liquidity_impulse", "days": 28}
    by_name = Threshold.model_validate(
        {"kind": "threshold", "signal": table, "enter": 1.0, "leave": 0.0}
    )
    by_object = Threshold(signal=signal("liquidity_impulse"), enter=1.0, leave=0.0)
    assert made(exposure=by_name).config_hash == made(exposure=by_object).config_hash
    assert made(exposure=by_object).config["exposure"]["signal"]["smooth"] == 7


def test_a_piece_that_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(BadConfig, match=r"Stated is no strategies\.piece\.Piece"):
        _ = strategy(Stated((1.0,))).config


def test_pieces_are_frozen() -> None:
    piece: BaseModel = Constant()
    with pytest.raises(ValueError, match="frozen"):
        piece.gross = 0.5  # type: ignore[attr-defined]


def test_a_run_begins_with_the_order_in_force() -> None:
    rule = strategy(Stated((0.4, NAN, NAN, 0.6)))
    found = targets(rule, market({"BTC": [1.0] * 4}))
    start = FIRST + DAY
    same(from_start(found, start)["BTC"], [0.4, NAN, 0.6])
    same(from_start(found, start, FIRST + 2 * DAY)["BTC"], [0.4, NAN])
    same(from_start(found, FIRST)["BTC"], [0.4, NAN, NAN, 0.6])
    assert from_start(found, FIRST + 9 * DAY).empty


class Own:
    """A user's object: no funding, no base class."""

    name, title, family, config_hash = "own", "Own", "own", "0"
    config: Mapping[str, Any] = MappingProxyType({})
    inputs: tuple[str, ...] = ()

    def target_weights(self, panel: Panel, bars: Bars) -> pd.DataFrame:
        table = dict.fromkeys(bars.assets, 0.0)
        return pd.DataFrame({**table, CASH: 1.0}, index=panel.times)


def test_weights_of_a_users_own_object() -> None:
    world = market({"BTC": [1.0, 1.0]})
    same(weights_of(Own(), world.panel, world.bars, None)[CASH], [1, 1])
    same(weights_of(strategy(Constant()), world.panel, world.bars, None)["BTC"], [1, 1])


def test_orders_in_force() -> None:
    path = strategy(Stated((NAN, 0.4, NAN, 0.6))).path(market({"BTC": [1.0] * 4}))
    same(path.in_force()[:, 0], [0, 0.4, 0.4, 0.6])
    same([path.in_force_at(row)[0] for row in range(4)], [0, 0.4, 0.4, 0.6])
    assert path.first == 1


def test_the_order_in_force_may_be_old() -> None:
    days = 1_000
    weights = (NAN, 0.4, *[NAN] * (days - 3), 0.6)
    path = strategy(Stated(weights)).path(market({"BTC": [1.0] * days}))
    found = [path.in_force_at(row)[0] for row in (0, 1, 63, 64, 65, 600, days - 2, days - 1)]
    same(found, [0, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6])


def test_the_panel_may_begin_before_or_after_the_bars() -> None:
    rule = strategy(Threshold(signal=Given((1.0,) * 80), enter=0.0, leave=0.0))
    early = Market(panel(60, first=FIRST - 50 * DAY), bars({"BTC": [1.0] * 10}))
    found = targets(rule, early)["BTC"]
    # 41 bars close by FIRST, the thirtieth 11 days before it.
    assert found.loc[: FIRST - 12 * DAY].isna().all()
    assert found.loc[FIRST - 11 * DAY :].eq(1.0).all()

"""Each overlay against weights worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import MissingSeries
from strategies.allocation.baskets import EqualWeight
from strategies.market import Market
from strategies.overlays.base import Book
from strategies.overlays.holdings import DrawdownStop, MinimumHolding, RebalanceBand
from strategies.overlays.shadow import follow, moves
from strategies.overlays.targets import (
    HotFunding,
    MaxGross,
    VolatilityTarget,
    portfolio_volatility,
)
from tests.strategies.small import FIRST, NAN, Stated, bars, flat, market, panel, strategy


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_maximum_gross_scales_down_and_never_up() -> None:
    wanted = np.array([[0.5, 0.2], [0.9, -0.6], [NAN, NAN], [0.0, 0.0]])
    found = MaxGross(limit=1.0).apply(wanted, flat(4))
    same(found, [[0.5, 0.2], [0.6, -0.4], [NAN, NAN], [0, 0]])


def test_volatility_of_a_portfolio_by_its_formula() -> None:
    rng = np.random.default_rng(1)
    returns, weights = rng.normal(0, 0.03, (40, 3)), rng.uniform(0, 0.4, (40, 3))
    found = portfolio_volatility(weights, returns, 30)
    made = returns[10:40] @ weights[39]
    same(found[39], made.std(ddof=1) * 365**0.5)
    assert np.isnan(found[:19]).all()
    made = returns[:20] @ weights[19]
    same(found[19], made.std(ddof=1) * 365**0.5)


def test_an_asset_without_a_return_counts_as_the_others() -> None:
    returns = np.array([[0.01, NAN], [-0.02, 0.04], [0.03, NAN]])
    weights = np.tile([0.6, 0.2], (3, 1))
    made = np.array([0.006 * 0.8 / 0.6, -0.012 + 0.008, 0.018 * 0.8 / 0.6])
    same(portfolio_volatility(weights, returns, 3)[-1], made.std(ddof=1) * 365**0.5)


def test_volatility_target() -> None:
    # Returns of +10% and -10% in turn: with ten days of them 0.1 * sqrt(10 / 9) a day.
    closes = [100.0]
    for at in range(10):
        closes.append(closes[-1] * (1.1 if at % 2 else 0.9))
    world = market({"BTC": closes})
    annual = 0.1 * (10 / 9) ** 0.5 * 365**0.5
    wanted = np.full((11, 1), 0.5)
    found = VolatilityTarget(target=0.2, days=10).apply(wanted, world)
    same(found[-1, 0], 0.2 / annual)
    assert VolatilityTarget(target=9.0, days=10).apply(wanted, world)[-1, 0] == 0.5
    assert VolatilityTarget(target=9.0, days=10, ceiling=1.5).apply(wanted, world)[-1, 0] == 0.75


def test_volatility_target_gives_no_order_where_nothing_is_known_and_keeps_cash() -> None:
    world = market({"BTC": [1.0, 1.1]}, season=0)
    found = VolatilityTarget(days=10).apply(column(1.0, 0.0), world)
    assert np.isnan(found[0, 0])
    assert found[1, 0] == 0.0


def funding(
    rates: list[tuple[str, float]], venue: str = "one", symbol: str = "BTC"
) -> pd.DataFrame:
    stamps = pd.to_datetime([day for day, _ in rates], utc=True).as_unit("us")
    values = [rate for _, rate in rates]
    return pd.DataFrame({"symbol": symbol, "ts": stamps, "rate": values, "venue": venue})


def test_hot_funding_cuts_and_a_gap_holds() -> None:
    # Three settlements a day: 0.0003 a day is 11% a year, 0.003 is 110%.
    rates = [(f"2024-01-{day:02d}T{hour}:00", 1e-4) for day in (6, 7) for hour in ("08", "16")]
    rates += [("2024-01-08T00:00", 1e-4), ("2024-01-09T00:00", 3e-3)]
    world = market({"BTC": [1.0] * 7}, funding=funding(rates))
    # Days that end on 01-07 and 01-08 are cool, 01-09 is hot, later ones unknown; before the
    # table begins nothing is cut.
    found = HotFunding(limit=0.3, factor=0.5, days=1).apply(column(*[0.8] * 7), world)
    same(found, column(0.8, 0.8, 0.8, 0.8, 0.4, NAN, NAN))


def test_venues_of_funding_are_averaged() -> None:
    both = pd.concat(
        [
            funding([("2024-01-05T00:00", 2e-3)], "one"),
            funding([("2024-01-04T12:00", 0.0), ("2024-01-05T00:00", 0.0)], "two"),
        ]
    )
    world = market({"BTC": [1.0]}, funding=both)
    # 0.001 a day is 36.5% a year.
    same(HotFunding(limit=0.364, factor=0.0, days=1).apply(column(1.0), world), [[0.0]])
    same(HotFunding(limit=0.366, factor=0.0, days=1).apply(column(1.0), world), [[1.0]])


def test_hot_funding_without_a_funding_table() -> None:
    rule = strategy(Stated((1.0,)), overlays=(HotFunding(),))
    with pytest.raises(MissingSeries, match=r"'funding' is not in the data .*strategy 'test'"):
        rule.path(flat(1))
    other = market({"BTC": [1.0]}, funding=funding([("2024-01-05T00:00", 0.0)], symbol="ETH"))
    with pytest.raises(MissingSeries, match="'BTC funding' is not in the data"):
        rule.path(other)


def orders(overlay: object, wanted: np.ndarray, world: Market) -> np.ndarray:
    decides = np.ones(len(wanted), dtype=bool)
    return follow(wanted, decides, [overlay], world)  # type: ignore[list-item]


def test_minimum_holding_waits_after_a_trade_and_not_after_a_repetition() -> None:
    wanted = column(1, 1, 1, 0, 0, 0, 1)
    found = orders(MinimumHolding(days=3), wanted, flat(7))
    # Bought on day 0, the next order may come on day 3; sold then, the next on day 6.
    same(found, column(1, NAN, NAN, 0, NAN, NAN, 1))
    same(orders(MinimumHolding(days=3), column(0, 0, 1, 0), flat(4)), column(0, 0, 1, NAN))


def test_band_orders_beyond_its_width_on_entry_and_on_exit() -> None:
    wanted = column(0.5, 0.5, 0.54, 0.56, 0.02, 0.0, 0.0, 0.01)
    found = orders(RebalanceBand(width=0.05), wanted, flat(8))
    same(found, column(0.5, NAN, NAN, 0.56, 0.02, 0.0, NAN, 0.01))


def test_the_first_decision_is_an_order_even_for_cash() -> None:
    same(orders(RebalanceBand(width=0.05), column(NAN, 0, 0, 1), flat(4)), column(NAN, 0, NAN, 1))


def test_band_looks_at_holdings_as_they_have_drifted() -> None:
    # 0.5 in BTC that rises by a quarter is 0.625 / 1.125 = 0.5556 of the book.
    world = market({"BTC": [100.0, 125.0]})
    same(orders(RebalanceBand(width=0.06), column(0.5, 0.5), world), column(0.5, NAN))
    same(orders(RebalanceBand(width=0.05), column(0.5, 0.5), world), column(0.5, 0.5))


def test_band_leaves_a_halted_holding_alone() -> None:
    world = market({"BTC": [1.0] * 3, "ETH": [1.0, NAN, NAN]})
    wanted = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 0.0]])
    found = orders(RebalanceBand(width=0.05), wanted, world)
    # ETH cannot be sold, and what it binds cannot buy BTC: half the book stays in each.
    same(found, [[0.5, 0.5], [NAN, NAN], [NAN, NAN]])
    same(orders(RebalanceBand(width=0.6), wanted, world)[1:], [[NAN, NAN], [NAN, NAN]])


def test_drawdown_stop_and_its_way_back() -> None:
    closes = [100.0, 120.0, 100.0, 95.0, 90.0, 95.0, 100.0, 100.0]
    rule = DrawdownStop(limit=0.2, pause=2, days=2)
    found = orders(rule, column(*[1.0] * 8), market({"BTC": closes}))
    # The peak is 120. 95 is 20.8% below it: out. Two days later, at 95, BTC is above its mean of
    # two closes (92.5): in again, with a new peak.
    same(found, column(1, 1, 1, 0, 0, 1, 1, 1))


def test_drawdown_stop_waits_for_the_trend_after_its_pause() -> None:
    closes = [100.0, 70.0, 60.0, 50.0, 40.0, 50.0]
    found = orders(
        DrawdownStop(limit=0.2, pause=1, days=2), column(*[1.0] * 6), market({"BTC": closes})
    )
    same(found, column(1, 0, 0, 0, 0, 1))


def test_drawdown_stop_acts_where_the_rule_gives_no_order() -> None:
    world = market({"BTC": [100.0, 70.0]})
    same(orders(DrawdownStop(limit=0.2), column(1.0, NAN), world), column(1.0, 0.0))


def test_overlays_act_on_decision_days_only() -> None:
    world = market({"BTC": [100.0, 70.0, 70.0]})
    decides = np.array([True, False, True])
    found = follow(column(1.0, NAN, 1.0), decides, [DrawdownStop(limit=0.2)], world)
    same(found, column(1.0, NAN, 0.0))


def test_what_a_halted_holding_binds_cannot_be_spent_twice() -> None:
    book = Book(np.array([0.2, 0.4, 0.0]), tradable=np.array([True, False, True]))
    book.settle(np.array([0.5, 0.0, 0.5]))
    same(book.weights, [0.3, 0.4, 0.3])
    book.settle(np.array([-0.5, 0.0, 0.6]))
    same(book.weights, [-0.5, 0.4, 0.6])


def test_a_short_book_can_lose_everything_and_no_more() -> None:
    book = Book(np.array([-1.0]))
    book.mark(np.array([1.5]), np.array([True]))
    assert book.value == 0.0
    assert not book.invested


def test_moves_jump_after_a_gap_and_are_zero_in_it() -> None:
    world = market({"BTC": [1.0] * 4, "ETH": [1.0, NAN, 3.0, 3.0]})
    same(moves(world)[:, 1], [0, 0, 2, 0])


def test_a_delisted_holding_is_sold_at_its_last_close() -> None:
    first = FIRST.replace(year=2022, month=5, day=13)
    closes = {"BTC": [1.0] * 4, "LUNA_CLASSIC": [1.0, 0.5, NAN, NAN]}
    world = Market(panel(4, first=first), bars(closes, first))
    rule = strategy(
        Stated((1.0,) * 4), allocation=EqualWeight(), overlays=(RebalanceBand(width=0.4),)
    )
    found = rule.path(world).orders
    # On 05-14 its last bar closes; on 05-15 it is gone from the universe and from the book.
    same(found[0], [0.5, 0.5])
    assert np.isnan(found[1]).all()
    same(found[2], [1, 0])
    assert np.isnan(found[3]).all()


@settings(max_examples=30)
@given(
    st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=15),
    st.lists(st.floats(0, 1), min_size=15, max_size=15),
)
def test_the_book_compounds_targets_at_closes(steps: list[float], targets: list[float]) -> None:
    closes = np.cumprod([100.0, *(1.0 + step for step in steps)])
    value, held = 1.0, 0.0
    book = Book(np.zeros(1))
    returns = moves(market({"BTC": closes.tolist()}))
    for row in range(len(closes)):
        if row:
            value *= 1.0 + held * (closes[row] / closes[row - 1] - 1.0)
        book.mark(returns[row], np.array([True]))
        assert book.value == pytest.approx(value, rel=1e-12)
        held = targets[row % 15]
        book.settle(np.array([held]))

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError, UnknownName
from data.panel import Panel
from strategies.allocation.baskets import EqualWeight
from strategies.baselines import BASELINES, baseline, exposure_matched, random_timing
from strategies.market import Market
from strategies.strategy import CASH
from tests.strategies.small import DAY, FIRST, NAN, Stated, bars, market, panel, strategy


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def run(gross: list[float], world: Market) -> pd.DataFrame:
    rule = strategy(Stated(tuple(gross)), allocation=EqualWeight())
    return rule.target_weights(world.panel, world.bars)


def test_the_baselines() -> None:
    assert set(BASELINES) == {
        "buy_and_hold",
        "equal_weight",
        "volatility_target",
        "trend_200",
        "four_year_cycle",
        "cash",
    }
    assert all(rule.family == "baseline" and not rule.inputs for rule in BASELINES.values())
    with pytest.raises(UnknownName, match="did you mean trend_200"):
        baseline("trend200")


def test_buy_and_hold_and_cash() -> None:
    world = market({"BTC": [1.0, 2.0], "ETH": [1.0, 1.0]})
    for name, weight in (("buy_and_hold", 1.0), ("cash", 0.0)):
        found = baseline(name).target_weights(world.panel, world.bars)
        same(found[["BTC", "ETH", CASH]], [[weight, 0, 1 - weight]] * 2)


def test_the_same_exposure_on_every_day() -> None:
    world = market({"BTC": [1.0] * 6})
    # From the second day on: 0.2, 0.4 carried, 0.4, 1, 0: mean 0.4.
    made = run([1.0, 0.2, 0.4, NAN, 1.0, 0.0], world)
    found = exposure_matched(made, world.panel, world.bars, of="rule", start=FIRST + DAY)
    same(found.weights["BTC"], [NAN, 0.4, NAN, NAN, NAN, NAN])
    same(found.weights[CASH], [NAN, 0.6, NAN, NAN, NAN, NAN])
    assert found.hindsight
    assert found.name == "rule:exposure_matched"
    assert found.title == "Constant 40% exposure, the mean of rule"


def test_it_is_rebalanced_when_it_has_drifted() -> None:
    world = market({"BTC": [1.0, 1.0, 1.5]})
    made = run([0.5, 0.5, 0.5], world)
    found = exposure_matched(made, world.panel, world.bars, of="rule", start=FIRST)
    # 0.5 that rises by half is 0.6 of the book: more than 0.05 off.
    same(found.weights["BTC"], [0.5, NAN, 0.5])


def test_altcoins_are_matched_as_a_group() -> None:
    first = FIRST.replace(year=2022, month=5, day=13)
    closes = {"BTC": [1.0] * 3, "ETH": [1.0] * 3, "LUNA_CLASSIC": [1.0, 1.0, NAN]}
    world = Market(panel(3, first=first), bars(closes, first))
    # A third each, a third each, then a half each: BTC 7/18, altcoins 11/18.
    made = run([1.0, 1.0, 1.0], world)
    found = exposure_matched(made, world.panel, world.bars, of="rule", start=first)
    same(found.weights.iloc[0], [7 / 18, 11 / 36, 11 / 36, 0])
    assert found.weights.iloc[1].isna().all()
    # The delisted coin's part goes to the other.
    same(found.weights.iloc[2], [7 / 18, 11 / 18, 0, 0])


def test_without_altcoins_their_part_is_in_btc() -> None:
    world = Market(panel(32), bars({"BTC": [1.0] * 32, "NEW": [NAN] * 2 + [1.0] * 30}, season=40))
    late = [0.0] * 31 + [1.0]
    made = run(late, world)
    found = exposure_matched(made, world.panel, world.bars, of="rule", start=FIRST)
    same(found.weights.iloc[0], [1 / 32, 0, 31 / 32])


def test_random_timing_turns_the_path_round() -> None:
    gross = [1.0, 0.1, 0.2, NAN, 0.3, 0.4, 0.5, NAN, 0.6, 0.7, 0.8, 0.9]
    world = market({"BTC": [1.0] * 12})
    made = run(gross, world)
    for seed in range(20):
        found = random_timing(
            made, world.panel, world.bars, of="rule", start=FIRST + DAY, seed=seed
        )
        shift = found.config["shift"]
        assert 1 <= shift <= 10
        assert found.name == f"rule:random_timing:{seed}"
        turned = np.roll(np.array(gross[1:]), shift)
        if np.isnan(turned[0]):
            turned[0] = np.roll(pd.Series(gross).ffill().to_numpy()[1:], shift)[0]
        same(found.weights["BTC"], [NAN, *turned])
    again = random_timing(made, world.panel, world.bars, of="rule", start=FIRST + DAY, seed=19)
    assert again.weights.equals(found.weights)
    assert again.config_hash == found.config_hash


def test_a_weight_outside_the_universe_of_its_new_day_is_held_in_btc() -> None:
    closes = {"BTC": [1.0] * 60, "NEW": [NAN] * 5 + [1.0] * 55}
    world = Market(panel(60), bars(closes))
    rows = np.zeros((60, 3))
    rows[:, 1], rows[:, 2] = 0.6, 0.4
    made = pd.DataFrame(rows, index=world.times, columns=["BTC", "NEW", CASH])
    found = random_timing(made, world.panel, world.bars, of="rule", start=FIRST, seed=1).weights
    young = ~world.universe()[:, 1]
    assert young.sum() == 5
    same(found.loc[young, "BTC"], [0.6] * 5)
    assert (found.loc[~young, "NEW"] == 0.6).all()
    same(found[CASH], [0.4] * 60)


def test_what_cannot_be_matched() -> None:
    world = market({"BTC": [1.0] * 5})
    made = run([1.0] * 5, world)
    with pytest.raises(InputError, match="there is no decision from 2024-02-01 on"):
        exposure_matched(
            made, world.panel, world.bars, of="rule", start=pd.Timestamp("2024-02-01", tz="UTC")
        )
    with pytest.raises(InputError, match="rule: 5 days from 2024-01-05 on are too few to shift"):
        random_timing(made, world.panel, world.bars, of="rule", start=FIRST, seed=1)
    with pytest.raises(InputError, match="differ in their decision times"):
        exposure_matched(made.iloc[1:], world.panel, world.bars, of="rule", start=FIRST)


def test_a_yardstick_has_the_shape_of_a_rule() -> None:
    world = market({"BTC": [1.0] * 4})
    made = run([0.5] * 4, world)
    found = exposure_matched(made, world.panel, world.bars, of="rule", start=FIRST)
    later = Panel(world.panel.observations, world.times[1:])
    assert found.target_weights(later, world.bars).index.equals(later.times)
    assert found.inputs == ()
    assert len(found.config_hash) == 64

from __future__ import annotations

import pandas as pd
import pytest

from data.panel import Panel
from signals.registry import signal
from strategies.allocation.baskets import BtcOnly
from strategies.exposure.proportional import Proportional
from strategies.exposure.threshold import Threshold
from strategies.exposure.yardsticks import Constant, Trend
from strategies.overlays.holdings import RebalanceBand
from strategies.strategy import Strategy
from strategies.tripwires import MATERIAL, Tripwire, tripwires
from strategies.variants import variant
from tests.strategies.contract import whole
from tests.strategies.small import DAY, FIRST, market, strategy
from tests.strategies.world import world


def figures(last: float) -> dict[str, list[tuple[str, float]]]:
    """Forty days of a TGA at 700, then one of `last`, known at FIRST."""
    days = pd.date_range(end="2024-01-03", periods=40, freq="D")
    usual = [(f"{day:%Y-%m-%d}", 700.0) for day in days]
    return {"tga": [*usual, ("2024-01-04", last)]}


def swinging(last: float) -> dict[str, list[tuple[str, float]]]:
    """The same of a TGA that swings by twenty."""
    steady = figures(last)["tga"]
    return {
        "tga": [(day, at + 20.0 * (row % 3) * (row < 40)) for row, (day, at) in enumerate(steady)]
    }


def wires(rule: Strategy, last: float = 690.0, lead: int = 40) -> dict[str, Tripwire]:
    seen = market({"BTC": [100.0]}, figures(last), lead=lead)
    return {wire.series: wire for wire in tripwires(rule, seen.panel, seen.bars, FIRST)}


def flow(enter: float, leave: float) -> Threshold:
    return Threshold(signal=signal("tga_impulse", days=7), enter=enter, leave=leave)


def test_the_level_that_would_switch_a_threshold() -> None:
    # 700 - 690 = 10 bn have left the account; the rule enters above 12.
    found = wires(strategy(flow(12.0, 0.0)))["tga"]
    assert found.value == 690.0
    assert found.ref_date == pd.Timestamp("2024-01-04").date()
    assert found.below == pytest.approx(688.0, abs=2e-3)
    assert found.below is not None
    assert found.below < 688.0
    assert found.weights_below == {"BTC": 1.0, "CASH": 0.0}
    assert found.above is None
    assert found.weights_above == {}


def test_a_position_that_hangs_on_the_newest_figure() -> None:
    # Entered on it, at 10 above 5: at 695 it would not have been.
    found = wires(strategy(flow(5.0, 0.0)))["tga"]
    assert found.below is None
    assert found.above == pytest.approx(695.0, abs=2e-3)
    assert found.weights_above == {"CASH": 1.0}


def test_a_proportional_rule_changes_by_more_than_five_points() -> None:
    rule = strategy(Proportional(signal=signal("tga_impulse", days=7), window=20, slope=0.1))
    seen = market({"BTC": [100.0]}, swinging(690.0), lead=40)
    base = rule.target_weights(seen.panel, seen.bars).iloc[-1]["BTC"]
    found = tripwires(rule, seen.panel, seen.bars, FIRST)[0]
    for level, weights in (
        (found.below, found.weights_below),
        (found.above, found.weights_above),
    ):
        assert level is not None
        assert abs(weights["BTC"] - base) == pytest.approx(MATERIAL, abs=1e-4)
        altered = market({"BTC": [100.0]}, swinging(level), lead=40)
        there = rule.target_weights(altered.panel, altered.bars).iloc[-1]["BTC"]
        assert there == pytest.approx(weights["BTC"], abs=1e-12)


def test_the_level_of_btc_that_would_end_its_trend() -> None:
    seen = market({"BTC": [100.0, 110.0, 120.0, 130.0]})
    rule = strategy(Trend(days=4))
    (found,) = tripwires(rule, seen.panel, seen.bars, FIRST + 3 * DAY)
    # Above the mean of 100, 110, 120 and itself while above 110.
    assert found.series == "BTC"
    assert found.below == pytest.approx(110.0, abs=1.0)
    assert found.below is not None
    assert found.below <= 110.0
    assert found.above is None
    assert found.unit == "USD"


def test_a_band_keeps_the_target_until_the_holdings_are_far_off() -> None:
    proportional = Proportional(signal=signal("tga_impulse", days=7), window=20, slope=0.1)
    seen = market({"BTC": [100.0]}, swinging(690.0), lead=40)
    edges = []
    for width in (0.06, 0.2):
        rule = strategy(proportional, overlays=(RebalanceBand(width=width),))
        edges.append(tripwires(rule, seen.panel, seen.bars, FIRST)[0].above)
    assert edges[0] is not None
    assert edges[1] is None or edges[1] > edges[0]


def test_nothing_in_a_plausible_range() -> None:
    found = wires(strategy(flow(1e6, 0.0)))["tga"]
    assert (found.below, found.above) == (None, None)
    assert all(wire.below is None for wire in wires(strategy(Constant())).values())


def test_a_series_without_a_figure_has_no_wire() -> None:
    seen = market({"BTC": [1.0]}, {"tga": []})
    assert [
        w.series for w in tripwires(strategy(flow(1.0, 0.0)), seen.panel, seen.bars, FIRST)
    ] == ["BTC"]


def test_a_weekly_rule_is_asked_as_if_it_were_friday() -> None:
    rule = Strategy("weekly", "Weekly", flow(12.0, 0.0), BtcOnly(), decide="weekly_after_h41")
    saturday = FIRST + DAY
    seen = market({"BTC": [100.0, 100.0]}, figures(690.0), lead=40)
    found = tripwires(rule, seen.panel, seen.bars, saturday)[0]
    assert found.below == pytest.approx(688.0, abs=2e-3)


def test_later_figures_are_left_out() -> None:
    seen = market(
        {"BTC": [100.0] * 3}, {"tga": [*figures(690.0)["tga"], ("2024-01-05", 1e3)]}, lead=40
    )
    rule = strategy(flow(12.0, 0.0))
    assert tripwires(rule, seen.panel, seen.bars, FIRST)[0].value == 690.0
    assert tripwires(rule, seen.panel, seen.bars, FIRST + DAY)[0].value == 1e3


def test_the_playbook_waits_for_the_accounts_target() -> None:
    seen = whole(world())
    rule = variant("playbook_btc")
    stages = pd.Series(rule.path(seen).stance.stage, index=seen.times)
    at = stages[stages == "cash"].index[-1]
    found = {wire.series: wire for wire in tripwires(rule, seen.panel, seen.bars, at)}
    target = found["tga_target"]
    quarter = at.tz_localize(None).to_period("Q").end_time.date()
    assert target.ref_date == quarter
    assert found["tga"].below == pytest.approx(target.value, abs=2e-3)
    assert found["tga"].below is not None
    assert found["tga"].below <= target.value
    assert target.above == pytest.approx(found["tga"].value, abs=2e-3)
    assert found["tga"].weights_below == {"BTC": 1.0, "CASH": 0.0}


@pytest.mark.parametrize("name", ["essay_playbook", "expected_build", "release_staged"])
def test_the_edge_is_one_of_the_targets_own(name: str) -> None:
    """At a wire the full computation gives the target that the wire names."""
    seen, at = whole(world()), pd.Timestamp("2024-07-05", tz="UTC")
    rule = variant(name)
    for wire in tripwires(rule, seen.panel, seen.bars, at, seen.funding):
        if wire.series == "BTC" or wire.below is None:
            continue
        known = seen.panel.observations.until(at)
        table = known.table.copy()
        of = (table["series"] == wire.series) & (table["ref_date"] == pd.Timestamp(wire.ref_date))
        table.loc[table.index[of][-1], "value"] = wire.below
        altered = Panel(type(known)(table, known.ids), seen.times[seen.times <= at])
        found = rule.target_weights(altered, seen.bars.until(at), seen.funding).ffill().iloc[-1]
        named = found[found != 0.0].to_dict()
        assert named == pytest.approx({k: v for k, v in wire.weights_below.items() if v}, abs=1e-12)

from __future__ import annotations

import pandas as pd
import pytest

from data.errors import InputError
from strategies.explain import Reason, explain
from strategies.overlays.holdings import MinimumHolding
from strategies.strategy import Strategy
from strategies.variants import VARIANTS, variant
from tests.strategies.contract import whole
from tests.strategies.small import DAY, FIRST, NAN, Stated, market, strategy
from tests.strategies.world import world


def told(name: str, text: str) -> list[Reason]:
    seen = whole(world())
    at = pd.Timestamp(text, tz="UTC")
    return explain(variant(name), seen.panel, seen.bars, at, seen.funding)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_explained_from_figures_to_weights(name: str) -> None:
    rule, found = variant(name), told(name, "2024-07-05")
    steps = list(dict.fromkeys(reason.step for reason in found))
    assert steps[-2:] == ["stage", "target"]
    figures = [reason for reason in found if reason.step == "figure"]
    assert tuple(reason.name for reason in figures) == rule.inputs
    assert {reason.name for reason in found if reason.step == "signal"} == {
        signal.name for signal in rule.signals
    }
    weights = [reason.value for reason in found if reason.step == "target"]
    assert sum(float(weight) for weight in weights) == pytest.approx(1.0)


def test_figures_come_with_their_day_and_age() -> None:
    found = told("essay_playbook", "2024-07-05")
    figures = {reason.name: reason for reason in found if reason.step in ("figure", "price")}
    tga = figures["tga"]
    # Friday 00:00 UTC; Thursday the 4th is a holiday, so that Tuesday's balance is the newest.
    assert str(tga.ref_date) == "2024-07-02"
    assert tga.age_days == 3.0
    assert tga.unit == "USD bn"
    target = figures["tga_target"]
    assert (target.value, str(target.ref_date)) == (850.0, "2024-09-30")
    assert figures["BTC"].step == "price"
    assert figures["BTC"].ref_date == pd.Timestamp("2024-07-04").date()


def test_levels_are_named_with_the_side_the_figure_is_on() -> None:
    gauges = [reason for reason in told("essay_playbook", "2024-07-05") if reason.step == "gauge"]
    assert [reason.name for reason in gauges] == ["tga_excess", "srf_usage, change over 28 days"]
    assert gauges[0].note == "hoarded above 100: below; released at 0: below"


def test_before_anything_is_known() -> None:
    found = told("essay_playbook", "2020-12-31")
    assert [reason.note for reason in found if reason.name == "srf"] == ["nothing was known yet"]
    assert found[-1].note == "no order yet: not every part can be computed"
    quarter = [reason for reason in found if reason.name == "tga_target"]
    assert quarter[0].note == "nothing is announced for this quarter"


def silence(rule: Strategy, closes: list[float], day: int) -> str:
    seen = market({"BTC": closes})
    return explain(rule, seen.panel, seen.bars, FIRST + day * DAY)[-1].note


def test_why_there_is_no_order() -> None:
    carried = "no order, the last target stands: "
    stated = strategy(Stated((0.5, NAN, 0.5, 0.5)))
    assert silence(stated, [1.0] * 3, 0) == ""
    assert silence(stated, [1.0] * 3, 1) == carried + "a figure is unknown or stale"
    assert silence(stated, [1.0, 1.0, NAN, 1.0], 2) == carried + "no BTC bar closes at this time"
    weekly = strategy(Stated((0.5, 0.6)), decide="weekly_after_h41")
    assert silence(weekly, [1.0] * 2, 1) == carried + "no decision day"
    held = strategy(Stated((0.5, 0.9, 0.5)), overlays=(MinimumHolding(days=5),))
    assert silence(held, [1.0] * 3, 1) == carried + "an overlay holds it back"
    assert silence(held, [1.0] * 3, 2) == carried + "it is still the target"


def test_a_time_that_is_no_decision() -> None:
    seen = market({"BTC": [1.0]})
    with pytest.raises(InputError, match=r"is no decision time: give a day at 00:00 UTC from 2024"):
        explain(strategy(Stated((1.0,))), seen.panel, seen.bars, FIRST + 9 * DAY)


def test_a_stale_figure_is_said_to_be_stale() -> None:
    figures = {
        "tga": [("2023-12-20", 700.0)],
        "tga_target": [("2024-03-31", 750.0)],
        "srf": [("2023-12-20", 0.0)],
    }
    seen = market({"BTC": [1.0]}, figures, known={"tga_target": "2023-12-01"})
    found = {r.name: r for r in explain(variant("playbook_btc"), seen.panel, seen.bars, FIRST)}
    assert found["tga"].note == "stale: older than 8 days"
    assert found["tga"].age_days == 16.0

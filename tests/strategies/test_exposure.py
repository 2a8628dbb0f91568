"""Each exposure rule against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.facts import HALVINGS
from signals.regime import REGIMES, Regime
from strategies.exposure.base import Exposure
from strategies.exposure.expected_build import ExpectedBuild
from strategies.exposure.impulse_trend import ImpulseTrend
from strategies.exposure.playbook import Playbook
from strategies.exposure.pressure_veto import PressureVeto
from strategies.exposure.proportional import Proportional
from strategies.exposure.regime_table import RegimeGross, RegimeTable
from strategies.exposure.staged import StagedEntry
from strategies.exposure.threshold import Threshold
from strategies.exposure.yardsticks import Constant, Cycle, Trend
from strategies.market import Market
from tests.strategies.small import DAY, NAN, Against, Conditioner, Given, bars, flat, market, panel


def gross(rule: Exposure, world: Market) -> list[float]:
    return [float(value) for value in rule.stance(world).gross]


def same(found: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "enter", "leave", "expected"),
    [
        ((0, 60, 0, -60, 0), 50, -50, [0, 1, 1, 0, 0]),
        ((60, NAN, 0, NAN, -60), 50, -50, [1, NAN, 1, NAN, 0]),
        ((-10, -3, 1, -3), -5, 0, [1, 1, 0, 0]),
        ((NAN, NAN), 50, -50, [NAN, NAN]),
    ],
)
def test_threshold(
    values: tuple[float, ...], enter: float, leave: float, expected: list[float]
) -> None:
    rule = Threshold(signal=Given(values), enter=float(enter), leave=float(leave))
    same(gross(rule, flat(len(values))), expected)


def test_threshold_names_its_stage_and_its_levels() -> None:
    stance = Threshold(signal=Given((60, NAN, -60)), enter=50.0, leave=-50.0).stance(flat(3))
    assert stance.stage.tolist() == ["in", "unknown", "out"]
    assert stance.gauges[0].levels == (("enter", 50.0), ("leave", -50.0))


@pytest.mark.parametrize(
    ("values", "window", "slope", "expected"),
    [
        # Scores as they are: half at zero, all of it at +1, none at -1.
        ((0, 0.5, 1, 2, -1, -3, NAN), 0, 0.5, [0.5, 0.75, 1, 1, 0, 0, NAN]),
        # Window 4, two known at least. Row 1: mean 1, sd sqrt(2), z 1/sqrt(2).
        # Row 3: 0, 2, 4, 6: mean 3, sd sqrt(20/3). Row 4: 2, 4, 6, 4: at its mean.
        (
            (0, 2, 4, 6, 4),
            4,
            0.25,
            [NAN, 0.5 + 0.25 / 2**0.5, 0.75, 0.5 + 0.75 / (20 / 3) ** 0.5, 0.5],
        ),
        # No deviation, no score.
        ((1, 1, 1), 2, 0.5, [NAN, NAN, NAN]),
    ],
)
def test_proportional(
    values: tuple[float, ...], window: int, slope: float, expected: list[float]
) -> None:
    rule = Proportional(signal=Given(values), window=window, slope=slope)
    same(gross(rule, flat(len(values))), expected)


def test_proportional_turns_with_the_direction_of_the_signal() -> None:
    rule = Proportional(signal=Against((1.0, -1.0)), window=0)
    same(gross(rule, flat(2)), [0.0, 1.0])


def test_proportional_refuses_a_signal_without_direction() -> None:
    with pytest.raises(ValueError, match="'given' has no direction"):
        Proportional(signal=Conditioner((1.0,)))


def test_impulse_and_trend_must_agree() -> None:
    closes = [10.0, 10.0, 12.0, 12.0, 9.0, 12.0]
    # Means of two closes: 10, 10, 11, 12, 10.5, 10.5; above: no, no, yes, no, no, yes.
    world = market({"BTC": closes})
    rule = ImpulseTrend(signal=Given((1.0, 1.0, 1.0, 1.0, 1.0, -1.0)), days=2)
    same(gross(rule, world), [0, 0, 1, 0, 0, 0])
    rule = ImpulseTrend(signal=Given((1.0, 1.0, NAN, 1.0, 0.0, 2.0)), days=2)
    same(gross(rule, world), [0, 0, NAN, 0, 0, 1])


def test_trend_is_unknown_until_the_mean_is() -> None:
    world = market({"BTC": [10.0, 11.0, 12.0, 9.0]}, season=0)
    same(gross(Trend(days=3), world), [NAN, NAN, 1, 0])


def test_constant() -> None:
    same(gross(Constant(gross=0.3), flat(2)), [0.3, 0.3])


def test_cycle_is_out_for_a_year_after_the_top() -> None:
    halving = pd.Timestamp(HALVINGS[-1].start, tz="UTC")
    rule = Cycle(top=525, bear=365)
    for days, expected in ((1, 1), (524, 1), (525, 0), (889, 0), (890, 1)):
        first = halving + days * DAY
        world = Market(panel(1, first=first), bars({"BTC": [1.0]}, first))
        same(gross(rule, world), [expected])


def test_cycle_does_not_know_a_halving_on_its_own_midnight() -> None:
    first = min(fact.start for fact in HALVINGS)
    start = pd.Timestamp(first, tz="UTC")
    world = Market(panel(2, first=start), bars({"BTC": [1.0, 1.0]}, start))
    same(gross(Cycle(), world), [NAN, 1])


def rrp(balance: float, count: int = 30) -> list[tuple[str, float]]:
    days = pd.bdate_range(end="2024-01-04", periods=count)
    return [(f"{day:%Y-%m-%d}", balance) for day in days]


@pytest.mark.parametrize(
    ("balance", "tga", "target", "drain", "expected"),
    [
        # 2024-01-05 to 2024-03-29: 59 bank days left (Martin Luther King's and Washington's
        # birthdays fall out). A build of 590 is 10 a day.
        (500.0, 160.0, 750.0, 18.0, 1.0),
        (10.0, 160.0, 750.0, 20.0, 0.5),
        (10.0, 160.0, 750.0, 10.0, 0.0),
        (10.0, 160.0, 750.0, 5.0, 0.0),
        (10.0, 800.0, 750.0, 10.0, 1.0),
    ],
)
def test_expected_build_shrinks_exposure_only_when_the_rrp_is_empty(
    balance: float, tga: float, target: float, drain: float, expected: float
) -> None:
    figures = {
        "rrp": rrp(balance),
        "tga": [("2024-01-04", tga)],
        "tga_target": [("2024-03-31", target)],
    }
    world = market({"BTC": [1.0]}, figures, known={"tga_target": "2024-01-05"})
    same(gross(ExpectedBuild(drain=drain), world), [expected])


def test_expected_build_is_unknown_where_the_target_is_and_the_rrp_is_empty() -> None:
    figures = {"rrp": rrp(10.0), "tga": [("2024-01-04", 100.0)], "tga_target": []}
    assert np.isnan(gross(ExpectedBuild(), market({"BTC": [1.0]}, figures))[0])
    figures["rrp"] = rrp(500.0)
    same(gross(ExpectedBuild(), market({"BTC": [1.0]}, figures)), [1.0])


@pytest.mark.parametrize(
    ("flow", "close", "expected"),
    [
        # Steps of two days: a third, two thirds, all.
        ([1, 1, 1, 1, 1, 1], [1, 2, 2, 2, 2, 2], [1, 1, 2, 2, 3, 3]),
        # Out with the signal, and from the start again.
        ([1, 1, 1, -1, 1, 1], [1, 2, 2, 2, 2, 2], [1, 1, 2, 0, 1, 1]),
        # Day 5 after entry without a gain: out, and barred until the signal has been negative.
        ([1] * 7 + [0, 1], [2] * 9, [1, 1, 2, 2, 3, 0, 0, 0, 1]),
        # A gain on day 5 carries on; losing it afterwards is out as well.
        ([1] * 7, [2, 2, 2, 2, 2, 3, 2], [1, 1, 2, 2, 3, 3, 0]),
        # An unknown day moves nothing, but days go on.
        ([1, NAN, 1, 1], [1, 2, 2, 2], [1, NAN, 2, 2]),
        ([1, 1, 1], [1, NAN, 2], [1, NAN, 2]),
    ],
)
def test_staged_entry(flow: list[float], close: list[float], expected: list[float]) -> None:
    rule = StagedEntry(signal=Given(tuple(flow)), step=2, stop=5)
    world = market({"BTC": [float(price) for price in close]})
    same(gross(rule, world), [value / 3 for value in expected])


def path(series: dict[str, float], first: str) -> list[tuple[str, float]]:
    """Values from day to day: each holds until the next is given."""
    given_days = pd.Series({pd.Timestamp(day): value for day, value in series.items()})
    days = pd.date_range(first, given_days.index.max(), freq="D")
    filled = given_days.reindex(days).ffill().dropna()
    return [(f"{day:%Y-%m-%d}", float(value)) for day, value in filled.items()]


def test_playbook_waits_for_the_release_then_holds_btc_then_altcoins() -> None:
    # The SRF's two-day mean, change over two days, as known at each midnight below.
    figures = {
        "tga": path(
            {"2024-01-03": 800.0, "2024-01-05": 749.0, "2024-01-08": 849.0, "2024-01-11": 860.0,
             "2024-01-12": 760.0, "2024-01-13": 750.0, "2024-01-14": 750.0},
            "2024-01-03",
        ),
        "tga_target": [("2024-03-31", 750.0)],
        "srf": path(
            {"2023-12-20": 0.0, "2024-01-06": 4.0, "2024-01-08": 4.0, "2024-01-14": 4.0},
            "2023-12-20",
        ),
    }  # fmt: skip
    known = {"tga_target": "2023-12-01"}
    world = market({"BTC": [1.0] * 11}, figures, known=known, lead=10)
    stance = Playbook(hoard=100.0, rise=0.5, days=2).stance(world)
    # 01-05: 800, not released yet (it has not been at the target). 01-06: 749, released.
    # 01-07, 01-08: the SRF's mean is 2, then 4, from 0. 01-09: 4 against 2: still rising.
    # 01-10: 4 against 4: no rise. 01-12: 110 above the target: hoarded. 01-13: 760, still above.
    # 01-14: at the target: released.
    assert stance.stage.tolist()[10:] == [
        "cash", "btc", "altcoins", "altcoins", "altcoins", "btc", "btc", "cash", "cash", "btc",
        "btc",
    ]  # fmt: skip
    same(stance.gross.tolist()[10:], [0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1])
    same(stance.altcoins.tolist()[10:], [0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])


def test_playbook_is_unknown_without_an_announced_target() -> None:
    figures = {
        "tga": path({"2024-01-03": 700.0, "2024-01-05": 700.0}, "2024-01-03"),
        "tga_target": [("2023-12-31", 750.0)],
        "srf": path({"2023-12-20": 0.0, "2024-01-05": 0.0}, "2023-12-20"),
    }
    stance = Playbook(days=2).stance(market({"BTC": [1.0, 1.0]}, figures))
    assert np.isnan(stance.gross).all()
    assert stance.stage.tolist() == ["unknown", "unknown"]


def test_regime_table_gives_each_regime_its_exposure() -> None:
    table = RegimeGross(
        stealth_qe=0.1, pressure=0.2, release=0.3, drain=0.4, purchases=0.5, ample=0.6, neutral=0.7
    )
    assert tuple(RegimeGross.model_fields) == REGIMES
    days = pd.date_range("2023-11-01", "2024-01-04", freq="D")
    figures = {name: [(f"{day:%Y-%m-%d}", 1.0) for day in days] for name in Regime().inputs}
    figures["rrp"] = [(day, 500.0) for day, _ in figures["rrp"]]
    figures["sofr"] = [(day, 0.5) for day, _ in figures["sofr"]]
    rule = RegimeTable(gross=table)
    stance = rule.stance(market({"BTC": [1.0] * 20}, figures))
    assert stance.stage[0] == "ample"
    same(stance.gross[:1].tolist(), [0.6])
    # All daily figures are stale by then.
    assert np.isnan(stance.gross[-1])
    assert stance.stage[-1] == "unknown"
    assert rule.cap == 0.7


def test_pressure_on_ordinary_days_vetoes_and_pressure_at_period_ends_does_not() -> None:
    days = pd.bdate_range("2023-11-01", "2024-01-17")
    usual = [(f"{day:%Y-%m-%d}", 5.2) for day in days]
    ceiling = [(f"{day:%Y-%m-%d}", 5.5) for day in pd.date_range("2023-11-01", "2024-01-20")]
    year_end = [(day, 6.5 if day == "2023-12-29" else rate) for day, rate in usual]
    pressed = [(day, 5.55 if day >= "2024-01-09" else rate) for day, rate in usual]
    rule = PressureVeto(base=Constant(), enter=0.0, leave=-5.0, days=5)

    def of(sofr: list[tuple[str, float]]) -> list[float]:
        figures = {"sofr": sofr, "ff_upper": ceiling}
        return gross(rule, market({"BTC": [1.0] * 13}, figures, lead=10))

    # From 2023-12-26 on; +100 bp on the last business day of the year, carried over the holiday,
    # would lift any mean of five days above 0.
    assert of(year_end) == [1.0] * 23
    # SOFR of 01-09 (+5 bp) is known on the 10th; the mean of five days is -30 -30 -30 -30 +5 then,
    # -2 on the 13th and +5 on the 14th.
    assert of(pressed) == [1.0] * 19 + [0.0] * 4


def test_a_veto_without_pressure_figures_is_unknown() -> None:
    figures: dict[str, list[tuple[str, float]]] = {"sofr": [], "ff_upper": []}
    assert np.isnan(gross(PressureVeto(base=Constant()), market({"BTC": [1.0]}, figures))[0])

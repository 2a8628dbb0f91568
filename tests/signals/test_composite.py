"""Scores, the composite and the dose."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data.errors import BadConfig, TooShort, UnknownName
from signals.composite import FLOWS, SPARSE, Composite
from signals.dose import Dose, dose, dose_of, weekly_changes, weekly_sd
from signals.funding import FundingPressure
from signals.normalise import sparse_score, trailing_z
from signals.registry import SIGNALS, signal
from signals.srf import SrfUsage
from signals.tga import TgaImpulse
from tests.signals.worlds import at, daily, panel_of, weekly

NAN = math.nan


@pytest.mark.parametrize(
    ("values", "days", "expected"),
    [
        # 1, 2, 3: mean 2, sd 1; then 2, 3, 7: mean 4, sd sqrt(7)
        ([1.0, 2.0, 3.0, 7.0], 3, [NAN, 0.5 / math.sqrt(0.5), 1.0, 3.0 / math.sqrt(7.0)]),
        # a constant has no scale
        ([5.0, 5.0, 5.0], 3, [NAN, NAN, NAN]),
        # NaN is passed over: 1, 3 has mean 2 and sd sqrt(2)
        ([1.0, NAN, 3.0], 3, [NAN, NAN, 1.0 / math.sqrt(2.0)]),
        # clipped: 19 zeros and a one: (1 - 0.05) / sqrt(0.05) is 4.2
        ([0.0] * 19 + [1.0], 20, [NAN] * 19 + [3.0]),
    ],
)
def test_trailing_z(values, days, expected):
    np.testing.assert_allclose(trailing_z(np.array(values), days), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("values", "days", "expected"),
    [
        # the floor of 5 counts until the spread is larger
        ([0.0, 0.0, 5.0], 3, [0.0, 0.0, math.asinh(1.0)]),
        # 0, 0, 60: sd 60 / sqrt(3) = 34.64
        ([0.0, 0.0, 60.0], 3, [0.0, 0.0, math.asinh(math.sqrt(3.0))]),
        # too few for a spread: the floor; clipped at 3
        ([1000.0, NAN, -1000.0], 9, [3.0, NAN, -3.0]),
        ([NAN, 0.0], 2, [NAN, 0.0]),
    ],
)
def test_sparse_score(values, days, expected):
    np.testing.assert_allclose(sparse_score(np.array(values), days), expected, rtol=1e-12)


def test_flows_have_a_sign_and_conditioners_are_none_of_them():
    assert all(kind.direction in (-1, 1) for kind in FLOWS.values())
    assert {name: SIGNALS[name] for name in FLOWS} == dict(FLOWS)
    assert set(FLOWS) >= SPARSE


def _two_members():
    tga = [700.0, 690.0, 710.0, 650.0, 600.0, 640.0, 580.0, 500.0, 520.0, 450.0]
    sofr = [4.30, 4.31, 4.29, 4.35, 4.33, 4.40, 4.41, 4.38, 4.45, 4.50]
    figures = {
        "tga": daily("2025-01-01", tga),
        "sofr": daily("2025-01-01", sofr),
        "ff_upper": daily("2025-01-01", [4.5] * 10),
    }
    return panel_of(figures, "2025-01-01", "2025-01-11")


def test_composite_is_the_mean_of_signed_scores():
    panel = _two_members()
    composite = Composite(("funding_pressure",), days=4).compute(panel)
    # bp under the ceiling on 01-11: -12, -5, 0 and, before, -9: mean -6.5, deviations 6.5, 1.5,
    # -5.5, -2.5; sd sqrt((42.25 + 2.25 + 30.25 + 6.25) / 3) = sqrt(27); sign -1
    assert at(composite, "2025-01-11") == pytest.approx(-6.5 / math.sqrt(27.0))


def test_composite_takes_the_members_that_are_known():
    panel = _two_members()
    # The 28-day impulse is unknown throughout: one member of two is half.
    pair = Composite(("funding_pressure", "tga_impulse"), days=4).compute(panel)
    alone = Composite(("funding_pressure",), days=4).compute(panel)
    np.testing.assert_array_equal(pair.to_numpy(), alone.to_numpy())
    figures = dict.fromkeys(("srf", "fed_assets", "rrp"), ())
    empty = panel_of(
        figures | {"tga": daily("2025-01-01", [700.0] * 9), "sofr": [], "ff_upper": []},
        "2025-01-01",
        "2025-01-10",
    )
    assert Composite(days=4).compute(empty).isna().all()


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("composite", {"members": ()}, BadConfig, "give at least one flow"),
        ("composite", {"members": "tga_impulse"}, BadConfig, "members = 'tga_impulse'"),
        ("composite", {"members": ("tga_impuls",)}, UnknownName, "did you mean tga_impulse"),
        ("composite", {"members": ("rrp_depletion",)}, UnknownName, "unknown flow 'rrp_depletion'"),
        ("composite", {"members": ("rrp_flow", "rrp_flow")}, BadConfig, "one stands twice"),
        ("composite", {"days": 1}, BadConfig, "days = 1"),
    ],
)
def test_bad_members_are_refused(name, parameters, error, message):
    with pytest.raises(error, match=message):
        signal(name, **parameters)


def test_members_may_come_as_a_list():
    assert signal("composite", members=["rrp_flow"]) == Composite(("rrp_flow",))


def _years():
    """61 weeks in which net liquidity rises and falls by 10 from one to the next."""
    days = 7 * 61
    figures = {
        "fed_assets": weekly("2024-01-03", [6800.0] * 61),
        "rrp": daily("2024-01-01", [0.0] * days),
        "srf": daily("2024-01-01", [0.0] * (days - 1) + [5.0]),
        "tga": daily("2024-01-01", [700.0 + 10.0 * ((k // 7) % 2) for k in range(days)]),
        "sofr": daily("2024-01-01", [5.3] * days),
        "ff_upper": daily("2024-01-01", [5.5] * days),
    }
    return panel_of(figures, "2024-01-01", "2025-03-03")


def test_dose_is_the_driver_over_the_noise_of_a_week():
    panel = _years()
    moved = weekly_changes(panel)
    assert {day.day_of_week for day in moved.index} == {4}
    assert set(np.abs(moved)) == {10.0}
    # n changes of +-10: the sample deviation about their mean
    assert weekly_sd(panel) == pytest.approx(float(np.std(moved, ddof=1)))
    # one night of 5 of 28
    reached = dose(SrfUsage(), panel)
    assert reached == Dose(5.0 / 28.0, panel.times[-1], weekly_sd(panel))
    assert reached.ratio == pytest.approx(5.0 / 28.0 / weekly_sd(panel))
    assert dose_of(-TgaImpulse(7).compute(panel), panel).driver in (-10.0, 10.0)


def test_a_rate_has_no_dose():
    panel = _years()
    assert dose(FundingPressure(), panel) is None
    assert dose(SrfUsage("days"), panel) is None


def test_a_dose_needs_a_year_and_a_driver():
    with pytest.raises(TooShort, match="weekly changes are known by 2025-01-10, a dose needs 52"):
        weekly_sd(panel_of(_short(), "2024-06-01", "2025-01-10"))
    with pytest.raises(BadConfig, match="the driver has no value"):
        dose_of(TgaImpulse().compute(_years()).iloc[:3], _years())


def _short():
    return {
        "fed_assets": weekly("2024-06-05", [6800.0] * 32),
        "rrp": daily("2024-06-01", [0.0] * 224),
        "srf": daily("2024-06-01", [0.0] * 224),
        "tga": daily("2024-06-01", [700.0] * 224),
    }

"""Net liquidity, its change, and what drove it: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import BadConfig
from signals.drivers import PARTS, LiquidityDrivers, WednesdayImpulse
from signals.liquidity_impulse import LiquidityImpulse
from signals.net_liquidity import NetLiquidity
from signals.registry import signal
from tests.signals.worlds import at, daily, panel_of, weekly

# Wednesdays 2025-10-22 and 10-29, H.4.1 on the Thursday evening; TGA a business day later.
AUTUMN = {
    "fed_assets": [
        ("2025-10-22", 6590.0, "2025-10-23 20:35"),
        ("2025-10-29", 6600.0, "2025-10-30 20:35"),
    ],
    "tga_wednesday": [
        ("2025-10-22", 940.0, "2025-10-23 20:35"),
        ("2025-10-29", 984.0, "2025-10-30 20:35"),
    ],
    "tga": [
        ("2025-10-28", 950.0, "2025-10-29 20:00"),
        ("2025-10-29", 984.0, "2025-10-30 20:00"),
        ("2025-10-30", 1000.6, "2025-10-31 20:00"),
    ],
    "rrp": [("2025-10-22", 5.0), ("2025-10-29", 20.0), ("2025-10-30", 19.2), ("2025-10-31", 51.8)],
    "srf": [
        ("2025-10-22", 1.0),
        ("2025-10-29", 10.311),
        ("2025-10-30", 6.2),
        ("2025-10-31", 50.35),
    ],
}


@pytest.mark.parametrize(
    ("form", "day", "expected"),
    [
        # The last H.4.1 is that of 10-22: 6590 - 950 - 20 + (10.311 - 1.0)
        ("nowcast", "2025-10-30", 5629.311),
        # H.4.1 of 10-29: 6600 - 984 - 19.2 + (6.2 - 10.311)
        ("nowcast", "2025-10-31", 5592.689),
        # 6600 - 1000.6 - 51.8 + (50.35 - 10.311)
        ("nowcast", "2025-11-01", 5587.639),
        # all about 10-22: 6590 - 940 - 5
        ("weekly", "2025-10-30", 5645.0),
        # all about 10-29: 6600 - 984 - 20
        ("weekly", "2025-10-31", 5596.0),
        ("weekly", "2025-11-03", 5596.0),
    ],
)
def test_level_is_the_last_balance_sheet_carried_with_daily_figures(form, day, expected):
    panel = panel_of(AUTUMN, "2025-10-20", "2025-11-05")
    assert at(NetLiquidity(form).compute(panel), day) == pytest.approx(expected, abs=1e-9)


def test_repo_operations_before_the_facility_are_not_added():
    figures = {
        "fed_assets": [("2020-06-03", 7165.0, "2020-06-04 20:35")],
        "tga": [("2020-06-03", 1400.0)],
        "rrp": [("2020-06-03", 5.0)],
        "srf": [("2020-06-03", 43.1), ("2020-06-04", 56.1)],
    }
    level = NetLiquidity().compute(panel_of(figures, "2020-06-01", "2020-06-08"))
    # 7165 - 1400 - 5; with the repos it would be 13.0 more
    assert at(level, "2020-06-05") == 5760.0


def test_the_facility_counts_from_its_first_day_on():
    figures = {
        "fed_assets": [("2021-07-21", 8240.0, "2021-07-22 20:35")],
        "tga": [("2021-07-27", 600.0)],
        "rrp": [("2021-07-27", 900.0)],
        "srf": [("2021-07-20", 2.0), ("2021-07-27", 5.0), ("2021-07-28", 9.0)],
    }
    level = NetLiquidity().compute(panel_of(figures, "2021-07-26", "2021-07-30"))
    assert at(level, "2021-07-28") == 6740.0  # 8240 - 600 - 900
    assert at(level, "2021-07-29") == 6747.0  # + 9 - 2


def test_level_is_missing_where_a_part_is_stale():
    figures = AUTUMN | {"tga": [("2025-10-20", 900.0)]}
    level = NetLiquidity().compute(panel_of(figures, "2025-10-20", "2025-11-05"))
    assert at(level, "2025-10-28") == 6590.0 - 900.0 - 5.0  # eight days old
    assert np.isnan(at(level, "2025-10-29"))


def _levels(values):
    """A world whose nowcast at 00:00 UTC after each day is 6000 less the day's TGA."""
    return {
        "fed_assets": weekly("2024-12-25", [6000.0] * 8),
        "tga": daily("2025-01-01", values),
        "rrp": daily("2025-01-01", [0.0] * len(values)),
        "srf": daily("2024-12-25", [0.0] * (len(values) + 7)),
    }


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        # TGA 100, 110, ..., 100 + 10 k about 01-01 + k; the decision of 01-31 knows k = 29 and
        # means about k = 23..29 and k = 16..22: 26 - 19 = 7 steps of 10 less
        ({"days": 7}, -70.0),
        # single days: k = 29 and k = 22
        ({"days": 7, "smooth": 1}, -70.0),
        # 28 days before 01-31 knows k = 1: single days 28 steps
        ({"days": 28, "smooth": 1}, -280.0),
        # mean of k = 28, 29 less mean of k = 0, 1 = 28.5 - 0.5 = 28 steps
        ({"days": 28, "smooth": 2}, -280.0),
        # -70 over the mean of 6000 - (100 + 10 k), k = 16..22: 6000 - 290 = 5710; in percent
        ({"days": 7, "measure": "share"}, -7000.0 / 5710.0),
    ],
)
def test_impulse_is_a_difference_of_means(parameters, expected):
    panel = panel_of(_levels([100.0 + 10.0 * k for k in range(30)]), "2025-01-01", "2025-01-31")
    impulse = LiquidityImpulse(**parameters).compute(panel)
    assert at(impulse, "2025-01-31") == pytest.approx(expected, rel=1e-12)


def test_impulse_weighs_a_single_day_by_a_seventh():
    values = [100.0] * 30
    values[29] = 800.0
    panel = panel_of(_levels(values), "2025-01-01", "2025-01-31")
    assert at(LiquidityImpulse(days=7).compute(panel), "2025-01-31") == pytest.approx(-100.0)


def test_impulse_needs_every_day_of_both_means():
    panel = panel_of(_levels([100.0] * 30), "2025-01-01", "2025-01-31")
    impulse = LiquidityImpulse(days=7).compute(panel)
    # The first level is that of 01-02; the first mean 01-08, the second 01-15.
    assert impulse.first_valid_index() == at(impulse.index.to_series(), "2025-01-15")
    assert (impulse.dropna() == 0.0).all()


MARCH = {
    "fed_assets": weekly("2023-03-01", [8340.0, 8342.0, 8639.0, 8734.0, 8706.0]),
    "fed_treasuries": weekly("2023-03-01", [5344.0, 5337.0, 5328.0, 5328.0, 5328.0]),
    "tga_wednesday": weekly("2023-03-01", [352.0, 311.0, 278.0, 199.0, 163.0]),
    "rrp": [("2023-03-01", 2134.0), ("2023-03-22", 2280.0), ("2023-03-29", 2264.0)],
    "srf": [("2023-03-01", 0.0), ("2023-03-29", 1.5)],
}
LOANS = {
    "fed_primary_credit": weekly("2023-03-01", [4.0, 5.0, 153.0, 110.0, 88.0]),
    # The programme began in between: it was zero before.
    "fed_btfp": weekly("2023-03-15", [12.0, 54.0, 64.0]),
    "fed_mbs": weekly("2023-03-01", [2625.0, 2625.0, 2613.0, 2608.0, 2600.0]),
    "fed_repos": weekly("2023-03-01", [0.0, 0.0, 0.0, 0.0, 2.5]),
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        # 2023-03-01 to 03-29: assets +366, of which repos (srf) 1.5 and Treasuries -16, so that
        # 380.5 are other; TGA -189, RRP +130. Impulse 366 + 189 - 130 = 425.
        ({}, {"lending": 1.5, "securities": -16.0, "other_assets": 380.5}),
        # repos of the H.4.1 2.5 + discount window 84 + BTFP 64 = 150.5; Treasuries and
        # mortgages -16 - 25 = -41; other 366 - 150.5 + 41 = 256.5
        (LOANS, {"lending": 150.5, "securities": -41.0, "other_assets": 256.5}),
    ],
)
def test_drivers_add_up_to_the_wednesday_impulse(more, expected):
    panel = panel_of(MARCH | more, "2023-03-01", "2023-04-02")
    row = at(LiquidityDrivers().compute(panel), "2023-03-31")
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert row["tga"] == pytest.approx(189.0)
    assert row["rrp"] == pytest.approx(-130.0)
    assert row["impulse"] == pytest.approx(425.0)
    assert row[list(PARTS)].sum() == pytest.approx(row["impulse"], abs=1e-9)
    assert at(WednesdayImpulse().compute(panel), "2023-03-31") == pytest.approx(425.0)


def test_wednesday_impulse_waits_for_the_release():
    panel = panel_of(MARCH, "2023-03-01", "2023-04-02")
    impulse = WednesdayImpulse(days=7).compute(panel)
    # H.4.1 of 03-22 against 03-15: assets +95, TGA -79; RRP of 03-15 is unknown (carried 03-01
    # is too old), so there is none before the decision of 03-31: -28 + 36 + 16
    assert np.isnan(at(impulse, "2023-03-30"))
    assert at(impulse, "2023-03-31") == pytest.approx(-28.0 + 36.0 + 16.0)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("net_liquidity", {"form": "dayly"}, "form = 'dayly' is not one of nowcast, weekly"),
        ("liquidity_impulse", {"days": 0}, "days = 0 is not a whole number of at least 1"),
        ("liquidity_impulse", {"days": True}, "days = True is not a whole number"),
        ("liquidity_impulse", {"smooth": 1.5}, "smooth = 1.5 is not a whole number"),
        ("liquidity_impulse", {"measure": "pct"}, "measure = 'pct' is not one of bn, share"),
        ("wednesday_impulse", {"days": 30}, "days = 30: Wednesdays lie a multiple of 7 days apart"),
    ],
)
def test_bad_parameters_are_refused(name, parameters, message):
    with pytest.raises(BadConfig, match=message):
        signal(name, **parameters)


def test_drivers_lie_whole_weeks_apart():
    with pytest.raises(BadConfig, match="liquidity_drivers: days = 10"):
        LiquidityDrivers(10)

"""Signals on the published figures: numbers known from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from data.panel import Panel, decision_times
from signals.dose import dose, weekly_sd
from signals.registry import SIGNALS, TABLES, signal, table
from tests.signals.worlds import at


@pytest.fixture(scope="module")
def real(real_snapshot):
    return Panel(real_snapshot.observations, decision_times(real_snapshot.as_of))


@pytest.mark.parametrize(
    ("series", "decision", "expected"),
    [
        ("rrp", "2022-12-31", 2553.716),
        ("tga", "2025-11-06", 939.6),  # about 11-04
        ("tga", "2025-12-11", 837.3),  # about 12-09
        ("tga", "2026-01-08", 771.9),  # about 01-06
        ("srf", "2025-11-01", 50.35),
        ("srf", "2026-01-01", 74.60),
    ],
)
def test_figures(real, series, decision, expected):
    assert at(real.last(series), decision) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("name", "parameters", "decision", "expected"),
    [
        # SOFR of 2025-10-31 is known on Monday 11-03.
        ("funding_pressure", {"measure": "sofr_iorb"}, "2025-11-04", 32.0),
        ("funding_pressure", {}, "2025-11-04", 22.0),
        ("srf_usage", {"days": 1}, "2025-11-01", 50.35),
        ("corridor_net", {}, "2025-11-01", -1.5),
        ("corridor_net", {}, "2026-01-01", -31.4),
        ("srf_usage", {}, "2026-01-06", 11.4),
        # "about 150bn above its 850bn target"
        ("tga_excess", {}, "2025-10-31", 133.9),
        ("tga_excess", {}, "2025-11-01", 150.6),
        ("tga_excess", {}, "2026-01-08", 771.9 - 850.0),
    ],
)
def test_known_numbers(real, name, parameters, decision, expected):
    computed = signal(name, **parameters).compute(real)
    assert at(computed, decision) == pytest.approx(expected, abs=0.05)


def test_the_reverse_repo_facility_peaked_at_the_end_of_2022(real):
    rrp = real.last("rrp")
    assert rrp.max() == 2553.716
    assert f"{rrp.idxmax():%Y-%m-%d}" == "2022-12-31"


def test_the_facilitys_balance_peaked_in_january_2026(real):
    usage = signal("srf_usage").compute(real)
    assert usage.max() == pytest.approx(11.4, abs=0.05)
    reached = dose(signal("srf_usage"), real)
    assert reached is not None
    assert 0.11 < reached.ratio < 0.14


def test_a_week_moves_net_liquidity_by_about_90bn(real):
    assert 85.0 < weekly_sd(real) < 95.0


def test_net_liquidity_is_in_its_known_range(real):
    level = signal("net_liquidity").compute(real)["2024":].dropna()
    assert level.between(5400, 6500).all()
    weekly = signal("net_liquidity", form="weekly").compute(real)
    # Both forms tell the same story, a few days apart.
    apart = (level - weekly).dropna()
    assert abs(apart.mean()) < 20
    assert apart.abs().max() < 500


def test_single_days_often_have_the_other_sign_than_means(real):
    single = signal("liquidity_impulse", smooth=1).compute(real)
    mean = signal("liquidity_impulse").compute(real)
    both = single.notna() & mean.notna()
    assert 0.10 < (np.sign(single[both]) != np.sign(mean[both])).mean() < 0.18


def test_drivers_add_up_everywhere(real):
    parts = table("liquidity_drivers").compute(real)
    total = parts.drop(columns="impulse").sum(axis=1, skipna=False)
    known = parts["impulse"].notna()
    assert known.sum() > 4000
    assert (total - parts["impulse"])[known].abs().max() < 1e-9


def test_the_essays_autumn_shows_in_the_regimes(real):
    regimes = table("regime").compute(real)
    assert at(regimes, "2025-10-15")["drain"]
    assert at(regimes, "2025-11-05")["pressure"]
    assert at(regimes, "2025-11-05")["regime"] == "stealth_qe"
    assert at(regimes, "2026-03-01")["purchases"]
    assert not regimes.loc[:"2025-10-29", "stealth_qe"].any()


@pytest.mark.parametrize("name", SIGNALS)
def test_no_signal_is_infinite(real, name):
    computed = signal(name).compute(real)
    assert not np.isinf(computed).any()
    assert computed["2025":"2026-06"].notna().mean() > 0.95


def test_tables_cover_the_whole_history(real):
    for name in TABLES:
        assert len(table(name).compute(real)) == len(real.times)

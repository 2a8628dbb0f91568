from __future__ import annotations

import pytest

from backtests.walk_forward.reach import reach_of
from strategies.variants import names, variant


@pytest.mark.parametrize(
    ("name", "look_back", "holding", "expanding"),
    [
        # 28-day change of 7-day means; a week's minimum holding.
        ("liquidity_threshold", 35, 7, False),
        # Two years of z-scores of a 91-day change of 7-day means.
        ("liquidity_proportional", 730 + 91 + 7, 1, False),
        # A beta over a year of 28-day changes, of an impulse of 28 + 7 days.
        ("liquidity_beta_tilt", 365 + 28 + 28 + 7, 1, False),
        # Inverse volatility over 60 days beside a 28-day mean.
        ("essay_playbook", 60, 1, False),
        ("composite_proportional", 1095, 1, True),
        # A time stop after 90 days, a drawdown stop over 100 days that pauses 30.
        ("release_staged", 100, 90, False),
    ],
)
def test_of_the_shipped_variants(name, look_back, holding, expanding):
    found = reach_of([variant(name).config])
    assert (found.look_back, found.holding, found.expanding) == (look_back, holding, expanding)
    assert found.longest == max(look_back, holding)


def test_the_longest_of_several_counts():
    both = reach_of([variant("liquidity_threshold").config, variant("release_staged").config])
    assert (both.look_back, both.holding) == (100, 90)


def test_every_shipped_variant_has_one():
    assert all(reach_of([variant(name).config]).holding >= 1 for name in names(None))


def test_a_users_own_configuration_is_read_in_the_same_way():
    assert reach_of([{"days": 30, "level": 2.5}]).look_back == 30
    assert reach_of([{"level": 2.5}]).look_back == 0

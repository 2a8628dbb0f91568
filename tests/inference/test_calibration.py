from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from backtests.inference.calibration import clopper_pearson, coverage_cell, false_positive_cell


@pytest.mark.parametrize(
    ("count", "worlds", "low", "high"),
    [
        # Two-sided 95% limits of the usual tables are one-sided 97.5% bounds.
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
    ],
)
def test_bounds_meet_the_tables(count, worlds, low, high):
    assert clopper_pearson(count, worlds, confidence=0.975) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 300), st.data())
def test_bounds_are_where_the_binomial_tail_is_one_percent(worlds, data):
    count = data.draw(st.integers(0, worlds))
    low, high = clopper_pearson(count, worlds)
    assert low <= count / worlds <= high
    if count > 0:
        assert binom.sf(count - 1, worlds, low) == pytest.approx(0.01, rel=1e-6)
    if count < worlds:
        assert binom.cdf(count, worlds, high) == pytest.approx(0.01, rel=1e-6)


@pytest.mark.parametrize(
    ("rejections", "passes"), [(0, True), (250, True), (300, True), (340, True), (345, False)]
)
def test_false_positives_fail_only_when_surely_above_six_percent(rejections, passes):
    cell = false_positive_cell(rejections, 5000)
    assert cell.passes is passes
    assert cell.rate == rejections / 5000
    assert (cell.low > 0.06) is not passes


@pytest.mark.parametrize(
    ("covered", "passes"),
    [(4750, True), (4650, True), (4605, False), (4850, True), (4890, False), (5000, False)],
)
def test_coverage_fails_only_when_surely_outside_93_to_97_percent(covered, passes):
    assert coverage_cell(covered, 5000).passes is passes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clopper_pearson(11, 10), "count: expected between 0 and 10, got 11"),
        (lambda: clopper_pearson(0, 0), "worlds"),
        (lambda: false_positive_cell(1, 10, goal=0.0), "goal"),
        (lambda: coverage_cell(1, 10, goal=(0.97, 0.93)), "goal"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

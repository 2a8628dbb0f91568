"""Trailing statistics and switches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadConfig
from signals.hysteresis import Hysteresis
from signals.windows import (
    change,
    half,
    lagged,
    trailing_count,
    trailing_max,
    trailing_mean,
    trailing_sd,
    trailing_sum,
)

NAN = math.nan
VALUES = np.array([1.0, 2.0, NAN, 4.0, 8.0])


@pytest.mark.parametrize(
    ("computed", "expected"),
    [
        (lagged(VALUES, 2), [NAN, NAN, 1.0, 2.0, NAN]),
        (lagged(VALUES, 9), [NAN] * 5),
        (change(VALUES, 1), [NAN, 1.0, NAN, NAN, 4.0]),
        (trailing_count(VALUES, 2), [1.0, 2.0, 1.0, 1.0, 2.0]),
        (trailing_sum(VALUES, 2), [NAN, 3.0, NAN, NAN, 12.0]),
        (trailing_mean(VALUES, 3, least=2), [NAN, 1.5, 1.5, 3.0, 6.0]),
        (trailing_mean(VALUES, 3, least=3), [NAN] * 5),
        (trailing_max(VALUES, 2, least=1), [1.0, 2.0, 2.0, 4.0, 8.0]),
        # (1, 2): 1/2; (2, 4): 2; (4, 8): 8 are the variances
        (trailing_sd(VALUES, 3, least=2), [NAN, *np.sqrt([0.5, 0.5, 2.0, 8.0])]),
    ],
)
def test_expected_values(computed, expected):
    np.testing.assert_allclose(computed, expected, rtol=1e-14)


@pytest.mark.parametrize(("days", "expected"), [(1, 1), (2, 1), (7, 4), (28, 14), (1095, 548)])
def test_half_rounds_up(days, expected):
    assert half(days) == expected


@pytest.mark.parametrize("statistic", [trailing_mean, trailing_sd, trailing_max])
def test_a_huge_value_leaves_no_trace_once_it_is_out_of_the_window(statistic):
    values = np.array([1.0, 2.0, 1e150, 3.0, 4.0, 5.0, 6.0])
    np.testing.assert_array_equal(statistic(values, 3, 1)[5:], statistic(values[3:], 3, 1)[2:])


numbers = st.lists(st.one_of(st.just(NAN), st.floats(-1e6, 1e6)), min_size=1, max_size=60).map(
    np.array
)


@given(values=numbers, days=st.integers(1, 30), cut=st.integers(0, 59), least=st.integers(1, 5))
def test_a_value_depends_to_the_bit_on_its_own_window_only(values, days, cut, least):
    at = min(cut, len(values) - 1)
    for statistic in (trailing_mean, trailing_sd, trailing_max):
        whole = statistic(values, days, least)[at]
        short = statistic(values[: at + 1], days, least)[at]
        window = statistic(values[max(0, at + 1 - days) : at + 1], days, least)[-1]
        assert np.array([whole]).tobytes() == np.array([short]).tobytes()
        assert (math.isnan(whole) and math.isnan(window)) or whole == window


@given(values=numbers, days=st.integers(2, 30))
def test_statistics_agree_with_their_formulas(values, days):
    for at in range(len(values)):
        window = values[max(0, at + 1 - days) : at + 1]
        known = window[~np.isnan(window)]
        mean, sd = trailing_mean(values, days, 1)[at], trailing_sd(values, days, 2)[at]
        assert mean == pytest.approx(known.mean() if len(known) else NAN, abs=1e-6, nan_ok=True)
        expected = known.std(ddof=1) if len(known) > 1 else NAN
        assert sd == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("enter", "leave", "values", "expected"),
    [
        (5.0, 2.0, [0.0, 4.0, 5.0, 2.0, 1.9, 4.9, 6.0], [0, 0, 1, 1, 0, 0, 1]),
        (50.0, 100.0, [60.0, 50.0, 49.0, 100.0, 101.0, 60.0], [0, 0, 1, 1, 0, 0]),
        # what is not known does not hold, and it starts again
        (5.0, 2.0, [6.0, NAN, 3.0, 6.0, 3.0], [1, 0, 0, 1, 1]),
        (-100.0, 0.0, [-100.0, -101.0, 0.0, 0.5], [0, 1, 1, 0]),
        (5.0, 2.0, [], []),
    ],
)
def test_hysteresis_table(enter, leave, values, expected):
    states = Hysteresis(enter, leave).states(np.array(values, dtype=float))
    assert states.tolist() == [bool(state) for state in expected]


@pytest.mark.parametrize(
    ("enter", "leave", "message"),
    [(5.0, 5.0, "give two levels"), (NAN, 1.0, "not finite"), (1.0, math.inf, "not finite")],
)
def test_bad_levels_are_refused(enter, leave, message):
    with pytest.raises(BadConfig, match=message):
        Hysteresis(enter, leave)

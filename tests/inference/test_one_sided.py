from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.one_sided import (
    OneSided,
    from_t_draws,
    lower_p,
    studentised_interval,
    upper_p,
)


@pytest.mark.parametrize(
    ("observed", "upper", "lower"),
    [(5.0, 1 / 5, 5 / 5), (0.0, 5 / 5, 1 / 5), (2.0, 4 / 5, 3 / 5), (2.5, 3 / 5, 3 / 5)],
)
def test_p_values_count_the_observed_among_the_draws(observed, upper, lower):
    draws = np.array([1.0, 2.0, 3.0, 4.0])
    assert upper_p(observed, draws) == upper
    assert lower_p(observed, draws) == lower


def test_each_null_compares_its_own_t_statistic():
    draws = np.arange(-49.0, 50.0)  # 99 draws
    p = from_t_draws(estimate=6.0, standard_error=2.0, draws=draws, delta=10.0)
    assert p == OneSided(p1=(1 + 47) / 100, p2=(1 + 48) / 100, p3=(1 + 53) / 100)
    assert from_t_draws(6.0, 2.0, draws, None).p2 is None


@given(
    st.floats(-5, 5),
    st.floats(0.1, 3),
    st.integers(0, 2**32 - 1),
    st.sampled_from([199, 399, 999]),
)
def test_interval_excludes_zero_exactly_when_a_one_sided_test_rejects(estimate, error, seed, n):
    draws = np.random.default_rng(seed).standard_t(4, size=n)
    low, high = studentised_interval(estimate, error, draws, 0.95)
    p = from_t_draws(estimate, error, draws, None)
    assert (low > 0) == (p.p1 <= 0.025)
    assert (high < 0) == (p.p3 <= 0.025)


@pytest.mark.parametrize("name", ["p1", "p2", "p3"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_p_value_outside_0_to_1_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a p-value"):
        OneSided(**{"p1": 0.5, "p2": 0.5, "p3": 0.5} | {name: value})

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from backtests.inference.multiplicity import benjamini_yekutieli, holm, holm_family
from backtests.inference.one_sided import OneSided

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.02], [0.02]),
        ([0.9, 0.8], [1.0, 1.0]),
    ],
)
def test_holm_multiplies_by_the_tests_left_and_never_falls(p, adjusted):
    np.testing.assert_allclose(holm(p), adjusted)


def test_holm_equals_statsmodels():
    p = np.random.default_rng(1).random(15) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


@given(P_VALUES)
def test_holm_equals_its_definition(p):
    order = np.argsort(p, kind="stable")
    expected, highest = np.empty(len(p)), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        expected[i] = highest
    np.testing.assert_allclose(holm(p), expected, atol=1e-12)


@given(P_VALUES)
def test_benjamini_yekutieli_equals_its_definition(p):
    m = len(p)
    harmonic = sum(1 / k for k in range(1, m + 1))
    order = np.argsort(p, kind="stable")
    expected, lowest = np.empty(m), 1.0
    for rank in range(m, 0, -1):
        i = order[rank - 1]
        lowest = min(lowest, m * harmonic / rank * p[i])
        expected[i] = lowest
    np.testing.assert_allclose(benjamini_yekutieli(p), expected, atol=1e-12)


def test_a_family_is_adjusted_kind_by_kind():
    family = [OneSided(0.01, None, 0.5), OneSided(0.02, 0.03, 0.9), OneSided(0.9, 0.01, 0.02)]
    adjusted = holm_family(family)
    np.testing.assert_allclose([p.p1 for p in adjusted], [0.03, 0.04, 0.9])
    assert adjusted[0].p2 is None
    assert adjusted[1].p2 == pytest.approx(0.03)
    assert adjusted[2].p2 == pytest.approx(0.02)
    np.testing.assert_allclose([p.p3 for p in adjusted], [1.0, 1.0, 0.06])


def test_an_empty_family_and_one_without_sizes_pass_through():
    assert holm_family([]) == ()
    assert holm_family([OneSided(0.01, None, 0.99)]) == (OneSided(0.01, None, 0.99),)


@pytest.mark.parametrize("p", [[], [0.5, float("nan")], [1.2], [-0.1]])
@pytest.mark.parametrize("adjust", [holm, benjamini_yekutieli])
def test_what_is_no_p_value_is_refused(adjust, p):
    with pytest.raises(ValueError, match="p_values"):
        adjust(p)

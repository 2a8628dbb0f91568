"""Published thresholds, and the deflated Sharpe ratio turned round."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.moments import deflated_sharpe, expected_maximum_sharpe
from backtests.inference.needed_sharpe import needed_sharpe

DAYS = 250


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "confidence"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_meets_bailey_and_lopez_de_prado_2014(trials, skew, kurtosis, confidence):
    found = needed_sharpe(
        trials, 0.5 / DAYS, 1250, confidence=confidence, skew=skew, kurtosis=kurtosis
    )
    assert found.annual(DAYS) == pytest.approx(2.5, abs=3e-3)


def test_the_expected_maximum_of_one_hundred_trials_is_the_published_one():
    assert needed_sharpe(100, 0.5 / DAYS, 1250).expected_maximum == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    ("trials", "published"),
    # Bailey, Borwein, Lopez de Prado and Zhu (2014), Pseudo-mathematics and financial charlatanism:
    # ten trials show 1.57 by luck, and five years carry no more than 45 at a Sharpe ratio of 1.
    [(10, 1.57), (45, math.sqrt(5))],
)
def test_expected_maximum_meets_pseudo_mathematics(trials, published):
    assert expected_maximum_sharpe(trials, 1.0) == pytest.approx(published, abs=0.01)


@given(
    st.integers(1, 10**6),
    st.floats(1e-6, 1e-2),
    st.integers(200, 5000),
    st.floats(0.51, 0.999),
    st.floats(-2, 1),
    st.floats(5, 12),
)
def test_the_needed_ratio_is_deflated_to_the_confidence(
    trials, variance, periods, confidence, skew, kurtosis
):
    found = needed_sharpe(
        trials, variance, periods, confidence=confidence, skew=skew, kurtosis=kurtosis
    )
    assert found.needed >= found.expected_maximum - 1e-12
    back = deflated_sharpe(
        found.needed, periods, trials=trials, variance=variance, skew=skew, kurtosis=kurtosis
    )
    assert back == pytest.approx(confidence, abs=1e-7)


def test_more_trials_need_more():
    needed = [needed_sharpe(n, 4e-4, 2900).needed for n in (1, 10, 1000, 100_000)]
    assert needed == sorted(needed)
    assert len(set(needed)) == 4


def test_a_record_too_short_for_any_ratio_needs_infinity():
    assert needed_sharpe(10, 0.1, 2).needed == math.inf


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ((0, 0.1, 100), {}, "trials"),
        ((5, 0.0, 100), {}, "variance"),
        ((5, 0.1, 1), {}, "periods: at least 2"),
        ((5, 0.1, 100), {"confidence": 0.4}, "confidence: expected at least a half"),
        ((5, 0.1, 100), {"skew": 3.0}, "kurtosis: 3.0 cannot go with skew 3.0"),
    ],
)
def test_bad_input_is_refused(arguments, changes, message):
    with pytest.raises(ValueError, match=message):
        needed_sharpe(*arguments, **changes)

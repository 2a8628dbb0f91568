"""Published numbers of Lo, and of Bailey and Lopez de Prado."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.moments import (
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_standard_error,
)

DAYS = 250


@pytest.mark.parametrize(
    ("sharpe", "n", "published"),
    [(0.5, 12, 0.306), (0.5, 60, 0.137), (1.0, 24, 0.250), (3.0, 12, 0.677)],
)
def test_standard_error_meets_lo_2002_table_1(sharpe, n, published):
    assert sharpe_standard_error(sharpe, n) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    ("skew", "kurtosis", "published"), [(0.0, 3.0, 0.982), (-2.448, 10.164, 0.913)]
)
def test_probabilistic_sharpe_meets_bailey_and_lopez_de_prado_2012(skew, kurtosis, published):
    p = probabilistic_sharpe(0.458, 0.0, 24, skew=skew, kurtosis=kurtosis)
    assert p == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(("periods", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_minimum_track_record_meets_bailey_and_lopez_de_prado_2012(periods, years):
    root = math.sqrt(periods)
    needed = minimum_track_record(2 / root, 1 / root, confidence=0.95)
    assert needed / periods == pytest.approx(years, abs=0.005)


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "published"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_deflated_sharpe_meets_bailey_and_lopez_de_prado_2014(trials, skew, kurtosis, published):
    p = deflated_sharpe(
        2.5 / math.sqrt(DAYS),
        1250,
        trials=trials,
        variance=0.5 / DAYS,
        skew=skew,
        kurtosis=kurtosis,
    )
    assert p == pytest.approx(published, abs=5e-4)


def test_expected_maximum_meets_the_published_threshold_and_simulated_luck():
    assert expected_maximum_sharpe(100, 0.5 / DAYS) == pytest.approx(0.1132, abs=5e-5)
    luck = np.random.default_rng(1).normal(size=(20_000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe(50, 1.0) == pytest.approx(luck, rel=0.02)
    assert expected_maximum_sharpe(1, 1.0) == 0.0


@given(st.floats(-0.5, 0.5), st.integers(20, 5000), st.floats(-1, 1), st.floats(3, 12))
def test_minimum_track_record_is_where_the_probability_reaches_the_confidence(
    sharpe, n, skew, kurtosis
):
    p = probabilistic_sharpe(sharpe, 0.0, n, skew=skew, kurtosis=kurtosis)
    assert 0 <= p <= 1
    # Within rounding of a half or of one, p no longer tells one n from another.
    if 0.5 + 1e-6 < p < 1 - 1e-9:
        needed = minimum_track_record(sharpe, 0.0, confidence=p, skew=skew, kurtosis=kurtosis)
        assert needed == pytest.approx(n, rel=1e-4)


def test_a_sharpe_ratio_below_the_benchmark_never_suffices():
    assert minimum_track_record(0.1, 0.1) == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: probabilistic_sharpe(0.1, 0.0, 1), "n: at least 2"),
        (lambda: sharpe_standard_error(0.1, 0), "n: expected a whole number"),
        (lambda: sharpe_standard_error(1.0, 9, skew=3, kurtosis=3), "kurtosis: 3 cannot go with"),
        (lambda: expected_maximum_sharpe(0, 1.0), "trials"),
        (lambda: expected_maximum_sharpe(5, -1.0), "variance"),
        (lambda: minimum_track_record(0.1, 0.0, confidence=1.0), "confidence"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

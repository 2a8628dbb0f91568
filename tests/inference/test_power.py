from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from backtests.inference.one_sided import OneSided
from backtests.inference.power import (
    minimum_detectable_effect,
    power,
    verdict_chances,
    years_needed,
)
from backtests.inference.verdict import Verdict, judge


@pytest.mark.parametrize(
    ("theta", "error", "expected"),
    [(0.0, 1.0, 0.025), (1.959964, 1.0, 0.5), (2.801585, 1.0, 0.8), (0.01, 0.0085, 0.2165)],
)
def test_power_meets_the_normal_table(theta, error, expected):
    assert power(theta, error) == pytest.approx(expected, abs=5e-4)


def test_minimum_detectable_effect_is_where_power_is_reached():
    assert minimum_detectable_effect(1.0) == pytest.approx(2.8016, abs=1e-4)
    for asked in (0.5, 0.8, 0.9):
        effect = minimum_detectable_effect(0.3, power=asked)
        assert power(effect, 0.3) == pytest.approx(asked)


def test_a_timing_rule_needs_a_sharpe_of_28_over_root_years():
    assert minimum_detectable_effect(1 / np.sqrt(9)) == pytest.approx(2.8 / 3, abs=1e-3)


def test_years_needed_grow_with_the_square_of_the_ratio():
    assert years_needed(11.8, 0.024, 0.01) == pytest.approx(11.8 * 5.76)
    error = 0.0085
    years = years_needed(12, minimum_detectable_effect(error), 0.01)
    assert minimum_detectable_effect(error * np.sqrt(12 / years)) == pytest.approx(0.01)


@pytest.mark.parametrize("error", [0.002, 0.005, 0.0085, 0.02])
@pytest.mark.parametrize("family", [1, 5])
def test_chances_of_verdicts_equal_the_rule_applied_to_the_estimates_quantiles(error, family):
    delta, n = 0.01, 400
    at_delta = power(delta, error)
    for chances in verdict_chances(error, delta, family=family):
        counts = dict.fromkeys(Verdict, 0)
        for quantile in norm.ppf((np.arange(n) + 0.5) / n):
            estimate = chances.theta + error * quantile
            t, t_delta = estimate / error, (estimate - delta) / error
            raw = norm.sf(t), norm.cdf(t_delta), norm.cdf(t)
            p = OneSided(*(min(1.0, family * float(x)) for x in raw))
            counts[judge(p, estimate=estimate, delta=delta, power=at_delta).verdict] += 1
        assert chances.supported == pytest.approx(counts[Verdict.SUPPORTED] / n, abs=0.003)
        assert chances.contradicted == pytest.approx(counts[Verdict.CONTRADICTED] / n, abs=0.003)
        assert chances.inconclusive == pytest.approx(counts[Verdict.INCONCLUSIVE] / n, abs=0.003)
        assert chances.not_testable == 0


def test_true_effects_are_the_registered_multiples():
    assert [c.theta for c in verdict_chances(0.01, 0.02)] == [0.0, 0.02, 0.04, 0.08]


@pytest.mark.parametrize(
    ("limits", "inconclusive", "not_testable"),
    [
        ({"n_episodes": 6}, 0.0, 1.0),
        ({"t_over_h": 9}, 0.0, 1.0),
        ({"t_over_h": 20}, 1.0, 0.0),
    ],
)
def test_a_sample_that_cannot_decide_has_one_verdict(limits, inconclusive, not_testable):
    for chances in verdict_chances(0.001, 0.01, **limits):
        assert (chances.supported, chances.contradicted) == (0.0, 0.0)
        assert (chances.inconclusive, chances.not_testable) == (inconclusive, not_testable)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power(0.1, 0.0), "standard_error"),
        (lambda: minimum_detectable_effect(1.0, power=1.0), "power"),
        (lambda: years_needed(0, 1, 1), "years"),
        (lambda: verdict_chances(0.1, -1), "delta"),
        (lambda: verdict_chances(0.1, 0.1, family=0), "family"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

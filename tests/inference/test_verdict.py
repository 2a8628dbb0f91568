from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.one_sided import OneSided
from backtests.inference.verdict import (
    NOT_YET_TESTED,
    FactVerdict,
    ForecastVerdict,
    Verdict,
    judge,
)

CASE = {"estimate": 0.02, "delta": 0.01, "power": 0.5}


@pytest.mark.parametrize(
    ("p", "change", "verdict", "reason"),
    [
        ((0.01, 0.8, 0.99), {}, "supported", "the effect is there (p = 0.010) and the estimate"),
        ((0.025, 0.8, 0.99), {}, "supported", "p = 0.025"),
        ((0.026, 0.8, 0.99), {}, "inconclusive", "do not exclude either no effect or one that"),
        ((0.01, 0.8, 0.99), {"estimate": 0.01}, "supported", "at least the smallest of interest"),
        ((0.01, 0.4, 0.99), {"estimate": 0.009}, "inconclusive", "below the smallest of interest"),
        ((0.01, 0.02, 0.99), {"estimate": 0.004}, "contradicted", "positive but too small to mat"),
        ((0.40, 0.02, 0.60), {"estimate": 0.0}, "contradicted", "no effect large enough to matt"),
        ((0.40, 0.02, 0.60), {"estimate": 0.0, "power": 0.33}, "contradicted", "large enough"),
        ((0.40, 0.02, 0.60), {"estimate": 0.0, "power": 0.32}, "inconclusive", "was 32%, below 33"),
        ((0.99, 0.01, 0.02), {"estimate": -0.03}, "contradicted", "the other way (p = 0.020)"),
        ((0.99, 0.01, 0.02), {"estimate": -0.03, "power": 0.1}, "contradicted", "the other way"),
        ((0.01, 0.50, 0.02), {}, "inconclusive", "positive at one horizon and negative at ano"),
        ((0.01, None, 0.99), {"delta": None, "power": None}, "supported", "the effect is there"),
        ((0.20, None, 0.80), {"delta": None, "power": None}, "inconclusive", "no effect"),
        ((0.01, 0.8, 0.99), {"missing": ("srf", "rrp")}, "not testable", "series missing: srf, r"),
        ((0.01, 0.8, 0.99), {"n_episodes": 6}, "not testable", "6 independent episodes, at leas"),
        ((0.01, 0.8, 0.99), {"n_episodes": 7}, "supported", "the effect is there"),
        ((0.01, 0.8, 0.99), {"t_over_h": 9.9}, "not testable", "only 9.9 windows of this length"),
        ((0.01, 0.8, 0.99), {"t_over_h": 10}, "inconclusive", "it would be supported: the effec"),
        ((0.99, 0.01, 0.02), {"t_over_h": 29.9}, "inconclusive", "it would be contradicted"),
        ((0.40, 0.50, 0.60), {"t_over_h": 20}, "inconclusive", "do not exclude either"),
        ((0.01, 0.8, 0.99), {"t_over_h": 30}, "supported", "the effect is there"),
    ],
)
def test_the_rule_gives_each_case_its_word_and_reason(p, change, verdict, reason):
    found = judge(OneSided(*p), **CASE | change)
    assert found.verdict == verdict
    assert reason in found.reason


def test_a_claim_without_data_needs_no_numbers():
    found = judge(None, estimate=None, delta=0.01, power=None, missing=["gdp"])
    assert found.verdict is Verdict.NOT_TESTABLE


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(-0.1, 0.1),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 200)),
)
def test_supported_and_contradicted_keep_their_promises(p1, p2, estimate, power, t_over_h):
    p = OneSided(p1, p2, 1 - p1)
    found = judge(p, estimate=estimate, delta=0.02, power=power, t_over_h=t_over_h)
    if found.verdict is Verdict.SUPPORTED:
        assert p1 <= 0.025
        assert estimate >= 0.02
    if found.verdict is Verdict.CONTRADICTED:
        assert p.p3 <= 0.025 or (p2 <= 0.025 and power >= 0.33)
    if t_over_h is not None and t_over_h < 30:
        assert found.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE)
    assert not found.reason.endswith(".")


@pytest.mark.parametrize(
    ("p", "change", "message"),
    [
        (None, {}, "p: is needed"),
        ((0.1, 0.1, 0.9), {"estimate": None}, "estimate: is needed"),
        ((0.1, None, 0.9), {}, r"delta: p.p2 must be given with it"),
        ((0.1, 0.1, 0.9), {"delta": None}, r"delta: p.p2 must be given with it"),
        ((0.1, 0.1, 0.9), {"power": None}, "power: is needed"),
    ],
)
def test_missing_numbers_are_refused(p, change, message):
    with pytest.raises(ValueError, match=message):
        judge(None if p is None else OneSided(*p), **CASE | change)


def test_the_allowed_words_are_those_of_the_rules():
    assert set(Verdict) == {"supported", "contradicted", "inconclusive", "not testable"}
    assert set(FactVerdict) == {"holds", "does not hold", "partly", "not testable"}
    assert set(ForecastVerdict) == {
        "occurred",
        "did not occur",
        "partly",
        "condition did not occur",
        "no deadline given",
    }
    assert NOT_YET_TESTED == "not yet tested"

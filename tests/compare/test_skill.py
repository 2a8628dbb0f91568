from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from backtests.compare.board import Sweep
from backtests.compare.comparison import Comparison
from backtests.compare.field import MATCHED, Field
from backtests.compare.skill import trials
from backtests.compare.superiority import NO_TIMING
from backtests.inference.moments import expected_maximum_sharpe
from backtests.trials.ledger import Ledger


def test_statistics_of_skill_follow_their_formulas(comparison: Comparison) -> None:
    found = comparison.standings[0].skill
    assert found is not None
    d = comparison.field.entrants[0].daily
    z = (d - d.mean()) / d.std()
    skew, kurtosis = float((z**3).mean()), float((z**4).mean())
    ratio, n = float(d.mean() / d.std()), len(d)
    spread = np.sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    assert found.sharpe == pytest.approx(ratio * np.sqrt(365))
    assert found.probabilistic == pytest.approx(norm.cdf(ratio * np.sqrt(n - 1) / spread))
    counted = comparison.trials
    for deflated, number, variance in (
        (found.deflated, counted.number, counted.variance),
        (found.deflated_effective, counted.effective, counted.effective_variance),
    ):
        luck = expected_maximum_sharpe(number, variance)
        assert deflated == pytest.approx(norm.cdf((ratio - luck) * np.sqrt(n - 1) / spread))
    assert found.track_record == pytest.approx(1 + (spread * norm.ppf(0.95) / ratio) ** 2)
    assert found.interval is not None
    assert found.interval[0] < found.sharpe < found.interval[1]


def test_few_trials_have_the_variance_of_noise(comparison: Comparison) -> None:
    counted = comparison.trials
    noise = 1.0 / len(comparison.field.days)
    assert counted.variance == noise
    assert counted.effective_variance == noise
    assert counted.effective <= counted.known <= counted.number


def test_what_times_nothing_has_no_skill(comparison: Comparison) -> None:
    hold = comparison.standings[2]
    assert hold.skill is None
    assert hold.without is None


def test_a_sweep_counts_even_where_another_ledger_recorded_it(
    field: Field, ledger_home: Path
) -> None:
    rng = np.random.default_rng(3)
    common = rng.standard_normal(16)
    alike = common + 0.05 * rng.standard_normal((40, 16))
    apart = -common + 0.05 * rng.standard_normal((20, 16))
    sweep = Sweep("another", np.vstack([alike, apart]), np.r_[np.full(40, 0.3), np.full(20, -0.3)])
    found = trials(field, Ledger(ledger_home), sweep)
    assert found.families == {"another": 60, "baseline": 2, "liquidity": 1}
    assert found.number == 63
    # Two clusters of the sweep, and what the three others add.
    assert 2 <= found.effective <= 5
    known = [Ledger(ledger_home).sharpes(family) for family in ("baseline", "liquidity")]
    every = np.concatenate([*known, sweep.sharpes])
    assert found.known == len(every)
    assert found.variance == pytest.approx(every.var(ddof=1))


def test_the_matched_benchmark_comes_first_and_alone_tests_skill(comparison: Comparison) -> None:
    tests = comparison.superiorities
    assert tests[0].benchmark == MATCHED
    assert [test.skill for test in tests] == [True] + [False] * (len(tests) - 1)
    # Buy and hold times nothing: it is dropped against its own mean exposure.
    assert (tests[0].variants, tests[0].dropped) == (2, 1)
    assert {test.benchmark for test in tests[1:]} == set(comparison.field.yardsticks)
    for test in tests:
        assert test.p_lower <= test.p <= test.p_upper


def test_the_planted_skill_is_found_and_the_rest_is_not(comparison: Comparison) -> None:
    assert comparison.superiorities[0].superior == ("liquidity_threshold",)
    assert comparison.superiorities[0].p < 0.05


def test_timing_nothing_is_one_of_the_contenders(comparison: Comparison) -> None:
    found = comparison.contenders
    assert [name for name, _ in found.p] == [*comparison.names, NO_TIMING]
    assert "liquidity_threshold" in found.included
    assert dict(found.p)["buy_and_hold"] == dict(found.p)[NO_TIMING]
    assert {name for name, p in found.p if p > 0.10} == set(found.included)

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from backtests.compare.comparison import Comparison
from backtests.compare.pairs import Difference, Outcome, Pair, paired
from backtests.metrics import YEAR
from data.aliases import FloatArray

DAYS = 1_200


def noise(seed: int, drift: float = 0.0) -> FloatArray:
    return 0.02 * np.random.default_rng(seed).standard_normal(DAYS) + drift


def difference(estimate: float, adjusted: float) -> Difference:
    return Difference(estimate, (estimate - 1, estimate + 1), adjusted, adjusted)


@pytest.mark.parametrize(
    ("mean", "sharpe", "expected"),
    [
        ((0.3, 0.01), (0.4, 0.01), Outcome.BETTER),
        ((0.3, 0.01), (0.4, 0.50), Outcome.BETTER),
        ((-0.3, 0.50), (-0.4, 0.05), Outcome.WORSE),
        ((0.3, 0.06), (0.4, 0.06), Outcome.INDISTINGUISHABLE),
        ((0.3, 0.01), (-0.4, 0.01), Outcome.MIXED),
        ((-0.3, 0.01), None, Outcome.WORSE),
        (None, None, Outcome.TOO_SHORT),
    ],
)
def test_outcomes(
    mean: tuple[float, float] | None, sharpe: tuple[float, float] | None, expected: Outcome
) -> None:
    pair = Pair(
        "a",
        "b",
        None if mean is None else difference(*mean),
        None if sharpe is None else difference(*sharpe),
        same=False,
    )
    assert pair.outcome is expected


def test_a_planted_difference_is_found_and_noise_is_not() -> None:
    common = noise(1)
    returns = {
        "good": common + 0.2 * noise(2) + 0.002,
        "plain": common + 0.2 * noise(3),
        "other": common + 0.2 * noise(4),
    }
    found = {(pair.one, pair.other): pair for pair in paired(returns, seed=5, draws=399)}
    assert found["good", "plain"].outcome is Outcome.BETTER
    assert found["good", "other"].outcome is Outcome.BETTER
    assert found["plain", "other"].outcome is Outcome.INDISTINGUISHABLE
    turned = paired(dict(reversed(list(returns.items()))), seed=5, draws=399)
    assert [pair.outcome for pair in turned if pair.other == "good"] == [Outcome.WORSE] * 2


def test_means_are_a_year_and_agree_with_a_t_test_on_independent_days() -> None:
    x, y = noise(6, 0.0015), noise(7)
    (pair,) = paired({"x": x, "y": y}, seed=8, draws=1_999)
    assert pair.mean is not None
    assert pair.sharpe is not None
    assert pair.mean.estimate == pytest.approx(YEAR * float((x - y).mean()))
    expected = ttest_1samp(x - y, 0.0)
    low, high = expected.confidence_interval()
    assert pair.mean.p == pytest.approx(expected.pvalue, abs=0.02)
    assert pair.mean.interval == pytest.approx((YEAR * low, YEAR * high), abs=0.1)
    ratio = float(x.mean() / x.std() - y.mean() / y.std()) * np.sqrt(YEAR)
    assert pair.sharpe.estimate == pytest.approx(ratio)


def test_holm_runs_over_all_pairs_of_each_kind() -> None:
    returns = {str(at): noise(10 + at, 0.0006 * at) for at in range(4)}
    found = paired(returns, seed=9, draws=199)
    assert len(found) == 6
    for kind in ("mean", "sharpe"):
        tests = [getattr(pair, kind) for pair in found]
        ordered = sorted(tests, key=lambda one: one.p)
        running = 0.0
        for left, one in zip(range(6, 0, -1), ordered, strict=True):
            running = min(1.0, max(running, left * one.p))
            assert one.adjusted == pytest.approx(running)


def test_equal_flat_and_short_series_have_no_test() -> None:
    x = noise(20)
    same, flat, _ = paired({"x": x, "again": x.copy(), "cash": np.zeros(DAYS)}, seed=1, draws=99)
    assert same.outcome is Outcome.SAME
    assert same.mean is None
    assert flat.mean is not None
    assert flat.sharpe is None
    (short,) = paired({"x": x[:700], "y": noise(21)[:700]}, seed=1, draws=99)
    assert short.outcome is Outcome.TOO_SHORT


def test_buy_and_hold_is_paired_once_where_it_is_a_variant(comparison: Comparison) -> None:
    names = [(pair.one, pair.other) for pair in comparison.pairs]
    assert names == [
        ("liquidity_threshold", "trend_200"),
        ("liquidity_threshold", "buy_and_hold"),
        ("trend_200", "buy_and_hold"),
    ]

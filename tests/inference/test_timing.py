from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backtests.inference.sharpe import sharpe_interval
from backtests.inference.timing import excess_over_matched, timing_skill
from tests.inference.worlds import garch_t

OPTIONS: dict[str, Any] = {"periods_per_year": 365, "delta": 0.3, "draws": 199, "shifts": 199}


def switching(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A rule that is in or out for about three weeks at a time, and its costs at 20 bp."""
    weights = (np.cumsum(rng.random(n) < 0.05) % 2).astype(float)
    return weights, np.abs(np.diff(weights, prepend=weights[0])) * 0.002


def test_excess_is_the_deviation_from_mean_exposure_times_return_less_costs():
    d = excess_over_matched([0, 1, 1, 0], [0.1, 0.2, -0.1, 0.3], [0, 0.01, 0, 0.01])
    np.testing.assert_allclose(d, [-0.05, 0.09, -0.05, -0.16])


def test_an_asset_that_cannot_be_held_yet_counts_from_when_it_can():
    weights = [[0.5, 0.0], [0.5, 0.2], [0.0, 0.4]]
    returns = [[0.1, np.nan], [0.1, 0.2], [0.1, 0.1]]
    d = excess_over_matched(weights, returns, np.zeros(3))
    by_hand = [1 / 6 * 0.1, 1 / 6 * 0.1 - 0.1 * 0.2, -1 / 3 * 0.1 + 0.1 * 0.1]
    np.testing.assert_allclose(d, by_hand)


def test_holding_through_a_rise_is_no_skill():
    rng = np.random.default_rng(1)
    returns = rng.normal(0.01, 0.01, size=1000)  # a steep drift
    weights, _ = switching(rng, 1000)
    skill = timing_skill(weights, returns, np.zeros(1000), seed=1, **OPTIONS)
    assert sharpe_interval(weights * returns, periods_per_year=365, seed=1).p.p1 < 0.025
    assert skill.sharpe.p.p1 > 0.05
    assert skill.placebo_p > 0.05
    assert skill.mean_exposure[0] == pytest.approx(weights.mean())


def test_planted_skill_is_found_by_both_tests():
    rng = np.random.default_rng(2)
    returns = rng.normal(0, 0.03, size=1500)
    good = np.convolve(returns, np.ones(5), "same") > 0
    skill = timing_skill(good.astype(float), returns, np.zeros(1500), seed=1, **OPTIONS)
    assert skill.sharpe.p.p1 == 1 / 200
    assert skill.placebo_p == 1 / 200
    assert skill.sharpe.interval[0] > 0.3
    assert skill.placebo_sharpe[0] < 0 < skill.placebo_sharpe[2] < skill.sharpe.estimate


def test_costs_alone_make_a_rule_worse_than_its_exposure_but_not_than_its_placebos():
    rng = np.random.default_rng(3)
    returns = garch_t(rng, 1, 1500, sd=0.02)[0]
    weights, _ = switching(rng, 1500)
    costs = np.full(1500, 0.004)
    skill = timing_skill(weights, returns, costs, seed=1, **OPTIONS)
    assert skill.sharpe.p.p3 < 0.025
    assert skill.placebo_p > 0.025


def test_placebos_are_the_shifted_weights_and_costs():
    rng = np.random.default_rng(4)
    returns = rng.normal(size=(800, 2)) * 0.02
    weights = rng.random((800, 2))
    costs = rng.random(800) * 0.001
    skill = timing_skill(weights, returns, costs, seed=1, **OPTIONS | {"shifts": 10_000})
    assert skill.shifts == 799
    shifted = []
    for by in range(1, 800):
        d = excess_over_matched(np.roll(weights, by, axis=0), returns, np.roll(costs, by))
        shifted.append(d.mean() / d.std() * np.sqrt(365))
    expected = (1 + np.sum(np.array(shifted) >= skill.sharpe.estimate)) / 800
    assert skill.placebo_p == expected
    assert skill.placebo_sharpe == pytest.approx(tuple(np.quantile(shifted, [0.025, 0.5, 0.975])))


def test_timing_by_coin_toss_wins_near_the_nominal_rate():
    rng = np.random.default_rng(5)
    worlds = 160
    returns = garch_t(rng, worlds, 800, sd=0.03) + 0.002
    rejected = np.zeros(3)
    for i in range(worlds):
        weights, _ = switching(rng, 800)
        skill = timing_skill(weights, returns[i], np.zeros(800), seed=i, **OPTIONS)
        rejected += [skill.sharpe.p.p1 <= 0.05, skill.sharpe.p.p3 <= 0.05, skill.placebo_p <= 0.05]
    assert (rejected / worlds <= 0.10).all()
    assert (rejected / worlds >= 0.01).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.full(1000, 0.5)}, "weights: are constant, so there is no timing"),
        ({"costs": np.full(1000, -0.1)}, "costs: -0.1 is below 0"),
        ({"costs": np.zeros(9)}, "costs: expected 1000 rows, got 9"),
        ({"returns": np.zeros((1000, 2))}, r"returns: expected shape \(1000, 1\), got \(1000, 2\)"),
        ({"returns": np.full(1000, np.nan)}, "weights: asset 0 is held in row"),
        ({"weights": np.full(1000, np.nan)}, "weights: a value that is not finite"),
        ({"delta": -0.3}, "delta: expected a number above 0"),
        ({"periods_per_year": 600}, "returns: 1000 periods are less than the two years"),
    ],
)
def test_bad_input_is_refused(change, message):
    rng = np.random.default_rng(6)
    weights, costs = switching(rng, 1000)
    arguments = {"weights": weights, "returns": rng.normal(size=1000), "costs": costs}
    with pytest.raises(ValueError, match=message):
        timing_skill(**arguments | {"seed": 1} | OPTIONS | change)


def test_an_asset_without_any_return_is_named():
    with pytest.raises(ValueError, match="returns: asset 1 has none"):
        excess_over_matched([[1.0, 0.0]], [[0.1, np.nan]], [0.0])

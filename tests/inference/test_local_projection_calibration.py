"""Rates of false positives in small null worlds, and planted effects found.

The bounds are wide for the number of worlds, but a test that rejects a true null in 20% of them,
as Newey-West does on overlapping returns, cannot pass.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from backtests.inference.lagged_design import window_sums
from backtests.inference.local_projection import LocalProjection, local_projection
from backtests.inference.specification import Specification
from tests.inference.worlds import Array, autoregression, garch_t

WORLDS, WEEKS = 200, 320
SPEC = Specification(
    horizons=(1, 4, 13), joint_horizons=(1, 4, 13), delta={4: 0.05}, n_lags=6, draws=199
)


def homoskedastic(rng: np.random.Generator) -> tuple[Array, Array]:
    return rng.normal(size=(WORLDS, WEEKS)), rng.normal(size=(WORLDS, WEEKS))


def fat_tails_and_persistence(rng: np.random.Generator) -> tuple[Array, Array]:
    return garch_t(rng, WORLDS, WEEKS), autoregression(rng, WORLDS, WEEKS, phi=0.7)


def reverse_causality(rng: np.random.Generator) -> tuple[Array, Array]:
    r = garch_t(rng, WORLDS, WEEKS)
    dx = rng.normal(size=(WORLDS, WEEKS))
    dx[:, 1:] -= r[:, 1:] + r[:, :-1]  # liquidity answers falls in prices
    return r, dx


def project(worlds: tuple[Array, Array]) -> list[LocalProjection]:
    return [
        local_projection(r, dx, spec=SPEC, seed=i)
        for i, (r, dx) in enumerate(zip(*worlds, strict=True))
    ]


@pytest.mark.parametrize("world", [homoskedastic, fat_tails_and_persistence, reverse_causality])
def test_true_nulls_are_rejected_near_the_nominal_rate(world):
    results = project(world(np.random.default_rng(20)))
    for horizon in SPEC.horizons:
        intervals = [r.at(horizon).interval for r in results]
        assert 0.01 <= np.mean([low > 0 or high < 0 for low, high in intervals]) <= 0.10, horizon
    assert 0.01 <= np.mean([r.joint.p1 <= 0.05 for r in results]) <= 0.10
    assert 0.01 <= np.mean([r.joint.p3 <= 0.05 for r in results]) <= 0.10


def test_the_same_worlds_and_bounds_catch_newey_west_on_overlapping_changes():
    outside = []
    for r, dx in zip(*fat_tails_and_persistence(np.random.default_rng(20)), strict=True):
        outcome, change = window_sums(r, 26)[13:], window_sums(dx, 13)[:-26]
        x = sm.add_constant(change)
        fit = sm.OLS(outcome, x).fit(cov_type="HAC", cov_kwds={"maxlags": 26})
        outside.append(abs(fit.tvalues[1]) > 1.96)
    assert np.mean(outside) > 0.15


def test_a_planted_effect_is_found_and_its_interval_holds_it():
    rng = np.random.default_rng(22)
    found, held = [], []
    for i in range(60):
        dx, r = rng.normal(size=(2, WEEKS))
        for k in range(4):  # 0.15 a week for four weeks
            r[1 + k :] += 0.15 * dx[: WEEKS - 1 - k]
        result = local_projection(r, dx, spec=SPEC, seed=i)
        found.append(result.joint.p1 <= 0.025)
        low, high = result.at(4).interval
        held.append(low <= 0.6 <= high)
    assert np.mean(found) > 0.85
    assert np.mean(held) > 0.85


def test_a_tiny_effect_is_told_from_one_that_matters():
    rng = np.random.default_rng(23)
    r, dx = rng.normal(size=(2, 1500))
    spec = Specification(horizons=(4,), joint_horizons=(4,), delta={4: 0.5}, n_lags=2, draws=199)
    p = local_projection(r, dx, spec=spec, seed=1).joint
    assert p.p2 == 1 / 200
    assert p.p1 > 0.025

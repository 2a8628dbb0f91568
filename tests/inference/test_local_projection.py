"""Local projections against a plain recomputation of the formulas, loop by loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from backtests.inference.local_projection import (
    by_sign,
    local_projection,
    local_projections,
)
from backtests.inference.specification import Specification

SMALL = Specification(horizons=(1, 3, 5), joint_horizons=(1, 3), n_lags=2, draws=99)
FORMS = ("predictive", "co-movement")


def sample(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, n) * 0.05, rng.normal(size=n), rng.normal(size=(n, 2))


def rows_by_formula(r, dx, w, form, horizon, n_lags):
    """The sums and the regressors of the docstring's formula, one decision at a time."""
    ahead = 1 if form == "predictive" else 0
    times, ys, xs = [], [], []
    for t in range(n_lags, len(r) - (horizon - 1) - ahead):
        returns = [r[t + j] for j in range(ahead, ahead + horizon)]
        lagged = [r[t - k] for k in range(1 - ahead, 1 - ahead + n_lags)]
        row = [dx[t], 1.0, t, *[dx[t - k] for k in range(1, n_lags + 1)], *lagged, *w[t]]
        times.append(t)
        ys.append(sum(returns))
        xs.append(row)
    return np.array(times), np.array(ys), np.array(xs)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_estimate_and_errors_equal_least_squares_on_the_formula(form, horizon):
    r, dx, w = sample()
    effect = local_projection(r, dx, w=w, spec=replace(SMALL, form=form), seed=1).at(horizon)
    _, y, x = rows_by_formula(r, dx, w, form, horizon, 2)
    ours = sm.OLS(y, x).fit(cov_type="HC3")
    naive = sm.OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": horizon})
    assert effect.n == len(y)
    assert effect.estimate == pytest.approx(ours.params[0], rel=1e-10)
    assert effect.standard_error == pytest.approx(ours.bse[0], rel=1e-10)
    assert effect.naive_standard_error == pytest.approx(naive.bse[0], rel=1e-8)
    assert effect.naive_p == pytest.approx(norm.sf(naive.tvalues[0]))


@pytest.mark.parametrize("form", FORMS)
def test_bootstrap_draws_equal_the_recipe_loop_by_loop(form):
    r, dx, w = sample()
    spec = replace(SMALL, form=form, delta={3: 0.01, 5: 0.02})
    result = local_projection(r, dx, w=w, spec=spec, seed=7)

    times, y, x = rows_by_formula(r, dx, w, form, 1, 2)
    week = sm.OLS(y, x).fit()
    shocks = week.resid / np.sqrt(1 - week.get_influence().hat_matrix_diag)
    signs = np.random.default_rng(7).integers(0, 2, size=(len(y), 99)) * 2 - 1
    t_draws = {}
    for horizon in spec.horizons:
        rows, _, x = rows_by_formula(r, dx, w, form, horizon, 2)
        t_draws[horizon] = np.empty(99)
        for b in range(99):
            drawn = dict(zip(times, shocks * signs[:, b], strict=True))
            y_drawn = np.array([sum(drawn[t + j] for j in range(horizon)) for t in rows])
            t_draws[horizon][b] = sm.OLS(y_drawn, x).fit(cov_type="HC3").tvalues[0]

    for effect in result.effects:
        draws = np.sort(t_draws[effect.horizon])
        t = effect.estimate / effect.standard_error
        assert effect.p.p1 == (1 + (draws >= t).sum()) / 100
        assert effect.p.p3 == (1 + (draws <= t).sum()) / 100
        low, high = np.quantile(draws, [0.025, 0.975], method="weibull")
        assert effect.interval[0] == pytest.approx(effect.estimate - high * effect.standard_error)
        assert effect.interval[1] == pytest.approx(effect.estimate - low * effect.standard_error)
    at = result.at(3)
    t_delta = (at.estimate - 0.01) / at.standard_error
    assert at.p.p2 == (1 + (t_draws[3] <= t_delta).sum()) / 100
    assert result.at(1).p.p2 is None

    ts = [result.at(h).estimate / result.at(h).standard_error for h in (1, 3)]
    highest = np.maximum(t_draws[1], t_draws[3])
    lowest = np.minimum(t_draws[1], t_draws[3])
    assert result.joint.p1 == (1 + (highest >= max(ts)).sum()) / 100
    assert result.joint.p3 == (1 + (lowest <= min(ts)).sum()) / 100
    assert result.joint.p2 == at.p.p2


def test_joint_p2_needs_every_horizon_to_be_small():
    r, dx, _ = sample()
    result = local_projection(r, dx, spec=replace(SMALL, delta={1: 0.5, 3: 1e-6}), seed=1)
    assert result.at(1).p.p2 == 0.01
    assert result.joint.p2 == result.at(3).p.p2
    assert result.joint.p2 is not None
    assert result.joint.p2 > 0.1
    assert local_projection(r, dx, spec=SMALL, seed=1).joint.p2 is None


def test_predictive_outcome_never_holds_the_return_known_at_the_decision():
    r, dx, _ = sample(n=200)
    co_moving = r + 0.1 * dx  # dx moves the week's own return and no later one
    spec = Specification(horizons=(1,), joint_horizons=(1,), n_lags=2, draws=199)
    predictive = local_projection(co_moving, dx, spec=spec, seed=1)
    together = local_projection(co_moving, dx, spec=replace(spec, form="co-movement"), seed=1)
    assert together.at(1).estimate == pytest.approx(0.1, abs=0.02)
    assert together.joint.p1 == 1 / 200
    assert abs(predictive.at(1).estimate) < 0.02


def test_regressors_of_interest_share_draws_and_the_single_one_is_the_first():
    r, dx, _ = sample()
    single = local_projection(r, dx, spec=SMALL, seed=3)
    assert local_projections(r, dx[:, None], spec=SMALL, seed=3) == (single,)


def test_rises_and_falls_sum_to_the_change_and_get_a_coefficient_each():
    rng = np.random.default_rng(5)
    dx = rng.normal(size=400)
    parts = by_sign(dx)
    np.testing.assert_array_equal(parts.sum(axis=1), dx)
    assert (parts[:, 0] >= 0).all()
    assert (parts[:, 1] <= 0).all()
    r = np.append(0.0, (0.1 * parts[:, 0] + 0.3 * parts[:, 1])[:-1]) + rng.normal(size=400) * 0.05
    rise, fall = local_projections(r, parts, spec=SMALL, seed=1)
    assert rise.at(1).estimate == pytest.approx(0.1, abs=0.03)
    assert fall.at(1).estimate == pytest.approx(0.3, abs=0.03)
    assert np.isnan(by_sign([np.nan, 1.0])[0]).all()


@pytest.mark.parametrize("form", FORMS)
def test_missing_figures_drop_the_windows_that_need_them_and_no_others(form):
    r, dx, w = sample()
    spec = replace(SMALL, form=form)
    holed = dx.copy()
    holed[40] = np.nan  # rows 40, 41, 42 lose a regressor
    start = np.concatenate((np.full(5, np.nan), dx[5:]))
    full = local_projection(r, dx, w=w, spec=spec, seed=1)
    inside = local_projection(r, holed, w=w, spec=spec, seed=1)
    late = local_projection(r, start, w=w, spec=spec, seed=1)
    for h in spec.horizons:
        assert inside.at(h).n == full.at(h).n - 3 - (h - 1)
        assert late.at(h).n == full.at(h).n - 5
    again = local_projection(r[5:], dx[5:], w=w[5:], spec=spec, seed=1)
    for a, b in zip(late.effects, again.effects, strict=True):
        assert a.estimate == pytest.approx(b.estimate, rel=1e-9)
        assert (a.n, a.p) == (b.n, b.p)


def test_weeks_left_out_stay_lags_but_their_outcome_enters_no_window():
    r, dx, _ = sample()
    keep = np.ones(90, dtype=bool)
    keep[40:44] = False
    spec = replace(SMALL, horizons=(1, 3), joint_horizons=(1, 3))
    without = local_projection(r, dx, keep=keep, spec=spec, seed=1)
    assert [without.at(h).n for h in (1, 3)] == [87 - 4, 85 - 6]
    spoiled = r.copy()
    spoiled[41:45] = 99.0  # outcomes of rows 40..43; still lags of later rows
    for h, first in ((1, 44), (3, 44)):
        times, y, x = rows_by_formula(r, dx, np.zeros((90, 0)), "predictive", h, 2)
        used = (times < 41 - h) | (times >= first)
        expected = sm.OLS(y[used], x[used]).fit().params[0]
        assert without.at(h).estimate == pytest.approx(expected, rel=1e-9)
    assert local_projection(spoiled, dx, keep=keep, spec=spec, seed=1) != without


def test_same_seed_gives_the_same_result_and_a_generator_serves_too():
    r, dx, _ = sample()
    first = local_projection(r, dx, spec=SMALL, seed=11)
    assert first == local_projection(r, dx, spec=SMALL, seed=11)
    assert first == local_projection(r, dx, spec=SMALL, seed=np.random.default_rng(11))
    assert first != local_projection(r, dx, spec=SMALL, seed=12)


def test_units_scale_through_and_p_values_do_not_change():
    r, dx, _ = sample()
    one = local_projection(r, dx, spec=SMALL, seed=1)
    hundred = local_projection(r, dx * 100, spec=SMALL, seed=1)
    for a, b in zip(one.effects, hundred.effects, strict=True):
        assert a.estimate == pytest.approx(b.estimate * 100)
        assert a.p == b.p


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r, dx: (r[:-1], dx), "dx: expected 89 rows, got 90"),
        (lambda r, dx: (r, np.ones(90)), "constant: is constant or a combination"),
        (lambda r, dx: (r, np.zeros(90)), r"dx\[0\]: is zero throughout"),
        (lambda r, dx: (np.zeros(90), dx), "r lag 0: is zero throughout"),
        (lambda r, dx: (r * np.inf, dx), "r: an infinite value"),
        (lambda r, dx: (r[:20], dx[:20]), "r: 13 complete rows for 7 columns is too short"),
        (lambda r, dx: (r, np.full(90, np.nan)), "r: 0 complete rows"),
        (lambda r, dx: (r, dx[:, None, None]), "dx: expected one dim"),
    ],
)
def test_input_that_cannot_be_projected_is_refused(spoil, message):
    r, dx, _ = sample()
    with pytest.raises(ValueError, match=message):
        local_projection(*spoil(r, dx), spec=SMALL, seed=1)


def test_a_horizon_that_was_not_estimated_is_refused_by_name():
    r, dx, _ = sample()
    with pytest.raises(ValueError, match=r"horizon: 4 was not estimated, only \[1, 3, 5\]"):
        local_projection(r, dx, spec=SMALL, seed=1).at(4)

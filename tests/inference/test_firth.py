from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from backtests.inference.firth import firth_logit


def table(a: int, b: int, c: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcome and exposure of a two-by-two table: a, b exposed (with, without); c, d not."""
    outcome = np.repeat([True, False, True, False], [a, b, c, d])
    exposed = np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d])
    return outcome, exposed


@given(*[st.integers(0, 40)] * 4)
def test_a_two_by_two_table_gets_half_added_to_every_cell(a, b, c, d):
    if not (a + b and c + d and a + c and b + d):
        return
    fit = firth_logit(*table(a, b, c, d))
    cells = np.array([a, b, c, d]) + 0.5
    assert fit.coefficients[0] == pytest.approx(np.log(cells[2] / cells[3]), abs=1e-7)
    odds_ratio = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    assert fit.coefficients[1] == pytest.approx(odds_ratio, abs=1e-7)


def test_steps_that_change_sides_for_ever_settle():
    fit = firth_logit(np.array([False, True]), np.array([0.0, 1.0]))
    assert fit.coefficients == pytest.approx((np.log(1 / 3), np.log(9.0)), abs=1e-7)


def test_complete_separation_stays_finite():
    fit = firth_logit(*table(10, 0, 0, 10))
    assert fit.coefficients[1] == pytest.approx(2 * np.log(21), abs=1e-8)
    assert np.isfinite(fit.standard_errors).all()


def test_fit_maximises_the_penalised_likelihood():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(120, 2)) * [1.0, 20.0] + [0.0, 100.0]
    outcome = rng.random(120) < 1 / (1 + np.exp(2 - x[:, 0]))
    design = np.column_stack((np.ones(120), x))

    def negative(beta):
        p = 1 / (1 + np.exp(-design @ beta))
        information = (design.T * (p * (1 - p))) @ design
        likelihood = np.where(outcome, np.log(p), np.log(1 - p)).sum()
        return -likelihood - 0.5 * np.log(np.linalg.det(information))

    fit = firth_logit(outcome, x)
    best = minimize(negative, fit.coefficients, method="Nelder-Mead", options={"xatol": 1e-9})
    assert negative(np.array(fit.coefficients)) <= best.fun + 1e-9
    start = minimize(negative, [-2.0, 1.0, 0.0], method="Nelder-Mead", options={"maxiter": 4000})
    np.testing.assert_allclose(fit.coefficients, start.x, atol=2e-3)
    p = 1 / (1 + np.exp(-design @ np.array(fit.coefficients)))
    covariance = np.linalg.inv((design.T * (p * (1 - p))) @ design)
    np.testing.assert_allclose(fit.standard_errors, np.sqrt(np.diag(covariance)), rtol=1e-6)


@pytest.mark.parametrize(
    ("outcome", "x", "message"),
    [
        ([True, True], [1.0, 2.0], "outcome: never differs"),
        ([True, False], [1.0, 1.0], "x: column 0 is constant"),
        ([True, False, True], [[1, 2], [2, 4], [3, 6]], "x: columns are collinear"),
        ([True, False], [1.0, np.nan], "x: a value that is not finite"),
        ([1, 0], [1.0, 2.0], "outcome: expected a vector of booleans"),
    ],
)
def test_bad_input_is_refused(outcome, x, message):
    with pytest.raises(ValueError, match=message):
        firth_logit(outcome, x)

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from backtests.inference.regression import fixed_regressors

NAMES = ("a", "b", "c", "d")


def design(rng: np.random.Generator, n: int = 60) -> np.ndarray:
    # Columns of different scale, as dollars and basis points have.
    return rng.normal(size=(n, 4)) * [1.0, 100.0, 0.01, 1.0] + [0.0, 100.0, 0.0, 1.0]


def test_coefficients_and_hc3_errors_equal_statsmodels_for_every_outcome():
    rng = np.random.default_rng(1)
    x = design(rng)
    y = rng.standard_t(4, size=(60, 5)) * np.abs(x[:, [0]])
    fixed = fixed_regressors(x, NAMES, 3)
    estimates, errors = fixed.estimates(y)
    for k in range(5):
        fit = sm.OLS(y[:, k], x).fit(cov_type="HC3")
        np.testing.assert_allclose(estimates[:, k], fit.params[:3], rtol=1e-10)
        np.testing.assert_allclose(errors[:, k], fit.bse[:3], rtol=1e-10)
        np.testing.assert_allclose(fixed.residuals(y[:, k]), fit.resid, atol=1e-10)
    one, one_error = fixed.estimates(y[:, 0])
    np.testing.assert_allclose(one, estimates[:, 0], rtol=1e-12)
    np.testing.assert_allclose(one_error, errors[:, 0], rtol=1e-12)


def test_leverage_is_the_diagonal_of_the_hat_matrix():
    x = design(np.random.default_rng(2))
    hat = x @ np.linalg.pinv(x)
    np.testing.assert_allclose(fixed_regressors(x, NAMES, 1).leverage, np.diag(hat), rtol=1e-9)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x[:7], "r: 7 complete rows for 4 columns is too short, at least 8 are needed"),
        (lambda x: x * [1, 1, 0, 1], "c: is zero throughout"),
        (lambda x: np.column_stack((x[:, :3], x[:, 0] - x[:, 2])), "d: is constant or a comb"),
        (lambda x: np.column_stack((x[:, :3], np.eye(len(x))[9])), "w: complete row 9 alone"),
    ],
)
def test_designs_that_cannot_be_fitted_are_refused_with_the_culprit(spoil, message):
    x = spoil(np.random.default_rng(3).normal(size=(60, 4)))
    with pytest.raises(ValueError, match=message):
        fixed_regressors(x, NAMES, 1)

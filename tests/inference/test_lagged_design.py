from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.lagged_design import lag, lagged_design, window_sums, windows_of


@pytest.mark.parametrize(
    ("periods", "expected"),
    [(0, [1, 2, 3]), (1, [np.nan, 1, 2]), (-1, [2, 3, np.nan]), (3, [np.nan] * 3)],
)
def test_lag_shifts_and_leaves_holes_missing(periods, expected):
    np.testing.assert_array_equal(lag(np.array([1.0, 2.0, 3.0]), periods), expected)


def test_design_holds_the_stated_columns_row_by_row():
    r, dx, w = np.arange(10.0), np.arange(100.0, 110.0), np.arange(50.0, 60.0)
    x, names = lagged_design(r, dx[:, None], w[:, None], n_lags=2, trend=True, first_return_lag=1)
    assert names == (
        *("dx[0]", "constant", "trend", "dx[0] lag 1", "dx[0] lag 2"),
        *("r lag 1", "r lag 2", "w[0]"),
    )
    np.testing.assert_allclose(x[5], [105, 1, 1 / 9, 104, 103, 4, 3, 55])
    assert np.isnan(x[:2]).any(axis=1).all()
    assert np.isfinite(x[2:]).all()


def test_return_lags_begin_with_the_known_return_when_asked():
    r = np.arange(10.0)
    x, names = lagged_design(r, r[:, None], None, n_lags=2, trend=False, first_return_lag=0)
    assert names[-2:] == ("r lag 0", "r lag 1")
    np.testing.assert_allclose(x[5, -2:], [5, 4])


@pytest.mark.parametrize("horizon", [1, 2, 3, 7, 8])
def test_windows_and_sums_agree_with_a_plain_loop(horizon):
    complete = np.array([1, 1, 0, 1, 1, 1, 1], dtype=bool)
    values = np.arange(1.0, 8.0)
    windows = [
        len(complete[t : t + horizon]) == horizon and bool(complete[t : t + horizon].all())
        for t in range(len(complete))
    ]
    assert windows_of(complete, horizon).tolist() == windows
    sums = [values[t : t + horizon].sum() for t in range(len(values) - horizon + 1)]
    np.testing.assert_allclose(window_sums(values, horizon), sums)

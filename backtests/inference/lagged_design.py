"""The regressors of a lag-augmented local projection, row by row of the weekly grid."""

from __future__ import annotations

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray


def lag(x: FloatArray, periods: int) -> FloatArray:
    """Return x[t - periods] at row t (x[t + k] for periods = -k), NaN where there is none."""
    out = np.full_like(x, np.nan)
    if periods == 0:
        out[:] = x
    elif periods > 0:
        out[periods:] = x[:-periods]
    else:
        out[:periods] = x[-periods:]
    return out


def lagged_design(
    r: FloatArray,
    dxs: FloatArray,
    w: FloatArray | None,
    *,
    n_lags: int,
    trend: bool,
    first_return_lag: int,
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the design matrix and its column names.

    Parameters
    ----------
    r : ndarray, shape (T,)
        Returns.
    dxs : ndarray, shape (T, m)
        Regressors of interest.
    w : ndarray, shape (T, k), or None
        Controls.
    n_lags : int
        Lags 1..n_lags of every regressor, and as many lags of the return.
    trend : bool
        Whether a linear trend is among the columns.
    first_return_lag : int
        0: returns r[t], r[t-1], ...; 1: returns r[t-1], r[t-2], ...

    Returns
    -------
    x : ndarray, shape (T, p)
        The m regressors of interest first; NaN where a lag reaches before the sample.
    names : tuple of str
        One per column, for messages.
    """
    n, m = dxs.shape
    columns = [dxs[:, i] for i in range(m)]
    names = [f"dx[{i}]" for i in range(m)]
    columns.append(np.ones(n))
    names.append("constant")
    if trend:
        columns.append(np.linspace(-1.0, 1.0, n))
        names.append("trend")
    for i in range(m):
        columns.extend(lag(dxs[:, i], k) for k in range(1, n_lags + 1))
        names.extend(f"dx[{i}] lag {k}" for k in range(1, n_lags + 1))
    return_lags = range(first_return_lag, first_return_lag + n_lags)
    columns.extend(lag(r, k) for k in return_lags)
    names.extend(f"r lag {k}" for k in return_lags)
    if w is not None:
        columns.extend(w.T)
        names.extend(f"w[{i}]" for i in range(w.shape[1]))
    return np.column_stack(columns), tuple(names)


def windows_of(complete: BoolArray, horizon: int) -> BoolArray:
    """Return the rows from which `horizon` complete rows follow one another, that row included."""
    n = len(complete)
    out = np.zeros(n, dtype=np.bool_)
    if horizon <= n:
        counts = np.concatenate(([0], np.cumsum(complete)))
        out[: n - horizon + 1] = counts[horizon:] - counts[:-horizon] == horizon
    return out


def window_sums(x: FloatArray, horizon: int) -> FloatArray:
    """Return x[t] + ... + x[t + horizon - 1] at row t, for the first T - horizon + 1 rows.

    Parameters
    ----------
    x : ndarray, shape (T,) or (T, B)
    horizon : int

    Returns
    -------
    ndarray, shape (T - horizon + 1,) or (T - horizon + 1, B)
    """
    total = np.concatenate((np.zeros((1, *x.shape[1:])), np.cumsum(x, axis=0)))
    sums: FloatArray = total[horizon:] - total[:-horizon]
    return sums

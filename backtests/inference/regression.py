"""Least squares on fixed regressors with HC3 standard errors, for many outcomes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from backtests.inference.arrays import FloatArray

_COLLINEAR = 1e-9
_LEVERAGE_ONE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class FixedRegressors:
    """What least squares on one design needs, computed once.

    Attributes
    ----------
    q : ndarray, shape (n, p)
        Orthonormal basis of the design's columns.
    rows : ndarray, shape (m, n)
        The first m rows of (X'X)^-1 X'.
    leverage : ndarray, shape (n,)
        Diagonal of the hat matrix.
    """

    q: FloatArray
    rows: FloatArray
    leverage: FloatArray

    def residuals(self, y: FloatArray) -> FloatArray:
        """Return y less its fitted values; y has shape (n,) or (n, B)."""
        out: FloatArray = y - self.q @ (self.q.T @ y)
        return out

    def estimates(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the first m coefficients and their HC3 standard errors, shape (m,) or (m, B).

        References
        ----------
        .. [1] MacKinnon, J. G. and White, H. (1985). Some heteroskedasticity-consistent
           covariance matrix estimators with improved finite sample properties. Journal of
           Econometrics 29, 305-325.
        """
        shape = (len(self.leverage),) + (1,) * (y.ndim - 1)
        scaled = self.residuals(y) / (1 - self.leverage).reshape(shape)
        return self.rows @ y, np.sqrt(self.rows**2 @ scaled**2)


def fixed_regressors(x: FloatArray, names: tuple[str, ...], m: int) -> FixedRegressors:
    """Prepare least squares on `x` for its first `m` coefficients.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Design without missing values.
    names : tuple of str
        Names of the p columns.
    m : int
        Number of leading coefficients wanted.

    Raises
    ------
    ValueError
        Fewer than two rows a column, a column that the others explain, or a row that alone
        decides a coefficient (leverage 1, as with a dummy for one week).
    """
    n, p = x.shape
    if n < 2 * p:
        raise ValueError(
            f"r: {n} complete rows for {p} columns is too short, at least {2 * p} are needed"
        )
    norms = np.sqrt((x**2).sum(axis=0))
    if (norms == 0).any():
        raise ValueError(f"{_first(names, norms == 0)}: is zero throughout")
    q, upper = np.linalg.qr(x / norms)
    collinear = np.abs(np.diag(upper)) < _COLLINEAR
    if collinear.any():
        raise ValueError(
            f"{_first(names, collinear)}: is constant or a combination of the other columns"
        )
    leverage = (q**2).sum(axis=1)
    if (leverage > _LEVERAGE_ONE).any():
        row = int(np.argmax(leverage))
        raise ValueError(f"w: complete row {row} alone decides a coefficient (leverage 1)")
    # The first rows of R^-1 are the first columns of R'^-1.
    inverse = solve_triangular(upper, np.eye(p, m), trans="T")
    rows = (q @ inverse).T / norms[:m, None]
    return FixedRegressors(q=q, rows=rows, leverage=leverage)


def _first(names: tuple[str, ...], chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    return names[int(np.flatnonzero(chosen)[0])]

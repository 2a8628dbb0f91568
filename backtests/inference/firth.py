"""Logistic regression with Firth's penalty, which stays finite under separation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from backtests.inference.arrays import BoolArray, FloatArray, flags, matrix

_ITERATIONS = 200
_HALVINGS = 30
_LONGEST_STEP = 5.0
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class FirthLogit:
    """Penalised logistic regression.

    Attributes
    ----------
    coefficients : tuple of float
        Log odds ratios: the constant first, then one per column.
    standard_errors : tuple of float
        From the inverse Fisher information at the estimate.
    """

    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]


def firth_logit(outcome: npt.ArrayLike, x: npt.ArrayLike) -> FirthLogit:
    """Fit Firth's bias-reduced logistic regression (Jeffreys prior) by Newton's method.

    Parameters
    ----------
    outcome : array_like of bool, shape (T,)
    x : array_like, shape (T, k) or (T,)
        Regressors without a constant, which is added.

    Returns
    -------
    FirthLogit
        For a saturated two-by-two table, the log odds with one half added to every cell.

    Raises
    ------
    ValueError
        NaN, an outcome that never differs, collinear columns, no convergence.

    References
    ----------
    .. [1] Firth, D. (1993). Bias reduction of maximum likelihood estimates. Biometrika 80, 27-38.
    .. [2] Heinze, G. and Schemper, M. (2002). A solution to the problem of separation in logistic
       regression. Statistics in Medicine 21, 2409-2419.
    """
    happened = flags(outcome, "outcome")
    if happened.all() or not happened.any():
        raise ValueError("outcome: never differs")
    columns = matrix(x, "x", length=len(happened))
    # Standardised columns keep Newton's steps of one size; Jeffreys' prior does not mind.
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    if (scale == 0).any():
        raise ValueError(f"x: column {int(np.argmin(scale))} is constant")
    design = np.column_stack((np.ones(len(happened)), (columns - middle) / scale))
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("x: columns are collinear")
    beta, covariance = _newton(happened, design)
    back = np.diag(np.concatenate(([1.0], 1 / scale)))
    back[0, 1:] = -middle / scale
    errors = np.sqrt(np.diag(back @ covariance @ back.T))
    return FirthLogit(tuple((back @ beta).tolist()), tuple(errors.tolist()))


def _newton(happened: BoolArray, design: FloatArray) -> tuple[FloatArray, FloatArray]:
    beta: FloatArray = np.zeros(design.shape[1])
    objective = _penalised(beta, happened, design)
    for _ in range(_ITERATIONS):
        chance = expit(design @ beta)
        weight = chance * (1 - chance)
        covariance: FloatArray = np.linalg.inv((design.T * weight) @ design).astype(np.float64)
        leverage = weight * ((design @ covariance) * design).sum(axis=1)
        step = covariance @ (design.T @ (happened - chance + leverage * (0.5 - chance)))
        step /= max(1.0, float(np.abs(step).max()) / _LONGEST_STEP)
        if np.abs(step).max() < _TOLERANCE:
            return beta, covariance
        rounding = 1e-12 * abs(objective)
        for _halving in range(_HALVINGS):
            trial = _penalised(beta + step, happened, design)
            if trial >= objective - rounding:
                break
            step /= 2
        if trial <= objective + rounding:
            # Too near to tell up from down: a whole step may only change sides.
            step /= 2
        beta, objective = beta + step, trial
    raise ValueError(f"x: Firth's logit did not converge in {_ITERATIONS} steps")


def _penalised(beta: FloatArray, happened: BoolArray, design: FloatArray) -> float:
    """Return the log-likelihood plus half the log determinant of the information."""
    index = design @ beta
    weight = expit(index) * expit(-index)
    likelihood = -np.logaddexp(0, np.where(happened, -index, index)).sum()
    return float(likelihood + 0.5 * np.linalg.slogdet((design.T * weight) @ design)[1])

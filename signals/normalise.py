"""Bring signals to one scale, by their own past only."""

from __future__ import annotations

import numpy as np

from data.aliases import FloatArray
from signals.windows import half, trailing_mean, trailing_sd

THREE_YEARS = 1095
SPARSE_FLOOR = 5.0
CLIP = 3.0


def trailing_z(values: FloatArray, days: int = THREE_YEARS) -> FloatArray:
    """Return the trailing z-score, clipped at +-3.

    Parameters
    ----------
    values : ndarray of shape (rows,)
        One value a calendar day.
    days : int
        Length of the window that ends with the row itself.

    Returns
    -------
    ndarray
        ``(x_t - mean) / sd`` with mean and sample standard deviation of the last `days` rows.
        NaN where the value is, where less than half of the window is known, and where it is
        constant.
    """
    mean, sd = trailing_mean(values, days, half(days)), trailing_sd(values, days, half(days))
    score = (values - mean) / np.where(sd > 0.0, sd, np.nan)
    return np.clip(score, -CLIP, CLIP)


def sparse_score(
    values: FloatArray, days: int = THREE_YEARS, floor: float = SPARSE_FLOOR
) -> FloatArray:
    """Return ``asinh(x / scale)`` clipped at +-3, for balances that are mostly zero.

    Parameters
    ----------
    values : ndarray of shape (rows,)
        One value a calendar day, USD bn.
    days : int
        Window of the scale.
    floor : float
        Least scale, USD bn: after years of zeros the first small loan is no event of ten
        standard deviations.

    Returns
    -------
    ndarray
        ``scale = max(sd of the last days rows, floor)``; the floor alone until half of the
        window is known. NaN where the value is. Zero stays zero: there is no centring.
    """
    scale = np.fmax(trailing_sd(values, days, half(days)), floor)
    return np.clip(np.arcsinh(values / scale), -CLIP, CLIP)

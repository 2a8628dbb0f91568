"""Cash as a column: what a unit of it is worth as interest accrues."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.errors import EngineError

CASH = "CASH"
YEAR = 360.0
_DAY = pd.Timedelta(days=1)


def rates_of(cash_rate: pd.Series[float], closes: pd.DatetimeIndex) -> FloatArray:
    """Return the cash rate of each daily bar, as known at the decision time that opens it.

    Parameters
    ----------
    cash_rate : Series
        Percent a year by decision time.
    closes : DatetimeIndex
        Close times of the bars.

    Raises
    ------
    EngineError
        If decision times repeat, or a rate is unknown.
    """
    if not cash_rate.index.is_unique:
        raise EngineError("cash rate: decision times must be distinct")
    rate = cash_rate.astype(np.float64).reindex(closes - _DAY)
    absent = rate.index[~np.isfinite(rate.to_numpy())]
    if len(absent):
        raise EngineError(
            f"cash rate unknown at {absent[0]:%Y-%m-%d} and on {len(absent) - 1} other days: "
            "start later, or give the rate as known at every decision time"
        )
    return rate.to_numpy().astype(np.float64)


def growth(
    rate: FloatArray, borrowed: BoolArray, borrow_bp: float, days: float | FloatArray
) -> FloatArray:
    """Return the factor by which a cash balance grows, simple interest ACT/360.

    Parameters
    ----------
    rate : array
        Percent a year, as known at the decision time that opens the day.
    borrowed : array of bool
        True where the balance is negative: it grows at the rate plus the spread.
    borrow_bp : float
        Spread over `rate` on borrowed cash, basis points a year.
    days : float or array
        Calendar days, fractions included.

    References
    ----------
    ACT/360 is the day count of SOFR and EFFR (Federal Reserve Bank of New York, "Additional
    information about reference rates", 2023).
    """
    percent = rate + np.where(borrowed, borrow_bp / 100.0, 0.0)
    factors: FloatArray = 1.0 + percent / 100.0 * np.asarray(days) / YEAR
    return factors


def price_path(
    rate: FloatArray, borrowed: BoolArray, borrow_bp: float, fill_at: float
) -> FloatArray:
    """Return the price of a unit of cash at each day's fill moment and close, from 1.

    Interest is credited twice a day: at the fill moment and at the close.

    Parameters
    ----------
    rate : array of shape (days,)
        Percent a year.
    borrowed : bool array of shape (days, 2)
        Whether the balance is negative before the fill and after it.
    borrow_bp : float
        Spread on borrowed cash, basis points a year.
    fill_at : float
        Share of the day that has passed at the fill moment, from 0 to below 1.

    Returns
    -------
    array of shape (days, 2)
    """
    spans = np.array([fill_at, 1.0 - fill_at])
    factors = growth(rate[:, None], borrowed, borrow_bp, spans[None, :])
    return np.cumprod(factors.ravel()).astype(np.float64).reshape(-1, 2)


def accrual(cash_price: FloatArray) -> FloatArray:
    """Return what a unit of cash earns up to each day's fill moment and from there to the close.

    Parameters
    ----------
    cash_price : array of shape (days, 2)
        As from :func:`price_path`.

    Returns
    -------
    array of shape (days, 2)
    """
    earned: FloatArray = np.diff(cash_price.ravel(), prepend=1.0).reshape(-1, 2)
    return earned

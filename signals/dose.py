"""How large a driver is beside the ordinary noise of net liquidity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.errors import BadConfig, TooShort
from data.panel import Panel
from signals.base import Signal
from signals.net_liquidity import NetLiquidity
from signals.windows import change, row_values

WEEK = 7
FRIDAY = 4
LEAST_WEEKS = 52


def weekly_changes(panel: Panel) -> pd.Series[float]:
    """Return the weekly changes of net liquidity, decided on Fridays (USD bn).

    Returns
    -------
    Series
        Index: the Fridays among ``panel.times`` (00:00 UTC, the first decision after a regular
        H.4.1); value: the nowcast as known then less that of the Friday before, each as known
        on its own day. Fridays without either are left out.
    """
    level = row_values(NetLiquidity().compute(panel))
    moved = pd.Series(change(level, WEEK), index=panel.times, name="weekly_change")
    return moved[panel.times.day_of_week == FRIDAY].dropna()


def weekly_sd(panel: Panel) -> float:
    """Return the standard deviation of all weekly changes of net liquidity known (USD bn).

    Raises
    ------
    TooShort
        If there are fewer than 52 weeks.
    """
    moved = weekly_changes(panel)
    if len(moved) < LEAST_WEEKS:
        raise TooShort(
            f"net_liquidity: {len(moved)} weekly changes are known by {panel.times[-1]:%Y-%m-%d}, "
            f"a dose needs {LEAST_WEEKS}: import more of fed_assets, tga and rrp"
        )
    return float(moved.std())


@dataclass(frozen=True, slots=True)
class Dose:
    """Size of a driver over the standard deviation of weekly net-liquidity changes.

    Parameters
    ----------
    driver : float
        The driver's value of largest size, USD bn.
    when : Timestamp
        The decision time at which it was reached.
    weekly_sd : float
        USD bn.
    """

    driver: float
    when: pd.Timestamp
    weekly_sd: float

    @property
    def ratio(self) -> float:
        """Return the driver in standard deviations, with its sign."""
        return self.driver / self.weekly_sd


def dose(signal: Signal, panel: Panel) -> Dose | None:
    """Return how large a signal has been beside the noise of net liquidity.

    Parameters
    ----------
    signal : Signal
        Any signal.
    panel : Panel
        As of its last decision time; nothing is decided on a dose.

    Returns
    -------
    Dose or None
        None where the signal is not an amount in USD bn, or has no value: a rate or a share has
        no dose.

    Raises
    ------
    TooShort
        If net liquidity is known for less than a year.
    """
    if signal.unit != "USD bn":
        return None
    values = signal.compute(panel).dropna()
    return None if values.empty else dose_of(values, panel)


def dose_of(values: pd.Series[float], panel: Panel) -> Dose:
    """Return the dose of a driver given in USD bn, indexed by decision times.

    Raises
    ------
    BadConfig
        If there is no value.
    TooShort
        If net liquidity is known for less than a year.
    """
    known = values.dropna()
    if known.empty:
        raise BadConfig("dose: the driver has no value")
    at = int(np.argmax(np.abs(known.to_numpy())))
    return Dose(float(known.iloc[at]), known.index[at], weekly_sd(panel))

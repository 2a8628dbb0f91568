"""Pressure in the market for overnight cash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.panel import Panel
from signals.parameters import check_choice, check_whole

# Interest on reserves was the rate on excess reserves before this day.
IORB_START = pd.Timestamp("2021-07-29")
# measure: (unit, series that are read)
MEASURES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sofr_ceiling": ("bp", ("ff_upper", "sofr")),
    "p99_ceiling": ("bp", ("ff_upper", "sofr_p99")),
    "sofr_iorb": ("bp", ("iorb", "sofr")),
    "share_at_ceiling": ("share", ("ff_upper", "sofr")),
}


@dataclass(frozen=True, slots=True)
class FundingPressure:
    """How hard the price of overnight cash presses on the top of the Fed's range.

    ``sofr_ceiling``: last known SOFR less the top of the range that was in force on the day SOFR
    is about (bp). ``p99_ceiling``: the same of SOFR's 99th percentile, where stress shows first
    (bp). ``sofr_iorb``: SOFR less the interest on reserves of its day (bp; before 2021-07-29 the
    rate on excess reserves, where the data set carries ``ioer``). ``share_at_ceiling``: share of
    the figures about the last `days` days that were at or above the top of the range (0 to 1).

    SOFR about a day is known at 08:00 New York on the next bond-market day. Direction -1: dear
    cash forces leveraged holders to sell, until the Fed lends.

    NaN where a rate is unknown or stale; ``share_at_ceiling`` where figures are known about less
    than a quarter of the window's days (a week has five of seven).

    Parameters
    ----------
    measure : {"sofr_ceiling", "p99_ceiling", "sofr_iorb", "share_at_ceiling"}
        Which measure.
    days : int
        Window of ``share_at_ceiling``, calendar days.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    measure: str = "sofr_ceiling"
    days: int = 28

    name: ClassVar[str] = "funding_pressure"
    direction: ClassVar[int] = -1
    optional: ClassVar[tuple[str, ...]] = ("ioer",)
    essay: ClassVar[str] = (
        "With the reverse repo facility empty and reserves scarce, repo borrowers bid the rate up "
        "to the ceiling: stress first, and then the reason for the Fed to lend."
    )

    def __post_init__(self) -> None:
        check_choice(self.name, "measure", self.measure, MEASURES)
        check_whole(self.name, "days", self.days)

    @property
    def unit(self) -> str:
        """Basis points, or a share for ``share_at_ceiling``."""
        return MEASURES[self.measure][0]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal cannot do without."""
        return MEASURES[self.measure][1]

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the measure at each decision time."""
        if self.measure == "share_at_ceiling":
            value = _share_at_ceiling(panel, self.days)
        elif self.measure == "sofr_iorb":
            value = 100.0 * (panel.last("sofr") - _reserve_interest(panel))
        else:
            rate = "sofr" if self.measure == "sofr_ceiling" else "sofr_p99"
            ceiling = panel.on("ff_upper", panel.ref_date(rate))
            value = 100.0 * (panel.last(rate) - ceiling)
        return value.rename(self.name)


def _reserve_interest(panel: Panel) -> pd.Series[float]:
    """Return the interest on reserves in force on the day of the last known SOFR, percent."""
    day = panel.ref_date("sofr")
    rate = panel.on("iorb", day)
    if panel.has("ioer"):
        rate = rate.where(~(day < IORB_START), panel.on("ioer", day))
    return rate


def _share_at_ceiling(panel: Panel, days: int) -> pd.Series[float]:
    excess = panel.window("sofr", days) - panel.window("ff_upper", days, carried=True)
    known = (~np.isnan(excess)).sum(axis=1)
    # Rates have two decimals; the tolerance only absorbs their binary form.
    pressed = (excess > -1e-9).sum(axis=1)
    share = np.where(4 * known >= days, pressed / np.maximum(known, 1), np.nan)
    return pd.Series(share, index=panel.times)

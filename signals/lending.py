"""What the Fed has lent out, and how fast that grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.panel import Panel
from signals.parameters import check_whole
from signals.windows import change, half, row_values, trailing_mean

# Weekly balances of the H.4.1 that join where the data set carries them.
LOANS = ("fed_primary_credit", "fed_btfp")


@dataclass(frozen=True, slots=True)
class StealthQe:
    """Growth of the Fed's lending: change over `days` of the `days`-day mean balance (USD bn).

    ``m(t) - m(t - days)`` with m the mean over `days` nights of the daily balance of repo
    operations (``srf``). Where the data set carries them, the discount window's primary credit
    (``fed_primary_credit``) and the Bank Term Funding Program (``fed_btfp``) add their own
    growth, from the last known H.4.1; without them, as in the tables this was developed on, the
    lending of March 2023 is not seen. A loan programme without figures for half of a window
    (not begun, or closed) adds nothing.

    Known with the day's last operation, 13:45 New York. Direction +1.

    NaN where less than half of the nights of a window of repo balances are known.

    Parameters
    ----------
    days : int
        Length of the means and of the change, calendar days.

    Raises
    ------
    BadConfig
        If `days` is not a whole number above 0.
    """

    days: int = 28

    name: ClassVar[str] = "stealth_qe"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    optional: ClassVar[tuple[str, ...]] = LOANS
    essay: ClassVar[str] = (
        "Open purchases have become a swear word, so the balance sheet will grow through loans: "
        "rising balances of the Fed's lending are easing that nobody announces."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal cannot do without."""
        return ("srf",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the growth of lending at each decision time, USD bn."""
        growth = self._growth(panel, "srf")
        for series in self.optional:
            if panel.has(series):
                growth = growth + np.nan_to_num(self._growth(panel, series), nan=0.0)
        return pd.Series(growth, index=panel.times, name=self.name)

    def _growth(self, panel: Panel, series: str) -> FloatArray:
        balance = row_values(panel.last(series))
        return change(trailing_mean(balance, self.days, half(self.days)), self.days)

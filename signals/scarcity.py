"""How scarce reserves are, and how much cash the repo market asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.panel import Panel
from signals.normalise import THREE_YEARS
from signals.parameters import check_choice, check_truth, check_whole
from signals.windows import half, lagged, row_values, trailing_max, trailing_mean

YARDSTICKS = ("fed_assets", "maximum", "gdp")


@dataclass(frozen=True, slots=True)
class ReserveScarcity:
    """How far bank reserves have been drained: ``1 - reserves / yardstick`` (share).

    ``fed_assets``: the yardstick is the Fed's balance sheet of the same week, so that the value
    is the share of it that others hold (currency, Treasury, money funds). ``maximum``: the
    reserves' own maximum of the last `days` days; 0 there, 1 when all are gone. ``gdp``: the
    last print of gross domestic product, from recorded vintages only (the panel shows no other
    figures of a series that is restated).

    Reserves are averages of the week that ends on Wednesday, known on Thursday 16:30 New York.
    Direction 0.

    NaN where reserves or the yardstick are unknown or stale; ``maximum`` until half of the window
    is known.

    Parameters
    ----------
    against : {"fed_assets", "maximum", "gdp"}
        The yardstick.
    days : int
        Window of ``maximum``, calendar days.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    against: str = "fed_assets"
    days: int = THREE_YEARS

    name: ClassVar[str] = "reserve_scarcity"
    unit: ClassVar[str] = "share"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "Quantitative tightening took reserves out of the banks, who therefore no longer lend "
        "their cash in repo."
    )

    def __post_init__(self) -> None:
        check_choice(self.name, "against", self.against, YARDSTICKS)
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("reserves",) if self.against == "maximum" else (self.against, "reserves")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the scarcity at each decision time, as a share."""
        reserves = panel.last("reserves")
        if self.against == "maximum":
            values = row_values(reserves)
            yardstick = pd.Series(trailing_max(values, self.days, half(self.days)), panel.times)
        elif self.against == "gdp":
            yardstick = panel.last("gdp")
        else:
            yardstick = panel.on("fed_assets", panel.ref_date("reserves"))
        return (1.0 - reserves / yardstick.where(yardstick > 0.0)).rename(self.name)


@dataclass(frozen=True, slots=True)
class RepoDemand:
    """Growth of overnight repo: change of SOFR's volume over `days` (percent).

    ``100 x (m(t) / m(t - days) - 1)`` with m the mean of the volume of the last `smooth` nights
    (weekends carry Friday's). With `against_debt` m is first divided by the mean of the total
    public debt over the same nights: growth beyond that of what has to be financed.

    The volume is known at 08:00 New York on the next bond-market day, the debt at 16:00 on the
    next business day. Direction 0: more repo is the essay's premise, not a flow of liquidity.

    NaN where less than half of the nights of a window are known.

    Parameters
    ----------
    days : int
        Span of the growth, calendar days.
    smooth : int
        Nights of each mean; 28 hold one month-end most of the time.
    against_debt : bool
        Whether debt is divided out.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    days: int = 91
    smooth: int = 28
    against_debt: bool = False

    name: ClassVar[str] = "repo_demand"
    unit: ClassVar[str] = "percent"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "The marginal buyer of Treasuries is the relative-value fund that finances itself in "
        "repo: as the debt grows, so does the demand for overnight cash."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)
        check_whole(self.name, "smooth", self.smooth)
        check_truth(self.name, "against_debt", self.against_debt)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("debt_total", "sofr_volume") if self.against_debt else ("sofr_volume",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the growth at each decision time, percent."""
        level = self._mean(panel, "sofr_volume")
        if self.against_debt:
            level = level / self._mean(panel, "debt_total")
        before = lagged(level, self.days)
        growth = 100.0 * (level / np.where(before > 0.0, before, np.nan) - 1.0)
        return pd.Series(growth, index=panel.times, name=self.name)

    def _mean(self, panel: Panel, series: str) -> FloatArray:
        balance = row_values(panel.last(series))
        mean = trailing_mean(balance, self.smooth, half(self.smooth))
        return np.where(mean > 0.0, mean, np.nan)

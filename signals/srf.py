"""Standing Repo Facility: what the Fed has lent overnight against securities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.panel import Panel
from signals.calendar_class import day_classes, is_period_end, window_classes, window_days
from signals.calendar_expectation import expected_of_newest, new_figures
from signals.net_liquidity import SRF_START
from signals.parameters import check_choice, check_positive, check_truth, check_whole
from signals.windows import half, row_values, trailing_max, trailing_mean

_START = SRF_START.tz_localize(None)
STATISTICS = ("mean", "max", "days")


@dataclass(frozen=True, slots=True)
class SrfUsage:
    """Balance of the Standing Repo Facility over the last `days` days.

    ``mean``: mean of the balance outstanding in each of the last `days` nights (USD bn);
    weekends and holidays carry the last business day's. What injects liquidity is the balance:
    an overnight loan is repaid the next day, so that sums of operations mean nothing. ``max``:
    the largest of these balances (USD bn). ``days``: number of the `days` days
    that are over at the decision whose operations reach `usage` (days).

    The facility began on 2021-07-29 and was zero, not missing, before. The series also holds the
    temporary repo operations of 2019-09-17 to 2020: announced ones, to calm the market, and no
    facility; they count with `temporary` only.

    Without `period_ends` the nights that begin on the last business day of a month, quarter or
    year are left out of all three.

    Known from 13:45 New York on the day (with the afternoon operation). Direction +1.

    NaN where less than half of the nights are known (``days``: where no day of the window is).

    Parameters
    ----------
    statistic : {"mean", "max", "days"}
        What is said of the window.
    days : int
        Length of the window, calendar days.
    period_ends : bool
        Whether period ends count.
    usage : float
        From how much a day counts as usage, USD bn; smaller amounts are exercises.
    temporary : bool
        Whether the temporary operations before the facility count.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    statistic: str = "mean"
    days: int = 28
    period_ends: bool = True
    usage: float = 0.5
    temporary: bool = False

    name: ClassVar[str] = "srf_usage"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "The facility lends newly created money to whoever finances Treasuries in repo: "
        "quantitative easing by another name, and dollars that find their way into crypto."
    )

    def __post_init__(self) -> None:
        check_choice(self.name, "statistic", self.statistic, STATISTICS)
        check_whole(self.name, "days", self.days)
        check_truth(self.name, "period_ends", self.period_ends)
        check_positive(self.name, "usage", self.usage)
        check_truth(self.name, "temporary", self.temporary)

    @property
    def unit(self) -> str:
        """USD bn or days."""
        return "days" if self.statistic == "days" else "USD bn"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("srf",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the statistic at each decision time."""
        if self.statistic == "days":
            value = self._usage_days(panel)
        else:
            over = trailing_mean if self.statistic == "mean" else trailing_max
            value = over(self._nights(panel), self.days, half(self.days))
        return pd.Series(value, index=panel.times, name=self.name)

    def _nights(self, panel: Panel) -> FloatArray:
        """Balance of the night before each decision time."""
        balance = row_values(panel.last("srf"))
        about = panel.ref_date("srf")
        if not self.temporary:
            before = (panel.times < SRF_START) | (about < _START).to_numpy()
            balance = np.where(before, 0.0, balance)
        if not self.period_ends:
            balance = np.where(is_period_end(day_classes(about)), np.nan, balance)
        return balance

    def _usage_days(self, panel: Panel) -> FloatArray:
        window = panel.window("srf", self.days)
        used = window >= self.usage
        if not self.temporary:
            used &= window_days(panel.times, self.days) >= np.datetime64(_START)
        if not self.period_ends:
            used &= ~is_period_end(window_classes(panel.times, self.days))
        known = (~np.isnan(window)).any(axis=1)
        return np.where(known, used.sum(axis=1).astype(np.float64), np.nan)


@dataclass(frozen=True, slots=True)
class SrfSurprise:
    """Balance of the Standing Repo Facility beyond what the calendar explains (USD bn).

    Mean over the last `days` nights of ``balance - expected``. What is expected of a day is the
    mean of all earlier figures since 2021-07-29 about days of the same class
    (:class:`~signals.calendar_class.DayClass`: year-end, quarter-end, month-end, tax day,
    settlement, other), as known before that day's own figure. A class with fewer than `least`
    figures borrows from its kin: year-ends from quarter-ends, these from month-ends, tax days
    from settlement days. Means, because on most days of every class the balance is zero and so
    would be the median. Weekends carry the last business day's balance and expectation.

    Known from 13:45 New York on the day. Direction +1.

    NaN before the facility began and until half of the nights have an expectation.

    Parameters
    ----------
    days : int
        Length of the window, calendar days.
    least : int
        How many earlier figures an expectation needs.

    Raises
    ------
    BadConfig
        If a parameter is not a whole number above 0.
    """

    days: int = 28
    least: int = 4

    name: ClassVar[str] = "srf_surprise"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "Loans at the turn of a month could be balance-sheet cosmetics; a balance that stays when "
        "the calendar does not ask for it is money creation."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)
        check_whole(self.name, "least", self.least)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("srf",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the surprise at each decision time, USD bn."""
        balance = row_values(panel.last("srf"))
        about = panel.ref_date("srf")
        standing = (about >= _START).to_numpy()
        fresh = new_figures(about) & standing
        expected = expected_of_newest(balance, fresh, day_classes(about), self.least)
        value = trailing_mean(balance - expected, self.days, half(self.days))
        return pd.Series(value, index=panel.times, name=self.name)

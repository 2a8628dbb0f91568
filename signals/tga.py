"""The Treasury General Account: what the government keeps at the Fed is not in the market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.calendars import is_open
from data.facts import debt_limit_binding
from data.panel import Panel
from signals.calendar_class import day_classes
from signals.calendar_expectation import expected_of_newest, new_figures
from signals.parameters import check_whole
from signals.windows import (
    change,
    half,
    lagged,
    row_values,
    trailing_max,
    trailing_mean,
    trailing_sum,
)


def _balance(panel: Panel) -> FloatArray:
    return row_values(panel.last("tga"))


def _quarter_ends(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the last day of the quarter that each decision's UTC date falls in (naive)."""
    quarters = times.tz_localize(None).to_period("Q")
    return pd.DatetimeIndex(quarters.end_time.normalize().as_unit("us"))


def _target(panel: Panel) -> pd.Series[float]:
    """Return the balance announced for the end of the present quarter, as known."""
    return panel.on("tga_target", pd.Series(_quarter_ends(panel.times), index=panel.times))


@dataclass(frozen=True, slots=True)
class TgaDrawdown:
    """How much the account has fallen from its trailing maximum (USD bn).

    ``max of (t - days, t] - tga``; 0 at the maximum. Known at 16:00 New York on the next
    business day. Direction 0: where the account stands says how much could still come out of
    it, not that it comes.

    NaN where the balance is unknown or stale and until half of the window is known.

    Parameters
    ----------
    days : int
        Window of the maximum, calendar days.

    Raises
    ------
    BadConfig
        If `days` is not a whole number above 0.
    """

    days: int = 365

    name: ClassVar[str] = "tga_drawdown"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "The shutdown filled the Treasury's account; once the government reopens and spends, the "
        "balance comes back into the market."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("tga",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the drawdown at each decision time, USD bn."""
        balance = _balance(panel)
        top = trailing_max(balance, self.days, half(self.days))
        return pd.Series(top - balance, index=panel.times, name=self.name)


@dataclass(frozen=True, slots=True)
class TgaExcess:
    """The account less the balance announced for the end of the present quarter (USD bn).

    ``tga - target``, the target being the Treasury's latest announcement, known by then, for the
    end of the quarter that the decision's UTC date falls in. Direction 0.

    The balance is known at 16:00 New York on the next business day, the target at 15:00 on the
    day of its announcement. NaN where either is unknown: the target is never taken to be a
    constant, nor that of another quarter.
    """

    name: ClassVar[str] = "tga_excess"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "About 150bn above its target of 850bn, the account holds liquidity that will be released."
    )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("tga", "tga_target")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the excess at each decision time, USD bn."""
        return (panel.last("tga") - _target(panel)).rename(self.name)


@dataclass(frozen=True, slots=True)
class TgaExpectedFlow:
    """Flow into the account that would meet its target at the quarter's end (USD bn a day).

    ``(target - tga) / business days left``: target as in :class:`TgaExcess`; the days left are
    those from the decision's UTC date to the quarter's end on which the Federal Reserve Banks
    are open (scheduled holidays, known years ahead). Positive: the account is expected to
    build, which drains liquidity. Direction 0.

    Suspended, that is exactly zero, while a debt limit binds: the Treasury then runs the
    account down whatever it has announced, and no flow towards the target is expected. Zero
    rather than NaN, because that expectation is known. Zero as well on the closed days after
    the quarter's last business day.

    Known as :class:`TgaExcess`. NaN where the balance is unknown or stale and, unless a debt
    limit binds, where the target is unknown.
    """

    name: ClassVar[str] = "tga_expected_flow"
    unit: ClassVar[str] = "USD bn a day"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "While the Treasury refills its account it takes cash from the market, the more so the "
        "less time it has."
    )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("tga", "tga_target")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the expected flow at each decision time, USD bn a business day."""
        gap = row_values(_target(panel) - panel.last("tga"))
        left = _business_days_left(panel.times)
        flow = np.where(left > 0, gap / np.maximum(left, 1), gap * 0.0)
        suspended = debt_limit_binding(panel.times) & panel.last("tga").notna().to_numpy()
        return pd.Series(np.where(suspended, 0.0, flow), index=panel.times, name=self.name)


def _business_days_left(times: pd.DatetimeIndex) -> FloatArray:
    """Bank days from each decision's UTC date to the end of its quarter, both inclusive."""
    ends = _quarter_ends(times)
    days = pd.date_range(times[0].tz_localize(None), ends[-1], freq="D", unit="us")
    before = pd.Series(np.cumsum(is_open(days, "bank")), index=days)
    today = is_open(times.tz_localize(None), "bank")
    left = before[ends].to_numpy() - before[times.tz_localize(None)].to_numpy() + today
    return np.asarray(left, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class TgaImpulse:
    """Cash that left the account: minus its change over `days` (USD bn).

    ``tga as known at t - days, less tga as known at t``; with `smooth` above 1 the difference of
    means over that many days. Known at 16:00 New York on the next
    business day. Direction +1: what the government pays out lands in bank reserves.

    NaN where the balance is unknown or stale at either end (on any day of either mean).

    Parameters
    ----------
    days : int
        Span in calendar days; 7 and 28 compare the same weekday.
    smooth : int
        Days of each mean; 1 compares single days.

    Raises
    ------
    BadConfig
        If a parameter is not a whole number above 0.
    """

    days: int = 28
    smooth: int = 1

    name: ClassVar[str] = "tga_impulse"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "A Treasury account that fills up drains liquidity; when it is spent, the market gets it "
        "back and crypto rises."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)
        check_whole(self.name, "smooth", self.smooth)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("tga",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the outflow at each decision time, USD bn."""
        mean = trailing_mean(_balance(panel), self.smooth, least=self.smooth)
        return pd.Series(-change(mean, self.days), index=panel.times, name=self.name)


@dataclass(frozen=True, slots=True)
class TgaSurprise:
    """Change of the account over `days` beyond the tax and settlement calendar (USD bn).

    Sum over the last `days` days of ``change - expected``: each new balance's change from the
    one before, less the mean of all earlier changes about days of the same class
    (:class:`~signals.calendar_class.DayClass`), as known before. A class with fewer than `least`
    figures borrows from its kin, see :class:`~signals.srf.SrfSurprise`. Means, because they add
    up over the window: the sum of what was expected is the expected change. Positive: the
    account took in more than the calendar explains. Direction 0.

    Known at 16:00 New York on the next business day.

    NaN where the balance is stale or an expectation is missing on a day of the window: for some
    weeks after the series begins or has had a hole, and at the first period ends.

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

    name: ClassVar[str] = "tga_surprise"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "Tax days fill the account and coupon days empty it on a calendar everybody knows; only "
        "what goes beyond it can be news."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)
        check_whole(self.name, "least", self.least)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("tga",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the surprise at each decision time, USD bn."""
        balance, about = _balance(panel), panel.ref_date("tga")
        fresh = new_figures(about)
        moved = balance - lagged(balance, 1)
        expected = expected_of_newest(moved, fresh, day_classes(about), self.least)
        beyond = np.where(fresh, moved - expected, balance * 0.0)
        return pd.Series(trailing_sum(beyond, self.days), index=panel.times, name=self.name)

"""The overnight reverse repo facility: the cash that money funds park at the Fed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.panel import Panel
from signals.hysteresis import Hysteresis
from signals.normalise import THREE_YEARS
from signals.parameters import check_positive, check_whole
from signals.windows import change, half, row_values, trailing_max


def _balance(panel: Panel) -> FloatArray:
    return row_values(panel.last("rrp"))


@dataclass(frozen=True, slots=True)
class RrpDepletion:
    """How far the RRP has been drawn down: ``1 - rrp / trailing maximum`` (share).

    0 at its maximum of the last `days` days, 1 when empty. Known on the operation's own day,
    13:15 New York. Direction 0: an empty RRP is no flow; it says that the next withdrawal must
    come out of reserves.

    NaN where the RRP is unknown or stale, until half of the window is known, and where the
    maximum is zero.

    Parameters
    ----------
    days : int
        Window of the maximum, calendar days.

    Raises
    ------
    BadConfig
        If `days` is not a whole number above 0.
    """

    days: int = THREE_YEARS

    name: ClassVar[str] = "rrp_depletion"
    unit: ClassVar[str] = "share"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = (
        "Money funds left the reverse repo facility for Treasury bills; once it is empty, new "
        "borrowing has to be met out of bank reserves, and repo cash gets scarce."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("rrp",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the depletion at each decision time, as a share."""
        balance = _balance(panel)
        top = trailing_max(balance, self.days, half(self.days))
        share = 1.0 - balance / np.where(top > 0.0, top, np.nan)
        return pd.Series(share, index=panel.times, name=self.name)


@dataclass(frozen=True, slots=True)
class RrpMedian:
    """Median of the last `operations` reverse repo operations (USD bn).

    Single days jump at period ends; the median of ten does not. Known on the last operation's
    own day, 13:15 New York. Direction 0.

    NaN where fewer than `operations` operations of the last ``2 * operations + 4`` calendar days
    are known.

    Parameters
    ----------
    operations : int
        How many operations.

    Raises
    ------
    BadConfig
        If `operations` is not a whole number above 0.
    """

    operations: int = 10

    name: ClassVar[str] = "rrp_median"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = RrpDepletion.essay

    def __post_init__(self) -> None:
        check_whole(self.name, "operations", self.operations)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("rrp",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the median at each decision time, USD bn."""

        def median(window: FloatArray) -> FloatArray:
            return _median_of_newest(window, self.operations)

        value = panel.trailing("rrp", 2 * self.operations + 4, median)
        return value.rename(self.name)


def _median_of_newest(window: FloatArray, count: int) -> FloatArray:
    """Median of the newest `count` known values of each row, NaN where there are fewer."""
    newest_first = window[:, ::-1]
    known = ~np.isnan(newest_first)
    rank = np.cumsum(known, axis=1)
    ordered = np.sort(np.where(known & (rank <= count), newest_first, np.nan), axis=1)
    if ordered.shape[1] < count:
        return np.full(len(window), np.nan)
    middle = (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2.0
    return np.where(rank[:, -1] >= count, middle, np.nan)


@dataclass(frozen=True, slots=True)
class RrpEmpty:
    """Whether the RRP counts as empty: 1 or 0.

    Goes to 1 when the median of the last `operations` operations is below `empty`, back to 0
    when it is above `refilled`, and stays in between. Known on the operation's own day, 13:15
    New York. Direction 0.

    NaN where the median is; after a hole it starts again from 0 unless below `empty`.

    Parameters
    ----------
    empty, refilled : float
        Levels in USD bn, ``empty < refilled``.
    operations : int
        See :class:`RrpMedian`.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    empty: float = 50.0
    refilled: float = 100.0
    operations: int = 10

    name: ClassVar[str] = "rrp_empty"
    unit: ClassVar[str] = "0 or 1"
    direction: ClassVar[int] = 0
    essay: ClassVar[str] = RrpDepletion.essay

    def __post_init__(self) -> None:
        check_positive(self.name, "empty", self.empty)
        check_positive(self.name, "refilled - empty", self.refilled - self.empty)
        check_whole(self.name, "operations", self.operations)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("rrp",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return 1.0 where the RRP counts as empty at the decision time, else 0.0."""
        median = row_values(RrpMedian(self.operations).compute(panel))
        states = Hysteresis(self.empty, self.refilled).states(median)
        value = np.where(np.isnan(median), np.nan, states.astype(np.float64))
        return pd.Series(value, index=panel.times, name=self.name)


@dataclass(frozen=True, slots=True)
class RrpFlow:
    """Cash that left the RRP: minus its change over `days` (USD bn).

    ``rrp as known at t - days, less rrp as known at t``. Known on the operation's own day, 13:15
    New York. Direction +1.

    NaN where the RRP is unknown or stale at either end.

    Parameters
    ----------
    days : int
        Span in calendar days; a multiple of 7 compares the same weekday.

    Raises
    ------
    BadConfig
        If `days` is not a whole number above 0.
    """

    days: int = 28

    name: ClassVar[str] = "rrp_flow"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "Cash that money funds take out of the Fed to buy bills goes back to work in markets."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("rrp",)

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the outflow at each decision time, USD bn."""
        return pd.Series(-change(_balance(panel), self.days), index=panel.times, name=self.name)

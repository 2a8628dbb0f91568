"""Where a business day stands in its month: strata, turns and distances."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import BoolArray, DayArray, IntArray, ordered_days

# New Year's Day, Labor Day, Memorial Day, Good Friday: one weekday at most is closed at either end
# of a month.
_MOST_WEEKDAYS_OFF = 1


class Stratum(StrEnum):
    """Stratum of a business day, for ranks within like days."""

    QUARTER_END = "quarter-end"
    MONTH_END = "month-end"
    LAST_THREE = "last 3 days"
    FIRST_TWO = "first 2 days"
    MID_MONTH = "mid-month"
    OTHER = "other"


@dataclass(frozen=True, slots=True, eq=False)
class MonthPositions:
    """Position of each business day in its month.

    Attributes
    ----------
    month : ndarray of int, shape (T,)
        Calendar months since January 1970, without holes.
    from_start, from_end : ndarray of int, shape (T,)
        Business days since the month's first and until its last; 0 on that day itself.
    from_middle : ndarray of int, shape (T,)
        Business days since (negative: until) the first one on or after the 15th, when coupons
        settle and taxes are paid.
    starts, ends : ndarray of int, shape (M,)
        Rows of each month's first and last business day, month by month.
    """

    month: IntArray
    from_start: IntArray
    from_end: IntArray
    from_middle: IntArray
    starts: IntArray
    ends: IntArray


def month_positions(business_days: npt.ArrayLike) -> MonthPositions:
    """Return the position of each business day in its month.

    Parameters
    ----------
    business_days : array_like of datetime64[D], shape (T,)
        Every business day of whole calendar months, increasing. The calendar is the caller's.

    Raises
    ------
    ValueError
        Days that do not increase, a month missing inside, or a first or last month cut off (more
        than one weekday missing at its end): then distances to month-end would be wrong.
    """
    days = ordered_days(business_days, "business_days")
    calendar_month = days.astype("datetime64[M]")
    month = calendar_month.astype(np.intp)
    _check_whole_months(days, month)
    starts = np.flatnonzero(np.diff(month, prepend=month[0] - 1)).astype(np.intp)
    ends = np.append(starts[1:], len(days)) - 1
    rows = np.arange(len(days))
    which = month - month[0]
    middle = np.searchsorted(days, calendar_month + np.timedelta64(14, "D"))
    return MonthPositions(
        month=month,
        from_start=rows - starts[which],
        from_end=ends[which] - rows,
        from_middle=rows - middle,
        starts=starts,
        ends=ends,
    )


def closes_quarter(month: IntArray) -> BoolArray:
    """Return whether months, counted from January 1970, are a quarter's last."""
    closes: BoolArray = month % 3 == 2
    return closes


def strata(positions: MonthPositions) -> npt.NDArray[np.object_]:
    """Return the `Stratum` of each day.

    Parameters
    ----------
    positions : MonthPositions
        Of T days.

    Returns
    -------
    ndarray of Stratum, shape (T,)
        The last business day of a month is quarter-end or month-end, the two before it and the
        first two of a month have strata of their own, mid-month is the first business day on or
        after the 15th and the next one. The first that fits counts.
    """
    last = positions.from_end == 0
    out = np.empty(len(last), dtype=object)
    out[:] = Stratum.OTHER
    middle = (positions.from_middle == 0) | (positions.from_middle == 1)
    for stratum, chosen in (
        (Stratum.MID_MONTH, middle),
        (Stratum.FIRST_TWO, positions.from_start <= 1),
        (Stratum.LAST_THREE, positions.from_end <= 2),
        (Stratum.MONTH_END, last),
        (Stratum.QUARTER_END, last & closes_quarter(positions.month)),
    ):
        out[chosen] = stratum
    return out


def _check_whole_months(days: DayArray, month: IntArray) -> None:
    begins = days[0].astype("datetime64[M]").astype("datetime64[D]")
    ends = (days[-1].astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]")
    late = np.busday_count(begins, days[0])
    early = np.busday_count(days[-1] + np.timedelta64(1, "D"), ends)
    if max(late, early) > _MOST_WEEKDAYS_OFF:
        raise ValueError(
            f"business_days: {days[0]} to {days[-1]} are not whole months; "
            "give every business day of the first and the last one"
        )
    skipped = np.flatnonzero(np.diff(month) > 1)
    if len(skipped):
        raise ValueError(f"business_days: no day in the month after {days[skipped[0]]}")

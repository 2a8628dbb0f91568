"""What the rules earned: measures with intervals, months, costs, and what waiting costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from backtests.latency import Delay
from backtests.metrics import MEASURES
from backtests.report.wording import fixed, percent
from backtests.run import Run

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A month of this size gets the full shade.
FULL_SHADE = 0.4
IN_USD = frozenset({"ending_value", "costs_paid"})


@dataclass(frozen=True, slots=True)
class Month:
    """One cell of the table of months: a number, and how strongly it is shaded (-1 to 1)."""

    text: str
    shade: float


def months(equity: pd.Series[float]) -> tuple[tuple[int, tuple[Month | None, ...], Month], ...]:
    """Return for each year its twelve months and the year itself.

    Parameters
    ----------
    equity : Series
        Value by close time (UTC): midnight belongs to the day before.

    Returns
    -------
    tuple of (year, twelve cells, cell of the year)
        A month in which the run begins or ends counts from or to that day.
    """
    days = pd.DatetimeIndex(equity.index).tz_localize(None) - pd.Timedelta(days=1)
    value = pd.Series(equity.to_numpy(), index=days)
    monthly, yearly = _by_period(value, "M"), _by_period(value, "Y")
    rows = []
    for period, total in yearly.items():
        year = pd.Period(str(period), "Y").year
        cells = tuple(
            _month(monthly.get(pd.Period(f"{year}-{number:02d}", "M")), FULL_SHADE)
            for number in range(1, 13)
        )
        rows.append((year, cells, _month(total, 3.0 * FULL_SHADE) or Month("", 0.0)))
    return tuple(rows)


def _by_period(value: pd.Series[float], unit: str) -> pd.Series[float]:
    last = value.groupby(pd.DatetimeIndex(value.index).to_period(unit)).last()
    before = last.shift(1)
    before.iloc[0] = value.iloc[0]
    return last / before - 1.0


def _month(change: float | None, full: float) -> Month | None:
    if change is None or not np.isfinite(change):
        return None
    return Month(fixed(100.0 * change, 1), round(float(np.clip(change / full, -1.0, 1.0)), 3))


@dataclass(frozen=True, slots=True)
class Drag:
    """What waiting costs one rule: growth a year at each delay, less that without one."""

    strategy: str
    first: str
    last: str
    zero: str
    drags: tuple[str, ...]


def drag(delay: Delay) -> Drag:
    """Return the drag of each delay; 0 hours must be among them."""
    growth = delay.growth
    return Drag(
        strategy=delay.strategy,
        first=f"{delay.first:%Y-%m-%d}",
        last=f"{delay.last:%Y-%m-%d}",
        zero=percent(growth[0], 1, sign=True),
        drags=tuple(
            fixed(100.0 * (rate - growth[0]), 1, sign=True)
            for hours, rate in sorted(growth.items())
            if hours
        ),
    )


def from_day(run: Run, start: pd.Timestamp) -> dict[str, float] | None:
    """Return a run's measures from a day on, so that they compare with a run that began then.

    Parameters
    ----------
    run : Run
        A run that holds on to what it held on that day.
    start : Timestamp
        Close (UTC) of its first day.

    Returns
    -------
    dict or None
        By the names of :data:`~backtests.metrics.MEASURES`, without those that hang on the size
        of the account; ``None`` where the run does not begin before that day.
    """
    whole = run.simulation
    if whole.equity.index[0] >= start:
        return None
    part = replace(
        whole,
        equity=whole.equity.loc[start:],
        held=whole.held.loc[start:],
        traded=whole.traded.loc[start:],
        cash_returns=whole.cash_returns.loc[start:],
    )
    return {name: measure(part) for name, measure in MEASURES.items() if name not in IN_USD}


def shown(value: float | None, unit: str) -> str:
    """Return a measure as text by the unit its table states."""
    if unit in ("share", "share a year"):
        return percent(value, 1)
    if unit in ("days", "USD"):
        return fixed(value)
    return fixed(value, 2)


def bracket(interval: tuple[float, float] | None, unit: str) -> str:
    """Return an interval or a range as text without its unit, empty where there is none."""
    if interval is None:
        return ""
    return " to ".join(shown(value, unit).rstrip("%") for value in interval)


def coins(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return every asset that a run traded, sorted."""
    return tuple(sorted({str(asset) for run in runs for asset in run.simulation.fills["asset"]}))

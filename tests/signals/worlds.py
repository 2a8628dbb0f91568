"""Small sets of figures, written down by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from data.observations import Observations, from_rows
from data.panel import Panel

# Each series: an iterable of (ref_date, value) or (ref_date, value, known_at).
Figures = Mapping[str, Any]
HOUR_KNOWN = pd.Timedelta(hours=20)


def instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def observations_of(figures: Figures) -> Observations:
    """Figures by series: ``(ref_date, value)`` or ``(ref_date, value, known_at)``.

    Without `known_at` (UTC) a figure is known at 20:00 UTC of its own day, so that the decision
    of the next midnight has it. A series without figures is carried, and empty.
    """
    rows = [
        {
            "series": series,
            "ref_date": pd.Timestamp(figure[0]).as_unit("us"),
            "value": float(figure[1]),
            "known_at": instant(figure[2]) if len(figure) > 2 else instant(figure[0]) + HOUR_KNOWN,
            "known_by": "rule",
            "source": "test",
        }
        for series, listed in figures.items()
        for figure in listed
    ]
    return from_rows(pd.DataFrame(rows), figures)


def daily(first: str, values: Iterable[float]) -> list[tuple[str, float]]:
    """One figure a calendar day from `first` on."""
    listed = list(values)
    days = pd.date_range(first, periods=len(listed), freq="D")
    return [(f"{day:%Y-%m-%d}", value) for day, value in zip(days, listed, strict=True)]


def business(first: str, values: Iterable[float]) -> list[tuple[str, float]]:
    """One figure on each Monday to Friday from `first` on."""
    listed = list(values)
    days = pd.bdate_range(first, periods=len(listed))
    return [(f"{day:%Y-%m-%d}", value) for day, value in zip(days, listed, strict=True)]


def weekly(first: str, values: Iterable[float]) -> list[tuple[str, float, str]]:
    """One figure every seven days from `first` on, known at 20:35 UTC of the day after."""
    listed = list(values)
    days = pd.date_range(first, periods=len(listed), freq="7D")
    return [
        (f"{day:%Y-%m-%d}", value, f"{day + pd.Timedelta(days=1):%Y-%m-%d} 20:35")
        for day, value in zip(days, listed, strict=True)
    ]


def panel_of(figures: Figures, first: str, last: str) -> Panel:
    """The panel of these figures at 00:00 UTC of every day from `first` to `last`."""
    return Panel(
        observations_of(figures),
        pd.date_range(first, last, freq="D", tz="UTC", unit="us", name="decision_time"),
    )


def at(values: pd.Series | pd.DataFrame, day: str) -> Any:
    """The row of the decision at 00:00 UTC of `day`."""
    return values.loc[pd.Timestamp(day, tz="UTC")]

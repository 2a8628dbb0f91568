"""Random vintages of figures, and a slow, obvious reading of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from data.catalogue import SERIES
from data.observations import Observations, from_rows

DAY = pd.Timedelta(days=1)
MINUTE = pd.Timedelta(minutes=1)
FIRST = pd.Timestamp("2019-09-05")
SPAN = 30  # days that figures are about
# A daily and a weekly balance, one that is zero before its first operation, and a rate that is
# announced beforehand and soon stale.
IDS = ("tga", "fed_assets", "srf", "ff_upper")
NAN = float("nan")


@dataclass(frozen=True)
class Vintage:
    """One value of one figure; values are distinct, so that each tells where it comes from."""

    series: str
    ref_date: pd.Timestamp
    value: float
    known_at: pd.Timestamp


@st.composite
def vintages(draw: st.DrawFn, series: Sequence[str] = IDS, most: int = 30) -> list[Vintage]:
    """Figures in any order, late, early, revised; no two vintages of a figure at once."""
    keys = st.tuples(
        st.sampled_from(list(series)),
        st.integers(0, SPAN),
        st.one_of(st.sampled_from([0, 1440, -1440]), st.integers(-3 * 1440, 20 * 1440)),
    )
    chosen = draw(st.lists(keys, max_size=most, unique=True))
    return [
        Vintage(
            name,
            FIRST + DAY * day,
            number + 1.5,
            (FIRST + DAY * day + MINUTE * delay).tz_localize("UTC"),
        )
        for number, (name, day, delay) in enumerate(chosen)
    ]


def observations(rows: Sequence[Vintage], ids: Sequence[str] = IDS) -> Observations:
    """Put vintages into the table that a panel reads."""
    table = pd.DataFrame(
        {
            "series": pd.Series([row.series for row in rows], dtype="str"),
            "ref_date": pd.Series([row.ref_date for row in rows], dtype="datetime64[us]"),
            "value": pd.Series([row.value for row in rows], dtype=float),
            "known_at": pd.Series([row.known_at for row in rows], dtype="datetime64[us, UTC]"),
            "known_by": pd.Series("vintage", range(len(rows)), dtype="str"),
            "source": pd.Series("test", range(len(rows)), dtype="str"),
        }
    )
    return from_rows(table, ids)


class Reading:
    """What was known of one series at one time, read row by row."""

    def __init__(self, rows: Sequence[Vintage], series: str, t: pd.Timestamp) -> None:
        self.known = [row for row in rows if row.series == series and row.known_at <= t]
        self.today = t.tz_localize(None)
        self.max_age = SERIES[series].max_age_days
        zero = SERIES[series].zero_before
        self.zero_before = pd.Timestamp.min if zero is None else pd.Timestamp(zero)

    def of_day(self, day: pd.Timestamp) -> float:
        """The figure about `day`, as last revised."""
        if day < self.zero_before:
            return 0.0
        about = [row for row in self.known if row.ref_date == day]
        return max(about, key=lambda row: row.known_at).value if about else NAN

    def ref_date(self) -> Any:
        return max((row.ref_date for row in self.known), default=pd.NaT)

    def last(self) -> float:
        if self.today - DAY < self.zero_before:
            return 0.0
        newest = self.ref_date()
        fresh = not pd.isna(newest) and self.today - newest <= DAY * self.max_age
        return self.of_day(newest) if fresh else NAN

    def on(self, day: pd.Timestamp) -> float:
        """The figure about `day`, or about the last day before it that has one."""
        for back in range(self.max_age + 1):
            value = self.of_day(day - DAY * back)
            if value == value:
                return value
        return NAN

    def window(self, days: int, carried: bool) -> list[float]:
        wanted = [self.today - DAY * back for back in range(days, 0, -1)]
        return [self.on(day) if carried else self.of_day(day) for day in wanted]

"""What must hold of every stored table, and which rows break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.bounds import FUNDING, bounds
from data.catalogue import SERIES
from data.merge import QUARANTINE, REVISIONS, SET_ASIDE
from data.tables import PRICE_COLUMNS, SCHEMAS

LISTED = 10  # faults of one kind that are spelt out; the rest are counted

_NUMBER, _UTC, _DAY = "float64", "datetime64[us, UTC]", "datetime64[us]"
_PRICES = {
    "symbol": "str",
    "opened": _UTC,
    **dict.fromkeys(PRICE_COLUMNS, _NUMBER),
    "market": "str",
    "source": "str",
    "seen_at": _UTC,
}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "observations": {
        "series": "str",
        "ref_date": _DAY,
        "value": _NUMBER,
        "known_at": _UTC,
        "source": "str",
        "seen_at": _UTC,
    },
    "prices_1d": _PRICES,
    "prices_1h": _PRICES,
    "funding": {
        "perpetual": "str",
        "symbol": "str",
        "ts": _UTC,
        "rate": _NUMBER,
        "venue": "str",
        "source": "str",
        "seen_at": _UTC,
    },
    "revisions": {**dict.fromkeys(REVISIONS[:-1], "str"), "seen_at": _UTC},
    "quarantine": {**dict.fromkeys(QUARANTINE[:-1], "str"), "seen_at": _UTC},
}
# On every day on which two of them exist, no rate lies above the next.
CORRIDOR = (("rrp_rate", "iorb"), ("rrp_rate", "ff_upper"), ("iorb", "ff_upper"))
CORRIDOR_OF_RANGE = (("ff_lower", "ff_upper"),)
# A figure's day may lie ahead of the import: announced rates and targets.
AHEAD = pd.Timedelta(days=366)
WEEK = pd.Timedelta(days=7)
LENGTH = {"prices_1d": pd.Timedelta(days=1), "prices_1h": pd.Timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in the store that does not hold.

    Parameters
    ----------
    file : str
        File of the store.
    what : str
        What is wrong.
    name : str
        Series, symbol or perpetual, where a row is at fault.
    date : str
        The row's day or instant.
    value : str
        The offending column and value.
    """

    file: str
    what: str
    name: str = ""
    date: str = ""
    value: str = ""

    @property
    def line(self) -> str:
        """The fault in one line."""
        where = ", ".join(part for part in (self.name, self.date, self.value) if part)
        return f"{self.file}: {where}: {self.what}" if where else f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class _Finding:
    """Rows that break one rule, before they are spelt out."""

    bad: pd.Series[bool]
    what: str
    column: str | None = None


def table_faults(name: str, table: pd.DataFrame, file: str) -> list[Fault]:
    """Check one stored table: schema, then rows.

    Returns
    -------
    list of Fault
        At most :data:`LISTED` of a kind, and one that counts the rest.
    """
    if name not in COLUMNS:
        return [Fault(file, f"no table of this program is called {name!r}")]
    wrong = list(_schema_faults(COLUMNS[name], table, file))
    if wrong or name in SET_ASIDE:
        return wrong
    key = SCHEMAS[name].key
    # `ref_date` may stand several times, once for every vintage.
    unique = [*key, "known_at"] if name == "observations" else list(key)
    faults: list[Fault] = []
    for finding in (*_common(table, key, unique), *_ROWS[name](table, name)):
        faults += _spelt_out(finding, table, key, file)
    return faults


def _schema_faults(wanted: Mapping[str, str], table: pd.DataFrame, file: str) -> Iterator[Fault]:
    for column, dtype in wanted.items():
        if column not in table:
            yield Fault(file, f"column {column!r} is missing")
        elif str(table[column].dtype) != dtype and not (dtype == "str" and table.empty):
            yield Fault(file, f"column {column!r} is {table[column].dtype}, not {dtype}")
    for column in table.columns.difference(list(wanted)):
        yield Fault(file, f"column {column!r} is not of the schema")


def _spelt_out(
    finding: _Finding, table: pd.DataFrame, key: tuple[str, str], file: str
) -> Iterator[Fault]:
    at = np.flatnonzero(finding.bad.to_numpy(dtype=bool))
    for row in at[:LISTED]:
        stamp = table[key[1]].iloc[row]
        value = f"{finding.column} = {table[finding.column].iloc[row]}" if finding.column else ""
        day = str(stamp.date()) if key[1] == "ref_date" and not pd.isna(stamp) else str(stamp)
        yield Fault(file, finding.what, str(table[key[0]].iloc[row]), day, value)
    if len(at) > LISTED:
        yield Fault(file, f"{finding.what}: {len(at) - LISTED:,} more rows")


def _common(table: pd.DataFrame, key: tuple[str, str], unique: list[str]) -> Iterator[_Finding]:
    for column in table.columns:
        optional = column in ("known_at", *PRICE_COLUMNS)
        if not optional:
            yield _Finding(table[column].isna(), f"{column} is missing")
    yield _Finding(table.duplicated(unique), "a second row for the same key")
    names, stamps = table[key[0]], table[key[1]]
    again = (names != names.shift()) & names.duplicated()
    yield _Finding(again, f"rows of one {key[0]} do not stand together")
    back = (names == names.shift()) & (stamps < stamps.shift())
    yield _Finding(back, f"{key[1]} goes back in time")
    yield _Finding(stamps < pd.Timestamp("1900-01-01", tz=stamps.dt.tz), f"{key[1]} is too early")


def _observations(table: pd.DataFrame, _: str) -> Iterator[_Finding]:
    series, value, day = table["series"], table["value"], table["ref_date"]
    unknown = ~series.isin(list(SERIES))
    yield _Finding(unknown, "the catalogue has no such series")
    yield _Finding(~np.isfinite(value), "a figure must be a number", "value")
    for name in series[~unknown].unique():
        spec, mine = SERIES[name], series == name
        low, high = bounds(spec)
        outside = mine & ((value < low) | (value > high))
        yield _Finding(outside, f"not between {low:g} and {high:g} {spec.unit}", "value")
        if spec.period == "wednesday":
            yield _Finding(mine & (day.dt.day_of_week != 2), "not a Wednesday")
        if spec.stamped == "start":
            inside = mine & ~(day.dt.is_quarter_end if spec.period == "quarter" else _ends(day))
            yield _Finding(inside, f"not the last day of a {spec.period}")
    yield _Finding(day != day.dt.floor("D"), "ref_date is not a whole day", "ref_date")
    known, seen, when = table["known_at"], table["seen_at"], day.dt.tz_localize("UTC")
    announced = series.map(
        {name: spec.release.counted == "announcement" for name, spec in SERIES.items()}
    )
    early = (announced == False) & (known < when - WEEK)  # noqa: E712 - unknown series are NaN
    yield _Finding(early, "known before the period it is about", "known_at")
    yield _Finding(known > seen, "known later than the store saw it", "known_at")
    yield _Finding(when > seen + AHEAD, "about a day far ahead of when the store saw it")
    yield from _corridor(table)


def _ends(day: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
    return pd.Series(day.dt.is_month_end)


def _corridor(table: pd.DataFrame) -> Iterator[_Finding]:
    """Compare the last vintages of the administered rates, day by day."""
    last = table.drop_duplicates(["series", "ref_date"], keep="last")
    for below, above in (*CORRIDOR, *CORRIDOR_OF_RANGE):
        mine = last[last["series"] == below]
        other = last[last["series"] == above].set_index("ref_date")["value"]
        ceiling = mine["ref_date"].map(other)
        bad = pd.Series(False, index=table.index)
        bad.loc[mine.index[mine["value"] > ceiling]] = True
        yield _Finding(bad, f"{below} lies above {above} of that day", "value")


def _prices(table: pd.DataFrame, name: str) -> Iterator[_Finding]:
    whole = table[["open", "high", "low"]].notna().all(axis=1)
    none = table[["open", "high", "low"]].isna().all(axis=1)
    yield _Finding(~whole & ~none, "some of open, high and low are missing, not all")
    yield _Finding(table["close"].isna(), "a close is missing")
    for column in ("open", "high", "low", "close"):
        bad = (table[column] <= 0) | np.isinf(table[column])
        yield _Finding(bad, "a price must be a number above zero", column)
    top, bottom = table[["open", "close"]].max(axis=1), table[["open", "close"]].min(axis=1)
    yield _Finding(table["high"] < top, "high lies below open or close", "high")
    yield _Finding(table["low"] > bottom, "low lies above open or close", "low")
    negative = (table["volume"] < 0) | np.isinf(table["volume"])
    yield _Finding(negative, "a volume cannot be negative or endless", "volume")
    length, opened = LENGTH[name], table["opened"]
    yield _Finding(opened != opened.dt.floor(length), f"does not open on the grid of {length}")
    yield _Finding(opened + length > table["seen_at"], "the bar had not closed when it was stored")


def _funding(table: pd.DataFrame, _: str) -> Iterator[_Finding]:
    rate, (low, high) = table["rate"], FUNDING
    yield _Finding(~np.isfinite(rate), "a rate must be a number", "rate")
    yield _Finding((rate < low) | (rate > high), f"not between {low:g} and {high:g}", "rate")
    named = table["symbol"] + " " + table["venue"]
    yield _Finding(table["perpetual"] != named, "is not the symbol on the venue", "symbol")
    yield _Finding(table["ts"] > table["seen_at"], "later than the store saw it")


_ROWS: Mapping[str, Callable[[pd.DataFrame, str], Iterator[_Finding]]] = {
    "observations": _observations,
    "prices_1d": _prices,
    "prices_1h": _prices,
    "funding": _funding,
}

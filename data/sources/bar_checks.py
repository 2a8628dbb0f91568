"""Which rows of an exchange's answer are bars, and which of them can be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data.errors import UnexpectedAnswer

# A bar is final this long after its close, on the exchange's clock.
FINAL_AFTER = pd.Timedelta(minutes=10)
# More than this share of bars that cannot be right is an answer that cannot be right.
_MOST_BAD = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close (quote currency) and volume (units of the coin)."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Sifted:
    """The bars of one answer.

    Parameters
    ----------
    bars : mapping of opening instant (UTC) to Bar
        Those that can be right.
    refused : mapping of opening instant to str
        Why others cannot.
    repeated : int
        Rows that came twice with the same content.
    """

    bars: Mapping[pd.Timestamp, Bar]
    refused: Mapping[pd.Timestamp, str]
    repeated: int


def sift(rows: Sequence[object], step: pd.Timedelta, now: pd.Timestamp, label: str) -> Sifted:
    """Read the rows of one answer.

    Parameters
    ----------
    rows : sequence
        ccxt's form: ``[opening in ms, open, high, low, close, volume]``.
    step : Timedelta
        Length of a bar.
    now : Timestamp
        UTC; no bar opens later.
    label : str
        Exchange and market, for messages.

    Raises
    ------
    UnexpectedAnswer
        If a row is no bar at all: another form, a time off the grid or ahead of the clock, two
        contents for one time; or if most bars cannot be right.
    """
    bars: dict[pd.Timestamp, Bar] = {}
    refused: dict[pd.Timestamp, str] = {}
    seen: dict[pd.Timestamp, tuple[float, ...]] = {}
    repeated = 0
    for row in rows:
        opened, numbers = _read(row, label)
        if opened != opened.floor(step):
            raise UnexpectedAnswer(f"{label}: a bar opens at {opened}, off the grid of {step}")
        if opened > now + step:
            raise UnexpectedAnswer(f"{label}: a bar opens at {opened}, ahead of the clock ({now})")
        if opened in seen:
            if seen[opened] != numbers:
                raise UnexpectedAnswer(f"{label}: two different bars open at {opened}")
            repeated += 1
            continue
        seen[opened] = numbers
        if (why := fault(*numbers)) is None:
            bars[opened] = Bar(*numbers)
        else:
            refused[opened] = why
    if len(refused) > _MOST_BAD * len(seen):
        opened, why = next(iter(refused.items()))
        raise UnexpectedAnswer(
            f"{label}: {len(refused)} of {len(seen)} bars cannot be right, as of {opened}: {why}"
        )
    return Sifted(bars, refused, repeated)


def fault(opening: float, high: float, low: float, close: float, volume: float) -> str | None:
    """Return why a bar cannot be right, None if it can."""
    prices = {"open": opening, "high": high, "low": low, "close": close}
    for name, price in prices.items():
        if not (math.isfinite(price) and price > 0):
            return f"{name} = {price:g} is no price"
    if high < max(opening, close):
        return f"high {high:g} lies below open or close"
    if low > min(opening, close):
        return f"low {low:g} lies above open or close"
    if not volume >= 0:
        return f"volume = {volume:g}"
    return None


def final_until(step: pd.Timedelta, *clocks: pd.Timestamp) -> pd.Timestamp:
    """Return the first opening instant whose bar is not final on every one of `clocks`."""
    return (min(clocks) - FINAL_AFTER).floor(step)


def _read(row: object, label: str) -> tuple[pd.Timestamp, tuple[float, float, float, float, float]]:
    if not isinstance(row, list | tuple) or len(row) < 6:
        raise UnexpectedAnswer(f"{label}: expected bars of six numbers, not {str(row)[:60]!r}")
    stamp, *numbers = row[:6]
    if not all(isinstance(number, int | float) for number in (stamp, *numbers)):
        raise UnexpectedAnswer(f"{label}: expected bars of six numbers, not {str(row)[:60]!r}")
    opened = pd.Timestamp(int(stamp), unit="ms", tz="UTC").as_unit("us")
    first, second, third, fourth, fifth = (float(number) for number in numbers)
    return opened, (first, second, third, fourth, fifth)

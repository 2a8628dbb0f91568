"""Panels, bars and signals of a few rows, for tables of expected values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import pandas as pd

from data.bars import Bars, from_rows
from data.observations import Observations
from data.observations import from_rows as observations_from_rows
from data.panel import Panel
from strategies.allocation.baskets import BtcOnly
from strategies.exposure.base import Exposure, Stance
from strategies.market import Market
from strategies.strategy import Strategy

DAY = pd.Timedelta(days=1)
FIRST = pd.Timestamp("2024-01-05", tz="UTC")  # a Friday
NAN = float("nan")
# Bars before the first decision, so that every asset is in the universe from the start.
SEASON = 40


@dataclass(frozen=True, slots=True)
class Given:
    """A signal whose values stand in the test."""

    values: tuple[float, ...]

    name: ClassVar[str] = "given"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = "None."

    @property
    def unit(self) -> str:
        return "USD bn"

    @property
    def inputs(self) -> tuple[str, ...]:
        return ()

    def compute(self, panel: Panel) -> pd.Series[float]:
        return pd.Series(np.array(self.values[: len(panel.times)]), index=panel.times)


class Against(Given):
    """The same, weighing on crypto."""

    direction: ClassVar[int] = -1


class Conditioner(Given):
    """The same, without a direction."""

    direction: ClassVar[int] = 0


def times(count: int, first: pd.Timestamp = FIRST) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="D", unit="us")


def bars(
    closes: Mapping[str, Sequence[float]],
    first: pd.Timestamp = FIRST,
    season: int = SEASON,
    volume: float = 1e9,
) -> Bars:
    """Return daily bars that close at `first` and after it; NaN is a missing bar.

    Before `first` there are `season` more bars at the first close.
    """
    rows = []
    for name, path in closes.items():
        start = next(value for value in path if not np.isnan(value))
        whole = [start] * season + list(path)
        for at, close in enumerate(whole):
            if np.isnan(close):
                continue
            opened = first + (at - season - 1) * DAY
            rows.append((name, opened, close, close, close, close, volume, "test USD"))
    table = pd.DataFrame(
        rows,
        columns=["symbol", "opened", "open", "high", "low", "close", "volume", "market"],
    )
    return from_rows(table, DAY)


Figures: TypeAlias = Mapping[str, Sequence[tuple[str, float]]]


def observations(figures: Figures, known: Mapping[str, str] | None = None) -> Observations:
    """Return figures that are known at 00:00 UTC of the day after the one they are about.

    `known` names another day for all figures of a series.
    """
    other = known or {}
    rows = [
        (name, pd.Timestamp(day), value, _midnight(other.get(name), day), "rule", "test")
        for name, pairs in figures.items()
        for day, value in pairs
    ]
    columns = ["series", "ref_date", "value", "known_at", "known_by", "source"]
    table = pd.DataFrame(rows, columns=columns)
    table["ref_date"] = pd.to_datetime(table["ref_date"]).dt.as_unit("us")
    table["known_at"] = pd.to_datetime(table["known_at"], utc=True).dt.as_unit("us")
    return observations_from_rows(table, figures)


def _midnight(known: str | None, day: str) -> pd.Timestamp:
    return pd.Timestamp(known, tz="UTC") if known else pd.Timestamp(day, tz="UTC") + DAY


def panel(
    count: int,
    figures: Figures | None = None,
    first: pd.Timestamp = FIRST,
    known: Mapping[str, str] | None = None,
) -> Panel:
    return Panel(observations(figures or {}, known), times(count, first))


def market(
    closes: Mapping[str, Sequence[float]],
    figures: Figures | None = None,
    *,
    funding: pd.DataFrame | None = None,
    season: int = SEASON,
    known: Mapping[str, str] | None = None,
    lead: int = 0,
) -> Market:
    """Return a market whose decision times are those of the given closes, and `lead` before."""
    count = max(len(path) for path in closes.values()) + lead
    seen = panel(count, figures, FIRST - lead * DAY, known)
    return Market(seen, bars(closes, season=season), funding)


def flat(count: int) -> Market:
    """Return a market in which BTC stands still."""
    return market({"BTC": [100.0] * count})


@dataclass(frozen=True, slots=True)
class Stated:
    """An exposure rule whose answers stand in the test."""

    gross: tuple[float, ...]
    altcoins: float = 1.0
    cap: float = 1.0
    signals: tuple[()] = ()
    inputs: tuple[()] = ()

    def stance(self, market: Market) -> Stance:
        gross = np.array(self.gross[: len(market.times)])
        return Stance(gross, np.full(len(gross), self.altcoins), np.full(len(gross), "stated"), ())


def strategy(exposure: Exposure, **more: object) -> Strategy:
    parts = {"allocation": BtcOnly(), **more}
    return Strategy(name="test", title="Test", exposure=exposure, **parts)  # type: ignore[arg-type]

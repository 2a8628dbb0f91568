"""Small random markets for the ledger, and the same as the engine's tables."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
import pandas as pd

from backtests.cash import CASH
from backtests.execution import Execution
from data.bars import Bars
from tests.backtests.ledger import Bar, Terms, World

DAY = pd.Timedelta(days=1)
HOUR = pd.Timedelta(hours=1)
# A fact of the catalogue: the market of MATIC ended on this day.
MATIC_ENDED = pd.Timestamp("2024-09-10", tz="UTC")

Decisions = Mapping[int, Mapping[str, float] | None]


@dataclass(frozen=True)
class Case:
    """A market, decisions in it and the terms of trade."""

    world: World
    decisions: Decisions
    terms: Terms
    start: pd.Timestamp  # open of bar 0

    @property
    def bars(self) -> Bars:
        return table(
            self.world.assets,
            len(self.world.bars),
            self.start,
            DAY,
            lambda name, day: self.world.bars[day].get(name),
        )

    @property
    def hourly(self) -> Bars:
        opens = self.world.hourly_opens
        return table(
            tuple(opens),
            24 * len(self.world.bars),
            self.start,
            HOUR,
            lambda name, hour: (
                Bar(opens[name][hour], *[opens[name][hour]] * 3) if hour in opens[name] else None
            ),
        )

    @property
    def weights(self) -> pd.DataFrame:
        columns = [*self.world.assets, CASH]
        rows = [
            [np.nan] * len(columns) if row is None else [row[name] for name in columns]
            for row in self.decisions.values()
        ]
        return pd.DataFrame(rows, index=self.times(list(self.decisions)), columns=columns)

    @property
    def rates(self) -> pd.Series[float]:
        days = range(len(self.world.rates))
        return pd.Series(list(self.world.rates), index=self.times(list(days)), dtype=float)

    def times(self, days: list[int]) -> pd.DatetimeIndex:
        return pd.DatetimeIndex([self.start + day * DAY for day in days]).as_unit("us")

    @property
    def execution(self) -> Execution:
        return Execution(
            delay_hours=self.terms.delay_hours,
            fee_bp=self.terms.fee * 1e4,
            slippage_bp=self.terms.slippage * 1e4,
            slippage_range=self.terms.slippage_range,
            borrow_bp=self.terms.borrow_percent * 100,
            initial_cash=self.terms.initial_cash,
            delisting_discount=self.terms.delisting_discount,
            perpetuals=tuple(self.world.funding),
        )

    @property
    def funding(self) -> pd.DataFrame | None:
        """The funding table, its rows in no order, with a dearer venue that began later."""
        rows = [
            (name, self.start + hour * HOUR, rate, "first")
            for name, rates in self.world.funding.items()
            for hour, rate in rates.items()
        ]
        rows += [(name, at + HOUR, 0.05, "second") for name, at, _, _ in rows]
        table = pd.DataFrame(rows, columns=["symbol", "ts", "rate", "venue"])
        return table.iloc[::-1] if rows else None


def table(
    assets: Sequence[str],
    length: int,
    start: pd.Timestamp,
    timeframe: pd.Timedelta,
    bar_at: Callable[[str, int], Bar | None],
) -> Bars:
    """Bars from a function of asset and number; the first one opens at `start`."""
    columns = pd.Index(sorted(assets), name="asset")
    index = pd.date_range(start + timeframe, periods=length, freq=timeframe, unit="us")
    grid = [[bar_at(name, number) for name in columns] for number in range(length)]

    def frame(field: str) -> pd.DataFrame:
        values = [[np.nan if bar is None else getattr(bar, field) for bar in row] for row in grid]
        return pd.DataFrame(values, index=index, columns=columns, dtype=float)

    market = pd.DataFrame(
        [["" if bar is None else "test" for bar in row] for row in grid],
        index=index,
        columns=columns,
    )
    close = frame("close")
    return Bars(
        frame("open"), frame("high"), frame("low"), close, close * np.nan, market, timeframe
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Gaps, close-only rows, a delisting, leverage, shorts, delays, costs; numbers from a seed."""
    names = ("BTC", "ETH", "MATIC", "SOL")[: draw(st.integers(1, 4))]
    days = draw(st.integers(4, 30))
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    first_bars = {name: draw(st.integers(0, 3)) for name in names}
    ended = draw(st.integers(3, 40))
    delay = draw(st.sampled_from([0, 0, 0, 1, 7, 24, 31, 48]))
    density = draw(st.sampled_from([0.1, 0.9]))
    world = World(
        assets=names,
        bars=_bars(draw, chance, names, days, first_bars),
        rates=[chance.uniform(0, 6) for _ in range(days)],
        first_dead_day={"MATIC": ended},
        hourly_opens={
            name: {
                hour: chance.uniform(90, 110)
                for hour in range(24 * days)
                if chance.random() < density
            }
            for name in names
        }
        if delay % 24
        else {},
        funding=_funding(draw, chance, names, days),
    )
    terms = Terms(
        fee=draw(st.sampled_from([0.0, 0.001, 0.01])),
        slippage=draw(st.sampled_from([0.0, 0.001, 0.02])),
        slippage_range=draw(st.sampled_from([0.0, 0.0, 0.1])),
        borrow_percent=draw(st.sampled_from([0.0, 1.5, 20.0])),
        delisting_discount=draw(st.sampled_from([0.0, 0.1, 0.5])),
        initial_cash=draw(st.sampled_from([1.0, 100_000.0])),
        delay_hours=delay,
    )
    decisions = _decisions(draw, chance, names, days)
    return Case(world, decisions, terms, MATIC_ENDED - ended * DAY)


def _bars(
    draw: st.DrawFn,
    chance: random.Random,
    names: tuple[str, ...],
    days: int,
    first_bars: Mapping[str, int],
) -> list[dict[str, Bar]]:
    # Prices that never move would leave to rounding which of two equal purchases is cut.
    swing = draw(st.sampled_from([0.001, 0.02, 0.1]))
    gaps = draw(st.sampled_from([0.0, 0.05, 0.3]))
    bars: list[dict[str, Bar]] = []
    last = dict.fromkeys(names, 100.0)
    for day in range(days):
        row = {}
        for name in names:
            opened = last[name] * (1 + swing * chance.uniform(-1, 1) / 4)
            last[name] = opened * (1 + swing * chance.uniform(-1, 1))
            high, low = max(opened, last[name]) * 1.01, min(opened, last[name]) * 0.99
            kind = chance.random()
            if day < first_bars[name] or kind < gaps:
                continue
            full = kind < 1 - gaps / 2
            row[name] = Bar(last[name], opened, high, low) if full else Bar(last[name])
        bars.append(row)
    return bars


def _funding(
    draw: st.DrawFn, chance: random.Random, names: tuple[str, ...], days: int
) -> Mapping[str, Mapping[float, float]]:
    """Rates of some coins or none, at intervals that change and at times some minutes late."""
    rates: dict[str, dict[float, float]] = {}
    for name in draw(st.sampled_from([(), (), names[:1], names])):
        size = draw(st.sampled_from([0.0001, 0.003]))
        rates[name], hour = {}, 0
        while hour < 24 * days:
            late = chance.choice([0.0, 0.0, 0.25]) if hour else 0.0
            rates[name][hour + late] = size * chance.uniform(-1, 2)
            hour += chance.choice([1, 4, 8, 8])
    return rates


def _decisions(
    draw: st.DrawFn, chance: random.Random, names: tuple[str, ...], days: int
) -> Decisions:
    style = draw(st.sampled_from(["long", "whole", "levered", "short"]))
    silent = draw(st.sampled_from([0.0, 0.5, 0.9]))
    grid = draw(st.booleans())  # round weights bring exact ties
    low, high = {"long": (0, 1), "whole": (0, 1), "levered": (0, 2), "short": (-0.8, 0.8)}[style]
    first = draw(st.integers(0, days - 2))
    decisions: dict[int, Mapping[str, float] | None] = {}
    for day in range(first, days):
        raw = {name: chance.uniform(low, high) for name in names}
        if grid:
            raw = {name: round(weight * 4) / 4 for name, weight in raw.items()}
        total = sum(raw.values())
        if style == "whole" or (style == "long" and total > 1):
            raw = {name: weight / (total or 1.0) for name, weight in raw.items()}
        row = raw | {CASH: 1 - sum(raw.values())}
        decisions[day] = None if chance.random() < silent else row
    return decisions

"""Bars of one market of an exchange, paged by our own rules.

Windows of a page are walked from the beginning to the last final bar. An empty page is not the
end: it is asked for again, and the walk goes on (some exchanges answer one request in five with
nothing). Bars missing inside a window are asked for by themselves before they are listed as a gap;
nothing is filled. A bar is final ten minutes after its close by the exchange's clock and by ours,
and the last final ones are read again with every fetch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Literal

import pandas as pd

from data.errors import BadConfig, Incomplete
from data.sources.bar_checks import FINAL_AFTER, Bar, final_until, sift
from data.sources.base import Answer, Problem, TableName
from data.sources.exchanges import Exchange, Exchanges
from data.sources.venues import DEFAULT, Kind
from data.sources.web import Client

STEPS = {"1d": pd.Timedelta(days=1), "1h": pd.Timedelta(hours=1)}
TABLES: dict[str, TableName] = {"1d": "prices_1d", "1h": "prices_1h"}
# Read again with every fetch, since a late trade may change a bar.
OVERLAP = pd.Timedelta(days=3)
# Asked for an empty page, or one with bars missing, this often in all.
_ASKS = 3
_CLOCKS_APART = pd.Timedelta(minutes=5)
_ROWS_IN_ANSWER = 6000


@dataclass(frozen=True, slots=True)
class Market:
    """Where the price of a coin is read.

    Parameters
    ----------
    asset : str
        Symbol in the store's tables.
    symbol : str
        ccxt's market, such as ``BTC/USD``.
    exchange : str
        ccxt's exchange.
    timeframe : {"1d", "1h"}
        Length of a bar.

    Raises
    ------
    BadConfig
        For another timeframe or a symbol that is no market.
    """

    asset: str
    symbol: str
    exchange: str = DEFAULT
    timeframe: Literal["1d", "1h"] = "1d"

    def __post_init__(self) -> None:
        if self.timeframe not in STEPS:
            raise BadConfig(f"market {self.symbol}: timeframe {self.timeframe!r} is not 1d or 1h")
        if "/" not in self.symbol:
            raise BadConfig(f"market {self.symbol!r} is not like 'BTC/USD'")

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} {self.timeframe}"


@dataclass(frozen=True, slots=True)
class Prices:
    """All final bars of one market.

    Parameters
    ----------
    market : Market
        Which.
    exchanges : Exchanges
        Shared by all markets of a fetch.
    """

    market: Market
    exchanges: Exchanges = field(default_factory=Exchanges)

    @property
    def name(self) -> str:
        """``prices:exchange:symbol:timeframe``."""
        market = self.market
        return f"prices:{market.exchange}:{market.symbol}:{market.timeframe}"

    @property
    def table(self) -> TableName:
        """``prices_1d`` or ``prices_1h``."""
        return TABLES[self.market.timeframe]

    @property
    def serves(self) -> tuple[str, ...]:
        """The asset."""
        return (self.market.asset,)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield bars, oldest first, some thousands at a time.

        Raises
        ------
        Refused
            If the exchange has no such market (any more), or cannot be asked from here.
        Incomplete
            If an open market gives no bar at all.
        """
        # ccxt names perpetuals with their settlement: BTC/USDT:USDT.
        kind: Kind = "perp" if ":" in self.market.symbol else "spot"
        exchange = self.exchanges.open(self.market.exchange, client, kind)
        walk = _Walk(self, exchange, client)
        yield from walk.answers(since)


@dataclass(slots=True)
class _Walk:
    """One pass over a market's history."""

    source: Prices
    exchange: Exchange
    client: Client
    found: dict[pd.Timestamp, Bar] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: dict[pd.Timestamp, str] = field(default_factory=dict)
    repeated: int = 0
    # Opening of the first and the last bar met, in this answer or an earlier one, and of the last
    # bar of the answers before this one.
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    told: pd.Timestamp | None = None

    @property
    def market(self) -> Market:
        return self.source.market

    @property
    def step(self) -> pd.Timedelta:
        return STEPS[self.market.timeframe]

    def answers(self, since: date | None) -> Iterator[Answer]:
        active = self.exchange.active(self.market.symbol)
        start = self._start(since)
        end = self._end()
        size = self.exchange.venue.page * self.step
        before: tuple[pd.Timestamp, pd.Timestamp] | None = None
        while start < end:
            stop = min(start + size, end)
            self._window(start, stop)
            if self.first is not None and before is not None:
                # An empty page before the first bar may have been one of the false ones.
                self._window(*before)
                before = None
            elif self.first is None:
                before = (start, stop)
            if len(self.found) >= _ROWS_IN_ANSWER:
                yield self._answer()
            start = max(stop, self.last + self.step) if self.last is not None else stop
            end = self._end()
        self._close(active, end, since)
        yield self._answer()

    def _start(self, since: date | None) -> pd.Timestamp:
        venue = self.exchange.venue
        begin = pd.Timestamp(venue.first, tz="UTC")
        if since is not None:
            begin = max(begin, pd.Timestamp(since, tz="UTC") - OVERLAP)
        if venue.newest_only:
            # The running bar counts among the newest.
            reach = self.client.clock.now().floor(self.step) - (venue.page - 1) * self.step
            if begin < reach:
                text = (
                    f"{venue.id} keeps the newest {venue.page} bars only: nothing before "
                    f"{reach:%Y-%m-%d %H:%M} can be had there"
                )
                begin = reach
                self.problems.append(Problem("beyond_reach", str(self.market), text, last=reach))
        return begin

    def _end(self) -> pd.Timestamp:
        ours = self.client.clock.now()
        theirs = self.exchange.now
        if abs(theirs - ours) > _CLOCKS_APART and not any(p.kind == "clock" for p in self.problems):
            text = (
                f"the clock of {self.market.exchange} says {theirs:%Y-%m-%d %H:%M} UTC, this "
                f"computer's {ours:%Y-%m-%d %H:%M}: bars count as final by the earlier one"
            )
            self.problems.append(Problem("clock", str(self.market), text))
        return final_until(self.step, ours, theirs)

    def _window(self, start: pd.Timestamp, stop: pd.Timestamp) -> None:
        """Read the bars that open from `start` to before `stop`, asking again for missing ones."""
        self._page(start, stop)
        for _ in range(_ASKS - 1):
            holes = list(_runs(self._missing(start, stop), self.step))
            for begin, end in holes:
                self._page(begin, end + self.step)
            if not holes:
                return

    def _missing(self, start: pd.Timestamp, stop: pd.Timestamp) -> list[pd.Timestamp]:
        grid = pd.date_range(start, stop, freq=self.step, inclusive="left", unit="us")
        return [at for at in grid if at not in self.found and at not in self.refused]

    def _page(self, start: pd.Timestamp, stop: pd.Timestamp) -> None:
        count = round((stop - start) / self.step)
        rows = self.exchange.bars(self.market.symbol, self.market.timeframe, start, count)
        label = str(self.market)
        clock = max(self.client.clock.now(), self.exchange.now)
        sifted = sift(rows, self.step, clock, label)
        end = self._end()
        self.repeated += sifted.repeated
        for opened, bar in sifted.bars.items():
            if start <= opened < end:
                self.found[opened] = bar
                self.refused.pop(opened, None)
                self.first = opened if self.first is None else min(self.first, opened)
                self.last = opened if self.last is None else max(self.last, opened)
        self.refused.update(
            {
                opened: why
                for opened, why in sifted.refused.items()
                if start <= opened < end and opened not in self.found
            }
        )

    def _gaps(self, opened: Sequence[pd.Timestamp]) -> None:
        """List what is missing between bars that came, quarantined ones aside."""
        met = sorted({*opened, *self.refused, *([self.told] if self.told is not None else [])})
        for before, after in pairwise(met):
            if after - before > self.step:
                self._gap(before + self.step, after - self.step)

    def _gap(self, begin: pd.Timestamp, end: pd.Timestamp) -> None:
        count = round((end - begin) / self.step) + 1
        text = f"{count} bars missing from {begin:%Y-%m-%d %H:%M} on, asked for {_ASKS} times"
        self.problems.append(Problem("gap", str(self.market), text, begin, end))

    def _close(self, active: bool, end: pd.Timestamp, since: date | None) -> None:
        """Say what is missing at the beginning and the end of what was asked for."""
        final = end - self.step
        if self.last is None and active:
            raise Incomplete(
                f"{self.market}: the market is open and there is no bar at all up to "
                f"{final:%Y-%m-%d %H:%M}"
            )
        if since is not None and self.first is not None:
            asked = pd.Timestamp(since, tz="UTC")
            if asked < self.first and not any(p.kind == "beyond_reach" for p in self.problems):
                self._gap(asked, self.first - self.step)
        if not active:
            until = "" if self.last is None else f"; its last bar opened at {self.last}"
            text = f"the market is closed{until}"
            self.problems.append(Problem("delisted", str(self.market), text, last=self.last))
        elif self.last is not None and self.last < final:
            self._gap(self.last + self.step, final)

    def _answer(self) -> Answer:
        market = self.market
        opened = sorted(self.found)
        bars = [self.found[at] for at in opened]
        self._gaps(opened)
        rows = pd.DataFrame(
            {
                "symbol": pd.Series([market.asset] * len(bars), dtype="str"),
                "opened": pd.DatetimeIndex(opened, dtype="datetime64[us, UTC]"),
                **{
                    name: pd.Series([getattr(bar, name) for bar in bars], dtype=float)
                    for name in ("open", "high", "low", "close", "volume")
                },
                "market": self.exchange.describe(market.symbol),
                "source": f"ccxt:{market.exchange}:{market.symbol}",
            }
        )
        for at, why in sorted(self.refused.items()):
            text = f"the bar that opens at {at:%Y-%m-%d %H:%M}: {why}"
            self.problems.append(Problem("quarantined", str(market), text, at, at))
        if self.repeated:
            text = f"{self.repeated} bars came twice with the same content and were used once"
            self.problems.append(Problem("repeated", str(market), text))
        problems = tuple(self.problems)
        self.told = self.last
        self.found, self.refused, self.problems, self.repeated = {}, {}, [], 0
        return Answer(self.source.name, self.source.table, rows, problems)


def _runs(
    instants: Sequence[pd.Timestamp], step: pd.Timedelta
) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Yield first and last of each run of instants a `step` apart."""
    begin = last = None
    for at in instants:
        if last is None or at - last > step:
            if begin is not None and last is not None:
                yield begin, last
            begin = at
        last = at
    if begin is not None and last is not None:
        yield begin, last


assert FINAL_AFTER < OVERLAP

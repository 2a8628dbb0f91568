"""Funding rates of one perpetual, paged the way its exchange pages.

Some exchanges give the oldest rates from a moment on, others the newest before one; the interval
is eight hours for most perpetuals and may change. Rates are decimals for one funding interval,
known at the moment they are charged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd

from data.errors import Incomplete, Refused, UnexpectedAnswer
from data.sources.base import Answer, Problem, TableName
from data.sources.exchanges import Exchange, Exchanges
from data.sources.prices import OVERLAP
from data.sources.web import Client

# The longest regular interval between two rates; exchanges charge some minutes late at times.
LONGEST_INTERVAL = pd.Timedelta(hours=8, minutes=30)
# No venue lets a perpetual pay more than this for one interval.
_LARGEST = 0.1
_LABELS = {"binanceusdm": "binance usdm"}
# Pages asked for before giving up on a venue that does not move on.
_MOST_PAGES = 5000


@dataclass(frozen=True, slots=True)
class Perpetual:
    """Where the funding rate of a coin is read.

    Parameters
    ----------
    asset : str
        Symbol in the store's tables.
    symbol : str
        ccxt's market, such as ``BTC/USDT:USDT``.
    exchange : str
        ccxt's exchange.
    """

    asset: str
    symbol: str
    exchange: str

    @property
    def venue(self) -> str:
        """Name in the ``venue`` column."""
        return _LABELS.get(self.exchange, f"{self.exchange} perp")

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} funding"


@dataclass(frozen=True, slots=True)
class FundingRates:
    """All funding rates of one perpetual.

    Parameters
    ----------
    perpetual : Perpetual
        Which.
    exchanges : Exchanges
        Shared by all markets of a fetch.
    """

    perpetual: Perpetual
    exchanges: Exchanges = field(default_factory=Exchanges)

    @property
    def name(self) -> str:
        """``funding:exchange:symbol``."""
        return f"funding:{self.perpetual.exchange}:{self.perpetual.symbol}"

    @property
    def table(self) -> TableName:
        """Always ``funding``."""
        return "funding"

    @property
    def serves(self) -> tuple[str, ...]:
        """The asset."""
        return (self.perpetual.asset,)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer with the whole span.

        Raises
        ------
        Refused
            If the exchange has no such perpetual, no funding history, or cannot be asked.
        Incomplete
            If it gives no rate at all.
        """
        exchange = self.exchanges.open(self.perpetual.exchange, client, "perp")
        begin = pd.Timestamp(exchange.venue.first, tz="UTC")
        if since is not None:
            begin = max(begin, pd.Timestamp(since, tz="UTC") - OVERLAP)
        active = exchange.active(self.perpetual.symbol)
        if exchange.venue.funding is None:
            raise Refused(f"{self.perpetual}: {exchange.venue.id} has no funding rates")
        forward = exchange.venue.funding == "forward"
        rates = self._forward(exchange, begin) if forward else self._backward(exchange, begin)
        end = min(exchange.now, client.clock.now())
        rates = {at: rate for at, rate in sorted(rates.items()) if begin <= at <= end}
        if not rates and active:
            raise Incomplete(f"{self.perpetual}: there is no funding rate at all since {begin}")
        problems = self._problems(rates, active, begin, end)
        yield Answer(self.name, "funding", self._rows(rates), problems)

    def _forward(self, exchange: Exchange, begin: pd.Timestamp) -> dict[pd.Timestamp, float]:
        """Oldest first; over when the latest rate has come or nothing more comes."""
        rates: dict[pd.Timestamp, float] = {}
        cursor = begin
        for _ in range(_MOST_PAGES):
            page = self._page(exchange, cursor, None)
            newer = [at for at in page if at >= cursor]
            rates.update(page)
            if not newer or exchange.client.clock.now() - max(newer) < LONGEST_INTERVAL:
                return rates
            cursor = max(newer) + pd.Timedelta(minutes=1)
        raise Incomplete(f"{self.perpetual}: the history does not end")

    def _backward(self, exchange: Exchange, begin: pd.Timestamp) -> dict[pd.Timestamp, float]:
        """Newest first; over when `begin` is reached or nothing older comes."""
        rates: dict[pd.Timestamp, float] = {}
        cursor = exchange.client.clock.now()
        for _ in range(_MOST_PAGES):
            page = self._page(exchange, None, cursor)
            older = [at for at in page if at < cursor]
            rates.update(page)
            if not older or min(older) <= begin:
                return rates
            cursor = min(older)
        raise Incomplete(f"{self.perpetual}: the history does not end")

    def _page(
        self, exchange: Exchange, since: pd.Timestamp | None, until: pd.Timestamp | None
    ) -> dict[pd.Timestamp, float]:
        """One page; an empty one is asked for again before it is taken for the end."""
        for _ in range(3):
            rows = exchange.funding(self.perpetual.symbol, since, until)
            if rows:
                break
        return self._read(rows, max(exchange.now, exchange.client.clock.now()))

    def _read(
        self, rows: Sequence[Mapping[str, Any]], now: pd.Timestamp
    ) -> dict[pd.Timestamp, float]:
        rates: dict[pd.Timestamp, float] = {}
        for row in rows:
            stamp, rate = row.get("timestamp"), row.get("fundingRate")
            if not isinstance(stamp, int) or not isinstance(rate, int | float):
                raise UnexpectedAnswer(
                    f"{self.perpetual}: expected an instant and a rate, not {str(row)[:60]!r}"
                )
            # Charged some milliseconds after the hour: the minute is the instant that is meant.
            at = pd.Timestamp(stamp, unit="ms", tz="UTC").floor("min").as_unit("us")
            if at > now:
                raise UnexpectedAnswer(f"{self.perpetual}: a rate for {at}, ahead of the clock")
            if not (math.isfinite(rate) and abs(rate) <= _LARGEST):
                raise UnexpectedAnswer(
                    f"{self.perpetual}, {at}: {rate} is no funding rate of one interval"
                )
            if rates.setdefault(at, float(rate)) != float(rate):
                raise UnexpectedAnswer(f"{self.perpetual}: two different rates for {at}")
        return rates

    def _problems(
        self,
        rates: Mapping[pd.Timestamp, float],
        active: bool,
        begin: pd.Timestamp,
        end: pd.Timestamp,
    ) -> tuple[Problem, ...]:
        what, instants = str(self.perpetual), list(rates)
        problems = []
        if instants and instants[0] - begin > LONGEST_INTERVAL:
            text = f"the history begins on {instants[0]:%Y-%m-%d %H:%M}"
            problems.append(Problem("beyond_reach", what, text, last=instants[0]))
        if not active:
            problems.append(Problem("delisted", what, "the perpetual is closed"))
        elif instants:
            instants = [*instants, end]
        for before, after in pairwise(instants):
            if after - before > LONGEST_INTERVAL:
                text = f"no funding rate between {before:%Y-%m-%d %H:%M} and {after:%Y-%m-%d %H:%M}"
                problems.append(Problem("gap", what, text, before, after))
        return tuple(problems)

    def _rows(self, rates: Mapping[pd.Timestamp, float]) -> pd.DataFrame:
        perpetual = self.perpetual
        count = len(rates)
        return pd.DataFrame(
            {
                "perpetual": pd.Series(
                    [f"{perpetual.asset} {perpetual.venue}"] * count, dtype="str"
                ),
                "symbol": pd.Series([perpetual.asset] * count, dtype="str"),
                "ts": pd.DatetimeIndex(list(rates), dtype="datetime64[us, UTC]"),
                "rate": pd.Series(list(rates.values()), dtype=float),
                "venue": pd.Series([perpetual.venue] * count, dtype="str"),
                "source": pd.Series(
                    [f"ccxt:{perpetual.exchange}:{perpetual.symbol}"] * count, dtype="str"
                ),
            }
        )

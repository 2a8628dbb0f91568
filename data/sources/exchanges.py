"""ccxt for prices, held to rules of our own; the only module that imports it for data.

ccxt maps what exchanges say to exceptions, but with status 200 it takes HTML or an unknown form
for an empty page, or makes a garbage row of it, and its own paging moves ahead silently. So every
answer is looked at here as it came: status, form, and the exchange's clock (the ``Date`` of the
answer). Exceptions of ccxt carry addresses and stay here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import ccxt
import pandas as pd

from data.errors import Refused, SourceError, UnexpectedAnswer, UnknownName, Unreachable
from data.sources.archive import raw_answer
from data.sources.redaction import first_line, redact_url
from data.sources.retry import Transient, persist, retry_after
from data.sources.venues import Kind, Venue, venue
from data.sources.web import REFUSALS, TRANSIENT_STATUS, Client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """The last answer of an exchange as it came."""

    status: int
    headers: Mapping[str, str]
    text: str


def check_exchange(name: str) -> None:
    """Raise :class:`UnknownName` where ccxt has no such exchange."""
    if name not in ccxt.exchanges:
        raise UnknownName("exchange", name, ccxt.exchanges)


class Exchange:
    """One exchange, opened for one fetch.

    Parameters
    ----------
    name : str
        ccxt's name.
    client : Client
        Clock, patience, timeout, archive and turns.
    config : mapping
        Further ccxt settings, such as ``urls`` of a mirror.
    kind : {"spot", "perp"}
        Which markets to load.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    """

    def __init__(
        self, name: str, client: Client, config: Mapping[str, Any], kind: Kind = "spot"
    ) -> None:
        check_exchange(name)
        self.venue: Venue = venue(name)
        self.client = client
        self._reply: Reply | None = None
        options = {**self.venue.options(kind), **config.get("options", {})}
        self._ccxt = getattr(ccxt, name)(
            {
                **config,
                "options": options,
                "enableRateLimit": False,  # turns are the client's
                "timeout": int(client.timeout * 1000),
                "enableLastJsonResponse": True,
            }
        )
        # Currencies cost a request and are not needed for public prices.
        self._ccxt.has["fetchCurrencies"] = False
        self._ccxt.milliseconds = lambda: _milliseconds(client.clock.now())
        self._ccxt.session.hooks["response"] = [self._record]

    def active(self, symbol: str) -> bool:
        """Return whether a market is open; some exchanges keep closed ones in their list.

        Raises
        ------
        Refused
            If the exchange has no such market (any more).
        """
        return bool(self._market(symbol).get("active") is not False)

    def describe(self, symbol: str) -> str:
        """Return the market as it stands in the ``market`` column: venue, kind and quote."""
        market = self._market(symbol)
        kind = "spot" if market.get("spot") else "perp"
        return f"{self.venue.label} {kind} {market['quote']}"

    def bars(self, symbol: str, timeframe: str, since: pd.Timestamp, count: int) -> list[Any]:
        """Return one page of bars in ccxt's form, from `since` on."""
        self._market(symbol)
        step = pd.Timedelta(seconds=self._ccxt.parse_timeframe(timeframe))
        until = since + count * step - pd.Timedelta(milliseconds=1)
        limits = {"until": _milliseconds(until)} if self.venue.bounded else {}
        return self._ask(
            f"{symbol} {timeframe} bars from {since:%Y-%m-%d %H:%M}",
            lambda: self._ccxt.fetch_ohlcv(symbol, timeframe, _milliseconds(since), count, limits),
            self.venue.rows,
        )

    def funding(
        self, symbol: str, since: pd.Timestamp | None, until: pd.Timestamp | None
    ) -> list[Any]:
        """Return one page of funding rates in ccxt's form, between two instants."""
        self._market(symbol)
        if not self._ccxt.has.get("fetchFundingRateHistory"):
            raise Refused(f"{self.venue.id}: it has no history of funding rates")
        start = None if since is None else _milliseconds(since)
        limits = {} if until is None else {self.venue.funding_until: _milliseconds(until)}
        return self._ask(
            f"{symbol} funding rates",
            lambda: self._ccxt.fetch_funding_rate_history(
                symbol, start, self.venue.funding_page, limits
            ),
            self.venue.funding_rows,
        )

    @property
    def now(self) -> pd.Timestamp:
        """The exchange's clock at its last answer; ours where it did not tell the time."""
        header = self._reply.headers.get("Date") if self._reply else None
        try:
            told = pd.Timestamp(parsedate_to_datetime(header or ""))
        except ValueError:
            return self.client.clock.now()
        told = told if told.tzinfo is not None else told.tz_localize("UTC")
        return told.tz_convert("UTC").as_unit("us")

    def _market(self, symbol: str) -> Mapping[str, Any]:
        if not self._ccxt.markets:
            self._ask("list of markets", self._ccxt.load_markets, None)
        markets: Mapping[str, Mapping[str, Any]] = self._ccxt.markets or {}
        if symbol not in markets:
            raise Refused(
                f"{self.venue.id}: {symbol} is not among its {len(markets)} markets: delisted, or "
                "misspelt"
            )
        return markets[symbol]

    def _ask(self, what: str, call: Callable[[], T], rows: tuple[str, ...] | None) -> T:
        label = f"{self.venue.id}: {what}"

        def once() -> T:
            with self.client.turn(self.venue.id, self.venue.per_second):
                self._reply = None
                # Raised here, not in the handler: ccxt's own errors carry the address.
                failure: SourceError | Transient
                try:
                    answer = call()
                except ccxt.BaseError as error:
                    failure = self._explain(error, label)
                except Exception:
                    # On an answer it does not know ccxt's parsers fail in any way they happen to.
                    failure = Transient(self._strange(label), content=True)
                else:
                    self._check(rows, answer, label)
                    return answer
            raise failure

        return persist(once, self.client.patience, self.client.clock)

    def _check(self, rows: tuple[str, ...] | None, answer: object, label: str) -> None:
        """Refuse an answer whose outer form is not the documented one."""
        told: Any = self._ccxt.last_json_response
        for step in rows or ():
            inside = told if isinstance(told, dict) else {}
            lists = [value for value in inside.values() if isinstance(value, list)]
            told = inside.get(step) if step != "*" else (lists[0] if len(lists) == 1 else None)
        fits = isinstance(told, list) if rows is not None else told is not None
        if not fits or not answer:
            if fits and isinstance(answer, list):
                return  # an empty page in the right form: the caller knows whether that can be
            raise Transient(self._strange(label), content=True)

    def _strange(self, label: str) -> UnexpectedAnswer:
        text = self._reply.text if self._reply else ""
        return UnexpectedAnswer(
            f"{label}: not in the form the exchange documents, the answer begins "
            f"{first_line(text)!r}"
        )

    def _explain(self, error: Exception, label: str) -> SourceError | Transient:
        """Say what a failure of ccxt means: to be tried again, or final."""
        reply = self._reply
        if reply is None:
            kind = "no answer in time" if isinstance(error, ccxt.RequestTimeout) else "no answer"
            return Transient(Unreachable(f"{label}: {kind}, or one that breaks off"))
        said = f"the answer begins {first_line(reply.text)!r}"
        if reply.status in TRANSIENT_STATUS:
            wait = retry_after(reply.headers.get("Retry-After"), self.client.clock)
            return Transient(Unreachable(f"{label}: the exchange answers {reply.status}"), wait)
        if reply.status >= 400:
            reason = REFUSALS.get(reply.status, "it refuses the request")
            return Refused(f"{label}: {reason} ({reply.status}); {said}")
        if isinstance(error, ccxt.BadSymbol | ccxt.RestrictedLocation | ccxt.PermissionDenied):
            return Refused(f"{label}: it refuses the request; {said}")
        if isinstance(error, ccxt.OperationFailed):
            return Transient(Unreachable(f"{label}: the exchange is busy; {said}"))
        return Transient(self._strange(label), content=True)

    def _record(self, response: Any, *_: object, **__: object) -> None:
        """Keep and archive an answer; called by the session for each one."""
        body = bytes(response.content)
        self._reply = Reply(
            int(response.status_code), response.headers, body.decode("utf-8", errors="replace")
        )
        if self._reply.status == 200:
            self.client.archive(
                raw_answer(
                    self.venue.id,
                    redact_url(str(response.url)),
                    self.client.clock.now(),
                    str(response.headers.get("Content-Type", "")),
                    body,
                )
            )


def _milliseconds(instant: pd.Timestamp) -> int:
    return int(instant.timestamp() * 1000)


class Exchanges:
    """Opens each exchange once for a fetch, so that its list of markets is asked for once.

    Parameters
    ----------
    configs : mapping of exchange name to ccxt settings
        Such as ``{"binance": {"urls": {"api": {"public": "http://127.0.0.1:8080/api/v3"}}}}``.
    """

    def __init__(self, configs: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._configs = dict(configs or {})
        self._open: dict[tuple[str, Kind], Exchange] = {}
        self._lock = threading.Lock()

    def open(self, name: str, client: Client, kind: Kind = "spot") -> Exchange:
        """Return the exchange, ready to ask about one kind of market."""
        with self._lock:
            opened = self._open.get((name, kind))
            if opened is None or opened.client is not client:
                opened = Exchange(name, client, self._configs.get(name, {}), kind)
                self._open[name, kind] = opened
            return opened

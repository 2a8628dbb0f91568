"""ccxt for brokers, held to rules of our own; the only module that imports it for orders.

An exchange is opened in its sandbox and nowhere else. Every answer is looked at as it came, since
ccxt takes HTML with status 200 for an empty list. What a failure means differs for a question,
which can be asked again, and for an order, which may have been accepted: only an answer in which
the exchange itself refuses the order is a refusal. Exceptions of ccxt carry addresses with
signatures and stay here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pandas as pd

from data.errors import (
    AccessDenied,
    BrokerError,
    BrokerUnavailable,
    InsufficientFunds,
    NoMarket,
    OrderRefused,
    OutcomeUnknown,
    UnknownName,
)
from data.sources.clock import Clock
from data.sources.redaction import Silent, first_line, scrub
from data.sources.web import REFUSALS, TRANSIENT_STATUS, retry_after
from paper.brokers.keys import Keys
from paper.brokers.sandboxes import Sandbox

_DENIED = (ccxt.AuthenticationError, ccxt.RestrictedLocation)
_BUSY = (ccxt.DDoSProtection, ccxt.RateLimitExceeded, ccxt.OnMaintenance)
_DENIED_STATUS = frozenset({401, 403, 407, 451})
_BUSY_STATUS = frozenset({418, 429})
# Alpaca's code for an order that is not there; ccxt makes an invalid order of it.
_NOT_THERE = frozenset({"40410000"})


class NotThere(Exception):
    """The exchange says that it has no such order."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The last answer of an exchange as it came."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def content(self) -> Any:
        """The answer as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Gateway:
    """One exchange's sandbox, opened with an account's keys.

    Parameters
    ----------
    sandbox : Sandbox
        Which exchange.
    keys : Keys
        Of its sandbox.
    config : mapping
        Further ccxt settings. Addresses of the sandbox are ``{"urls": {"test": ...}}``.
    clock : Clock
        Our clock.
    timeout : float
        Seconds without a byte after which an answer is given up.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    AccessDenied
        If it has no sandbox, or an address given for it is that of live accounts.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        keys: Keys,
        config: Mapping[str, Any],
        clock: Clock,
        timeout: float,
    ) -> None:
        self._secrets, self._clock, self.sandbox = keys.texts, clock, sandbox
        self._replies: list[Reply] = []
        self._left = False
        self._ahead: pd.Timedelta | None = None
        self._ccxt = _open(sandbox, keys, config, timeout)
        self._ccxt.milliseconds = lambda: int(self.now.timestamp() * 1000)
        self._ccxt.session.hooks["response"] = [self._record]
        self._fetch, self._ccxt.fetch = self._ccxt.fetch, self._leave

    def __repr__(self) -> str:
        return f"Gateway({self.sandbox.id!r})"

    def close(self) -> None:
        """Close the connection."""
        self._ccxt.session.close()

    @property
    def now(self) -> pd.Timestamp:
        """The exchange's clock, as far as it was measured."""
        return self._clock.now() + (self._ahead or pd.Timedelta(0))

    def has(self, method: str) -> bool:
        """Whether the exchange has a method of ccxt's."""
        return bool(self._ccxt.has.get(method))

    def measure_clock(self) -> pd.Timestamp:
        """Ask the exchange for the time, sign with it from here on, and return it."""
        if self.has("fetchTime"):
            told = self._ask("its clock", lambda exchange: exchange.fetch_time(), dict, int)
            instant = pd.Timestamp(int(told), unit="ms", tz="UTC").as_unit("us")
            self._ahead = instant - self._clock.now()
        else:
            self._ahead = pd.Timedelta(0)
        return self.now

    def markets(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the exchange's spot markets by symbol, asked for once."""
        if not self._ccxt.markets:
            self.ask("list of markets", _load_markets, dict | list, dict)
        return {
            symbol: market
            for symbol, market in (self._ccxt.markets or {}).items()
            if market.get("spot")
        }

    def step(self, precision: Any) -> str:
        """Return a precision of a market as a step, whichever way the exchange counts it."""
        if precision is None:
            return "0"
        if self._ccxt.precisionMode == ccxt.TICK_SIZE:
            return str(precision)
        if self._ccxt.precisionMode == ccxt.DECIMAL_PLACES:
            return f"1e{-int(float(precision))}"
        raise BrokerError(f"{self.sandbox.id}: it counts significant digits, not steps")

    def ask(self, what: str, call: Callable[[Any], Any], form: Any, answer: Any = object) -> Any:
        """Make a call that changes nothing.

        Parameters
        ----------
        what : str
            What is asked for; stands in every error.
        call : callable
            From the ccxt exchange to the answer.
        form : type
            What the exchange's own JSON must be.
        answer : type
            What ccxt must make of it.

        Raises
        ------
        NotThere
            If the exchange knows no such order.
        BrokerUnavailable
            If no answer came, or none that can be understood.
        AccessDenied
            If the account may not ask.
        BrokerError
            If the exchange refuses the question for good.
        """
        if self._ahead is None:
            self.measure_clock()
        return self._ask(what, call, form, answer)

    def _ask(self, what: str, call: Callable[[Any], Any], form: Any, answer: Any) -> Any:
        label = f"{self.sandbox.id}: {what}"
        found, failure = self._try(call)
        if failure is None and self._fits(form) and isinstance(found, answer):
            return found
        raise self._explain(failure, label)

    def send(self, what: str, call: Callable[[Any], Any]) -> dict[str, Any]:
        """Send an order, once.

        Raises
        ------
        OrderRefused
            If the exchange refuses it.
        BrokerUnavailable
            If the exchange says that it did not look at it.
        AccessDenied
            If the account may not trade.
        OutcomeUnknown
            In every other case.
        """
        if self._ahead is None:
            self.measure_clock()
        label = f"{self.sandbox.id}: {what}"
        found, failure = self._try(call)
        if failure is None and self._fits(dict) and isinstance(found, dict):
            return found
        raise self._explain_order(failure, label)

    def _try(self, call: Callable[[Any], Any]) -> tuple[Any, Exception | None]:
        self._replies, self._left = [], False
        # Returned, so that what is raised of it later does not carry ccxt's error along.
        try:
            return call(self._ccxt), None
        except Exception as error:  # on an answer it does not know ccxt fails in any way
            return None, error

    def _fits(self, form: Any) -> bool:
        """Whether every answer is JSON and the last one of the form; some calls ask twice."""
        if not self._left:
            return True  # ccxt answered from what it had
        contents = [reply.content for reply in self._replies]
        whole = all(isinstance(content, dict | list) for content in contents)
        return whole and bool(contents) and isinstance(contents[-1], form)

    @property
    def _reply(self) -> Reply | None:
        """The answer to look at: the first that is no JSON, else the last."""
        strange = (one for one in self._replies if not isinstance(one.content, dict | list))
        return next(strange, self._replies[-1] if self._replies else None)

    def _explain(self, error: Exception | None, label: str) -> BrokerError | NotThere:
        reply = self._reply
        if reply is None:
            return self._unanswered(error, label)
        said = f"the answer begins {first_line(reply.text, self._secrets)!r}"
        if isinstance(error, ccxt.OrderNotFound) or self._code in _NOT_THERE:
            return NotThere(f"{label}: it has no such order")
        if known := self._no_access_or_busy(error, reply, label, said):
            return known
        if reply.status in TRANSIENT_STATUS:
            return self._busy(reply, f"{label}: the exchange answers {reply.status}")
        if isinstance(error, ccxt.BadSymbol):
            return NoMarket(f"{label}: it has no such market; {said}")
        if reply.status >= 400 and not isinstance(error, ccxt.OperationFailed):
            reason = REFUSALS.get(reply.status, "it refuses the request")
            return BrokerError(f"{label}: {reason} ({reply.status}); {said}")
        return BrokerUnavailable(f"{label}: not in the form the exchange documents, {said}")

    def _explain_order(self, error: Exception | None, label: str) -> BrokerError:
        reply = self._reply
        if not self._left and isinstance(error, ccxt.BaseError):
            return OrderRefused(f"{label}: not sent: {first_line(str(error), self._secrets)}")
        again = "look it up before sending again"
        if reply is None:
            return OutcomeUnknown(f"{label}: sent, and no answer in time or none whole; {again}")
        said = f"the answer begins {first_line(reply.text, self._secrets)!r}"
        if not isinstance(reply.content, dict):
            if reply.status in _BUSY_STATUS:
                return self._busy(reply, f"{label}: too many requests ({reply.status})")
            return OutcomeUnknown(f"{label}: sent, status {reply.status}, {said}; {again}")
        if isinstance(error, ccxt.InsufficientFunds):
            return InsufficientFunds(f"{label}: the account's funds do not suffice; {said}")
        if known := self._no_access_or_busy(error, reply, label, said):
            return known
        if isinstance(error, ccxt.BadSymbol | ccxt.MarketClosed):
            return NoMarket(f"{label}: it has no such market, or it is closed; {said}")
        refused = isinstance(error, ccxt.ExchangeError) and type(error) is not ccxt.ExchangeError
        if 400 <= reply.status < 500 and reply.status != 408:
            refused = refused or type(error) is ccxt.ExchangeError
        if refused and reply.status < 500:
            return OrderRefused(f"{label}: it refuses the order ({reply.status}); {said}")
        return OutcomeUnknown(f"{label}: sent, status {reply.status}, {said}; {again}")

    def _no_access_or_busy(
        self, error: Exception | None, reply: Reply, label: str, said: str
    ) -> BrokerError | None:
        """Say what holds for questions and orders alike: nothing was done."""
        if isinstance(error, ccxt.InvalidNonce):
            self._ahead = None
            return BrokerUnavailable(
                f"{label}: its clock and ours differ; the difference is measured again; {said}"
            )
        if isinstance(error, _BUSY) or reply.status in _BUSY_STATUS:
            return self._busy(reply, f"{label}: busy or under maintenance ({reply.status})")
        if isinstance(error, _DENIED) or (
            reply.status in _DENIED_STATUS and not isinstance(error, ccxt.InvalidOrder)
        ):
            reason = REFUSALS.get(reply.status, "it does not let this account in")
            return AccessDenied(
                f"{label}: {reason} ({reply.status}): check that the keys are those of its "
                f"sandbox and may trade; {said}"
            )
        return None

    def _unanswered(self, error: Exception | None, label: str) -> BrokerError:
        if not self._left and error is not None:
            return BrokerError(f"{label}: not asked: {first_line(str(error), self._secrets)}")
        kind = "no answer in time" if isinstance(error, ccxt.RequestTimeout) else "no answer"
        return BrokerUnavailable(f"{label}: {kind}, or one that breaks off")

    def _busy(self, reply: Reply, text: str) -> BrokerUnavailable:
        wait = retry_after(reply.headers.get("Retry-After"), self._clock)
        asks = f"; it asks to wait {wait:.0f} s" if wait is not None else ""
        return BrokerUnavailable(text + asks, wait)

    @property
    def _code(self) -> str:
        content = self._reply.content if self._reply else None
        return str(content.get("code", "")) if isinstance(content, dict) else ""

    def _leave(self, *args: Any, **kwargs: Any) -> Any:
        """Note that a request leaves; ccxt calls this in place of its own."""
        self._left = True
        return self._fetch(*args, **kwargs)

    def _record(self, response: Any, *_: object, **__: object) -> None:
        """Keep an answer; called by the session for each one."""
        body = bytes(response.content).decode("utf-8", errors="replace")
        self._replies.append(
            Reply(int(response.status_code), response.headers, scrub(body, self._secrets))
        )


def _load_markets(exchange: Any) -> dict[str, Any] | None:
    """Load the markets; None where the answer held none."""
    found: dict[str, Any] = exchange.load_markets(True)
    return found or None


def require_sandbox(name: str) -> None:
    """Refuse an exchange where only real money trades.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    AccessDenied
        If it has no sandbox.
    """
    if name not in ccxt.exchanges:
        raise UnknownName("exchange", name, ccxt.exchanges)
    if not getattr(ccxt, name)().urls.get("test"):
        raise AccessDenied(
            f"{name}: it has no sandbox, and this loop trades on paper only: take the simulated "
            "broker, or a sandbox such as binance or alpaca"
        )


def _open(sandbox: Sandbox, keys: Keys, config: Mapping[str, Any], timeout: float) -> Any:
    require_sandbox(sandbox.id)
    kind = getattr(ccxt, sandbox.id)
    plain = kind()
    exchange = kind(
        {
            "enableRateLimit": True,
            **config,
            "apiKey": keys.key.get_secret_value(),
            "secret": keys.secret.get_secret_value(),
            "password": keys.password.get_secret_value() or None,
            "options": {**sandbox.options, **config.get("options", {})},
            "timeout": int(timeout * 1000),
            "verbose": False,  # it prints keys
            "number": str,  # decimals as they were told, not as floats
        }
    )
    exchange.set_sandbox_mode(True)
    exchange.has["fetchCurrencies"] = False
    live = _hosts(plain, plain.urls["api"]) - _hosts(plain, plain.urls["test"])
    if found := _hosts(exchange, exchange.urls["api"]) & live:
        raise AccessDenied(
            f"{sandbox.id}: {min(found)} serves live accounts, and this loop trades on paper only: "
            "give addresses of a sandbox"
        )
    _silence(exchange)
    return exchange


def _hosts(exchange: Any, urls: Any) -> frozenset[str]:
    if isinstance(urls, Mapping):
        return frozenset().union(*(_hosts(exchange, value) for value in urls.values()))
    return frozenset({urlsplit(str(exchange.implode_hostname(str(urls)))).netloc.lower()})


def _silence(exchange: Any) -> None:
    """Keep keys and signatures out of the logs: ccxt tells headers, urllib3 whole addresses."""
    exchange.logger = logging.Logger("plumbline.broker", logging.CRITICAL + 1)
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(installed, Silent) for installed in logger.filters):
            logger.addFilter(Silent())

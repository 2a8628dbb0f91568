"""ccxt for brokers, held to rules of our own; the only module that imports it for orders.

An exchange is opened in its sandbox and nowhere else. Every answer is looked at as it came, since
ccxt takes HTML with status 200 for an empty list. What a failure means differs for a question,
which can be asked again, and for an order, which may have been accepted: only an answer in which
the exchange itself refuses the order is a refusal. Exceptions of ccxt carry addresses with
signatures and stay here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ccxt
import pandas as pd

from data.errors import AccessDenied, BrokerError, UnknownName
from data.sources.clock import Clock
from data.sources.redaction import first_line, scrub
from data.sources.venues import venue
from paper.brokers.keys import Keys, silence
from paper.brokers.meaning import Failure, of_order, of_question
from paper.brokers.replies import Reply
from paper.brokers.sandboxes import Sandbox, hosts


class Gateway:
    """One opened exchange: see :func:`open_sandbox` and :func:`open_prices`.

    Parameters
    ----------
    exchange : ccxt exchange
        As it was opened.
    secrets : iterable of str
        What must not be seen anywhere.
    clock : Clock
        Our clock.
    signs : bool
        Whether requests are signed with the exchange's time, which is then measured first.
    """

    def __init__(self, exchange: Any, secrets: Iterable[str], clock: Clock, signs: bool) -> None:
        self.id: str = exchange.id
        self._secrets, self._clock = tuple(secrets), clock
        self._replies: list[Reply] = []
        self._left = False
        self._ahead: pd.Timedelta | None = None if signs else pd.Timedelta(0)
        self._ccxt = exchange
        self._ccxt.milliseconds = lambda: int(self.now.timestamp() * 1000)
        self._ccxt.session.hooks["response"] = [self._record]
        self._fetch, self._ccxt.fetch = self._ccxt.fetch, self._leave
        silence(self._ccxt)

    def __repr__(self) -> str:
        return f"Gateway({self.id!r})"

    def close(self) -> None:
        """Close the connection."""
        self._ccxt.session.close()

    @property
    def ahead(self) -> pd.Timedelta:
        """How far the exchange's clock is ahead of ours, measured if it has not been."""
        if self._ahead is None:
            self.measure_clock()
        return self._ahead or pd.Timedelta(0)

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
        raise BrokerError(f"{self.id}: it counts significant digits, not steps")

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
        label = f"{self.id}: {what}"
        found, failure = self._try(call)
        if failure is None and self._fits(form) and isinstance(found, answer):
            return found
        raise of_question(self._failure(failure, label), self._clock)

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
        label = f"{self.id}: {what}"
        found, failure = self._try(call)
        if failure is None and self._fits(dict) and isinstance(found, dict):
            return found
        raise of_order(self._failure(failure, label), self._clock)

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
        whole = all(reply.is_json for reply in self._replies)
        return whole and bool(self._replies) and isinstance(self._replies[-1].content, form)

    @property
    def _reply(self) -> Reply | None:
        """The answer to look at: the first that is no JSON, else the last."""
        strange = (one for one in self._replies if not one.is_json)
        return next(strange, self._replies[-1] if self._replies else None)

    def _failure(self, error: Exception | None, label: str) -> Failure:
        kinds = frozenset(base.__name__ for base in type(error).__mro__) if error else frozenset()
        if "InvalidNonce" in kinds:
            self._ahead = None
        reply = self._reply
        return Failure(
            label=label,
            kinds=kinds,
            kind=type(error).__name__,
            text=first_line(str(error or ""), self._secrets),
            left=self._left,
            reply=reply,
            said=f"the answer begins {first_line(reply.text, self._secrets)!r}" if reply else "",
        )

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
    """Refuse an exchange where only real money trades, or that cannot do what is needed.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    AccessDenied
        If it has no sandbox, takes no market orders, or does not list orders.
    """
    if name not in ccxt.exchanges:
        raise UnknownName("exchange", name, ccxt.exchanges)
    exchange = getattr(ccxt, name)()
    if not exchange.urls.get("test"):
        raise AccessDenied(
            f"{name}: it has no sandbox, and this loop trades on paper only: take the simulated "
            "broker, or a sandbox such as binance or alpaca"
        )
    can = {method for method, told in exchange.has.items() if told}
    listed = can >= {"fetchOrders"} or can >= {"fetchOpenOrders", "fetchClosedOrders"}
    if not (listed and "createMarketOrder" in can):
        raise AccessDenied(
            f"{name}: it takes no market orders or lists none: take the simulated broker, or a "
            "sandbox such as binance or alpaca"
        )


def open_sandbox(
    sandbox: Sandbox, keys: Keys, config: Mapping[str, Any], clock: Clock, timeout: float
) -> Gateway:
    """Open an exchange's sandbox with an account's keys.

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
    require_sandbox(sandbox.id)
    credentials = {
        "apiKey": keys.key.get_secret_value(),
        "secret": keys.secret.get_secret_value(),
        "password": keys.password.get_secret_value() or None,
    }
    exchange = _made(sandbox.id, {**config, **credentials}, sandbox.options, timeout)
    exchange.set_sandbox_mode(True)
    plain = getattr(ccxt, sandbox.id)()
    live = hosts(plain, plain.urls["api"]) - hosts(plain, plain.urls["test"])
    if found := hosts(exchange, exchange.urls["api"]) & live:
        raise AccessDenied(
            f"{sandbox.id}: {min(found)} serves live accounts, and this loop trades on paper only: "
            "give addresses of a sandbox"
        )
    return Gateway(exchange, keys.texts, clock, signs=True)


def open_prices(name: str, config: Mapping[str, Any], clock: Clock, timeout: float) -> Gateway:
    """Open an exchange without keys, for public prices.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    """
    if name not in ccxt.exchanges:
        raise UnknownName("exchange", name, ccxt.exchanges)
    credentials = dict.fromkeys(("apiKey", "secret", "password"))
    exchange = _made(name, {**config, **credentials}, venue(name).options("spot"), timeout)
    return Gateway(exchange, (), clock, signs=False)


def _made(name: str, config: Mapping[str, Any], options: Mapping[str, Any], timeout: float) -> Any:
    exchange = getattr(ccxt, name)(
        {
            "enableRateLimit": True,
            **config,
            "options": {**options, **config.get("options", {})},
            "timeout": int(timeout * 1000),
            "verbose": False,  # it prints keys
            "number": str,  # decimals as they were told, not as floats
        }
    )
    # Currencies cost a signed request and are not needed.
    exchange.has["fetchCurrencies"] = False
    return exchange

"""The broker of an exchange's sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from data.errors import BrokerError, BrokerUnavailable, OrderRefused, OutcomeUnknown
from data.sources.clock import Clock, SystemClock
from paper.brokers.base import (
    Balances,
    MarketRules,
    OrderRequest,
    OrderState,
    Quote,
)
from paper.brokers.gateway import open_sandbox, require_sandbox
from paper.brokers.history import History
from paper.brokers.keys import Keys
from paper.brokers.keys import keys as stored_keys
from paper.brokers.meaning import NameTaken
from paper.brokers.prices import last_quote, market_rules
from paper.brokers.sandboxes import sandbox
from paper.brokers.unified import decimal, told_order


class ExchangeBroker:
    """Satisfies :class:`paper.brokers.base.Broker` with spot orders in an exchange's sandbox.

    Parameters
    ----------
    exchange : str
        ccxt's name, such as ``binance`` or ``alpaca``.
    assets : sequence of str
        Coins that are traded; orders for others are not looked at.
    quote : str, optional
        What they are bought with; the sandbox's usual currency by default.
    keys : Keys, optional
        Of the sandbox's account; from the environment or the key file by default.
    config : mapping, optional
        Further ccxt settings, such as ``{"urls": {"test": ...}}``.
    clock : Clock, optional
        Our clock.
    timeout : float
        Seconds after which an answer is given up.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    AccessDenied
        If it has no sandbox, an address is that of live accounts, or there are no keys.
    """

    is_sandbox = True

    def __init__(
        self,
        exchange: str,
        assets: Sequence[str],
        *,
        quote: str | None = None,
        keys: Keys | None = None,
        config: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        timeout: float = 10.0,
    ) -> None:
        require_sandbox(exchange)
        self._sandbox = sandbox(exchange)
        self._clock = clock or SystemClock()
        # How long looking may take before an order leaves.
        self._preparing = pd.Timedelta(seconds=2 * timeout)
        self._assets, self._quote = tuple(assets), quote or self._sandbox.quote
        self._gateway = open_sandbox(
            self._sandbox,
            keys or stored_keys(exchange),
            config or {},
            self._clock,
            timeout,
        )
        self._history = History(self._gateway, self._sandbox)
        self._rules: dict[str, MarketRules] = {}

    def __repr__(self) -> str:
        return f"ExchangeBroker({self._sandbox.id!r}, {self._assets!r}, quote={self._quote!r})"

    @property
    def name(self) -> str:
        """The exchange and that it is its sandbox."""
        return f"{self._sandbox.id} sandbox"

    @property
    def settles_after(self) -> pd.Timedelta:
        """How long after sending an order without an answer may still turn up."""
        return pd.Timedelta(seconds=self._sandbox.settles_seconds) + self._preparing

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

    def now(self) -> pd.Timestamp:
        """Ask the exchange for the time, UTC."""
        return self._gateway.measure_clock()

    def market(self, asset: str) -> MarketRules:
        """Return what orders for `asset` may be."""
        if asset not in self._rules:
            self._rules[asset] = market_rules(self._gateway, asset, self._quote)
        return self._rules[asset]

    def quote(self, asset: str) -> Quote:
        """Return the middle between bid and ask in the sandbox, or the last price."""
        rules = self.market(asset)
        return last_quote(self._gateway, rules, f"{self._sandbox.id} sandbox spot {rules.quote}")

    def balances(self) -> Balances:
        """Return what the account holds."""
        told = self._gateway.ask(
            "balances", lambda exchange: exchange.fetch_balance(), dict | list, dict
        )
        total, free = (
            {
                currency: decimal(amount, f"{kind} {currency}")
                for currency, amount in told[kind].items()
                if amount is not None and Decimal(str(amount))
            }
            for kind in ("total", "free")
        )
        return Balances(self._gateway.now, total, free)

    def submit(self, request: OrderRequest) -> OrderState:
        """Send a market order, unless it is there already."""
        begun, rules = self._clock.now(), self.market(request.asset)
        known = self.find(request.client_order_id, request.asset, request.intended_at)
        if known is not None:
            return known
        amount = rules.sized(request.amount, self.quote(request.asset).price)
        what = f"order {request.client_order_id} for {rules.symbol}"
        if self._clock.now() - begun > self._preparing:
            # A later run counts from when this one began: what leaves later it would not wait for.
            raise BrokerUnavailable(f"{self._sandbox.id}: {what}: not sent, looking took too long")
        refusal: OrderRefused
        try:
            told = self._gateway.send(
                what,
                lambda exchange: exchange.create_order(
                    rules.symbol,
                    request.kind,
                    request.side,
                    format(amount, "f"),
                    None,
                    {"clientOrderId": request.client_order_id},
                ),
            )
        except OrderRefused as error:
            refusal = error
        else:
            return self._taken(told, request, amount, what)
        # An exchange that refuses the second order of a name has the first.
        try:
            known = self.find(request.client_order_id, request.asset, request.intended_at)
        except BrokerError as error:
            raise OutcomeUnknown(f"{refusal}; and it cannot be looked up: {error}") from None
        if known is not None:
            return known
        if isinstance(refusal, NameTaken):
            raise OutcomeUnknown(f"{refusal}; look it up before sending again")
        raise refusal

    def find(
        self, client_order_id: str, asset: str, since: pd.Timestamp | None = None
    ) -> OrderState | None:
        """Look an order up by our name of it; `since` is on our clock.

        Where a name can be used again, an order from up to an hour before `since` still counts.
        """
        return self._history.find(client_order_id, self.market(asset), since)

    def open_orders(self) -> tuple[OrderState, ...]:
        """Return the orders for the assets that may still fill, oldest first."""
        return self._sorted(
            self._history.complete(told, rules)
            for rules in map(self.market, self._assets)
            for told in self._history.open(rules)
        )

    def recent_orders(self, since: pd.Timestamp) -> tuple[OrderState, ...]:
        """Return every order for the assets taken at or after `since`, oldest first."""
        return self._sorted(
            self._history.complete(told, rules)
            for rules in map(self.market, self._assets)
            for told in self._history.since(rules, since + self._gateway.ahead)
        )

    @staticmethod
    def _sorted(states: Iterable[OrderState]) -> tuple[OrderState, ...]:
        return tuple(sorted(states, key=lambda state: state.at))

    def _taken(
        self, told: dict[str, Any], request: OrderRequest, amount: Decimal, what: str
    ) -> OrderState:
        """Read the answer to an order; what cannot be read is an order all the same."""
        rules = self.market(request.asset)
        known = {name: value for name, value in told.items() if value is not None}
        now = int(self._gateway.now.timestamp() * 1000)
        failure: BrokerError
        try:
            state = told_order(
                {"amount": str(amount), "side": request.side, "timestamp": now, **known}, rules
            )
            if state.client_order_id == request.client_order_id:
                return self._history.complete(state, rules)
            failure = BrokerError(f"it answers for order {state.client_order_id!r}")
        except BrokerError as error:
            failure = error
        raise OutcomeUnknown(
            f"{self._sandbox.id}: {what}: sent, and the answer makes no sense ({failure}); look it "
            "up before sending again"
        )

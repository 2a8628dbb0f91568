"""The broker of an exchange's sandbox."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from data.errors import BrokerError, BrokerUnavailable, NoMarket, OrderRefused, OutcomeUnknown
from data.sources.clock import Clock, SystemClock
from paper.brokers.base import (
    ZERO,
    Balances,
    MarketRules,
    OrderRequest,
    OrderState,
    Quote,
    exact,
)
from paper.brokers.gateway import Gateway, NotThere, require_sandbox
from paper.brokers.keys import Keys
from paper.brokers.keys import keys as stored_keys
from paper.brokers.sandboxes import sandbox
from paper.brokers.unified import Told, decimal, fees_of, instant, told_order

# Our clock and the exchange's may differ, and so may the moments that each writes down.
ALLOWANCE = pd.Timedelta(minutes=1)
_PAGES = 50


def _traded(trades: tuple[Mapping[str, Any], ...] | None) -> Decimal:
    with exact():
        return sum((decimal(one["amount"], "amount") for one in trades or ()), ZERO)


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
        self._assets, self._quote = tuple(assets), quote or self._sandbox.quote
        self._gateway = Gateway(
            self._sandbox,
            keys or stored_keys(exchange),
            config or {},
            clock or SystemClock(),
            timeout,
        )
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
        return pd.Timedelta(seconds=self._sandbox.settles_seconds)

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

    def now(self) -> pd.Timestamp:
        """Ask the exchange for the time, UTC."""
        return self._gateway.measure_clock()

    def market(self, asset: str) -> MarketRules:
        """Return what orders for `asset` may be."""
        if asset not in self._rules:
            self._rules[asset] = self._read_rules(asset)
        return self._rules[asset]

    def quote(self, asset: str) -> Quote:
        """Return the middle between bid and ask in the sandbox, or the last price."""
        rules = self.market(asset)
        told = self._gateway.ask(
            f"price of {rules.symbol}",
            lambda exchange: exchange.fetch_ticker(rules.symbol),
            dict,
            dict,
        )
        sides = [told.get("bid"), told.get("ask")]
        seen = sides if all(sides) else [told.get("last")]
        if None in seen:
            raise BrokerError(
                f"{self._sandbox.id}: {rules.symbol} has a price of 0, or none: nothing can be "
                "traded on it"
            )
        with exact():
            price = sum((decimal(one, "price") for one in seen), ZERO) / len(seen)
        at = instant(told.get("timestamp")) or self._gateway.now
        return Quote(asset, price, at, f"{self._sandbox.id} sandbox spot {rules.quote}")

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
        rules = self.market(request.asset)
        amount = rules.sized(request.amount, self.quote(request.asset).price)
        known = self.find(request.client_order_id, request.asset, request.intended_at)
        if known is not None:
            return known
        what = f"order {request.client_order_id} for {rules.symbol}"
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
        if known is None:
            raise refusal
        return known

    def find(
        self, client_order_id: str, asset: str, since: pd.Timestamp | None = None
    ) -> OrderState | None:
        """Look an order up by our name of it.

        The exchange's clock and ours may differ: an order from up to a minute before `since`
        still counts.
        """
        rules = self.market(asset)
        earliest = None if since is None else since - ALLOWANCE
        found = None
        if self._sandbox.lookup != "list":
            found = self._named(client_order_id, rules)
        if found is None and self._sandbox.lookup != "list":
            return None
        if found is not None and (earliest is None or found.at >= earliest):
            return self._with_fills(found, rules)
        # Either there is no look-up by name, or it gave an older order of the same name.
        begin = earliest if earliest is not None else self._gateway.now - pd.Timedelta(days=7)
        same = [
            told for told in self._listed(rules, begin) if told.client_order_id == client_order_id
        ]
        return self._with_fills(same[-1], rules) if same else None

    def open_orders(self) -> tuple[OrderState, ...]:
        """Return the orders for the assets that may still fill, oldest first."""
        return self._sorted(
            self._with_fills(told, rules)
            for rules in map(self.market, self._assets)
            for told in self._open(rules)
        )

    def recent_orders(self, since: pd.Timestamp) -> tuple[OrderState, ...]:
        """Return every order for the assets taken at or after `since`, oldest first."""
        return self._sorted(
            self._with_fills(told, rules)
            for rules in map(self.market, self._assets)
            for told in self._listed(rules, since)
        )

    @staticmethod
    def _sorted(states: Iterable[OrderState]) -> tuple[OrderState, ...]:
        return tuple(sorted(states, key=lambda state: state.at))

    def _read_rules(self, asset: str) -> MarketRules:
        markets, symbol = self._gateway.markets(), f"{asset}/{self._quote}"
        if symbol not in markets:
            same = [name for name, market in markets.items() if market["quote"] == self._quote]
            near = difflib.get_close_matches(symbol, same, n=3, cutoff=0.75)
            hint = f"did you mean {', '.join(near)}?" if near else "leave the asset out"
            raise NoMarket(
                f"{self.name}: {symbol} is not among its {len(markets)} spot markets: {hint}"
            )
        market = markets[symbol]
        if market.get("active") is False:
            raise NoMarket(f"{self.name}: {symbol} is closed to trading")
        limits = market["limits"]
        least = [(limits.get(kind) or {}).get("min") for kind in ("amount", "market")]
        return MarketRules(
            asset=asset,
            symbol=symbol,
            base=market["base"],
            quote=market["quote"],
            amount_step=Decimal(self._gateway.step(market["precision"]["amount"])),
            price_step=Decimal(self._gateway.step(market["precision"]["price"])),
            min_amount=max((decimal(one, "smallest amount") for one in least if one), default=ZERO),
            min_cost=decimal((limits.get("cost") or {}).get("min") or "0", "smallest cost"),
        )

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
                return self._with_fills(state, rules)
            failure = BrokerError(f"it answers for order {state.client_order_id!r}")
        except BrokerError as error:
            failure = error
        raise OutcomeUnknown(
            f"{self._sandbox.id}: {what}: sent, and the answer makes no sense ({failure}); look it "
            "up before sending again"
        )

    def _named(self, name: str, rules: MarketRules) -> Told | None:
        def look(exchange: Any) -> Any:
            if self._sandbox.lookup == "alpaca":
                path, query = "v2/orders:by_client_order_id", {"client_order_id": name}
                answer = exchange.request(path, ["trader", "private"], "GET", query)
                return exchange.parse_order(answer, exchange.market(rules.symbol))
            return exchange.fetch_order(None, rules.symbol, {"clientOrderId": name})

        try:
            told = self._gateway.ask(f"order {name} for {rules.symbol}", look, dict, dict)
        except NotThere:
            return None
        found = told_order(told, rules)
        if found.client_order_id != name:
            raise BrokerUnavailable(
                f"{self._sandbox.id}: asked for order {name}, it tells of {found.client_order_id}"
            )
        return found

    def _with_fills(self, told: Told, rules: MarketRules) -> OrderState:
        """Complete an order by its trades: what was paid exactly, and the fees."""
        state, trades = told.state, told.trades
        if not state.filled:
            return replace(state, fees_told=self._sandbox.fees_told)
        if _traded(trades) != state.filled:
            trades = self._trades(state, rules)
        if trades is None:
            return state
        if _traded(trades) != state.filled:
            if not state.is_final:
                # It went on between the two answers; the next look tells more.
                return replace(state, fees_told=self._sandbox.fees_told)
            raise BrokerUnavailable(
                f"{self._sandbox.id}: order {state.client_order_id} for {rules.symbol}: "
                f"{state.filled} filled, trades of {_traded(trades)} so far: look again"
            )
        with exact():
            cost = sum((decimal(one["cost"], "cost") for one in trades), ZERO)
        fees = fees_of(trades) if self._sandbox.fees_told else ()
        return replace(state, cost=cost, fees=fees, fees_told=self._sandbox.fees_told)

    def _trades(
        self, state: OrderState, rules: MarketRules
    ) -> tuple[Mapping[str, Any], ...] | None:
        """Ask for the trades of one order; None where the exchange tells none."""
        since = int(state.at.timestamp() * 1000) - 1000

        def look(exchange: Any) -> Any:
            if self._gateway.has("fetchOrderTrades"):
                return exchange.fetch_order_trades(state.broker_id, rules.symbol)
            return exchange.fetch_my_trades(rules.symbol, since, self._sandbox.trades_page)

        if not (self._gateway.has("fetchOrderTrades") or self._gateway.has("fetchMyTrades")):
            return None
        what = f"trades of order {state.client_order_id} for {rules.symbol}"
        told = self._gateway.ask(what, look, dict | list, list)
        return tuple(one for one in told if one.get("order") == state.broker_id)

    def _open(self, rules: MarketRules) -> list[Told]:
        told = self._gateway.ask(
            f"open orders for {rules.symbol}",
            lambda exchange: exchange.fetch_open_orders(rules.symbol),
            dict | list,
            list,
        )
        return [told_order(one, rules) for one in told]

    def _listed(self, rules: MarketRules, since: pd.Timestamp) -> list[Told]:
        """Return the orders of a market since an instant, page by page, oldest first."""
        found: dict[str, Told] = {}
        begin = since
        for _ in range(_PAGES):
            page = self._page(rules, begin)
            fresh = [told for told in page if told.broker_id not in found]
            found |= {told.broker_id: told for told in fresh}
            if len(page) < self._sandbox.page or not fresh:
                return sorted(
                    (told for told in found.values() if told.at >= since),
                    key=lambda told: told.at,
                )
            begin = max(told.at for told in fresh)
        raise BrokerError(
            f"{self._sandbox.id}: more than {_PAGES} pages of orders for {rules.symbol} since "
            f"{since}: look from a later time"
        )

    def _page(self, rules: MarketRules, since: pd.Timestamp) -> list[Told]:
        # Alpaca's `after` leaves out the instant itself.
        begin = int(since.timestamp() * 1000) - 1
        what = f"orders for {rules.symbol} since {since}"
        limit = self._sandbox.page
        if self._gateway.has("fetchOrders"):
            kinds = ["fetch_orders"]
        else:
            kinds = ["fetch_open_orders", "fetch_closed_orders"]
        told: list[Mapping[str, Any]] = []
        for kind in kinds:

            def look(exchange: Any, kind: str = kind) -> Any:
                return getattr(exchange, kind)(rules.symbol, begin, limit)

            told += self._gateway.ask(what, look, dict | list, list)
        return [told_order(one, rules) for one in told]

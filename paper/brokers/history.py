"""Orders as an exchange tells them: by name, open, since an instant, with their trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd

from data.errors import BrokerError, BrokerUnavailable
from paper.brokers.base import ZERO, MarketRules, OrderState, exact
from paper.brokers.gateway import Gateway
from paper.brokers.meaning import NotThere
from paper.brokers.sandboxes import Sandbox
from paper.brokers.unified import Told, decimal, fees_of, told_order

# A name stands for one decision: an order of that name from shortly before the intent was written
# is that one, taken by a clock that is behind ours.
ALLOWANCE = pd.Timedelta(hours=1)
_PAGES = 50


class History:
    """The orders of one account.

    Parameters
    ----------
    gateway : Gateway
        The opened exchange.
    sandbox : Sandbox
        What it can do.
    """

    def __init__(self, gateway: Gateway, sandbox: Sandbox) -> None:
        self._gateway, self._sandbox = gateway, sandbox

    def find(
        self, name: str, rules: MarketRules, intended_at: pd.Timestamp | None
    ) -> OrderState | None:
        """Return the order of a name that was not taken before the intent, or None.

        Raises
        ------
        BrokerUnavailable
            If the exchange does not say whether it is there.
        """
        begin = self._gateway.now - pd.Timedelta(days=7)
        if intended_at is not None:
            begin = intended_at + self._gateway.ahead - ALLOWANCE
        if self._sandbox.lookup != "list":
            found = self._named(name, rules)
            if found is None:
                return None
            if intended_at is None or self._sandbox.names_for_good or found.at >= begin:
                return self.complete(found, rules)
        # Either there is no look-up by name, or it gave an older order of the same name.
        same = [told for told in self.since(rules, begin) if told.client_order_id == name]
        return self.complete(same[-1], rules) if same else None

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
                f"{self._gateway.id}: asked for order {name}, it tells of {found.client_order_id}"
            )
        return found

    def complete(self, told: Told, rules: MarketRules) -> OrderState:
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
                f"{self._gateway.id}: order {state.client_order_id} for {rules.symbol}: "
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
            first = dict(self._sandbox.oldest_first)
            return exchange.fetch_my_trades(rules.symbol, since, self._sandbox.trades_page, first)

        if not (self._gateway.has("fetchOrderTrades") or self._gateway.has("fetchMyTrades")):
            return None
        what = f"trades of order {state.client_order_id} for {rules.symbol}"
        told = self._gateway.ask(what, look, dict | list, list)
        return tuple(one for one in told if one.get("order") == state.broker_id)

    def open(self, rules: MarketRules) -> list[Told]:
        """Return the orders of a market that may still fill."""
        told = self._gateway.ask(
            f"open orders for {rules.symbol}",
            lambda exchange: exchange.fetch_open_orders(rules.symbol),
            dict | list,
            list,
        )
        return [told_order(one, rules) for one in told]

    def since(self, rules: MarketRules, since: pd.Timestamp) -> list[Told]:
        """Return the orders of a market since an instant, page by page, oldest first."""
        found: dict[str, Told] = {}
        begin, full = since, self._sandbox.page
        for _ in range(_PAGES):
            page = self._page(rules, begin)
            fresh = [told for told in page if told.broker_id not in found]
            found |= {told.broker_id: told for told in fresh}
            # Where the size of a page is not known, a page with nothing new is the last.
            if not fresh or (full is not None and len(page) < full):
                if page and len(page) == full:
                    raise BrokerError(
                        f"{self._gateway.id}: {full} orders for {rules.symbol} at {begin}: those "
                        "after them cannot be reached"
                    )
                kept = (told for told in found.values() if told.at >= since)
                return sorted(kept, key=lambda told: told.at)
            begin = max(told.at for told in fresh)
        raise BrokerError(
            f"{self._gateway.id}: more than {_PAGES} pages of orders for {rules.symbol} since "
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


def _traded(trades: tuple[Mapping[str, Any], ...] | None) -> Decimal:
    with exact():
        return sum((decimal(one["amount"], "amount") for one in trades or ()), ZERO)

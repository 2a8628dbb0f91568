"""ccxt's unified orders and trades, read into our own values.

ccxt was told to keep numbers as text, so nothing passes through a float.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from data.errors import BrokerError
from paper.brokers.base import ZERO, Fee, MarketRules, OrderState, Status, exact

_OPEN = frozenset({None, "open", "canceling"})
_ENDED: Mapping[str, Status] = {
    "canceled": "canceled",
    "expired": "canceled",
    "rejected": "rejected",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An order as an exchange tells it.

    Parameters
    ----------
    state : OrderState
        Without its fees; the cost is the exchange's own.
    trades : tuple of mapping or None
        The trades told with it, in ccxt's form.
    """

    state: OrderState
    trades: tuple[Mapping[str, Any], ...] | None

    @property
    def client_order_id(self) -> str:
        """Our name of the order."""
        return self.state.client_order_id

    @property
    def broker_id(self) -> str:
        """The exchange's name of it."""
        return self.state.broker_id

    @property
    def at(self) -> pd.Timestamp:
        """When the exchange took it."""
        return self.state.at


def decimal(value: object, what: str) -> Decimal:
    """Return a number that an exchange told.

    Raises
    ------
    BrokerError
        If it is none.
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise BrokerError(f"{what} is told as {str(value)[:40]!r}, which is no number")
    return found


def instant(milliseconds: object) -> pd.Timestamp | None:
    """Return a moment that an exchange told, UTC; None where it told none."""
    if milliseconds is None:
        return None
    moment = decimal(milliseconds, "a moment")
    return pd.Timestamp(int(moment), unit="ms", tz="UTC").as_unit("us")


def told_order(order: Mapping[str, Any], rules: MarketRules) -> Told:
    """Read an order in ccxt's form.

    Raises
    ------
    BrokerError
        If it makes no sense.
    """
    name = str(order.get("clientOrderId") or "")
    what = f"order {name or order.get('id')} for {rules.symbol}"
    at = instant(order.get("timestamp"))
    if at is None or not order.get("id"):
        raise BrokerError(f"{what}: the exchange tells no time or no number of it")
    if order.get("symbol") not in (None, rules.symbol):
        raise BrokerError(f"{what}: the exchange tells of {order['symbol']}")
    filled = decimal(order.get("filled") or "0", f"{what}: the filled amount")
    # An order for an amount of money, placed by hand, has no amount of coins.
    amount = order.get("amount")
    amount = filled if amount is None else decimal(amount, f"{what}: the amount")
    state = OrderState(
        client_order_id=name,
        broker_id=str(order["id"]),
        asset=rules.asset,
        side=order["side"],
        amount=amount,
        status=_status(order.get("status"), filled, amount, what),
        filled=filled,
        cost=_cost(order, filled, what),
        fees=fees_of([order]),
        at=at,
        reason=str(order["status"]) if order.get("status") in _ENDED else "",
    )
    trades = tuple(order["trades"]) if order.get("trades") else None
    return Told(state, trades)


def fees_of(trades: Iterable[Mapping[str, Any]]) -> tuple[Fee, ...]:
    """Return the fees of trades or of an order, one per currency."""
    sums: dict[str, Decimal] = {}
    with exact():
        for trade in trades:
            for fee in trade.get("fees") or [trade.get("fee") or {}]:
                if fee.get("currency") and fee.get("cost") is not None:
                    cost = decimal(fee["cost"], "fee")
                    sums[fee["currency"]] = sums.get(fee["currency"], ZERO) + cost
    return tuple(Fee(currency, amount) for currency, amount in sorted(sums.items()) if amount)


def _status(told: object, filled: Decimal, amount: Decimal, what: str) -> Status:
    if told in _OPEN:
        return "partial" if filled else "accepted"
    if told == "closed":
        return "filled" if filled == amount else "canceled"
    if told in _ENDED:
        return _ENDED[str(told)]
    raise BrokerError(f"{what}: the exchange tells the unknown state {str(told)[:40]!r}")


def _cost(order: Mapping[str, Any], filled: Decimal, what: str) -> Decimal:
    if not filled:
        return ZERO
    if order.get("cost") is not None:
        return decimal(order["cost"], f"{what}: the cost")
    with exact():
        return filled * decimal(order.get("average"), f"{what}: the average price")

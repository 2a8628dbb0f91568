"""Send what is written, and book what became of it: every order once, whatever happens between."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from data.errors import BrokerError, BrokerUnavailable, OrderRefused, OutcomeUnknown
from paper import steps
from paper.brokers.base import MarketRules, OrderRequest, OrderState
from paper.brokers.placing import place
from paper.events import Draft
from paper.guards import jump, price_age
from paper.money import ZERO, exact
from paper.session import Session
from paper.state import Order


def send_open(session: Session, t: pd.Timestamp) -> str:
    """Bring every open order as far to its end as the broker lets us.

    Sales come before purchases, as they were written. An order that cannot be settled now stays
    open and is taken up again by the next run, which looks it up before it sends anything. One
    that never left is not sent after its day, nor under a halt if it would add risk.

    Parameters
    ----------
    session : Session
        The ledger at work.
    t : Timestamp
        The decision time of now.

    Returns
    -------
    str
        Why orders are still open; empty where none is.
    """
    waiting = []
    for order in list(session.state.orders.values()):
        try:
            why = _settle(session, order, t)
        except OrderRefused as error:
            _end(session, order, "rejected", str(error))
            continue
        except (OutcomeUnknown, BrokerUnavailable) as error:
            why = str(error)
        if why:
            waiting.append(why)
    return "; ".join(waiting)


def _settle(session: Session, order: Order, t: pd.Timestamp) -> str:
    """Bring one order to its end; return why it is still open."""
    late = pd.Timestamp(order.decision_time) < t
    if order.sent_at is None:
        if late:
            _end(session, order, "expired", "not sent on its day")
            return ""
        if session.state.halt is not None and not _reduces(session, order):
            _end(session, order, "expired", f"halted: {session.state.halt['reason']}")
            return ""
        if doubt := _doubt(session, order):
            return doubt
    seen = _look(session, order) if late else _place(session, order)
    if seen is None:
        sent_at = pd.Timestamp(order.sent_at or order.intended_at)
        if session.clock.now() < sent_at + session.broker.settles_after:
            return f"order {order.id} for {order.asset} may still turn up at the broker"
        _end(session, order, "expired", "it never reached the broker")
        return ""
    _book(session, seen)
    return "" if seen.is_final else f"order {order.id} for {order.asset} is {seen.status}"


def _reduces(session: Session, order: Order) -> bool:
    held = session.state.book.coins.get(order.asset, ZERO)
    return (held > 0) == (order.side == "sell") and held != 0


def _doubt(session: Session, order: Order) -> str:
    """Look at the price again before an order is sent that has waited; return what is wrong."""
    if not session.rules.guarded:
        return ""
    waited = (session.clock.now() - pd.Timestamp(order.intended_at)).total_seconds() / 60
    if waited <= session.limits.price_age_minutes:
        return ""
    quotes = {order.asset: session.quote(order.asset)}
    found = [
        *price_age(quotes, session.ask(session.broker.now), session.limits),
        *jump(quotes, {order.asset: order.price}, session.limits),
    ]
    return "; ".join(one.reason for one in found)


def _look(session: Session, order: Order) -> OrderState | None:
    """Look an order of an earlier day up; it is not sent again."""
    since = pd.Timestamp(order.intended_at)
    return session.ask(lambda: session.broker.find(order.id, order.asset, since))


def _place(session: Session, order: Order) -> OrderState:
    request = OrderRequest(
        client_order_id=order.id,
        asset=order.asset,
        side=order.side,
        amount=order.quantity,
        intended_at=pd.Timestamp(order.intended_at),
    )

    def note(at: pd.Timestamp) -> None:
        number = session.state.orders[order.id].sendings + 1
        body = {"id": order.id, "sent_at": at.to_pydatetime()}
        key = f"sending:{order.id}:{number}"
        session.write([Draft("sending", at, key, body, f"intent:{order.id}")])

    steps.reached(f"sending {order.side}")
    seen = place(
        session.broker,
        request,
        session.clock,
        sent_at=None if order.sent_at is None else pd.Timestamp(order.sent_at),
        before_sending=note,
        insistence=session.insistence,
    )
    steps.reached(f"sent {order.side}")
    return seen


def _book(session: Session, seen: OrderState) -> None:
    """Book what an order has traded since it was last looked at, and its end."""
    order = session.state.orders[seen.client_order_id]
    if (seen.asset, seen.side) != (order.asset, order.side):
        raise BrokerError(
            f"order {order.id}: the broker has a {seen.side} of {seen.asset} under this name, the "
            f"ledger a {order.side} of {order.asset}: halt, and look at the account"
        )
    at, drafts = session.clock.now(), []
    with exact():
        if seen.filled > order.filled:
            key = f"fill:{order.id}:{seen.filled:f}"
            body = _fill(order, seen, session.market(order.asset))
            drafts.append(Draft("fill", at, key, body, f"intent:{order.id}"))
        if seen.is_final:
            drafts.append(_closing(order, seen.status, seen.filled, seen.reason, at))
    session.write(drafts)


def _fill(order: Order, seen: OrderState, market: MarketRules) -> Mapping[str, Any]:
    """Return a fill's body: what it changed in coins and in cash, fees where they were taken."""
    fees = {one.currency: one.amount - order.fees.get(one.currency, ZERO) for one in seen.fees}
    quantity, cost = seen.filled - order.filled, seen.cost - order.cost
    sign = 1 if order.side == "buy" else -1
    return {
        "id": order.id,
        "asset": order.asset,
        "side": order.side,
        "quantity": quantity,
        "cost": cost,
        "price": _price(cost, quantity),
        "fees": fees,
        "coins": sign * quantity - fees.get(market.base, ZERO),
        "cash": -sign * cost - fees.get(market.quote, ZERO),
        "broker_id": seen.broker_id,
        "traded_at": seen.at.to_pydatetime(),
    }


def _price(cost: Decimal, quantity: Decimal) -> Decimal:
    return (cost / quantity).quantize(Decimal("1e-12"))


def _end(session: Session, order: Order, status: str, reason: str) -> None:
    at = session.clock.now()
    session.write([_closing(order, status, order.filled, reason, at)])


def _closing(order: Order, status: str, filled: Decimal, reason: str, at: pd.Timestamp) -> Draft:
    body = {"id": order.id, "status": status, "filled": filled, "reason": reason}
    return Draft("closed", at, f"closed:{order.id}", body, f"intent:{order.id}")

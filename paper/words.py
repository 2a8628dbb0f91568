"""Amounts, moments and events of a ledger as a reader sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from paper.events import Event
from paper.standing import Standing

MINUS = "−"
Amount = Decimal | float


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def money(value: Amount) -> str:
    """Return USD to the cent."""
    return _minus(f"{value:,.2f}")


def price(value: Amount | None) -> str:
    """Return a price with the decimals that its size deserves; a dash for none."""
    if value is None:
        return "–"
    size = abs(float(value))
    digits = 2 if size >= 10 else 4 if size >= 0.01 else 8
    return _minus(f"{value:,.{digits}f}")


def quantity(value: Amount) -> str:
    """Return coins to at most eight places."""
    return _minus(f"{value:,.8f}".rstrip("0").rstrip("."))


def percent(share: Amount, digits: int = 1, *, sign: bool = True) -> str:
    """Return a decimal share as a percentage."""
    amount = round(100 * float(share), digits)
    # Nothing has no sign, and no minus before its zeros either.
    return _minus(f"{amount:+,.{digits}f}%" if sign and amount else f"{amount or 0.0:,.{digits}f}%")


def day(at: datetime) -> str:
    """Return a day."""
    return f"{at:%Y-%m-%d}"


def instant(at: datetime) -> str:
    """Return an instant to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def warnings(found: Standing) -> list[str]:
    """Return what a person must know first: halts, blocks, orders without an end."""
    lines = []
    if found.world:
        lines.append(f"SIMULATED DATA: world {found.world}. Nothing here is about the real world.")
    if found.halt is not None:
        lines.append(
            f"Halted since {found.halt['since'][:16].replace('T', ' ')} UTC "
            f"({found.halt['guard']}): {found.halt['reason']}. No order adds risk until "
            f"`plumbline paper resume --strategy {found.strategy}`."
        )
    lines += [f"Blocked by {block['guard']}: {block['reason']}." for block in found.blocks]
    lines += [
        f"Order {order.id[:8]} ({order.side} {quantity(order.quantity)} {order.asset}) has not "
        "ended."
        for order in found.orders
    ]
    return lines


def carried_out(found: Standing) -> str:
    """Say how far the last decision has been carried out."""
    if not found.settled:
        return "It is not carried out yet."
    return "It is carried out." if found.complete else "It could not be carried out in full."


def acted(decision: Mapping[str, Any]) -> str:
    """Say whether a decision gave an order, and why not."""
    silence = decision["silence"]
    if not silence:
        return str(decision["acting"])
    return silence if decision["acting"] == "no order" else f"{decision['acting']} ({silence})"


def told(event: Event) -> str:
    """Return what an event says, in a few words."""
    words = _TOLD.get(event.kind)
    return "" if words is None else words(event.content)


def _decision(body: Mapping[str, Any]) -> str:
    return f"{body['acting']}: {_weights(body['target'])}"


def _weights(weights: Mapping[str, float] | None) -> str:
    if weights is None:
        return "nothing wanted yet"
    return ", ".join(f"{name} {percent(weight, sign=False)}" for name, weight in weights.items())


def _planned(body: Mapping[str, Any]) -> str:
    left = "; ".join(f"{name} left out: {why}" for name, why in body["left_out"].items())
    return f"{body['phase']}: {len(body['orders'])} orders" + (f"; {left}" if left else "")


def _order(body: Mapping[str, Any]) -> str:
    amount = quantity(Decimal(body["quantity"]))
    return f"{body['side']} {amount} {body['asset']} at {price(Decimal(body['price']))}"


def _closed(body: Mapping[str, Any]) -> str:
    reason = f": {body['reason']}" if body["reason"] else ""
    return f"order {body['id'][:8]} {body['status']}, {quantity(Decimal(body['filled']))}{reason}"


def _equity(body: Mapping[str, Any]) -> str:
    value, model = Decimal(body["value"]), Decimal(body["model_value"])
    return f"{money(value)} USD, the backtest {money(model)}"


def _interest(body: Mapping[str, Any]) -> str:
    return f"{money(Decimal(body['amount']))} USD at {float(body['percent']):.2f}% a year"


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "opened": lambda body: f"{body['strategy']} on {body['broker']}",
    "missed": lambda body: f"{body['count']} times, {body['first'][:10]} to {body['last'][:10]}",
    "decision": _decision,
    "blocked": lambda body: f"{body['guard']}: {body['reason']}",
    "planned": _planned,
    "intent": _order,
    "sending": lambda body: f"order {body['id'][:8]}",
    "fill": _order,
    "closed": _closed,
    "interest": _interest,
    "equity": _equity,
    "delisted": lambda body: f"{body['asset']} left at {price(Decimal(body['price']))}",
    "adjusted": lambda body: f"{body['asset']}: {body['before']} to {body['after']}",
    "reconciled": lambda body: f"{len(body['differences'])} differences",
    "settled": lambda body: "in full" if body["complete"] else "not in full",
    "halted": lambda body: f"{body['guard']}: {body['reason']}",
    "resumed": lambda body: f"by {body['by']}",
}

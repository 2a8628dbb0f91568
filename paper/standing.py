"""How a paper account stands: what is held and wanted, why, and the backtest beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from paper.events import Event, moment
from paper.ledger import Ledger
from paper.money import ONE, ZERO, decimal, exact
from paper.session import recent_state
from paper.state import Order, State

RECENT = 12
CASH = "CASH"


@dataclass(frozen=True, slots=True)
class Position:
    """One coin, or the cash.

    Parameters
    ----------
    asset : str
        The coin, or ``CASH``.
    quantity : Decimal
        Coins, or USD.
    price : Decimal or None
        At the last close booked, USD; 1 for cash; None where the ledger has seen none.
    value : Decimal
        USD.
    weight : Decimal
        Share of the account, decimal.
    target : float or None
        Weight in force; None before the first order.
    """

    asset: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal
    weight: Decimal
    target: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands.

    Parameters
    ----------
    strategy, broker : str
        Whose it is and where it trades.
    world : str
        The simulated world that it lives in; empty for published figures.
    started : datetime
        First decision time.
    close : datetime
        The last close that was booked; values are of then.
    value, model_value : Decimal
        Of the account, and of the backtest beside it since the start, USD.
    initial_cash, peak, cash : Decimal
        USD.
    positions : tuple of Position
        Coins held or wanted, then the cash.
    decision : mapping or None
        The last decision as recorded.
    complete : bool
        Whether it was carried out in full.
    settled : bool
        Whether nothing is left to do for it.
    halt : mapping or None
        The halt in force.
    blocks : tuple of mappings
        What guards hold back.
    orders : tuple of Order
        Orders that have not ended.
    missed : int
        Decision times that nobody was there for.
    events : int
        Events in the ledger.
    recent : tuple of Event
        The last ones, newest first.
    """

    strategy: str
    broker: str
    world: str
    started: datetime
    close: datetime
    value: Decimal
    model_value: Decimal
    initial_cash: Decimal
    peak: Decimal
    cash: Decimal
    positions: tuple[Position, ...]
    decision: Mapping[str, Any] | None
    complete: bool
    settled: bool
    halt: Mapping[str, Any] | None
    blocks: tuple[Mapping[str, Any], ...]
    orders: tuple[Order, ...]
    missed: int
    events: int
    recent: tuple[Event, ...]

    @property
    def drift(self) -> Decimal:
        """Value less the backtest's, USD."""
        return self.value - self.model_value

    @property
    def drift_share(self) -> Decimal:
        """The drift as a share of the backtest's value, decimal."""
        return self.value / self.model_value - ONE if self.model_value else ZERO

    @property
    def change(self) -> Decimal:
        """Value over the initial cash, less one."""
        return self.value / self.initial_cash - ONE

    @property
    def drawdown(self) -> Decimal:
        """Value over the highest value, less one."""
        return min(self.value / self.peak - ONE, ZERO)


def standing(ledger: Ledger) -> Standing:
    """Return how the account of a ledger stands.

    The state is read from the last checkpoint on, and the chain checked from there.

    Raises
    ------
    Tampered
        If the events since the last checkpoint, or the checkpoint, do not match.
    """
    state, opening = recent_state(ledger), ledger.opening
    with exact():
        return Standing(
            strategy=opening.strategy,
            broker=opening.broker,
            world=str(opening.terms["world"]),
            started=opening.started,
            close=state.valued,
            value=state.value,
            model_value=state.model_value,
            initial_cash=opening.initial_cash,
            peak=state.peak,
            cash=state.book.cash,
            positions=tuple(_positions(state, _marks(ledger))),
            decision=state.decision,
            complete=state.complete,
            settled=state.settled,
            halt=state.halt,
            blocks=state.blocks,
            orders=tuple(state.orders.values()),
            missed=sum(event.content["count"] for event in ledger.of_kind("missed")),
            events=ledger.head()[0],
            recent=tuple(ledger.latest(RECENT)),
        )


def _marks(ledger: Ledger) -> dict[str, Decimal]:
    """Return the prices of the last close, and of the last orders for what came since."""
    found: dict[str, Decimal] = {}
    for event in reversed(ledger.latest(1, "equity")):
        found |= {name: decimal(price) for name, price in event.content["marks"].items()}
    for event in reversed(ledger.latest(100, "fill")):
        found.setdefault(event.content["asset"], decimal(event.content["price"]))
    return found


def _positions(state: State, marks: Mapping[str, Decimal]) -> Sequence[Position]:
    target = None if state.decision is None else state.decision["target"]
    value = state.book.value(marks)
    names = sorted({*state.book.coins, *(set(target or ()) - {CASH})})
    rows = [(name, state.book.coins.get(name, ZERO), marks.get(name)) for name in names]
    rows.append((CASH, state.book.cash, ONE))
    return [
        Position(
            asset=name,
            quantity=held,
            price=price,
            value=held * (price or ZERO),
            weight=held * (price or ZERO) / value if value else ZERO,
            target=None if target is None else target.get(name, 0.0),
        )
        for name, held, price in rows
    ]


def document(found: Standing) -> dict[str, Any]:
    """Return a standing in JSON's types; amounts are decimals as text."""
    return {
        "strategy": found.strategy,
        "broker": found.broker,
        "simulated_world": found.world or None,
        "started": found.started,
        "close": found.close,
        "value": str(found.value),
        "model_value": str(found.model_value),
        "drift": str(found.drift),
        "drift_share": float(found.drift_share),
        "change": float(found.change),
        "drawdown": float(found.drawdown),
        "cash": str(found.cash),
        "positions": [
            {
                "asset": one.asset,
                "quantity": str(one.quantity),
                "price": None if one.price is None else str(one.price),
                "value": str(one.value),
                "weight": float(one.weight),
                "target": one.target,
            }
            for one in found.positions
        ],
        "decision": found.decision,
        "settled": found.settled,
        "complete": found.complete,
        "halt": found.halt,
        "blocks": list(found.blocks),
        "open_orders": [
            {"id": o.id, "asset": o.asset, "side": o.side, "quantity": str(o.quantity)}
            for o in found.orders
        ],
        "missed": found.missed,
        "events": found.events,
    }


def ages(found: Standing, now: datetime) -> dict[str, float]:
    """Return how old things are, in hours: the last close, the decision, its data."""
    hours = {"close": found.close}
    if found.decision is not None:
        hours["decision"] = moment(found.decision["decision_time"])
        hours["data"] = moment(found.decision["data_as_of"])
    return {name: (now - at).total_seconds() / 3600 for name, at in hours.items()}

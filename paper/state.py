"""What follows from a ledger's events: holdings, open orders, the last decision, the halt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from data.errors import PaperError
from paper.book import Book
from paper.brokers.base import Side
from paper.events import Event, moment
from paper.money import ZERO, decimal, exact


@dataclass(frozen=True, slots=True)
class Order:
    """An order that has not ended.

    Parameters
    ----------
    id : str
        Client order id.
    asset, side, quantity
        What was decided, in coins.
    decision_time : datetime
        The decision that it carries out.
    price : Decimal
        Price that it was decided on.
    intended_at : datetime
        When the intent was written.
    filled, cost : Decimal
        Booked so far: coins, and USD without fees.
    fees : mapping of str to Decimal
        Booked so far, by currency.
    sent_at : datetime or None
        When it may last have been sent.
    sendings : int
        How often it may have been sent.
    """

    id: str
    asset: str
    side: Side
    quantity: Decimal
    price: Decimal
    decision_time: datetime
    intended_at: datetime
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    sent_at: datetime | None = None
    sendings: int = 0


@dataclass(slots=True)
class State:
    """Everything the loop must know of its past.

    Parameters
    ----------
    book : Book
        Cash and coins.
    model : Book
        What the backtest would hold: the same decisions, filled at the daily opens.
    peak : Decimal
        Highest value so far, since the last resumption.
    value, model_value : Decimal
        At the last close that was booked.
    valued : datetime
        That close.
    decision : mapping or None
        Body of the last decision.
    decided : datetime or None
        Its time.
    phases : tuple of str
        Phases of it whose orders are all written.
    plans : int
        How often orders were planned for it.
    ordered : tuple of str
        Coins that it has ordered already.
    traded : Decimal
        What it has traded, USD, purchases and sales.
    short : bool
        Whether one of its orders did not fill in full.
    settled : bool
        Whether it is carried out, or as far as it can be.
    complete : bool
        Whether it was carried out in full.
    orders : dict of str to Order
        Orders that have not ended.
    halt : mapping or None
        Body of the halt in force.
    blocks : tuple of mappings
        What guards said since the last decision was settled.
    assets : tuple of str
        Coins ever ordered.
    """

    book: Book
    model: Book
    peak: Decimal
    value: Decimal
    model_value: Decimal
    valued: datetime
    decision: Mapping[str, Any] | None = None
    decided: datetime | None = None
    phases: tuple[str, ...] = ()
    plans: int = 0
    ordered: tuple[str, ...] = ()
    traded: Decimal = ZERO
    short: bool = False
    settled: bool = True
    complete: bool = True
    orders: dict[str, Order] = field(default_factory=dict)
    halt: Mapping[str, Any] | None = None
    blocks: tuple[Mapping[str, Any], ...] = ()
    assets: tuple[str, ...] = ()

    def apply(self, event: Event) -> None:
        """Take in the next event.

        Raises
        ------
        PaperError
            If it cannot follow on what was before.
        """
        try:
            _STEPS[event.kind](self, event.content)
        except PaperError as error:
            raise PaperError(f"event {event.seq} ({event.at}): {error}") from None

    def json(self) -> dict[str, Any]:
        """Return the state in JSON's types, for a checkpoint."""
        return {
            "book": _book_json(self.book),
            "model": _book_json(self.model),
            "peak": self.peak,
            "value": self.value,
            "model_value": self.model_value,
            "valued": self.valued,
            "decision": self.decision,
            "decided": self.decided,
            "phases": self.phases,
            "plans": self.plans,
            "ordered": self.ordered,
            "traded": self.traded,
            "short": self.short,
            "settled": self.settled,
            "complete": self.complete,
            "orders": [
                {name: getattr(order, name) for name in Order.__slots__}
                for order in self.orders.values()
            ],
            "halt": self.halt,
            "blocks": self.blocks,
            "assets": self.assets,
        }


def initial(first: Event) -> State:
    """Return the state after the first event."""
    body = first.content
    cash, started = decimal(body["initial_cash"]), moment(body["started"])
    book = Book(cash, {})
    return State(book, book, cash, cash, cash, started)


def state_of(events: Iterable[Event]) -> State:
    """Return the state after all `events`, from the first one on."""
    rest = iter(events)
    state = initial(next(rest))
    return advanced(state, rest)


def advanced(state: State, events: Iterable[Event]) -> State:
    """Return `state` after more events; it is changed in place."""
    with exact():
        for event in events:
            state.apply(event)
    return state


def restored(written: Mapping[str, Any]) -> State:
    """Return the state that :meth:`State.json` wrote."""
    return State(
        book=_book(written["book"]),
        model=_book(written["model"]),
        peak=decimal(written["peak"]),
        value=decimal(written["value"]),
        model_value=decimal(written["model_value"]),
        valued=moment(written["valued"]),
        decision=written["decision"],
        decided=None if written["decided"] is None else moment(written["decided"]),
        phases=tuple(written["phases"]),
        plans=written["plans"],
        ordered=tuple(written["ordered"]),
        traded=decimal(written["traded"]),
        short=written["short"],
        settled=written["settled"],
        complete=written["complete"],
        orders={row["id"]: _order(row) for row in written["orders"]},
        halt=written["halt"],
        blocks=tuple(written["blocks"]),
        assets=tuple(written["assets"]),
    )


def _order(row: Mapping[str, Any]) -> Order:
    return Order(
        id=row["id"],
        asset=row["asset"],
        side=row["side"],
        quantity=decimal(row["quantity"]),
        price=decimal(row["price"]),
        decision_time=moment(row["decision_time"]),
        intended_at=moment(row["intended_at"]),
        filled=decimal(row.get("filled", 0)),
        cost=decimal(row.get("cost", 0)),
        fees={name: decimal(fee) for name, fee in row.get("fees", {}).items()},
        sent_at=moment(row["sent_at"]) if row.get("sent_at") else None,
        sendings=row.get("sendings", 0),
    )


def _book_json(book: Book) -> dict[str, Any]:
    return {"cash": book.cash, "coins": dict(book.coins)}


def _book(written: Mapping[str, Any]) -> Book:
    coins = {name: decimal(held) for name, held in written["coins"].items()}
    return Book(decimal(written["cash"]), coins)


def _moved(book: Book, asset: str, coins: Decimal, cash: Decimal) -> Book:
    left = {**book.coins, asset: book.coins.get(asset, ZERO) + coins}
    if not left[asset]:
        del left[asset]
    return Book(book.cash + cash, left)


def _decision(state: State, body: Mapping[str, Any]) -> None:
    state.decision, state.decided = body, moment(body["decision_time"])
    state.phases, state.plans, state.ordered, state.blocks = (), 0, (), ()
    state.settled, state.complete, state.short, state.traded = False, False, False, ZERO


def _blocked(state: State, body: Mapping[str, Any]) -> None:
    state.blocks = (*state.blocks, body)


def _planned(state: State, body: Mapping[str, Any]) -> None:
    state.plans += 1
    if body["done"]:
        state.phases = (*state.phases, body["phase"])


def _intent(state: State, body: Mapping[str, Any]) -> None:
    if body["id"] in state.orders:
        raise PaperError(f"order {body['id']} is written twice")
    state.orders[body["id"]] = _order(body)
    state.ordered = (*state.ordered, body["asset"])
    if body["asset"] not in state.assets:
        state.assets = (*state.assets, body["asset"])


def _sending(state: State, body: Mapping[str, Any]) -> None:
    order = state.orders[body["id"]]
    at = moment(body["sent_at"])
    state.orders[order.id] = replace(order, sent_at=at, sendings=order.sendings + 1)


def _fill(state: State, body: Mapping[str, Any]) -> None:
    order = state.orders.get(body["id"])
    if order is None:
        raise PaperError(f"a fill of order {body['id']}, which is not open")
    fees = dict(order.fees)
    for name, fee in body["fees"].items():
        fees[name] = fees.get(name, ZERO) + decimal(fee)
    state.orders[order.id] = replace(
        order,
        filled=order.filled + decimal(body["quantity"]),
        cost=order.cost + decimal(body["cost"]),
        fees=fees,
    )
    state.book = _moved(state.book, order.asset, decimal(body["coins"]), decimal(body["cash"]))
    state.traded += decimal(body["cost"])


def _closed(state: State, body: Mapping[str, Any]) -> None:
    state.orders.pop(body["id"])
    state.short = state.short or body["status"] != "filled"


def _interest(state: State, body: Mapping[str, Any]) -> None:
    state.book = state.book.with_interest(decimal(body["amount"]))


def _left(state: State, body: Mapping[str, Any]) -> None:
    state.book = _moved(state.book, body["asset"], decimal(body["coins"]), decimal(body["cash"]))


def _equity(state: State, body: Mapping[str, Any]) -> None:
    state.value, state.model_value = decimal(body["value"]), decimal(body["model_value"])
    state.valued, state.model = moment(body["close"]), _book(body["model"])
    state.peak = max(state.peak, state.value)


def _settled(state: State, body: Mapping[str, Any]) -> None:
    state.settled, state.complete = True, body["complete"]
    state.blocks = ()


def _halted(state: State, body: Mapping[str, Any]) -> None:
    state.halt = body


def _resumed(state: State, _body: Mapping[str, Any]) -> None:
    # A drawdown is counted anew, or the halt would be back at once.
    state.halt, state.peak = None, state.value


def _nothing(_state: State, _body: Mapping[str, Any]) -> None:
    """Take an event that tells something and changes nothing."""


_STEPS: Mapping[str, Callable[[State, Mapping[str, Any]], None]] = {
    "missed": _nothing,
    "decision": _decision,
    "blocked": _blocked,
    "planned": _planned,
    "intent": _intent,
    "sending": _sending,
    "fill": _fill,
    "closed": _closed,
    "interest": _interest,
    "equity": _equity,
    "delisted": _left,
    "adjusted": _left,
    "reconciled": _nothing,
    "settled": _settled,
    "halted": _halted,
    "resumed": _resumed,
}

"""From a decision to orders: priced, guarded, sized to the market's steps, written before sent.

Reductions of what is held in coins are planned, sent and booked first; then increases, on the cash
that is really there. Both are sized by :func:`paper.book.trades`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, TypeAlias

import pandas as pd

from data.errors import BelowMinimum
from paper import guards
from paper.accounting import target_of
from paper.book import Book, Trade, trades
from paper.brokers.base import Quote
from paper.events import Draft
from paper.guards import Finding
from paper.money import ZERO, exact
from paper.prices import Prices
from paper.session import Session

Phase: TypeAlias = Literal["sales", "purchases"]
PHASES: tuple[Phase, ...] = ("sales", "purchases")


@dataclass(frozen=True, slots=True)
class Plan:
    """The orders of one phase, and what stays undone.

    Parameters
    ----------
    orders : tuple of Trade
        To be sent, in this order.
    left_out : mapping of str to str
        Coin to why it is not traded.
    findings : tuple of Finding
        What the guards said.
    done : bool
        Whether nothing was left out that could still be ordered.
    """

    orders: tuple[Trade, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    done: bool = True


def order_id(run: str, asset: str, decision_time: pd.Timestamp, weight: float) -> str:
    """Return the client order id of a coin in a decision: 32 hex digits, always the same."""
    text = f"{run}|{asset}|{decision_time:%Y-%m-%dT%H:%M:%SZ}|{float(weight)!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def plan(
    session: Session,
    phase: Phase,
    weights: Mapping[str, float],
    quotes: Mapping[str, Quote],
    prices: Prices,
    findings: Sequence[Finding],
    ordered: Collection[str] = (),
) -> Plan:
    """Return the orders of one phase.

    Parameters
    ----------
    session : Session
        Holdings, costs, limits.
    phase : {"sales", "purchases"}
        Which orders.
    weights : mapping of str to float
        The decision's target.
    quotes : mapping of str to Quote
        The broker's prices; a coin without one stays as it is.
    prices : Prices
        Last closes.
    findings : sequence of Finding
        What guards have said before the orders were known.
    ordered : collection of str
        Coins that the decision has ordered already: each is ordered once.
    """
    book, now = session.state.book, pd.Timestamp(session.state.valued)
    with exact():
        marks = prices.mark(now, {*book.coins, *quotes})
        at = {name: quote.price for name, quote in quotes.items()}
        wanted = trades(book, target_of(weights), at, marks, session.terms)
        every = list(findings)
        if session.rules.guarded:
            every += guards.turnover(
                wanted, session.state.traded, book.value({**marks, **at}), session.limits
            )
            every += guards.gross(book, wanted, {**marks, **at}, session.limits)
        side = "sell" if phase == "sales" else "buy"
        due = [one for one in wanted if one.side == side and one.asset not in ordered]
        return _sized(session, due, quotes, every)


def _sized(
    session: Session, due: Sequence[Trade], quotes: Mapping[str, Quote], findings: list[Finding]
) -> Plan:
    """Round orders to their markets' steps, and hold back what a guard forbids."""
    orders, left_out, done = list[Trade](), dict[str, str](), True
    for trade in due:
        quote = quotes[trade.asset]
        allowed, why = _allowed(session, trade, quote, guards.covering(findings, trade.asset))
        if why:
            left_out[trade.asset], done = why, False
        if allowed == 0:
            continue
        try:
            size = session.market(trade.asset).sized(allowed, quote.price)
        except BelowMinimum as error:
            left_out[trade.asset] = str(error)
            continue
        orders.append(replace(trade, quantity=size, price=quote.price))
    return Plan(tuple(orders), left_out, tuple(findings), done)


def _allowed(
    session: Session, trade: Trade, quote: Quote, findings: Sequence[Finding]
) -> tuple[Decimal, str]:
    """Return how much of a trade the guards let through, and why not the rest."""
    if not findings:
        return trade.quantity, ""
    reduction = reducing(session.state.book, trade)
    why = "; ".join(f"{finding.guard}: {finding.reason}" for finding in findings)
    if reduction == 0:
        return ZERO, why
    doubt = guards.confirmed(quote, session.confirm, session.limits)
    if doubt:
        return ZERO, f"{why}; and {doubt}"
    return reduction, "" if reduction == trade.quantity else why


def reducing(book: Book, trade: Trade) -> Decimal:
    """Return how much of a trade brings its holding closer to nothing."""
    held = book.coins.get(trade.asset, ZERO)
    if held == 0 or (held > 0) == (trade.side == "buy"):
        return ZERO
    return min(abs(held), trade.quantity)


def written(
    found: Plan,
    phase: Phase,
    weights: Mapping[str, float],
    run: str,
    decision_time: pd.Timestamp,
    number: int,
    at: pd.Timestamp,
) -> list[Draft]:
    """Return the events that write a plan down: the plan, then its intents.

    Parameters
    ----------
    found : Plan
        The orders.
    phase, weights, decision_time
        What they belong to.
    run : str
        The ledger's.
    number : int
        Which plan of the decision it is, from 1.
    at : Timestamp
        Now.
    """
    ids = {
        one.asset: order_id(run, one.asset, decision_time, weights.get(one.asset, 0.0))
        for one in found.orders
    }
    key = f"planned:{decision_time:%Y-%m-%d}:{number}"
    body = {
        "phase": phase,
        "orders": list(ids.values()),
        "left_out": dict(found.left_out),
        "done": found.done,
    }
    drafts = [Draft("planned", at, key, body, f"decision:{decision_time:%Y-%m-%d}")]
    for one in found.orders:
        intent = {
            "id": ids[one.asset],
            "asset": one.asset,
            "side": one.side,
            "quantity": one.quantity,
            "price": one.price,
            "weight": weights.get(one.asset, 0.0),
            "decision_time": decision_time.to_pydatetime(),
            "intended_at": at.to_pydatetime(),
        }
        drafts.append(Draft("intent", at, f"intent:{ids[one.asset]}", intent, key))
    return drafts

"""Bring the books up to a close: interest, value, delistings, and the backtest beside them.

The *model* is what the backtest holds: the same decisions, filled at the open of the next daily
bar at the engine's costs, with decimals and without the engine. What the account is worth less
than it is the price of acting live: other prices, steps of markets, guards, missed ticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from paper.book import Book, Target, Terms, Trade, trades
from paper.events import Draft
from paper.money import ONE, ZERO, decimal, exact
from paper.prices import DAY, Prices
from paper.session import Decided, Session
from strategies.decision import Decision
from strategies.strategy import CASH


def target_of(weights: Mapping[str, float]) -> Target:
    """Return wanted weights as decimals."""
    coins = {
        name: decimal(float(weight))
        for name, weight in weights.items()
        if weight != 0.0 and name != CASH
    }
    return Target(coins, decimal(float(weights[CASH])))


def bring_up(session: Session, decided: Decided, prices: Prices, t: pd.Timestamp) -> None:
    """Book every close since the last one booked, up to `t`.

    Nothing is booked twice: each day's interest, value and delistings carry the day in their
    keys, and the broker is told of them under the same names before the ledger is.
    """
    while (day := pd.Timestamp(session.state.valued) + DAY) <= t:
        with exact():
            drafts, moves = _day(session, decided, prices, day)
        adjusting = session.adjusting()
        if adjusting is not None:
            for name, currency, amount in moves:
                adjusting.adjust(name, currency, amount)
        session.write(drafts)


def _day(
    session: Session, decided: Decided, prices: Prices, day: pd.Timestamp
) -> tuple[list[Draft], list[tuple[str, str, Decimal]]]:
    """Return the events of one close, and what moves the broker's balances."""
    state, terms = session.state, session.terms
    drafts, moves, book = list[Draft](), list[tuple[str, str, Decimal]](), state.book
    percent = prices.rate(day - DAY)
    if session.adjusting() is not None and book.cash:
        amount = book.interest(percent, terms)
        key = f"interest:{day:%Y-%m-%d}"
        drafts.append(Draft("interest", day, key, {"amount": amount, "percent": percent}))
        moves.append((key, _currency(session), amount))
        book = book.with_interest(amount)
    model = _model(state.model, _last_order(session, decided, day - DAY), prices, day, terms)
    drafts.append(_equity(book, model, prices, day))
    if session.adjusting() is not None:
        for trade in _leaving(book, prices, day + DAY, terms):
            key = f"delisted:{trade.asset}:{day:%Y-%m-%d}"
            body = {"asset": trade.asset, "coins": trade.coins, "cash": trade.cash}
            drafts.append(Draft("delisted", day, key, {**body, "price": trade.price}))
            moves.append((f"{key}:coins", session.market(trade.asset).base, trade.coins))
            moves.append((f"{key}:cash", _currency(session), trade.cash))
    return drafts, moves


def _currency(session: Session) -> str:
    return str(session.ledger.opening.terms["currency"])


def _equity(book: Book, model: Book, prices: Prices, day: pd.Timestamp) -> Draft:
    marks = prices.mark(day, {*book.coins, *model.coins})
    body = {
        "close": day,
        "value": book.value(marks),
        "cash": book.cash,
        "coins": dict(book.coins),
        "marks": marks,
        "model_value": model.value(marks),
        "model": {"cash": model.cash, "coins": dict(model.coins)},
    }
    return Draft("equity", day, f"equity:{day:%Y-%m-%d}", body)


def _last_order(session: Session, decided: Decided, t: pd.Timestamp) -> Target | None:
    """Return what the backtest orders at `t`: as recorded, or for a missed time as computed."""
    state = session.state
    first = t == pd.Timestamp(session.ledger.opening.started)
    if state.decision is not None and state.decided == t:
        weights = state.decision["target" if first else "weights"]
    else:
        decision = decided.at(t)
        weights = decision.target if first else decision.weights
    return None if weights is None else target_of(weights)


def _model(
    book: Book, target: Target | None, prices: Prices, day: pd.Timestamp, terms: Terms
) -> Book:
    """Return the backtest's book after the bar that closes at `day`."""
    for trade in _leaving(book, prices, day, terms):
        book = book.after(trade)
    if target is not None:
        names = {*book.coins, *target.weights}
        marks, quotes = prices.mark(day - DAY, names), prices.open(day, names)
        for trade in trades(book, target, quotes, marks, terms):
            book = book.after(trade)
    return book.with_interest(book.interest(prices.rate(day - DAY), terms))


def _leaving(book: Book, prices: Prices, close: pd.Timestamp, terms: Terms) -> Sequence[Trade]:
    """Return the exits of holdings whose coin is delisted at the open of a bar."""
    found = []
    for name in prices.leaving(close, tuple(book.coins)):
        held = book.coins[name]
        worse = terms.delisting_discount if held > 0 else -terms.delisting_discount
        last = prices.mark(close - DAY, (name,))[name]
        side: Any = "sell" if held > 0 else "buy"
        found.append(Trade(name, side, abs(held), last * (ONE - worse), ZERO))
    return found


def decision_body(decision: Decision, acting: str) -> dict[str, Any]:
    """Return a decision as it is recorded: weights that are not zero, to the bit."""
    return {
        "decision_time": decision.decision_time.to_pydatetime(),
        "data_as_of": decision.data_as_of.to_pydatetime(),
        "weights": _kept(decision.weights),
        "target": _kept(decision.target),
        "acting": acting,
        "known": decision.known,
        "stale": [str(item) for item in decision.stale],
        "silence": decision.silence,
        "reason": decision.reason,
        "snapshot_id": decision.snapshot_id,
    }


def _kept(weights: Mapping[str, float] | None) -> dict[str, float] | None:
    if weights is None:
        return None
    return {name: float(w) for name, w in weights.items() if w != 0.0 or name == CASH}

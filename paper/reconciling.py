"""Ledger and broker side by side."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from data.errors import PaperError
from paper.events import Draft
from paper.money import CENT, ZERO, exact
from paper.session import Session

# Coins are counted by exchanges to eight places or more.
COIN_DUST = Decimal("1e-8")
CASH = "CASH"


@dataclass(frozen=True, slots=True)
class Difference:
    """A balance that ledger and broker tell differently.

    Parameters
    ----------
    asset : str
        The coin, or ``CASH``.
    ledger, broker : Decimal
        What each says; the broker's less what the account held before the ledger began.
    """

    asset: str
    ledger: Decimal
    broker: Decimal

    def __str__(self) -> str:
        return f"{self.asset}: the ledger has {self.ledger:f}, the broker {self.broker:f}"


def differences(session: Session) -> list[Difference]:
    """Compare every coin that was ever ordered, and the cash, with the broker's balances."""
    opening, book = session.ledger.opening, session.state.book
    balances, before = session.ask(session.broker.balances), opening.terms["baseline"]
    with exact():
        cash = balances.of(opening.terms["currency"]) - Decimal(before.get(CASH, "0"))
        found = [] if abs(cash - book.cash) < CENT else [Difference(CASH, book.cash, cash)]
        for asset in sorted({*book.coins, *session.state.assets}):
            held = book.coins.get(asset, ZERO)
            there = balances.of(session.market(asset).base) - Decimal(before.get(asset, "0"))
            if abs(there - held) > COIN_DUST:
                found.append(Difference(asset, held, there))
    return found


def take_over(session: Session, found: list[Difference]) -> None:
    """Take the broker's balances over, by hand.

    Raises
    ------
    PaperError
        While orders are open: what they will do is not known yet.
    """
    if session.state.orders:
        raise PaperError(
            f"{len(session.state.orders)} orders are open: run `plumbline paper once` first"
        )
    at, number = session.clock.now(), session.ledger.head()[0]
    drafts = []
    for one in found:
        change = one.broker - one.ledger
        is_cash = one.asset == CASH
        body = {
            "asset": one.asset,
            "before": one.ledger,
            "after": one.broker,
            "coins": ZERO if is_cash else change,
            "cash": change if is_cash else ZERO,
        }
        drafts.append(Draft("adjusted", at, f"adjusted:{number}:{one.asset}", body))
    session.write(drafts)


def noted(session: Session, found: list[Difference], at: pd.Timestamp) -> Draft:
    """Return the event that records a comparison."""
    rows = [{"asset": d.asset, "ledger": d.ledger, "broker": d.broker} for d in found]
    return Draft("reconciled", at, f"reconciled:{session.ledger.head()[0]}", {"differences": rows})

"""One process at work on one ledger: the ledger, what follows from it, the broker, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import pandas as pd

from data.errors import Tampered
from data.sources.clock import Clock
from paper.book import Terms
from paper.brokers.base import Broker, MarketRules, Quote
from paper.brokers.placing import Insistence, patiently
from paper.config import Limits
from paper.events import Draft, body_text
from paper.guards import Confirm
from paper.ledger import Ledger
from paper.money import decimal
from paper.prices import Prices
from paper.state import State, advanced, restored, state_of
from strategies.decision import Decision

T = TypeVar("T")


class Decided(Protocol):
    """What a strategy decided at each decision time."""

    def at(self, t: pd.Timestamp) -> Decision:
        """Return the decision of a decision time."""


class Knowledge(Protocol):
    """What is known at a decision time; loaded only when it is needed."""

    def __call__(self, t: pd.Timestamp) -> tuple[Decided, Prices]:
        """Return the decisions up to `t`, and the bars that had closed by then."""


class Adjusting(Protocol):
    """A broker whose balances can be moved: interest and delistings reach the account."""

    def adjust(self, name: str, currency: str, amount: Decimal) -> None:
        """Add to a balance, once for each name."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the loop acts.

    Parameters
    ----------
    guarded : bool
        Whether guards are asked. A replay of history asks none: backtests have none.
    absent : {"refuse", "leave"}
        What to do about a wanted coin without a market: refuse to go on, or leave its holding
        as it is, as backtests do where a bar is missing.
    """

    guarded: bool = True
    absent: str = "refuse"


ENGINE = Rules(guarded=False, absent="leave")


class Session:
    """A ledger at work.

    Parameters
    ----------
    ledger : Ledger
        Checked already, see :meth:`Ledger.check`.
    state : State
        What follows from its events.
    broker : Broker
        Where orders go.
    limits : Limits
        What the guards compare with.
    clock : Clock
        The loop's own.
    confirm : callable
        Asset to the price on a second venue, None where there is none.
    rules : Rules
        How it acts.
    """

    def __init__(
        self,
        ledger: Ledger,
        state: State,
        broker: Broker,
        limits: Limits,
        clock: Clock,
        confirm: Confirm,
        rules: Rules | None = None,
    ) -> None:
        self.ledger, self.state, self.broker = ledger, state, broker
        self.limits, self.clock, self.confirm = limits, clock, confirm
        self.rules = rules or Rules()
        self.terms = terms_of(ledger.opening.terms)
        self._seen = ledger.head()[0]

    def write(self, drafts: Sequence[Draft]) -> None:
        """Write events, all or none, and take them in."""
        self.ledger.append(drafts)
        advanced(self.state, self.ledger.events(self._seen))
        self._seen += len(drafts)

    def keep(self) -> None:
        """Keep a checkpoint of the state; not of one that an interruption left behind."""
        if self._seen == self.ledger.head()[0]:
            self.ledger.keep(self.state.json())

    @property
    def insistence(self) -> Insistence:
        """How long to insist on an answer of the broker."""
        return Insistence(longest_wait=self.limits.patience_seconds)

    def ask(self, call: Callable[[], T]) -> T:
        """Make a call to the broker that changes nothing, until it answers.

        Raises
        ------
        BrokerUnavailable
            If it does not for long.
        """
        return patiently(call, self.clock, self.insistence)

    def market(self, asset: str) -> MarketRules:
        """Return the broker's market of a coin."""
        return self.ask(lambda: self.broker.market(asset))

    def quote(self, asset: str) -> Quote:
        """Return the broker's price of a coin."""
        return self.ask(lambda: self.broker.quote(asset))

    def adjusting(self) -> Adjusting | None:
        """Return the broker, where its balances can be moved."""
        broker: Any = self.broker
        return broker if hasattr(broker, "adjust") else None


def terms_of(written: Mapping[str, Any]) -> Terms:
    """Return the costs that a ledger was opened with."""
    return Terms(
        fee=decimal(written["fee"]),
        slippage=decimal(written["slippage"]),
        borrow_percent=decimal(written["borrow_percent"]),
        delisting_discount=decimal(written["delisting_discount"]),
    )


def verified_state(ledger: Ledger) -> State:
    """Return the state after the last event, every event checked."""
    return state_of(ledger.verify())


def recent_state(ledger: Ledger) -> State:
    """Return the state after the last event, from the last checkpoint on."""
    kept = ledger.checkpoint()
    if kept is None:
        return verified_state(ledger)
    return advanced(restored(kept.state), ledger.verify(kept))


def checked_state(ledger: Ledger) -> State:
    """Return the state after the last event, the whole chain checked, to work on."""
    ledger.check_chain()
    return recent_state(ledger)


def audited_state(ledger: Ledger) -> State:
    """Return the state that follows from every event, and hold the checkpoint against it.

    Raises
    ------
    Tampered
        If an event was edited, or the checkpoint says something else than the events.
    """
    state = verified_state(ledger)
    if body_text(recent_state(ledger).json()) != body_text(state.json()):
        raise Tampered(
            f"{ledger.path}: the checkpoint does not follow from the events: the ledger was "
            "edited; restore it from a copy or move it away"
        )
    return state

"""Run the loop at a desk: once, or for as long as it is left to."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from data.errors import (
    BrokerUnavailable,
    DataError,
    Halted,
    OutcomeUnknown,
    SourceError,
    StoreError,
)
from paper.desk import Desk
from paper.events import Draft
from paper.ledger import Ledger
from paper.loop import Outcome, tick
from paper.notices import tell
from paper.page import refresh
from paper.prices import DAY
from paper.reconciling import Difference, differences, noted, take_over
from paper.session import Session, audited_state, checked_state

# What may be over the next time: a broker or a publisher that does not answer, a locked store.
PASSING = (BrokerUnavailable, OutcomeUnknown, DataError, SourceError, StoreError)


def once(desk: Desk, warn: Callable[[str], None]) -> Outcome:
    """Do what is due at a desk now, keep a checkpoint, refresh the page.

    Parameters
    ----------
    desk : Desk
        Whose account.
    warn : callable
        Hears in one line what went wrong beside the loop: a webhook that did not answer.

    Raises
    ------
    PaperError
        If ledger or broker cannot be gone on with.
    Locked
        If another process is at work on this account.
    """
    desk = desk.reading_once()
    with desk.session() as session:
        before = session.ledger.head()[0]
        try:
            return tick(session, desk.knowledge, kill=desk.kill())
        finally:
            if session.ledger.head()[0] != before:
                session.keep()
                refresh(session.ledger, desk.page_path, session.clock.now())
                _notify(desk, session, before, warn)


def _notify(desk: Desk, session: Session, before: int, warn: Callable[[str], None]) -> None:
    if not desk.config.webhook:
        return
    for event in session.ledger.events(before):
        if event.kind in ("blocked", "halted", "missed"):
            try:
                tell(desk.config.webhook, desk.strategy.name, event, desk.clock)
            except SourceError as error:
                warn(str(error))


def run(
    desk: Desk,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    *,
    until: pd.Timestamp | None = None,
) -> None:
    """Act at every decision time, and again while something waits or is blocked.

    Parameters
    ----------
    desk : Desk
        Whose account; its clock is slept on.
    say, warn : callable
        Hear in one line what each run came to, and what went wrong.
    until : Timestamp, optional
        When to stop; never by default.

    Raises
    ------
    PaperError
        If ledger or broker cannot be gone on with: that is for a person to look at.
    """
    while until is None or desk.clock.now() <= until:
        again = True
        try:
            outcome = once(desk, warn)
        except PASSING as error:
            warn(str(error))
        else:
            say(sentence(outcome))
            again = outcome.status in ("waiting", "blocked")
        desk.clock.sleep(_pause(desk, again=again))


def _pause(desk: Desk, *, again: bool) -> float:
    """Return the seconds until the next run."""
    now = desk.clock.now()
    due = now.floor("D") + DAY + pd.Timedelta(minutes=desk.config.after_midnight_minutes)
    if again:
        due = min(due, now + pd.Timedelta(minutes=desk.config.retry_minutes))
    return float((due - now).total_seconds())


def sentence(outcome: Outcome) -> str:
    """Say in one line what a tick came to."""
    reasons = f": {'; '.join(outcome.reasons)}" if outcome.reasons else ""
    return f"decision of {outcome.decision_time:%Y-%m-%d}: {outcome.status}{reasons}"


def halt(desk: Desk, reason: str) -> None:
    """Stop trading by hand: no order adds risk until it is resumed.

    A ledger that is halted already stays as it is.
    """
    with desk.locked(), desk.ledger() as ledger:
        if checked_state(ledger).halt is None:
            at = desk.clock.now()
            body = {"guard": "by hand", "reason": reason, "since": at.to_pydatetime()}
            _note(desk, ledger, Draft("halted", at, f"halted:{ledger.head()[0]}", body))


def resume(desk: Desk) -> bool:
    """Let trading go on; return whether it was halted.

    Raises
    ------
    Halted
        While a kill file is there.
    """
    if why := desk.kill():
        raise Halted(why)
    with desk.locked(), desk.ledger() as ledger:
        halted = checked_state(ledger).halt is not None
        if halted:
            at = desk.clock.now()
            _note(desk, ledger, Draft("resumed", at, f"resumed:{ledger.head()[0]}", {"by": "hand"}))
    return halted


def _note(desk: Desk, ledger: Ledger, draft: Draft) -> None:
    ledger.append([draft])
    ledger.keep(checked_state(ledger).json())
    refresh(ledger, desk.page_path, desk.clock.now())


def reconcile(desk: Desk, *, accept: bool = False) -> list[Difference]:
    """Compare ledger and broker, and record it; `accept` takes the broker's balances over.

    Raises
    ------
    PaperError
        If balances are to be taken over while orders are open.
    Tampered
        If an event was edited, or the checkpoint does not follow from the events.
    """
    with desk.reading_once().session() as session:
        audited_state(session.ledger)
        found = differences(session)
        session.write([noted(session, found, session.clock.now())])
        if accept and found:
            take_over(session, found)
        session.keep()
        refresh(session.ledger, desk.page_path, session.clock.now())
    return found

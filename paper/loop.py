"""One tick of the paper loop: what is begun is finished, what is due is done, nothing twice.

A tick at any moment of a day (UTC) carries out the decision of that day's 00:00. Its steps, each
written to the ledger before the next begins:

1. orders that an earlier run left open are looked up at the broker and brought to their end;
2. ledger and broker are compared;
3. every close since the last one is booked: interest, value, delistings;
4. the strategy decides, once the broker has shown a price for every coin that is concerned;
5. sales are planned, sent and booked, then purchases, on the cash that is there by then;
6. the decision is settled.

A run that dies anywhere is taken up by the next one at the step that is not written yet. An order
is sent only after its intent is on disk, and looked up before it is sent again.

Catch-up: when ticks were missed, the loop decides once, for now. The target in force now is
traded to, those of the missed times are not; the missed times are recorded. The same holds after
a decision that could not be carried out in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from data.errors import NoMarket, PaperError
from paper import guards
from paper.accounting import bring_up, decision_body
from paper.brokers.base import Quote
from paper.events import Draft, stamp
from paper.guards import Finding
from paper.money import CENT
from paper.planning import PHASES, Phase, plan, written
from paper.prices import DAY, Prices
from paper.reconciling import differences
from paper.sending import send_open
from paper.session import Knowledge, Session
from strategies.decision import Decision
from strategies.market import BTC
from strategies.strategy import CASH

Status: TypeAlias = Literal["done", "nothing to do", "waiting", "blocked"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tick came to.

    Parameters
    ----------
    status : {"done", "nothing to do", "waiting", "blocked"}
        ``waiting``: an order is not at its end; ``blocked``: a guard held something back. Both
        are taken up again by the next tick.
    decision_time : Timestamp
        The decision it was about.
    reasons : tuple of str
        Why it waits or is blocked.
    """

    status: Status
    decision_time: pd.Timestamp
    reasons: tuple[str, ...] = ()


def tick(session: Session, knowledge: Knowledge, *, kill: str = "") -> Outcome:
    """Do what is due now.

    Parameters
    ----------
    session : Session
        The ledger at work.
    knowledge : Knowledge
        Asked for decisions and prices when a decision is due.
    kill : str
        Why trading must stop at once; empty where nothing says so.

    Raises
    ------
    PaperError
        If ledger, prices or broker cannot be gone on with; nothing is decided then.
    """
    t, state = session.clock.now().floor("D"), session.state
    if state.decided is not None and t < pd.Timestamp(state.decided):
        raise PaperError(
            f"{session.ledger.path} is at the decision of {state.decided:%Y-%m-%d}, the clock at "
            f"{t:%Y-%m-%d}: a ledger never goes back; set the clock, or --at"
        )
    if kill and state.halt is None:
        _halt(session, "kill_file", kill)
    if waiting := send_open(session, t):
        return Outcome("waiting", t, (waiting,))
    if state.decided == t and state.settled:
        return Outcome("nothing to do", t)
    found = _compared(session)
    decided, prices = knowledge(t)
    if state.decided != t:
        if missing := _not_there(prices, t):
            return _blocked(session, t, [*found, *missing])
        decision = decided.at(t)
        weights, acting = _traded_to(session, decision, t)
        _quotes(session, weights)
        bring_up(session, decided, prices, t)
        _decide(session, decision, t, acting)
    return _carry_out(session, t, prices, found)


def _not_there(prices: Prices, t: pd.Timestamp) -> list[Finding]:
    if prices.newest(BTC) >= t:
        return []
    return [
        Finding(
            "stale",
            f"the last daily bar of {BTC} closes at {prices.newest(BTC):%Y-%m-%d}, the one that "
            f"closes at {t:%Y-%m-%d} 00:00 UTC is not there: fetch or import it",
        )
    ]


def _compared(session: Session) -> list[Finding]:
    """Compare ledger and broker, and refuse to go on with cash below zero that nobody borrowed."""
    cash = session.state.book.cash
    if cash < -CENT and not session.ledger.opening.terms["margin"]:
        raise PaperError(
            f"{session.ledger.path}: cash is {cash:.2f} USD and {session.ledger.opening.strategy} "
            "never borrows: look at the account, then `plumbline paper reconcile`"
        )
    found = differences(session)
    if not found:
        return []
    words = "; ".join(str(one) for one in found)
    return [Finding("reconcile", f"{words}: look with `plumbline paper reconcile`")]


def _traded_to(
    session: Session, decision: Decision, t: pd.Timestamp
) -> tuple[Mapping[str, float] | None, str]:
    """Return the weights to trade to at a decision, and by which rule."""
    state = session.state
    if decision.weights is not None:
        return decision.weights, "order"
    if decision.target is None:
        return None, "no order"
    if state.decided is None:
        return decision.target, "first"
    if pd.Timestamp(state.decided) != t - DAY or not (state.settled and state.complete):
        return decision.target, "catch up"
    return None, "no order"


def _acting_on(session: Session) -> Mapping[str, float]:
    """Return the weights that the decision in the ledger trades to."""
    decision = session.state.decision
    assert decision is not None
    weights: Mapping[str, float] = decision[
        "weights" if decision["acting"] == "order" else "target"
    ]
    return weights


def _quotes(session: Session, weights: Mapping[str, float] | None) -> dict[str, Quote]:
    """Return the broker's price of each coin that is held or wanted; none without an order.

    Raises
    ------
    NoMarket
        If one has no market there and the rules refuse to go on.
    BrokerError
        If a price is not positive.
    """
    if weights is None:
        return {}
    wanted = {name for name, weight in weights.items() if weight != 0.0 and name != CASH}
    found = {}
    for asset in sorted({*wanted, *session.state.book.coins}):
        try:
            found[asset] = session.quote(asset)
        except NoMarket:
            if session.rules.absent == "refuse":
                raise
    return found


def _decide(session: Session, decision: Decision, t: pd.Timestamp, acting: str) -> None:
    """Write the decision, and what is left of the one before it."""
    at, state, drafts = session.clock.now(), session.state, list[Draft]()
    if state.decided is not None:
        last = pd.Timestamp(state.decided)
        if not state.settled:
            drafts.append(_settlement(last, at, complete=False))
        drafts += _missed(last + DAY, t - DAY, at)
    drafts.append(Draft("decision", at, f"decision:{t:%Y-%m-%d}", decision_body(decision, acting)))
    if acting == "no order":
        drafts.append(_settlement(t, at, complete=True))
    session.write(drafts)


def _missed(first: pd.Timestamp, last: pd.Timestamp, at: pd.Timestamp) -> list[Draft]:
    """Record the decision times that nobody was there for."""
    if first > last:
        return []
    body = {
        "first": first.to_pydatetime(),
        "last": last.to_pydatetime(),
        "count": (last - first) // DAY + 1,
    }
    return [Draft("missed", at, f"missed:{first:%Y-%m-%d}", body)]


def _settlement(t: pd.Timestamp, at: pd.Timestamp, *, complete: bool) -> Draft:
    body = {"decision_time": t.to_pydatetime(), "complete": complete}
    return Draft("settled", at, f"settled:{t:%Y-%m-%d}", body, f"decision:{t:%Y-%m-%d}")


def _carry_out(
    session: Session, t: pd.Timestamp, prices: Prices, compared: Sequence[Finding]
) -> Outcome:
    """Plan, send and book, sales first, until the decision is settled or must wait."""
    state = session.state
    if state.settled:
        return Outcome("done", t)
    for phase in PHASES:
        findings: tuple[Finding, ...] = ()
        if phase not in state.phases:
            findings = _plan(session, phase, t, prices, compared)
        if waiting := send_open(session, t):
            return Outcome("waiting", t, (waiting,))
        if phase not in state.phases:
            return _blocked(session, t, findings)
    complete = not state.short
    session.write([_settlement(t, session.clock.now(), complete=complete)])
    return Outcome("done", t)


def _plan(
    session: Session,
    phase: Phase,
    t: pd.Timestamp,
    prices: Prices,
    compared: Sequence[Finding],
) -> tuple[Finding, ...]:
    """Plan a phase and write it down; return what the guards said."""
    weights, at, state = _acting_on(session), session.clock.now(), session.state
    quotes = _quotes(session, weights)
    found = [*compared, *_findings(session, quotes, prices)] if session.rules.guarded else []
    made = plan(session, phase, weights, quotes, prices, found, state.ordered)
    # What was held back once and still is needs no second record.
    if made.orders or made.done or not state.plans:
        run, number = session.ledger.opening.run, state.plans + 1
        session.write(written(made, phase, weights, run, t, number, at))
    return made.findings


def _findings(session: Session, quotes: Mapping[str, Quote], prices: Prices) -> list[Finding]:
    """Ask the guards that need no orders; a loss too large halts."""
    state, limits = session.state, session.limits
    assert state.decision is not None
    lost = guards.drawdown(state.value, state.peak, limits)
    if lost and state.halt is None:
        _halt(session, lost[0].guard, lost[0].reason)
    now, brokers = session.clock.now(), session.ask(session.broker.now)
    closes = prices.mark(pd.Timestamp(state.valued), tuple(quotes))
    halted = []
    if state.halt is not None:
        words = f"{state.halt['reason']}; `plumbline paper resume` ends it"
        halted.append(Finding(str(state.halt["guard"]), words))
    return [
        *halted,
        *guards.stale(state.decision),
        *guards.clock_skew(now, brokers, limits),
        *guards.price_age(quotes, brokers, limits),
        *guards.jump(quotes, closes, limits),
    ]


def _halt(session: Session, guard: str, reason: str) -> None:
    at = session.clock.now()
    body = {"guard": guard, "reason": reason, "since": at.to_pydatetime()}
    session.write([Draft("halted", at, f"halted:{session.ledger.head()[0]}", body)])


def _blocked(session: Session, t: pd.Timestamp, findings: Sequence[Finding]) -> Outcome:
    """Record what guards said, unless it is on record for this decision, and say so."""
    at, known = session.clock.now(), set()
    for block in session.state.blocks:
        known.add((block["decision_time"], block["guard"], tuple(block["assets"] or ())))
    drafts = []
    for number, finding in enumerate(findings):
        if (stamp(t), finding.guard, finding.assets or ()) in known:
            continue
        body = {
            "decision_time": t.to_pydatetime(),
            "guard": finding.guard,
            "reason": finding.reason,
            "assets": finding.assets,
        }
        key = f"blocked:{session.ledger.head()[0]}:{number}"
        drafts.append(Draft("blocked", at, key, body))
    session.write(drafts)
    return Outcome("blocked", t, tuple(f"{one.guard}: {one.reason}" for one in findings))

"""A paper account in a process that is killed, again and again, while its broker misbehaves.

``Trial`` walks through days. Each day is run by children, forked and killed at a drawn point or
after a drawn time, until one of them finishes. What brokers do wrong comes in two kinds: a
*disturbance* of a call (no answer, too many requests, maintenance, a duplicate, fills in parts)
must leave no trace in the books; a *fate* of an order (refused, not paid for, refused late, filled
in part, at another price) hangs on the order's name, so that it is the same however often the
process dies.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.run import cash_rate
from data import atomic
from data.panel import panel_of
from data.snapshot import Snapshot
from paper import steps
from paper.brokers.base import OrderRequest, OrderState
from paper.brokers.faults import Fault, Plan, calm, scripted, seeded
from paper.brokers.simulated import SimulatedBroker
from paper.config import PaperConfig
from paper.desk import Desk
from paper.ledger import Ledger
from paper.once import once
from paper.opening import Opening
from paper.prices import Prices, prices_of
from paper.replay import Rows
from paper.session import recent_state, verified_state
from strategies.decision import decisions
from strategies.strategy import WeightRule
from tests.paper.clocks import SetClock, SharedClock

ALARM = 60
DISTURBANCES: tuple[Fault, ...] = (
    "timeout after accepted",
    "lost before accepted",
    "garbled answer",
    "duplicate",
    "partial",
    "rate limit",
    "maintenance",
    "reset",
)
FATES: tuple[Fault, ...] = (
    "reject",
    "insufficient funds",
    "late reject",
    "partial then canceled",
    "price jump",
)
FATED = 0.15


def fate_of(client_order_id: str) -> Fault | None:
    drawn = int(hashlib.sha256(client_order_id.encode()).hexdigest()[:8], 16) / 2**32
    return FATES[int(drawn / FATED * len(FATES))] if drawn < FATED else None


class FatedBroker(SimulatedBroker):
    """The simulated broker, where some orders are ill-fated and the process may die inside."""

    disturbances: Plan = staticmethod(calm)

    def submit(self, request: OrderRequest) -> OrderState:
        steps.reached("broker called")
        fate, known = fate_of(request.client_order_id), self.account.order(request.client_order_id)
        self._faults = scripted(("submit", fate)) if fate and known is None else self.disturbances
        try:
            return super().submit(request)
        finally:
            self._faults = self.disturbances
            steps.reached("broker answered")


@dataclass(frozen=True, slots=True)
class TrialDesk(Desk):
    """A desk whose decisions are computed already, and whose broker is ill-fated."""

    rows: Rows = field(kw_only=True)
    prices: Prices = field(kw_only=True)
    disturbances: Plan = field(kw_only=True, default=calm)

    def knowledge(self, t: pd.Timestamp) -> Any:
        return self.rows, self.prices

    def _connect(self, opening: Opening, assets: Any) -> Any:
        broker = Desk._connect(self, opening, assets)
        if self.broker is not None:
            return broker
        assert isinstance(broker, SimulatedBroker)
        broker.__class__ = FatedBroker
        assert isinstance(broker, FatedBroker)
        broker.disturbances = broker._faults = self.disturbances
        return broker


def kill_at(count: int) -> Callable[[str], None]:
    """Return a hook that kills this process, past all handlers, at the `count`-th point."""
    left = [count]

    def reached(point: str) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    return reached


@dataclass
class Trial:
    strategy: WeightRule
    snapshot: Snapshot
    home: Path
    points: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    by_time: int = 0
    broker: str | None = None
    exchanges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clock: SharedClock | None = None

    def __post_init__(self) -> None:
        panel = panel_of(self.snapshot)
        self.rows = Rows.of(decisions(self.strategy, self.snapshot))
        self.prices = prices_of(self.snapshot, panel, cash_rate(panel))

    def desk(self, day: pd.Timestamp, disturbances: Plan = calm) -> TrialDesk:
        return TrialDesk(
            self.strategy,
            self.home,
            lambda: self.snapshot,
            self.broker,
            PaperConfig(jump=10.0, turnover=10.0, drawdown=1.0, clock_skew_seconds=1e9),
            self.exchanges,
            offline=True,
            clock=self.clock or SetClock(day + pd.Timedelta(minutes=5)),
            rows=self.rows,
            prices=self.prices,
            disturbances=disturbances,
        )

    def calmly(self, days: pd.DatetimeIndex) -> None:
        """Run every day once, with the fates and without any disturbance or death."""
        for day in days:
            assert once(self.desk(day), warn).status == "done", day

    def violently(self, day: pd.Timestamp, rng: np.random.Generator, kills: int) -> int:
        """Run one day in children, at most `kills` of which are killed; return how many were."""
        killed = 0
        heard = Counter[str]()
        for _ in range(60):
            deadly = killed < kills
            plan = seeded(int(rng.integers(2**32)), 0.2, DISTURBANCES)
            by_time = deadly and bool(rng.random() < 0.3)
            count = int(rng.integers(0, 60)) if deadly and not by_time else None
            after = float(rng.uniform(0.0, 0.08)) if by_time else None
            status = self._child(self.desk(day, plan), count, after)
            heard[status] += 1
            if status == "killed":
                killed += 1
                self.by_time += by_time
            elif status in ("done", "nothing to do"):
                self.kills += killed
                return killed
        raise AssertionError(f"{day}: it does not end: {heard}")

    def _child(self, desk: TrialDesk, count: int | None, after: float | None) -> str:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(ALARM)
            if count is not None:
                steps.reached = atomic.reached = kill_at(count)
            try:
                outcome = once(desk, warn)
            except BaseException as error:  # the parent judges by what it hears
                os.write(write, f"{type(error).__name__}: {error}".encode())
                os._exit(1)
            os.write(write, outcome.status.encode())
            os._exit(0)
        os.close(write)
        if after is not None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(read, "rb") as pipe:
            heard = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return heard or "killed"
        if os.WEXITSTATUS(status):
            # A broker that is away for long ends the run with a known error; the next one goes on.
            assert heard.startswith(("BrokerUnavailable", "OutcomeUnknown")), heard
            return heard
        return heard

    def books(self) -> Books:
        ledger = Ledger.open(self.desk(self.snapshot.as_of).ledger_path)
        try:
            return books_of(ledger)
        finally:
            ledger.close()


def warn(line: str) -> None:
    raise AssertionError(line)


@dataclass(frozen=True)
class Books:
    """What must not depend on deaths: equity, orders, holdings."""

    equity: dict[str, str]
    orders: dict[str, tuple[str, str]]
    cash: Decimal
    coins: dict[str, Decimal]


def books_of(ledger: Ledger) -> Books:
    state = verified_state(ledger)
    assert recent_state(ledger).json() == state.json()
    equity = {e.content["close"]: e.content["value"] for e in ledger.of_kind("equity")}
    intents = {e.content["id"]: e.content for e in ledger.of_kind("intent")}
    once_each = Counter((row["asset"], row["decision_time"]) for row in intents.values())
    assert set(once_each.values()) <= {1}, "a decision ordered a coin twice"
    ends = {e.content["id"]: e.content for e in ledger.of_kind("closed")}
    assert ends.keys() == intents.keys() - state.orders.keys(), "an order has no end"
    orders = {name: (row["status"], row["filled"]) for name, row in ends.items()}
    return Books(equity, orders, state.book.cash, dict(state.book.coins))


def agrees_with_broker(books: Books, account: Path, owner: str) -> None:
    """Hold the ledger against the broker's own books: nothing doubled, nothing lost."""
    from paper.brokers.account import Account

    broker = Account(account, owner)
    try:
        broker.verify()
        there = {one.client_order_id: one for one in broker.since(pd.Timestamp(0, tz="UTC"))}
        assert there.keys() <= books.orders.keys(), "the broker has an order the ledger has not"
        for name, (status, filled) in books.orders.items():
            traded = there[name].filled if name in there else Decimal(0)
            assert traded == Decimal(filled), (name, status)
            assert name in there or status == "rejected", (name, status)
        balances = broker.balances()
        assert abs(balances.pop("USD") - books.cash) < Decimal("1e-18")
        assert balances == books.coins
    finally:
        broker.close()

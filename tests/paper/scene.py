"""A few days, two coins, given decisions: a session that a test can follow by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from paper.brokers.base import MarketRules, Quote
from paper.brokers.faults import Plan, calm
from paper.brokers.simulated import SimulatedBroker
from paper.config import Limits
from paper.ledger import Ledger
from paper.loop import Outcome, tick
from paper.opening import opening_of
from paper.prices import Prices
from paper.session import Rules, Session, verified_state
from strategies.baselines import BASELINES
from strategies.decision import Decision
from tests.paper.clocks import SetClock

START = pd.Timestamp("2025-01-01", tz="UTC")
DAY = pd.Timedelta(days=1)
FREE = Execution(fee_bp=0.0, slippage_bp=0.0, initial_cash=1000.0)
RULE = BASELINES["buy_and_hold"]


@dataclass
class Scene:
    """Prices by day and coin (``closes[n]`` is known on day n), and weights by day."""

    folder: Path
    orders: Mapping[int, Mapping[str, float]]
    closes: Mapping[str, list[float]]
    known: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    rate: float = 0.0
    limits: Limits = field(default_factory=Limits)
    execution: Execution = FREE
    rules: Mapping[str, MarketRules] | None = None
    faults: Plan = calm
    second: Mapping[str, float] = field(default_factory=dict)
    live: dict[str, float] = field(default_factory=dict)
    minutes_old: float = 0.0
    clock: SetClock = field(default_factory=lambda: SetClock(START + pd.Timedelta(minutes=5)))
    bars: int = 99
    margin: bool = False

    def at(self, day: int, minutes: float = 5) -> None:
        self.clock.at = START + day * DAY + pd.Timedelta(minutes=minutes)

    @property
    def day(self) -> int:
        return (self.clock.at.floor("D") - START) // DAY

    def prices(self, t: pd.Timestamp) -> Prices:
        """Closes of days 0 .. n are those of bars closing at START + n; opens are the same."""
        count = min((t - START) // DAY, self.bars) + 1
        index = pd.date_range(START, periods=count, freq="D", unit="us")
        assets = tuple(sorted(self.closes))
        marks = np.array([[self.closes[name][n] for name in assets] for n in range(count)])
        opens = np.vstack([marks[:1], marks[:-1]])
        rates = pd.Series(self.rate, pd.date_range(START, periods=99, freq="D", unit="us"))
        return Prices(index, assets, opens, marks, rates, (index[-1],) * len(assets))

    def decision(self, t: pd.Timestamp) -> Decision:
        day = (t - START) // DAY
        given = [n for n in sorted(self.orders) if n <= day]
        return Decision(
            strategy=RULE.name,
            decision_time=t,
            data_as_of=t,
            weights=self.orders.get(day),
            target=self.orders[given[-1]] if given else None,
            known=day not in self.silent,
            known_on=t,
            silence="" if day in self.orders else "it is still the target",
            reason="because",
            config_hash=RULE.config_hash,
            snapshot_id="scene",
            stale=(),
        )

    def quote(self, asset: str) -> Quote:
        close = self.closes[asset][min(self.day, len(self.closes[asset]) - 1)]
        price = self.live.get(asset, close)
        return Quote(
            asset,
            Decimal(repr(price)),
            self.clock.at - pd.Timedelta(minutes=self.minutes_old),
            "here",
        )

    def confirm(self, asset: str) -> Quote | None:
        if asset not in self.second:
            return None
        return Quote(asset, Decimal(repr(self.second[asset])), self.clock.at, "there")

    def session(self) -> Session:
        path = self.folder / "scene.sqlite"
        if not Ledger.begun(path):
            opening = opening_of(RULE, "simulated", self.execution, START, margin=self.margin)
            Ledger.create(path, opening, self.clock.at).close()
        ledger = Ledger.open(path)
        broker = SimulatedBroker(
            self.folder / "account.sqlite",
            self.quote,
            self.execution,
            RULE.name,
            now=self.clock.now,
            rules=self.rules,
            faults=self.faults,
            margin=self.margin,
        )
        state = verified_state(ledger)
        return Session(ledger, state, broker, self.limits, self.clock, self.confirm, Rules())

    def tick(self, kill: str = "") -> Outcome:
        """Run the loop once, in a session of its own as a timer would."""
        session = self.session()
        try:
            return tick(session, self._knowledge, kill=kill)
        finally:
            session.ledger.close()
            session.broker.close()  # type: ignore[attr-defined]

    def _knowledge(self, t: pd.Timestamp) -> Any:
        scene = self

        class Decided:
            def at(self, when: pd.Timestamp) -> Decision:
                return scene.decision(when)

        return Decided(), self.prices(t)

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        ledger = Ledger.open(self.folder / "scene.sqlite")
        try:
            return [event.content for event in ledger.of_kind(*kinds)]
        finally:
            ledger.close()

    @property
    def state(self) -> Any:
        ledger = Ledger.open(self.folder / "scene.sqlite")
        try:
            return verified_state(ledger)
        finally:
            ledger.close()

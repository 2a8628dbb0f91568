"""Replay a history through the loop and hold it against the backtest.

Every day of the history is one tick of the loop: the same state machine, ledger, order sizing and
accounting as live, on an account of the simulated broker whose prices are the next daily opens.
The engine's rules hold: no market steps, no smallest orders, no guards. What comes out must be
what :func:`backtests.run.backtest` says: targets to the bit, equity to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.run import Run, backtest, cash_rate
from data.errors import NoMarket, PaperError
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from paper.brokers.base import Quote
from paper.brokers.simulated import SimulatedBroker
from paper.config import Limits
from paper.ledger import MEMORY, Ledger
from paper.loop import tick
from paper.money import CENT
from paper.opening import opening_of
from paper.prices import DAY, Prices, prices_of
from paper.session import ENGINE, Session
from paper.state import state_of
from strategies.decision import Decision, Decisions, decide, decisions
from strategies.strategy import WeightRule

# Decisions taken again on data cut at their time, spread over the history.
SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Gap:
    """Where replay and backtest differ.

    Parameters
    ----------
    what : {"target", "decision", "equity"}
        A target of the backtest, a decision on data cut at its time, or the equity at a close.
    at : Timestamp
        When.
    name : str
        Asset; empty for the equity.
    replay, backtest : float
        What each says.
    """

    what: str
    at: pd.Timestamp
    name: str
    replay: float
    backtest: float


@dataclass(frozen=True, slots=True)
class Parity:
    """How a replay compares with the backtest.

    Parameters
    ----------
    strategy : str
        Its name.
    first, last : Timestamp
        First decision and last close.
    decisions : int
        Decisions taken.
    orders : int
        Orders filled.
    events : int
        Events in the ledger.
    decided_again : int
        Decisions taken a second time on data cut at their time.
    targets_equal : bool
        Whether all targets are the backtest's, to the bit.
    equity_max_abs_diff : float
        Largest difference of the equity at any close, USD.
    differences : tuple of Gap
        Each target that differs, and each equity by a cent or more.
    """

    strategy: str
    first: pd.Timestamp
    last: pd.Timestamp
    decisions: int
    orders: int
    events: int
    decided_again: int
    targets_equal: bool
    equity_max_abs_diff: float
    differences: tuple[Gap, ...]

    @property
    def equal(self) -> bool:
        """Whether targets are equal to the bit and the equity to the cent."""
        return self.targets_equal and not self.differences


class _Clock:
    """A clock that stands where it is set."""

    def __init__(self, at: pd.Timestamp) -> None:
        self.at = at

    def now(self) -> pd.Timestamp:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += pd.Timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Rows:
    """Decisions of one pass, without their words: history needs no reasons.

    Parameters
    ----------
    whole : Decisions
        The pass.
    target : ndarray of int, shape (times,)
        Row of the last weights given up to each time; -1 before the first.
    """

    whole: Decisions
    target: np.ndarray[tuple[int], np.dtype[np.int64]]

    @classmethod
    def of(cls, whole: Decisions) -> Rows:
        """Return the decisions of a pass."""
        given = whole.weights.notna().all(axis=1).to_numpy()
        rows = np.where(given, np.arange(len(given)), -1)
        return cls(whole, np.maximum.accumulate(rows))

    @property
    def weights(self) -> pd.DataFrame:
        """Target weights, see :class:`strategies.decision.Decisions`."""
        return self.whole.weights

    @property
    def snapshot(self) -> Snapshot:
        """What was looked at."""
        return self.whole.snapshot

    def at(self, t: pd.Timestamp) -> Decision:
        """Return the decision of a decision time."""
        row = int(self.whole.times.searchsorted(t))
        last = int(self.target[row])
        return Decision(
            strategy=self.whole.strategy.name,
            decision_time=t,
            data_as_of=t,
            weights=self._weights(row) if last == row else None,
            target=self._weights(last) if last >= 0 else None,
            known=True,
            known_on=t,
            silence="",
            reason="",
            config_hash=self.whole.strategy.config_hash,
            snapshot_id=self.whole.snapshot.snapshot_id,
            stale=(),
        )

    def _weights(self, row: int) -> dict[str, float]:
        table = self.whole.weights
        return dict(zip(table.columns, table.iloc[row].to_numpy(dtype=float).tolist(), strict=True))


def replay(
    strategy: WeightRule,
    snapshot: Snapshot,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    panel: Panel | None = None,
    samples: int | None = SAMPLES,
) -> Parity:
    """Replay a strategy over a history and compare with its backtest.

    Parameters
    ----------
    strategy : WeightRule
        The rule.
    snapshot : Snapshot
        The history.
    start, end : Timestamp, optional
        As in :func:`backtests.run.backtest`.
    panel : Panel, optional
        ``panel_of(snapshot)``, where it is at hand already.
    samples : int, optional
        How many decisions are taken again on data cut at their time; None for all.
    """
    seen = panel or panel_of(snapshot)
    execution = Execution()
    run = backtest(strategy, snapshot, execution, start=start, end=end, panel=seen)
    closes = pd.DatetimeIndex(run.simulation.equity.index)
    whole = decisions(strategy, snapshot)
    ledger = _walk(Rows.of(whole), prices_of(snapshot, seen, cash_rate(seen)), execution, closes)
    taken = {
        pd.Timestamp(body["decision_time"]): body
        for body in (event.content for event in ledger.of_kind("decision"))
    }
    again = _sample(list(taken), samples)
    gaps = [
        *_targets(taken, run),
        *_decided_again(strategy, snapshot, taken, again),
    ]
    equity = list(_equity(ledger, run))
    return Parity(
        strategy=strategy.name,
        first=closes[0],
        last=closes[-1],
        decisions=len(taken),
        orders=len(list(ledger.of_kind("closed"))),
        events=ledger.head()[0],
        decided_again=len(again),
        targets_equal=not gaps,
        equity_max_abs_diff=max((abs(one.replay - one.backtest) for one in equity), default=0.0),
        differences=(
            *gaps,
            *(one for one in equity if abs(one.replay - one.backtest) >= float(CENT) / 2),
        ),
    )


def _walk(rows: Rows, prices: Prices, execution: Execution, closes: pd.DatetimeIndex) -> Ledger:
    """Tick through every day on a ledger in memory."""
    clock = _Clock(closes[0])

    def next_open(asset: str) -> Quote:
        found = prices.open(clock.at.floor("D") + DAY, (asset,))
        if clock.at >= prices.last or asset not in found:
            raise NoMarket(f"{asset}: no bar opens at {clock.at:%Y-%m-%d}")
        return Quote(asset, found[asset], clock.at, "next open")

    opening = opening_of(
        rows.whole.strategy,
        "simulated",
        execution,
        closes[0],
        margin=True,
    )
    broker = SimulatedBroker(
        None, next_open, execution, opening.strategy, now=clock.now, margin=True, durable=False
    )
    ledger = Ledger.create(MEMORY, opening, closes[0])
    session = Session(
        ledger, state_of(ledger.events()), broker, Limits(), clock, lambda _: None, ENGINE
    )
    for close in closes:
        clock.at = close
        outcome = tick(session, lambda _: (rows, prices))
        if outcome.status not in ("done", "nothing to do"):
            raise PaperError(f"{opening.strategy}: {close:%Y-%m-%d}: {'; '.join(outcome.reasons)}")
    return ledger


def _targets(taken: Mapping[pd.Timestamp, Mapping[str, Any]], run: Run) -> Iterator[Gap]:
    """Compare every recorded target with the backtest's, to the bit."""
    weights = run.simulation.weights
    for number, (t, row) in enumerate(zip(weights.index, weights.to_numpy(), strict=True)):
        body = taken.get(t)
        mine = None if body is None else body["target" if number == 0 else "weights"]
        theirs = None if np.isnan(row).all() else dict(zip(weights.columns, row, strict=True))
        yield from _unequal("target", t, mine, theirs)


def _unequal(
    what: str,
    t: pd.Timestamp,
    mine: Mapping[str, float] | None,
    theirs: Mapping[str, float] | None,
) -> Iterator[Gap]:
    if mine is None or theirs is None:
        if mine is not theirs:
            nan = float("nan")
            yield Gap(what, t, "", nan if mine is None else 1.0, nan if theirs is None else 1.0)
        return
    for name in sorted({*mine, *theirs}):
        one, other = float(mine.get(name, 0.0)), float(theirs.get(name, 0.0))
        if one != other:
            yield Gap(what, t, name, one, other)


def _sample(times: list[pd.Timestamp], samples: int | None) -> list[pd.Timestamp]:
    if samples is None or samples >= len(times):
        return times
    chosen = np.linspace(0, len(times) - 1, samples).round().astype(int)
    return [times[row] for row in sorted(set(chosen.tolist()))]


def _decided_again(
    strategy: WeightRule,
    snapshot: Snapshot,
    taken: Mapping[pd.Timestamp, Mapping[str, Any]],
    times: list[pd.Timestamp],
) -> Iterator[Gap]:
    """Take decisions as live, on data cut at their time, and compare to the bit."""
    for t in times:
        decision = decide(strategy, snapshot, t)
        for name in ("weights", "target"):
            yield from _unequal("decision", t, taken[t][name], getattr(decision, name))


def _equity(ledger: Ledger, run: Run) -> Iterator[Gap]:
    """Compare the value of the account, and of the model beside it, at every close."""
    theirs = run.simulation.equity
    for event in ledger.of_kind("equity"):
        body = event.content
        t = pd.Timestamp(body["close"])
        for what, name in (("equity", "value"), ("model", "model_value")):
            yield Gap(what, t, "", float(Decimal(body[name])), float(theirs.loc[t]))

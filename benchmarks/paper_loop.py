"""How long a tick, the status of a long ledger and a replay of eight years take.

    python benchmarks/paper_loop.py

The data are the simulated world. The ledger of 100,000 events is written by the loop's own
accounting and orders on days that are made up; its status is read from the last checkpoint on. A
tick is a whole run of ``paper once`` in a warm process, without a network: data cut at the day,
decision, orders, ledger, page. Each figure is the smallest of a few.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from data.panel import panel_of
from data.simulate import simulated
from data.snapshot import Snapshot
from paper.desk import Desk
from paper.events import Draft
from paper.ledger import Ledger
from paper.once import once
from paper.opening import Opening
from paper.replay import Parity, replay
from paper.session import verified_state
from paper.standing import standing
from strategies.variants import variant

EVENTS = 100_000
STATUS_AT_MOST, TICK_AT_MOST, REPLAY_AT_MOST = 0.2, 1.0, 30.0
RUNS = 7
NAME = "liquidity_trend"
START = datetime(2000, 1, 1, tzinfo=UTC)


class SetClock:
    def __init__(self, at: pd.Timestamp) -> None:
        self.at = at

    def now(self) -> pd.Timestamp:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += pd.Timedelta(seconds=seconds)


class Took(NamedTuple):
    """Seconds by the clock, and of the processor: the second hardly minds a busy machine."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:8.3f} s ({self.processor:.3f} s of the processor)"


def took(work: Callable[[], object]) -> Took:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - clock, time.process_time() - processor)


def best(work: Callable[[], object]) -> Took:
    runs = [took(work) for _ in range(RUNS)]
    return Took(min(run.clock for run in runs), min(run.processor for run in runs))


def day_of(number: int) -> list[Draft]:
    """Everything that a day with one purchase or one sale leaves behind: nine events."""
    day = START + timedelta(days=number)
    name, side = f"{number:032x}", "buy" if number % 2 == 0 else "sell"
    sign = 1 if side == "buy" else -1
    key, order = f"{day:%Y-%m-%d}", {"id": name, "asset": "BTC", "side": side}
    book = {"cash": "50000", "coins": {"BTC": "1"}}
    weights = {"BTC": 0.5, "CASH": 0.5}
    decision = {
        "decision_time": day, "data_as_of": day, "weights": weights, "target": weights,
        "acting": "order", "known": True, "stale": [], "silence": "", "snapshot_id": "made up",
        "reason": "net liquidity rises (impulse 12.30 USD bn; above 0) " * 4,
    }  # fmt: skip
    intent = {"quantity": "1", "price": "100", "weight": 0.5, "decision_time": day}
    fill = {
        "quantity": "1", "cost": "100", "price": "100", "fees": {"USD": "0.1"},
        "coins": Decimal(sign), "cash": Decimal(-100 * sign) - Decimal("0.1"),
    }  # fmt: skip
    equity = {
        "close": day, "value": "100000", "cash": "50000", "coins": {"BTC": "1"},
        "marks": {"BTC": "100"}, "model_value": "100001", "model": book,
    }  # fmt: skip
    return [
        Draft("interest", day, f"interest:{key}", {"amount": "1.23", "percent": "4.3"}),
        Draft("equity", day, f"equity:{key}", equity),
        Draft("decision", day, f"decision:{key}", decision),
        Draft("planned", day, f"planned:{key}:1", {
            "phase": "sales", "orders": [name], "left_out": {}, "done": True,
        }),
        Draft("intent", day, f"intent:{name}", {**order, **intent, "intended_at": day}),
        Draft("sending", day, f"sending:{name}:1", {"id": name, "sent_at": day}),
        Draft("fill", day, f"fill:{name}:1", {**order, **fill}),
        Draft("closed", day, f"closed:{name}", {
            "id": name, "status": "filled", "filled": "1", "reason": "",
        }),
        Draft("settled", day, f"settled:{key}", {"decision_time": day, "complete": True}),
    ]  # fmt: skip


def long_ledger(path: Path) -> Ledger:
    terms = {
        "fee": "0.001", "slippage": "0.001", "borrow_percent": "1.5", "delisting_discount": "0.1",
        "currency": "USD", "baseline": {}, "margin": False, "world": "made up",
    }  # fmt: skip
    opening = Opening(NAME, "0" * 64, "simulated", terms, Decimal(100_000), START, "made up")
    ledger = Ledger.create(path, opening, START)
    drafts = [draft for number in range(EVENTS // 9) for draft in day_of(number)]
    for first in range(0, len(drafts), 9_000):
        ledger.append(drafts[first : first + 9_000])
    ledger.keep(verified_state(ledger).json())
    ledger.append([Draft("halted", START, "halted:last", {
        "guard": "by hand", "reason": "after the checkpoint", "since": START,
    })])  # fmt: skip
    return ledger


def status_seconds(folder: Path) -> tuple[Took, Took]:
    """Return the time for the status, and for checking the whole chain, as every run does."""
    path = folder / "long.sqlite"
    long_ledger(path).close()

    def status() -> None:
        ledger = Ledger.open(path)
        assert standing(ledger).events > EVENTS * 0.99
        ledger.close()

    def everything() -> None:
        ledger = Ledger.open(path)
        ledger.check_chain()
        ledger.close()

    return best(status), best(everything)


def tick_seconds(folder: Path, world: Snapshot) -> Took:
    clock = SetClock(world.as_of - pd.Timedelta(days=40) + pd.Timedelta(minutes=5))
    desk = Desk(variant(NAME), folder, lambda: world, offline=True, clock=clock)

    def tick() -> None:
        outcome = once(desk, print)
        assert outcome.status == "done", outcome
        clock.at += pd.Timedelta(days=1)

    tick()
    return best(tick)


def replay_seconds(world: Snapshot) -> tuple[Took, int]:
    panel = panel_of(world)
    replay(variant(NAME), world, panel=panel, start=world.as_of - pd.Timedelta(days=60))
    found: list[Parity] = []

    def eight_years() -> None:
        start = world.as_of - pd.Timedelta(days=8 * 365 + 1)
        found.append(replay(variant(NAME), world, start=start))

    seconds = took(eight_years)
    assert found[0].equal
    return seconds, found[0].decisions


def main() -> int:
    world = simulated("phantom")
    with tempfile.TemporaryDirectory() as folder:
        status, everything = status_seconds(Path(folder))
        tick = tick_seconds(Path(folder) / "home", world)
    replayed, decisions = replay_seconds(world)
    print(f"status of {EVENTS:,} events  {status}, at most {STATUS_AT_MOST:.1f} s")
    print(f"the whole chain checked    {everything}, as by each run")
    print(f"tick, warm                 {tick}, at most {TICK_AT_MOST:.0f} s")
    print(f"replay, {decisions:,} decisions   {replayed}, at most {REPLAY_AT_MOST:.0f} s")
    return int(
        status.clock > STATUS_AT_MOST
        or tick.clock > TICK_AT_MOST
        or replayed.clock > REPLAY_AT_MOST
    )


if __name__ == "__main__":
    sys.exit(main())

"""A study made by hand: every kind of verdict, simple runs, on a simulated snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.inference.one_sided import OneSided
from backtests.inference.power import verdict_chances
from backtests.inference.verdict import NOT_YET_TESTED
from backtests.latency import Delay
from backtests.metrics import summary
from backtests.report.study import Study
from backtests.run import FIRST_TRADE, Run
from backtests.simulation import Simulation
from backtests.thesis.claims import Thesis, read_thesis
from backtests.thesis.finding import Finding, Result
from data.panel import panel_of
from data.snapshot import Snapshot

PERIOD = (date(2014, 1, 10), date(2026, 8, 7))
SEED = 7


@cache
def thesis() -> Thesis:
    return read_thesis()


def finding(
    claim_id: str,
    verdict: str,
    reason: str = "because <b>so</b>",
    p: tuple[float, float | None, float] | None = None,
    planted: float | None = None,
    **result: Any,
) -> Finding:
    """One finding of a registered claim; with a standard error it carries its power too."""
    claim = thesis().claim(claim_id)
    measured = Result(period=PERIOD, **result)
    found = Finding(
        claim=claim,
        result=measured,
        verdict=verdict,
        reason=reason,
        adjusted=None if p is None else OneSided(*p),
        planted=planted,
    )
    error, delta = measured.standard_error, measured.delta
    if error is None or delta is None:
        return found
    return replace(
        found, mde=2.8 * error, power=0.2, years_needed=80.0, chances=verdict_chances(error, delta)
    )


def lagged(estimate: float) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"what": what, "weeks": weeks, "estimate": estimate, "low": -1.0, "high": 3.0, "p": 0.1}
        for what in ("whole sample", "to publication", "net of sp500")
        for weeks in (1, 4)
    )


def findings() -> tuple[Finding, ...]:
    """One for each registered claim: every word a claim can end with, and missing values."""
    days = tuple({"day": date(2025, 1, 1 + n), "bp": float(n)} for n in range(20))
    left = {"without 2020-03..06": 1.0, "without 2014": 1.4, "without 2015": 2.0}
    effect: dict[str, Any] = {
        "standard_error": 0.9,
        "delta": 1.0,
        "parts": lagged(1.5),
        "dose": 1.0,
    }
    made = [
        finding("B1", "partly", estimate=0.2),
        finding("B3", "holds", estimate=-12.8, episodes=2),
        finding("B4", "supported", p=(0.017, 1.0, 1.0), estimate=0.46, delta=0.15, planted=0.4),
        finding("B6", "does not hold", estimate=0.46, parts=days, notes=("a note",)),
        finding("C1", "not testable", "series missing: srf"),
        finding(
            "C2a",
            "supported",
            p=(0.004, 1.0, 1.0),
            estimate=2.5,
            interval=(0.7, 4.4),
            naive_p=0.0001,
            windows=160,
            leave_one_out=left,
            planted=3.0,
            **effect,
        ),
        finding(
            "C2b",
            "inconclusive",
            p=(0.2, 0.7, 0.9),
            estimate=1.6,
            interval=(-0.006, 3.3),
            leave_one_out=left,
            **effect,
        ),
        finding(
            "C3",
            "contradicted",
            p=(0.9, 0.01, 0.2),
            estimate=-2.0,
            interval=(-9.0, 0.5),
            planted=20.0,
            **effect,
        ),
        finding(
            "C5",
            "not testable",
            "6 independent episodes, at least 7 are needed",
            estimate=float("nan"),
            episodes=6,
        ),
        finding("D1", "did not occur", estimate=-8.0),
        finding("D2", "partly", estimate=771.9),
        finding("D3a", "occurred", estimate=112.9),
        finding("D3b", "condition did not occur"),
        finding("D4u", "no deadline given"),
        finding("D4c", "did not occur", estimate=-12.0, episodes=1),
        finding(
            "E1",
            "contradicted",
            "the effect goes the other way (p = 0.009)",
            p=(0.99, 0.002, 0.009),
            estimate=-0.7,
            interval=(-1.3, -0.1),
            standard_error=0.3,
            delta=0.3,
        ),
    ]
    by_id = {found.claim.id: found for found in made}
    return tuple(
        by_id.get(claim.id)
        or Finding(
            claim=claim, result=Result(), verdict=NOT_YET_TESTED, reason="no method decides it yet"
        )
        for claim in thesis().claims
    )


def run(name: str, snapshot: Snapshot, weight: float, *, benchmark: bool = False) -> Run:
    """A run that holds a constant share of BTC, rebalanced for free every day."""
    closes = snapshot.daily.close["BTC"].loc[FIRST_TRADE : snapshot.as_of]
    moved = closes.pct_change().fillna(0.0)
    cash = pd.Series(2e-5, index=closes.index, name="cash_return")
    cash.iloc[0] = 0.0
    equity = 1e5 * (1.0 + weight * moved + (1.0 - weight) * cash).cumprod()
    held = pd.DataFrame({"BTC": weight, "CASH": 1.0 - weight}, index=closes.index)
    fills = pd.DataFrame(
        {"fill_time": [closes.index[0]], "asset": ["BTC"], "fee": [10.0], "slippage_cost": [10.0]}
    )
    costs = {"fees": 10.0, "slippage": 10.0, "delisting": 0.0, "borrow": 0.0, "interest": 50.0}
    costs["funding"] = 0.0
    simulation = Simulation(
        weights=held,
        fills=fills,
        unfilled=fills.iloc[:0],
        frozen=fills.iloc[:0],
        equity=equity.rename("equity"),
        held=held,
        traded=pd.Series(0.001, index=closes.index),
        cash_returns=cash,
        costs=costs,
        execution=Execution(),
    )
    return Run(
        run_id=f"{name:0<16}"[:16],
        name=name,
        title=f"Title of {name} & <more>",
        benchmark=benchmark,
        simulation=simulation,
        metrics=summary(simulation),
        manifest={},
    )


def study(snapshot: Snapshot, head: str) -> Study:
    """The study; a snapshot with a truth makes a simulated report, a known head has tripwires."""
    runs = (
        run(head, snapshot, 0.5),
        run("of_my_own", snapshot, 0.8),
        run("buy_and_hold", snapshot, 1.0, benchmark=True),
        run("cash", snapshot, 0.0, benchmark=True),
        run(f"{head}:exposure_matched", snapshot, 0.4, benchmark=True),
    )
    first, last = pd.Timestamp("2018-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC")
    hours = (0, 1, 4, 12, 24, 72)
    return Study(
        snapshot=snapshot,
        panel=panel_of(snapshot),
        thesis=thesis(),
        runs=runs,
        findings=findings(),
        delays=(Delay(head, first, last, {h: 1.21 - 0.001 * h for h in hours}),),
        run_id="0123456789abcdef",
        manifest={"seed": SEED, "code": "0+test", "versions": {"python": "3"}, "nan": np.nan},
    )


def real_like(snapshot: Snapshot) -> Snapshot:
    """The same figures as if they were the world's: without a truth."""
    return replace(snapshot, truth=None, source="store")

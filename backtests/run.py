"""Run a strategy over a snapshot: targets, fills, equity and the figures that describe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import pandas as pd

from backtests.execution import Execution
from backtests.metrics import summary
from backtests.provenance import code_version, run_id, versions
from backtests.simulation import Simulation
from data.errors import InputError, TooShort
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from strategies.market import Market
from strategies.strategy import CASH, Strategy, WeightRule, from_start

Reasons: TypeAlias = Callable[[pd.DatetimeIndex], list[str]]

# The Daily Treasury Statement is at hand from 2016-01-04; four weeks later every liquidity rule
# that reads it can be computed. The same first day for all makes the runs comparable.
FIRST_TRADE = pd.Timestamp("2016-02-05", tz="UTC")


@dataclass(frozen=True, slots=True)
class Run:
    """One backtest.

    Parameters
    ----------
    run_id : str
        Hash of configuration, snapshot and code.
    name, title : str
        The strategy's.
    benchmark : bool
        True for a yardstick rather than a rule of the thesis.
    simulation : Simulation
        Weights, fills, equity and costs.
    metrics : mapping of str to float
        By the names of :data:`backtests.metrics.MEASURES`.
    manifest : mapping
        All that is needed to run it again.
    """

    run_id: str
    name: str
    title: str
    benchmark: bool
    simulation: Simulation
    metrics: Mapping[str, float]
    manifest: Mapping[str, Any]


def cash_rate(panel: Panel) -> pd.Series[float]:
    """Return what cash earns: the last known SOFR, before April 2018 the last known EFFR.

    Returns
    -------
    Series
        Percent a year at each decision time, as known then.
    """
    effr = panel.last("effr")
    rate = panel.last("sofr").where(panel.last("sofr").notna(), effr)
    return rate.rename("cash_rate")


def window_of(
    weights: pd.DataFrame,
    snapshot: Snapshot,
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
    name: str = "the rule",
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and last decision time of a run.

    Without a start it is :data:`FIRST_TRADE` or, where the rule can decide only later, its first
    decision: days on which a rule could say nothing are not days on which it held cash.

    Raises
    ------
    InputError
        If the end lies before the start.
    TooShort
        If the data end before the start.
    """
    decided = pd.DatetimeIndex(weights.index[weights.notna().all(axis=1)])
    if decided.empty:
        raise TooShort(
            f"{name} cannot decide on any day up to {snapshot.as_of:%Y-%m-%d}: its figures are "
            "missing throughout"
        )
    first = start or max(FIRST_TRADE, decided[0])
    last = min(end, snapshot.as_of) if end is not None else snapshot.as_of
    if end is not None and end < first:
        raise InputError(f"the end {end.date()} lies before the start {first.date()}")
    if last < first:
        raise TooShort(f"the data end on {last.date()}, before the start {first.date()}")
    return first, last


def backtest(
    strategy: WeightRule,
    snapshot: Snapshot,
    execution: Execution | None = None,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    panel: Panel | None = None,
    benchmark: bool = False,
) -> Run:
    """Backtest a strategy.

    Parameters
    ----------
    strategy : WeightRule
        What to run: a strategy, a yardstick, or an object of that shape.
    snapshot : Snapshot
        What it may look at.
    execution : Execution, optional
        Costs and delay.
    start, end : Timestamp, optional
        First and last decision time (UTC); by default :data:`FIRST_TRADE`, or the rule's first
        decision where that is later, and the snapshot's ``as_of``. Targets are always computed
        from the panel's fixed first day.
    panel : Panel, optional
        ``panel_of(snapshot)``, where it is at hand already.
    benchmark : bool
        Mark the run as a yardstick. Yardsticks hold coins, never perpetuals.
    """
    seen = panel or panel_of(snapshot)
    if isinstance(strategy, Strategy):
        market = Market(seen, snapshot.daily, snapshot.funding)
        path = strategy.path(market)
        weights, reasons = path.table(market), partial(path.reasons, market)
    else:
        weights, reasons = strategy.target_weights(seen, snapshot.daily), None
    return run_weights(
        weights,
        snapshot,
        execution,
        name=strategy.name,
        title=strategy.title,
        config=strategy.config,
        start=start,
        end=end,
        panel=seen,
        benchmark=benchmark,
        reasons=reasons,
    )


def run_weights(
    weights: pd.DataFrame,
    snapshot: Snapshot,
    execution: Execution | None = None,
    *,
    name: str,
    title: str,
    config: Mapping[str, Any],
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    panel: Panel | None = None,
    benchmark: bool = False,
    reasons: Reasons | None = None,
) -> Run:
    """Backtest given target weights (decision time x assets and CASH); see :func:`backtest`.

    `reasons` says in words why each of some decisions was taken; it fills that column of the
    fills.
    """
    # vectorbt comes with it: seconds and 190 MB that a sweep does without up to its winners.
    from backtests.engine import simulate

    seen = panel or panel_of(snapshot)
    costs = execution or Execution()
    if benchmark:
        costs = replace(costs, perpetuals=())
    first, last = window_of(weights, snapshot, start, end, name)
    targets = _held(from_start(weights, first, last))
    simulation = simulate(
        targets,
        snapshot.daily.until(last + pd.Timedelta(days=1)).select(list(targets.columns[:-1])),
        cash_rate(seen).loc[first:last],
        costs,
        hourly=snapshot.hourly if costs.delay_hours % 24 else None,
        funding=snapshot.funding if costs.perpetuals else None,
    )
    identity = {
        "strategy": name,
        "config": config,
        "execution": costs,
        "start": first,
        "end": last,
        "as_of": snapshot.as_of,
        "snapshot_id": snapshot.snapshot_id,
    }
    return Run(
        run_id=run_id(**identity),
        name=name,
        title=title,
        benchmark=benchmark,
        simulation=simulation if reasons is None else _explained(simulation, reasons),
        metrics=summary(simulation),
        manifest={
            **identity,
            "source": snapshot.source,
            "code": code_version(),
            "versions": versions(),
        },
    )


def _held(weights: pd.DataFrame) -> pd.DataFrame:
    """Leave out assets that are never wanted (all but one, for cash); cash is the last column."""
    assets = weights.drop(columns=CASH)
    wanted = list(assets.columns[(assets.fillna(0.0) != 0.0).any()])
    return weights[[*(wanted or assets.columns[:1]), CASH]]


def _explained(simulation: Simulation, reasons: Reasons) -> Simulation:
    """Write the rule's reason beside each fill that a decision of its own led to."""
    fills = simulation.fills
    own = (fills["decision_time"].notna() & (fills["reason"] == "")).to_numpy()
    words = fills["reason"].to_numpy(dtype=object).copy()
    words[own] = reasons(pd.DatetimeIndex(fills.loc[own, "decision_time"]))
    return replace(simulation, fills=fills.assign(reason=words))

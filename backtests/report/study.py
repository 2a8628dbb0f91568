"""The main job as one function: run the rules, test the claims, keep all that a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from backtests.execution import Execution
from backtests.provenance import code_version, run_id, versions
from backtests.run import Run, backtest, run_weights, window_of
from backtests.thesis.claims import Thesis, read_thesis
from backtests.thesis.finding import Finding
from backtests.thesis.scorecard import SEED, score
from data.panel import Panel, panel_of
from data.settings import Settings
from data.snapshot import Snapshot
from strategies.baselines import BASELINES, exposure_matched, random_timing
from strategies.strategy import Strategy, weights_of
from strategies.variants import names, variant

HEADLINE = "essay_playbook"
DELAYS_HOURS = (0, 1, 4, 12, 24, 72)
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Delay:
    """What waiting costs one rule, over the window in which hourly bars exist.

    ``end_value`` is the final equity per unit of initial cash, by hours of delay.
    """

    strategy: str
    first: pd.Timestamp
    last: pd.Timestamp
    end_value: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Study:
    """One answer, with everything it rests on.

    Parameters
    ----------
    snapshot, panel : Snapshot, Panel
        The data, and the as-of view of them.
    thesis : Thesis
        The registration.
    runs : tuple of Run
        Rules first, yardsticks after; the first is the essay's playbook.
    findings : tuple of Finding
        One for each claim.
    delays : tuple of Delay
        Latency drag of the rules whose holdings have hourly bars.
    run_id : str
        Hash of all configurations, the snapshot, the registration and the code.
    manifest : mapping
        What is needed to make it again.
    """

    snapshot: Snapshot
    panel: Panel
    thesis: Thesis
    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]
    delays: tuple[Delay, ...]
    run_id: str
    manifest: Mapping[str, Any]


def study(
    snapshot: Snapshot,
    *,
    settings: Settings,
    execution: Execution | None = None,
    seed: int = SEED,
) -> Study:
    """Run every variant and yardstick on a snapshot and test the registered claims."""
    costs = execution or Execution()
    panel = panel_of(snapshot)
    thesis = read_thesis()
    ordered = sorted(names(settings.home), key=lambda name: (name != HEADLINE, name))
    rules = [variant(name, settings.home) for name in ordered]
    runs = [backtest(rule, snapshot, costs, panel=panel) for rule in rules]
    runs += [
        backtest(rule, snapshot, costs, panel=panel, benchmark=True) for rule in BASELINES.values()
    ]
    runs += _matched(rules[0], snapshot, costs, panel, seed)
    findings = score(snapshot, runs, thesis, panel=panel, seed=seed)
    identity = {
        "runs": [run.run_id for run in runs],
        "thesis": thesis.sha256,
        "seed": seed,
        "snapshot_id": snapshot.snapshot_id,
        "as_of": snapshot.as_of,
    }
    return Study(
        snapshot=snapshot,
        panel=panel,
        thesis=thesis,
        runs=tuple(runs),
        findings=tuple(findings),
        delays=_delays(rules, snapshot, costs, panel),
        run_id=run_id(**identity),
        manifest={
            **identity,
            "source": snapshot.source,
            "execution": costs,
            "code": code_version(),
            "versions": versions(),
        },
    )


def _matched(
    rule: Strategy, snapshot: Snapshot, costs: Execution, panel: Panel, seed: int
) -> list[Run]:
    """Return the two yardsticks that copy a rule's exposure: held evenly, and at other times."""
    weights = weights_of(rule, panel, snapshot.daily, snapshot.funding)
    first, _ = window_of(weights, snapshot, None, None)
    made = (
        exposure_matched(weights, panel, snapshot.daily, of=rule.name, start=first),
        random_timing(weights, panel, snapshot.daily, of=rule.name, start=first, seed=seed),
    )
    return [
        backtest(each, snapshot, costs, start=first, panel=panel, benchmark=True) for each in made
    ]


def _delays(
    rules: Sequence[Strategy], snapshot: Snapshot, costs: Execution, panel: Panel
) -> tuple[Delay, ...]:
    """Run every rule that holds only assets with hourly bars at each delay, on the same window."""
    if snapshot.hourly is None:
        return ()
    first = snapshot.hourly.index[0].ceil("D")
    last = min(snapshot.hourly.index[-1].floor("D") - 4 * DAY, snapshot.as_of)
    found = []
    for rule in rules:
        weights = weights_of(rule, panel, snapshot.daily, snapshot.funding).loc[:last]
        held = set(weights.columns[(weights.loc[first:].fillna(0.0) != 0).any()]) - {"CASH"}
        if not held or not held <= set(snapshot.hourly.assets):
            continue
        values = {
            hours: _end_value(rule, weights, snapshot, costs, panel, hours, (first, last))
            for hours in DELAYS_HOURS
        }
        found.append(Delay(rule.name, first, last, values))
    return tuple(found)


def _end_value(
    rule: Strategy,
    weights: pd.DataFrame,
    snapshot: Snapshot,
    costs: Execution,
    panel: Panel,
    hours: int,
    window: tuple[pd.Timestamp, pd.Timestamp],
) -> float:
    run = run_weights(
        weights,
        snapshot,
        replace(costs, delay_hours=hours),
        name=rule.name,
        title=rule.title,
        config=rule.config,
        start=window[0],
        end=window[1],
        panel=panel,
    )
    return float(run.simulation.equity.iloc[-1]) / costs.initial_cash

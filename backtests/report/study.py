"""The main job as one function: run the rules, test the claims, keep all that a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.execution import Execution
from backtests.latency import Delay, delayed, has_hourly, hourly_window
from backtests.provenance import code_version, run_id, versions
from backtests.run import Run, backtest, window_of
from backtests.thesis.claims import Thesis, read_thesis
from backtests.thesis.finding import Finding
from backtests.thesis.scorecard import SEED, score
from backtests.trials.ledger import Ledger
from backtests.trials.recording import record_runs
from data.panel import Panel, panel_of
from data.settings import Settings
from data.snapshot import Snapshot
from strategies.baselines import BASELINES, exposure_matched, random_timing
from strategies.strategy import Strategy, weights_of
from strategies.variants import names, variant

HEADLINE = "essay_playbook"


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


def record(found: Study, ledger: Ledger) -> int:
    """Record a study's rules in the trial ledger; return how many were new."""
    tried = [
        (variant(run.name, ledger.home).family, run) for run in found.runs if not run.benchmark
    ]
    return record_runs(ledger, tried, found.snapshot, "report")


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
    window = hourly_window(snapshot)
    if window is None:
        return ()
    found = []
    for rule in rules:
        weights = weights_of(rule, panel, snapshot.daily, snapshot.funding)
        if has_hourly(weights, snapshot, window):
            found.append(delayed(rule, weights, snapshot, costs, panel, window))
    return tuple(found)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backtests.holding import excess_of
from backtests.run import backtest
from backtests.trials.ledger import Ledger
from backtests.trials.overview import overview
from backtests.trials.recording import record_runs
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.variants import variant
from tests.backtests.trials.trial_batches import BATCH, figures, hashes


def test_a_backtest_is_recorded_with_its_figures(home: Path, phantom: Snapshot) -> None:
    ledger, panel = Ledger(home), panel_of(phantom)
    rule = variant("liquidity_trend")
    run = backtest(rule, phantom, panel=panel)
    assert record_runs(ledger, [(rule.family, run)], phantom, "backtest") == 1
    assert record_runs(ledger, [(rule.family, run)], phantom, "report") == 0
    d = excess_of(run, phantom.daily).to_numpy()
    assert ledger.sharpes(rule.family) == pytest.approx([d.mean() / d.std()])
    (cash,) = ledger.sharpes(rule.family, "cash")
    # The measure divides by n - 1 and is annual.
    n = len(d)
    assert cash * np.sqrt(365 * (n - 1) / n) == pytest.approx(run.metrics["sharpe"], rel=1e-9)
    assert ledger.periods(rule.family) == n
    assert ledger.folds(rule.family)[0].sum() == pytest.approx(d.sum(), rel=1e-4)


def test_a_rule_that_times_nothing_has_no_matched_ratio(home: Path, phantom: Snapshot) -> None:
    ledger = Ledger(home)
    cash = backtest(BASELINES["cash"], phantom)
    record_runs(ledger, [("baseline", cash)], phantom, "backtest")
    (found,) = overview(ledger)
    assert (found.trials, found.known, found.effective) == (1, 0, None)


def test_the_overview_of_many_trials(home: Path) -> None:
    ledger = Ledger(home)
    some = figures(60)
    # Three families of like variants, twenty each.
    some["folds"] = np.repeat(np.random.default_rng(3).normal(size=(3, 16)), 20, axis=0)
    some["folds"] += 0.05 * figures(60, seed=4)["folds"]
    ledger.record("f", hashes(0, 60), **BATCH, **some)
    ledger.record("f", hashes(60, 65), **{**BATCH, "origin": "compare"})
    (found,) = overview(ledger)
    assert (found.family, found.trials, found.known) == ("f", 65, 60)
    assert found.by_origin == {"sweep": 60, "compare": 5}
    assert (found.effective, found.effective_of) == (3, 60)
    assert found.variance == pytest.approx(np.var(some["sharpe_matched"], ddof=1))
    assert found.best == some["sharpe_matched"].max()
    assert found.needed is not None
    assert found.needed_effective is not None
    assert (found.needed.trials, found.needed_effective.trials) == (65, 3)
    assert found.needed_effective.needed < found.needed.needed
    assert (found.first_seen, found.data_until) == ("2026-08-07T06:00:00Z", "2026-08-07T00:00:00Z")

"""A walk forward in JSON's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backtests.holding import excess_of
from backtests.inference.arrays import FloatArray
from backtests.inference.sharpe import SharpeEstimate, sharpe_interval
from backtests.metrics import YEAR
from backtests.output import run_summary, write_run
from backtests.run import Run
from backtests.walk_forward.combinatorial import PurgedPaths
from backtests.walk_forward.walk import Step, WalkForward
from data.atomic import replace_file
from data.canonical import canonical_json

FILE = "walkforward.json"
SEED = 20_251_104
_QUANTILES = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}


def walk_summary(found: WalkForward, scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return what describes a walk forward: windows, choices, the stitched account, the paths.

    Parameters
    ----------
    found : WalkForward
        The result.
    scenario : mapping
        What its execution has other than those of the scenarios beside it.
    """
    scores = found.test_scores * _annual(found.settings.by)
    daily = found.variants.snapshot.daily
    matched = excess_of(found.run, daily).to_numpy().astype(np.float64)
    return {
        "scenario": scenario,
        "settings": found.settings,
        "reach": found.reach,
        "variants": len(found.variants),
        "variants_hash": found.scores.variants_hash,
        "windows": [step_row(found, step) for step in found.steps],
        "mean_test_rank": float(np.mean([step.test_rank for step in found.steps])),
        "switches": found.switches,
        "stitched": run_summary(found.run),
        "sharpe_over_cash": _interval(found.run.simulation.over_cash),
        "sharpe_over_matched": _interval(matched),
        "all_variants_on_test_days": {
            "criterion": found.settings.by,
            **_quantiles(scores),
        },
        "combinatorial": None if found.combined is None else combined_summary(found.combined),
        "confirmed": {
            "variants": len({step.chosen for step in found.steps}),
            "largest_difference": found.difference,
        },
    }


def step_row(found: WalkForward, step: Step) -> dict[str, Any]:
    """Return one window: its days, what was chosen, the criterion a year."""
    scale, chosen = _annual(found.settings.by), step.chosen
    ((_, config_hash),) = found.variants.trials((chosen, chosen + 1))
    return {
        "train_first": step.window.train_first,
        "train_last": step.window.train_last,
        "test_first": step.window.test_first,
        "test_last": step.window.test_last,
        "variant": found.variants.rule(chosen).name,
        "parameters": dict(found.variants.varied(chosen)),
        "config_hash": config_hash,
        "train_score": step.train_score * scale,
        "test_score": step.test_score * scale,
        "test_rank": step.test_rank,
    }


def combined_summary(combined: PurgedPaths) -> Mapping[str, Any]:
    """Return the distribution of the paths' Sharpe ratios and how often each variant was chosen."""
    numbers, counts = np.unique(combined.chosen, return_counts=True)
    return {
        "folds": combined.folds,
        "test_folds": combined.test_folds,
        "splits": combined.splits,
        "paths": len(combined.sharpe),
        "purge": combined.purge,
        "embargo": combined.embargo,
        "train_days": {"min": combined.train_days.min(), "max": combined.train_days.max()},
        "sharpe": combined.sharpe,
        "sharpe_quantiles": _quantiles(combined.sharpe),
        "share_below_zero": float((combined.sharpe < 0).mean()),
        "chosen": {str(number): int(count) for number, count in zip(numbers, counts, strict=True)},
    }


def write_walk(out: Path, summary: Mapping[str, Any], runs: Sequence[Run]) -> None:
    """Write ``walkforward.json`` and each stitched run's own files.

    Of several scenarios each run has a folder of its own: ``scenario_1``, ``scenario_2``, ...
    """
    for number, run in enumerate(runs, 1):
        write_run(run, out if len(runs) == 1 else out / f"scenario_{number}")
    replace_file(out / FILE, canonical_json(summary, indent=2).encode())


def _annual(by: str) -> float:
    return YEAR if by == "mean" else float(np.sqrt(YEAR))


def _interval(excess: FloatArray) -> SharpeEstimate | None:
    """Return an annual Sharpe ratio with its interval; None below two years or for a flat one."""
    if len(excess) < 2 * YEAR or not np.ptp(excess):
        return None
    return sharpe_interval(excess, periods_per_year=YEAR, seed=SEED)


def _quantiles(values: FloatArray) -> dict[str, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return {}
    return {name: float(np.quantile(known, q)) for name, q in _QUANTILES.items()}

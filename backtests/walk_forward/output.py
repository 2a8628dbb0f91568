"""A walk forward in JSON's terms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backtests.holding import excess_of
from backtests.inference.arrays import FloatArray
from backtests.inference.sharpe import SharpeEstimate, sharpe_interval
from backtests.metrics import YEAR
from backtests.output import run_summary, write_run
from backtests.trials.recording import over_cash
from backtests.walk_forward.combinatorial import PurgedPaths
from backtests.walk_forward.walk import Step, WalkForward
from data.atomic import replace_file
from data.canonical import canonical_json
from data.snapshot import Snapshot

FILE = "walkforward.json"
SEED = 20_251_104
_QUANTILES = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "max": 1.0}


def walk_summary(
    found: WalkForward, combined: PurgedPaths | None, snapshot: Snapshot
) -> dict[str, Any]:
    """Return what describes a walk forward: windows, choices, the stitched account, the paths."""
    scores = found.test_scores() * _annual(found.settings.by)
    matched = excess_of(found.run, snapshot.daily).to_numpy().astype(np.float64)
    return {
        "settings": found.settings,
        "reach": found.reach,
        "variants": len(found.paths.rules),
        "windows": [step_row(found, step) for step in found.steps],
        "mean_test_rank": float(np.mean([step.test_rank for step in found.steps])),
        "switches": found.switches,
        "stitched": run_summary(found.run),
        "sharpe_over_cash": _interval(over_cash(found.run)),
        "sharpe_over_matched": _interval(matched),
        "all_variants_on_test_days": {
            "criterion": found.settings.by,
            **_quantiles(scores),
        },
        "combinatorial": None if combined is None else combined_summary(combined),
    }


def step_row(found: WalkForward, step: Step) -> dict[str, Any]:
    """Return one window: its days, what was chosen, the criterion a year."""
    scale = _annual(found.settings.by)
    return {
        "train_first": step.window.train_first,
        "train_last": step.window.train_last,
        "test_first": step.window.test_first,
        "test_last": step.window.test_last,
        "variant": found.paths.rules[step.chosen].name,
        "parameters": dict(found.paths.varied[step.chosen]),
        "config_hash": found.paths.trials[step.chosen].config_hash,
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


def write_walk(out: Path, summary: Mapping[str, Any], found: WalkForward) -> None:
    """Write ``walkforward.json`` and the stitched run's own files."""
    write_run(found.run, out)
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

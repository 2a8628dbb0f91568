"""Variants whose returns are made up, for what needs no engine."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.execution import Execution
from backtests.trials.recording import Trial
from backtests.walk_forward.variant_paths import Held, VariantPaths
from strategies.baselines import BASELINES

FIRST = pd.Timestamp("2020-01-01", tz="UTC")


def made_up(over_cash: np.ndarray, seed: int = 1) -> VariantPaths:
    """Paths with the given returns over cash, shape (T, N); weights are made up beside them."""
    rng = np.random.default_rng(seed)
    periods, variants = over_cash.shape
    decisions = pd.date_range(FIRST, periods=periods, freq="D")
    rules = (list(BASELINES.values()) * variants)[:variants]
    held = [
        Held(
            (rng.random((periods, 1)) < 0.5).astype(float),
            rng.normal(0.001, 0.03, size=(periods, 1)),
            np.full(periods, 1e-4),
        )
        for _ in range(variants)
    ]
    return VariantPaths(
        rules=tuple(rules),
        varied=tuple({"number": i} for i in range(variants)),
        execution=Execution(),
        targets=(),
        decisions=decisions,
        over_cash=over_cash,
        held=tuple(held),
        trials=tuple(
            Trial("f", f"{i:064x}", 0.0, 0.0, periods, np.zeros(16)) for i in range(variants)
        ),
    )

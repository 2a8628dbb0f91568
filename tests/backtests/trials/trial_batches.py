"""Made-up trials for the tests of the ledger."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import numpy as np

AT = datetime(2026, 8, 7, 6, tzinfo=UTC)
DATA_UNTIL = datetime(2026, 8, 7, tzinfo=UTC)
BATCH: dict[str, Any] = {
    "origin": "sweep",
    "snapshot_id": "abc",
    "data_until": DATA_UNTIL,
    "at": AT,
}


def hashes(first: int, last: int) -> list[str]:
    """Configuration hashes numbered from `first` to before `last`."""
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(first, last)]


def figures(n: int, seed: int = 1) -> dict[str, Any]:
    """Sharpe ratios, periods and folds of n trials."""
    rng = np.random.default_rng(seed)
    return {
        "sharpe_cash": rng.normal(0.03, 0.02, size=n),
        "sharpe_matched": rng.normal(0.0, 0.02, size=n),
        "periods": 2900,
        "folds": rng.normal(size=(n, 16)),
    }

"""Leaderboards of sweeps, written the way a sweep writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.provenance import code_version
from backtests.sweep.columns import FOLD_NAMES
from data.aliases import FloatArray
from data.canonical import canonical_json
from data.snapshot import Snapshot


def write_board(
    folder: Path,
    snapshot: Snapshot,
    parameters: Mapping[str, Any],
    sharpe: Sequence[float] | FloatArray,
    folds: FloatArray | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> Path:
    """Write ``leaderboard.parquet`` and ``manifest.json``; return the leaderboard."""
    n = len(sharpe)
    rows = np.random.default_rng(5).standard_normal((n, 16)) if folds is None else folds
    table = pd.DataFrame(
        {
            "variant": range(n),
            **parameters,
            "config_hash": [f"{at:064x}" for at in range(n)],
            "route": "native",
            "status": "fine",
            "sharpe": np.asarray(sharpe, dtype=float),
            "exposure": 0.5,
            "sharpe_matched": np.asarray(sharpe, dtype=float),
            **dict(zip(FOLD_NAMES, rows.T, strict=True)),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "leaderboard.parquet"
    table.to_parquet(path, index=False)
    identity = {
        "snapshot_id": snapshot.snapshot_id,
        "code": code_version(),
        "family": "swept",
        "start": pd.Timestamp("2016-02-05", tz="UTC"),
        "end": snapshot.as_of,
        "run_id": "0123456789abcdef",
        **(manifest or {}),
    }
    (folder / "manifest.json").write_text(canonical_json(identity))
    return path

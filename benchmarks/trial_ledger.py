"""What recording 100,000 configurations in the trial ledger costs.

    python benchmarks/trial_ledger.py --json ledger.json

Seconds of wall clock and of processor time, in a folder of its own: the first batch, the same batch
again (nothing new), a count, and a full check of the chain.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from backtests.trials.ledger import Ledger

CONFIGURATIONS = 100_000


def timed(task: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return {
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }


def measure(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    hashes = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(CONFIGURATIONS)]
    sharpe = rng.normal(0, 0.02, size=(2, CONFIGURATIONS))
    folds = rng.normal(size=(CONFIGURATIONS, 16)).astype(np.float32)
    ledger = Ledger(folder)

    def record() -> None:
        ledger.record(
            "benchmark",
            hashes,
            origin="sweep",
            snapshot_id="none",
            data_until=datetime(2026, 1, 1, tzinfo=UTC),
            sharpe_cash=sharpe[0],
            sharpe_matched=sharpe[1],
            periods=2_900,
            folds=folds,
        )

    return {
        "configurations": CONFIGURATIONS,
        "record": timed(record),
        "record_again": timed(record),
        "count": timed(lambda: ledger.count("benchmark")),
        "check": timed(ledger.faults),
        "needed_sharpe": timed(lambda: ledger.needed_sharpe("benchmark", 1_000, periods=2_900)),
        "megabytes": round(ledger.path.stat().st_size / 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    out: Path | None = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    print(json.dumps(found, indent=2))
    if out is not None:
        out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

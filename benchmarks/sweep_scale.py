"""How a whole sweep grows: grid to finished leaderboard, by number of variants and of workers.

    python benchmarks/sweep_scale.py [--json FILE] [--data SOURCE] [--most N]

Each row is a process of its own with an empty home, so that its peak memory is its own: loading,
evaluating, the trial ledger ("eval MB" up to here), the leaderboard and the confirmation of three
winners by each ranking, for which vectorbt is loaded. The kernel is
compiled before anything is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1_000, 10_000, 100_000, 400_000)
GRID = """
base = "liquidity_threshold"
sample = {size}
[grid]
exposure.signal.days = {{ from = 7, to = 70, step = 7 }}
exposure.enter = {{ from = 0, to = 198, step = 2 }}
exposure.leave = {{ from = -198, to = 0, step = 2 }}
overlays.minimum_holding.days = [1, 7, 14, 28, 56]
"""
# The same with a rule that gives the kernel a target matrix.
MATRIX = """
base = "liquidity_trend"
sample = {size}
[grid]
exposure.days = {{ from = 20, to = 260, step = 2 }}
allocation.part = [0.25, 0.5]
overlays.rebalance_band.width = [0.02, 0.05]
"""


def one(text: str, size: int, workers: int, source: str) -> dict[str, Any]:
    """Run one sweep in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        grid = Path(folder) / "grid.toml"
        grid.write_text(text.format(size=size))
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(grid), str(workers), source],
            env={**os.environ, "PLUMBLINE_HOME": folder, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        )
    return dict(json.loads(done.stdout))


def measured(grid: Path, workers: int, source: str) -> dict[str, Any]:
    """Sweep and say where the time went, in seconds, and what it took, in MB."""
    from backtests.sweep.grid import read_grid
    from backtests.sweep.job import job_of
    from backtests.sweep.sweep import sweep
    from backtests.trials.ledger import Ledger
    from data.loading import load

    begun = time.perf_counter()
    job = job_of(read_grid(grid), load(source))
    loaded = time.perf_counter()
    last, worked, before, high = [loaded], [0.0], time.process_time(), [0.0]

    def reached(done: int) -> None:  # noqa: ARG001
        last[0], worked[0], high[0] = time.perf_counter(), time.process_time() - before, _peak()

    sweep(
        job,
        grid.parent / "out",
        ledger=Ledger(grid.parent),
        workers=workers,
        top=3,
        progress=reached,
    )
    ended = time.perf_counter()
    disk = (grid.parent / "out" / "leaderboard.parquet").stat().st_size / 1e6
    ledger = sum(path.stat().st_size for path in grid.parent.glob("trials.*")) / 1e6
    return {
        "variants": job.grid.count,
        "workers": workers,
        "days": job.days,
        "load": loaded - begun,
        "evaluate": last[0] - loaded,
        "finish": ended - last[0],
        "cpu": worked[0],
        "rate": job.grid.count / (last[0] - loaded),
        "evaluating_mb": high[0],
        "peak_mb": _peak(),
        "leaderboard_mb": disk,
        "ledger_mb": ledger,
    }


def _peak() -> float:
    """Most memory that this process has had so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--data", default="simulated:phantom")
    parser.add_argument("--most", type=int, default=max(SIZES))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        grid, workers, source = options.one
        print(json.dumps(measured(Path(grid), int(workers), source)))
        return
    one(GRID, 64, 1, options.data)
    one(MATRIX, 4, 1, options.data)
    plan = [(GRID, size, 1) for size in SIZES if size <= options.most]
    plan += [(GRID, min(100_000, options.most), 2), (MATRIX, 256, 1)]
    rows = []
    head = (
        "variants workers route   load s  evaluate s    CPU s  finish s  a second  eval MB  "
        "peak MB disk MB"
    )
    print(head)
    for text, size, workers in plan:
        row = {**one(text, size, workers, options.data), "route": _route(text)}
        rows.append(row)
        disk = row["leaderboard_mb"] + row["ledger_mb"]
        print(
            f"{row['variants']:8,} {row['workers']:7} {row['route']:7} {row['load']:7.1f} "
            f"{row['evaluate']:11.1f} {row['cpu']:9.1f} {row['finish']:9.1f} {row['rate']:9,.0f} "
            f"{row['evaluating_mb']:8.0f} {row['peak_mb']:8.0f} {disk:7.1f}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def _route(text: str) -> str:
    return "native" if text is GRID else "matrix"


if __name__ == "__main__":
    main()

"""How long the store takes to become a snapshot and its as-of panel, beside a plain Parquet read.

    python benchmarks/store.py

The store is simulated: 40 daily series, 27 daily price histories since 2013. Everything is read
once to warm up; the smallest of a few times counts. Then the same with half the rows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from data.catalogue import SERIES
from data.panel import panel_of
from data.snapshot import from_tables
from data.store import Store

RUNS = 5
DAYS = 4_800
SERIES_COUNT = 40
COINS = 27
GROWTH = 2.6  # twice the rows may take at most this many times as long


def tables(days: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    grid = pd.date_range("2013-07-01", periods=days, unit="us")
    open_days = grid[grid.day_of_week < 5]
    # Daily ones first; the others stand in with a figure for every open day.
    ranked = sorted(SERIES.values(), key=lambda spec: spec.period not in ("day", "calendar_day"))
    chosen = sorted(spec.id for spec in ranked[:SERIES_COUNT])
    rows = pd.MultiIndex.from_product([chosen, open_days]).to_frame(index=False)
    observations = pd.DataFrame(
        {
            "series": rows[0],
            "ref_date": rows[1],
            "value": rng.uniform(1, 5, len(rows)),
            "known_at": pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]"),
            "source": "simulated",
        }
    )
    coins = ["BTC", *(f"COIN{number:02}" for number in range(1, COINS))]
    bars = pd.MultiIndex.from_product([coins, grid.tz_localize("UTC")]).to_frame(index=False)
    close = rng.uniform(1, 100, len(bars))
    prices = pd.DataFrame(
        {
            "symbol": bars[0],
            "opened": bars[1],
            **{"open": close, "high": close, "low": close, "close": close, "volume": close},
            "market": "simulated spot USD",
            "source": "simulated",
        }
    )
    return {"observations": observations, "prices_1d": prices}


def best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def measured(folder: Path, days: int) -> dict[str, float]:
    store = Store(folder)
    store.add(tables(days), pd.Timestamp.now("UTC"))
    files = sorted(folder.glob("*.parquet"))

    def all_of_it() -> None:
        panel_of(from_tables(store.read(), "store")).last("rrp")

    held = store.read()
    return {
        "plain Parquet": best(lambda: [pd.read_parquet(path) for path in files]),
        "store": best(store.read),
        "snapshot": best(lambda: from_tables(held, "store")),
        "store to panel": best(all_of_it),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        half = measured(Path(folder) / "half", DAYS // 2)
        full = measured(Path(folder) / "full", DAYS)
    for name, value in full.items():
        times = value / full["plain Parquet"]
        growth = value / half[name]
        print(f"{name:16} {value * 1000:6.0f} ms  {times:5.1f} x plain  {growth:4.1f} x half")
    ours = full["store to panel"] / half["store to panel"]
    print(f"twice the rows: {ours:.1f} times, at most {GROWTH}")
    return int(ours > GROWTH)


if __name__ == "__main__":
    sys.exit(main())

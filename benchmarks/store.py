"""How long the store takes to become a snapshot and its as-of panel, beside a plain Parquet read.

    python benchmarks/store.py [--json FILE]

The store is simulated: 40 daily series and 15 daily price histories since 2013, hourly bars of two
coins since 2018 and their funding rates. Everything is read once to warm up; the smallest of a few
times counts, in seconds of processor time, so that other work on the machine does not. The same
with half and twice the rows gives the exponent with which the cost of the whole grows.
"""

from __future__ import annotations

import argparse
import json
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

RUNS = 7
DAYS = 4_800
HOURS = 73_000
SERIES_COUNT = 40
COINS = 15
SHARES = (0.5, 1.0, 2.0)
EXPONENT = 1.1  # the cost may grow with this power of the rows at most
GOAL = 0.3  # seconds for the whole


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
    share = days / DAYS
    hours = pd.date_range("2018-01-01", periods=int(HOURS * share), freq="h", unit="us")
    every_eight = hours[::8].tz_localize("UTC")
    rates = pd.MultiIndex.from_product([["BTC", "ETH"], every_eight]).to_frame(index=False)
    funding = pd.DataFrame(
        {
            "perpetual": rates[0] + " simulated",
            "symbol": rates[0],
            "ts": rates[1],
            "rate": rng.uniform(-1e-4, 3e-4, len(rates)),
            "venue": "simulated",
            "source": "simulated",
        }
    )
    return {
        "observations": observations,
        "prices_1d": prices(coins, grid, rng),
        "prices_1h": prices(["BTC", "ETH"], hours, rng),
        "funding": funding,
    }


def prices(coins: list[str], opened: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    bars = pd.MultiIndex.from_product([coins, opened.tz_localize("UTC")]).to_frame(index=False)
    close = rng.uniform(1, 100, len(bars))
    return pd.DataFrame(
        {
            "symbol": bars[0],
            "opened": bars[1],
            **{"open": close, "high": close, "low": close, "close": close, "volume": close},
            "market": "simulated spot USD",
            "source": "simulated",
        }
    )


def best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds)


def measured(folder: Path, days: int) -> dict[str, float]:
    store = Store(folder)
    store.add(tables(days), pd.Timestamp("2026-11-01", tz="UTC"))
    files = sorted(folder.glob("*.parquet"))

    def whole() -> None:
        snapshot = from_tables(store.read(), "store")
        panel = panel_of(snapshot)
        for name in snapshot.observations.ids:
            panel.last(name)

    held = store.read()
    return {
        "plain Parquet": best(lambda: [pd.read_parquet(path) for path in files]),
        "store": best(store.read),
        "snapshot": best(lambda: from_tables(held, "store")),
        "store to panel": best(whole),
        "rows": float(sum(map(len, held.values()))),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the way from the store to the panel.")
    parser.add_argument("--json", type=Path)
    out = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        found = [measured(Path(folder) / str(share), int(DAYS * share)) for share in SHARES]
    rows = [each.pop("rows") for each in found]
    full = found[SHARES.index(1.0)]
    for name, value in full.items():
        times = value / full["plain Parquet"]
        print(f"{name:16} {value * 1000:6.0f} ms  {times:5.1f} x plain")
    costs = np.log([each["store to panel"] for each in found])
    exponent = float(np.polyfit(np.log(rows), costs, 1)[0])
    whole = full["store to panel"]
    print(
        f"{rows[SHARES.index(1.0)]:,.0f} rows: {whole:.3f} s, goal {GOAL}; the cost grows with the "
        f"rows to the power of {exponent:.2f}, at most {EXPONENT}"
    )
    if out:
        result = {
            "rows": rows[SHARES.index(1.0)],
            "seconds": full,
            "exponent_rows": exponent,
            "ratio_to_plain_parquet": whole / full["plain Parquet"],
        }
        out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return int(exponent > EXPONENT)


if __name__ == "__main__":
    sys.exit(main())

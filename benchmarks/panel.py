"""The as-of panel: 40 series over ten years of daily decisions, beside a plain forward fill.

    python benchmarks/panel.py [--json FILE]

Prints seconds and the ratio to ``DataFrame.ffill`` over a table of the same shape in the same run.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from data.catalogue import SERIES
from data.observations import observe
from data.panel import Panel

SERIES_COUNT = 40
YEARS = 10
REPEATS = 5


def values() -> pd.DataFrame:
    days = pd.date_range("2014-01-01", periods=261 * YEARS, freq="B", unit="us")
    names = [spec.id for spec in SERIES.values() if spec.period == "day" and not spec.revised]
    rng = np.random.default_rng(0)
    return pd.concat(
        pd.DataFrame(
            {
                "series": name,
                "ref_date": days,
                "value": rng.normal(size=len(days)),
                "known_at": pd.Series(pd.NaT, index=range(len(days)), dtype="datetime64[us, UTC]"),
                "source": "benchmark",
            }
        )
        for name in names[:SERIES_COUNT]
    ).reset_index(drop=True)


def best(function: object) -> float:
    assert callable(function)
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the as-of panel.")
    parser.add_argument("--json", type=Path)
    out = parser.parse_args().json
    observations = observe(values())
    times = pd.date_range("2014-06-01", periods=365 * YEARS, freq="D", tz="UTC", unit="us")

    def build() -> None:
        panel = Panel(observations, times)
        for name in observations.ids:
            panel.last(name)

    plain = pd.DataFrame(np.random.default_rng(0).normal(size=(len(times), len(observations.ids))))
    plain[plain > 1] = np.nan
    seconds, reference = best(build), best(plain.ffill)
    found = {
        "series": len(observations.ids),
        "decisions": len(times),
        "seconds": seconds,
        "ratio_to_ffill": seconds / reference,
        "seconds_of_40_series": seconds * SERIES_COUNT / len(observations.ids),
    }
    print(json.dumps(found, indent=2))
    if out:
        out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

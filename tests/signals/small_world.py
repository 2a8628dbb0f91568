"""A small world to audit in: nine series and five coins over three and a half years."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data.bars import Bars, from_rows
from data.catalogue import SERIES
from data.facts import tga_target_observations
from data.observations import Observations, observe
from data.release import known_at
from data.snapshot import Snapshot

START, END = pd.Timestamp("2020-01-01"), pd.Timestamp("2023-06-30")
DAY = pd.Timedelta(days=1)
# First and last bar of each coin; LUNA_CLASSIC was delisted, DEAD just stops.
COINS = {
    "BTC": ("2019-11-01", "2023-06-30"),
    "DEAD": ("2020-02-01", "2021-09-15"),
    "ETH": ("2020-01-01", "2023-06-30"),
    "LUNA_CLASSIC": ("2020-09-01", "2022-05-13"),
    "SOL": ("2021-03-01", "2023-06-30"),
}


def small_snapshot(seed: int = 5) -> Snapshot:
    """Return the world; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    return Snapshot(
        observations=small_observations(rng),
        daily=small_bars(rng),
        hourly=None,
        funding=None,
        snapshot_id=f"small-{seed}",
        as_of=pd.Timestamp(END + DAY, tz="UTC"),
        source="simulated:small",
    )


def small_observations(rng: np.random.Generator) -> Observations:
    """Return figures published by the catalogue's rules, `m2` with revisions on record."""
    business = pd.date_range(START, END, freq="B", unit="us")
    every_day = pd.date_range(START, END, freq="D", unit="us")
    wednesdays = every_day[every_day.day_of_week == 2]
    months = pd.date_range(START, END, freq="ME", unit="us")
    pieces = [
        _figures("fed_assets", wednesdays, _walk(rng, len(wednesdays), 7000.0, 25.0)),
        _figures("reserves", wednesdays, _walk(rng, len(wednesdays), 3000.0, 30.0)),
        _figures("tga", business, _walk(rng, len(business), 900.0, 20.0)),
        _figures("rrp", business, np.abs(_walk(rng, len(business), 500.0, 30.0))),
        _figures("srf", business, np.maximum(rng.normal(-3.0, 3.0, len(business)), 0.0)),
        # The SOFR of this world begins in 2021.
        _figures("sofr", business[business >= pd.Timestamp("2021-01-04")], None, rng),
        _figures("ff_upper", every_day, 1.0 + np.arange(len(every_day)) // 200 * 0.25),
        *_revised("m2", months, _walk(rng, len(months), 20_000.0, 100.0), rng),
    ]
    observations = observe(pd.concat(pieces, ignore_index=True))
    targets = tga_target_observations()
    return observations.with_rows(targets[targets["ref_date"] <= END])


def _walk(rng: np.random.Generator, count: int, start: float, step: float) -> np.ndarray:
    return start + np.cumsum(rng.normal(0.0, step, count))


def _figures(
    series: str,
    ref_dates: pd.DatetimeIndex,
    values: np.ndarray | None,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    if values is None:
        assert rng is not None
        values = 1.0 + 0.1 * rng.normal(size=len(ref_dates))
    return pd.DataFrame(
        {
            "series": series,
            "ref_date": ref_dates,
            "value": values,
            "known_at": pd.Series(pd.NaT, index=range(len(ref_dates))).dt.tz_localize("UTC"),
            "source": "small world",
        }
    )


def _revised(
    series: str, ref_dates: pd.DatetimeIndex, values: np.ndarray, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """First prints by the rule, and one revision of each two months later."""
    first = _figures(series, ref_dates, values)
    first["known_at"] = known_at(SERIES[series], ref_dates)
    noise = rng.normal(0.0, 80.0, len(ref_dates))
    later = first.assign(value=values + noise, known_at=first["known_at"] + 61 * DAY)
    return [first, later]


def small_bars(rng: np.random.Generator) -> Bars:
    """Return daily bars of five coins, with a few days missing."""
    rows = []
    for name, (first, last) in COINS.items():
        opened = pd.date_range(first, last, freq="D", unit="us", tz="UTC")
        close = 100.0 * np.exp(np.cumsum(rng.normal(0.001, 0.04, len(opened))))
        start = close * np.exp(rng.normal(0.0, 0.01, len(opened)))
        rows.append(
            pd.DataFrame(
                {
                    "symbol": name,
                    "opened": opened,
                    "open": start,
                    "high": np.maximum(start, close) * 1.01,
                    "low": np.minimum(start, close) * 0.99,
                    "close": close,
                    "volume": rng.lognormal(12.0, 0.3, len(opened)),
                    "market": "small USD",
                }
            ).drop(index=range(90, 93) if name == "ETH" else [])
        )
    return from_rows(pd.concat(rows, ignore_index=True), DAY)


def delisted() -> date:
    """Return the day on which LUNA_CLASSIC was delisted."""
    return date(2022, 5, 14)

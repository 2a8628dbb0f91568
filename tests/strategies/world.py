"""A world of four and a half years that every variant can be computed in, made by a seed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from data.bars import from_rows
from data.catalogue import SERIES
from data.facts import tga_target_observations
from data.observations import observe
from data.snapshot import Snapshot

START, END = pd.Timestamp("2021-01-01"), pd.Timestamp("2025-06-30")
HOLE = pd.Timestamp("2023-03-01"), pd.Timestamp("2023-04-01")
DAY = pd.Timedelta(days=1)
# First and last bar of each coin. LUNA_CLASSIC was delisted, UST is a stablecoin, DEAD just
# stops, and ETH has a hole.
COINS = {
    "BTC": ("2020-09-01", "2025-06-30"),
    "DEAD": ("2021-02-01", "2023-09-15"),
    "ETH": ("2021-01-01", "2025-06-30"),
    "LUNA_CLASSIC": ("2020-11-01", "2022-05-13"),
    "SOL": ("2021-09-01", "2025-06-30"),
    "UST": ("2021-12-25", "2022-05-12"),
}


@cache
def world(seed: int = 3) -> Snapshot:
    """Return the world; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    figures = observe(pd.concat(_figures(rng), ignore_index=True))
    targets = tga_target_observations()
    return Snapshot(
        observations=figures.with_rows(targets[targets["known_at"] <= _utc(END)]),
        daily=from_rows(_prices(rng), DAY),
        hourly=None,
        funding=_funding(rng).astype({"symbol": "category"}),
        snapshot_id=f"strategies-{seed}",
        as_of=_utc(END + DAY),
        source="simulated:strategies",
    )


def _utc(day: pd.Timestamp) -> pd.Timestamp:
    return day.tz_localize("UTC").as_unit("us")


def _figures(rng: np.random.Generator) -> list[pd.DataFrame]:
    every_day = pd.date_range(START, END, freq="D", unit="us")
    business = every_day[every_day.day_of_week < 5]
    wednesdays = every_day[every_day.day_of_week == 2]
    years = np.asarray((business - START) / pd.Timedelta(days=365))
    ceiling = 5.0 + 0.0 * np.arange(len(every_day))
    # SOFR presses on the ceiling for a while every year, and the facility is used then.
    pressure = 0.12 * np.sin(2 * np.pi * years) - 0.06 + rng.normal(0, 0.02, len(business))
    usage = np.where(pressure > 0.03, rng.uniform(0.0, 20.0, len(business)), 0.0)
    return [
        _rows("fed_assets", wednesdays, _walk(rng, len(wednesdays), 7500.0, 20.0)),
        _rows("fed_treasuries", wednesdays, _walk(rng, len(wednesdays), 5000.0, 10.0)),
        _rows("tga", business, 700 + 150 * np.sin(9 * years) + rng.normal(0, 10, len(business))),
        _rows("rrp", business, np.abs(400 * np.cos(2 * years) + rng.normal(0, 5, len(business)))),
        _rows("srf", business, usage),
        _rows("sofr", business, 5.0 + pressure),
        _rows("sofr_p99", business, 5.1 + pressure),
        _rows("iorb", every_day, ceiling - 0.1),
        _rows("ff_upper", every_day, ceiling),
    ]


def _walk(rng: np.random.Generator, count: int, start: float, step: float) -> np.ndarray:
    return np.asarray(start + np.cumsum(rng.normal(0.0, step, count)))


def _rows(series: str, ref_dates: pd.DatetimeIndex, values: np.ndarray) -> pd.DataFrame:
    assert series in SERIES
    return pd.DataFrame(
        {
            "series": series,
            "ref_date": ref_dates,
            "value": values,
            "known_at": pd.Series(pd.NaT, index=range(len(ref_dates))).dt.tz_localize("UTC"),
            "source": "test",
        }
    )


def _prices(rng: np.random.Generator) -> pd.DataFrame:
    pieces = []
    for name, (first, last) in COINS.items():
        opened = pd.date_range(first, last, freq="D", unit="us", tz="UTC")
        close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.035, len(opened))))
        start = close * np.exp(rng.normal(0.0, 0.01, len(opened)))
        piece = pd.DataFrame({"symbol": name, "opened": opened, "open": start, "close": close})
        piece["high"], piece["low"] = piece[["open", "close"]].max(axis=1), 0.9 * close
        piece["volume"] = rng.lognormal(13.0, 0.5, len(opened))
        hole = (opened >= _utc(HOLE[0])) & (opened < _utc(HOLE[1])) & (name == "ETH")
        pieces.append(piece[~hole])
    rows = pd.concat(pieces, ignore_index=True)
    rows["market"] = "test USD"
    return rows


def _funding(rng: np.random.Generator) -> pd.DataFrame:
    stamps = pd.date_range(_utc(START), _utc(END), freq="8h", unit="us")
    rates = 2e-4 * np.sin(np.arange(len(stamps)) / 90.0) + rng.normal(1e-4, 2e-5, len(stamps))
    return pd.DataFrame({"symbol": "BTC", "ts": stamps, "rate": rates, "venue": "test perp"})

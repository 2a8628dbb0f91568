"""A rule whose target is known beforehand, and worlds with a hole in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from data.snapshot import Snapshot
from strategies.config import strategy_of
from strategies.strategy import Strategy

DAY = pd.Timedelta(days=1)
FILES = ("feed.csv", "feed.parquet", "latest.json")


def moment(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("us")


def always(on_stale: str = "hold", *, enter: float = -1e6, name: str = "always") -> Strategy:
    """Three quarters in BTC whenever the Treasury's account of the last weeks is known."""
    return strategy_of(
        {
            "title": "Three quarters in BTC",
            "exposure": {
                "kind": "threshold",
                "signal": {"name": "tga_impulse", "days": 28},
                "enter": enter,
                "leave": enter - 1.0,
            },
            "allocation": {"kind": "btc"},
            "overlays": [
                {"kind": "max_gross", "limit": 0.75},
                {"kind": "rebalance_band", "width": 0.05},
            ],
            "feed": {"on_stale": on_stale},
        },
        name,
        "tests",
    )


def without_tga(snapshot: Snapshot, after: str, until: str = "2100-01-01") -> Snapshot:
    """The same world, where the Treasury publishes nothing about the days in between."""
    table, days = (
        snapshot.observations.table,
        pd.DatetimeIndex(snapshot.observations.table["ref_date"]),
    )
    missing = (
        (table["series"] == "tga") & (days > pd.Timestamp(after)) & (days < pd.Timestamp(until))
    )
    return replace(snapshot, observations=replace(snapshot.observations, table=table[~missing]))


def content(folder: Path) -> dict[str, bytes]:
    """The bytes of everything in a folder but its lock."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()}

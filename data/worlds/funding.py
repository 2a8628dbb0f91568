"""Funding rates of perpetuals: high after rises, near their base otherwise."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.worlds.coins import Path
from data.worlds.streams import autoregressive
from data.worlds.timeline import Timeline

BEGINS = {"BTC": date(2019, 9, 10), "ETH": date(2019, 11, 27)}
VENUE = "simulated perp"
_A_DAY = 3
_BASE, _CAP = 0.0001, 0.003
_LOOK_BACK = 14


def funding(
    time: Timeline, path: Path, rng: np.random.Generator
) -> tuple[pd.DatetimeIndex, FloatArray]:
    """Return the instants (naive, UTC, every eight hours) and rates (decimal, for eight hours).

    A rate of day *d* answers the coin's return over the 14 days before it.
    """
    total = np.concatenate(([0.0], np.cumsum(path.returns)))
    past = total[_LOOK_BACK:] - total[:-_LOOK_BACK]
    heat = np.concatenate((np.zeros(_LOOK_BACK), past[:-1]))
    noise = autoregressive(rng, len(heat) * _A_DAY, 0.9, 0.00008)
    rate = np.clip(_BASE + 0.0009 * np.repeat(heat, _A_DAY) + noise, -_CAP, _CAP)
    stamps = pd.date_range(time.days[path.first], periods=len(rate), freq="8h", unit="us")
    keep = np.asarray(stamps >= pd.Timestamp(BEGINS[path.coin.name]))
    return stamps[keep], np.round(rate[keep], 8)

"""The repo market: SOFR and its neighbours, dear where reserves are scarce and at period ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray
from data.worlds.policy import Policy
from data.worlds.streams import autoregressive
from data.worlds.timeline import (
    FIRST_DAYS,
    LAST_DAYS,
    MID_MONTH,
    MONTH_END,
    QUARTER_END,
    Timeline,
    carried,
)

SOFR_BEGINS = "2018-04-02"
# Reserves to GDP at which repo cash is half way to scarce, and how fast it gets there.
_SCARCE_AT, _SCARCE_WIDTH = 0.104, 0.008
# Spike at each place in the month, basis points, where reserves are plentiful and scarce.
_SPIKES = {
    QUARTER_END: (2.0, 20.0),
    MONTH_END: (1.0, 13.0),
    LAST_DAYS: (0.2, 6.0),
    FIRST_DAYS: (0.4, 8.0),
    MID_MONTH: (0.2, 6.0),
}
# The repo spike of September 2019, basis points.
_SEPTEMBER_2019 = {"2019-09-16": 12.0, "2019-09-17": 300.0, "2019-09-18": 40.0}
_VOLUME = {
    "2018-04-02": 760, "2019-01-01": 950, "2020-03-01": 1120, "2021-12-31": 940,
    "2022-12-31": 1060, "2023-12-31": 1700, "2024-12-31": 2350, "2025-10-31": 3100,
    "2026-08-06": 2950,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repo:
    """Money-market rates (percent) and volume (USD bn) of each day; closed days carry the last.

    Parameters
    ----------
    sofr, p1, p25, p75, p99, tgcr, effr : ndarray
        Rates in hundredths of a percent, ``p1 <= p25 <= sofr <= p75 <= p99``.
    volume : ndarray
        Volume behind SOFR.
    over_ceiling : ndarray
        SOFR less the top of the range, basis points.
    """

    sofr: FloatArray
    p1: FloatArray
    p25: FloatArray
    p75: FloatArray
    p99: FloatArray
    tgcr: FloatArray
    effr: FloatArray
    volume: FloatArray
    over_ceiling: FloatArray


def repo(
    time: Timeline, rates: Policy, reserves_to_gdp: FloatArray, rng: np.random.Generator
) -> Repo:
    """Return simulated rates.

    Parameters
    ----------
    time : Timeline
        The days.
    rates : Policy
        Administered rates in force.
    reserves_to_gdp : ndarray
        Reserves before the SRF lends, over yearly GDP; scarcity follows its 28-day mean.
    rng : Generator
        The repo market's stream.
    """
    n = len(time)
    scarce = _scarcity(reserves_to_gdp)
    noise = autoregressive(rng, n, 0.8, 1.0) * (0.8 + 3.0 * scarce)
    spike = _spikes(time, scarce, rng)
    sofr = np.round(rates.reserves + (-10.0 + 14.0 * scarce + noise + spike) / 100.0, 2)
    tail = rng.gamma(2.0, 1.0, size=(5, n)) * (1.0 + scarce)
    federal = np.round(rates.reserves - 0.07 + rng.normal(scale=0.004, size=n), 2)
    volume = time.knots(_VOLUME) * np.exp(autoregressive(rng, n, 0.95, 0.03) + 0.0015 * spike)

    def published(values: FloatArray) -> FloatArray:
        return carried(np.round(values, 2), time.bond)

    low, high = sofr - 0.01 * tail[0], sofr + 0.01 * tail[1] + 0.002 * spike
    sofr = published(sofr)
    return Repo(
        sofr=sofr,
        p25=published(low),
        p1=published(low - 0.02 - 0.02 * tail[2]),
        p75=published(high),
        p99=published(high + 0.03 + 0.03 * tail[3] + 0.006 * spike),
        tgcr=published(sofr - 0.005 * tail[4]),
        effr=carried(np.clip(federal, rates.lower + 0.04, rates.upper), time.bank),
        volume=carried(np.round(volume), time.bond),
        over_ceiling=np.round((sofr - rates.upper) * 100.0, 6),
    )


def _scarcity(reserves_to_gdp: FloatArray) -> FloatArray:
    """From 0 (plentiful reserves) to 1 (scarce), by a trailing 28-day mean."""
    padded = np.concatenate((np.repeat(reserves_to_gdp[:1], 27), reserves_to_gdp))
    mean = np.convolve(padded, np.full(28, 1.0 / 28.0), mode="valid")
    return 1.0 / (1.0 + np.exp((mean - _SCARCE_AT) / _SCARCE_WIDTH))


def _spikes(time: Timeline, scarce: FloatArray, rng: np.random.Generator) -> FloatArray:
    n = len(time)
    draw = rng.gamma(1.5, 1 / 1.5, size=n)
    spike = np.zeros(n)
    for place, (plentiful, tight) in _SPIKES.items():
        here = time.place == place
        spike[here] = (plentiful + (tight - plentiful) * scarce[here]) * draw[here]
    spike[time.year_end] *= 1.4
    spike[time.tax] += 2.0 * scarce[time.tax]
    for day, size in _SEPTEMBER_2019.items():
        spike[time.at(day)] += size
    return spike

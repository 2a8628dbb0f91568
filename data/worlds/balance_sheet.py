"""The Fed's balance sheet: what drives each side of it, and the sheet that adds up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.aliases import FloatArray
from data.worlds.streams import autoregressive
from data.worlds.timeline import MONTH_END, QUARTER_END, Timeline, carried

# Rounded public levels, USD bn: Treasuries held outright; all else but repos; currency in
# circulation and the smaller liabilities.
_TREASURIES = {
    "2013-01-01": 1670, "2014-01-01": 2200, "2014-10-31": 2460, "2017-10-01": 2465,
    "2019-07-31": 2080, "2019-10-15": 2110, "2020-03-04": 2500, "2020-03-25": 2900,
    "2020-04-15": 3700, "2020-05-31": 4110, "2020-06-30": 4200, "2022-03-15": 5760,
    "2022-06-01": 5770, "2022-09-01": 5690, "2024-06-01": 4480, "2025-04-01": 4235,
    "2025-12-01": 4195, "2026-08-06": 4510,
}  # fmt: skip
_OTHER_ASSETS = {
    "2013-01-01": 1240, "2014-10-31": 2010, "2017-10-01": 1990, "2019-08-01": 1710,
    "2020-03-04": 1590, "2020-03-25": 2000, "2020-04-15": 2480, "2020-06-10": 2950,
    "2020-07-15": 2700, "2021-06-30": 2890, "2022-04-15": 3180, "2023-03-01": 3010,
    "2023-03-22": 3390, "2023-07-01": 3180, "2024-03-01": 2870, "2024-07-01": 2770,
    "2025-12-01": 2360, "2026-08-06": 2240,
}  # fmt: skip
_CURRENCY = {
    "2013-01-01": 1330, "2014-06-30": 1470, "2016-01-01": 1590, "2018-01-01": 1910,
    "2019-12-31": 2150, "2020-05-01": 2560, "2021-06-30": 2520, "2022-03-31": 2760,
    "2023-06-30": 2810, "2024-06-30": 2700, "2025-12-31": 2760, "2026-08-06": 2870,
}  # fmt: skip
# ON RRP between month-ends, USD bn: two spells below 100, and the hump between them.
_RRP = {
    "2013-09-23": 10, "2014-01-15": 190, "2017-10-31": 200, "2018-01-31": 40, "2018-03-31": 6,
    "2018-07-01": 2, "2021-03-20": 2, "2021-05-15": 220, "2021-07-31": 880, "2021-12-31": 1560,
    "2022-06-30": 2080, "2022-12-31": 2200, "2023-05-31": 2220, "2023-08-31": 1680,
    "2023-12-31": 830, "2024-03-15": 490, "2024-09-30": 340, "2025-02-15": 130,
    "2025-07-31": 140, "2025-09-10": 25, "2025-10-15": 4, "2026-08-06": 1,
}  # fmt: skip
# What a quarter-end adds to it; a month-end adds a third.
_RRP_AT_QUARTER_END = {
    "2013-09-23": 50, "2014-06-30": 180, "2016-12-31": 230, "2018-01-31": 80, "2018-07-01": 30,
    "2021-03-20": 40, "2021-09-30": 260, "2023-12-31": 190, "2025-06-30": 190, "2025-12-31": 60,
    "2026-03-31": 15,
}  # fmt: skip
RRP_BEGINS = "2013-09-23"


@dataclass(frozen=True, slots=True)
class Drivers:
    """What moves by itself on the Fed's balance sheet, USD bn on each day.

    Parameters
    ----------
    treasuries, other_assets : ndarray
        Assets but for repos.
    currency : ndarray
        Currency in circulation and every liability that has no name of its own here.
    rrp : ndarray
        ON RRP; closed days carry the last open day's.
    """

    treasuries: FloatArray
    other_assets: FloatArray
    currency: FloatArray
    rrp: FloatArray


@dataclass(frozen=True, slots=True)
class Sheet:
    """The Fed's balance sheet on each day, USD bn; ``assets`` equals the liabilities' sum.

    Parameters
    ----------
    treasuries, other_assets, repos : ndarray
        Assets.
    tga, rrp, currency, reserves : ndarray
        Liabilities; reserves are what the others leave.
    """

    treasuries: FloatArray
    other_assets: FloatArray
    repos: FloatArray
    tga: FloatArray
    rrp: FloatArray
    currency: FloatArray
    reserves: FloatArray

    @property
    def assets(self) -> FloatArray:
        """Total assets."""
        return self.treasuries + self.other_assets + self.repos


def drivers(
    time: Timeline, sheet: np.random.Generator, facility: np.random.Generator, extra: FloatArray
) -> Drivers:
    """Return what moves by itself.

    Parameters
    ----------
    time : Timeline
        The days.
    sheet, facility : Generator
        Streams of the balance sheet and of the ON RRP.
    extra : ndarray
        Purchases of Treasuries on top, as a level (USD bn): how a confounder moves liquidity.
    """
    n = len(time)
    treasuries = time.knots(_TREASURIES) + autoregressive(sheet, n, 0.995, 35.0) + extra
    other = time.knots(_OTHER_ASSETS) + autoregressive(sheet, n, 0.98, 22.0)
    currency = time.knots(_CURRENCY) + autoregressive(sheet, n, 0.99, 35.0)
    return Drivers(
        treasuries=np.round(treasuries, 3),
        other_assets=np.round(other, 3),
        currency=np.round(currency, 3),
        rrp=_reverse_repo(time, facility),
    )


def _reverse_repo(time: Timeline, rng: np.random.Generator) -> FloatArray:
    n = len(time)
    usual = time.knots(_RRP)
    noise = autoregressive(rng, n, 0.95, 1.0)
    spike = time.knots(_RRP_AT_QUARTER_END) * rng.gamma(6.0, 1.0 / 6.0, size=n)
    share = np.select([time.place == QUARTER_END, time.place == MONTH_END], [1.0, 0.33])
    tiny = rng.exponential(0.3, size=n)
    level = usual + share * spike + noise * (0.2 * np.minimum(usual, 150.0) + 0.04 * usual)
    taken = np.maximum(level, tiny) * time.from_day(RRP_BEGINS)
    return carried(np.round(taken, 3), time.bond)


def add_up(moving: Drivers, tga: FloatArray, repos: FloatArray) -> Sheet:
    """Return the sheet: reserves are assets less every other liability."""
    assets = moving.treasuries + moving.other_assets + repos
    return Sheet(
        treasuries=moving.treasuries,
        other_assets=moving.other_assets,
        repos=repos,
        tga=tga,
        rrp=moving.rrp,
        currency=moving.currency,
        reserves=assets - tga - moving.rrp - moving.currency,
    )

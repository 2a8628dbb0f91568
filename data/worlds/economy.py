"""Slow series and market controls: GDP, money, holdings abroad, equities, the dollar, yields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.worlds.policy import Policy
from data.worlds.streams import autoregressive, decaying, garch_t
from data.worlds.timeline import Timeline

# Rounded public levels, USD bn.
_GDP = {
    "2012-12-31": 16_400, "2019-12-31": 21_950, "2020-03-31": 21_700, "2020-06-30": 19_900,
    "2020-09-30": 21_700, "2022-12-31": 26_800, "2024-12-31": 29_800, "2026-06-30": 32_000,
}  # fmt: skip
_M2 = {
    "2012-12-31": 10_450, "2020-02-29": 15_450, "2020-06-30": 18_150, "2022-03-31": 21_700,
    "2023-10-31": 20_700, "2026-07-31": 23_200,
}  # fmt: skip
_FOREIGN = {
    "2012-12-31": 5570, "2014-12-31": 6150, "2018-12-31": 6270, "2021-12-31": 7700,
    "2022-10-31": 7150, "2025-12-31": 9270, "2026-07-31": 9400,
}  # fmt: skip
_CAYMAN = {
    "2012-12-31": 140, "2015-12-31": 250, "2018-12-31": 220, "2021-12-31": 260,
    "2024-12-31": 420, "2026-07-31": 430,
}  # fmt: skip
_TRADING_DAYS = 252
_SP500, _DOLLAR = 1460.0, 91.0


@dataclass(frozen=True, slots=True)
class Economy:
    """Figures about months and quarters, USD bn, indexed by the period's last day.

    Parameters
    ----------
    gdp : Series
        By quarter, at a yearly rate.
    m2, foreign, cayman : Series
        By month: money, and Treasuries held by foreigners and in the Cayman Islands.
    gdp_daily : ndarray
        GDP between the quarters on each day: the size of the economy, which nobody publishes.
    """

    gdp: pd.Series[float]
    m2: pd.Series[float]
    foreign: pd.Series[float]
    cayman: pd.Series[float]
    gdp_daily: FloatArray


@dataclass(frozen=True, slots=True)
class Markets:
    """Market controls on each day; closed days repeat the last open one.

    Parameters
    ----------
    equity_returns : ndarray
        Daily log returns of the S&P 500, 0 on closed days.
    sp500, vix, dollar : ndarray
        Index levels.
    ust_2y, ust_10y, real_10y, breakeven_10y : ndarray
        Percent; the ten-year yield is the sum of its two parts.
    """

    equity_returns: FloatArray
    sp500: FloatArray
    vix: FloatArray
    dollar: FloatArray
    ust_2y: FloatArray
    ust_10y: FloatArray
    real_10y: FloatArray
    breakeven_10y: FloatArray


def economy(time: Timeline, rng: np.random.Generator) -> Economy:
    """Return simulated figures about months and quarters."""
    n = len(time)
    level = time.knots(_GDP) * np.exp(autoregressive(rng, n, 0.998, 0.006))
    values = pd.DataFrame(
        {
            "gdp": level,
            "m2": time.knots(_M2) * np.exp(autoregressive(rng, n, 0.995, 0.004)),
            "foreign": time.knots(_FOREIGN) * np.exp(autoregressive(rng, n, 0.99, 0.012)),
            "cayman": time.knots(_CAYMAN) * np.exp(autoregressive(rng, n, 0.99, 0.05)),
        },
        index=time.days,
    )
    months = values[time.days.is_month_end].round(1)
    quarters = values[time.days.is_quarter_end].round(3)
    return Economy(
        gdp=quarters["gdp"],
        m2=months["m2"],
        foreign=months["foreign"],
        cayman=months["cayman"],
        gdp_daily=level,
    )


def markets(time: Timeline, rates: Policy, rng: np.random.Generator) -> Markets:
    """Return simulated market controls; equities have fat tails and clustered volatility."""
    n = len(time)
    drawn, deviation = garch_t(rng, n, 0.155 / np.sqrt(_TRADING_DAYS))
    equity = np.where(time.bond, drawn + 0.11 / _TRADING_DAYS, 0.0)
    fear = np.exp(autoregressive(rng, n, 0.97, 0.12)) * np.exp(decaying(-equity, 0.97) * 1.5)
    steady = 100.0 * deviation * np.sqrt(_TRADING_DAYS)
    moves = np.where(time.bond, rng.standard_t(6.0, size=n) * 0.0022 + 0.00007, 0.0)
    # Yields look through half of a policy step about a year before it comes.
    ahead = np.concatenate((rates.upper[180:], np.repeat(rates.upper[-1], 180)))
    expected = np.convolve(np.pad(ahead, 90, mode="edge"), np.full(181, 1 / 181), mode="valid")
    breakeven = np.round(2.1 + autoregressive(rng, n, 0.995, 0.25), 2)
    term = autoregressive(rng, n, 0.996, 0.3)
    real = np.round(0.3 * expected + 1.6 + term - 2.1, 2)
    short = 0.85 * expected + 0.35 + autoregressive(rng, n, 0.98, 0.12)
    return Markets(
        equity_returns=equity,
        sp500=np.round(_SP500 * np.exp(np.cumsum(equity)), 2),
        vix=np.round(np.clip((6.0 + 0.75 * steady) * fear, 9.0, 85.0), 2),
        dollar=np.round(_DOLLAR * np.exp(np.cumsum(moves)), 4),
        ust_2y=np.asarray(np.round(np.maximum(short, 0.08), 2), dtype=np.float64),
        ust_10y=np.round(real + breakeven, 2),
        real_10y=real,
        breakeven_10y=breakeven,
    )

"""A world's figures and bars in the store's canonical columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.catalogue import series
from data.worlds.balance_sheet import RRP_BEGINS, Sheet
from data.worlds.coins import Coin
from data.worlds.economy import Economy, Markets
from data.worlds.intraday import Ohlcv
from data.worlds.policy import Policy
from data.worlds.repo import SOFR_BEGINS, Repo
from data.worlds.srf import TEMPORARY_BEGAN, Usage
from data.worlds.timeline import Timeline
from data.worlds.treasury import Treasury

SOURCE = "simulated"
MARKET = "simulated spot USD"
_IORB_BEGINS = "2021-07-29"
_SPLIT_BEGINS = "2022-01-03"


@dataclass(frozen=True, slots=True)
class Plumbing:
    """Everything that is published about, on the world's days."""

    policy: Policy
    sheet: Sheet
    treasury: Treasury
    repo: Repo
    usage: Usage
    economy: Economy
    markets: Markets


def week_average(time: Timeline, balance: FloatArray) -> FloatArray:
    """Return the mean of each day and the six before it (Thursday to Wednesday on Wednesdays)."""
    padded = np.concatenate((np.repeat(balance[:1], 6), balance))
    total = np.concatenate(([0.0], np.cumsum(padded)))
    assert len(balance) == len(time)
    return (total[7:] - total[:-7]) / 7.0


def observations(time: Timeline, plumbing: Plumbing) -> pd.DataFrame:
    """Return the observations table: ``series``, ``ref_date``, ``value``, ``known_at``, ``source``.

    Sorted by series and ``ref_date``; ``known_at`` is ``NaT``, so that the release rules decide.
    """
    columns: dict[str, tuple[pd.DatetimeIndex, FloatArray]] = {}
    for name, (values, since) in _by_day(plumbing).items():
        columns[name] = _published(time, name, values, since)
    for name, values in _by_week(time, plumbing).items():
        wednesday = np.asarray(time.days.day_of_week == 2)
        columns[name] = (time.days[wednesday], values[wednesday])
    for name, figures in _by_period(time, plumbing).items():
        columns[name] = (pd.DatetimeIndex(figures.index), np.asarray(figures, dtype=np.float64))
    names = sorted(columns)
    lengths = [len(columns[name][0]) for name in names]
    n = sum(lengths)
    return pd.DataFrame(
        {
            "series": pd.Series(np.repeat(names, lengths), dtype="str"),
            "ref_date": np.concatenate([columns[name][0].to_numpy() for name in names]),
            "value": np.round(np.concatenate([columns[name][1] for name in names]), 4),
            "known_at": pd.Series(pd.NaT, index=range(n), dtype="datetime64[us, UTC]"),
            "source": pd.Series(SOURCE, index=range(n), dtype="str"),
        }
    )


def _published(
    time: Timeline, name: str, values: FloatArray, since: str
) -> tuple[pd.DatetimeIndex, FloatArray]:
    spec = series(name)
    observed: Mapping[str, BoolArray] = {
        "bank": time.bank,
        "bond": time.bond,
        "every_day": np.ones(len(time), dtype=bool),
    }
    about = np.ones(len(time), dtype=bool)
    if spec.period == "day":
        about = observed[spec.observed].copy()
    about &= time.from_day(since)
    if spec.last is not None:
        about &= np.asarray(time.days <= pd.Timestamp(spec.last))
    return time.days[about], values[about]


def _by_day(given: Plumbing) -> dict[str, tuple[FloatArray, str]]:
    """Daily series: values on every day and the first day published."""
    always = "2003-01-01"
    rates, repo, markets = given.policy, given.repo, given.markets
    usage = given.usage
    return {
        "srf": (usage.total, TEMPORARY_BEGAN),
        "srf_treasury": (usage.treasury, _SPLIT_BEGINS),
        "srf_mbs": (np.round(usage.total - usage.treasury, 3), _SPLIT_BEGINS),
        "rrp": (given.sheet.rrp, RRP_BEGINS),
        "rrp_rate": (rates.rrp, RRP_BEGINS),
        "tga": (given.treasury.tga, always),
        "debt_public": (np.round(given.treasury.debt_public, 3), always),
        "debt_total": (np.round(given.treasury.debt_total, 3), always),
        "sofr": (repo.sofr, SOFR_BEGINS),
        "sofr_p1": (repo.p1, SOFR_BEGINS),
        "sofr_p25": (repo.p25, SOFR_BEGINS),
        "sofr_p75": (repo.p75, SOFR_BEGINS),
        "sofr_p99": (repo.p99, SOFR_BEGINS),
        "sofr_volume": (repo.volume, SOFR_BEGINS),
        "tgcr": (repo.tgcr, SOFR_BEGINS),
        "effr": (repo.effr, always),
        "ff_upper": (rates.upper, always),
        "ff_lower": (rates.lower, always),
        "ioer": (rates.reserves, always),
        "iorb": (rates.reserves, _IORB_BEGINS),
        "sp500": (markets.sp500, always),
        "vix": (markets.vix, always),
        "dollar_broad": (markets.dollar, always),
        "ust_2y": (markets.ust_2y, always),
        "ust_10y": (markets.ust_10y, always),
        "real_10y": (markets.real_10y, always),
        "breakeven_10y": (markets.breakeven_10y, always),
    }


def _by_week(time: Timeline, given: Plumbing) -> dict[str, FloatArray]:
    """H.4.1: levels on Wednesdays and averages of the week to Wednesday."""
    sheet = given.sheet
    return {
        "fed_assets": np.round(sheet.assets, 3),
        "fed_treasuries": np.round(sheet.treasuries, 3),
        "tga_wednesday": sheet.tga,
        "tga_week_average": np.round(week_average(time, sheet.tga), 3),
        "reserves": np.round(week_average(time, sheet.reserves), 3),
    }


def _by_period(time: Timeline, given: Plumbing) -> dict[str, pd.Series[float]]:
    quarterly = pd.Series(given.treasury.debt_total, index=time.days)[time.days.is_quarter_end]
    return {
        "debt_total_quarterly": quarterly.round(3),
        "deficit_monthly": given.treasury.deficit.round(3),
        "gdp": given.economy.gdp,
        "m2": given.economy.m2,
        "foreign_treasuries": given.economy.foreign,
        "cayman_treasuries": given.economy.cayman,
    }


def prices(bars: list[tuple[Coin, pd.DatetimeIndex, Ohlcv]]) -> pd.DataFrame:
    """Return a price table, sorted by symbol and ``opened`` (UTC)."""
    ordered = sorted(bars, key=lambda item: item[0].name)
    lengths = [len(opened) for _, opened, _ in ordered]
    n = sum(lengths)
    table = {
        "symbol": pd.Series(np.repeat([coin.name for coin, _, _ in ordered], lengths), dtype="str"),
        "opened": pd.DatetimeIndex(np.concatenate([opened for _, opened, _ in ordered]), tz="UTC"),
    }
    values = {
        name: np.concatenate([getattr(bar, name) for _, _, bar in ordered])
        for name in ("open", "high", "low", "close", "volume")
    }
    return pd.DataFrame(
        table
        | values
        | {
            "market": pd.Series(MARKET, index=range(n), dtype="str"),
            "source": pd.Series(SOURCE, index=range(n), dtype="str"),
        }
    )


def funding_rates(
    rates: Mapping[str, tuple[pd.DatetimeIndex, FloatArray]], venue: str
) -> pd.DataFrame:
    """Return the funding table, sorted by perpetual and ``ts`` (UTC)."""
    names = sorted(rates)
    lengths = [len(rates[name][0]) for name in names]
    n = sum(lengths)
    return pd.DataFrame(
        {
            "perpetual": pd.Series(
                np.repeat([f"{x} {venue}" for x in names], lengths), dtype="str"
            ),
            "symbol": pd.Series(np.repeat(names, lengths), dtype="str"),
            "ts": pd.DatetimeIndex(np.concatenate([rates[x][0] for x in names]), tz="UTC"),
            "rate": np.concatenate([rates[x][1] for x in names]),
            "venue": pd.Series(venue, index=range(n), dtype="str"),
            "source": pd.Series(SOURCE, index=range(n), dtype="str"),
        }
    )

"""The Treasury: its account at the Fed, its deficit and its debt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.calendars import coupon_settlement_days
from data.facts import DEBT_LIMIT, TGA_TARGETS, Fact, facts
from data.worlds.streams import autoregressive, decaying
from data.worlds.timeline import Timeline, carried

# What the account was steered to before the Treasury announced it, USD bn.
_ANCHOR = {
    "2013-01-01": 70, "2014-06-30": 100, "2014-12-31": 180, "2015-12-31": 325,
    "2018-06-30": 360, "2020-03-20": 390, "2020-04-30": 1050, "2020-06-30": 1600,
    "2020-10-31": 1650, "2021-01-31": 1550, "2021-03-31": 1050, "2021-05-31": 850,
}  # fmt: skip
_SHORTEST_SQUEEZE = pd.Timedelta(days=90)
_REFILL_DAYS = 60
# Share of the account that a debt limit leaves, where the low is not on record.
_LEFT = 0.4
# Net receipts on tax days by month, USD bn at today's size; they come in over three days.
_TAXES = {1: 30.0, 4: 190.0, 6: 70.0, 9: 75.0, 12: 55.0}
_TAX_SHARES = (0.5, 0.3, 0.2)
# Deficit by calendar year, USD bn, and each month's share of it.
_DEFICITS = {
    2013: 560, 2014: 490, 2015: 470, 2016: 580, 2017: 680, 2018: 870, 2019: 1020,
    2020: 3350, 2021: 2580, 2022: 1420, 2023: 1780, 2024: 1850, 2025: 1800, 2026: 1900,
}  # fmt: skip
_SHARES = (
    0.0, 0.155, 0.150, -0.120, 0.135, 0.065, 0.140, 0.120, 0.060, 0.090, 0.140, 0.065,
)  # fmt: skip
_INTRAGOVERNMENTAL = {
    "2013-01-01": 4850, "2016-01-01": 5300, "2018-01-01": 5680, "2020-01-01": 6030,
    "2022-01-01": 6480, "2024-01-01": 7060, "2026-01-01": 7350, "2026-12-31": 7450,
}  # fmt: skip
_DEBT_PUBLIC_2013 = 11_580.0
FLOOR = 12.0


@dataclass(frozen=True, slots=True)
class Treasury:
    """The Treasury's books, USD bn.

    Parameters
    ----------
    tga : ndarray
        Closing balance; closed days carry the last open day's.
    deficit : Series
        By month (index: month ends); negative: deficit. Whole months only.
    debt_public, debt_total : ndarray
        Outstanding on each day. Debt held by the public grows by the deficit and by what goes
        into the account; the total stands still while a debt limit binds.
    """

    tga: FloatArray
    deficit: pd.Series[float]
    debt_public: FloatArray
    debt_total: FloatArray


def treasury(time: Timeline, rng: np.random.Generator) -> Treasury:
    """Return a simulated Treasury."""
    years = time.days.year.to_numpy(dtype=float) + time.days.day_of_year.to_numpy(dtype=float) / 366
    size = np.interp(years, [2013.0, 2021.0, 2027.0], [0.5, 1.0, 1.15])
    cash, coupons = size * _cash(time), size * _coupons(time)
    tga = _account(time, rng, size, cash + coupons)
    spent = _daily_deficit(time, rng, cash)
    other = np.where(time.bank, rng.normal(scale=1.5, size=len(time)), 0.0)
    public = _DEBT_PUBLIC_2013 + np.cumsum(spent + other) + (tga - tga[0])
    total = _limited(time, public + time.knots(_INTRAGOVERNMENTAL))
    return Treasury(tga, _monthly(time, -spent), public, total)


def _monthly(time: Timeline, daily: FloatArray) -> pd.Series[float]:
    """Sums over whole months, indexed by their last days."""
    until = np.concatenate(([0.0], np.cumsum(daily)))
    first, last = np.flatnonzero(time.days.is_month_start), np.flatnonzero(time.days.is_month_end)
    last = last[last > first[0]]
    first = first[: len(last)]
    return pd.Series(until[last + 1] - until[first], index=time.days[last])


def _cash(time: Timeline) -> FloatArray:
    """Net receipts on each day from the calendar alone: taxes, and outlays early in the month."""
    open_positions = np.flatnonzero(time.bank)
    flow = np.zeros(len(time))
    due = np.searchsorted(open_positions, np.flatnonzero(time.tax))
    months = time.days.month.to_numpy()
    for lag, share in enumerate(_TAX_SHARES):
        for place in due[due + lag < len(open_positions)].tolist():
            flow[open_positions[place + lag]] += share * _TAXES[months[open_positions[place]]]
    month = pd.Series(time.bank).groupby(time.days.to_period("M").to_numpy())
    behind = month.cumsum().to_numpy()
    outlays = np.select([behind == 1, behind == 3, (behind > 4) & (behind < 9)], [50.0, 18.0, 4.0])
    return np.asarray(np.where(time.bank, flow - outlays, 0.0), dtype=float)


def _coupons(time: Timeline) -> FloatArray:
    """New cash from the settlement of notes and bonds, mid-month and month-end."""
    first, last = time.days[0].date(), time.days[-1].date()
    return np.where(time.days.isin(coupon_settlement_days(first, last)), 22.0, 0.0)


def _account(
    time: Timeline, rng: np.random.Generator, size: FloatArray, flow: FloatArray
) -> FloatArray:
    """The account around what it is steered to, with its calendar and its own noise."""
    open_days = time.bank
    pushes = flow[open_days]
    calendar = np.zeros(len(time))
    calendar[open_days] = decaying(pushes - pushes.mean(), 0.96)
    noise = np.zeros(len(time))
    noise[open_days] = autoregressive(rng, int(open_days.sum()), 0.985, 110.0)
    steered = _steered(time)
    # A small account is managed more closely.
    balance = steered + np.clip(steered / 250.0, 0.3, 1.0) * (calendar + size * noise)
    # The account can run low, never out: near the floor it thins out smoothly.
    balance = FLOOR + 15.0 * np.logaddexp(0.0, (balance - FLOOR) / 15.0)
    return carried(np.round(balance, 3), open_days)


def _steered(time: Timeline) -> FloatArray:
    """What the account is steered to: announced targets, run down under each debt limit."""
    values: dict[str, float] = dict(_ANCHOR)
    for told in TGA_TARGETS:
        quarter = pd.Period(told.announced, "Q")
        for end, target in ((quarter, told.this_quarter), (quarter + 1, told.next_quarter)):
            values[str(end.end_time.date())] = target
    level = time.knots(dict(sorted(values.items())))
    for fact in DEBT_LIMIT:
        level = _squeezed(time, level, fact)
    return level


def _squeezed(time: Timeline, level: FloatArray, limit: Fact) -> FloatArray:
    """`level` drawn down while `limit` binds and refilled within two months after it."""
    if limit.end is None or pd.Timestamp(limit.end) - pd.Timestamp(limit.start) < _SHORTEST_SQUEEZE:
        return level
    day = (time.days - pd.Timestamp(limit.start)).days.to_numpy(dtype=float)
    length = float((limit.end - limit.start).days)
    low = [fact.value for fact in facts("tga_lows") if limit.start <= fact.start <= limit.end]
    bottom = low[0] if low and low[0] is not None else _LEFT * level[time.at(limit.end)]
    drained = np.clip(day / length, 0.0, 1.0) ** 1.3
    refilled = np.clip((day - length) / _REFILL_DAYS, 0.0, 1.0)
    share = np.where(day <= length, drained, 1.0 - refilled)
    return level + share * (np.minimum(bottom, level) - level)


def _daily_deficit(time: Timeline, rng: np.random.Generator, cash: FloatArray) -> FloatArray:
    """Deficit of each day; a month's days sum to that month's, taxes and outlays on theirs."""
    month = time.days.to_period("M")
    first = np.array([_DEFICITS[year] for year in month.year], dtype=float)
    seasonal = np.array([_SHARES[number - 1] for number in month.month])
    surprise = rng.normal(scale=0.012, size=len(month.unique()))[pd.factorize(month)[0]]
    total = first * (seasonal + surprise)
    keys = pd.Series(pd.factorize(month)[0])
    opened = pd.Series(time.bank.astype(float)).groupby(keys).transform("sum").to_numpy()
    usual = pd.Series(cash).groupby(keys).transform("sum").to_numpy() / opened
    return np.where(time.bank, total / opened - (cash - usual), 0.0)


def _limited(time: Timeline, debt: FloatArray) -> FloatArray:
    """`debt` held at the limit while one binds; what is above it is made up for afterwards."""
    total = debt.copy()
    for limit in DEBT_LIMIT:
        if limit.end is not None and pd.Timestamp(limit.start) >= time.days[0]:
            inside = slice(time.at(limit.start), time.at(limit.end) + 1)
            total[inside] = total[time.at(limit.start)]
    return total

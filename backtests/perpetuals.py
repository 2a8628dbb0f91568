"""Perpetuals: what holding one costs or earns beside its price.

How a perpetual is accounted for
--------------------------------
A perpetual follows its coin's bars: it fills, slips and pays fees like the coin itself. Two things
are different.

- **Funding.** At each settlement a long pays the venue's rate times the value of its position, and
  a short receives it; a negative rate turns this round. A rate settled from the open of a bar up
  to the very moment of its fill (at 00:00 UTC without a delay) is charged on the coins held before
  the fill, at the price of the fill moment, and before anything is traded. A later one is charged
  on the coins held after the fill, at the bar's close, in the value of that close. A rate settled
  at the moment a bar closes belongs to the next bar. Hourly marks are not used: within a day the
  mark errs by less than the day's range, and the charge by a rate of some basis points of that.
- **Margin.** The notional is not paid for. Weights are booked as if it were (a long takes it out
  of CASH, a short puts it in), so interest runs on cash *plus* the value of the perpetuals: an
  account wholly in one perpetual still earns the cash rate on its own money, and one that holds
  twice its value pays no interest on a loan, because funding is what leverage costs.

A spot holding and a perpetual of one coin do not stand side by side: an asset is either. There is
no liquidation within a day; an account that is worth nothing at a fill or a close is ruined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.account import ROUNDING
from backtests.execution import Execution
from backtests.orders import DAY, Orders
from data.aliases import BoolArray, FloatArray, TimeArray
from data.errors import EngineError, MissingSeries, UnknownName

# A rate is due within so long after the one before: the longest regular interval of any venue, and
# half an hour for late ones. A longer gap is a missing rate.
LONGEST_INTERVAL = pd.Timedelta(hours=8, minutes=30)
_A_DAY = np.timedelta64(86_400_000_000, "us")
_BEGINNING, _END = np.datetime64("1900-01-01", "us"), np.datetime64("2200-01-01", "us")


@dataclass(frozen=True, slots=True)
class Charges:
    """What one coin held long pays on each of N bars, for A assets; a short receives it.

    None of it depends on what is held or wanted, so one set serves every variant over the same
    bars and delay.

    Parameters
    ----------
    perpetual : bool array (A,)
        Which assets are perpetuals; all other columns of the matrices are 0.
    before, after : array (N, A)
        Funding of one coin, USD, on the coins held before the bar's fill and after it: the sum of
        the rates times the price of the fill moment, and times the close. NaN where a rate is
        missing or the price unknown: whoever holds the perpetual there must refuse to go on.
    rate_before, rate_after : array (N, A)
        The same as shares of the position's value at the price of the fill moment and at the
        close: sums of rates, NaN where one is missing.
    margin_before, margin_after : array (N, A)
        Value of one coin that bears interest as cash does, USD: the last close from the bar's open
        to the fill, the price of the fill moment from there to the close. Interest of the two
        spans runs on cash plus the sum of coins times these.
    venues : tuple of str
        Where each perpetual's rates come from, ``""`` for the other assets.
    """

    perpetual: BoolArray
    before: FloatArray
    after: FloatArray
    rate_before: FloatArray
    rate_after: FloatArray
    margin_before: FloatArray
    margin_after: FloatArray
    venues: tuple[str, ...]

    def funding(self, before: FloatArray, after: FloatArray) -> FloatArray:
        """Return what is paid at each fill and close, USD (N, 2), given coins held; NaN is 0."""
        assets = len(self.perpetual)
        return np.column_stack(
            [
                (coins[:, :assets] * np.nan_to_num(each)).sum(axis=1)
                for coins, each in ((before, self.before), (after, self.after))
            ]
        )

    def margin(self, before: FloatArray, after: FloatArray, cash_price: FloatArray) -> FloatArray:
        """Return the units of cash (N, 2) that perpetuals stand for as interest accrues.

        Parameters
        ----------
        before, after : array (N, A or more)
            Coins held before and after each fill.
        cash_price : array (N, 2)
            Value of a unit of cash at the fill and at the close.
        """
        assets = len(self.perpetual)
        begun = np.r_[1.0, cash_price.ravel()[:-1]].reshape(-1, 2)
        worth = [
            (coins[:, :assets] * np.nan_to_num(each)).sum(axis=1)
            for coins, each in ((before, self.margin_before), (after, self.margin_after))
        ]
        units: FloatArray = np.column_stack(worth) / begun
        return units

    def held_through(self, plan: Orders) -> pd.DataFrame:
        """Return what one coin held from a bar's fill to its close pays, USD (close x perpetual).

        The rates after the fill, and those from the close up to the next fill, which whoever holds
        the coin at the close pays before trading. After the last bar none is due. NaN where one is
        missing.
        """
        due = np.vstack([self.before[1:], np.zeros((1, len(self.perpetual)))])
        names = [plan.assets[column] for column in np.flatnonzero(self.perpetual)]
        paid = (self.after + due)[:, self.perpetual]
        return pd.DataFrame(paid, index=plan.closes, columns=names)

    def check_held(
        self, plan: Orders, before: FloatArray, after: FloatArray, value: FloatArray
    ) -> None:
        """Refuse to go on where a perpetual is held and its funding is not known.

        Parameters
        ----------
        plan : Orders
            Bars and marks.
        before, after : array (N, A or more)
            Coins held before and after each fill.
        value : array (N, 2)
            Value of the account at the fill and at the close, USD.

        Raises
        ------
        EngineError
            With the perpetual, the day and the venue.
        """
        assets = len(self.perpetual)
        spans = ((before, self.before, plan.mark_open), (after, self.after, plan.mark_close))
        lacking = np.zeros(self.before.shape, dtype=bool)
        for moment, (coins, each, mark) in enumerate(spans):
            held = np.abs(coins[:, :assets] * mark) > ROUNDING * value[:, [moment]]
            lacking |= np.isnan(each) & held
        if lacking.any():
            row, column = np.argwhere(lacking)[0]
            day = plan.closes[row] - DAY
            known = np.flatnonzero(~np.isnan(self.before[:, column] + self.after[:, column]))
            where = "none is known in this run"
            if len(known):
                first, last = plan.closes[known[[0, -1]]] - DAY
                where = f"known are {first:%Y-%m-%d} .. {last:%Y-%m-%d}"
            raise EngineError(
                f"{plan.assets[column]}: the perpetual is held on {day:%Y-%m-%d} and a funding "
                f"rate of {self.venues[column]} is missing on that day ({where}): begin or end the "
                "run where there are rates, or trade the coin as spot"
            )


def charges(plan: Orders, execution: Execution, funding: pd.DataFrame | None) -> Charges | None:
    """Return the funding of every perpetual on every bar, or None where there is none.

    Parameters
    ----------
    plan : Orders
        Bars, fill moments and marks.
    execution : Execution
        Which assets are perpetuals, and the venue of their rates: by default that whose rates of
        the coin begin first, so that later data never change the choice.
    funding : DataFrame
        ``symbol``, ``ts`` (UTC), ``rate`` (decimal for one interval), ``venue``; intervals may
        vary, up to :data:`LONGEST_INTERVAL`.

    Raises
    ------
    MissingSeries
        If a perpetual has no funding rates at all.
    UnknownName
        If the venue that was asked for has none of a perpetual.
    EngineError
        If a rate is no number.
    """
    chosen = np.array([name in execution.perpetuals for name in plan.assets], dtype=bool)
    if not chosen.any():
        return None
    shape = plan.mark_close.shape
    early, late = np.zeros(shape), np.zeros(shape)
    venues = [""] * shape[1]
    for column in np.flatnonzero(chosen).tolist():
        rates = _rates(plan.assets[column], funding, execution.funding_venue)
        early[:, column], late[:, column] = _settled(rates, plan, column)
        venues[column] = rates.venue
    last_close = np.vstack([np.full((1, shape[1]), np.nan), plan.mark_close[:-1]])
    return Charges(
        perpetual=chosen,
        before=np.where(chosen, early * plan.mark_open, 0.0),
        after=np.where(chosen, late * plan.mark_close, 0.0),
        rate_before=early,
        rate_after=late,
        margin_before=np.where(chosen, last_close, 0.0),
        margin_after=np.where(chosen, plan.mark_open, 0.0),
        venues=tuple(venues),
    )


def days_known(
    names: Iterable[str], venue: str | None, funding: pd.DataFrame | None
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and last decision time between which perpetuals have funding rates.

    Gaps between the first rate and the last are not looked for.

    Parameters
    ----------
    names : iterable of str
        At least one perpetual.
    venue, funding
        As in :func:`charges`.

    Raises
    ------
    MissingSeries, UnknownName, EngineError
        As :func:`charges`.
    """
    every = [_rates(name, funding, venue).at for name in names]
    first = max(pd.Timestamp(at[0], tz="UTC") for at in every)
    last = min(pd.Timestamp(at[-1], tz="UTC") for at in every)
    return first.ceil("D"), (last + LONGEST_INTERVAL).floor("D") - DAY


@dataclass(frozen=True, slots=True)
class _Rates:
    """Rates of one perpetual at increasing instants."""

    venue: str
    at: TimeArray
    rate: FloatArray

    @property
    def gaps(self) -> list[tuple[np.datetime64, np.datetime64]]:
        """Spans from the moment a rate is overdue to the next one, either end open."""
        overdue = self.at + np.timedelta64(LONGEST_INTERVAL.value // 1_000, "us")
        late = np.flatnonzero(overdue[:-1] < self.at[1:])
        inner = [(overdue[row], self.at[row + 1]) for row in late]
        return [(_BEGINNING, self.at[0]), *inner, (overdue[-1], _END)]


def _rates(name: str, funding: pd.DataFrame | None, venue: str | None) -> _Rates:
    rows = None if funding is None else funding[(funding["symbol"] == name).to_numpy()]
    if rows is None or rows.empty:
        raise MissingSeries(f"{name} funding", "a perpetual")
    begun = rows.groupby(rows["venue"].astype(str))["ts"].min()
    if venue is not None and venue not in begun.index:
        raise UnknownName(f"venue of {name} funding", venue, begun.index)
    chosen = venue or str(begun.sort_index().idxmin())
    rows = rows[(rows["venue"] == chosen).to_numpy()].sort_values("ts")
    at = pd.DatetimeIndex(rows["ts"]).tz_localize(None).as_unit("us").to_numpy()
    rate = rows["rate"].to_numpy(dtype=np.float64)
    odd = np.flatnonzero(~np.isfinite(rate))
    if len(odd):
        raise EngineError(f"{name}: the funding rate of {chosen} at {at[odd[0]]} is no number")
    return _Rates(chosen, at, rate)


def _settled(rates: _Rates, plan: Orders, column: int) -> tuple[FloatArray, FloatArray]:
    """Sums of the rates from each bar's open to its fill, and from there to before its close."""
    close = plan.closes.tz_localize(None).as_unit("us").to_numpy()
    begin = close - _A_DAY
    due = begin + np.timedelta64(round(plan.fill_at * 86_400_000_000), "us")
    fill = np.where(np.isnat(plan.filled_at[:, column]), due, plan.filled_at[:, column])
    bar = np.searchsorted(close, rates.at, side="right")
    inside = (bar < len(close)) & (rates.at >= begin[0])
    bar, at, rate = bar[inside], rates.at[inside], rates.rate[inside]
    early = at <= fill[bar]
    sums = [
        np.bincount(bar[which], rate[which], minlength=len(close)).astype(np.float64)
        for which in (early, ~early)
    ]
    for overdue, back in rates.gaps:
        sums[0][(np.maximum(begin, overdue) <= fill) & (np.maximum(begin, overdue) < back)] = np.nan
        sums[1][np.maximum(fill, overdue) < np.minimum(close, back)] = np.nan
    return sums[0], sums[1]

"""What perpetuals pay, day by day."""

from __future__ import annotations

import pandas as pd

from data.aliases import FloatArray
from data.errors import MissingSeries
from strategies.market import YEAR, Market, enough

_DAY = pd.Timedelta(days=1)


def annual_funding(market: Market, symbol: str, days: int) -> FloatArray:
    """Return what longs of a perpetual paid a year, on the mean of the last `days`.

    A venue's day is the sum of its rates settled in ``(t - 1 day, t]``; venues are averaged, and
    so are days. A rate is known when it is settled.

    Parameters
    ----------
    market : Market
        With a funding table.
    symbol : str
        Coin of the perpetuals.
    days : int
        Days of the mean; NaN where fewer than two thirds of them have a rate.

    Returns
    -------
    ndarray of shape (times,)
        Decimal a year (365 days).

    Raises
    ------
    MissingSeries
        If there is no funding table, or the coin never stands in it.
    """
    table = market.funding
    # The categories outlive a cut: a coin among them without a row had not begun by then.
    if table is None or symbol not in table["symbol"].astype("category").cat.categories:
        raise MissingSeries(f"{symbol} funding")
    rows = table[table["symbol"] == symbol]
    settled = pd.DatetimeIndex(rows["ts"]).as_unit("us").ceil("D")
    by_day = (
        pd.DataFrame({"day": settled, "venue": rows["venue"].astype(str).to_numpy()})
        .assign(rate=rows["rate"].to_numpy(dtype=float))
        .groupby(["day", "venue"])["rate"]
        .sum()
        .unstack()
        .mean(axis=1)
    )
    grid = pd.date_range(market.times[0] - days * _DAY, market.times[-1], freq="D", unit="us")
    mean = by_day.reindex(grid).rolling(days, min_periods=enough(days)).mean()
    paid: FloatArray = (mean.reindex(market.times) * YEAR).to_numpy(dtype=float)
    return paid

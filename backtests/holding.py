"""What a run held, what that earned over cash and what trading it cost, bar by bar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.cash import CASH
from backtests.inference.arrays import FloatArray
from backtests.inference.timing import excess_over_matched
from backtests.run import Run
from data.bars import Bars

DAY = pd.Timedelta(days=1)


def held_weights(run: Run, daily: Bars) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[float]]:
    """Return weights held during each bar, their excess returns, and costs over equity.

    Parameters
    ----------
    run : Run
        A backtest.
    daily : Bars
        The daily bars that it ran on.

    Returns
    -------
    weights : DataFrame
        Bar close x assets ever held: the weight after the fill at the bar's open. No column for
        a run that held cash only.
    returns : DataFrame
        Close-to-close simple return over that of cash; NaN where there is none. Of a perpetual,
        which binds no cash, the return less the funding that a holder pays from the bar's fill to
        the next; NaN also where a rate is missing.
    costs : Series
        Fees and slippage of the bar over the equity before it.
    """
    simulation = run.simulation
    held = simulation.held.drop(columns=CASH)
    held = held.loc[:, (held.abs() > 0).any()]
    close = daily.close.reindex(held.index)[list(held.columns)]
    gross = close.ffill().pct_change()
    equity = simulation.equity
    at_start = held.div(1.0 + gross).mul(equity / equity.shift(1), axis=0)
    excess = gross.sub(simulation.cash_returns, axis=0)
    if simulation.funding is not None:
        before = close.ffill().shift(1)
        for name in simulation.funding.columns.intersection(held.columns):
            excess[name] = gross[name] - simulation.funding[name].reindex(held.index) / before[name]
    excess = excess.where(close.notna())
    fills = simulation.fills
    bar_close = fills["fill_time"].dt.floor("D") + DAY
    paid = (fills["fee"] + fills["slippage_cost"]).groupby(bar_close).sum()
    costs = paid.reindex(held.index).fillna(0.0) / equity.shift(1)
    weights = at_start.where(excess.notna(), 0.0).iloc[1:]
    return weights, excess.iloc[1:], costs.iloc[1:]


def excess_of(run: Run, daily: Bars) -> pd.Series[float]:
    """Return a run's excess over its own mean exposure, d_t = (w_t - w_bar) r_t less costs.

    Returns
    -------
    Series
        Decimal, by bar close; zero throughout for a run that held cash only.
    """
    weights, returns, costs = held_weights(run, daily)
    if weights.empty or not weights.shape[1]:
        d: FloatArray = np.zeros(len(costs))
    else:
        d = excess_over_matched(weights.to_numpy(), returns.to_numpy(), costs.to_numpy())
    return pd.Series(d, index=costs.index, name="excess", dtype="float64")

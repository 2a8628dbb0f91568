"""What variants earned over holding their own mean weights.

Day by day it takes the daily accounts, and every asset's own return is taken off. Of a leaderboard
sixteen fold returns and the mean exposure are left: there the benchmark of a span is mean exposure
times BTC's return plus the rest times that of cash, and where altcoins are held, their drift over
BTC's stays in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from backtests.run import cash_rate
from backtests.simulation import Simulation
from backtests.sweep.columns import FOLD_NAMES
from backtests.sweep.field import Field
from backtests.sweep.job import Job
from backtests.sweep.screen import Daily, fold_edges
from data.aliases import FloatArray
from data.panel import panel_of
from data.snapshot import Snapshot

YEAR = 365.0
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """Returns of holding, fold by fold.

    Parameters
    ----------
    btc, cash : ndarray, shape (16,)
        Decimal return of BTC and of cash in each fold.
    """

    btc: FloatArray
    cash: FloatArray


def holding_of(job: Job) -> Holding:
    """Return what holding BTC, and cash, earned in each fold of a job's days."""
    return holding_between(job.snapshot, job.first, job.last)


def holding_between(snapshot: Snapshot, first: pd.Timestamp, last: pd.Timestamp) -> Holding:
    """Return what holding BTC, and cash, earned in each fold between two decision times."""
    closes = snapshot.daily.close["BTC"].loc[first : last + _DAY].ffill()
    value = closes.to_numpy().astype(np.float64)
    edges = fold_edges(len(value) - 1)
    rate = cash_rate(panel_of(snapshot)).reindex(closes.index[:-1]).to_numpy()
    interest = np.r_[0.0, np.cumsum(rate.astype(np.float64) / (100.0 * YEAR))]
    return Holding(
        btc=value[edges[1:]] / value[edges[:-1]] - 1.0,
        cash=np.diff(interest[edges]),
    )


def over_mean_weights(field: Field, daily: Daily) -> FloatArray:
    """Return d_t, each variant's net return over that of holding its own mean weights.

    The exposure-matched benchmark holds each asset at the variant's mean weight at the closes,
    rebalanced daily without costs, and cash for the rest.

    Parameters
    ----------
    field : Field
        The bars that the variants share.
    daily : Daily
        Their accounts.

    Returns
    -------
    ndarray, shape (variants, N)
        Decimal, known at each close.
    """
    cash = field.lent.sum(axis=1)
    over_cash = daily.returns - cash
    over: FloatArray = over_cash - daily.weights @ excess_of_assets(field).T
    return over


def excess_of_assets(field: Field) -> FloatArray:
    """Return what a dollar in each asset earned over cash, decimal (N, A).

    On an asset's first bar from its open on; zero where it has no price. A perpetual binds no cash,
    and pays its funding.
    """
    move = field.to_fill * field.to_close
    excess = move - 1.0 - field.lent.sum(axis=1, keepdims=True)
    for place, column in enumerate(field.perpetuals):
        before, after = np.nan_to_num(field.funding[:, place]).T
        paid = field.to_fill[:, column] * before + move[:, column] * after
        excess[:, column] = move[:, column] - 1.0 - paid
    found: FloatArray = np.where(field.priced | field.tradable, excess, 0.0)
    return found


def of_run(simulation: Simulation, field: Field) -> FloatArray:
    """Return d_t of a run of the engine: see :func:`over_mean_weights`.

    Parameters
    ----------
    simulation : Simulation
        Its returns, cash returns and weights held at the closes.
    field : Field
        The bars of the assets that it held, at least.

    Returns
    -------
    ndarray, shape (N,)
    """
    held = simulation.held.iloc[1:].reindex(columns=list(field.assets), fill_value=0.0)
    weights = held.to_numpy(dtype=np.float64).mean(axis=0)
    over: FloatArray = simulation.over_cash - excess_of_assets(field) @ weights
    return over


def over_exposure(table: pa.Table, holding: Holding) -> FloatArray:
    """Return fold returns over mean exposure, shape (variants, 16).

    Parameters
    ----------
    table : Table
        Rows of a leaderboard.
    holding : Holding
        Of the same days.
    """
    net = np.column_stack([table[name].to_numpy() for name in FOLD_NAMES])
    exposure = table["exposure"].to_numpy()[:, None]
    folds: FloatArray = net - exposure * holding.btc - (1.0 - exposure) * holding.cash
    return folds

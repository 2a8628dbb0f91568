"""What the kernel says of a variant beside what the engine says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from backtests.metrics import sharpe, summary
from backtests.simulation import Simulation
from backtests.sweep.confirm import differences
from backtests.sweep.describe import DESCRIBED, LEADERBOARD, measures_of
from backtests.sweep.field import Field
from backtests.sweep.matched import of_run
from backtests.sweep.screen import FOLDS, METRICS, Screened
from data.bars import Bars

CLOSE = 1e-9
# A return is known to the rounding of a value; so much of it is left in a ratio of returns.
RETURN_ROUNDING = 1e-15


def engine_metrics(simulation: Simulation) -> dict[str, float]:
    """The screening's metrics of an engine's run, from its equity, holdings and fills."""
    held = simulation.held.iloc[1:]
    return summary(simulation) | {
        "btc_exposure": float(held["BTC"].mean()) if "BTC" in held else 0.0,
        "orders": float(len(simulation.fills)),
    }


def engine_folds(simulation: Simulation) -> list[float]:
    """Returns over 16 spans of bars, each one bar longer than another at most."""
    equity = simulation.equity.to_numpy()
    bars = len(equity) - 1
    edges = [k * bars // FOLDS for k in range(FOLDS + 1)]
    return [
        equity[end] / equity[begin] - 1.0 if end > begin else math.nan
        for begin, end in pairwise(edges)
    ]


def assert_agrees(screened: Screened, row: int, simulation: Simulation) -> None:
    """Every metric and fold within a billionth; the same number of orders."""
    expected = engine_metrics(simulation)
    capital = simulation.execution.initial_cash
    excess = (simulation.returns - simulation.cash_returns).dropna().to_numpy()
    spread = max(float(np.std(excess, ddof=1)) if len(excess) > 1 else 0.0, 1e-300)
    ratio = expected["sharpe"] if math.isfinite(expected["sharpe"]) else 0.0
    # Below these, differences are rounding of the account itself.
    smallest = dict.fromkeys(METRICS, 1e-12) | {
        "costs_paid": capital * 1e-12,
        "sharpe": RETURN_ROUNDING * (math.sqrt(365) + abs(ratio)) / spread,
    }
    got = dict(zip(METRICS, screened.metrics[row], strict=True))
    assert got["orders"] == expected["orders"]
    for name in METRICS:
        if name == "calmar" and expected["max_drawdown"] > -1e-12:
            continue  # over a drawdown that is rounding
        np.testing.assert_allclose(
            got[name], expected[name], rtol=CLOSE, atol=smallest[name], err_msg=name
        )
    np.testing.assert_allclose(
        screened.folds[row], engine_folds(simulation), rtol=CLOSE, atol=1e-12, err_msg="folds"
    )


def moves_from_the_first_open(daily: Bars, names: pd.Index, times: pd.Index) -> pd.DataFrame:
    """Moves from close to close; on an asset's first bar from its open: who holds, buys there."""
    close = daily.close[list(names)].loc[times]
    moves = close.ffill().pct_change()
    for name in names:
        priced = close.index[close[name].notna()]
        first = max(priced[0], times[1])
        values = moves[name].to_numpy().copy()
        at = times.get_loc(first)
        values[at] = close[name].loc[first] / daily.open[name].loc[first] - 1.0
        moves[name] = values
    return moves


def assert_daily(field: Field, screened: Screened, row: int, simulation: Simulation) -> None:
    """Values at the closes, who is invested there, mean weights and measures, as the engine's."""
    daily = screened.daily
    assert daily is not None
    np.testing.assert_allclose(daily.values[row], simulation.equity.to_numpy(), rtol=CLOSE)
    held = simulation.held.iloc[1:]
    gross = simulation.exposure.iloc[1:].to_numpy()
    clear = np.abs(gross) > 1e-12
    assert daily.invested[row][clear].all()
    assert not daily.invested[row][gross == 0.0].any()
    mean = [held[name].mean() if name in held else 0.0 for name in field.assets]
    np.testing.assert_allclose(daily.weights[row], mean, rtol=CLOSE, atol=1e-12)
    assert_described(field, screened, row, simulation)


def assert_described(field: Field, screened: Screened, row: int, simulation: Simulation) -> None:
    """The measures that need the daily account, but for what rounding and ties explain."""
    found = dict(zip(LEADERBOARD, measures_of(field, screened)[row].tolist(), strict=True))
    over = of_run(simulation, field)
    expected = engine_metrics(simulation) | {"sharpe_matched": sharpe(pd.Series(over))}
    apart = differences(found, simulation, expected, over)
    for name in DESCRIBED:
        assert apart[name] <= CLOSE, (name, found[name], expected[name])


def assert_close(one: Screened, other: Screened, capital: float) -> None:
    """The same within a billionth, two ways of screening the same variants."""
    orders, costs = METRICS.index("orders"), METRICS.index("costs_paid")
    assert one.status.tolist() == other.status.tolist()
    np.testing.assert_array_equal(one.metrics[:, orders], other.metrics[:, orders])
    for column, name in enumerate(METRICS):
        smallest = capital * 1e-12 if column == costs else 1e-12
        np.testing.assert_allclose(
            one.metrics[:, column],
            other.metrics[:, column],
            rtol=CLOSE,
            atol=smallest,
            err_msg=name,
        )
    np.testing.assert_allclose(one.folds, other.folds, rtol=CLOSE, atol=1e-12)


def assert_same(one: Screened, other: Screened, rows: ArrayLike | None = None) -> None:
    """Equal to the bit, the one's rows being those of the other at `rows`."""
    chosen = np.arange(len(other.status)) if rows is None else np.asarray(rows)
    np.testing.assert_array_equal(one.metrics, other.metrics[chosen])
    np.testing.assert_array_equal(one.folds, other.folds[chosen])
    np.testing.assert_array_equal(one.status, other.status[chosen])

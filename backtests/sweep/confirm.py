"""Winners of a screening, run again on the engine."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from backtests.cash import CASH
from backtests.metrics import sharpe
from backtests.run import Run, backtest, cash_rate
from backtests.simulation import Simulation
from backtests.sweep.columns import FOLD_NAMES
from backtests.sweep.describe import LEADERBOARD
from backtests.sweep.job import Job
from backtests.sweep.matched import of_run
from backtests.sweep.rounding import ranges, slack
from backtests.sweep.screen import fold_edges
from data.aliases import FloatArray
from data.errors import EngineError
from data.panel import Panel
from strategies.market import BTC

# The two engines add up in different orders; more than this is another result.
TOLERANCE = 1e-9
# Returns are compared as growth, 1 + return: that is what both engines compute.
RETURNS = frozenset({"cagr", "max_drawdown", "tail", *FOLD_NAMES})


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A variant's figures by the kernel and by the engine.

    Parameters
    ----------
    variant : int
        Its number in the grid.
    row : mapping
        Its row of the leaderboard.
    engine : mapping of str to float
        The same measures and folds from the engine.
    difference : float
        The largest relative difference among them.
    where : str
        The figure that has it.
    run_id : str
        Of the engine's run.
    """

    variant: int
    row: Mapping[str, Any]
    engine: Mapping[str, float]
    difference: float
    where: str
    run_id: str


def confirm(job: Job, row: Mapping[str, Any], panel: Panel) -> Confirmed:
    """Run a variant on the engine and hold its figures against a row of the leaderboard.

    Raises
    ------
    EngineError
        If a figure differs by more than :data:`TOLERANCE`.
    """
    variant = int(row["variant"])
    run = confirming_run(job, variant, panel)
    over = over_mean_weights_of(job, run, panel)
    engine = figures(run, over)
    apart = differences(row, run.simulation, engine, over)
    where = max(apart, key=lambda name: apart[name])
    if not apart[where] <= TOLERANCE:
        raise EngineError(
            f"variant {variant}: {where} is {row[where]!r} by the {row['route']} route and "
            f"{engine[where]!r} by vectorbt, {apart[where]:.1e} apart: the leaderboard cannot be "
            "relied on; please report this grid"
        )
    return Confirmed(variant, row, engine, apart[where], where, run.run_id)


def confirming_run(job: Job, variant: int, panel: Panel) -> Run:
    """Return the engine's backtest of a variant, by its number in the grid, on the job's days."""
    return backtest(
        job.grid.strategy(variant),
        job.snapshot,
        job.grid.execution(variant),
        start=job.first,
        end=job.last,
        panel=panel,
    )


def over_mean_weights_of(job: Job, run: Run, panel: Panel) -> FloatArray:
    """Return the engine's daily returns over holding the mean weights of its run, shape (N,)."""
    simulation = run.simulation
    assets = [str(name) for name in simulation.held.columns if name != CASH]
    return of_run(simulation, job.field(assets, simulation.execution, cash_rate(panel)))


def figures(run: Run, over: FloatArray) -> dict[str, float]:
    """Return a run's measures and fold returns by the names of the leaderboard's columns.

    Parameters
    ----------
    run : Run
    over : ndarray, shape (N,)
        From :func:`over_mean_weights_of`.
    """
    held = run.simulation.held
    counted = {
        **run.metrics,
        "sharpe_matched": sharpe(pd.Series(over)),
        "btc_exposure": float(held[BTC].iloc[1:].mean()) if BTC in held else 0.0,
        "orders": float(len(run.simulation.fills)),
    }
    returns = run.simulation.returns.to_numpy(dtype=np.float64)
    edges = fold_edges(len(returns))
    folds = [
        float(np.prod(1.0 + returns[start:stop]) - 1.0) if stop > start else math.nan
        for start, stop in itertools.pairwise(edges.tolist())
    ]
    return {
        **{name: counted[name] for name in LEADERBOARD},
        **dict(zip(FOLD_NAMES, folds, strict=True)),
    }


def differences(
    row: Mapping[str, Any], simulation: Simulation, engine: Mapping[str, float], over: FloatArray
) -> dict[str, float]:
    """Return the difference of every figure of a row from that of the engine's run.

    A count of days differs where it lies outside of what ties may give, a ratio by what rounding
    of returns does not explain; see :mod:`backtests.sweep.rounding`.
    """
    moves = slack(simulation, over, engine)
    found = {
        name: difference(name, row[name], value, moves.get(name, 0.0))
        for name, value in engine.items()
    }
    for name, (least, greatest) in ranges(simulation).items():
        if least <= row[name] <= greatest:
            found[name] = 0.0
    return found


def difference(name: str, one: float, other: float, slack: float = 0.0) -> float:
    """Return the difference of two figures over the larger; infinite if only one is missing.

    Parameters
    ----------
    name : str
        The measure: those of :data:`RETURNS` are compared as growth.
    one, other : float
        Its values.
    slack : float
        So much of the difference does not count.
    """
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    base = 1.0 if name in RETURNS else 0.0
    largest = max(abs(base + one), abs(base + other))
    return max(abs(one - other) - slack, 0.0) / largest if largest > 0.0 else 0.0

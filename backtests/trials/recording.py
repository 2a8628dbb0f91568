"""Writing backtests into the trial ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from backtests.holding import excess_of
from backtests.inference.arrays import FloatArray
from backtests.run import Run
from backtests.trials.configuration import configuration_hash
from backtests.trials.ledger import Ledger, Origin
from backtests.trials.rows import FOLDS, fold_sums
from data.snapshot import Snapshot

# A standard deviation below this is rounding: nothing is timed.
FLAT = 1e-12


def record_runs(
    ledger: Ledger, runs: Iterable[tuple[str, Run]], snapshot: Snapshot, origin: Origin
) -> int:
    """Record backtests by research family.

    Parameters
    ----------
    ledger : Ledger
        Where.
    runs : iterable of (family, Run)
        What was evaluated; yardsticks run beside it are no trials.
    snapshot : Snapshot
        The data they ran on.
    origin : str
        What ran them, see :meth:`Ledger.record`.

    Returns
    -------
    int
        Configurations that were new.
    """
    families: dict[str, list[Run]] = {}
    for family, run in runs:
        families.setdefault(family, []).append(run)
    new = 0
    for family, of_family in families.items():
        excess = [excess_of(run, snapshot.daily).to_numpy() for run in of_family]
        new += ledger.record(
            family,
            [
                configuration_hash(run.manifest["config"], run.manifest["execution"])
                for run in of_family
            ],
            origin=origin,
            snapshot_id=snapshot.snapshot_id,
            data_until=snapshot.as_of.to_pydatetime(),
            sharpe_cash=[per_period_sharpe(_over_cash(run)) for run in of_family],
            sharpe_matched=[per_period_sharpe(d) for d in excess],
            periods=[len(d) for d in excess],
            folds=np.stack([_folds(d) for d in excess]),
        )
    return new


def per_period_sharpe(excess: FloatArray) -> float:
    """Return mean over standard deviation; NaN for fewer than two values or a flat series."""
    if len(excess) < 2 or not np.isfinite(excess).all():
        return math.nan
    spread = float(excess.std())
    return float(excess.mean()) / spread if spread > FLAT else math.nan


def _over_cash(run: Run) -> FloatArray:
    returns: pd.Series[float] = run.simulation.returns
    over = returns - run.simulation.cash_returns.reindex(returns.index)
    return over.to_numpy().astype(np.float64)


def _folds(d: FloatArray) -> FloatArray:
    sums = fold_sums(d)
    return np.full(FOLDS, np.nan) if sums is None else sums.astype(np.float64)

"""Writing backtests into the trial ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backtests.holding import excess_of
from backtests.inference.arrays import FloatArray
from backtests.run import Run
from backtests.trials.configuration import configuration_hash
from backtests.trials.ledger import Ledger, Origin
from backtests.trials.rows import FOLDS, fold_sums
from data.snapshot import Snapshot

# A standard deviation below this is rounding: nothing is timed.
FLAT = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the ledger keeps of one evaluated configuration.

    Parameters
    ----------
    family : str
        Research family.
    config_hash : str
        See :func:`~backtests.trials.configuration.configuration_hash`.
    sharpe_cash, sharpe_matched : float
        Per period, over cash and over the exposure-matched benchmark; NaN where flat.
    periods : int
        Returns they were computed from.
    folds : ndarray, shape (16,)
        Sums of the returns over the exposure-matched benchmark; NaN for a run too short.
    """

    family: str
    config_hash: str
    sharpe_cash: float
    sharpe_matched: float
    periods: int
    folds: FloatArray


def trial_of(family: str, run: Run, snapshot: Snapshot) -> Trial:
    """Return what the ledger keeps of a backtest."""
    d = excess_of(run, snapshot.daily).to_numpy().astype(np.float64)
    sums = fold_sums(d)
    return Trial(
        family=family,
        config_hash=configuration_hash(run.manifest["config"], run.manifest["execution"]),
        sharpe_cash=per_period_sharpe(run.simulation.over_cash),
        sharpe_matched=per_period_sharpe(d),
        periods=len(d),
        folds=np.full(FOLDS, np.nan) if sums is None else sums.astype(np.float64),
    )


def record_trials(
    ledger: Ledger, trials: Iterable[Trial], snapshot: Snapshot, origin: Origin
) -> int:
    """Record evaluated configurations by research family; see :meth:`Ledger.record`.

    Returns
    -------
    int
        Configurations that were new.
    """
    families: dict[str, list[Trial]] = {}
    for trial in trials:
        families.setdefault(trial.family, []).append(trial)
    return sum(
        ledger.record(
            family,
            [trial.config_hash for trial in tried],
            origin=origin,
            snapshot_id=snapshot.snapshot_id,
            data_until=snapshot.as_of.to_pydatetime(),
            sharpe_cash=[trial.sharpe_cash for trial in tried],
            sharpe_matched=[trial.sharpe_matched for trial in tried],
            periods=[trial.periods for trial in tried],
            folds=np.stack([trial.folds for trial in tried]),
        )
        for family, tried in families.items()
    )


def record_runs(
    ledger: Ledger, runs: Iterable[tuple[str, Run]], snapshot: Snapshot, origin: Origin
) -> int:
    """Record backtests with their research families; yardsticks run beside them are no trials."""
    trials = [trial_of(family, run, snapshot) for family, run in runs]
    return record_trials(ledger, trials, snapshot, origin)


def per_period_sharpe(excess: FloatArray) -> float:
    """Return mean over standard deviation; NaN for fewer than two values or a flat series."""
    if len(excess) < 2 or not np.isfinite(excess).all():
        return math.nan
    spread = float(excess.std())
    return float(excess.mean()) / spread if spread > FLAT else math.nan

"""What the trial ledger says of each research family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import FloatArray
from backtests.inference.effective_trials import effective_trials
from backtests.inference.needed_sharpe import NeededSharpe, needed_sharpe
from backtests.trials.chain import Entry
from backtests.trials.ledger import LEAST_KNOWN, Ledger

# Of more trials a sample is clustered.
CLUSTERED = 2_000
# Folds that differ by less are rounding: the rule times nothing.
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class FamilyTrials:
    """Trials of one research family; Sharpe ratios per period over the exposure-matched benchmark.

    Attributes
    ----------
    family : str
        Its name.
    trials : int
        Distinct configurations ever evaluated, N.
    by_origin : mapping of str to int
        First evaluated by which command.
    known : int
        Trials whose Sharpe ratio is in the ledger.
    variance : float or None
        Variance of their Sharpe ratios; None for fewer than two.
    effective : int or None
        Clusters of correlated trials among those with fold returns, N_eff; None where no trial
        has any. Sixteen sums a trial are coarse: independent trials are joined by chance, and
        N_eff is too low rather than too high; and of more than 2,000 trials a sample is looked at.
    effective_of : int
        Trials that were clustered.
    effective_variance : float or None
        Variance across cluster representatives; None for fewer than two clusters. Below
        :data:`~backtests.trials.ledger.LEAST_KNOWN` clusters `needed_effective` takes that of
        noise instead.
    best : float or None
        Highest Sharpe ratio.
    periods : int
        Longest track record, periods.
    needed, needed_effective : NeededSharpe or None
        At N and at N_eff; None where no track record is known.
    first_seen, last_seen : str
        When the first and the last new configuration was recorded, UTC.
    data_until : str
        Last day of data that any of them was evaluated on.
    """

    family: str
    trials: int
    by_origin: dict[str, int]
    known: int
    variance: float | None
    effective: int | None
    effective_of: int
    effective_variance: float | None
    best: float | None
    periods: int
    needed: NeededSharpe | None
    needed_effective: NeededSharpe | None
    first_seen: str
    last_seen: str
    data_until: str


def overview(ledger: Ledger, *, confidence: float = 0.95) -> tuple[FamilyTrials, ...]:
    """Return every family's trials, sorted by family.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    confidence : float
        Deflated Sharpe ratio that the needed Sharpe ratios reach.
    """
    batches = [entry for entry in ledger.entries() if entry.header["kind"] == "batch"]
    return tuple(
        _family(ledger, family, trials, batches, confidence)
        for family, trials in ledger.counts().items()
    )


def _family(
    ledger: Ledger, family: str, trials: int, batches: Iterable[Entry], confidence: float
) -> FamilyTrials:
    own = [entry for entry in batches if entry.header["family"] == family]
    sharpes, periods = ledger.sharpes(family), ledger.periods(family)
    number, of, variance = _effective(*ledger.folds(family, most=CLUSTERED))
    by_origin: dict[str, int] = {}
    for entry in own:
        origin = entry.header["origin"]
        by_origin[origin] = by_origin.get(origin, 0) + entry.rows
    long_enough = periods >= 2
    return FamilyTrials(
        family=family,
        trials=trials,
        by_origin=by_origin,
        known=len(sharpes),
        variance=float(sharpes.var(ddof=1)) if len(sharpes) > 1 else None,
        effective=number,
        effective_of=of,
        effective_variance=variance,
        best=float(sharpes.max()) if len(sharpes) else None,
        periods=periods,
        needed=(
            ledger.needed_sharpe(family, periods=periods, confidence=confidence)
            if long_enough
            else None
        ),
        needed_effective=(
            needed_sharpe(
                number, _at_least_noise(number, variance, periods), periods, confidence=confidence
            )
            if number is not None and long_enough
            else None
        ),
        first_seen=min((entry.header["at"] for entry in own), default=""),
        last_seen=max((entry.header["at"] for entry in own), default=""),
        data_until=max((entry.header["data_until"] for entry in own), default=""),
    )


def _at_least_noise(number: int, variance: float | None, periods: int) -> float:
    noise = 1.0 / periods
    return max(variance, noise) if variance is not None and number >= LEAST_KNOWN else noise


def _effective(folds: FloatArray, sharpes: FloatArray) -> tuple[int | None, int, float | None]:
    """Return N_eff, how many trials were clustered, and the variance across representatives."""
    if not len(folds):
        return None, 0, None
    moving = np.ptp(folds, axis=1) > _FLAT
    if not moving.any():
        return None, 0, None
    found = effective_trials(folds[moving].T)
    variance = found.variance(sharpes[moving]) if found.number > 1 else None
    return found.number, len(found.columns), variance

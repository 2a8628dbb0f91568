"""Skill: what each variant earned beyond holding its own mean exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import kurtosis, skew

from backtests.compare.board import Sweep
from backtests.compare.field import Entrant, Field
from backtests.inference.bootstrap_t import LEAST_YEARS
from backtests.inference.effective_trials import effective_trials
from backtests.inference.moments import (
    deflated_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
)
from backtests.inference.one_sided import OneSided
from backtests.inference.timing import timing_skill
from backtests.metrics import YEAR
from backtests.trials.ledger import LEAST_KNOWN, Ledger
from backtests.trials.recording import per_period_sharpe, record_runs
from data.aliases import FloatArray

# The smallest Sharpe ratio over the exposure-matched benchmark of interest, a year.
DELTA = 0.3
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Trials:
    """What the trial ledger says of the families that the variants belong to.

    Parameters
    ----------
    families : mapping of str to int
        Distinct configurations ever evaluated, by research family, those of this comparison
        among them.
    number : int
        N, their sum: the variants are chosen from all of them.
    variance : float
        Across trials, of their Sharpe ratios per day over the exposure-matched benchmark.
    effective : int
        N_eff, clusters of trials by the correlation of their sixteen fold returns: a lower bound.
    effective_variance : float
        The same across cluster representatives.
    known : int
        Trials whose fold returns are on record, from which N_eff is counted.

    Notes
    -----
    A variance from fewer than ten trials says nothing, and trials alike have a small one because
    they are one trial: it is never taken below that of trials without skill, 1 / days.
    """

    families: Mapping[str, int]
    number: int
    variance: float
    effective: int
    effective_variance: float
    known: int


@dataclass(frozen=True, slots=True)
class Skill:
    """One variant's skill, all of it on d_t = (w_t - w_bar) r_t net of costs.

    Parameters
    ----------
    sharpe : float
        Annual Sharpe ratio of d_t.
    interval : tuple of float or None
        95%, studentised; ``None`` with less than two years.
    standard_error : float or None
        Of `sharpe`, robust to serial dependence; ``None`` with the interval.
    p : OneSided or None
        Of theta <= 0, theta >= delta, theta >= 0; ``None`` with the interval.
    placebo : tuple of float or None
        2.5, 50 and 97.5% of the Sharpe ratios of the same weights at other times.
    placebo_p : float or None
        Share of those that do at least as well.
    probabilistic : float
        PSR: probability that the true Sharpe ratio is above 0.
    deflated, deflated_effective : float
        DSR at the ledger's N and at N_eff.
    track_record : float
        Minimum track record length, days, for 95% confidence in a Sharpe ratio above 0; infinite
        where the Sharpe ratio is not above 0.
    days : int
        Length of the track record there is.
    skew, kurtosis : float
        Of d_t; kurtosis raw.
    """

    sharpe: float
    interval: tuple[float, float] | None
    standard_error: float | None
    p: OneSided | None
    placebo: tuple[float, float, float] | None
    placebo_p: float | None
    probabilistic: float
    deflated: float
    deflated_effective: float
    track_record: float
    days: int
    skew: float
    kurtosis: float


def record(field: Field, ledger: Ledger) -> int:
    """Record every compared configuration in the trial ledger; return how many were new."""
    runs = [(entrant.rule.family, entrant.run) for entrant in field.entrants]
    return record_runs(ledger, runs, field.snapshot, "compare")


def trials(field: Field, ledger: Ledger, sweep: Sweep | None = None) -> Trials:
    """Count the trials of the variants' families, and of a sweep's; see :class:`Trials`.

    A sweep's trials count even where another ledger recorded them; its fold returns are then those
    of its leaderboard.
    """
    families = {entrant.rule.family for entrant in field.entrants}
    if sweep is not None:
        families.add(sweep.family)
    counts = {family: ledger.count(family) for family in sorted(families)}
    if sweep is not None:
        counts[sweep.family] = max(counts[sweep.family], len(sweep.folds))
    kept = {family: ledger.folds(family) for family in counts}
    if sweep is not None and len(kept[sweep.family][0]) < len(sweep.folds):
        kept[sweep.family] = sweep.folds, sweep.sharpes
    folds = np.vstack([rows for rows, _ in kept.values()])
    sharpes = np.concatenate([values for _, values in kept.values()])
    moving = np.ptp(folds, axis=1) > 0
    folds, sharpes = folds[moving], sharpes[moving]
    noise = 1.0 / len(field.days)
    number = max(sum(counts.values()), 1)
    if not len(folds):
        return Trials(counts, number, noise, number, noise, 0)
    clusters = effective_trials(folds.T)
    representatives = sharpes[clusters.representatives]
    return Trials(
        families=counts,
        number=number,
        variance=_variance(sharpes, noise),
        effective=clusters.number,
        effective_variance=_variance(representatives, noise),
        known=len(folds),
    )


def _variance(sharpes: FloatArray, noise: float) -> float:
    return max(float(sharpes.var(ddof=1)) if len(sharpes) >= LEAST_KNOWN else 0.0, noise)


def skill(entrant: Entrant, counted: Trials, *, seed: int, draws: int = 999) -> Skill | None:
    """Return a variant's skill; ``None`` where its exposure hardly changes: nothing is timed.

    Parameters
    ----------
    entrant : Entrant
        The variant.
    counted : Trials
        What it was chosen from.
    seed : int
        Of the bootstrap.
    draws : int

    References
    ----------
    Bailey, D. H. and Lopez de Prado, M. (2012), "The Sharpe ratio efficient frontier", Journal of
    Risk 15; (2014), "The deflated Sharpe ratio", Journal of Portfolio Management 40.
    """
    if not entrant.timed:
        return None
    d = entrant.daily
    ratio = per_period_sharpe(d)
    moments = {"skew": float(skew(d)), "kurtosis": float(kurtosis(d, fisher=False))}
    found = None
    if len(d) >= LEAST_YEARS * YEAR:
        found = timing_skill(
            *(part.to_numpy() for part in entrant.held),
            periods_per_year=YEAR,
            delta=DELTA,
            seed=seed,
            draws=draws,
        )
    return Skill(
        sharpe=ratio * float(np.sqrt(YEAR)),
        interval=None if found is None else found.sharpe.interval,
        standard_error=None if found is None else found.sharpe.standard_error,
        p=None if found is None else found.sharpe.p,
        placebo=None if found is None else found.placebo_sharpe,
        placebo_p=None if found is None else found.placebo_p,
        probabilistic=probabilistic_sharpe(ratio, 0.0, len(d), **moments),
        deflated=deflated_sharpe(
            ratio, len(d), trials=counted.number, variance=counted.variance, **moments
        ),
        deflated_effective=deflated_sharpe(
            ratio,
            len(d),
            trials=counted.effective,
            variance=counted.effective_variance,
            **moments,
        ),
        track_record=minimum_track_record(ratio, 0.0, confidence=CONFIDENCE, **moments),
        days=len(d),
        **moments,
    )

"""What a sample could have shown: power, minimum detectable effect, years needed.

All of it comes from a standard error and sizes fixed in advance, never from the observed effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

from backtests.inference.arrays import positive, probability
from backtests.inference.verdict import (
    ENOUGH_WINDOWS,
    LEAST_EPISODES,
    LEAST_POWER,
    LEAST_WINDOWS,
    LEVEL,
)


@dataclass(frozen=True, slots=True)
class VerdictChances:
    """Probability of each verdict at one true effect.

    Attributes
    ----------
    theta : float
        The true effect.
    supported, contradicted, inconclusive, not_testable : float
        Probabilities that sum to 1.
    """

    theta: float
    supported: float
    contradicted: float
    inconclusive: float
    not_testable: float


def power(theta: float, standard_error: float, *, level: float = LEVEL) -> float:
    """Return the chance that the one-sided test of H0 theta <= 0 rejects at a true effect.

    Parameters
    ----------
    theta : float
        A size fixed in advance (delta and its multiples), never the estimate.
    standard_error : float
        Of the estimate, in the same unit.
    level : float
        Of the test, not adjusted for multiplicity.

    Returns
    -------
    float
        By the normal approximation; `level` itself at theta = 0.
    """
    quantile = float(norm.isf(probability(level, "level")))
    return float(norm.sf(quantile - theta / positive(standard_error, "standard_error")))


def minimum_detectable_effect(
    standard_error: float, *, power: float = 0.8, level: float = LEVEL
) -> float:
    """Return the effect that the one-sided test would find with the given power.

    Parameters
    ----------
    standard_error : float
    power : float
        0.8 by custom: then 2.80 standard errors.
    level : float
        Of the test, not adjusted for multiplicity.

    References
    ----------
    .. [1] Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.
    """
    quantiles = norm.isf(probability(level, "level")) + norm.ppf(probability(power, "power"))
    return float(quantiles) * positive(standard_error, "standard_error")


def years_needed(years: float, minimum_detectable: float, delta: float) -> float:
    """Return the years of such data after which delta would be the minimum detectable effect.

    Parameters
    ----------
    years : float
        Length of the sample.
    minimum_detectable, delta : float
        In the same unit.
    """
    ratio = positive(minimum_detectable, "minimum_detectable") / positive(delta, "delta")
    return positive(years, "years") * ratio**2


def verdict_chances(
    standard_error: float,
    delta: float,
    *,
    family: int = 1,
    multiples: Sequence[float] = (0.0, 1.0, 2.0, 4.0),
    n_episodes: int | None = None,
    t_over_h: float | None = None,
) -> tuple[VerdictChances, ...]:
    """Return the probability of each verdict of `judge` at multiples of delta.

    Parameters
    ----------
    standard_error : float
    delta : float
        Smallest effect of interest.
    family : int
        Tests in the family: the level of each is divided by it, Holm's first and strictest step.
    multiples : sequence of float
        True effects, in units of delta.
    n_episodes, t_over_h : optional
        As in `judge`.

    Returns
    -------
    tuple of VerdictChances
        By the normal approximation to the estimate, with one standard error at every effect.
    """
    positive(delta, "delta")
    if family < 1:
        raise ValueError(f"family: expected at least 1 test, got {family!r}")
    quantile = float(norm.isf(LEVEL / family))
    least = max(quantile * standard_error, delta)
    most = -quantile * standard_error
    if power(delta, standard_error) >= LEAST_POWER:
        most += delta
    testable = (n_episodes is None or n_episodes >= LEAST_EPISODES) and (
        t_over_h is None or t_over_h >= LEAST_WINDOWS
    )
    decided = testable and (t_over_h is None or t_over_h >= ENOUGH_WINDOWS)
    out = []
    for theta in (multiple * delta for multiple in multiples):
        up = float(norm.sf((least - theta) / standard_error)) if decided else 0.0
        down = float(norm.cdf((most - theta) / standard_error)) if decided else 0.0
        out.append(VerdictChances(theta, up, down, testable - up - down, 1.0 - testable))
    return tuple(out)

"""The three one-sided p-values that a verdict is made of, and how draws become them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class OneSided:
    """One-sided p-values of an effect theta measured in the claim's own direction.

    Attributes
    ----------
    p1 : float
        Of H0 theta <= 0. Small: the effect is there.
    p2 : float or None
        Of H0 theta >= delta, delta the smallest effect of interest. Small: whatever effect there
        is, it is too small to matter. None when no delta is registered.
    p3 : float
        Of H0 theta >= 0. Small: the effect goes the other way.
    """

    p1: float
    p2: float | None
    p3: float

    def __post_init__(self) -> None:
        for name in ("p1", "p2", "p3"):
            p = getattr(self, name)
            if p is not None and not 0 <= p <= 1:
                raise ValueError(f"{name}: expected a p-value between 0 and 1, got {p!r}")


def upper_p(observed: float, draws: FloatArray) -> float:
    """Return (1 + number of draws at or above the observed) / (1 + number of draws)."""
    return float((1 + np.count_nonzero(draws >= observed)) / (1 + len(draws)))


def lower_p(observed: float, draws: FloatArray) -> float:
    """Return (1 + number of draws at or below the observed) / (1 + number of draws)."""
    return float((1 + np.count_nonzero(draws <= observed)) / (1 + len(draws)))


def from_t_draws(
    estimate: float, standard_error: float, draws: FloatArray, delta: float | None
) -> OneSided:
    """Compare the estimate's t-statistics against 0 and delta with draws of a centred t-statistic.

    Parameters
    ----------
    estimate, standard_error : float
    draws : ndarray, shape (B,)
        t-statistics drawn where the null holds with equality.
    delta : float or None
        The smallest effect of interest, in the estimate's unit.
    """
    return OneSided(
        p1=upper_p(estimate / standard_error, draws),
        p2=None if delta is None else lower_p((estimate - delta) / standard_error, draws),
        p3=lower_p(estimate / standard_error, draws),
    )


def studentised_interval(
    estimate: float, standard_error: float, draws: FloatArray, confidence: float
) -> tuple[float, float]:
    """Return the equal-tailed bootstrap-t interval, which agrees with the one-sided p-values.

    The Weibull quantile takes the (B + 1) q-th of the ordered draws, so that 0 lies below the
    interval exactly when p1 <= (1 - confidence) / 2 (with B = 999: the 25th and 975th draw).
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], method="weibull")
    return float(estimate - high * standard_error), float(estimate - low * standard_error)

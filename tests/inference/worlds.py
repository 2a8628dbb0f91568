"""Small simulated worlds for the calibration of tests, and the rates they are held to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def garch_t(
    rng: np.random.Generator, worlds: int, n: int, *, sd: float = 1.0, freedom: float = 4.5
) -> Array:
    """Student t returns with GARCH(1, 1) variance of mean sd^2, shape (worlds, n)."""
    shocks = rng.standard_t(freedom, size=(worlds, n + 100)) / np.sqrt(freedom / (freedom - 2))
    variance = np.ones(worlds)
    out = np.empty_like(shocks)
    for t in range(n + 100):
        out[:, t] = np.sqrt(variance) * shocks[:, t]
        variance = 0.05 + 0.1 * out[:, t] ** 2 + 0.85 * variance
    returns: Array = out[:, 100:] * sd
    return returns


def autoregression(rng: np.random.Generator, worlds: int, n: int, *, phi: float) -> Array:
    """Gaussian AR(1) paths of variance 1, shape (worlds, n)."""
    shocks: Array = rng.normal(size=(worlds, n)) * np.sqrt(1 - phi**2)
    shocks[:, 0] = rng.normal(size=worlds)
    for t in range(1, n):
        shocks[:, t] += phi * shocks[:, t - 1]
    return shocks


def business_days(first: str, last: str) -> npt.NDArray[np.datetime64]:
    """Every weekday from `first` to `last`, both included."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days)]

"""Random numbers: one stream for each part of a world.

A part draws the same numbers whatever the others do, so that switching a link on or off leaves
every part that the link does not touch as it was.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Literal, get_args

import numpy as np

from data.aliases import FloatArray

Part = Literal[
    "balance_sheet",
    "treasury",
    "reverse_repo",
    "repo",
    "srf",
    "economy",
    "equities",
    "bitcoin",
    "coins",
    "intraday",
    "funding",
    "confounders",
    "redraws",
]


def stream(seed: int, part: Part, number: int | None = None) -> np.random.Generator:
    """Return a part's generator: the child of ``SeedSequence(seed)`` at the part's place.

    Parameters
    ----------
    seed : int
        The world's seed.
    part : str
        The part that draws.
    number : int, optional
        For parts of many members (coins), the member.
    """
    place = get_args(Part).index(part)
    key = (place,) if number is None else (place, number)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def decaying(pushes: FloatArray, persistence: float) -> FloatArray:
    """Return ``x[t] = persistence * x[t - 1] + pushes[t]``, starting from 0."""
    path = accumulate(pushes.tolist(), lambda level, push: persistence * level + push)
    return np.fromiter(path, dtype=float, count=len(pushes))


def autoregressive(
    rng: np.random.Generator, n: int, persistence: float, deviation: float
) -> FloatArray:
    """Return a Gaussian AR(1) of length `n` with the given stationary standard deviation."""
    shocks = rng.normal(size=n) * deviation * np.sqrt(1.0 - persistence**2)
    return decaying(shocks, persistence)


def garch_t(
    rng: np.random.Generator, n: int, volatility: float, freedom: float = 4.5
) -> tuple[FloatArray, FloatArray]:
    """Return GARCH(1, 1) returns with Student-t innovations (Bollerslev 1987).

    Parameters
    ----------
    rng : Generator
        Source of the innovations.
    n : int
        Number of days.
    volatility : float
        Unconditional standard deviation of a daily return.
    freedom : float
        Degrees of freedom of the innovations, above 2.

    Returns
    -------
    returns, deviations : ndarray, shape (n,)
        Mean-zero returns and the standard deviation that each was drawn with.
    """
    alpha, beta = 0.09, 0.88
    innovations = rng.standard_t(freedom, size=n) * np.sqrt((freedom - 2.0) / freedom)
    constant = (1.0 - alpha - beta) * volatility**2

    def step(variance: float, innovation: float) -> float:
        return constant + variance * (alpha * innovation**2 + beta)

    variances = accumulate(innovations[:-1].tolist(), step, initial=volatility**2)
    deviations = np.sqrt(np.fromiter(variances, dtype=float, count=n))
    return deviations * innovations, deviations

"""What a local projection is asked: form, horizons, smallest effects, lags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from backtests.inference.arrays import positive_int, probability

Form = Literal["predictive", "co-movement"]


@dataclass(frozen=True, slots=True)
class Specification:
    """Parameters of a local projection.

    Attributes
    ----------
    form : {"predictive", "co-movement"}
        Whether the return window begins after the decision or with the week of the change.
    horizons : tuple of int
        Weeks.
    joint_horizons : tuple of int
        The horizons of the joint p-values, all among `horizons`.
    delta : mapping of int to float
        Smallest effect of interest by horizon, per unit of the regressor. Horizons without one
        have p2 None and do not enter the joint p2.
    n_lags : int
        Lags of the regressor and of the return.
    trend : bool
        Whether a linear trend enters.
    draws : int
        Bootstrap draws.
    confidence : float
        Of the intervals.

    Raises
    ------
    ValueError
        On construction, naming the field.
    """

    form: Form = "predictive"
    horizons: tuple[int, ...] = (1, 4, 13, 26)
    joint_horizons: tuple[int, ...] = (1, 4, 13)
    delta: Mapping[int, float] = field(default_factory=dict)
    n_lags: int = 13
    trend: bool = True
    draws: int = 999
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.form not in ("predictive", "co-movement"):
            raise ValueError(f"form: expected 'predictive' or 'co-movement', got {self.form!r}")
        _check_horizons(self.horizons, "horizons")
        _check_horizons(self.joint_horizons, "joint_horizons")
        for name, asked in (("joint_horizons", self.joint_horizons), ("delta", tuple(self.delta))):
            strange = [h for h in asked if h not in self.horizons]
            if strange:
                raise ValueError(f"{name}: {strange[0]} is not among {list(self.horizons)}")
        for horizon, value in self.delta.items():
            if not np.isfinite(value) or value <= 0:
                raise ValueError(f"delta: expected a number above 0 at {horizon}, got {value!r}")
        positive_int(self.n_lags, "n_lags")
        positive_int(self.draws, "draws")
        probability(self.confidence, "confidence")


def _check_horizons(values: tuple[int, ...], name: str) -> None:
    for value in values:
        positive_int(value, name)
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{name}: expected distinct horizons, got {list(values)}")

"""The best of the variants against each benchmark, and the set that holds the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.compare.field import MATCHED, Field
from backtests.inference.confidence_set import model_confidence_set
from backtests.inference.superior_ability import (
    LEAST_BARS,
    superior_ability,
    superior_variants,
)
from data.aliases import FloatArray

SIZE = 0.05
CONFIDENCE = 0.90
# The member of the confidence set that times nothing: d_t = 0.
NO_TIMING = "no timing"


@dataclass(frozen=True, slots=True)
class Superiority:
    """Whether any variant beats a benchmark, after choosing the best of them.

    Parameters
    ----------
    benchmark : str
        Name; :data:`~backtests.compare.field.MATCHED` is each variant's own mean exposure.
    skill : bool
        Whether this is a test of skill. Against any other benchmark the difference of two
        exposures' drift is in it: against cash rules without skill win by BTC's drift.
    p, p_lower, p_upper : float
        Hansen's consistent p-value and its bounds.
    best : str
        The variant with the largest studentised mean.
    superior : tuple of str
        Variants that Romano and Wolf's StepM finds better, at a familywise 5%.
    variants, dropped : int
        Tested, and left out because they differ from the benchmark on fewer than thirty days.
    """

    benchmark: str
    skill: bool
    p: float
    p_lower: float
    p_upper: float
    best: str
    superior: tuple[str, ...]
    variants: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Contenders:
    """The model confidence set over d_t: who cannot be told from the best, at 90%.

    Parameters
    ----------
    included : tuple of str
        In the set, in the order given; :data:`NO_TIMING` is one of the candidates.
    p : tuple of (str, float)
        For each candidate the smallest size at which it is excluded.
    """

    included: tuple[str, ...]
    p: tuple[tuple[str, float], ...]


def superiorities(field: Field, *, seed: int, draws: int = 999) -> tuple[Superiority, ...]:
    """Test the variants against the exposure-matched benchmark and against each yardstick.

    A benchmark from which no variant differs on thirty days is left out.

    References
    ----------
    Hansen, P. R. (2005), "A test for superior predictive ability", Journal of Business and
    Economic Statistics 23. Romano, J. P. and Wolf, M. (2005), "Stepwise multiple testing as
    formalized data snooping", Econometrica 73.
    """
    own = np.column_stack([field.over_cash(name) for name in field.names])
    against = [(MATCHED, field.excesses())]
    against += [
        (name, own - run.simulation.over_cash[:, None]) for name, run in field.yardsticks.items()
    ]
    return tuple(
        _superiority(field.names, name, d, seed, draws)
        for name, d in against
        if ((d != 0).sum(axis=0) >= LEAST_BARS).any()
    )


def _superiority(
    names: Sequence[str], benchmark: str, d: FloatArray, seed: int, draws: int
) -> Superiority:
    tested = superior_ability(d, seed=seed, draws=draws)
    stepped = superior_variants(d, seed=seed, draws=draws, size=SIZE)
    return Superiority(
        benchmark=benchmark,
        skill=benchmark == MATCHED,
        p=tested.p,
        p_lower=tested.p_lower,
        p_upper=tested.p_upper,
        best=names[tested.best],
        superior=tuple(names[column] for column in stepped.superior),
        variants=tested.variants,
        dropped=tested.dropped,
    )


def contenders(field: Field, *, seed: int, draws: int = 999) -> Contenders:
    """Return the model confidence set of the variants' d_t and of timing nothing.

    References
    ----------
    Hansen, P. R., Lunde, A. and Nason, J. M. (2011), "The model confidence set", Econometrica 79.
    """
    names = (*field.names, NO_TIMING)
    d = np.column_stack([field.excesses(), np.zeros(len(field.days))])
    found = model_confidence_set(d, seed=seed, draws=draws, size=1.0 - CONFIDENCE)
    return Contenders(
        included=tuple(names[column] for column in found.included),
        p=tuple(zip(names, found.p, strict=True)),
    )

"""One number out of the flows, each with the sign that the essay gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.errors import BadConfig, UnknownName
from data.panel import Panel
from signals.base import Signal
from signals.funding import FundingPressure
from signals.lending import StealthQe
from signals.liquidity_impulse import LiquidityImpulse
from signals.normalise import THREE_YEARS, sparse_score, trailing_z
from signals.parameters import check_whole
from signals.rrp import RrpFlow
from signals.srf import SrfSurprise
from signals.tga import TgaImpulse
from signals.windows import row_values

# Every flow the essay gives a sign to. Levels (net_liquidity, corridor_net, srf_usage) trend or
# repeat what these say, and conditioners (direction 0) never enter.
FLOWS: Mapping[str, type[Signal]] = {
    "liquidity_impulse": LiquidityImpulse,
    "srf_surprise": SrfSurprise,
    "stealth_qe": StealthQe,
    "tga_impulse": TgaImpulse,
    "rrp_flow": RrpFlow,
    "funding_pressure": FundingPressure,
}
# Zero on most days: scaled by asinh, without centring.
SPARSE = frozenset({"srf_surprise", "stealth_qe"})


@dataclass(frozen=True, slots=True)
class Composite:
    """Mean of the trailing scores of the flows, signs as the essay has them (standard scores).

    ``mean of direction x score`` over the members known at the time. Dense flows are scored by
    :func:`~signals.normalise.trailing_z`, the sparse ones that hang on the SRF by
    :func:`~signals.normalise.sparse_score`; each is clipped at +-3. The signs are those of
    :data:`FLOWS`, fixed before any result; nothing is weighted or fitted. Only flows are members:
    conditioners (direction 0) never are. The impulse contains the TGA's and the RRP's flow: the
    overlap is the essay's own, who names the whole and its parts.

    Known when its last member is. Direction +1.

    NaN where less than half of the members have a score.

    Parameters
    ----------
    members : tuple of str
        Which of :data:`FLOWS`, with their default parameters.
    days : int
        Window of the scores, calendar days.

    Raises
    ------
    BadConfig
        If there is no member, or one stands twice.
    UnknownName
        If a member is not among :data:`FLOWS`.
    """

    members: tuple[str, ...] = tuple(FLOWS)
    days: int = THREE_YEARS

    name: ClassVar[str] = "composite"
    unit: ClassVar[str] = "standard score"
    direction: ClassVar[int] = 1
    optional: ClassVar[tuple[str, ...]] = StealthQe.optional
    essay: ClassVar[str] = (
        "All of it together: an account that is spent, an empty facility, loans at the ceiling "
        "and less pressure mean more dollars, and crypto lives on them."
    )

    def __post_init__(self) -> None:
        if not isinstance(self.members, tuple) or not self.members:
            raise BadConfig(f"{self.name}: members = {self.members!r}: give at least one flow")
        for member in self.members:
            if member not in FLOWS:
                raise UnknownName("flow", str(member), FLOWS)
        if len(set(self.members)) < len(self.members):
            raise BadConfig(f"{self.name}: members = {self.members!r}: one stands twice")
        check_whole(self.name, "days", self.days, least=2)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal cannot do without."""
        return tuple(sorted({id_ for member in self.members for id_ in FLOWS[member]().inputs}))

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the mean score at each decision time."""
        total, known = np.zeros(len(panel.times)), np.zeros(len(panel.times))
        for member in self.members:
            score = self._score(member, panel)
            total += np.nan_to_num(score, nan=0.0)
            known += ~np.isnan(score)
        enough = 2.0 * known >= len(self.members)
        mean = np.where(enough, total / np.maximum(known, 1.0), np.nan)
        return pd.Series(mean, index=panel.times, name=self.name)

    def _score(self, member: str, panel: Panel) -> FloatArray:
        """Score of one member in the direction of the thesis."""
        flow = FLOWS[member]
        values = row_values(flow().compute(panel))
        score = sparse_score if member in SPARSE else trailing_z
        return flow.direction * score(values, self.days)

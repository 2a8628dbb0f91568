"""Less exposure the more the Treasury is expected to take, once the RRP is empty."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from signals.base import Signal
from signals.rrp import RrpEmpty
from signals.tga import TgaExpectedFlow
from strategies.exposure.base import Gauge, Stance
from strategies.market import Market
from strategies.piece import Piece


class ExpectedBuild(Piece):
    """Fully invested, less in proportion to the expected build of the Treasury's account.

    While the RRP has cash a build can come out of it, and exposure is one. When it is empty
    (:class:`signals.rrp.RrpEmpty`) the build comes out of reserves: exposure is
    ``clip(1 - flow / drain, 0, 1)`` with the flow that would meet the announced target. A
    binding debt limit counts as no build. Gross exposure is NaN where the RRP is unknown, and
    where it is empty and the flow unknown.

    Parameters
    ----------
    drain : float
        Expected build at which nothing is left, USD bn a business day; 18 a day is one standard
        deviation of weekly net liquidity.
    """

    kind: Literal["expected_build"] = "expected_build"
    drain: float = Field(default=18.0, gt=0.0)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The RRP's regime and the flow into the account."""
        return (RrpEmpty(), TgaExpectedFlow())

    @property
    def cap(self) -> float:
        """One: fully invested."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        empty, flow = (market.signal(item) for item in self.signals)
        shrunk = np.clip(1.0 - flow / self.drain, 0.0, 1.0)
        gross = np.where(np.isnan(empty), np.nan, np.where(empty > 0.0, shrunk, 1.0))
        stage = np.select(
            [np.isnan(gross), gross == 0.0, gross == 1.0], ["unknown", "out", "full"], "part"
        )
        gauges = (
            Gauge("rrp_empty", empty, "0 or 1", (("exposure shrinks at", 1.0),)),
            Gauge(
                "tga_expected_flow",
                flow,
                "USD bn a day",
                (("full up to", 0.0), ("none from", self.drain)),
            ),
        )
        return Stance(gross, np.ones(len(gross)), stage, gauges)

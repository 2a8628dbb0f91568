"""The essay's playbook: wait for the Treasury, then Bitcoin, then altcoins."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from signals.base import Signal
from signals.srf import SrfUsage
from signals.tga import TgaExcess
from signals.windows import change
from strategies.exposure.base import Gauge, Stance
from strategies.exposure.hysteresis import hysteresis
from strategies.market import Market
from strategies.piece import Piece


class Playbook(Piece):
    """Preserve capital until the TGA is released, then BTC, then altcoins while the SRF rises.

    Three stages, judged daily:

    - ``cash``: the Treasury hoards. It begins when the account stands more than `hoard` above
      the announced target and lasts until a close at or below the target: the release.
    - ``btc``: released, everything in BTC.
    - ``altcoins``: released, and SRF balances rise: their mean of the last `days` nights is more
      than `rise` above that of `days` days before, until it no longer is above it at all.
      Everything as the allocation arranges BTC and altcoins.

    Until the first day that decides, the account counts as not released. Where the account or
    its target is unknown or stale the gross exposure is NaN, and where the SRF is, it is NaN
    but for stage ``cash``. Targets are on record from 2021-05-03, so the playbook begins then.

    Parameters
    ----------
    hoard : float
        USD bn above the target; the essay speaks of about 150.
    rise : float
        USD bn of the SRF's mean balance; less is an exercise, not usage.
    days : int
        Nights of the mean, and the span of its change.
    """

    kind: Literal["playbook"] = "playbook"
    hoard: float = Field(default=100.0, gt=0.0)
    rise: float = Field(default=0.5, ge=0.0)
    days: int = Field(default=28, ge=1)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The account's excess over its target, and SRF usage."""
        return (TgaExcess(), SrfUsage(days=self.days))

    @property
    def cap(self) -> float:
        """One: fully invested."""
        return 1.0

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        excess, usage = (market.signal(item) for item in self.signals)
        rise = change(usage, self.days)
        hoarding = hysteresis(excess, self.hoard, 0.0, initially=True)
        rising = hysteresis(rise, self.rise, 0.0)
        unknown = np.isnan(excess) | (~hoarding & np.isnan(rise))
        stage = np.select([unknown, hoarding, rising], ["unknown", "cash", "altcoins"], "btc")
        gross = np.where(unknown, np.nan, np.where(hoarding, 0.0, 1.0))
        altcoins = (stage == "altcoins").astype(np.float64)
        gauges = (
            Gauge("tga_excess", excess, "USD bn", (("hoarded above", self.hoard), _RELEASED)),
            Gauge(
                f"srf_usage, change over {self.days} days",
                rise,
                "USD bn",
                (("altcoins above", self.rise), ("BTC again at", 0.0)),
            ),
        )
        return Stance(gross, altcoins, stage, gauges)


_RELEASED = ("released at", 0.0)

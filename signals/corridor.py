"""Both sides of the Fed's overnight corridor together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from data.panel import Panel
from signals.parameters import check_whole
from signals.windows import row_values, trailing_mean


@dataclass(frozen=True, slots=True)
class CorridorNet:
    """What the corridor's two sides add or take together: ``srf - rrp`` (USD bn).

    The SRF at the ceiling lends, the RRP at the floor borrows. At period ends both swell at once
    (gross-up), which creates no money: 2025-10-31 gives 50.35 less the RRP of that day, about
    -1.5. With `days` above 1 the mean over that many nights.

    Known with the day's last operation, 13:45 New York. Direction +1.

    NaN where either side is unknown or stale on one of the nights.

    Parameters
    ----------
    days : int
        How many nights are averaged.

    Raises
    ------
    BadConfig
        If `days` is not a whole number above 0.
    """

    days: int = 1

    name: ClassVar[str] = "corridor_net"
    unit: ClassVar[str] = "USD bn"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "The Fed once drained cash at the floor of its range; now it lends at the ceiling, and "
        "the sum of both is what it adds."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return ("rrp", "srf")

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the net balance at each decision time, USD bn."""
        net = row_values(panel.last("srf") - panel.last("rrp"))
        return pd.Series(
            trailing_mean(net, self.days, least=self.days), index=panel.times, name=self.name
        )

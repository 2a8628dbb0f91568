"""Change of net liquidity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from data.panel import Panel
from signals.net_liquidity import NetLiquidity
from signals.parameters import check_choice, check_whole
from signals.windows import lagged, row_values, trailing_mean

MEASURES = ("bn", "share")


@dataclass(frozen=True, slots=True)
class LiquidityImpulse:
    """Change of the daily nowcast of net liquidity as a difference of means.

    ``mean of (t - smooth, t] - mean of (t - days - smooth, t - days]`` of
    :class:`~signals.net_liquidity.NetLiquidity`, in USD bn; as ``share`` it is divided by the
    earlier mean, in percent. Means of a week, because the level jumps with tax and settlement
    days: 28-day differences of single days have the other sign on 13% of the days and 16% of the
    Fridays since 2016.

    Known when the nowcast is. Direction +1.

    NaN unless the nowcast is known on every day of both means.

    Parameters
    ----------
    days : int
        Span of the change in calendar days; 7, 28 and 91 are the usual ones.
    smooth : int
        Days of each mean; 1 compares single days.
    measure : {"bn", "share"}
        USD bn or percent of the earlier mean.

    Raises
    ------
    BadConfig
        If a parameter is out of its range.
    """

    days: int = 28
    smooth: int = 7
    measure: str = "bn"

    name: ClassVar[str] = "liquidity_impulse"
    direction: ClassVar[int] = 1
    essay: ClassVar[str] = (
        "When dollar liquidity rises, Bitcoin and altcoins rise with it; while the Treasury "
        "refills its account they wait."
    )

    def __post_init__(self) -> None:
        check_whole(self.name, "days", self.days)
        check_whole(self.name, "smooth", self.smooth)
        check_choice(self.name, "measure", self.measure, MEASURES)

    @property
    def unit(self) -> str:
        """USD bn or percent."""
        return "USD bn" if self.measure == "bn" else "percent"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal reads."""
        return NetLiquidity().inputs

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the impulse at each decision time."""
        level = row_values(NetLiquidity().compute(panel))
        mean = trailing_mean(level, self.smooth, least=self.smooth)
        before = lagged(mean, self.days)
        moved = mean - before
        if self.measure == "share":
            moved = 100.0 * moved / before
        return pd.Series(moved, index=panel.times, name=self.name)

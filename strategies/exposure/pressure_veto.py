"""Another rule, silenced while repo funding presses on the ceiling."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from signals.base import Signal
from signals.calendar_class import DayClass, day_classes
from signals.funding import FundingPressure
from signals.windows import trailing_mean
from strategies.exposure.base import Gauge, Stance
from strategies.exposure.hysteresis import hysteresis
from strategies.exposure.impulse_trend import ImpulseTrend
from strategies.exposure.proportional import Proportional
from strategies.exposure.threshold import Threshold
from strategies.exposure.yardsticks import Constant, Trend
from strategies.market import Market
from strategies.piece import Piece

BaseRule: TypeAlias = Annotated[
    Threshold | Proportional | ImpulseTrend | Constant | Trend, Field(discriminator="kind")
]


class PressureVeto(Piece):
    """The exposure of `base`, and none while funding pressure beyond the calendar is high.

    The pressure is SOFR less the top of the Fed's range (bp), the mean over the last `days` rows
    whose SOFR is about an ordinary day: period ends, tax days and coupon settlements press on
    repo for reasons of the calendar and are left out. The veto begins above `enter` and ends at
    or below `leave`. Gross exposure is NaN where that of `base` is, and where the pressure is
    unknown: fewer than a third of the rows, or SOFR stale.

    Parameters
    ----------
    base : exposure rule
        What is silenced.
    enter, leave : float
        Basis points, ``enter >= leave``; 0 is the ceiling.
    days : int
        Calendar days of the mean.
    """

    kind: Literal["pressure_veto"] = "pressure_veto"
    base: BaseRule
    enter: float = 0.0
    leave: float = -5.0
    days: int = Field(default=14, ge=3)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signals of `base`, and funding pressure."""
        return (*self.base.signals, FundingPressure())

    @property
    def cap(self) -> float:
        """That of `base`."""
        return self.base.cap

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        base, pressure = self.base.stance(market), self._pressure(market)
        vetoed = hysteresis(pressure, self.enter, self.leave)
        unknown = np.isnan(base.gross) | np.isnan(pressure)
        gross = np.where(unknown, np.nan, np.where(vetoed, 0.0, base.gross))
        stage = np.select([unknown, vetoed], ["unknown", "vetoed"], base.stage)
        levels = (("vetoed above", self.enter), ("free again at", self.leave))
        gauge = Gauge("funding_pressure, ordinary days", pressure, "bp", levels)
        return Stance(gross, base.altcoins, stage, (*base.gauges, gauge))

    def _pressure(self, market: Market) -> FloatArray:
        latest = market.signal(FundingPressure())
        ordinary = day_classes(market.panel.ref_date("sofr")) == DayClass.OTHER
        mean = trailing_mean(np.where(ordinary, latest, np.nan), self.days, self.days // 3)
        return np.where(np.isnan(latest), np.nan, mean)

"""An exposure for each regime of the plumbing."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from data.aliases import BoolArray
from signals.base import Signal
from signals.regime import REGIMES, Regime
from strategies.exposure.base import Gauge, Stance
from strategies.market import Market
from strategies.piece import Piece

Share: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0)]


class RegimeGross(Piece):
    """Gross exposure in each regime of :class:`signals.regime.RegimeTable`."""

    stealth_qe: Share
    pressure: Share
    release: Share
    drain: Share
    purchases: Share
    ample: Share
    neutral: Share

    def by_code(self) -> tuple[float, ...]:
        """Return the exposures in the order of :data:`signals.regime.REGIMES`."""
        return tuple(float(getattr(self, name)) for name in REGIMES)


class RegimeTable(Piece):
    """The exposure that a table gives to the displayed regime.

    The regime counts a figure that is not known as a flag that is off; here gross exposure is
    NaN where any of its figures is unknown or stale.

    Parameters
    ----------
    gross : RegimeGross
        Share of the capital in each regime.
    """

    kind: Literal["regime_table"] = "regime_table"
    gross: RegimeGross

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The displayed regime."""
        return (Regime(),)

    @property
    def cap(self) -> float:
        """The highest exposure in the table."""
        return max(self.gross.by_code())

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``."""
        code = market.signal(Regime()).astype(np.intp)
        known = _known(market)
        gross = np.where(known, np.array(self.gross.by_code())[code], np.nan)
        stage = np.where(known, np.array(REGIMES)[code], "unknown")
        gauge = Gauge("regime", code.astype(np.float64), "code")
        return Stance(gross, np.ones(len(gross)), stage, (gauge,))


def _known(market: Market) -> BoolArray:
    known = np.ones(len(market.times), dtype=bool)
    for series in Regime().inputs:
        known &= market.panel.last(series).notna().to_numpy()
    return known

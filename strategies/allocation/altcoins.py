"""Altcoins beside BTC only while BTC rises, within limits of size and of liquidity."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.allocation.base import equally
from strategies.market import Market
from strategies.piece import Piece

LIQUIDITY_DAYS = 30


class UptrendAltcoins(Piece):
    """BTC alone, but for a part in altcoins while BTC closes above its trailing mean.

    The part is split equally over the altcoins of the universe. Each gets at most `each` of the
    capital, and at most `volume_share` of its dollar volume on a mean day of the last thirty; a
    coin of unknown volume gets nothing. What the limits cut stays in BTC. NaN while the mean is
    unknown.

    Parameters
    ----------
    part : float
        Share of the exposure for altcoins.
    trend_days : int
        Closes in BTC's trailing mean.
    each : float
        Highest share of the capital in one altcoin.
    volume_share : float
        Highest share of a coin's daily dollar volume.
    capital : float
        Capital that the volume limit is reckoned with, in USD.
    """

    kind: Literal["uptrend_altcoins"] = "uptrend_altcoins"
    part: float = Field(default=0.5, gt=0.0, le=1.0)
    trend_days: int = Field(default=200, ge=2)
    each: float = Field(default=0.2, gt=0.0, le=1.0)
    volume_share: float = Field(default=0.01, gt=0.0, le=1.0)
    capital: float = Field(default=1_000_000.0, gt=0.0)

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        trend = market.btc_over_mean(self.trend_days)
        altcoins = market.universe().copy()
        altcoins[:, market.btc] = False
        altcoins &= (trend > 0.0)[:, None]
        volume = np.nan_to_num(market.dollar_volume(LIQUIDITY_DAYS))
        limit = np.minimum(self.each, self.volume_share * volume / self.capital)
        out = np.minimum(self.part * equally(altcoins), limit)
        out[:, market.btc] = 1.0 - out.sum(axis=1)
        out[np.isnan(trend)] = np.nan
        return out

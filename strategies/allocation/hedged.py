"""Altcoins with BTC's part in them sold short."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.allocation.base import equally
from strategies.market import BTC, Market
from strategies.piece import Piece


class HedgedAltcoins(Piece):
    """All altcoins of the universe in equal parts, short BTC by the beta of that basket.

    Long and short together use one unit: with basket beta b the long side is 1 / (1 + b), the
    short side b / (1 + b). Betas are slopes of daily returns on BTC's; a negative basket beta
    counts as zero. Coins without a beta yet are left out. Where there is no altcoin, cash.

    Parameters
    ----------
    days : int
        Days of the trailing beta.
    """

    kind: Literal["hedged_altcoins"] = "hedged_altcoins"
    days: int = Field(default=90, ge=10)

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        beta = market.beta(self.days)
        altcoin = np.array([name != BTC for name in market.assets])
        long = equally(market.universe() & altcoin & ~np.isnan(beta))
        basket = np.maximum((long * np.nan_to_num(beta)).sum(axis=1), 0.0)
        out: FloatArray = long / (1.0 + basket)[:, None]
        out[:, market.btc] = -basket / (1.0 + basket)
        return out

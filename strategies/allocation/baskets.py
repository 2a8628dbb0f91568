"""BTC alone, and baskets of BTC and altcoins that hold the whole universe."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.allocation.base import equally, normalised
from strategies.market import Market
from strategies.piece import Piece


class BtcOnly(Piece):
    """Everything in BTC."""

    kind: Literal["btc"] = "btc"

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        out = np.zeros((len(market.times), len(market.assets)))
        out[:, market.btc] = 1.0
        return out


class EqualWeight(Piece):
    """The same weight in every asset of the point-in-time universe."""

    kind: Literal["equal_weight"] = "equal_weight"

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        return equally(market.universe())


class InverseVolatility(Piece):
    """BTC and altcoins in inverse proportion to their volatility.

    A coin counts once two thirds of the days in the window have a return; NaN until BTC does.

    Parameters
    ----------
    days : int
        Days of the trailing volatility.
    """

    kind: Literal["inverse_volatility"] = "inverse_volatility"
    days: int = Field(default=60, ge=10)

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        volatility = market.volatility(self.days)
        usable = market.universe() & (volatility > 0.0)
        parts = np.where(usable, 1.0 / np.where(usable, volatility, 1.0), 0.0)
        parts[~usable[:, market.btc]] = 0.0
        return normalised(parts)

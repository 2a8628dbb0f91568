"""The coins that rose most."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.market import Market
from strategies.piece import Piece


class Momentum(Piece):
    """The `top` assets by their return over the last `days`, the same weight in each.

    An asset that fell is not held: its place stays in cash. Ties go to the earlier name.

    Parameters
    ----------
    top : int
        Places, each of weight ``1 / top``.
    days : int
        Days of the trailing return.
    """

    kind: Literal["momentum"] = "momentum"
    top: int = Field(default=5, ge=1)
    days: int = Field(default=90, ge=1)

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        momentum = market.momentum(self.days)
        rising = market.universe() & (momentum > 0.0)
        order = np.argsort(np.where(rising, -momentum, np.inf), axis=1, kind="stable")
        rank = np.argsort(order, axis=1, kind="stable")
        out: FloatArray = np.where(rising & (rank < self.top), 1.0 / self.top, 0.0)
        out[np.isnan(momentum[:, market.btc])] = np.nan
        return out

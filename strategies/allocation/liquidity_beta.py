"""More of what has risen with liquidity while liquidity rises, less of it while it falls."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from data.aliases import BoolArray, FloatArray
from signals.base import Signal
from strategies.allocation.base import normalised
from strategies.market import Market, trailing_slope
from strategies.piece import Piece, SignalChoice


class LiquidityBeta(Piece):
    """The universe in equal parts, tilted by each asset's beta to a liquidity flow.

    Parts are ``clip(1 + strength * sign(flow) * z, 0, 2)``, z being the beta's standing among
    the assets of that day; then normalised. An asset without a beta keeps the part 1. The beta
    is the slope of the asset's return over `horizon` days on the flow known at the same moment.
    NaN where the flow is.

    Parameters
    ----------
    signal : Signal
        The flow, over about `horizon` days.
    horizon : int
        Days of the returns.
    window : int
        Calendar days of the trailing regression.
    strength : float
        Tilt for one standard deviation of beta.
    """

    kind: Literal["liquidity_beta"] = "liquidity_beta"
    signal: SignalChoice
    horizon: int = Field(default=28, ge=1)
    window: int = Field(default=365, ge=30)
    strength: float = Field(default=0.5, gt=0.0)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The liquidity flow."""
        return (self.signal,)

    def weights(self, market: Market) -> FloatArray:
        """Return the weights at each of ``market.times``."""
        flow, universe = market.signal(self.signal), market.universe()
        returns = pd.DataFrame(market.momentum(self.horizon))
        flows = pd.DataFrame(np.repeat(flow[:, None], returns.shape[1], axis=1))
        beta = trailing_slope(returns, flows, self.window).to_numpy()
        z = _standing(beta, universe & ~np.isnan(beta))
        tilt = np.clip(1.0 + self.strength * np.sign(flow)[:, None] * z, 0.0, 2.0)
        out = normalised(np.where(universe, np.nan_to_num(tilt), 0.0))
        out[np.isnan(flow)] = np.nan
        return out


def _standing(values: FloatArray, counted: BoolArray) -> FloatArray:
    """Return z-scores by row among the `counted` entries, zero for the others."""
    count = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    held = np.where(counted, values, 0.0)
    deviation = np.where(counted, held - held.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.sqrt((deviation**2).sum(axis=1, keepdims=True) / count)
    out: FloatArray = deviation / np.where(spread > 0.0, spread, 1.0)
    return out

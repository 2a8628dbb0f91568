"""Overlays that look at the shadow book: drawdown stop, minimum holding time, rebalance band."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.market import Market
from strategies.overlays.base import DUST, Book, Step
from strategies.piece import Piece


class DrawdownStop(Piece):
    """Go to cash when the book has lost `limit` from its peak; come back by a rule.

    The peak is the highest value since the last re-entry. Once stopped, the book stays in cash
    for `pause` days and until BTC closes above its mean of the last `days` closes. The stop also
    acts where the rule itself gives no order.

    Parameters
    ----------
    limit : float
        Loss from the peak, decimal.
    pause : int
        Days in cash at least.
    days : int
        Closes in BTC's trailing mean, which decides re-entry.
    """

    kind: Literal["drawdown_stop"] = "drawdown_stop"
    limit: float = Field(gt=0.0, lt=1.0)
    pause: int = Field(default=30, ge=1)
    days: int = Field(default=100, ge=2)

    def follow(self, market: Market) -> Step:
        """Return the step to take on each decision day."""
        rising = (market.btc_over_mean(self.days) > 0.0).tolist()
        peak, stopped_at = 0.0, -1

        def step(wanted: FloatArray | None, book: Book) -> FloatArray | None:
            nonlocal peak, stopped_at
            if stopped_at >= 0:
                if book.row - stopped_at < self.pause or not rising[book.row]:
                    return np.zeros(len(book.weights))
                peak, stopped_at = book.value, -1
            peak = max(peak, book.value)
            if book.value < (1.0 - self.limit) * peak:
                stopped_at = book.row
                return np.zeros(len(book.weights))
            return wanted

        return step


class MinimumHolding(Piece):
    """Give no order within `days` days of the last one that changed the holdings.

    What is bought is held for at least that long, unless a later overlay sells it.

    Parameters
    ----------
    days : int
        Days between two orders.
    """

    kind: Literal["minimum_holding"] = "minimum_holding"
    days: int = Field(ge=1)

    def follow(self, market: Market) -> Step:  # noqa: ARG002
        """Return the step to take on each decision day."""

        def step(wanted: FloatArray | None, book: Book) -> FloatArray | None:
            return None if 0 <= book.since_trade < self.days else wanted

        return step


class RebalanceBand(Piece):
    """Give no order while every holding is near its target.

    An order is given when the weight of some asset is more than `width` from its target, or when
    an asset is to be entered or left altogether; it then goes all the way. The first decision is
    always an order, so that it is told from silence. Halted holdings, and
    what they bind, do not count: they cannot be moved.

    Parameters
    ----------
    width : float
        Share of the capital.
    """

    kind: Literal["rebalance_band"] = "rebalance_band"
    width: float = Field(gt=0.0, lt=1.0)

    def follow(self, market: Market) -> Step:  # noqa: ARG002
        """Return the step to take on each decision day."""

        def step(wanted: FloatArray | None, book: Book) -> FloatArray | None:
            if wanted is None or not book.ordered:
                return wanted
            after = book.attainable(wanted)
            gap = np.abs(after - book.weights)
            if float(gap.max()) > self.width:
                return wanted
            switched = ((after == 0.0) != (book.weights == 0.0)) & (gap > DUST)
            return wanted if bool(switched.any()) else None

        return step

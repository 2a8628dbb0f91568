"""Overlays that look at the market only: volatility target, maximum gross, hot funding."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from data.aliases import FloatArray
from strategies.funding import annual_funding
from strategies.market import BTC, YEAR, Market, enough
from strategies.piece import Piece


class VolatilityTarget(Piece):
    """Scale the targets so that the portfolio's past volatility meets a target.

    The past is what today's target weights would have returned on each of the last `days` days;
    an asset without a return on one of them counts as the mean of the others by weight. The
    factor is ``min(ceiling, target / volatility)``. No order where fewer than two thirds of the
    days can be reckoned.

    Parameters
    ----------
    target : float
        Annualised volatility, decimal (365 days).
    days : int
        Days of the trailing volatility.
    ceiling : float
        Highest factor; above one it borrows.
    """

    kind: Literal["volatility_target"] = "volatility_target"
    target: float = Field(default=0.4, gt=0.0)
    days: int = Field(default=30, ge=10)
    ceiling: float = Field(default=1.0, gt=0.0)

    def bound(self, gross: float) -> float:
        """Return the highest gross exposure after it."""
        return gross * self.ceiling

    def apply(self, wanted: FloatArray, market: Market) -> FloatArray:
        """Return the scaled targets."""
        volatility = portfolio_volatility(wanted, market.returns(), self.days)
        flat = ~(np.abs(wanted).sum(axis=1) > 0.0)
        factor = np.minimum(
            self.ceiling, self.target / np.where(volatility > 0, volatility, np.nan)
        )
        out: FloatArray = wanted * np.where(flat, 1.0, factor)[:, None]
        return out


def portfolio_volatility(weights: FloatArray, returns: FloatArray, days: int) -> FloatArray:
    """Return the annualised volatility of each row's weights over the trailing `days` returns.

    Parameters
    ----------
    weights, returns : ndarray of shape (times, assets)
        Weights of each row; decimal returns, NaN where missing.
    days : int
        Length of the window that ends with the row itself.

    Returns
    -------
    ndarray of shape (times,)
        NaN where fewer than two thirds of the days can be reckoned.
    """
    known, size = ~np.isnan(returns), np.abs(weights)
    filled, gross = np.where(known, returns, 0.0), size.sum(axis=1)
    made, present = np.zeros((len(weights), days)), np.zeros((len(weights), days))
    # One asset after the other: leaving out one that is never held changes no bit of the sums.
    for asset in np.flatnonzero((size > 0.0).any(axis=0)):
        made += weights[:, asset, None] * _windows(filled[:, asset], days)
        present += size[:, asset, None] * _windows(known[:, asset].astype(np.float64), days)
    reckoned = present > 0.5 * gross[:, None]
    past = made * np.where(reckoned, gross[:, None] / np.where(reckoned, present, 1.0), np.nan)
    there = ~np.isnan(past)
    number = there.sum(axis=1)
    usable = number >= enough(days)
    number = np.where(usable, number, 2)
    mean = np.where(there, past, 0.0).sum(axis=1) / number
    squares = np.where(there, past - mean[:, None], 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=1) / (number - 1))
    return np.where(usable, deviation * math.sqrt(YEAR), np.nan)


def _windows(values: FloatArray, days: int) -> FloatArray:
    """Return the last `days` values of each row, oldest first, zero before the beginning."""
    padded = np.concatenate([np.zeros(days - 1), values])
    return np.lib.stride_tricks.sliding_window_view(padded, days)


class MaxGross(Piece):
    """Scale the targets down where their absolute weights sum to more than `limit`."""

    kind: Literal["max_gross"] = "max_gross"
    limit: float = Field(gt=0.0)

    def bound(self, gross: float) -> float:
        """Return the highest gross exposure after it."""
        return min(gross, self.limit)

    def apply(self, wanted: FloatArray, market: Market) -> FloatArray:  # noqa: ARG002
        """Return the targets within the limit."""
        gross = np.abs(wanted).sum(axis=1, keepdims=True)
        out: FloatArray = wanted * (self.limit / np.maximum(gross, self.limit))
        return out


class HotFunding(Piece):
    """Cut the targets while BTC perpetuals pay much: the crowd is long and borrows.

    Parameters
    ----------
    limit : float
        Mean funding over the last `days`, decimal a year, above which the targets are cut.
    factor : float
        What is left of them.
    days : int
        Days of the mean.
    """

    kind: Literal["hot_funding"] = "hot_funding"
    limit: float = Field(default=0.3, gt=0.0)
    factor: float = Field(default=0.5, ge=0.0, lt=1.0)
    days: int = Field(default=7, ge=1)

    def bound(self, gross: float) -> float:
        """Return the highest gross exposure after it."""
        return gross

    def apply(self, wanted: FloatArray, market: Market) -> FloatArray:
        """Return the targets, cut where funding is hot; no order where it has gone unknown."""
        paid = annual_funding(market, BTC, self.days)
        begun = np.logical_or.accumulate(~np.isnan(paid))
        factor = np.where(paid > self.limit, self.factor, 1.0)
        factor = np.where(np.isnan(paid) & begun, np.nan, factor)
        flat = ~(np.abs(wanted).sum(axis=1) > 0.0)
        out: FloatArray = wanted * np.where(flat, 1.0, factor)[:, None]
        return out

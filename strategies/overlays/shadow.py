"""Walk the decision days in order, with the shadow book at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray, TimeArray
from data.assets import asset
from strategies.market import Market
from strategies.overlays.base import Book, HoldingsOverlay


def follow(
    wanted: FloatArray, decides: BoolArray, overlays: Sequence[HoldingsOverlay], market: Market
) -> FloatArray:
    """Return the orders that are left once every overlay has seen the book.

    Parameters
    ----------
    wanted : ndarray of shape (times, assets)
        Target weights; a row of NaN wants no order.
    decides : ndarray of bool, shape (times,)
        Days on which an order may be given; the overlays run on these days only.
    overlays : sequence of HoldingsOverlay
        Applied in this order; a later one has the last word.
    market : Market
        Prices that carry the book from close to close.

    Returns
    -------
    ndarray of shape (times, assets)
        A row of NaN is no order.
    """
    returns, tradable = moves(market), movable(market)
    silent = np.asarray(np.isnan(wanted).any(axis=1))
    steps = [overlay.follow(market) for overlay in overlays]
    book = Book(np.zeros(wanted.shape[1]))
    orders = np.full(wanted.shape, np.nan)
    for row, decides_now in enumerate(decides.tolist()):
        book.mark(returns[row], tradable[row])
        if not decides_now:
            continue
        target = None if silent[row] else wanted[row]
        for step in steps:
            target = step(target, book)
        if target is not None:
            orders[row] = target
            book.settle(target)
    return orders


def moves(market: Market) -> FloatArray:
    """Return the return of each asset since its last close (times x assets), zero without a bar."""
    close = pd.DataFrame(market.close())
    carried = close.ffill()
    change = (carried / carried.shift(1) - 1.0).to_numpy()
    return np.ascontiguousarray(np.nan_to_num(change))


def movable(market: Market) -> BoolArray:
    """Where a holding can be changed: it has a bar, or it is delisted and leaves at its last."""
    midnight: TimeArray = market.times.tz_convert(None).to_numpy()
    out = market.tradable().copy()
    for column, name in enumerate(market.assets):
        gone = asset(name).delisted_on
        if gone is not None:
            out[:, column] |= midnight > np.datetime64(gone)
    return out

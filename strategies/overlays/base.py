"""What an overlay answers, and the shadow book that some of them look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from data.aliases import BoolArray, FloatArray
from strategies.market import Market

# Differences of weight below this are rounding, not trades.
DUST = 1e-9


@dataclass(slots=True)
class Book:
    """Shadow holdings: the strategy's own targets, compounded at closes, without costs.

    They are a function of the strategy's own past targets and of prices, never of fills, so that
    targets in live trading equal those of a backtest to the bit.

    Parameters
    ----------
    weights : ndarray of shape (assets,)
        Share of the book's value in each asset, at the last close; the rest is cash, which earns
        nothing here.
    value : float
        Value of the book, one at the start.
    since_trade : int
        Days since the last order that changed the holdings; -1 before the first.
    row : int
        Row of the decision times that the book stands at; -1 before the first.
    tradable : ndarray of bool, shape (assets,)
        Assets whose holding can be changed at this row.
    ordered : bool
        Whether there has been an order, be it for cash.
    """

    weights: FloatArray
    value: float = 1.0
    since_trade: int = -1
    row: int = -1
    tradable: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    ordered: bool = False

    @property
    def invested(self) -> bool:
        """Whether anything is held."""
        return bool(self.weights.any())

    def mark(self, returns: FloatArray, tradable: BoolArray) -> None:
        """Carry the holdings to the next row with these decimal returns, zero where unpriced."""
        self.row += 1
        self.tradable = tradable
        if self.since_trade >= 0:
            self.since_trade += 1
        if not self.weights.any():
            return
        moved = self.weights * returns
        growth = 1.0 + float(moved.sum())
        self.value *= max(growth, 0.0)
        self.weights = (self.weights + moved) / growth if growth > 0.0 else 0.0 * moved

    def attainable(self, target: FloatArray) -> FloatArray:
        """Return the weights that an order for `target` would lead to at this row.

        A halted holding stays, and what it binds cannot be spent: the others are bought in
        proportion, up to the larger of the book and what the target itself would borrow.
        """
        after = np.where(self.tradable, target, self.weights)
        if (self.weights[~self.tradable] > 0.0).any():
            bought = self.tradable & (after > 0.0)
            excess = float(after.sum()) - max(1.0, float(target.sum()))
            if excess > DUST and bought.any():
                left = max(0.0, 1.0 - excess / float(after[bought].sum()))
                after = np.where(bought, after * left, after)
        return after

    def settle(self, target: FloatArray) -> None:
        """Carry out an order for `target`, as far as it is attainable."""
        after = self.attainable(target)
        if float(np.abs(after - self.weights).max()) > DUST:
            self.since_trade = 0
        self.weights, self.ordered = after, True


# Takes the weights wanted so far (None: no order) and the book at this close; gives the weights
# wanted from here on.
Step: TypeAlias = Callable[[FloatArray | None, Book], FloatArray | None]


@runtime_checkable
class TargetOverlay(Protocol):
    """Changes targets by what the market looks like, whatever is held."""

    def bound(self, gross: float) -> float:
        """Return the highest gross exposure after it, given the highest before it."""
        ...

    def apply(self, wanted: FloatArray, market: Market) -> FloatArray:
        """Return new target weights (times x assets); a row of NaN means no order."""
        ...


@runtime_checkable
class HoldingsOverlay(Protocol):
    """Changes targets by what the shadow book holds."""

    def follow(self, market: Market) -> Step:
        """Return the step to take on each decision day, with its state at the beginning."""
        ...

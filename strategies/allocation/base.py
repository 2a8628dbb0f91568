"""What an allocation answers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from data.aliases import BoolArray, FloatArray
from signals.base import Signal
from strategies.market import Market


class Allocation(Protocol):
    """A pure function of the market as known at each decision time."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Signals that the allocation reads."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the allocation reads."""
        ...

    def weights(self, market: Market) -> FloatArray:
        """Return what one unit of exposure is spread over.

        Returns
        -------
        ndarray of shape (times, assets)
            Absolute weights sum to at most one; what is left stays in cash. Zero outside the
            point-in-time universe. A row of NaN where the allocation cannot be computed.
        """
        ...


def normalised(parts: FloatArray) -> FloatArray:
    """Return `parts` (not negative) over their sum by row; a row of NaN where that is zero."""
    total = parts.sum(axis=1, keepdims=True)
    out: FloatArray = parts / np.where(total > 0.0, total, np.nan)
    return out


def equally(chosen: BoolArray) -> FloatArray:
    """Return equal weights over the `chosen` assets of each row, zero where none is chosen."""
    count = chosen.sum(axis=1, keepdims=True)
    return np.where(chosen, 1.0 / np.maximum(count, 1), 0.0)

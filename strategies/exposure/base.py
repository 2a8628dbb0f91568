"""What an exposure rule answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from data.aliases import BoolArray, FloatArray
from signals.base import Signal
from strategies.market import Market


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that a rule compares with levels of its own.

    Parameters
    ----------
    name : str
        What is measured.
    values : ndarray of shape (times,)
        Its value at each decision time; NaN where unknown.
    unit : str
        Its unit.
    levels : tuple of (str, float)
        What each level is for, and the level, in the same unit.
    """

    name: str
    values: FloatArray
    unit: str
    levels: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Stance:
    """An exposure rule's answer at each decision time.

    Parameters
    ----------
    gross : ndarray of shape (times,)
        Share of the capital to put at risk, in [0, cap]; NaN where the rule cannot be computed.
    altcoins : ndarray of shape (times,)
        Share of `gross` that the allocation may arrange as it likes, in [0, 1]; the rest is
        held in BTC. One for every rule that does not tell BTC from altcoins.
    stage : ndarray of str, shape (times,)
        The rule's state in a word.
    gauges : tuple of Gauge
        What the rule looked at.
    """

    gross: FloatArray
    altcoins: FloatArray
    stage: NDArray[np.str_]
    gauges: tuple[Gauge, ...]


class Exposure(Protocol):
    """A pure function of the market as known at each decision time."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Signals that the rule reads."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the rule reads."""
        ...

    @property
    def cap(self) -> float:
        """Highest gross exposure that the rule can ask for."""
        ...

    def stance(self, market: Market) -> Stance:
        """Return the exposure at each of ``market.times``, from what was known then."""
        ...


def in_or_out(
    invested: BoolArray, known: BoolArray, gauges: tuple[Gauge, ...], cap: float = 1.0
) -> Stance:
    """Return the stance of a rule that is either invested or in cash.

    Parameters
    ----------
    invested : ndarray of bool
        Where the rule wants to be invested.
    known : ndarray of bool
        Where it can be computed; elsewhere gross exposure is NaN.
    gauges : tuple of Gauge
        What the rule looked at.
    cap : float
        Gross exposure when invested.
    """
    gross = np.where(known, np.where(invested, cap, 0.0), np.nan)
    stage = np.where(known, np.where(invested, "in", "out"), "unknown")
    return Stance(gross, np.ones(len(gross)), stage, gauges)

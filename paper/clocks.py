"""A clock that runs from another moment: for acting in a simulated world, or in the past."""

from __future__ import annotations

import time

import pandas as pd

# A simulated world is acted in a few minutes after its last bar has closed.
AFTER_CLOSE = pd.Timedelta(minutes=5)


class Shifted:
    """Satisfies :class:`data.sources.clock.Clock`; it runs on from a given instant.

    Parameters
    ----------
    at : Timestamp
        What time it is now, UTC.
    """

    def __init__(self, at: pd.Timestamp) -> None:
        self._ahead = at.as_unit("us") - pd.Timestamp.now("UTC").as_unit("us")

    @classmethod
    def after(cls, close: pd.Timestamp) -> Shifted:
        """Return a clock that begins a few minutes after a bar's close."""
        return cls(close + AFTER_CLOSE)

    def now(self) -> pd.Timestamp:
        """Return the instant it is, UTC."""
        return (pd.Timestamp.now("UTC") + self._ahead).as_unit("us")

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)

"""Time as the fetching code sees it, so that waiting can be tested without waiting."""

from __future__ import annotations

import time
from typing import Protocol

import pandas as pd


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> pd.Timestamp:
        """Return the present instant, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> pd.Timestamp:
        """Return the present instant, UTC, in microseconds."""
        return pd.Timestamp.now("UTC").as_unit("us")

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)

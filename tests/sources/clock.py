"""A clock that moves only when something waits on it."""

from __future__ import annotations

import threading

import pandas as pd


class VirtualClock:
    """Satisfies :class:`data.sources.clock.Clock`; remembers how long it was waited on."""

    def __init__(self, start: pd.Timestamp) -> None:
        self._now = start
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> pd.Timestamp:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._now += pd.Timedelta(seconds=seconds).round("us")

    def move_to(self, instant: pd.Timestamp) -> None:
        self._now = instant

"""Clocks that stand where a test sets them; waiting moves them on."""

from __future__ import annotations

import mmap
import struct

import pandas as pd


class SetClock:
    def __init__(self, at: str | pd.Timestamp) -> None:
        stamp = pd.Timestamp(at)
        self.at = stamp if stamp.tzinfo else stamp.tz_localize("UTC")

    def now(self) -> pd.Timestamp:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += pd.Timedelta(seconds=seconds)


class SharedClock:
    """The same for a process and its forks: what one waits, the others have waited too."""

    def __init__(self, at: pd.Timestamp) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.move_to(at)

    def now(self) -> pd.Timestamp:
        (microseconds,) = struct.unpack("q", self._memory[:8])
        return pd.Timestamp(microseconds, unit="us", tz="UTC").as_unit("us")

    def move_to(self, at: pd.Timestamp) -> None:
        self._memory[:8] = struct.pack("q", round(at.timestamp() * 1e6))

    def sleep(self, seconds: float) -> None:
        self.move_to(self.now() + pd.Timedelta(seconds=seconds))

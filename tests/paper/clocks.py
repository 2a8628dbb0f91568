"""A clock that stands where a test sets it; waiting moves it on."""

from __future__ import annotations

import pandas as pd


class SetClock:
    def __init__(self, at: str | pd.Timestamp) -> None:
        stamp = pd.Timestamp(at)
        self.at = stamp if stamp.tzinfo else stamp.tz_localize("UTC")

    def now(self) -> pd.Timestamp:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += pd.Timedelta(seconds=seconds)

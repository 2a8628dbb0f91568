"""The dose of a claim: its driver over the standard deviation of weekly net liquidity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.thesis.finding import Evidence
from signals.registry import signal

FRIDAY = 4
WEEKS4 = 28
# The facility opened on 2021-07-29.
FIRST_WHOLE_WINDOW = pd.Timestamp("2021-08-31", tz="UTC")


def weekly_liquidity_sd(evidence: Evidence) -> float:
    """Return the standard deviation of weekly changes of H.4.1 net liquidity (USD bn)."""
    level = signal("net_liquidity", form="weekly").compute(evidence.panel)
    weekly = level[np.asarray(evidence.panel.times.day_of_week == FRIDAY)]
    return float(weekly.diff().std())


def srf_dose(evidence: Evidence) -> float:
    """Return the peak of the 28-day mean balance of the facility as a dose."""
    window = evidence.panel.window("srf", WEEKS4, carried=True)
    since = evidence.panel.times >= FIRST_WHOLE_WINDOW
    return float(np.nanmax(window.mean(axis=1)[np.asarray(since)])) / weekly_liquidity_sd(evidence)

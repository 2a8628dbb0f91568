"""The dose of a claim: its driver over the standard deviation of weekly net liquidity."""

from __future__ import annotations

from backtests.thesis.finding import Evidence
from signals.dose import dose_of
from signals.registry import signal


def srf_dose(evidence: Evidence) -> float:
    """Return the peak of the facility's 28-day mean balance as a dose."""
    return dose_of(signal("srf_usage").compute(evidence.panel), evidence.panel).ratio

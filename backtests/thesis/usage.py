"""Days on which the standing repo facility was used, and the episodes they form."""

from __future__ import annotations

import pandas as pd

from backtests.inference.episodes import episodes
from backtests.thesis.claims import Claim
from backtests.thesis.finding import Evidence
from backtests.thesis.history import history
from data.calendars import open_days
from data.errors import TooShort

GAP_BUSINESS_DAYS = 10


def usage_days(claim: Claim, evidence: Evidence) -> pd.DatetimeIndex:
    """Return the days of a claim's sample on which accepted bids reached ``usage_bn``.

    Raises
    ------
    TooShort
        If there is none.
    """
    accepted = history(evidence, "srf", claim.sample)
    used = pd.DatetimeIndex(accepted.index[accepted >= claim.needs("usage_bn")])
    if used.empty:
        raise TooShort(f"the facility was not used by {evidence.snapshot.as_of:%Y-%m-%d}")
    return used


def whole_months(claim: Claim, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the Fed's open days of the whole months from the sample's start to `last`."""
    start = pd.Timestamp(claim.sample.first())
    begin = start if start.is_month_start else start + pd.offsets.MonthBegin(1)
    end = last if last.is_month_end else last - pd.offsets.MonthEnd(1)
    return open_days("bank", begin.date(), end.date())


def usage_episodes(claim: Claim, evidence: Evidence) -> pd.DatetimeIndex:
    """Return the first day of each independent episode of use."""
    used = usage_days(claim, evidence)
    calendar = open_days("bank", used[0].date(), used[-1].date())
    found = episodes(
        used.to_numpy().astype("datetime64[D]"),
        calendar.to_numpy().astype("datetime64[D]"),
        max_gap=claim.gap_business_days or GAP_BUSINESS_DAYS,
    )
    return pd.DatetimeIndex([episode.first for episode in found]).as_unit("us")

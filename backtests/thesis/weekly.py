"""The weekly table of the price regressions: Friday 00:00 UTC, after the H.4.1."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.thesis.claims import Claim
from backtests.thesis.finding import Evidence
from signals.registry import signal

HUNDRED_BN = 100.0
FRIDAY = 4


def fridays(evidence: Evidence, claim: Claim) -> pd.DatetimeIndex:
    """Return the weekly decision times of a claim's sample."""
    times = evidence.panel.times
    weekly = times[times.day_of_week == FRIDAY]
    start, end = claim.sample.start, claim.sample.end
    keep = np.ones(len(weekly), dtype=bool)
    if start is not None:
        keep &= np.asarray(weekly >= pd.Timestamp(start, tz="UTC"))
    if end is not None:
        keep &= np.asarray(weekly <= pd.Timestamp(end, tz="UTC"))
    return weekly[keep]


def weekly_return(evidence: Evidence, claim: Claim, weeks: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the log return (percent) of the week that ends at each decision."""
    close = evidence.snapshot.daily.close[claim.needs("asset")].reindex(weeks)
    returns: pd.Series[float] = 100.0 * close.map(np.log).diff()
    return returns


def liquidity_change(evidence: Evidence, weeks: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the weekly change (100bn) of H.4.1-consistent net liquidity as known then."""
    level = signal("net_liquidity", form="weekly").compute(evidence.panel)
    return level.reindex(weeks).diff() / HUNDRED_BN


def treasury_release(evidence: Evidence, weeks: pd.DatetimeIndex) -> pd.Series[float]:
    """Return minus the weekly change (100bn) of the Wednesday Treasury account as known then."""
    level = evidence.panel.last("tga_wednesday")
    return -level.reindex(weeks).diff() / HUNDRED_BN


def mediator_changes(
    evidence: Evidence, names: tuple[str, ...], weeks: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the weekly log change (percent) of markets by the day they were quoted.

    These are the same weeks' moves: they belong to the descriptive second line only.
    """
    observations = evidence.snapshot.observations
    days = weeks.tz_localize(None) - pd.Timedelta(days=1)
    columns = {}
    for name in names:
        level = observations.latest(name)
        quoted = level.reindex(level.index.union(days)).ffill(limit=5).reindex(days)
        columns[name] = 100.0 * np.log(quoted.to_numpy())
    return pd.DataFrame(columns, index=weeks).diff()

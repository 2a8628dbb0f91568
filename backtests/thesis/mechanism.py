"""Whether repo rates at the ceiling go with use of the standing repo facility."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.inference.circular_shift import CircularShift, circular_shift
from backtests.thesis.claims import Claim
from backtests.thesis.dose import srf_dose
from backtests.thesis.finding import Evidence, Result
from backtests.thesis.history import history
from backtests.thesis.usage import usage_days, usage_episodes, whole_months
from data.errors import TooShort

BP = 100.0
# With fewer, a shift can fall on days without a SOFR only.
LEAST_USAGE_DAYS = 5


def ceiling_draws_srf(claim: Claim, evidence: Evidence) -> Result:
    """B4: rank of SOFR - ceiling on usage days within its calendar stratum, against shifts."""
    sofr, ceiling = history(evidence, "sofr"), history(evidence, "ff_upper")
    excess = ((sofr - ceiling) * BP).dropna()
    days = whole_months(claim, excess.index[-1])
    used = usage_days(claim, evidence)
    if len(used) < LEAST_USAGE_DAYS:
        raise TooShort(f"{len(used)} days of use, at least {LEAST_USAGE_DAYS} are needed")
    found = _shifted(excess, used, days)
    episodes = usage_episodes(claim, evidence)
    without = {}
    for number, first in enumerate(episodes):
        last = episodes[number + 1] if number + 1 < len(episodes) else days[-1]
        rest = used[(used < first) | (used >= last)]
        without[f"without {first.date()}"] = _shifted(excess, rest, days).mean_rank - 0.5
    return Result(
        estimate=found.mean_rank - 0.5,
        p=found.p,
        delta=float(claim.needs("delta")),
        period=(days[0].date(), days[-1].date()),
        episodes=len(episodes),
        dose=srf_dose(evidence),
        leave_one_out=without,
        parts=(
            {"measure": "usage days", "value": found.usage_days},
            {"measure": "business days", "value": found.days},
            {"measure": "area under the ROC curve", "value": found.auc},
            {"measure": "Firth log odds per bp", "value": found.logit.coefficients[1]},
            {"measure": "whole-month shifts", "value": found.shifts},
        ),
        notes=(
            f"The smallest p-value that {found.shifts} shifts can give is "
            f"{1 / (1 + found.shifts):.3f}.",
            "Use lowers SOFR on the same day, so this is association, not cause.",
        ),
    )


def _shifted(
    excess: pd.Series[float], used: pd.DatetimeIndex, days: pd.DatetimeIndex
) -> CircularShift:
    return circular_shift(
        excess.reindex(days).to_numpy(),
        np.asarray(days.isin(used)),
        days.to_numpy().astype("datetime64[D]"),
    )

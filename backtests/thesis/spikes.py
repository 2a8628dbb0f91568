"""Whether use of the standing repo facility lifts Bitcoin: episodes against matched days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backtests.inference.events import EventStudy, event_returns, event_study
from backtests.inference.placebos import MatchedEvent, match_placebos
from backtests.thesis.claims import Claim
from backtests.thesis.dose import srf_dose
from backtests.thesis.finding import Evidence, Result
from backtests.thesis.history import closes
from backtests.thesis.usage import usage_days, usage_episodes, whole_months
from data.errors import TooShort


def srf_spikes(claim: Claim, evidence: Evidence) -> Result:
    """C5: BTC over the window after each episode's first day, less that of placebo days."""
    price = closes(evidence, claim.needs("asset"))
    horizon = claim.needs("window_days")
    every_day = price.asfreq("D")
    after = pd.Series(100.0 * event_returns(every_day.to_numpy(), horizon=horizon), every_day.index)
    days = whole_months(claim, price.index[-1])
    outcome = after.reindex(days)
    events = usage_episodes(claim, evidence)
    due = events[events.isin(outcome.dropna().index)]
    if due.empty:
        raise TooShort(f"no episode lies {horizon} days back")
    used = usage_days(claim, evidence)
    day = "datetime64[D]"
    matched = match_placebos(
        due.to_numpy().astype(day),
        used[used.isin(days)].to_numpy().astype(day),
        days.to_numpy().astype(day),
        candidates=outcome.notna().to_numpy(),
        clear_days=claim.needs("quiet_days"),
        at_least=claim.needs("min_placebos"),
    )
    found = _study(claim, evidence, outcome, matched)
    coarse = "; ".join(f"{event.day}: {event.match.value}" for event in matched)
    return Result(
        estimate=found.estimate,
        interval=found.interval,
        p=found.p,
        standard_error=found.standard_error,
        delta=float(claim.needs("delta")),
        period=(days[0].date(), days[-1].date()),
        episodes=len(due),
        dose=srf_dose(evidence),
        leave_one_out={
            f"without {event.day}": float(np.mean(np.delete(found.effects, i)))
            for i, event in enumerate(matched)
        },
        parts=tuple(
            {
                "episode": event.day.astype(object),
                "effect": effect,
                "placebos": count,
                "matched on": event.match.value,
            }
            for event, effect, count in zip(matched, found.effects, found.placebos, strict=True)
        ),
        notes=(
            f"Sign-flip p-value {found.sign_flip.p1:.3f}; with {len(due)} episodes it cannot "
            f"fall below {found.smallest_sign_flip_p:.4f}.",
            f"Placebo days matched by {coarse}.",
            f"{len(events) - len(due)} episodes are too recent for a whole window.",
        ),
    )


def _study(
    claim: Claim,
    evidence: Evidence,
    outcome: pd.Series[float],
    matched: tuple[MatchedEvent, ...],
) -> EventStudy:
    return event_study(
        outcome.to_numpy(),
        outcome.index.to_numpy().astype("datetime64[D]"),
        matched,
        delta=float(claim.needs("delta")),
        seed=evidence.seed,
    )

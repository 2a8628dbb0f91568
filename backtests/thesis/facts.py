"""Claims of fact: a number and a tolerance fixed beforehand, no p-value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from backtests.inference.persistence import persistence
from backtests.inference.verdict import FactVerdict
from backtests.thesis.claims import Claim, Sample
from backtests.thesis.dose import srf_dose
from backtests.thesis.finding import Evidence, Result
from backtests.thesis.history import cut, daily_balance, history
from backtests.thesis.usage import usage_days, usage_episodes
from data.errors import TooShort
from data.facts import QT, Fact, value_in_force

HOLDS, FAILS, PARTLY = FactVerdict.HOLDS, FactVerdict.DOES_NOT_HOLD, FactVerdict.PARTLY
BP = 100.0  # basis points in a percent


def _span(values: pd.Series[float] | pd.DataFrame) -> tuple[date, date]:
    return values.index[0].date(), values.index[-1].date()


def corridor(claim: Claim, evidence: Evidence) -> Result:
    """Reverse repo = floor < interest on reserves < standing repo = ceiling, day by day."""
    names = ("rrp_rate", "iorb", "ff_upper", "ff_lower")
    rates = pd.concat(
        {name: history(evidence, name, claim.sample) for name in names}, axis=1, sort=True
    ).dropna()
    tolerance = claim.needs("tolerance")
    at_floor = (rates["rrp_rate"] - rates["ff_lower"]).abs() * BP <= tolerance["bp"]
    ordered = (rates["rrp_rate"] < rates["iorb"]) & (rates["iorb"] < rates["ff_upper"])
    whole, order = float((at_floor & ordered).mean()), float(ordered.mean())
    if whole >= tolerance["share"]:
        verdict = HOLDS
    else:
        verdict = PARTLY if order >= claim.needs("partly") else FAILS
    eras = _corridor_eras(rates, at_floor, ordered)
    return Result(
        estimate=whole,
        verdict=verdict,
        reason=f"the order held on {order:.1%} of {len(rates):,} days, and the reverse repo paid "
        f"the floor itself on {float(at_floor.mean()):.1%} of them",
        period=_span(rates),
        parts=eras,
        notes=("The facility's own rate is the top of the range by rule; no table lists it.",),
    )


def _corridor_eras(
    rates: pd.DataFrame, at_floor: pd.Series[bool], ordered: pd.Series[bool]
) -> tuple[Mapping[str, Any], ...]:
    """Return one row for each spread of the reverse repo over the floor that was decided."""
    decided = value_in_force("rrp_spreads", pd.DatetimeIndex(rates.index))
    rows = []
    for spread in np.unique(decided[~np.isnan(decided)]):
        mask = decided == spread
        days = rates.index[mask]
        rows.append(
            {
                "era": f"floor {spread:+.0f} bp by decision",
                "first": days[0].date(),
                "last": days[-1].date(),
                "days": len(days),
                "at floor": float(at_floor[mask].mean()),
                "in order": float(ordered[mask].mean()),
            }
        )
    return tuple(rows)


def _run_offs() -> list[tuple[date, date]]:
    """Return first and last day of each run-off; phases that follow one another are one."""
    spans: list[tuple[date, date]] = []
    for phase in QT:
        first, last = phase.start, _end(phase)
        if spans and (first - spans[-1][1]).days == 1:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _end(phase: Fact) -> date:
    assert phase.end is not None  # every phase of the table has ended
    return phase.end


def qt_reserves(claim: Claim, evidence: Evidence) -> Result:
    """Change of reserves from the first to the last week of each balance-sheet run-off."""
    least = claim.needs("tolerance")["fall_percent"]
    rows: list[dict[str, Any]] = []
    for begin, end in _run_offs():
        if pd.Timestamp(end) > evidence.snapshot.as_of.tz_localize(None):
            continue  # it has not ended
        levels = {
            name: history(evidence, name, Sample(start=begin, end=end)) for name in claim.series
        }
        reserves = levels["reserves"]
        changes = {
            f"{name} change": float(values.iloc[-1] - values.iloc[0])
            for name, values in levels.items()
            if len(values)
        }
        fall = 100.0 * (1.0 - float(reserves.iloc[-1] / reserves.iloc[0]))
        first, last = _span(reserves)
        rows.append({"first": first, "last": last, "fall percent": fall, **changes})
    if not rows:
        raise TooShort("no run-off of the balance sheet has ended")
    falls = [float(row["fall percent"]) for row in rows]
    passed = sum(fall >= least for fall in falls)
    verdict = FAILS if passed == 0 else HOLDS if passed == len(falls) else PARTLY
    return Result(
        estimate=-min(falls),
        verdict=verdict,
        reason=f"reserves fell by at least {least:.0f}% in {passed} of {len(falls)} run-offs ("
        + ", ".join(
            f"{row['first'].year}-{row['last'].year}: {fall:.1f}%"
            for row, fall in zip(rows, falls, strict=True)
        )
        + ")",
        period=(rows[0]["first"], rows[-1]["last"]),
        episodes=len(rows),
        parts=tuple(rows),
    )


def srf_caps_sofr(claim: Claim, evidence: Evidence) -> Result:
    """How often and how far SOFR lay above the ceiling on days the facility was used."""
    days = usage_days(claim, evidence)
    sofr, ceiling = history(evidence, "sofr"), history(evidence, "ff_upper")
    excess = ((sofr - ceiling) * BP).round(6)
    on_use = excess.reindex(days).dropna()
    share = float((on_use > 0).mean())
    if share <= claim.needs("tolerance")["share_above"]:
        verdict = HOLDS
    else:
        verdict = PARTLY if share <= claim.needs("partly") else FAILS
    return Result(
        estimate=share,
        verdict=verdict,
        reason=f"SOFR lay above the ceiling on {int((on_use > 0).sum())} of {len(on_use)} usage "
        f"days, by up to {on_use.max():.0f} bp",
        period=_span(cut(sofr, claim.sample)),
        episodes=len(usage_episodes(claim, evidence)),
        dose=srf_dose(evidence),
        parts=tuple(
            {"day": day.date(), "SOFR - ceiling (bp)": value}
            for day, value in zip(on_use.index, on_use, strict=True)
        ),
    )


def srf_persistence(claim: Claim, evidence: Evidence) -> Result:
    """Half-life of facility balances after a day of use, and what both sides of the corridor do."""
    tolerance = claim.needs("tolerance")
    span = int(tolerance["half_life_days"])
    balance = cut(daily_balance(evidence, "srf"), claim.sample)
    if usage_days(claim, evidence)[0] > balance.index[-1] - pd.Timedelta(days=span):
        raise TooShort(f"no use of the facility lies {span} days back")
    found = persistence(
        balance.to_numpy(),
        threshold=claim.needs("usage_bn"),
        within=int(tolerance["repaid_days"]),
        span=span,
    )
    stays = found.half_life is None or found.half_life >= tolerance["half_life_days"]
    partly = stays or found.half_life >= tolerance["partly_days"]
    verdict = HOLDS if stays else PARTLY if partly else FAILS
    half = "not within four weeks" if stays else f"within {found.half_life} days"
    net = (balance - daily_balance(evidence, "rrp")).dropna()
    largest = balance.nlargest(5).index
    return Result(
        estimate=None if found.half_life is None else float(found.half_life),
        verdict=verdict,
        reason=f"half of what is drawn is repaid {half}, "
        f"{found.share_repaid:.0%} of it within {int(tolerance['repaid_days'])} days",
        period=_span(balance),
        episodes=len(usage_episodes(claim, evidence)),
        dose=srf_dose(evidence),
        parts=tuple(
            {
                "day": day.date(),
                "SRF (bn)": float(balance[day]),
                "SRF - RRP (bn)": float(net.get(day, np.nan)),
            }
            for day in sorted(largest)
        ),
        notes=(
            "At period ends money enters the reverse repo while it leaves the standing repo: "
            "both sides of the corridor together (SRF - RRP) take liquidity out.",
        ),
    )

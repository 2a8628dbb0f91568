"""What the essay said would happen, against what did: dated thresholds, no p-value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from backtests.inference.arrays import FloatArray
from backtests.inference.verdict import ForecastVerdict
from backtests.thesis.claims import Claim
from backtests.thesis.finding import Evidence, Result
from backtests.thesis.history import (
    closes,
    daily_balance,
    history,
    month_later,
    place_before,
    value_on,
)
from data.calendars import tax_days
from signals.registry import signal

OCCURRED, NOT, PARTLY = (
    ForecastVerdict.OCCURRED,
    ForecastVerdict.DID_NOT_OCCUR,
    ForecastVerdict.PARTLY,
)
NO_CONDITION = ForecastVerdict.CONDITION_DID_NOT_OCCUR
DAY = pd.Timedelta(days=1)
YEAR = 365.0
WEEKS4 = 28


def _verdict(outcomes: Sequence[bool]) -> str:
    if not outcomes:
        return NO_CONDITION
    return OCCURRED if all(outcomes) else PARTLY if any(outcomes) else NOT


def _as_of_day(evidence: Evidence) -> date:
    """Return the last whole day known."""
    return (evidence.snapshot.as_of - DAY).date()


def _published(evidence: Evidence) -> pd.Timestamp:
    return pd.Timestamp(evidence.thesis.published)


def _changes(
    claim: Claim, evidence: Evidence, level: pd.Series[float]
) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the level at each registered date beside that at publication, and what is not due."""
    start = value_on(level, _published(evidence))
    rows: list[dict[str, Any]] = []
    waiting: list[int] = []
    for months in claim.needs("thresholds")["months"]:
        when = month_later(evidence.thesis.published, months)
        if when > level.index[-1]:
            waiting.append(months)
            continue
        value = value_on(level, when)
        rows.append({"months": months, "day": when.date(), "level": value, "change": value - start})
    return rows, waiting


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _not_due(waiting: Sequence[int]) -> str:
    if not waiting:
        return ""
    return "; not yet due: " + ", ".join(_months(months) for months in waiting)


def _rise(window: FloatArray) -> float:
    return float(window[-1] - window[0])


def _percent(window: FloatArray) -> float:
    return float(100.0 * (window[-1] / window[0] - 1.0))


def _volatility(returns: FloatArray) -> float:
    """Return the annual volatility of daily log returns, percent."""
    return 100.0 * float(np.std(returns, ddof=1) * np.sqrt(YEAR))


def _calming(window: FloatArray) -> float:
    """Return the volatility of the second half of a price window less that of the first."""
    before, after = np.split(np.diff(np.log(window)), 2)
    return _volatility(after) - _volatility(before)


def _none_due(waiting: Sequence[int]) -> str:
    return f"no date is due yet{_not_due(waiting)}"


def _moved(
    claim: Claim, evidence: Evidence, level: pd.Series[float], least: float, what: str
) -> Result:
    """Judge a level that should have risen by the registered dates."""
    rows, waiting = _changes(claim, evidence, level)
    if not rows:
        return Result(
            verdict=ForecastVerdict.NO_DEADLINE_GIVEN,
            reason=_none_due(waiting),
        )
    outcomes = [row["change"] >= least for row in rows]
    reason = ", ".join(f"{row['change']:+,.1f} after {_months(row['months'])}" for row in rows)
    days = (rows[-1]["day"] - evidence.thesis.published).days
    return Result(
        estimate=rows[-1]["change"],
        verdict=_verdict(outcomes),
        reason=f"{what} changed by {reason}{_not_due(waiting)}",
        period=(evidence.thesis.published, rows[-1]["day"]),
        parts=tuple(rows),
        notes=(place_before(evidence, rows[-1]["change"], level, days, _rise),),
    )


def srf_rises(claim: Claim, evidence: Evidence) -> Result:
    """28-day mean of the facility's balance at each date against that at publication."""
    balance = daily_balance(evidence, "srf").rolling(WEEKS4).mean().loc["2021-08-31":].dropna()
    least = claim.needs("thresholds")["rise_bn"]
    return _moved(claim, evidence, balance, least, "the 28-day mean balance (bn)")


def balance_sheet_grows(claim: Claim, evidence: Evidence) -> Result:
    """Total assets at each date against those at publication."""
    assets = history(evidence, "fed_assets")
    return _moved(claim, evidence, assets, np.nextafter(0.0, 1.0), "the Fed's assets (bn)")


def grows_through_repo(claim: Claim, evidence: Evidence) -> Result:
    """Share of the growth of assets that repo lending accounts for, beside that of Treasuries."""
    assets, treasuries = history(evidence, "fed_assets"), history(evidence, "fed_treasuries")
    repo = daily_balance(evidence, "srf")
    rows, waiting = _changes(claim, evidence, assets)
    least = claim.needs("thresholds")["share"]
    if not rows:
        return Result(verdict=ForecastVerdict.NO_DEADLINE_GIVEN, reason=_none_due(waiting))
    wednesday = assets.loc[: _published(evidence)].index[-1]
    outcomes = []
    for row in rows:
        last = assets.loc[: pd.Timestamp(row["day"])].index[-1]
        lent = value_on(repo, last) - value_on(repo, wednesday)
        row["repo lending"] = lent
        row["Treasuries"] = value_on(treasuries, last) - value_on(treasuries, wednesday)
        row["share of repo"] = lent / row["change"] if row["change"] > 0 else float("nan")
        if row["change"] > 0:
            outcomes.append(row["share of repo"] >= least)
    growing = [row for row in rows if row["change"] > 0]
    reason = "; ".join(
        f"after {_months(row['months'])} assets {row['change']:+,.0f}bn, of which repo lending "
        f"{row['repo lending']:+,.1f}bn and Treasuries {row['Treasuries']:+,.0f}bn"
        for row in rows
    )
    return Result(
        estimate=growing[-1]["share of repo"] if growing else None,
        verdict=_verdict(outcomes),
        reason=reason + _not_due(waiting),
        period=(evidence.thesis.published, rows[-1]["day"]),
        parts=tuple(rows),
    )


def _target_in_force(evidence: Evidence) -> pd.Series[float]:
    """Return the balance announced for the end of each day's quarter, as known that evening."""
    times = evidence.panel.times
    days = times.tz_localize(None) - DAY
    quarter_ends = pd.Series(days + pd.offsets.QuarterEnd(0), index=times)
    announced = evidence.panel.on("tga_target", quarter_ends)
    return pd.Series(announced.to_numpy(), index=days)


def tga_released(claim: Claim, evidence: Evidence) -> Result:
    """First close at or below the announced target after reopening, and the later 28-day mean."""
    limits = claim.needs("thresholds")
    reopened = pd.Timestamp(limits["reopened"])
    balance = history(evidence, "tga")
    after = balance.loc[reopened : reopened + limits["first_close_days"] * DAY]
    if after.empty:
        return Result(
            verdict=ForecastVerdict.NO_DEADLINE_GIVEN, reason="the government has not reopened"
        )
    target = _target_in_force(evidence).reindex(after.index)
    ordinary = ~after.index.isin(tax_days(after.index[0].date(), after.index[-1].date()))
    met = after.index[(after <= target).to_numpy() & ordinary]
    first = met[0] if len(met) else None
    at = reopened + limits["mean_days"] * DAY
    outcomes = [first is not None]
    words = (
        f"first close at or below the target on {first.date()} ({after[first]:,.1f}bn against "
        f"{target[first]:,.0f}bn)"
        if first is not None
        else f"no close at or below the target within {limits['first_close_days']} days"
    )
    rows = [{"what": "first close", "day": first.date() if first is not None else None}]
    if at <= balance.index[-1]:
        mean = float(daily_balance(evidence, "tga").rolling(WEEKS4).mean()[at])
        wanted = float(_target_in_force(evidence)[at])
        outcomes.append(mean <= wanted)
        words += f"; 28-day mean on {at.date()} {mean:,.1f}bn against {wanted:,.0f}bn"
        rows.append({"what": "28-day mean", "day": at.date(), "level": mean, "target": wanted})
    return Result(
        estimate=float(after.min()),
        verdict=_verdict(outcomes),
        reason=words,
        period=(evidence.thesis.published, min(at.date(), _as_of_day(evidence))),
        parts=tuple(rows),
        notes=(
            f"The balance stood at {value_on(balance, _published(evidence)):,.1f}bn at "
            f"publication; its lowest close within {limits['first_close_days']} days of "
            f"reopening was {after.min():,.1f}bn on {after.idxmin():%Y-%m-%d}.",
        ),
    )


def btc_above_publication(claim: Claim, evidence: Evidence) -> Result:
    """Close at each date against the close of the day of publication."""
    price = closes(evidence, claim.needs("asset"))
    start = value_on(price, _published(evidence))
    rows, waiting = _changes(claim, evidence, price)
    if not rows:
        return Result(
            verdict=ForecastVerdict.NO_DEADLINE_GIVEN,
            reason=_none_due(waiting),
        )
    for row in rows:
        row["percent"] = 100.0 * (row["level"] / start - 1.0)
    last_day, last = price.index[-1], float(price.iloc[-1])
    now = 100.0 * (last / start - 1.0)
    days = (last_day - _published(evidence)).days

    moves = ", ".join(f"{row['percent']:+.1f}% after {_months(row['months'])}" for row in rows)
    return Result(
        estimate=now,
        verdict=_verdict([row["percent"] > 0 for row in rows]),
        reason=f"from {start:,.2f} at publication: {moves}; {now:+.1f}% by {last_day.date()}"
        + _not_due(waiting),
        period=(evidence.thesis.published, last_day.date()),
        parts=tuple(rows),
        notes=(place_before(evidence, now, price, days, _percent),),
    )


def btc_while_srf(claim: Claim, evidence: Evidence) -> Result:
    """Return compounded over the days on which the known 28-day balance was high enough."""
    least = claim.needs("thresholds")["balance_bn"]
    known = signal("srf_usage", days=WEEKS4).compute(evidence.panel)
    price = evidence.snapshot.daily.close[claim.needs("asset")]
    ahead = price.map(np.log).diff().shift(-1)
    since = known.loc[_published(evidence).tz_localize("UTC") + DAY :]
    on = since.index[(since >= least).to_numpy()]
    moved = ahead.reindex(on).dropna()
    if moved.empty:
        return Result(
            verdict=NO_CONDITION,
            reason=f"the known 28-day balance never reached {least:.0f}bn since publication "
            f"(highest {since.max():.1f}bn)",
            period=(evidence.thesis.published, _as_of_day(evidence)),
        )
    total = 100.0 * (float(np.exp(moved.sum())) - 1.0)
    return Result(
        estimate=total,
        verdict=OCCURRED if total > 0 else NOT,
        reason=f"BTC moved {total:+.1f}% over the {len(moved)} days on which the known 28-day "
        f"balance was at least {least:.0f}bn ({moved.index[0].date()} .. {moved.index[-1].date()})",
        period=(moved.index[0].date(), moved.index[-1].date()),
        episodes=1,
    )


def calmer_after_reopening(claim: Claim, evidence: Evidence) -> Result:
    """Realised volatility before and after the reopening, over equal spans."""
    limits = claim.needs("thresholds")
    reopened = pd.Timestamp(limits["reopened"])
    price = closes(evidence, claim.needs("asset"))
    returns = price.map(np.log).diff()

    def volatility(first: pd.Timestamp, days: int) -> float:
        span = returns.loc[first : first + (days - 1) * DAY].to_numpy(dtype=float)
        return _volatility(span) if len(span) == days else np.nan

    rows = []
    for days in limits["days"]:
        before, after = volatility(reopened - days * DAY, days), volatility(reopened, days)
        rows.append({"days": days, "before": before, "after": after, "change": after - before})
    due = [row for row in rows if not np.isnan(row["change"])]
    if not due:
        return Result(verdict=ForecastVerdict.NO_DEADLINE_GIVEN, reason="no span is over yet")
    longest = due[-1]
    return Result(
        estimate=longest["change"],
        verdict=_verdict([row["change"] < 0 for row in due]),
        reason="; ".join(
            f"{row['days']} days before {row['before']:.0f}% a year, after {row['after']:.0f}%"
            for row in due
        ),
        period=(
            (reopened - longest["days"] * DAY).date(),
            (reopened + (longest["days"] - 1) * DAY).date(),
        ),
        parts=tuple(rows),
        notes=(place_before(evidence, longest["change"], price, 2 * longest["days"], _calming),),
    )

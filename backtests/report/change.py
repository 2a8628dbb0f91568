"""What would change a verdict, said by rule."""

from __future__ import annotations

import pandas as pd

from backtests.inference.verdict import LEAST_EPISODES, LEVEL
from backtests.report.verdicts import look
from backtests.report.wording import figure, fixed, listing, pairs, plural
from backtests.thesis.claims import Thesis
from backtests.thesis.finding import Finding

TESTS = frozenset({"mechanism", "transmission", "rules"})
DAYS_A_YEAR = 365.25


def what_would_change(found: Finding, thesis: Thesis, as_of: pd.Timestamp) -> str:
    """Return one or two sentences: which figures would lead to another verdict.

    Parameters
    ----------
    found : Finding
        A claim with its verdict.
    thesis : Thesis
        Its registration.
    as_of : Timestamp
        The last moment of the data, to tell dates that have passed from dates to come.
    """
    tone = look(found.verdict).tone
    if tone == "untested":
        return "A method that decides it; it is registered and none does yet."
    if found.claim.kind == "forecast":
        return _forecast(found, thesis, as_of)
    if tone == "closed":
        return _untestable(found)
    if found.claim.kind in TESTS:
        return _test(found)
    return _fact(found)


def _forecast(found: Finding, thesis: Thesis, as_of: pd.Timestamp) -> str:
    limits = found.claim.thresholds
    coming = [
        pd.Timestamp(thesis.published) + pd.DateOffset(months=months)
        for months in limits.get("months", ())
    ]
    today = as_of.tz_localize(None)
    later = [f"{when:%Y-%m-%d}" for when in coming if when >= today]
    if later:
        return f"The outcome on {listing(later)}; the earlier dates have passed."
    if look(found.verdict).tone == "unmet":
        words = pairs({name: value for name, value in limits.items() if name != "months"})
        return f"The condition coming true ({words})." if words else "A date by which it is due."
    return "Nothing any more: its dates have passed, and the thresholds were fixed beforehand."


def _untestable(found: Finding) -> str:
    episodes = found.result.episodes
    if "missing" in found.reason:
        return "The missing series."
    if episodes is not None and episodes < LEAST_EPISODES:
        more = plural(LEAST_EPISODES - episodes, "more independent episode")
        return f"At least {more} ({episodes} of {LEAST_EPISODES} so far)."
    return "A longer sample."


def _test(found: Finding) -> str:
    result = found.result
    if look(found.verdict).tone == "open":
        return _undecided(found)
    without = [value for value in result.leave_one_out.values() if value == value]
    if look(found.verdict).tone == "for":
        words = "New data in which the estimate falls below δ or p1 after Holm rises above 0.025."
        if without and result.delta is not None and min(without) < result.delta:
            words += f" Leaving one period out already brings it to {figure(min(without))}."
        return words
    if found.adjusted is not None and found.adjusted.p3 <= LEVEL:
        return "New data in which the effect no longer goes the other way."
    return "New data with which effects of δ or more are no longer excluded."


def _undecided(found: Finding) -> str:
    result, need = found.result, found.years_needed
    if need is None or result.period is None or found.mde is None:
        return "An interval that excludes 0 or δ."
    had = (result.period[1] - result.period[0]).days / DAYS_A_YEAR
    unit = f" {found.claim.unit}" if found.claim.unit else ""
    if need > had:
        return (
            f"An effect of {figure(found.mde)}{unit} or more would have been found in 80% of such "
            f"samples; for δ it takes {fixed(need)} years of such data, {fixed(had)} are there."
        )
    return "An estimate further from 0 or from δ: the sample is long enough for an effect of δ."


def _fact(found: Finding) -> str:
    limits = dict(found.claim.tolerance)
    if found.claim.partly is not None:
        limits["partly"] = found.claim.partly
    if not limits:
        return "Other figures; the statement has no tolerance."
    return f"Figures on the other side of the tolerance fixed beforehand ({pairs(limits)})."

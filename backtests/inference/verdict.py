"""The words a claim can end with, and the rule that gives a test its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backtests.inference.one_sided import OneSided

LEVEL = 0.025
LEAST_POWER = 0.33
LEAST_EPISODES = 7
LEAST_WINDOWS = 10
ENOUGH_WINDOWS = 30

NOT_YET_TESTED = "not yet tested"


class Verdict(StrEnum):
    """What can be said of a test."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


class FactVerdict(StrEnum):
    """What can be said of a fact, by a tolerance fixed in advance."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    PARTLY = "partly"
    NOT_TESTABLE = "not testable"


class ForecastVerdict(StrEnum):
    """What can be said of a forecast, by dated thresholds."""

    OCCURRED = "occurred"
    DID_NOT_OCCUR = "did not occur"
    PARTLY = "partly"
    CONDITION_DID_NOT_OCCUR = "condition did not occur"
    NO_DEADLINE_GIVEN = "no deadline given"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the sentence that says why.

    Attributes
    ----------
    verdict : Verdict
    reason : str
        One sentence without a final full stop.
    """

    verdict: Verdict
    reason: str


def judge(
    p: OneSided | None,
    *,
    estimate: float | None,
    delta: float | None,
    power: float | None,
    n_episodes: int | None = None,
    t_over_h: float | None = None,
    missing: Sequence[str] = (),
) -> Judgement:
    """Give a test its verdict.

    Parameters
    ----------
    p : OneSided or None
        p-values adjusted in the claim's family; None only when the claim cannot be tested.
    estimate : float or None
        theta in the thesis' direction.
    delta : float or None
        Smallest effect of interest, in the same unit. None when none is registered: then
        "supported" asks for no size and the effect cannot be too small.
    power : float or None
        Unadjusted power at delta, from `power`; None exactly when delta is.
    n_episodes : int, optional
        Independent episodes, for claims about events.
    t_over_h : float, optional
        Sample over horizon, for claims about windows of returns.
    missing : sequence of str
        Series that the claim needs and that are not there.

    Returns
    -------
    Judgement

    Raises
    ------
    ValueError
        p, estimate, or with a delta its power, missing although the claim can be tested.

    Notes
    -----
    *supported*: p1 rejects and the estimate is at least delta. *contradicted*: p3 rejects, or p2
    rejects where power at delta is at least 33%. *not testable*: a series is missing, fewer than 7
    episodes, or T/h below 10. *inconclusive*: everything else, and always for T/h below 30. Each
    test is one-sided at 2.5%. p1 and p3 can both reject only where p joins several horizons.
    """
    hindrance = _hindrance(missing, n_episodes, t_over_h)
    if hindrance is not None:
        return Judgement(Verdict.NOT_TESTABLE, hindrance)
    if p is None or estimate is None:
        raise ValueError(f"{'p' if p is None else 'estimate'}: is needed for a claim with data")
    if (delta is None) != (p.p2 is None):
        raise ValueError("delta: p.p2 must be given with it, and only with it")
    if delta is not None and power is None:
        raise ValueError("power: is needed where there is a delta")
    found = _by_tests(p, estimate, delta, power)
    if (
        t_over_h is not None
        and t_over_h < ENOUGH_WINDOWS
        and found.verdict is not Verdict.INCONCLUSIVE
    ):
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"only {t_over_h:.0f} windows of this length fit the sample, too few for more than "
            f"inconclusive (it would be {found.verdict}: {found.reason})",
        )
    return found


def _hindrance(
    missing: Sequence[str], n_episodes: int | None, t_over_h: float | None
) -> str | None:
    if missing:
        return f"series missing: {', '.join(missing)}"
    if n_episodes is not None and n_episodes < LEAST_EPISODES:
        return f"{n_episodes} independent episodes, at least {LEAST_EPISODES} are needed"
    if t_over_h is not None and t_over_h < LEAST_WINDOWS:
        return (
            f"only {t_over_h:.1f} windows of this length fit the sample, "
            f"at least {LEAST_WINDOWS} are needed"
        )
    return None


def _by_tests(p: OneSided, estimate: float, delta: float | None, power: float | None) -> Judgement:
    there = p.p1 <= LEVEL
    small = p.p2 is not None and p.p2 <= LEVEL
    strong = power is not None and power >= LEAST_POWER
    if there and p.p3 <= LEVEL:
        return Judgement(
            Verdict.INCONCLUSIVE, "the effect is positive at one horizon and negative at another"
        )
    if p.p3 <= LEVEL:
        return Judgement(Verdict.CONTRADICTED, f"the effect goes the other way (p = {p.p3:.3f})")
    if there and (delta is None or estimate >= delta):
        size = "" if delta is None else " and the estimate is at least the smallest of interest"
        return Judgement(Verdict.SUPPORTED, f"the effect is there (p = {p.p1:.3f}){size}")
    if small and strong:
        what = "positive but too small to matter" if there else "no effect large enough to matter"
        return Judgement(Verdict.CONTRADICTED, f"{what} (p = {p.p2:.3f})")
    if small:
        return Judgement(
            Verdict.INCONCLUSIVE,
            "an effect that matters seems excluded, but the power to see one was "
            f"{power:.0%}, below {LEAST_POWER:.0%}",
        )
    if there:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"an effect is there (p = {p.p1:.3f}), but the estimate is below the smallest of "
            "interest and that size is not excluded",
        )
    undecided = "no effect" if delta is None else "either no effect or one that matters"
    return Judgement(Verdict.INCONCLUSIVE, f"the data do not exclude {undecided}")

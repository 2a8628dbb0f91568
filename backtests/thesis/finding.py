"""What came out of testing a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from backtests.inference.one_sided import OneSided
from backtests.inference.power import VerdictChances
from backtests.run import Run
from backtests.thesis.claims import Claim, Thesis
from data.panel import Panel
from data.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a claim's method may look at.

    Parameters
    ----------
    thesis : Thesis
        The registration.
    snapshot : Snapshot
        Cut at its ``as_of``.
    panel : Panel
        The as-of view of the same snapshot.
    runs : mapping of str to Run
        Backtests by strategy name.
    seed : int
        Seed of everything that is drawn.
    """

    thesis: Thesis
    snapshot: Snapshot
    panel: Panel
    runs: Mapping[str, Run]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a method measured; :mod:`backtests.thesis.scorecard` turns it into a finding.

    Parameters
    ----------
    estimate : float or None
        In the claim's unit, measured in the thesis' direction for tests.
    interval : tuple of float or None
        95%, where coverage is claimed.
    p : OneSided or None
        p-values before adjustment.
    standard_error : float or None
        Of the headline estimate, for power at delta.
    delta : float or None
        Smallest effect of interest that belongs to the headline estimate.
    sample_over_horizon : float or None
        T/h of the headline estimate.
    naive_p : float or None
        What a naive test would have said.
    verdict, reason : str or None
        Set where the method decides itself (facts and forecasts), or where it cannot decide.
    period : pair of dates or None
        First and last day looked at.
    episodes : int or None
        Independent episodes, for claims about events.
    windows : int or None
        Non-overlapping windows of the headline horizon, for claims about returns.
    dose : float or None
        Size of the driver over the standard deviation of weekly net liquidity.
    leave_one_out : mapping of str to float
        Estimate without each episode or period.
    parts : tuple of mappings
        Rows of the claim's own table: horizons, eras, dates.
    notes : tuple of str
        Sentences that belong beside the estimate.
    """

    estimate: float | None = None
    interval: tuple[float, float] | None = None
    p: OneSided | None = None
    standard_error: float | None = None
    delta: float | None = None
    sample_over_horizon: float | None = None
    naive_p: float | None = None
    verdict: str | None = None
    reason: str | None = None
    period: tuple[date, date] | None = None
    episodes: int | None = None
    windows: int | None = None
    dose: float | None = None
    leave_one_out: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A claim with its verdict.

    Parameters
    ----------
    claim : Claim
        As registered.
    result : Result
        As measured.
    verdict : str
        In the words of the rule for its kind.
    reason : str
        One sentence: why this verdict.
    adjusted : OneSided or None
        p-values after Holm within the claim's family.
    mde, power, years_needed : float or None
        Smallest effect found in 80% of samples, power at delta, and how many years the data
        would have to span to find delta; of the unadjusted test.
    chances : tuple of VerdictChances
        Probability of each verdict if the true effect were 0, delta, 2 delta, 4 delta.
    planted : float or None
        The true value, in a simulated world.
    """

    claim: Claim
    result: Result
    verdict: str
    reason: str
    adjusted: OneSided | None = None
    mde: float | None = None
    power: float | None = None
    years_needed: float | None = None
    chances: tuple[VerdictChances, ...] = ()
    planted: float | None = None

    @property
    def p_value(self) -> float | None:
        """p1 (theta <= 0) after Holm."""
        return None if self.adjusted is None else self.adjusted.p1

"""Test every registered claim and give each its verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from threadpoolctl import threadpool_limits

from backtests.inference.multiplicity import holm_family
from backtests.inference.one_sided import OneSided
from backtests.inference.power import (
    minimum_detectable_effect,
    power,
    verdict_chances,
    years_needed,
)
from backtests.inference.verdict import NOT_YET_TESTED, ForecastVerdict, Verdict, judge
from backtests.run import Run
from backtests.thesis import facts, forecasts, mechanism, skill, spikes, transmission
from backtests.thesis.claims import PENDING, Claim, Thesis, read_thesis
from backtests.thesis.finding import Evidence, Finding, Result
from data.errors import TooShort, UnknownName
from data.panel import Panel, panel_of
from data.snapshot import Snapshot

Method = Callable[[Claim, Evidence], Result]
SEED = 20251104
DAYS_A_YEAR = 365.25
TESTED = frozenset({"mechanism", "transmission", "rules"})
# The p-values of these claims come from shifts or draws that keep the clusters of usage together;
# their smallest value does not depend on the number of episodes.
NOT_BOUND_BY_EPISODES = frozenset({"ceiling_draws_srf"})

METHODS: Mapping[str, Method] = {
    "corridor": facts.corridor,
    "qt_reserves": facts.qt_reserves,
    "srf_caps_sofr": facts.srf_caps_sofr,
    "srf_persistence": facts.srf_persistence,
    "ceiling_draws_srf": mechanism.ceiling_draws_srf,
    "liquidity_comovement": transmission.liquidity_comovement,
    "liquidity_leads": transmission.liquidity_leads,
    "tga_leads": transmission.tga_leads,
    "srf_spikes": spikes.srf_spikes,
    "srf_rises": forecasts.srf_rises,
    "tga_released": forecasts.tga_released,
    "balance_sheet_grows": forecasts.balance_sheet_grows,
    "grows_through_repo": forecasts.grows_through_repo,
    "btc_above_publication": forecasts.btc_above_publication,
    "btc_while_srf": forecasts.btc_while_srf,
    "calmer_after_reopening": forecasts.calmer_after_reopening,
    "playbook_skill": skill.playbook_skill,
}


def score(
    snapshot: Snapshot,
    runs: Sequence[Run],
    thesis: Thesis | None = None,
    *,
    panel: Panel | None = None,
    seed: int = SEED,
) -> list[Finding]:
    """Test the claims of a thesis on a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
        Its ``as_of`` is the last moment looked at.
    runs : sequence of Run
        Backtests of the strategies that claims name.
    thesis : Thesis, optional
        By default the essay's.
    panel : Panel, optional
        ``panel_of(snapshot)``, where it is at hand.
    seed : int
        Of every bootstrap and randomisation.

    Returns
    -------
    list of Finding
        One for each registered claim, in the order of the file; a claim whose method is pending
        is listed as not yet tested, one whose series are missing as not testable.
    """
    registered = thesis or read_thesis()
    cut = snapshot.until(snapshot.as_of)
    evidence = Evidence(
        thesis=registered,
        snapshot=cut,
        panel=panel or panel_of(cut),
        runs={run.name: run for run in runs},
        seed=seed,
    )
    # One thread of linear algebra: faster for matrices of this size, and the same bits anywhere.
    with threadpool_limits(limits=1):
        results = {claim.id: _measure(claim, evidence) for claim in registered.claims}
    adjusted = _adjust(registered.claims, results)
    findings = [
        _finding(
            claim, results[claim.id], adjusted.get(claim.id), _family(claim, adjusted, registered)
        )
        for claim in registered.claims
    ]
    planted = snapshot.truth.links if snapshot.truth else {}
    return [replace(found, planted=planted.get(found.claim.id)) for found in findings]


def _measure(claim: Claim, evidence: Evidence) -> Result:
    if claim.method == PENDING:
        return Result(verdict=NOT_YET_TESTED, reason="no method decides this claim yet")
    if claim.method not in METHODS:
        raise UnknownName(f"method of claim {claim.id}", claim.method, (*METHODS, PENDING))
    missing = [name for name in claim.series if not evidence.panel.has(name)]
    if missing:
        return Result(verdict=Verdict.NOT_TESTABLE, reason=f"series missing: {', '.join(missing)}")
    if claim.kind == "forecast" and evidence.thesis.published >= evidence.snapshot.as_of.date():
        return Result(
            verdict=ForecastVerdict.NO_DEADLINE_GIVEN, reason="the data end before publication"
        )
    try:
        return METHODS[claim.method](claim, evidence)
    except TooShort as error:
        return Result(verdict=Verdict.NOT_TESTABLE, reason=str(error))


def _adjust(claims: Sequence[Claim], results: Mapping[str, Result]) -> dict[str, OneSided]:
    """Adjust p-values by Holm within mechanism, transmission and rules."""
    adjusted: dict[str, OneSided] = {}
    for kind in sorted(TESTED):
        family = {
            claim.id: p
            for claim in claims
            if claim.kind == kind and (p := results[claim.id].p) is not None
        }
        adjusted.update(zip(family, holm_family(list(family.values())), strict=True))
    return adjusted


def _family(claim: Claim, adjusted: Mapping[str, OneSided], thesis: Thesis) -> int:
    return sum(other.kind == claim.kind and other.id in adjusted for other in thesis.claims)


def _finding(claim: Claim, result: Result, p: OneSided | None, family: int) -> Finding:
    if result.verdict is not None:
        return Finding(
            claim=claim, result=result, verdict=str(result.verdict), reason=result.reason or ""
        )
    binding = None if claim.method in NOT_BOUND_BY_EPISODES else result.episodes
    sized = p is not None and p.p2 is not None
    strength = (
        power(result.delta, result.standard_error)
        if sized and result.delta is not None and result.standard_error is not None
        else None
    )
    judged = judge(
        p,
        estimate=result.estimate,
        delta=result.delta if sized else None,
        power=strength,
        n_episodes=binding,
        t_over_h=result.sample_over_horizon,
    )
    verdict, reason = judged.verdict, judged.reason
    if (
        verdict is Verdict.SUPPORTED
        and result.delta is not None
        and result.estimate is not None
        and result.estimate < result.delta
    ):
        verdict = Verdict.INCONCLUSIVE
        reason = f"an effect is there, but below the smallest of interest ({result.delta:g})"
    found = Finding(claim=claim, result=result, verdict=str(verdict), reason=reason, adjusted=p)
    return _with_power(found, strength, family, binding)


def _with_power(
    found: Finding, strength: float | None, family: int, episodes: int | None
) -> Finding:
    """Add what the sample could have shown: sizes fixed beforehand, never the observed one."""
    result = found.result
    error, delta, period = result.standard_error, result.delta, result.period
    if error is None or delta is None or strength is None or period is None:
        return found
    mde = minimum_detectable_effect(error)
    years = (period[1] - period[0]).days / DAYS_A_YEAR
    return replace(
        found,
        mde=mde,
        power=strength,
        years_needed=years_needed(years, mde, delta),
        chances=verdict_chances(
            error,
            delta,
            family=family,
            n_episodes=episodes,
            t_over_h=result.sample_over_horizon,
        ),
    )

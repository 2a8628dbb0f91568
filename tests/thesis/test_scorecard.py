"""Verdicts on the real tables meet figures known beforehand; on the simulated world, the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.inference.one_sided import OneSided
from backtests.inference.verdict import FactVerdict, ForecastVerdict, Verdict
from backtests.thesis.claims import Claim, Thesis, read_thesis
from backtests.thesis.finding import Finding, Result
from backtests.thesis.scorecard import METHODS, _adjust, _finding, score
from data.errors import UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot

WORDS = {
    "fact": {*FactVerdict, "not yet tested"},
    "forecast": {*ForecastVerdict, "not yet tested"},
    "mechanism": {*Verdict, "not yet tested"},
    "transmission": {*Verdict, "not yet tested"},
    "rules": {*Verdict, "not yet tested"},
}


def part(found: Finding, **wanted: Any) -> dict[str, Any]:
    """Return the one row of a claim's table that has these values."""
    rows = [row for row in found.result.parts if all(row.get(key) == wanted[key] for key in wanted)]
    assert len(rows) == 1, rows
    return dict(rows[0])


class TestOnTheRealTables:
    """Figures of the issue, of FACTS and of INFERENCE, measured before this code was written."""

    def test_every_claim_has_a_verdict_in_the_words_of_its_kind(
        self, real: dict[str, Finding]
    ) -> None:
        for found in real.values():
            assert found.verdict in WORDS[found.claim.kind], found.claim.id
            assert found.reason

    def test_the_facility_was_used_on_37_days_in_six_episodes(
        self, real: dict[str, Finding]
    ) -> None:
        assert part(real["B4"], measure="usage days")["value"] == 37
        assert real["B4"].result.episodes == 6
        assert real["C5"].result.episodes == 6
        first_days = [row["episode"] for row in real["C5"].result.parts]
        assert sum(day < date(2025, 11, 4) for day in first_days) == 4

    def test_sofr_lay_above_the_ceiling_on_17_of_37_usage_days_by_up_to_22_bp(
        self, real: dict[str, Finding]
    ) -> None:
        excess = [row["SOFR - ceiling (bp)"] for row in real["B6"].result.parts]
        assert (len(excess), sum(value > 0 for value in excess), max(excess)) == (37, 17, 22.0)
        assert real["B6"].verdict == "does not hold"

    def test_sofr_at_the_ceiling_goes_with_use(self, real: dict[str, Finding]) -> None:
        auc = part(real["B4"], measure="area under the ROC curve")["value"]
        assert auc == pytest.approx(0.99, abs=0.005)
        assert real["B4"].verdict == "supported"

    def test_period_end_balances_are_gross_on_both_sides(self, real: dict[str, Finding]) -> None:
        for day, net in ((date(2025, 10, 31), -1.5), (date(2025, 12, 31), -31.4)):
            assert part(real["C1"], day=day)["SRF - RRP (bn)"] == pytest.approx(net, abs=0.06)
        assert real["C1"].verdict == "does not hold"

    @pytest.mark.parametrize(
        ("claim", "estimate", "low", "high"), [("C2a", 2.6, 0.9, 4.3), ("C2b", 1.6, 0.0, 3.1)]
    )
    def test_liquidity_and_bitcoin_to_publication(
        self, real: dict[str, Finding], claim: str, estimate: float, low: float, high: float
    ) -> None:
        row = part(real[claim], what="to publication", weeks=4)
        assert row["estimate"] == pytest.approx(estimate, abs=0.1)
        assert row["low"] == pytest.approx(low, abs=0.3)
        assert row["high"] == pytest.approx(high, abs=0.3)

    def test_without_the_spring_of_2020_less_is_left(self, real: dict[str, Finding]) -> None:
        left = real["C2b"].result.leave_one_out["without 2020-03..06"]
        assert left == pytest.approx(1.0, abs=0.25)

    @pytest.mark.parametrize(("claim", "low", "high"), [("C2b", 2.2, 2.6), ("C3", 3.5, 4.7)])
    def test_what_the_sample_could_have_shown(
        self, real: dict[str, Finding], claim: str, low: float, high: float
    ) -> None:
        mde = real[claim].mde
        assert mde is not None
        assert low < mde < high

    def test_the_dose_of_the_facility_is_small(self, real: dict[str, Finding]) -> None:
        # 11.4bn over about 90bn.
        assert real["C5"].result.dose == pytest.approx(11.44 / 90, rel=0.02)

    def test_the_account_was_released(self, real: dict[str, Finding]) -> None:
        assert part(real["D2"], what="first close")["day"] == date(2025, 12, 9)
        assert "837.3bn" in real["D2"].reason
        assert real["D2"].result.estimate == pytest.approx(771.9, abs=0.05)

    def test_bitcoin_fell_by_more_than_a_third(self, real: dict[str, Finding]) -> None:
        assert "101,497.22" in real["D4u"].reason
        estimate = real["D4u"].result.estimate
        assert estimate is not None
        assert estimate < -100 / 3
        assert real["D4u"].verdict == "did not occur"
        assert "12 months" in real["D4u"].reason

    def test_reserves_fell_in_both_run_offs(self, real: dict[str, Finding]) -> None:
        rows = real["B3"].result.parts
        assert [(row["first"].year, row["last"].year) for row in rows] == [
            (2017, 2019),
            (2022, 2025),
        ]

    def test_too_few_episodes_are_not_testable(self, real: dict[str, Finding]) -> None:
        assert real["C5"].verdict == "not testable"

    def test_claims_without_a_method_are_listed(self, real: dict[str, Finding]) -> None:
        pending = {name for name, found in real.items() if found.verdict == "not yet tested"}
        assert pending == {"A1", "A2", "A3", "A4", "A5", "B2", "B5", "B7", "C4", "C6", "D5", "D7"}

    def test_scoring_again_gives_the_same(
        self, real: dict[str, Finding], real_snapshot: Snapshot
    ) -> None:
        thesis = read_thesis()
        only = replace_claims(thesis, [thesis.claim("C2b"), thesis.claim("C5")])
        again = {found.claim.id: found for found in score(real_snapshot, [], only)}
        assert again["C2b"].result == real["C2b"].result
        assert again["C5"].result == real["C5"].result


class TestOnTheSimulatedWorld:
    def test_planted_links_are_found_and_absent_ones_are_not(
        self, made_up: dict[str, Finding]
    ) -> None:
        for name in ("B4", "C2b", "C3"):
            assert made_up[name].verdict == "supported", made_up[name].reason
        assert made_up["C5"].verdict != "supported"

    @pytest.mark.parametrize("claim", ["C2a", "C2b", "C3"])
    def test_the_interval_holds_the_planted_effect(
        self, made_up: dict[str, Finding], claim: str
    ) -> None:
        found = made_up[claim]
        assert found.result.interval is not None
        assert found.planted is not None
        low, high = found.result.interval
        assert low < found.planted < high


def replace_claims(thesis: Thesis, claims: list[Claim]) -> Thesis:
    return thesis.model_copy(update={"claims": tuple(claims)})


def test_a_missing_series_is_not_testable_and_named(real_snapshot: Snapshot) -> None:
    observations = real_snapshot.observations
    without = replace(observations, ids=observations.ids - {"srf"})
    thesis = read_thesis()
    only = replace_claims(thesis, [thesis.claim("C1"), thesis.claim("B3")])
    found = score(replace(real_snapshot, observations=without), [], only)
    assert found[0].verdict == "not testable"
    assert "srf" in found[0].reason
    assert found[1].verdict == "holds"


def test_a_method_nobody_wrote_is_refused(real_snapshot: Snapshot) -> None:
    thesis = read_thesis()
    claim = thesis.claim("C1").model_copy(update={"method": "srf_persistance"})
    with pytest.raises(UnknownName, match=r"method of claim C1.*did you mean srf_persistence"):
        score(real_snapshot, [], replace_claims(thesis, [claim]))


def test_p_values_are_adjusted_within_their_kind_only() -> None:
    thesis = read_thesis()
    p = OneSided(0.01, 0.5, 0.9)
    results = {claim.id: Result() for claim in thesis.claims}
    results |= {name: Result(p=p) for name in ("B4", "C2a", "C2b", "C3")}
    adjusted = _adjust(thesis.claims, results)
    assert adjusted["B4"].p1 == pytest.approx(0.01)
    assert adjusted["C2a"].p1 == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("estimate", "p", "verdict"),
    [
        (2.0, OneSided(0.01, 0.99, 0.99), "supported"),
        (0.5, OneSided(0.01, 0.30, 0.99), "inconclusive"),
        (-2.0, OneSided(0.99, 0.01, 0.01), "contradicted"),
        (0.1, OneSided(0.40, 0.01, 0.60), "contradicted"),
        (0.8, OneSided(0.20, 0.40, 0.80), "inconclusive"),
    ],
)
def test_a_result_gets_the_verdict_of_the_rule(estimate: float, p: OneSided, verdict: str) -> None:
    claim = read_thesis().claim("C2b")
    result = Result(
        estimate=estimate,
        p=p,
        standard_error=0.3,
        delta=1.0,
        sample_over_horizon=100.0,
        period=(date(2014, 1, 1), date(2024, 1, 1)),
    )
    found = _finding(claim, result, p, family=1)
    assert found.verdict == verdict
    assert found.power is not None
    assert [chance.theta for chance in found.chances] == [0.0, 1.0, 2.0, 4.0]


def test_an_association_below_the_smallest_of_interest_is_not_support() -> None:
    claim = read_thesis().claim("B4")
    p = OneSided(0.01, None, 0.99)
    weak = Result(estimate=0.10, p=p, delta=0.15, episodes=6)
    strong = Result(estimate=0.20, p=p, delta=0.15, episodes=6)
    assert _finding(claim, weak, p, 1).verdict == "inconclusive"
    assert _finding(claim, strong, p, 1).verdict == "supported"


def test_held_weights_and_returns_add_up_to_the_account(phantom: Snapshot) -> None:
    from backtests.holding import held_weights
    from backtests.run import backtest
    from strategies.variants import variant

    run = backtest(variant("essay_playbook"), phantom, panel=panel_of(phantom))
    weights, returns, costs = held_weights(run, phantom.daily)
    rebuilt = (weights * returns.fillna(0.0)).sum(axis=1) - costs
    cash = run.simulation.cash_returns.reindex(rebuilt.index)
    actual = run.simulation.returns.reindex(rebuilt.index) - cash
    # Opens differ a little from the closes before them, and trades happen at opens.
    assert np.corrcoef(rebuilt, actual)[0, 1] > 0.999
    assert rebuilt.sum() == pytest.approx(actual.sum(), abs=0.02)


def test_every_registered_method_is_exercised(real: dict[str, Finding]) -> None:
    tested = {found.claim.method for found in real.values()} - {"pending"}
    assert tested == set(METHODS)


@pytest.mark.parametrize(
    "moment",
    [
        *("2015-01-01", "2019-06-01", "2022-06-01", "2024-10-05", "2025-11-03"),
        *("2025-11-10", "2025-11-20", "2026-01-15", "2026-03-01"),
    ],
)
def test_every_claim_has_an_answer_at_any_moment(real_snapshot: Snapshot, moment: str) -> None:
    early = real_snapshot.until(pd.Timestamp(moment, tz="UTC"))
    thesis = read_thesis()
    claims = [claim for claim in thesis.claims if claim.id != "E1"]
    for found in score(early, [], replace_claims(thesis, claims)):
        assert found.verdict in WORDS[found.claim.kind], found.claim.id
        assert found.reason, found.claim.id

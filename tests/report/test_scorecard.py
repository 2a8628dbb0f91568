from __future__ import annotations

from typing import Any

import pytest

from backtests.report.chain import JOINTS, chain
from backtests.report.scorecard import card, strength
from tests.report.studies import finding, findings, thesis

EFFECT: dict[str, Any] = {
    "estimate": 1.5,
    "interval": (-0.5, 3.0),
    "standard_error": 0.9,
    "delta": 1.0,
}


@pytest.fixture
def cards(study):
    return {found.claim.id: card(found, thesis(), study.snapshot) for found in study.findings}


def test_every_registered_claim_has_a_card(cards) -> None:
    assert list(cards) == [claim.id for claim in thesis().claims]
    assert not cards["A1"].tested


def test_a_test_shows_all_that_must_stand_beside_it(cards) -> None:
    found = cards["C2a"]
    assert found.estimate == "+2.50 [+0.70, +4.40] percent per 100bn"
    assert dict(found.facts) == {
        "period": "2014-01-10 to 2026-08-07",
        "p, ours": "0.004",
        "p, naive": "< 0.001",
        "δ": "1",
        "windows without overlap": "160",
        "dose": "1 sd",
        "leave one out": "+1 (without 2020-03..06) to +2 (without 2015)",
        "MDE at 80% power": "2.52",
        "power at δ": "20%",
    }
    assert found.splits == (
        ("to publication", "+1.50 [−1.00, +3.00]"),
        ("net of sp500", "+1.50 [−1.00, +3.00]"),
    )


def test_leaving_the_spring_of_2020_out_is_always_said(study) -> None:
    left = {"without 2020-03..06": 1.5, "without 2014": 1.0, "without 2015": float("nan")}
    left |= {"without 2016": 2.0}
    found = card(finding("C2b", "inconclusive", leave_one_out=left), thesis(), study.snapshot)
    assert dict(found.facts)["leave one out"] == (
        "+1 (without 2014) to +2 (without 2016); without 2020-03..06 +1.50"
    )


def test_a_contradicted_test_shows_the_p_values_that_contradict(cards) -> None:
    facts = dict(cards["E1"].facts)
    assert facts["p, opposite effect"] == "0.009"
    assert facts["p, effect of δ"] == "0.002"


def test_the_bar_places_estimate_interval_zero_and_delta(study) -> None:
    bar = card(finding("C2b", "inconclusive", **EFFECT), thesis(), study.snapshot).bar
    assert bar is not None
    assert (bar.zero, bar.delta, bar.point) == (50.0, 58.33, 62.5)
    assert (bar.low, bar.high, bar.planted) == (45.83, 75.0, None)


def test_an_interval_beyond_the_axis_is_cut_at_its_edge(study) -> None:
    wide = {**EFFECT, "interval": (-50.0, 50.0)}
    bar = card(finding("C2b", "inconclusive", **wide), thesis(), study.snapshot).bar
    assert bar is not None
    assert (bar.low, bar.high) == (0.0, 100.0)


def test_planted_values_stand_beside_findings_in_a_simulated_world_only(
    study, simulated_study
) -> None:
    found = finding("C2b", "supported", planted=3.0, **EFFECT)
    assert card(found, thesis(), study.snapshot).planted is None
    simulated = card(found, thesis(), simulated_study.snapshot)
    assert simulated.planted == "+3"
    assert simulated.bar is not None
    assert simulated.bar.planted == 75.0
    assert card(finding("B1", "holds"), thesis(), simulated_study.snapshot).planted == "–"


def test_a_claims_own_table_keeps_its_columns_and_rows(cards) -> None:
    assert cards["B6"].header == ("day", "bp")
    assert len(cards["B6"].rows) == 20
    assert cards["B6"].rows[0] == ("2025-01-01", "0")


def test_missing_values_are_dashes_not_numbers(cards) -> None:
    assert cards["C5"].estimate == "–"
    assert cards["D3b"].estimate == "–"
    assert cards["C5"].bar is None


def test_power_is_shown_where_there_is_a_standard_error() -> None:
    rows = [row for found in findings() if (row := strength(found))]
    assert [row.id for row in rows] == ["C2a", "C2b", "C3", "E1"]
    assert len(rows[0].chances) == 4
    assert rows[0].detectable == "2.52"


def test_the_chain_runs_from_debt_to_altcoins(study) -> None:
    links = chain(study.findings)
    nodes = [links[0].joint.start, *(link.joint.end for link in links)]
    assert nodes == ["Debt", "Repo", "Ceiling", "SRF", "Balance sheet", "BTC", "Altcoins"]
    assert [link.look.word for link in links] == [
        "not yet tested",
        "not yet tested",
        "supported",
        "not testable",
        "inconclusive",
        "not yet tested",
    ]


def test_every_claim_of_the_chain_is_registered() -> None:
    registered = {claim.id for claim in thesis().claims}
    assert {name for joint in JOINTS for name in (joint.claim, *joint.beside)} <= registered


def test_another_thesis_has_no_picture_of_this_chain() -> None:
    assert chain([]) == ()

"""How operations become a day's figures: kinds, sessions, days that are not over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from data.sources.base import Answer, collect
from data.sources.nyfed_operations import NyFedOperations
from data.sources.nyfed_rates import NyFedRates, windows
from tests.sources.server import Server
from tests.sources.truth import SINCE, operation
from tests.sources.world import FIGURES, client, scenario, since, table

DAY = pd.Timestamp("2026-03-10")


def told(server: Server, rows: Sequence[dict[str, Any]], now: str) -> Answer:
    scene = scenario(now=pd.Timestamp(now, tz="America/New_York").tz_convert("UTC"))
    scene.mangle = lambda path, sound: json.dumps({"repo": {"operations": rows}})
    with client(scene) as asking:
        source = NyFedOperations(f"{server.open(scene)}/nyfed")
        return collect(source, scene.clock.now().date(), asking)


def on(answer: Answer, day: pd.Timestamp) -> dict[str, float]:
    rows = answer.rows[answer.rows["ref_date"] == day]
    return {str(row["series"]): row["value"] for row in rows.to_dict(orient="records")}


def standing(day: pd.Timestamp) -> list[dict[str, Any]]:
    return [
        operation(day, "Repo", "08:30", {"Treasury": 2_000}, 1),
        operation(day, "Repo", "13:45", {"Mortgage-Backed": 500, "Agency": 30}, 2),
        operation(day, "Reverse Repo", "13:15", {"Treasury": 3_000}, 25),
    ]


@pytest.mark.parametrize(
    ("clock", "series"),
    [
        ("08:44", set()),
        ("08:45", {"srf_morning"}),
        ("13:29", {"srf_morning"}),
        ("13:30", {"srf_morning", "rrp", "rrp_rate"}),
        (
            "14:00",
            {
                *("srf", "srf_treasury", "srf_mbs", "srf_morning", "srf_afternoon"),
                *("rrp", "rrp_rate"),
            },
        ),
    ],
)
def test_a_figure_stands_when_its_last_result_is_out(
    server: Server, clock: str, series: set[str]
) -> None:
    rows = standing(pd.Timestamp("2026-03-09")) + standing(DAY)
    answer = told(server, rows, f"2026-03-10 {clock}")
    assert set(on(answer, DAY)) == series


def test_the_parts_of_a_day(server: Server) -> None:
    assert on(told(server, standing(DAY), "2026-03-10 17:00"), DAY) == pytest.approx(
        {
            "srf": 2.53,
            "srf_treasury": 2.0,
            "srf_mbs": 0.5,
            "srf_morning": 2.0,
            "srf_afternoon": 0.53,
            "rrp": 3.0,
            "rrp_rate": 3.5,
        }
    )


def test_of_two_reverse_repos_the_one_that_closes_later_counts(server: Server) -> None:
    rows = [
        operation(DAY, "Reverse Repo", "13:15", {"Treasury": 4_000}, 25),
        operation(DAY, "Reverse Repo", "10:15", {"Treasury": 9_000}, 24),
    ]
    assert on(told(server, rows, "2026-03-10 17:00"), DAY)["rrp"] == 4.0


@pytest.mark.parametrize("note", ["Small Value Exercise (SVE)", "a small-value exercise", ""])
def test_exercises_are_told_apart_and_count_for_nothing(server: Server, note: str) -> None:
    exercise = {**operation(DAY, "Repo", "10:30", {"Treasury": 700}, 99), "note": note}
    answer = told(server, [*standing(DAY), exercise], "2026-03-10 17:00")
    assert on(answer, DAY)["srf"] == pytest.approx(2.53 if note else 3.23)
    kinds = answer.details["operations"].set_index("operation")["kind"]
    assert kinds["RP 031026 99"] == ("exercise" if note else "standing")


def test_a_day_without_award_has_no_rate(server: Server) -> None:
    rows = [operation(DAY, "Reverse Repo", "13:15", {"Treasury": 0}, 25)]
    assert on(told(server, rows, "2026-03-10 17:00"), DAY) == {"rrp": 0.0}


def test_operations_under_way_have_no_result_yet(server: Server) -> None:
    rows = standing(DAY)
    rows[1]["auctionStatus"] = "Announced"
    del rows[1]["totalAmtAccepted"]
    answer = told(server, [*standing(pd.Timestamp("2026-03-09")), *rows], "2026-03-10 13:40")
    assert "srf" not in on(answer, DAY)
    assert "srf" in on(answer, pd.Timestamp("2026-03-09"))


@pytest.mark.parametrize(
    ("day", "term", "kind", "counts"),
    [
        ("2019-09-16", "Overnight", "earlier", False),
        ("2019-09-17", "Overnight", "temporary", True),
        ("2020-03-17", "Term", "term", False),
        ("2021-07-28", "Overnight", "temporary", True),
        ("2021-07-29", "Overnight", "standing", True),
    ],
)
def test_eras(server: Server, day: str, term: str, kind: str, counts: bool) -> None:
    stamp = pd.Timestamp(day)
    row = {**operation(stamp, "Repo", "13:45", {"Treasury": 53_150}, 1), "term": term}
    answer = told(server, [row], f"{day} 17:00")
    assert on(answer, stamp).get("srf", 0.0) == (pytest.approx(53.15) if counts else 0.0)
    assert list(answer.details["operations"]["kind"]) == [kind]
    assert ("srf_afternoon" in on(answer, stamp)) == (kind == "standing")


def test_a_day_of_the_facility_without_a_morning_session_lent_nothing_in_it(
    server: Server,
) -> None:
    day = pd.Timestamp("2025-02-03")
    rows = [operation(day, "Repo", "13:45", {"Treasury": 5}, 1)]
    assert on(told(server, rows, "2025-02-03 17:00"), day)["srf_morning"] == 0.0
    early = pd.Timestamp("2024-12-27")
    rows = [operation(early, "Repo", "13:45", {"Treasury": 5}, 1)]
    assert "srf_morning" not in on(told(server, rows, "2024-12-27 17:00"), early)


def test_windows_are_at_most_a_year_and_touch() -> None:
    spans = list(windows(date(2013, 9, 23), date(2026, 3, 10)))
    assert spans[0][0] == date(2013, 9, 23)
    assert spans[-1][1] == date(2026, 3, 10)
    assert all((last - first).days <= 364 for first, last in spans)
    assert all((after[0] - before[1]).days == 1 for before, after in pairwise(spans))


def test_a_corrected_rate_is_known_since_its_correction(server: Server) -> None:
    scene = scenario()

    def corrected(path: str, sound: str) -> str:
        answer = json.loads(sound)
        for row in answer["refRates"]:
            if row["effectiveDate"] == "2026-02-20":
                row["revisionIndicator"] = "[r]"
        return json.dumps(answer)

    scene.mangle = corrected
    with client(scene) as asking:
        rows = collect(NyFedRates(f"{server.open(scene)}/nyfed"), SINCE, asking).rows
    known = rows.set_index(["series", "ref_date"])["known_at"]
    assert known["sofr", pd.Timestamp("2026-02-20")] == pd.Timestamp("2026-02-23 19:35", tz="UTC")
    assert known.notna().sum() == rows["series"].nunique()


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("nyfed_operations", date(2013, 9, 23)),
        ("nyfed_rates", date(2000, 7, 3)),
        ("treasury_cash", date(2020, 1, 2)),
        ("treasury_debt", date(2015, 1, 2)),
        ("fred_csv", date(2000, 1, 1)),
        ("cftc", date(2006, 6, 13)),
    ],
)
def test_the_whole_history_is_told(server: Server, name: str, beginning: date) -> None:
    scene = scenario()
    scene.truth.beginning = beginning
    with client(scene) as asking:
        answer = collect(FIGURES[name].make(server.open(scene)), None, asking)
    found, true = table(answer.rows, "observations"), FIGURES[name].truth(scene)
    assert found == since(true, beginning)
    assert answer.complete
    assert not [problem for problem in answer.problems if problem.kind != "gap"]

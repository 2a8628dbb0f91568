"""What publishers do to the unwary: late corrections, odd clocks, series that are no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from data.catalogue import series as series_spec
from data.sources.base import collect
from data.sources.cftc import LeveragedFunds
from data.sources.fred_csv import FredCsv, first_day
from data.sources.treasury import DebtToThePenny, OperatingCash
from tests.sources.faults import Fault
from tests.sources.server import Server
from tests.sources.truth import NOW, SINCE
from tests.sources.world import CASES, FIGURES, client, scenario, since, table


@pytest.mark.parametrize("hours", [-50, 50])
@pytest.mark.parametrize("name", FIGURES)
def test_a_publishers_clock_does_not_matter(server: Server, name: str, hours: int) -> None:
    scene = scenario()
    scene.ahead = pd.Timedelta(hours=hours)
    source = FIGURES[name].make(server.open(scene))
    with client(scene) as asking:
        answer = collect(source, SINCE, asking)
    found, true = table(answer.rows, "observations"), FIGURES[name].truth(scene)
    assert since(found, SINCE) == since(true, SINCE)


# A list of markets comes before the first page of bars; Treasury pages are short here.
REQUESTS = {
    "nyfed_operations": 1,
    "nyfed_rates": 5,
    "treasury_cash": 1,
    "treasury_debt": 1,
    "fred_csv": 3,
    "cftc": 1,
    "fred_api": 2,
    "coinbaseexchange": 2,
    "bitstamp": 2,
    "kraken": 2,
    "binance": 2,
    "okx": 2,
    "bybit": 2,
    "binanceusdm funding": 2,
    "okx funding": 2,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_nothing_new_costs_one_request_a_page(server: Server, name: str) -> None:
    scene = scenario()
    source = CASES[name].make(server.open(scene))
    if isinstance(source, OperatingCash | DebtToThePenny | LeveragedFunds):
        source = replace(source, page_size=1000)
    with client(scene) as asking:
        answer = collect(source, NOW.date(), asking)
    assert answer.complete
    assert len(scene.asked) <= REQUESTS[name]


@pytest.mark.parametrize("name", ["fred_csv", "nyfed_rates", "treasury_cash"])
def test_a_figure_changed_the_next_day_is_told_anew(server: Server, name: str) -> None:
    scene = scenario()
    source = FIGURES[name].make(server.open(scene))
    with client(scene) as asking:
        before = table(collect(source, SINCE, asking).rows, "observations")
    scene.clock.move_to(NOW + pd.Timedelta(days=1))
    wrong, right = {
        "fred_csv": ("2026-03-04,6599100", "2026-03-04,6600100"),
        "nyfed_rates": ('"percentRate": 3.659', '"percentRate": 3.675'),
        "treasury_cash": ('"879000"', '"879500"'),
    }[name]
    scene.mangle = lambda path, text: text.replace(wrong, right)
    with client(scene) as asking:
        after = table(collect(source, NOW.date(), asking).rows, "observations")
    changed = [key for key in before if key in after and after[key] != before[key]]
    assert changed


def test_a_series_that_fred_does_not_know_is_told_of_itself_alone(server: Server) -> None:
    scene = scenario()
    scene.fault = Fault("404", 1, after=1)
    source = FredCsv(f"{server.open(scene)}/fred", ("fed_assets", "sofr", "rrp"))
    with client(scene) as asking:
        answer = collect(source, SINCE, asking)
    (problem,) = [one for one in answer.problems if one.kind == "error"]
    assert problem.what == "sofr"
    assert "there is no such thing (404)" in problem.text
    assert set(answer.rows["series"]) == {"fed_assets", "rrp"}


def test_revised_series_are_read_further_back() -> None:
    day = date(2026, 3, 10)
    assert first_day(series_spec("sofr"), day) == date(2026, 2, 22)
    assert first_day(series_spec("m2"), day) < date(2024, 2, 1)
    assert first_day(series_spec("sofr"), None) == date(2018, 4, 2)
    assert first_day(series_spec("iorb"), date(2021, 7, 30)) == date(2021, 7, 29)


def test_a_history_begins_where_the_publisher_begins(server: Server) -> None:
    assert series_spec("fed_mbs").first is None
    scene = scenario()
    with client(scene) as asking:
        answer = collect(FredCsv(f"{server.open(scene)}/fred", ("fed_mbs",)), None, asking)
    assert len(answer.rows)
    assert not answer.problems

"""What is asked from which day on, and in which order."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from data.errors import UnknownName
from data.fetch_plan import Task, plan
from data.sources.prices import Market
from data.sources.registry import sources
from tests.data.small_store import SEEN, observations, prices

EVERY = sources(
    markets=[
        Market("BTC", "BTC/USD", "kraken"),
        Market("BTC", "BTC/USD", "bitstamp"),
        Market("BTC", "BTC/USD", "bitstamp", "1h"),
        Market("ETH", "ETH/USD", "bitstamp"),
    ]
)


def by_name(tasks: list[Task]) -> dict[str, Task]:
    return {task.source.name: task for task in tasks}


def test_the_first_to_tell_a_figure_does_not_depend_on_who_is_quicker() -> None:
    tasks = by_name(plan(EVERY, {}, {}))
    assert tasks["nyfed_rates"].after == ()
    assert set(tasks["fred_csv"].after) >= {"nyfed_operations", "nyfed_rates", "treasury_cash"}
    assert "fred_csv" in tasks["alfred_csv"].after
    assert tasks["prices:bitstamp:BTC/USD:1d"].after == ("prices:kraken:BTC/USD:1d",)
    assert tasks["prices:bitstamp:BTC/USD:1h"].after == ()
    assert tasks["prices:bitstamp:ETH/USD:1d"].after == ()


def test_each_publisher_and_exchange_has_one_connection() -> None:
    lanes = {task.source.name: task.lane for task in plan(EVERY, {}, {})}
    assert lanes["nyfed_operations"] == lanes["nyfed_rates"] == "nyfed"
    assert lanes["treasury_cash"] == lanes["treasury_debt"] == "treasury"
    assert lanes["prices:bitstamp:BTC/USD:1d"] == lanes["prices:bitstamp:ETH/USD:1d"] == "bitstamp"
    assert len({lanes["fred_csv"], lanes["alfred_csv"], lanes["cftc"]}) == 3


def test_an_empty_store_asks_from_the_beginning() -> None:
    assert {part.since for task in plan(EVERY, {}, {}) for part in task.parts} == {None}


def test_what_is_stored_is_not_asked_again() -> None:
    figures = observations([("sofr", "2024-01-02", 5.3), ("sofr", "2024-01-05", 5.3)])
    bars = prices("BTC", "2024-01-02", [1.0, 2.0]).assign(source="ccxt:kraken:BTC/USD")
    stored = {"observations": figures, "prices_1d": bars}
    tasks = by_name(plan(EVERY, stored, {"fred_csv:effr": "2024-02-01"}))
    fred = {part.key: part.since for part in tasks["fred_csv"].parts}
    assert fred["fred_csv:sofr"] == date(2024, 1, 5)
    assert fred["fred_csv:effr"] == date(2024, 2, 1)
    assert fred["fred_csv:fed_assets"] is None
    # Some of its series were never read to the end.
    assert tasks["nyfed_rates"].parts[0].since is None
    assert tasks["prices:kraken:BTC/USD:1d"].parts[0].since == date(2024, 1, 3)
    assert tasks["prices:bitstamp:BTC/USD:1d"].parts[0].since is None


def test_a_first_day_of_the_users_own_counts_for_all() -> None:
    journal = {"fred_csv:effr": "2024-02-01"}
    tasks = plan(EVERY, {}, journal, since=date(2020, 1, 1))
    assert {part.since for task in tasks for part in task.parts} == {date(2020, 1, 1)}


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("fred_csv", {"fred_csv"}),
        ("nyfed", {"nyfed_operations", "nyfed_rates"}),
        ("prices", {name for name in EVERY if name.startswith("prices")}),
        ("prices:bitstamp", {name for name in EVERY if name.startswith("prices:bitstamp")}),
        ("ETH", {"prices:bitstamp:ETH/USD:1d"}),
        ("fed_assets", {"fred_csv", "alfred_csv"}),
    ],
)
def test_some_sources_only(only: str, names: set[str]) -> None:
    assert set(by_name(plan(EVERY, {}, {}, only=[only]))) == names


def test_one_series_of_a_source_that_asks_for_each_by_itself() -> None:
    tasks = by_name(plan(EVERY, {}, {}, only=["fed_assets"]))
    assert [part.key for part in tasks["fred_csv"].parts] == ["fred_csv:fed_assets"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownName, match="'fed_asets': did you mean fed_assets"):
        plan(EVERY, {}, {}, only=["fed_asets"])


def test_instants_of_the_store_are_days_of_the_plan() -> None:
    bars = prices("BTC", "2024-01-02", [1.0] * 30, "h").assign(
        source="ccxt:bitstamp:BTC/USD", seen_at=SEEN
    )
    tasks = by_name(plan(EVERY, {"prices_1h": bars}, {}))
    (part,) = tasks["prices:bitstamp:BTC/USD:1h"].parts
    assert part.since == pd.Timestamp("2024-01-03").date()

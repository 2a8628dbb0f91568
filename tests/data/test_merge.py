"""Bars of several markets, and what is listed instead of used."""

from __future__ import annotations

import pandas as pd

from data.merge import QUARANTINE, merge
from tests.data.small_store import LATER, SEEN, funding, prices

STORED = {"prices_1d": prices("BTC", "2024-01-02", [100.0, 101.0]).assign(seen_at=SEEN)}


def offered(closes: list[float], market: str, first: str = "2024-01-02") -> dict[str, pd.DataFrame]:
    return {"prices_1d": prices("BTC", first, closes, market=market)}


def test_another_market_that_agrees_is_no_news_and_fills_the_days_before() -> None:
    found = merge(STORED, offered([99.0, 100.5, 101.5], "other spot USD", "2024-01-01"), LATER)
    (change,) = found.changes
    assert (change.new, change.same, change.revised, change.quarantined) == (1, 2, 0, 0)
    table = found.tables["prices_1d"]
    assert table["close"].tolist() == [99.0, 100.0, 101.0]
    assert table["market"].tolist() == ["other spot USD", "test spot USD", "test spot USD"]
    assert found.touched == {"prices_1d"}


def test_another_market_beyond_the_tolerance_is_quarantined_once() -> None:
    told = offered([100.0, 104.0], "other spot USD")
    found = merge(STORED, told, LATER)
    (change,) = found.changes
    assert (change.new, change.same, change.revised, change.quarantined) == (0, 1, 0, 1)
    (row,) = found.tables["quarantine"].itertuples()
    assert (row.name, row.at, row.source) == ("BTC", "2024-01-03 00:00:00+00:00", "other spot USD")
    assert (row.offered, row.stored) == ("104.0", "101.0")
    assert row.why == "2.97% from 1d close of test spot USD, more than 2%"
    again = merge(found.tables, told, LATER + pd.Timedelta(days=1))
    assert again.touched == frozenset()
    assert len(again.tables["quarantine"]) == 1


def test_a_bar_that_its_own_market_changes_is_a_revision_listed_once() -> None:
    told = offered([100.0, 102.0], "test spot USD")
    found = merge(STORED, told, LATER)
    assert found.changes[0].revised == 1
    (row,) = found.tables["revisions"].itertuples()
    assert row.key == "BTC 2024-01-03 00:00:00+00:00"
    assert (row.stored, row.offered) == ("101.0 102.0 100.0 101.0", "102.0 103.0 101.0 102.0")
    assert found.tables["prices_1d"]["close"].tolist() == [100.0, 101.0]
    again = merge(found.tables, told, LATER)
    assert len(again.tables["revisions"]) == 1


def test_a_funding_rate_that_changes_is_a_revision() -> None:
    stored = {"funding": funding([0.0001, -0.0002]).assign(seen_at=SEEN)}
    found = merge(stored, {"funding": funding([0.0001, 0.0005])}, LATER)
    assert found.changes[0].revised == 1
    assert found.tables["funding"]["rate"].tolist() == [0.0001, -0.0002]


def test_rows_that_a_source_refused_are_quarantined() -> None:
    entry = dict.fromkeys(QUARANTINE[:-1], "x")
    rejected = pd.DataFrame([entry])
    found = merge(STORED, {}, LATER, rejected)
    assert found.touched == {"quarantine"}
    assert found.tables["quarantine"]["seen_at"].tolist() == [LATER]
    assert found.tables["prices_1d"] is STORED["prices_1d"]

from __future__ import annotations

import pandas as pd
import pytest

from backtests.report.sources import release_rule, remarkable, sources
from backtests.report.today import coming, regime
from data.catalogue import series
from data.status import market_status, series_status


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rrp", "same day, 13:15 + 15 min"),
        ("sofr", "next bond day, 08:00 + 5 min"),
        ("tga", "next government day, 16:00"),
        ("fed_assets", "next government day, 16:30 + 5 min"),
        ("ff_upper", "announced one day before, 14:00 + 5 min"),
        ("tga_target", "announced, dated; 15:00"),
        ("cayman_treasuries", "20th of the 2nd month after, or next open day, 16:00"),
        ("deficit_monthly", "8th open day of the next month, 14:00"),
        ("dollar_broad", "Monday after, or next open day, 16:15 + 15 min"),
    ],
)
def test_release_rules_in_words(name, expected) -> None:
    assert release_rule(series(name)) == expected


def test_series_that_a_claim_reads_come_first(study) -> None:
    found = sources(series_status(study.snapshot), {"tga"})
    assert found[0].status.series == "tga"
    assert [source.used for source in found] == [True] + [False] * (len(found) - 1)
    assert {source.status.series for source in found} == set(study.snapshot.observations.ids)


def test_markets_without_a_remark_are_left_out(study) -> None:
    markets = market_status(study.snapshot)
    listed = remarkable(markets)
    assert all(market.state != "fresh" or market.gaps for market in listed)
    assert set(listed) <= set(markets)


def test_next_releases_lie_ahead_and_come_in_order() -> None:
    now = pd.Timestamp("2026-08-07", tz="UTC")
    found = coming({"sofr", "rrp", "fed_assets"}, now)
    assert [item.series for item in found] == ["sofr", "rrp", "fed_assets"]
    assert found[0].known_at == pd.Timestamp("2026-08-07 12:05", tz="UTC")
    assert found[0].about == "2026-08-06"


def test_a_series_without_a_next_release_is_left_out() -> None:
    assert coming({"tga_target"}, pd.Timestamp("2027-01-01", tz="UTC")) == ()


def test_the_regime_has_a_name_a_reason_and_a_day(study) -> None:
    found = regime(study.panel)
    assert found is not None
    assert found.history.iloc[-1] == found.name
    assert found.reason
    assert found.since is None or found.since <= study.snapshot.as_of


def test_a_rule_of_the_users_own_has_no_tripwires_here(content) -> None:
    assert content.wires == ()

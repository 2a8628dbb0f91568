"""What only exchanges do: running bars, changed bars, delistings, clocks, holes, short memories."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from data.errors import BadConfig, Incomplete, Refused, UnknownName
from data.sources.base import Answer, Problem, collect
from data.sources.exchanges import Exchanges
from data.sources.funding import FundingRates, Perpetual
from data.sources.prices import Market, Prices
from data.sources.venues import VENUES, venue
from tests.sources.faults import Fault
from tests.sources.server import Scenario, Server
from tests.sources.trading import EXCHANGES, urls
from tests.sources.truth import NOW, SINCE, Bars, Truth
from tests.sources.world import MARKETS, client, scenario, table

SYMBOLS = {
    name: "BTC/USD" if name in ("coinbaseexchange", "bitstamp", "kraken") else "BTC/USDT"
    for name in EXCHANGES
}
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
FIRST = pd.Timestamp("2024-11-20", tz="UTC")

every_exchange = pytest.mark.parametrize("name", EXCHANGES)


def fetch(
    server: Server,
    scene: Scenario,
    name: str,
    timeframe: str = "1d",
    first: date | None = SINCE,
) -> Answer:
    market = Market("BTC", SYMBOLS[name], name, timeframe)  # type: ignore[arg-type]
    source = Prices(market, Exchanges(urls(server.open(scene))))
    with client(scene) as asking:
        return collect(source, first, asking)


def problems(answer: Answer, kind: str) -> list[Problem]:
    return [problem for problem in answer.problems if problem.kind == kind]


def opened(answer: Answer) -> list[pd.Timestamp]:
    return list(answer.rows["opened"])


@every_exchange
def test_the_running_bar_is_never_told(server: Server, name: str) -> None:
    answer = fetch(server, scenario(), name)
    assert opened(answer)[-1] == NOW.floor("D") - DAY


@every_exchange
@pytest.mark.parametrize(("minute", "final"), [(9, False), (10, True), (11, True)])
def test_a_bar_is_final_ten_minutes_after_its_close(
    server: Server, name: str, minute: int, final: bool
) -> None:
    scene = scenario(now=pd.Timestamp(f"2026-03-10 12:{minute:02}", tz="UTC"))
    answer = fetch(server, scene, name, "1h")
    last = pd.Timestamp("2026-03-10 11:00" if final else "2026-03-10 10:00", tz="UTC")
    assert opened(answer)[-1] == last


@every_exchange
def test_a_bar_changed_the_next_day_is_told_anew(server: Server, name: str) -> None:
    scene = scenario()
    before = table(fetch(server, scene, name).rows, "prices_1d")
    changed = NOW.floor("D") - DAY
    scene.truth.daily.changed[changed] = 60_123
    scene.clock.move_to(NOW + DAY)
    # The caller asks from the last bar it has; the source looks further back by itself.
    after = table(fetch(server, scene, name, first=changed.date()).rows, "prices_1d")
    assert before["BTC", changed][3] != 60_123
    assert after["BTC", changed][3] == 60_123


@every_exchange
def test_a_closed_market_is_told_up_to_its_last_bar_and_listed(server: Server, name: str) -> None:
    truth = Truth(active=False)
    truth.daily.closed_from = pd.Timestamp("2026-02-20", tz="UTC")
    answer = fetch(server, scenario(truth), name)
    assert opened(answer)[-1] == pd.Timestamp("2026-02-19", tz="UTC")
    (problem,) = problems(answer, "delisted")
    assert problem.last == pd.Timestamp("2026-02-19", tz="UTC")
    assert not problems(answer, "gap")


@every_exchange
def test_a_market_that_is_no_longer_listed_is_refused(server: Server, name: str) -> None:
    with pytest.raises(Refused, match=f"{SYMBOLS[name]} is not among its . markets: delisted"):
        fetch(server, scenario(Truth(listed=False)), name)


@every_exchange
@pytest.mark.parametrize("hours", [-30, 30])
def test_clocks_that_disagree_count_by_the_earlier_one(
    server: Server, name: str, hours: int
) -> None:
    scene = scenario()
    scene.ahead = pd.Timedelta(hours=hours)
    answer = fetch(server, scene, name)
    final = min(NOW, NOW + scene.ahead).floor("D") - DAY
    assert opened(answer)[-1] == final
    assert "the clock of" in problems(answer, "clock")[0].text
    true = MARKETS[name].truth(scene)
    assert table(answer.rows, "prices_1d").items() <= true.items()


@every_exchange
def test_a_hole_is_asked_for_again_and_listed(server: Server, name: str) -> None:
    missing = frozenset(pd.date_range("2026-02-11", "2026-02-13", tz="UTC"))
    scene = scenario(Truth(daily=Bars(FIRST, DAY, missing)))
    answer = fetch(server, scene, name)
    assert not missing & set(opened(answer))
    (gap,) = problems(answer, "gap")
    assert (gap.first, gap.last) == (min(missing), max(missing))
    assert "asked for 3 times" in gap.text


@every_exchange
def test_a_market_that_stops_without_being_closed_has_a_gap_at_its_end(
    server: Server, name: str
) -> None:
    truth = Truth()
    truth.daily.closed_from = pd.Timestamp("2026-03-05", tz="UTC")
    answer = fetch(server, scenario(truth), name)
    (gap,) = problems(answer, "gap")
    assert gap.first == pd.Timestamp("2026-03-05", tz="UTC")
    assert gap.last == pd.Timestamp("2026-03-09", tz="UTC")


@every_exchange
@pytest.mark.parametrize("first", [None, SINCE], ids=["all", "since"])
def test_hours_over_many_pages_are_complete(server: Server, name: str, first: date | None) -> None:
    truth = Truth(hourly=Bars(pd.Timestamp("2025-12-01", tz="UTC"), HOUR))
    scene = scenario(truth, NOW + pd.Timedelta(minutes=20))
    answer = fetch(server, scene, name, "1h", first)
    found = opened(answer)
    begin = pd.Timestamp("2025-12-01", tz="UTC") if first is None else pd.Timestamp(first, tz="UTC")
    begin -= pd.Timedelta(0) if first is None else pd.Timedelta(days=3)
    if VENUES[name].newest_only:
        begin = NOW.floor("h") - 719 * HOUR
        assert "keeps the newest 720 bars only" in problems(answer, "beyond_reach")[0].text
    assert found == list(pd.date_range(begin, NOW.floor("h") - HOUR, freq=HOUR))
    assert not problems(answer, "gap")


@every_exchange
def test_days_from_the_first_on_are_found_behind_empty_pages(server: Server, name: str) -> None:
    answer = fetch(server, scenario(), name, first=None)
    assert opened(answer)[0] == FIRST
    assert not problems(answer, "gap")


@every_exchange
@pytest.mark.parametrize("after", range(4))
def test_a_false_empty_page_hides_nothing(server: Server, name: str, after: int) -> None:
    scene = scenario(Truth(daily=Bars(pd.Timestamp("2022-06-01", tz="UTC"), DAY)))
    scene.fault = Fault("empty", 1, after)
    first = date(2022, 7, 1)
    answer = fetch(server, scene, name, first=first)
    begin = pd.Timestamp("2022-06-28", tz="UTC")
    if VENUES[name].newest_only:
        begin = NOW.floor("D") - 719 * DAY
    assert opened(answer) == list(pd.date_range(begin, NOW.floor("D") - DAY))
    assert not problems(answer, "gap")


def test_an_open_market_without_any_bar_is_an_error(server: Server) -> None:
    truth = Truth()
    truth.daily.closed_from = FIRST
    with pytest.raises(Incomplete, match="the market is open and there is no bar at all"):
        fetch(server, scenario(truth), "coinbaseexchange")


def test_bars_from_a_later_day_than_asked_are_a_gap(server: Server) -> None:
    scene = scenario(Truth(daily=Bars(pd.Timestamp("2026-02-20", tz="UTC"), DAY)))
    (gap,) = problems(fetch(server, scene, "binance"), "gap")
    assert gap.first == pd.Timestamp("2026-02-02", tz="UTC")
    assert gap.last == pd.Timestamp("2026-02-19", tz="UTC")


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (1, "0", "low = 0 is no price"),
        (4, "-5", "close = -5 is no price"),
        (2, "1", "high 1 lies below open or close"),
        (1, "99999999", "low 1e+08 lies above open or close"),
        (5, "-1", "volume = -1"),
    ],
)
def test_a_bar_that_cannot_be_right_is_quarantined(
    server: Server, field: int, value: str, why: str
) -> None:
    scene = scenario()
    bad = pd.Timestamp("2026-02-11", tz="UTC")
    row = scene.truth.daily.row(bad, NOW)
    told = [row[0] // 1000, row[3], row[2], row[1], row[4], row[5]]
    wrong = list(told)
    wrong[field] = float(value)
    scene.mangle = lambda path, text: text.replace(json.dumps(told), json.dumps(wrong))
    answer = fetch(server, scene, "coinbaseexchange")
    (problem,) = problems(answer, "quarantined")
    assert problem.first == bad
    assert why in problem.text
    assert bad not in opened(answer)
    assert not problems(answer, "gap")


def test_an_exchange_that_does_not_exist_has_near_names() -> None:
    source = Prices(Market("BTC", "BTC/USD", "krakn"))
    with client(scenario()) as asking, pytest.raises(UnknownName, match="did you mean kraken"):
        collect(source, SINCE, asking)


def test_a_market_is_checked_when_it_is_named() -> None:
    with pytest.raises(BadConfig, match="timeframe '5m' is not 1d or 1h"):
        Market("BTC", "BTC/USD", timeframe="5m")  # type: ignore[arg-type]
    with pytest.raises(BadConfig, match="'BTCUSD' is not like 'BTC/USD'"):
        Market("BTC", "BTCUSD")


def test_an_exchange_of_no_record_is_asked_carefully() -> None:
    unknown = venue("gemini")
    assert unknown == replace(unknown, page=100, rows=None, per_second=1.0)
    assert {name for name, known in VENUES.items() if known.from_us} == {
        "coinbaseexchange",
        "bitstamp",
        "kraken",
    }


def test_bars_of_an_exchange_of_no_record_are_read_by_name(server: Server) -> None:
    # binanceus speaks binance's protocol and is not in the table.
    scene = scenario()
    settings = {"binanceus": {"urls": {"api": {"public": f"{server.open(scene)}/binance/api/v3"}}}}
    market = Market("BTC", "BTC/USDT", "binanceus")
    with client(scene) as asking:
        answer = collect(Prices(market, Exchanges(settings)), SINCE, asking)
    assert table(answer.rows, "prices_1d").items() <= MARKETS["binance"].truth(scene).items()
    assert set(answer.rows["market"]) == {"binanceus spot USDT"}
    assert not problems(answer, "gap")


def test_the_market_column_names_venue_kind_and_quote(server: Server) -> None:
    answer = fetch(server, scenario(), "coinbaseexchange")
    assert set(answer.rows["market"]) == {"coinbase spot USD"}
    assert set(answer.rows["source"]) == {"ccxt:coinbaseexchange:BTC/USD"}


def test_funding_needs_a_perpetual(server: Server) -> None:
    scene = scenario()
    exchanges = Exchanges(urls(server.open(scene)))
    with client(scene) as asking, pytest.raises(Refused, match="kraken has no funding rates"):
        collect(FundingRates(Perpetual("BTC", "BTC/USD", "kraken"), exchanges), SINCE, asking)


def test_a_rate_that_is_missing_is_a_gap(server: Server) -> None:
    scene = scenario()
    lost = pd.Timestamp("2026-02-14 08:00", tz="UTC")
    told = scene.truth.funding.rates

    def without(now: pd.Timestamp) -> list[tuple[int, float]]:
        return [rate for rate in told(now) if rate[0] != int(lost.timestamp() * 1000) + 3]

    scene.truth.funding.rates = without
    perpetual = Perpetual("BTC", "BTC/USDT:USDT", "okx")
    with client(scene) as asking:
        answer = collect(
            FundingRates(perpetual, Exchanges(urls(server.open(scene)))), SINCE, asking
        )
    (gap,) = problems(answer, "gap")
    assert gap.first == lost - pd.Timedelta(hours=8)
    assert gap.last == lost + pd.Timedelta(hours=8)

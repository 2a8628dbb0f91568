"""Answers as they were really given, from ../shared/payloads, and the known numbers."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.sources.base import Answer, Source, collect
from data.sources.exchanges import Exchanges
from data.sources.fred_csv import FredCsv, parse
from data.sources.nyfed_operations import NyFedOperations
from data.sources.nyfed_rates import NyFedRates
from data.sources.operations import read_operations
from data.sources.prices import Market, Prices
from data.sources.treasury import DebtToThePenny, OperatingCash
from data.sources.web import Page, Request
from tests.conftest import ROOT
from tests.sources.server import Scenario, Server
from tests.sources.trading import urls
from tests.sources.truth import operation
from tests.sources.world import client, scenario


@pytest.fixture(scope="session")
def payloads() -> Path:
    path = ROOT.parent / "shared" / "payloads"
    if not path.is_dir():
        message = f"no payloads in {path}"
        if os.environ.get("PLUMBLINE_REQUIRE_REAL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


def tell(
    server: Server, text: str, now: str, make: Callable[[str], Source], first: str
) -> tuple[Answer, Scenario]:
    """Fetch a source that is told `text`, whatever it asks."""
    scene = scenario(now=pd.Timestamp(now, tz="UTC"))
    scene.mangle = lambda path, sound: text
    with client(scene) as asking:
        return collect(make(server.open(scene)), date.fromisoformat(first), asking), scene


def value(answer: Answer, series: str, day: str) -> float:
    rows = answer.rows[answer.rows["series"] == series]
    (found,) = rows.loc[rows["ref_date"] == pd.Timestamp(day), "value"]
    return float(found)


def as_page(text: str) -> Page:
    return Page(Request("test", "payload", "http://h"), text, framed=True)


def test_operations_of_the_new_york_fed(payloads: Path) -> None:
    told = read_operations(as_page((payloads / "nyfed_rp_results.reassembled.json").read_text()))
    assert [(one.day.isoformat(), one.kind, one.accepted) for one in told] == [
        ("2022-01-03", "reverse", 1_579_526_000_000),
        ("2022-01-04", "standing", 6_000_000),
        ("2023-01-04", "standing", 1_000_000),
        ("2024-09-30", "standing", 2_600_000_000),
        ("2025-11-24", "reverse", 1_077_000_000),
    ]
    september = told[3]
    assert september.by_collateral == {"treasury": 2_350_000_000, "agency": 0, "mbs": 250_000_000}
    assert september.session == "afternoon"
    assert (told[0].rate, told[4].rate, september.rate) == (0.05, 3.75, 5.007)


def test_sofr_as_answered_in_october_2026(server: Server, payloads: Path) -> None:
    name = "nyfed_rates_secured_sofr_search_rate_2026-10-09.excerpt.json"
    answer, _ = tell(
        server,
        (payloads / name).read_text(),
        "2026-10-09 14:00",
        lambda base: NyFedRates(f"{base}/nyfed"),
        "2026-09-04",
    )
    assert value(answer, "sofr", "2026-10-08") == 3.87
    assert value(answer, "sofr_p99", "2026-09-17") == 3.93
    sofr = answer.rows[answer.rows["series"] == "sofr"]
    assert len(sofr) == 36
    assert not [one for one in answer.problems if one.what == "sofr"]
    # Asked for rates only, the answer has no volume; and to whatever else is asked it is refused.
    refused = {one.what: one.text for one in answer.problems if one.kind == "error"}
    assert set(refused) == {"sofr_volume", "tgcr", "bgcr", "effr", "obfr"}
    assert "the field 'volumeInBillions'" in refused["sofr_volume"]
    assert "rows of type 'EFFR', not 'SOFR'" in refused["effr"]


def test_the_cash_balance_under_its_three_names(server: Server, payloads: Path) -> None:
    path = payloads / "fiscaldata_dts_operating_cash_balance.excerpt.csv"
    with path.open() as file:
        rows = [
            {name: text or "null" for name, text in row.items()} for row in csv.DictReader(file)
        ]
    text = json.dumps({"data": rows, "meta": {"total-count": len(rows), "count": len(rows)}})
    answer, _ = tell(
        server,
        text,
        "2025-09-03 21:00",
        lambda base: OperatingCash(f"{base}/fiscaldata"),
        "2016-01-04",
    )
    assert {day: value(answer, "tga", day) for day in DTS} == DTS


# Millions in the statement: close_today_bal until 2022-04-15, then open_today_bal.
DTS = {
    "2016-01-04": 332.106,
    "2021-09-30": 215.160,
    "2021-10-01": 132.452,
    "2022-04-15": 578.473,
    "2022-04-18": 841.253,
    "2025-09-02": 690.094,
}


def test_debt_to_the_penny(server: Server, payloads: Path) -> None:
    told = json.loads((payloads / "fiscaldata_debt_to_penny_2026-05-12.json").read_text())
    told["meta"]["total-count"] = 2
    for row in told["data"]:
        row["debt_held_public_amt"] = "31300000000000.00"
    answer, _ = tell(
        server,
        json.dumps(told),
        "2026-05-13 21:00",
        lambda base: DebtToThePenny(f"{base}/fiscaldata"),
        "2026-05-11",
    )
    assert value(answer, "debt_total", "2026-05-12") == pytest.approx(38968.29505980535, abs=1e-9)
    assert value(answer, "debt_total", "2026-05-11") == pytest.approx(38946.80056140914, abs=1e-9)


def test_both_headers_of_fred(server: Server, payloads: Path) -> None:
    lines = (payloads / "fredgraph_csv_format.txt").read_text().splitlines()
    new = lines.index("observation_date,RPONTTLD")
    old = lines.index("DATE,RRPONTSYD")
    assert parse(as_page("\n".join(lines[old : old + 3]) + "\n"), ["RRPONTSYD"])[0] == (
        pd.Timestamp("2003-02-07"),
        [2.5],
    )
    answer, _ = tell(
        server,
        "\n".join(lines[new : new + 4]) + "\n",
        "2026-04-07 14:00",
        lambda base: FredCsv(f"{base}/fred", ("srf",)),
        "2026-04-02",
    )
    assert list(answer.rows["value"]) == [0.0, 0.0]
    assert pd.Timestamp("2026-04-03") not in set(answer.rows["ref_date"])


@pytest.mark.parametrize(
    ("exchange", "symbol", "now"),
    [
        ("coinbaseexchange", "BTC/USD", "2024-03-13 12:30"),
        ("binance", "BTC/USDT", "2026-02-08 07:30"),
    ],
)
def test_candles_of_exchanges(
    server: Server, payloads: Path, exchange: str, symbol: str, now: str
) -> None:
    folder = payloads / "exchanges"
    if exchange == "binance":
        told = json.loads((folder / "binance.fetch_ohlcv_BTC_USDT.json").read_text())
        raw, parsed = told["http_response"], told["parsed_response"]
    else:
        told = json.loads((folder / "coinbaseexchange.json").read_text())
        example = told["methods"]["fetchOHLCV"][0]
        raw, parsed = example["httpResponse"], example["parsedResponse"]
    scene = scenario(now=pd.Timestamp(now, tz="UTC"))
    scene.mangle = lambda path, sound: (
        json.dumps(raw) if "candles" in path or "klines" in path else sound
    )
    market = Market("BTC", symbol, exchange, "1h")
    with client(scene) as asking:
        source = Prices(market, Exchanges(urls(server.open(scene))))
        answer = collect(source, pd.Timestamp(now).date(), asking)
    found = answer.rows[["open", "high", "low", "close", "volume"]].to_numpy().tolist()
    assert found == [row[1:] for row in parsed]
    assert list(answer.rows["opened"]) == [
        pd.Timestamp(row[0], unit="ms", tz="UTC") for row in parsed
    ]


def test_the_last_day_of_october_2025(server: Server) -> None:
    """29.40 against Treasuries and 20.95 against mortgage-backed securities: 50.35."""
    day = pd.Timestamp("2025-10-31")
    rows = [
        operation(day, "Repo", "08:30", {"Treasury": 9_300, "Mortgage-Backed": 11_050}, 1),
        operation(day, "Repo", "13:45", {"Treasury": 20_100, "Mortgage-Backed": 9_900}, 2),
        operation(day, "Reverse Repo", "13:15", {"Treasury": 51_802}, 25),
    ]
    answer, _ = tell(
        server,
        json.dumps({"repo": {"operations": rows}}),
        "2025-10-31 19:00",
        lambda base: NyFedOperations(f"{base}/nyfed"),
        "2025-10-31",
    )
    wanted = {"srf": 50.35, "srf_treasury": 29.40, "srf_mbs": 20.95, "srf_morning": 20.35}
    found = {name: value(answer, name, "2025-10-31") for name in wanted}
    assert found == pytest.approx(wanted)
    assert set(answer.details["operations"]["kind"]) == {"standing", "reverse"}

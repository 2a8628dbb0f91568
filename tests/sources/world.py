"""Every source pointed at the local server, and what it must find there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from pydantic import SecretStr

from data.families import DOLLARS
from data.sources.alfred_csv import AlfredCsv
from data.sources.bar_checks import final_until
from data.sources.base import Source
from data.sources.cftc import CONTRACTS, LeveragedFunds
from data.sources.exchanges import Exchanges
from data.sources.fred_api import FredApi
from data.sources.fred_csv import FredCsv
from data.sources.funding import FundingRates, Perpetual
from data.sources.nyfed_operations import NyFedOperations
from data.sources.nyfed_rates import NyFedRates
from data.sources.prices import Market, Prices
from data.sources.retry import Patience
from data.sources.treasury import DebtToThePenny, OperatingCash
from data.sources.web import Client
from tests.sources.clock import VirtualClock
from tests.sources.server import Scenario
from tests.sources.trading import urls
from tests.sources.truth import NOW, SINCE, Truth, figures, operations, positions

CANARY = "canary-7f3a9c-key"
VINTAGED = ("fed_assets", "sofr")
PATIENCE = Patience(attempts=3, content_attempts=3, first_wait=1.0)

Table = dict[tuple[str, pd.Timestamp], tuple[float, ...]]


@dataclass(frozen=True)
class Case:
    """A source, how to make it, and what is true."""

    make: Callable[[str], Source]
    truth: Callable[[Scenario], Table]
    since: date | None = SINCE


def client(scenario: Scenario, timeout: float = 10.0, patience: Patience = PATIENCE) -> Client:
    return Client(clock=scenario.clock, patience=patience, timeout=timeout)


def scenario(truth: Truth | None = None, now: pd.Timestamp = NOW) -> Scenario:
    return Scenario(truth or Truth(), VirtualClock(now))


def table(rows: pd.DataFrame, kind: str) -> Table:
    """An answer's rows by key; the vintage's instant is part of a figure that proves it."""
    records: list[dict[Any, Any]] = rows.to_dict(orient="records")
    if kind == "observations":
        return {(_stamped(row), row["ref_date"]): (round(row["value"], 9),) for row in records}
    if kind == "funding":
        return {(row["perpetual"], row["ts"]): (row["rate"],) for row in records}
    return {
        (row["symbol"], row["opened"]): tuple(
            row[name] for name in ("open", "high", "low", "close", "volume")
        )
        for row in records
    }


def _stamped(row: dict[Any, Any]) -> str:
    at = row["known_at"]
    return str(row["series"]) if pd.isna(at) else f"{row['series']} known {at:%Y-%m-%d %H:%M}"


def since(found: Table, first: date) -> Table:
    """What is about `first` or later."""
    start = pd.Timestamp(first)
    return {
        key: value
        for key, value in found.items()
        if (key[1].tz_localize(None) if key[1].tzinfo else key[1]) >= start
    }


def _series(*names: str) -> Callable[[Scenario], Table]:
    def told(scene: Scenario) -> Table:
        return {
            (name, pd.Timestamp(day)): (value,)
            for name in names
            for day, value in figures(name, scene.clock.now(), scene.truth.beginning).items()
        }

    return told


_SESSIONS = {
    "srf_morning": pd.Timestamp(2024, 12, 30),
    "srf_afternoon": pd.Timestamp(2021, 7, 29),
}


def _operations(scene: Scenario) -> Table:
    found: dict[tuple[str, pd.Timestamp], float] = {}
    last_close: dict[pd.Timestamp, str] = {}
    for row in operations(scene.clock.now(), scene.truth.beginning):
        if row["note"] or row["term"] == "Term":
            continue
        day, close = pd.Timestamp(str(row["operationDate"])), str(row["closeTime"])
        total = float(str(row["totalAmtAccepted"])) * DOLLARS
        if row["operationType"] == "Reverse Repo":
            if close >= last_close.get(day, ""):
                last_close[day] = close
                found["rrp", day], found["rrp_rate", day] = total, 3.5
            continue
        details = row["details"]
        assert isinstance(details, list)
        parts = {part["securityType"]: part["amtAccepted"] * DOLLARS for part in details}
        morning = total if close < "12:00" else 0.0
        for name, amount in (
            ("srf", total),
            ("srf_morning", morning),
            ("srf_afternoon", total - morning),
            ("srf_treasury", parts.get("Treasury", 0.0)),
            ("srf_mbs", parts.get("Mortgage-Backed", 0.0)),
        ):
            if day >= _SESSIONS.get(name, day):
                found[name, day] = found.get((name, day), 0.0) + amount
    return {key: (round(value, 9),) for key, value in found.items()}


def _positions(scene: Scenario) -> Table:
    found: dict[tuple[str, pd.Timestamp], float] = {}
    for row in positions(scene.clock.now(), scene.truth.beginning):
        day = pd.Timestamp(row["report_date_as_yyyy_mm_dd"])
        face = CONTRACTS[row["cftc_contract_market_code"]].face
        for side in ("long", "short"):
            dollars = int(row[f"lev_money_positions_{side}"]) * face * DOLLARS
            key = (f"leveraged_{side}", day)
            found[key] = found.get(key, 0.0) + dollars
    return {key: (round(value, 9),) for key, value in found.items()}


def _prints(scene: Scenario) -> Table:
    """First prints and revisions, with the instant each was public."""
    found: Table = {}
    for name in VINTAGED:
        clock = "16:35" if name == "fed_assets" else "08:05"
        before: dict[date, float] = {}
        for vintage in scene.truth.vintage_days(name):
            stood = scene.truth.vintage(name, vintage)
            at = pd.Timestamp(f"{vintage} {clock}", tz="America/New_York").tz_convert("UTC")
            for ref, value in stood.items():
                if before.get(ref) != value and vintage >= SINCE:
                    stamp = f"{name} known {at:%Y-%m-%d %H:%M}"
                    found[stamp, pd.Timestamp(ref)] = (value,)
            before = stood
    return found


def _bars(timeframe: str) -> Callable[[Scenario], Table]:
    def told(scene: Scenario) -> Table:
        bars = scene.truth.bars(timeframe)
        end = final_until(bars.step, scene.clock.now(), scene.now)
        rows = bars.between(bars.first, end - bars.step, scene.clock.now())
        return {
            ("BTC", pd.Timestamp(ms, unit="ms", tz="UTC")): tuple(float(x) for x in row)
            for ms, *row in rows
        }

    return told


def _funding(venue: str) -> Callable[[Scenario], Table]:
    def told(scene: Scenario) -> Table:
        return {
            (f"BTC {venue}", pd.Timestamp(at, unit="ms", tz="UTC").floor("min")): (rate,)
            for at, rate in scene.truth.funding.rates(scene.clock.now())
        }

    return told


def _prices(exchange: str, symbol: str, timeframe: str = "1d") -> Case:
    market = Market("BTC", symbol, exchange, timeframe)  # type: ignore[arg-type]
    return Case(lambda base: Prices(market, Exchanges(urls(base))), _bars(timeframe))


def _rates(exchange: str, venue: str) -> Case:
    perpetual = Perpetual("BTC", "BTC/USDT:USDT", exchange)
    return Case(lambda base: FundingRates(perpetual, Exchanges(urls(base))), _funding(venue))


RATES = (
    *("sofr", "sofr_p1", "sofr_p25", "sofr_p75", "sofr_p99", "sofr_volume"),
    *("tgcr", "bgcr", "effr", "obfr"),
)
FIGURES: dict[str, Case] = {
    "nyfed_operations": Case(lambda base: NyFedOperations(f"{base}/nyfed"), _operations),
    "nyfed_rates": Case(lambda base: NyFedRates(f"{base}/nyfed"), _series(*RATES)),
    "treasury_cash": Case(
        lambda base: OperatingCash(f"{base}/fiscaldata", page_size=60), _series("tga")
    ),
    "treasury_debt": Case(
        lambda base: DebtToThePenny(f"{base}/fiscaldata", page_size=20),
        _series("debt_total", "debt_public"),
    ),
    "fred_csv": Case(
        lambda base: FredCsv(f"{base}/fred", ("fed_assets", "sofr", "rrp")),
        _series("fed_assets", "sofr", "rrp"),
    ),
    "cftc": Case(lambda base: LeveragedFunds(f"{base}/cftc", page_size=40), _positions),
    "alfred_csv": Case(lambda base: AlfredCsv(f"{base}/alfred", VINTAGED), _prints),
    "fred_api": Case(
        lambda base: FredApi(SecretStr(CANARY), f"{base}/fred_api", VINTAGED), _prints
    ),
}
MARKETS: dict[str, Case] = {
    "coinbaseexchange": _prices("coinbaseexchange", "BTC/USD"),
    "bitstamp": _prices("bitstamp", "BTC/USD"),
    "kraken": _prices("kraken", "BTC/USD"),
    "binance": _prices("binance", "BTC/USDT"),
    "okx": _prices("okx", "BTC/USDT"),
    "bybit": _prices("bybit", "BTC/USDT"),
}
PERPETUALS: dict[str, Case] = {
    "binanceusdm funding": _rates("binanceusdm", "binance usdm"),
    "okx funding": _rates("okx", "okx perp"),
    "bybit funding": _rates("bybit", "bybit perp"),
}
CASES: dict[str, Case] = {**FIGURES, **MARKETS, **PERPETUALS}

"""The exchanges' protocols, as the installed ccxt speaks them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from tests.sources.faults import Listing
from tests.sources.server import Route, Scenario

Params = Mapping[str, str]
FAR = pd.Timestamp("2100-01-01", tz="UTC")


def _instant(value: float) -> pd.Timestamp:
    return pd.Timestamp(value, unit="ms", tz="UTC")


def _markets(scenario: Scenario, rows: list[Any], build: Callable[[list[Any]], str]) -> Listing:
    return Listing(rows if scenario.truth.listed else [], build, exposed=False)


def _text(row: tuple[float, ...]) -> list[str]:
    return [str(number) for number in row]


def coinbaseexchange(scenario: Scenario, path: str, params: Params) -> Listing | None:
    if path == "products":
        status = "online" if scenario.truth.active else "delisted"
        rows = [
            {
                "id": market,
                "base_currency": market[:3],
                "quote_currency": "USD",
                "quote_increment": "0.01",
                "base_increment": "0.00000001",
                "status": status if market == "BTC-USD" else "online",
            }
            for market in (["BTC-USD"] if scenario.truth.listed else []) + ["ETH-USD"]
        ]
        return Listing(rows, json.dumps, exposed=False)
    if path != "products/BTC-USD/candles":
        return None
    bars = scenario.truth.bars(params["granularity"])
    start, end = pd.Timestamp(params["start"]), pd.Timestamp(params["end"])
    rows = bars.between(start, end, scenario.now)[-300:]
    told = [[ms // 1000, low, high, o, c, v] for ms, o, high, low, c, v in reversed(rows)]
    return Listing(told, json.dumps)


def bitstamp(scenario: Scenario, path: str, params: Params) -> Listing | None:
    if path == "api/v2/markets/":
        names = ["btc", "eth"] if scenario.truth.listed else ["eth"]
        rows = [
            {
                "name": f"{name.upper()}/USD",
                "market_symbol": f"{name}usd",
                "base_currency": name.upper(),
                "base_decimals": 8,
                "counter_currency": "USD",
                "counter_decimals": 0,
                "trading": "Enabled" if scenario.truth.active or name == "eth" else "Disabled",
                "market_type": "SPOT",
            }
            for name in names
        ]
        return Listing(rows, json.dumps, exposed=False)
    if path != "api/v2/ohlc/btcusd/":
        return None
    start, end = _instant(int(params["start"]) * 1000), _instant(int(params["end"]) * 1000)
    rows = scenario.truth.bars(params["step"]).between(start, end, scenario.now)
    told = [
        {
            "timestamp": str(ms // 1000),
            "open": str(o),
            "high": str(high),
            "low": str(low),
            "close": str(c),
            "volume": str(v),
        }
        for ms, o, high, low, c, v in rows[: int(params["limit"])]
    ]
    return Listing(told, lambda found: json.dumps({"data": {"pair": "BTC/USD", "ohlc": found}}))


def kraken(scenario: Scenario, path: str, params: Params) -> Listing | None:
    if path == "0/public/AssetPairs":
        names = ["XXBT", "XETH"] if scenario.truth.listed else ["XETH"]
        pairs = {
            f"{name}ZUSD": {
                "altname": f"{name[1:]}USD",
                "wsname": f"{name[1:]}/USD",
                "base": name,
                "quote": "ZUSD",
                "pair_decimals": 1,
                "lot_decimals": 8,
                "status": "online" if scenario.truth.active or name == "XETH" else "cancel_only",
            }
            for name in names
        }
        return Listing(
            [pairs], lambda found: json.dumps({"error": [], "result": found[0]}), exposed=False
        )
    if path != "0/public/OHLC":
        return None
    bars = scenario.truth.bars(params["interval"])
    rows = bars.between(bars.first, FAR, scenario.now)[-720:]
    told = [[row[0] // 1000, *_text(row[1:5]), "0", str(row[5]), 9] for row in rows]
    since = int(params.get("since", "0"))
    told = [row for row in told if int(row[0]) > since]
    return Listing(
        told,
        lambda found: json.dumps({"error": [], "result": {"XXBTZUSD": found, "last": "1"}}),
    )


def binance(scenario: Scenario, path: str, params: Params) -> Listing | None:
    status = "TRADING" if scenario.truth.active else "BREAK"
    if path.endswith("exchangeInfo"):
        perpetual = path.startswith("fapi")
        names = ["BTC", "ETH"] if scenario.truth.listed else ["ETH"]
        rows = [
            {
                "symbol": f"{name}USDT",
                "status": status if name == "BTC" else "TRADING",
                "baseAsset": name,
                "quoteAsset": "USDT",
                "filters": [],
            }
            | (
                {"contractType": "PERPETUAL", "deliveryDate": 4133404800000, "marginAsset": "USDT"}
                if perpetual
                else {"isSpotTradingAllowed": True, "permissions": ["SPOT"]}
            )
            for name in names
        ]
        return Listing(
            rows, lambda found: json.dumps({"timezone": "UTC", "symbols": found}), exposed=False
        )
    if path == "api/v3/klines":
        start = _instant(int(params["startTime"]))
        bars = scenario.truth.bars(params["interval"])
        rows = bars.between(start, FAR, scenario.now, int(params["limit"]))
        told = [[row[0], *_text(row[1:]), row[0] + 1, "0", 9, "0", "0", "0"] for row in rows]
        return Listing(told, json.dumps)
    if path == "fapi/v1/fundingRate":
        since = int(params["startTime"])
        rates = [rate for rate in scenario.truth.funding.rates(scenario.now) if rate[0] >= since]
        charged = [
            {"symbol": "BTCUSDT", "fundingRate": f"{rate:.8f}", "fundingTime": at}
            for at, rate in rates[: int(params["limit"])]
        ]
        return Listing(charged, json.dumps)
    return None


def okx(scenario: Scenario, path: str, params: Params) -> Listing | None:
    def envelope(found: list[Any]) -> str:
        return json.dumps({"code": "0", "msg": "", "data": found})

    if path == "api/v5/public/instruments":
        kind = params["instType"]
        names = ["BTC", "ETH"] if scenario.truth.listed else ["ETH"]
        rows = [
            {
                "instId": f"{name}-USDT" if kind == "SPOT" else f"{name}-USDT-SWAP",
                "instType": kind,
                "baseCcy": name if kind == "SPOT" else "",
                "quoteCcy": "USDT" if kind == "SPOT" else "",
                "settleCcy": "" if kind == "SPOT" else "USDT",
                "uly": "" if kind == "SPOT" else f"{name}-USDT",
                "ctType": "" if kind == "SPOT" else "linear",
                "ctVal": "" if kind == "SPOT" else "0.01",
                "lotSz": "0.01",
                "tickSz": "0.1",
                "minSz": "0.01",
                "state": "live" if scenario.truth.active or name == "ETH" else "suspend",
            }
            for name in names
        ]
        return Listing(rows, envelope, exposed=False)
    if path in ("api/v5/market/candles", "api/v5/market/history-candles"):
        newer, older = int(params["before"]), int(params["after"])
        bars = scenario.truth.bars(params["bar"])
        rows = bars.between(_instant(newer + 1), _instant(older - 1), scenario.now)
        told = [[*_text(row), "0", "0", "1"] for row in reversed(rows[-int(params["limit"]) :])]
        return Listing(told, envelope)
    if path == "api/v5/public/funding-rate-history":
        older = int(params.get("after", 10**15))
        rates = [rate for rate in scenario.truth.funding.rates(scenario.now) if rate[0] < older]
        charged = [
            {
                "instType": "SWAP",
                "instId": "BTC-USDT-SWAP",
                "fundingRate": "0.5",
                "realizedRate": f"{rate:.8f}",
                "fundingTime": str(at),
            }
            for at, rate in reversed(rates[-int(params.get("limit", 100)) :])
        ]
        return Listing(charged, envelope)
    return None


def bybit(scenario: Scenario, path: str, params: Params) -> Listing | None:
    def envelope(found: list[Any]) -> str:
        result = {"category": params.get("category"), "symbol": "BTCUSDT", "list": found}
        return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}})

    if path == "v5/market/instruments-info":
        names = ["BTC", "ETH"] if scenario.truth.listed else ["ETH"]
        rows = [
            {
                "symbol": f"{name}USDT",
                "contractType": "LinearPerpetual",
                "baseCoin": name,
                "quoteCoin": "USDT",
                "settleCoin": "USDT",
                "status": "Trading" if scenario.truth.active or name == "ETH" else "Closed",
                "deliveryTime": "0",
                "fundingInterval": 480,
                "lotSizeFilter": {"basePrecision": "0.000001", "qtyStep": "0.001"},
                "priceFilter": {"tickSize": "0.01"},
            }
            for name in names
        ]
        if params.get("status") == "PreLaunch":
            rows = []
        return Listing(rows, envelope, exposed=False)
    limit = int(params["limit"])
    if path == "v5/market/kline":
        start, end = _instant(int(params["start"])), _instant(int(params["end"]))
        bars = scenario.truth.bars(params["interval"])
        rows = bars.between(start, end, scenario.now)[-limit:]
        return Listing([[*_text(row), "0"] for row in reversed(rows)], envelope)
    if path == "v5/market/funding/history":
        until = int(params["endTime"])
        rates = [rate for rate in scenario.truth.funding.rates(scenario.now) if rate[0] <= until]
        told = [
            {"symbol": "BTCUSDT", "fundingRate": f"{rate:.8f}", "fundingRateTimestamp": str(at)}
            for at, rate in reversed(rates[-limit:])
        ]
        return Listing(told, envelope)
    return None


EXCHANGES: dict[str, Route] = {
    "coinbaseexchange": coinbaseexchange,
    "bitstamp": bitstamp,
    "kraken": kraken,
    "binance": binance,
    "okx": okx,
    "bybit": bybit,
}


def urls(base: str) -> dict[str, dict[str, Any]]:
    """ccxt settings that point every exchange at the server."""
    fapi = dict.fromkeys(("fapiPublic", "fapiPrivate"), f"{base}/binance/fapi/v1")
    return {
        "coinbaseexchange": {"urls": {"api": {"public": f"{base}/coinbaseexchange"}}},
        "bitstamp": {"urls": {"api": {"public": f"{base}/bitstamp/api"}}},
        "kraken": {"urls": {"api": {"public": f"{base}/kraken"}}},
        "binance": {"urls": {"api": {"public": f"{base}/binance/api/v3"}}},
        "binanceusdm": {"urls": {"api": fapi}},
        "okx": {"urls": {"api": {"rest": f"{base}/okx"}}},
        "bybit": {"urls": {"api": {"public": f"{base}/bybit"}}},
    }

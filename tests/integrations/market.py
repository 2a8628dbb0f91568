"""Binance's public spot endpoints over a world's daily bars, as freqtrade asks for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.bars import Bars
from tests.sources.faults import Listing
from tests.sources.server import Scenario

DAY = pd.Timedelta(days=1)
AMOUNT_STEP, PRICE_STEP = "0.00000001", "0.00000001"


@dataclass(frozen=True)
class Spot:
    """Bars by pair; between two midnights the market stands at the day's open."""

    bars: Bars
    assets: tuple[str, ...]

    def price(self, asset: str, now: pd.Timestamp) -> float:
        day = now.floor("D").as_unit("us") + DAY
        return float(self.bars.open[asset].loc[day])

    def candles(self, asset: str, now: pd.Timestamp) -> list[list[Any]]:
        """Closed bars and the running one, which has seen its open only."""
        frames = {
            name: getattr(self.bars, name)[asset] for name in ("open", "high", "low", "close")
        }
        table = pd.DataFrame(frames).loc[: now.floor("D") + DAY].dropna()
        rows = []
        for closed, row in table.iterrows():
            assert isinstance(closed, pd.Timestamp)
            values = row.tolist() if closed <= now else [row["open"]] * 4
            opened = int((closed - DAY).timestamp() * 1000)
            rows.append(
                [opened, *map(repr, values), "1000", opened + 86_399_999, "0", 9, "0", "0", "0"]
            )
        return rows


def spot(scenario: Scenario, path: str, params: Mapping[str, str]) -> Listing | None:
    market, now = scenario.truth, scenario.now
    assert isinstance(market, Spot)
    path = path.removeprefix("api/v3/")
    symbols = {f"{asset}USDT": asset for asset in market.assets}
    if path == "ping":
        return Listing([], lambda rows: "{}")
    if path == "time":
        return Listing([], lambda rows: json.dumps({"serverTime": int(now.timestamp() * 1000)}))
    if path == "exchangeInfo":
        listed = [_listed(symbol, asset) for symbol, asset in symbols.items()]
        return Listing(listed, lambda rows: json.dumps({"timezone": "UTC", "symbols": rows}))
    asked = [params["symbol"]] if "symbol" in params else list(symbols)
    if any(symbol not in symbols for symbol in asked):
        return None
    prices = {symbol: repr(market.price(symbols[symbol], now)) for symbol in asked}
    if path == "klines":
        begin, end = int(params.get("startTime", "0")), int(params.get("endTime", 10**15))
        rows = [row for row in market.candles(symbols[asked[0]], now) if begin <= row[0] <= end]
        limit = int(params.get("limit", "500"))
        return Listing(rows[:limit] if "startTime" in params else rows[-limit:], json.dumps)
    if path == "depth":
        level = [[prices[asked[0]], "1000000"]]
        return Listing(
            level, lambda rows: json.dumps({"lastUpdateId": 1, "bids": rows, "asks": rows})
        )
    if path in ("ticker/24hr", "ticker/bookTicker", "ticker/price"):
        told = [_ticker(symbol, price, now) for symbol, price in prices.items()]
        return Listing(told, lambda rows: json.dumps(rows[0] if "symbol" in params else rows))
    return None


def _listed(symbol: str, asset: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": asset,
        "quoteAsset": "USDT",
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "orderTypes": ["LIMIT", "MARKET"],
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": PRICE_STEP,
                "maxPrice": "10000000",
                "tickSize": PRICE_STEP,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": AMOUNT_STEP,
                "maxQty": "100000000",
                "stepSize": AMOUNT_STEP,
            },
            {"filterType": "NOTIONAL", "minNotional": "5"},
        ],
    }


def _ticker(symbol: str, price: str, now: pd.Timestamp) -> dict[str, Any]:
    last = dict.fromkeys(("price", "lastPrice", "bidPrice", "askPrice", "openPrice"), price)
    return {
        "symbol": symbol,
        **last,
        "bidQty": "1000000",
        "askQty": "1000000",
        "volume": "1000",
        "quoteVolume": "100000000",
        "closeTime": int(now.timestamp() * 1000),
    }

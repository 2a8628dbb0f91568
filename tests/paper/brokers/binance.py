"""Binance's spot protocol, as its testnet speaks it."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd

from tests.paper.brokers.server import Answer, Request
from tests.paper.brokers.venue import KEY, SECRET, Placed, Refusal, Venue

PUBLIC = frozenset({"time", "exchangeInfo", "ticker/24hr"})
ERRORS = {
    "insufficient funds": (-2010, "Account has insufficient balance for requested action."),
    "duplicate": (-2010, "Duplicate order sent."),
    "closed": (-1013, "Market is closed."),
    "lot size": (-1013, "Filter failure: LOT_SIZE"),
    "least cost": (-1013, "Filter failure: NOTIONAL"),
    "reject": (-2010, "Order would immediately trigger."),
    "no such order": (-2013, "Order does not exist."),
    "no such symbol": (-1121, "Invalid symbol."),
}
STATUS = {
    "new": "NEW",
    "partial": "PARTIALLY_FILLED",
    "filled": "FILLED",
    "canceled": "EXPIRED",
    "rejected": "REJECTED",
}


def _ms(instant: pd.Timestamp) -> int:
    return int(instant.timestamp() * 1000)


def _eight(amount: Decimal) -> str:
    return f"{amount:.8f}"


class Binance:
    def kind(self, request: Request) -> str:
        path = self._path(request)
        if path == "order":
            return "order" if request.method == "POST" else "lookup"
        return {"myTrades": "trades"}.get(path, "read")

    def denied(self, request: Request) -> Answer | None:
        if self._path(request) in PUBLIC:
            return None
        if request.headers.get("X-MBX-APIKEY") != KEY:
            return self._error(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        signed, _, signature = self._said(request).rpartition("&signature=")
        expected = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if signature != expected:
            return self._error(-1022, "Signature for this request is not valid.")
        return None

    def expired(self, venue: Venue, request: Request) -> Answer | None:
        params = self._params(request)
        if self._path(request) in PUBLIC:
            return None
        now, sent = _ms(venue.now), int(params["timestamp"])
        if sent < now + 1000 and now - sent <= int(params.get("recvWindow", 5000)):
            return None
        return self._error(-1021, "Timestamp for this request is outside of the recvWindow.")

    def refusal(self, refusal: Refusal) -> Answer:
        return self._error(*ERRORS[str(refusal)])

    def maintenance(self) -> Answer:
        return Answer(503, {"code": 1, "msg": "System is under maintenance."})

    def answer(self, venue: Venue, request: Request, fate: str) -> Answer:
        path, params = self._path(request), self._params(request)
        if path == "time":
            return Answer(200, {"serverTime": _ms(venue.now)})
        if path == "exchangeInfo":
            return Answer(200, {"timezone": "UTC", "symbols": self._markets(venue)})
        if path == "account":
            return Answer(200, {"accountType": "SPOT", "balances": self._balances(venue)})
        if path == "openOrders" and "symbol" not in params:
            asset = None
        else:
            asset = self._asset(venue, params)
        if path == "ticker/24hr":
            return Answer(200, self._ticker(venue, str(asset)))
        if path == "order" and request.method == "POST":
            amount = Decimal(params["quantity"])
            order = venue.accept(
                params["newClientOrderId"], str(asset), params["side"].lower(), amount, fate
            )
            return Answer(200, self._order(venue, order, with_fills=True))
        if path == "order":
            return Answer(200, self._order(venue, self._found(venue, params, str(asset))))
        orders = [one for one in venue.orders if asset in (None, one.asset)]
        if path == "myTrades":
            number = int(params["orderId"])
            trades = [
                trade
                for one in orders
                if one.number == number
                for trade in self._trades(venue, one)
            ]
            return Answer(200, trades)
        if path == "openOrders":
            return Answer(200, [self._order(venue, one) for one in orders if one.is_open])
        if path == "allOrders":
            first, limit = (
                int(params.get("startTime", 0)),
                min(int(params.get("limit", 500)), venue.page),
            )
            told = [self._order(venue, one) for one in orders if _ms(one.at) >= first]
            return Answer(200, told[:limit])
        return Answer(404, None, "not found")

    def _path(self, request: Request) -> str:
        return request.path.removeprefix("api/v3/")

    def _said(self, request: Request) -> str:
        return request.body if request.method == "POST" else request.query

    def _params(self, request: Request) -> dict[str, str]:
        return dict(parse_qsl(self._said(request)))

    def _error(self, code: int, message: str, status: int = 400) -> Answer:
        return Answer(status, {"code": code, "msg": message})

    def _asset(self, venue: Venue, params: dict[str, str]) -> str:
        asset = params["symbol"].removesuffix(venue.quote)
        if asset not in venue.lots:
            raise Refusal("no such symbol")
        return asset

    def _found(self, venue: Venue, params: dict[str, str], asset: str) -> Placed:
        found = venue.named(params["origClientOrderId"], asset)
        if found is None:
            raise Refusal("no such order")
        return found

    def _markets(self, venue: Venue) -> list[dict[str, Any]]:
        return [
            {
                "symbol": f"{asset}{venue.quote}",
                "status": "BREAK" if asset in venue.closed else "TRADING",
                "baseAsset": asset,
                "baseAssetPrecision": 8,
                "quoteAsset": venue.quote,
                "quotePrecision": 8,
                "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
                "isSpotTradingAllowed": True,
                "permissions": ["SPOT"],
                "filters": [
                    {
                        "filterType": "PRICE_FILTER",
                        "minPrice": _eight(lot.tick),
                        "maxPrice": "1000000.00000000",
                        "tickSize": _eight(lot.tick),
                    },
                    {
                        "filterType": "LOT_SIZE",
                        "minQty": _eight(lot.least),
                        "maxQty": "9000.00000000",
                        "stepSize": _eight(lot.step),
                    },
                    {
                        "filterType": "MARKET_LOT_SIZE",
                        "minQty": "0.00000000",
                        "maxQty": "107.00000000",
                        "stepSize": "0.00000000",
                    },
                    {
                        "filterType": "NOTIONAL",
                        "minNotional": _eight(lot.least_cost),
                        "applyMinToMarket": True,
                        "avgPriceMins": 5,
                    },
                ],
            }
            for asset, lot in venue.lots.items()
        ]

    def _balances(self, venue: Venue) -> list[dict[str, str]]:
        return [
            {"asset": currency, "free": _eight(held), "locked": "0.00000000"}
            for currency, held in venue.balances.items()
        ]

    def _ticker(self, venue: Venue, asset: str) -> dict[str, Any]:
        price = _eight(venue.prices[asset])
        names = ("lastPrice", "bidPrice", "askPrice", "openPrice", "highPrice", "lowPrice")
        return {
            "symbol": f"{asset}{venue.quote}",
            **dict.fromkeys(names, price),
            "volume": "1.00000000",
            "quoteVolume": price,
            "openTime": _ms(venue.now) - 86_400_000,
            "closeTime": _ms(venue.now),
        }

    def _order(self, venue: Venue, order: Placed, with_fills: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = {
            "symbol": f"{order.asset}{venue.quote}",
            "orderId": order.number,
            "orderListId": -1,
            "clientOrderId": order.name,
            "price": "0.00000000",
            "origQty": _eight(order.amount),
            "executedQty": _eight(order.filled),
            "cummulativeQuoteQty": _eight(order.cost),
            "status": STATUS[order.status],
            "timeInForce": "GTC",
            "type": "MARKET",
            "side": order.side.upper(),
        }
        if with_fills:
            trades = self._trades(venue, order)
            fills = [{**trade, "tradeId": trade["id"]} for trade in trades]
            return told | {"transactTime": _ms(order.at), "fills": fills}
        return told | {"time": _ms(order.at), "updateTime": _ms(order.at), "isWorking": True}

    def _trades(self, venue: Venue, order: Placed) -> list[dict[str, Any]]:
        return [
            {
                "symbol": f"{order.asset}{venue.quote}",
                "id": fill.number,
                "orderId": order.number,
                "price": _eight(fill.price),
                "qty": _eight(fill.amount),
                "quoteQty": _eight(fill.price * fill.amount),
                "commission": _eight(fill.fee),
                "commissionAsset": fill.fee_currency,
                "time": _ms(fill.at),
                "isBuyer": order.side == "buy",
                "isMaker": False,
                "isBestMatch": True,
            }
            for fill in order.fills
        ]


def config(base: str) -> dict[str, Any]:
    """ccxt settings that point Binance's testnet at the server."""
    api = f"{base}/api/v3"
    return {"urls": {"test": {"public": api, "private": api}}, "enableRateLimit": False}

"""Alpaca's protocol, as its paper accounts speak it: orders fill after the answer, fees show in
the balances only, and names of orders are taken for good."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.paper.brokers.server import Answer, Request
from tests.paper.brokers.venue import KEY, SECRET, Placed, Refusal, Venue

ERRORS = {
    "insufficient funds": (403, 40310000, "insufficient balance for USD (available: 0)"),
    "duplicate": (422, 40010001, "client_order_id must be unique"),
    "closed": (422, 42210000, "asset BTC/USD is not tradable"),
    "lot size": (422, 42210000, "qty increment is too small"),
    "least cost": (403, 40310000, "cost basis must be >= minimal amount of order 10"),
    "reject": (422, 42210000, "order rejected"),
    "no such order": (404, 40410000, "order not found for client_order_id"),
    "no such symbol": (422, 42210000, "asset not found"),
}
STATUS = {
    "new": "pending_new",
    "partial": "partially_filled",
    "filled": "filled",
    "canceled": "canceled",
    "rejected": "rejected",
}


def _iso(instant: pd.Timestamp) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Alpaca:
    def kind(self, request: Request) -> str:
        if request.path == "v2/orders" and request.method == "POST":
            return "order"
        if request.path.startswith("v2/orders:by_client_order_id"):
            return "lookup"
        return "trades" if request.path.startswith("v2/account/activities") else "read"

    def denied(self, request: Request) -> Answer | None:
        if request.path.startswith("v1beta3"):
            return None
        headers = {name.upper(): value for name, value in request.headers.items()}
        if (headers.get("APCA-API-KEY-ID"), headers.get("APCA-API-SECRET-KEY")) == (KEY, SECRET):
            return None
        return Answer(403, {"message": "forbidden."})

    def expired(self, venue: Venue, request: Request) -> Answer | None:
        return None

    def refusal(self, refusal: Refusal) -> Answer:
        status, code, message = ERRORS[str(refusal)]
        return Answer(status, {"code": code, "message": message})

    def maintenance(self) -> Answer:
        return Answer(503, None, "<html><title>Service Unavailable</title></html>")

    def answer(self, venue: Venue, request: Request, fate: str) -> Answer:
        path, params = request.path, request.params
        if path == "v2/clock":
            return Answer(200, {"timestamp": _iso(venue.now), "is_open": True})
        if path == "v2/assets":
            return Answer(200, self._assets(venue))
        if path == "v2/account":
            return Answer(200, self._account(venue))
        if path == "v2/positions":
            return Answer(200, self._positions(venue))
        if path == "v1beta3/crypto/us/snapshots":
            return Answer(200, self._snapshots(venue, params["symbols"].split(",")))
        if path == "v2/orders" and request.method == "POST":
            told = json.loads(request.body)
            order = venue.accept(
                told["client_order_id"],
                self._asset(venue, told["symbol"]),
                told["side"],
                Decimal(told["qty"]),
                fate,
            )
            return Answer(200, self._order(venue, order))
        if path == "v2/orders:by_client_order_id":
            found = venue.named(params["client_order_id"])
            if found is None:
                raise Refusal("no such order")
            return Answer(200, self._order(venue, found))
        if path == "v2/orders":
            return Answer(200, self._orders(venue, params))
        if path == "v2/account/activities/FILL":
            after = pd.Timestamp(params["after"])
            size = int(params.get("page_size", 100))
            told = [
                one for one in self._fills(venue) if pd.Timestamp(one["transaction_time"]) > after
            ]
            return Answer(200, told[:size])
        return Answer(404, {"message": "endpoint not found."})

    def _asset(self, venue: Venue, symbol: str) -> str:
        asset = symbol.removesuffix(f"/{venue.quote}")
        if asset not in venue.lots:
            raise Refusal("no such symbol")
        return asset

    def _assets(self, venue: Venue) -> list[dict[str, Any]]:
        return [
            {
                "id": f"asset-{asset}",
                "class": "crypto",
                "exchange": "CRYPTO",
                "symbol": f"{asset}/{venue.quote}",
                "status": "inactive" if asset in venue.closed else "active",
                "tradable": asset not in venue.closed,
                "fractionable": True,
                "min_order_size": f"{lot.least:f}",
                "min_trade_increment": f"{lot.step:f}",
                "price_increment": f"{lot.tick:f}",
            }
            for asset, lot in venue.lots.items()
        ]

    def _worth(self, venue: Venue) -> Decimal:
        return sum(
            (
                held * venue.prices[name]
                for name, held in venue.balances.items()
                if name != venue.quote
            ),
            Decimal(0),
        )

    def _account(self, venue: Venue) -> dict[str, Any]:
        cash, worth = venue.balances[venue.quote], self._worth(venue)
        return {
            "id": "account-1",
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": venue.quote,
            "cash": f"{cash:f}",
            "equity": f"{cash + worth:f}",
            "position_market_value": f"{worth:f}",
        }

    def _positions(self, venue: Venue) -> list[dict[str, Any]]:
        return [
            {
                "asset_id": f"asset-{name}",
                "symbol": f"{name}{venue.quote}",
                "exchange": "CRYPTO",
                "asset_class": "crypto",
                "qty": f"{held:f}",
                "qty_available": f"{held:f}",
                "side": "long",
            }
            for name, held in venue.balances.items()
            if name != venue.quote and held
        ]

    def _snapshots(self, venue: Venue, symbols: list[str]) -> dict[str, Any]:
        told = {}
        for symbol in symbols:
            price = float(venue.prices[self._asset(venue, symbol)])
            bar = {"o": price, "h": price, "l": price, "c": price, "v": 1.0, "vw": price}
            told[symbol] = {
                "dailyBar": bar,
                "prevDailyBar": bar,
                "latestQuote": {"ap": price, "as": 1, "bp": price, "bs": 1, "t": _iso(venue.now)},
                "latestTrade": {"p": price, "s": 1, "t": _iso(venue.now), "i": 1, "tks": "B"},
            }
        return {"snapshots": told}

    def _orders(self, venue: Venue, params: dict[str, str]) -> list[dict[str, Any]]:
        status, after = params["status"], params.get("after")
        found = [
            one
            for one in venue.orders
            if params.get("symbols") in (None, f"{one.asset}/{venue.quote}")
            and (status == "all" or one.is_open == (status == "open"))
            and (after is None or one.at > pd.Timestamp(after))
        ]
        if params.get("direction") != "asc":
            found.reverse()
        return [self._order(venue, one) for one in found[: int(params.get("limit", 50))]]

    def _id(self, order: Placed) -> str:
        return f"{order.number:08d}-0000-4000-8000-000000000000"

    def _order(self, venue: Venue, order: Placed) -> dict[str, Any]:
        average = f"{order.cost / order.filled:.9f}" if order.filled else None
        return {
            "id": self._id(order),
            "client_order_id": order.name,
            "created_at": _iso(order.at),
            "submitted_at": _iso(order.at),
            "filled_at": _iso(order.at) if order.status == "filled" else None,
            "symbol": f"{order.asset}/{venue.quote}",
            "asset_class": "crypto",
            "notional": None,
            "qty": f"{order.amount:f}",
            "filled_qty": f"{order.filled:f}",
            "filled_avg_price": average,
            "order_type": "market",
            "type": "market",
            "side": order.side,
            "time_in_force": "gtc",
            "limit_price": None,
            "stop_price": None,
            "status": STATUS[order.status],
        }

    def _fills(self, venue: Venue) -> list[dict[str, Any]]:
        return [
            {
                "id": f"fill-{fill.number}",
                "activity_type": "FILL",
                "transaction_time": _iso(fill.at),
                "type": "fill",
                "price": f"{fill.price:f}",
                "qty": f"{fill.amount:f}",
                "side": order.side,
                "symbol": f"{order.asset}/{venue.quote}",
                "order_id": self._id(order),
            }
            for order in venue.orders
            for fill in order.fills
        ]


def config(base: str) -> dict[str, Any]:
    """ccxt settings that point Alpaca's paper accounts at the server."""
    return {"urls": {"test": {"trader": base, "market": base}}, "enableRateLimit": False}

"""Markets and prices as an exchange tells them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from data.errors import BrokerError, NoMarket
from data.sources.clock import Clock, SystemClock
from paper.brokers.base import ZERO, MarketRules, Quote, exact
from paper.brokers.gateway import Gateway, open_prices
from paper.brokers.unified import decimal, instant

DOLLARS = ("USD", "USDT", "USDC")


def market_rules(gateway: Gateway, asset: str, quote: str) -> MarketRules:
    """Return what spot orders for an asset may be.

    Raises
    ------
    NoMarket
        If the exchange has no such market, or it is closed.
    """
    markets, symbol = gateway.markets(), f"{asset}/{quote}"
    if symbol not in markets:
        same = [name for name, market in markets.items() if market["quote"] == quote]
        near = difflib.get_close_matches(symbol, same, n=3, cutoff=0.75)
        hint = f"did you mean {', '.join(near)}?" if near else "leave the asset out"
        raise NoMarket(
            f"{gateway.id}: {symbol} is not among its {len(markets)} spot markets: {hint}"
        )
    market = markets[symbol]
    if market.get("active") is False:
        raise NoMarket(f"{gateway.id}: {symbol} is closed to trading")
    limits = market["limits"]
    least = [(limits.get(kind) or {}).get("min") for kind in ("amount", "market")]
    return MarketRules(
        asset=asset,
        symbol=symbol,
        base=market["base"],
        quote=market["quote"],
        amount_step=Decimal(gateway.step(market["precision"]["amount"])),
        price_step=Decimal(gateway.step(market["precision"]["price"])),
        min_amount=max((decimal(one, "smallest amount") for one in least if one), default=ZERO),
        min_cost=decimal((limits.get("cost") or {}).get("min") or "0", "smallest cost"),
    )


def last_quote(gateway: Gateway, rules: MarketRules, venue: str) -> Quote:
    """Return the middle between bid and ask, or the last price where they are not told.

    Raises
    ------
    BrokerError
        If the price is zero, or there is none.
    """
    told = gateway.ask(
        f"price of {rules.symbol}",
        lambda exchange: exchange.fetch_ticker(rules.symbol),
        dict,
        dict,
    )
    sides = [told.get("bid"), told.get("ask")]
    seen = sides if all(sides) else [told.get("last")]
    if None in seen:
        raise BrokerError(
            f"{gateway.id}: {rules.symbol} has a price of 0, or none: nothing can be traded on it"
        )
    with exact():
        price = sum((decimal(one, "price") for one in seen), ZERO) / len(seen)
    at = instant(told.get("timestamp")) or gateway.now
    return Quote(rules.asset, price, at, venue)


class Ticker:
    """Public prices of an exchange, without keys: a price source, or a second opinion.

    Parameters
    ----------
    exchange : str
        ccxt's name, such as ``coinbaseexchange``.
    quote : str, optional
        Quote currency; the first of USD, USDT and USDC that an asset is traded for by default.
    config : mapping, optional
        Further ccxt settings, such as ``urls`` of a mirror.
    clock : Clock, optional
        Our clock.
    timeout : float
        Seconds after which an answer is given up.

    Raises
    ------
    UnknownName
        If ccxt has no such exchange.
    """

    def __init__(
        self,
        exchange: str,
        quote: str | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._gateway = open_prices(exchange, config or {}, clock or SystemClock(), timeout)
        self._quotes = DOLLARS if quote is None else (quote,)

    def __call__(self, asset: str) -> Quote:
        """Return the price of an asset now.

        Raises
        ------
        NoMarket
            If the exchange does not trade it.
        BrokerUnavailable
            If it does not answer.
        """
        markets = self._gateway.markets()
        listed = [quote for quote in self._quotes if f"{asset}/{quote}" in markets]
        rules = market_rules(self._gateway, asset, (listed or self._quotes)[0])
        return last_quote(self._gateway, rules, f"{self._gateway.id} spot {rules.quote}")

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

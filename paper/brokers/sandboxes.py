"""What each exchange's sandbox can do, looked up once and written down.

Other exchanges of ccxt work by name with careful assumptions: :func:`sandbox`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One exchange's test account.

    Parameters
    ----------
    id : str
        ccxt's name.
    quote : str
        What coins are bought with unless something else is asked for.
    settles_seconds : float
        How long after sending an order without an answer may still turn up.
    lookup : {"name", "alpaca", "list"}
        How an order is found by our name: asked for by it, by Alpaca's own address for that, or
        searched in the list of orders.
    names_for_good : bool
        Whether a name is never free again, not even when its order is closed.
    fees_told : bool
        Whether orders or their trades tell the fee.
    page : int or None
        Orders in one answer; None where it is not known.
    trades_page : int
        Trades in one answer.
    oldest_first : mapping
        What to ask for besides, so that an answer begins with the oldest trade.
    options : mapping
        ccxt options.
    note : str
        What a user should know.
    """

    id: str
    quote: str = "USDT"
    settles_seconds: float = 60.0
    lookup: Literal["name", "alpaca", "list"] = "list"
    names_for_good: bool = False
    fees_told: bool = True
    page: int | None = None
    trades_page: int = 100
    oldest_first: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


SANDBOXES: Mapping[str, Sandbox] = {
    one.id: one
    for one in (
        Sandbox(
            "binance",
            # A request older than recvWindow is refused; the rest is for the copies that are read.
            settles_seconds=15.0,
            lookup="name",
            page=1000,
            options={
                "recvWindow": 5000,
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
            note="a name is free again as soon as its order is no longer open",
        ),
        Sandbox(
            "alpaca",
            quote="USD",
            settles_seconds=30.0,
            lookup="alpaca",
            names_for_good=True,
            fees_told=False,
            page=500,
            oldest_first={"direction": "asc"},
            options={"createOrder": {"timeInForce": "gtc"}},
            note="the fee is taken from what an order credits and shows in the balances only",
        ),
        Sandbox("okx", lookup="name", note="wants a password with the key"),
        Sandbox("bybit"),
    )
}


def sandbox(name: str) -> Sandbox:
    """Return what is known of an exchange's sandbox; an unknown one is trusted with little."""
    return SANDBOXES.get(name) or Sandbox(name)


def hosts(exchange: Any, urls: Any) -> frozenset[str]:
    """Return the hosts that an exchange of ccxt has in its addresses, lower case."""
    if isinstance(urls, Mapping):
        return frozenset().union(*(hosts(exchange, value) for value in urls.values()))
    return frozenset({urlsplit(str(exchange.implode_hostname(str(urls)))).netloc.lower()})

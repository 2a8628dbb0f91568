"""All sources of a fetch, with the addresses of the settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import SecretStr

from data.errors import BadConfig, UnknownName
from data.settings import Settings
from data.sources import alfred_csv, cftc, fred_api, fred_csv, nyfed_rates, treasury
from data.sources.alfred_csv import AlfredCsv
from data.sources.base import Source
from data.sources.cftc import LeveragedFunds
from data.sources.exchanges import Exchanges, check_exchange
from data.sources.fred_api import FredApi
from data.sources.fred_csv import FredCsv
from data.sources.funding import FundingRates, Perpetual
from data.sources.nyfed_operations import NyFedOperations
from data.sources.nyfed_rates import NyFedRates
from data.sources.prices import Market, Prices
from data.sources.treasury import DebtToThePenny, OperatingCash

T = TypeVar("T")

# Base addresses, by the name that the settings use for a publisher.
ADDRESSES: Mapping[str, str] = {
    "nyfed": nyfed_rates.BASE,
    "fiscaldata": treasury.BASE,
    "fred": fred_csv.BASE,
    "alfred": alfred_csv.BASE,
    "fred_api": fred_api.BASE,
    "cftc": cftc.BASE,
}
# Reachable from the United States without a key; the largest coins that trade there in dollars.
_COINS = (
    *("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "BCH"),
    *("LINK", "XLM", "ATOM", "FIL", "ETC", "SHIB", "ZEC"),
)
MARKETS: tuple[Market, ...] = (
    *(Market(coin, f"{coin}/USD") for coin in _COINS),
    Market("BTC", "BTC/USD", timeframe="1h"),
    Market("ETH", "ETH/USD", timeframe="1h"),
)


def configured(chosen: Settings, fred_key: SecretStr | None = None) -> dict[str, Source]:
    """Return every source by its name, as the settings want them.

    Raises
    ------
    BadConfig, UnknownName
        For a publisher, an exchange, a market or a perpetual that cannot be, named by the
        setting.
    """
    _known_exchanges(chosen)
    return sources(
        chosen.sources,
        markets=MARKETS if chosen.markets is None else _each(Market, "markets", chosen.markets),
        perpetuals=_each(Perpetual, "perpetuals", chosen.perpetuals or ()),
        exchanges=chosen.exchanges,
        fred_key=fred_key,
    )


def _each(kind: type[T], setting: str, tables: Sequence[Mapping[str, Any]]) -> list[T]:
    fields = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    made = []
    for number, table in enumerate(tables):
        where = f"[[{setting}]] number {number + 1}"
        for key, value in table.items():
            if key not in fields:
                raise UnknownName(f"key in {where}", key, fields)
            if not isinstance(value, str):
                raise BadConfig(f"{where}: {key} = {value!r} is not a string")
        for key, default in fields.items():
            if default is dataclasses.MISSING and key not in table:
                raise BadConfig(f"{where}: {key} is missing")
        made.append(kind(**table))
    return made


def _known_exchanges(chosen: Settings) -> None:
    named = [*chosen.exchanges, *(table.get("exchange") for table in chosen.markets or ())]
    named += [table.get("exchange") for table in chosen.perpetuals or ()]
    for name in named:
        if isinstance(name, str):
            check_exchange(name)


def sources(
    addresses: Mapping[str, str] | None = None,
    *,
    markets: Iterable[Market] = MARKETS,
    perpetuals: Iterable[Perpetual] = (),
    exchanges: Mapping[str, Mapping[str, Any]] | None = None,
    fred_key: SecretStr | None = None,
) -> dict[str, Source]:
    """Return every source by its name, publishers first.

    Parameters
    ----------
    addresses : mapping of publisher to base address
        Entries replace those of :data:`ADDRESSES`.
    markets, perpetuals : iterable
        Whose prices and funding rates are read.
    exchanges : mapping of exchange to ccxt settings
        Such as ``urls``, for a mirror.
    fred_key : SecretStr, optional
        With it all vintages come through FRED's interface; without it recent ones come from
        ALFRED's charts.

    Raises
    ------
    UnknownName
        For an address of an unknown publisher.
    """
    base = {**ADDRESSES}
    for publisher, address in (addresses or {}).items():
        if publisher not in ADDRESSES:
            raise UnknownName("publisher", publisher, ADDRESSES)
        base[publisher] = address.rstrip("/")
    opened = Exchanges(exchanges)
    vintages: Source = (
        AlfredCsv(base["alfred"]) if fred_key is None else FredApi(fred_key, base["fred_api"])
    )
    every: list[Source] = [
        NyFedOperations(base["nyfed"]),
        NyFedRates(base["nyfed"]),
        OperatingCash(base["fiscaldata"]),
        DebtToThePenny(base["fiscaldata"]),
        FredCsv(base["fred"]),
        LeveragedFunds(base["cftc"]),
        vintages,
        *(Prices(market, opened) for market in markets),
        *(FundingRates(perpetual, opened) for perpetual in perpetuals),
    ]
    return {source.name: source for source in every}

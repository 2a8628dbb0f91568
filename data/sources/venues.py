"""What each exchange can do, looked up once and written down.

Page sizes and orders are those of the public candle endpoints as ccxt calls them. Other exchanges
of ccxt work by name, with careful assumptions: :func:`venue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["spot", "perp"]


@dataclass(frozen=True, slots=True)
class Venue:
    """One exchange's public candles and funding rates.

    Parameters
    ----------
    id : str
        ccxt's name.
    label : str
        Name in the ``market`` column.
    page : int
        Bars in one answer.
    first : date
        Before this day it has no bars.
    rows : tuple of str or None
        Where the list of bars stands in the answer; ``*`` is the one entry of any name that
        holds a list. None: not known, and then not checked.
    order : {"ascending", "descending"}
        Order of the rows as they come.
    bounded : bool
        Whether a page must be given its end, because from a beginning alone the exchange counts
        back from now.
    newest_only : bool
        Whether only the newest page can be had, whatever is asked for.
    from_us : bool
        Whether it answers to addresses in the United States.
    gaps_without_trades : bool
        Whether a bar without a trade is left out rather than repeated flat.
    per_second : float
        Requests a second that its rules allow with room to spare.
    funding : {"forward", "backward"} or None
        Which way funding history is paged; None: no perpetuals.
    funding_page : int
        Funding rates in one answer.
    funding_until : str
        Name of the parameter that ends a funding page.
    funding_rows : tuple of str or None
        As `rows`.
    kinds : mapping of {"spot", "perp"} to str
        What ccxt calls the lists of markets; only the one asked for is loaded.
    """

    id: str
    label: str
    page: int
    first: date
    rows: tuple[str, ...] | None
    order: Literal["ascending", "descending"] = "ascending"
    bounded: bool = False
    newest_only: bool = False
    from_us: bool = True
    gaps_without_trades: bool = False
    per_second: float = 3.0
    funding: Literal["forward", "backward"] | None = None
    funding_page: int = 100
    funding_until: str = "until"
    funding_rows: tuple[str, ...] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)

    def options(self, kind: Kind) -> dict[str, Any]:
        """Return ccxt options that load one kind of market."""
        return {"fetchMarkets": {"types": [self.kinds[kind]]}} if kind in self.kinds else {}


VENUES: Mapping[str, Venue] = {
    one.id: one
    for one in (
        Venue(
            "coinbaseexchange",
            "coinbase",
            300,
            date(2015, 7, 20),
            (),
            order="descending",
            gaps_without_trades=True,
        ),
        Venue("bitstamp", "bitstamp", 1000, date(2011, 8, 18), ("data", "ohlc")),
        Venue("kraken", "kraken", 720, date(2013, 9, 6), ("result", "*"), newest_only=True),
        Venue(
            "binance", "binance", 1000, date(2017, 7, 14), (), from_us=False, kinds={"spot": "spot"}
        ),
        Venue(
            "binanceusdm",
            "binance",
            1000,
            date(2019, 9, 8),
            (),
            from_us=False,
            funding="forward",
            funding_page=1000,
            funding_rows=(),
            kinds={"perp": "linear"},
        ),
        Venue(
            "okx",
            "okx",
            300,
            date(2018, 1, 11),
            ("data",),
            order="descending",
            from_us=False,
            funding="backward",
            funding_until="after",
            funding_rows=("data",),
            kinds={"spot": "spot", "perp": "swap"},
        ),
        Venue(
            "bybit",
            "bybit",
            1000,
            date(2020, 3, 25),
            ("result", "list"),
            order="descending",
            bounded=True,
            from_us=False,
            funding="backward",
            funding_page=200,
            funding_rows=("result", "list"),
            kinds={"spot": "spot", "perp": "linear"},
        ),
    )
}
DEFAULT = "coinbaseexchange"


def venue(name: str) -> Venue:
    """Return what is known of an exchange.

    One that is not in :data:`VENUES` is assumed to give a hundred bars at a time, of any age; its
    answers are checked bar by bar, but not for their outer form.
    """
    return VENUES.get(name) or Venue(
        name, name, 100, date(2010, 1, 1), None, per_second=1.0, funding="forward"
    )

"""The record of dated facts: what held from when to when, and when that was known.

A list to look things up in, kept apart from the look-ups (:mod:`data.facts`), which see to it that
nothing is used before it was known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data.errors import BadConfig


@dataclass(frozen=True, slots=True)
class Fact:
    """One dated fact.

    Parameters
    ----------
    start : date
        First day it holds, New York calendar.
    end : date or None
        Last day it holds; None: it still does.
    what : str
        What happened, in words.
    value : float, optional
        Its number; the group's comment names the unit.
    certain : bool
        False where it was not checked against the source; no test leans on such a fact.
    source : str
        ``public`` (looked up), ``tables`` (read off the imported tables), ``common`` (commonly
        known) or a document's name.
    known : date, optional
        The day it was announced; None: the day it began.

    Raises
    ------
    BadConfig
        If it ends before it starts.
    """

    start: date
    end: date | None
    what: str
    value: float | None = None
    certain: bool = True
    source: str = "common"
    known: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise BadConfig(f"fact {self.what!r}: ends {self.end}, before it starts {self.start}")

    @property
    def announced(self) -> date:
        """The day on which it became known that it holds from `start`."""
        return self.known or self.start


def _on(day: str, what: str, value: float | None = None, **more: str) -> Fact:
    when = date.fromisoformat(day)
    return Fact(when, when, what, value, source=more.get("source", "common"))


def _span(
    start: str,
    end: str | None,
    what: str,
    value: float | None = None,
    *,
    certain: bool = True,
    source: str = "common",
    known: str | None = None,
) -> Fact:
    return Fact(
        date.fromisoformat(start),
        date.fromisoformat(end) if end else None,
        what,
        value,
        certain,
        source,
        date.fromisoformat(known) if known else None,
    )


# A limit comes back on a day that a law named, or is reached on a day the Treasury named; only
# the end is open. 2011-2014: Congressional Research Service R43389.
DEBT_LIMIT = (
    _span("2011-05-16", "2011-08-02", "debt limit binding", source="public", known="2011-05-02"),
    _span("2012-12-31", "2013-02-04", "debt limit binding", source="public", known="2012-12-26"),
    _span("2013-05-19", "2013-10-17", "debt limit binding", source="public", known="2013-02-04"),
    _span("2014-02-08", "2014-02-15", "debt limit binding", source="public", known="2013-10-17"),
    _span("2015-03-16", "2015-11-02", "debt limit binding", known="2014-02-15"),
    _span("2017-03-16", "2017-09-08", "debt limit binding", known="2015-11-02"),
    _span("2017-12-09", "2018-02-09", "debt limit binding", known="2017-09-08"),
    _span("2019-03-02", "2019-08-02", "debt limit binding", known="2018-02-09"),
    # Raised by 480bn on 2021-10-14, which was used up within days.
    _span("2021-08-01", "2021-12-16", "debt limit binding", known="2019-08-02"),
    _span("2023-01-19", "2023-06-03", "debt limit binding", known="2023-01-13"),
    _span("2025-01-02", "2025-07-04", "debt limit binding", known="2023-06-03"),
)

# USD bn, DTS closing balance.
TGA_LOWS = (
    _on("2017-09-01", "low of the Treasury's account under the debt limit", 32, source="tables"),
    _on("2019-08-01", "low of the Treasury's account under the debt limit", 118, source="tables"),
    _on("2021-12-16", "low of the Treasury's account under the debt limit", 42, source="tables"),
    _on("2023-06-01", "low of the Treasury's account under the debt limit", 23, source="tables"),
    _on("2025-06-12", "low of the Treasury's account under the debt limit", 261, source="tables"),
)

SHUTDOWNS = (
    _span("2013-10-01", "2013-10-16", "government shutdown"),
    _span("2018-01-20", "2018-01-22", "government shutdown"),
    _span("2018-12-22", "2019-01-25", "government shutdown (in part)"),
    _span("2025-10-01", "2025-11-12", "government shutdown"),
    _span("2026-01-31", "2026-02-03", "government shutdown (in part)", source="public"),
)

# Federal offices closed by order of the President, on days that are no holidays.
EXECUTIVE_CLOSINGS = (
    _on("2004-06-11", "mourning for President Reagan", source="Executive Order 13343"),
    _on("2007-01-02", "mourning for President Ford", source="Executive Order 13421"),
    _on("2007-12-24", "day before Christmas", source="Executive Order 13453"),
    _on("2008-12-26", "day after Christmas", source="Executive Order 13482"),
    _on("2012-12-24", "day before Christmas", source="Executive Order 13635"),
    _on("2014-12-26", "day after Christmas", source="Executive Order 13682"),
    _on("2018-12-05", "mourning for President G. H. W. Bush", source="Executive Order 13852"),
    _on("2018-12-24", "day before Christmas", source="Executive Order 13854"),
    _on("2019-12-24", "day before Christmas"),
    _on("2020-12-24", "day before Christmas"),
    _on("2024-12-24", "day before Christmas"),
    _on("2025-01-09", "mourning for President Carter"),
    _on("2025-12-24", "day before Christmas", source="public"),
    _on("2025-12-26", "day after Christmas", source="public"),
)

# Closings of the bond market beside its holidays: days without Treasury yields or SOFR.
BOND_CLOSINGS = (
    _on("2004-06-11", "mourning for President Reagan", source="tables"),
    _on("2012-10-30", "storm Sandy", source="tables"),
    _on("2018-12-05", "mourning for President G. H. W. Bush", source="tables"),
)

QT = (
    _span("2017-10-01", "2019-07-31", "balance-sheet run-off", known="2017-09-20"),
    _span("2022-06-01", "2022-08-31", "balance-sheet run-off, half caps", known="2022-05-04"),
    _span("2022-09-01", "2024-05-31", "balance-sheet run-off, full caps", known="2022-05-04"),
    _span("2024-06-01", "2025-03-31", "balance-sheet run-off, slowed", known="2024-05-01"),
    _span("2025-04-01", "2025-11-30", "balance-sheet run-off, slowed again", known="2025-03-19"),
)

# Value: USD bn in the first month.
PURCHASES = (
    _span("2019-10-15", "2020-03-14", "purchases of bills", known="2019-10-11"),
    _span("2020-03-15", "2022-03-09", "quantitative easing"),
    _span(
        "2025-12-12",
        None,
        "reserve management purchases",
        40,
        source="public",
        known="2025-12-10",
    ),
)

# Value: aggregate cap in USD bn, none when there is no cap.
SRF_ERAS = (
    _span("2019-09-17", "2021-07-28", "temporary repo operations"),
    _span(
        "2021-07-29",
        "2025-06-25",
        "standing repo facility, afternoon operation",
        500,
        known="2021-07-28",
    ),
    _span(
        "2025-06-26",
        "2025-12-10",
        "standing repo facility, morning and afternoon operations",
        500,
        source="public",
    ),
    _span(
        "2025-12-11",
        None,
        "standing repo operations, morning and afternoon, without a cap",
        source="public",
        known="2025-12-10",
    ),
)
SRF_MORNING_TRIALS = (
    _span("2024-12-30", "2025-01-03", "trial of a morning operation", source="public"),
    _span("2025-03-27", "2025-04-02", "trial of a morning operation", source="public"),
)

# Value: USD bn per counterparty a day.
RRP_LIMITS = (
    _span("2021-03-18", "2021-09-22", "ON RRP limit", 80, known="2021-03-17"),
    _span("2021-09-23", None, "ON RRP limit", 160, known="2021-09-22"),
)

# Value: ON RRP rate less the bottom of the range, basis points.
RRP_SPREADS = (
    _span("2015-12-17", "2019-09-18", "ON RRP rate at the floor", 0, known="2015-12-16"),
    _span(
        "2019-09-19",
        "2020-01-29",
        "ON RRP rate below the floor",
        -5,
        source="tables",
        known="2019-09-18",
    ),
    _span("2020-01-30", "2021-06-16", "ON RRP rate at the floor", 0, known="2020-01-29"),
    _span("2021-06-17", "2024-12-18", "ON RRP rate above the floor", 5, known="2021-06-16"),
    _span("2024-12-19", None, "ON RRP rate at the floor", 0, known="2024-12-18"),
)

RESERVE_INTEREST = (
    _span("2008-12-16", "2018-06-13", "interest on excess reserves = top of the range"),
    _span("2018-06-14", "2021-07-28", "interest on excess reserves below the top of the range"),
    _span("2021-07-29", None, "interest on reserve balances", known="2021-06-02"),
)

PROGRAMMES = (
    _span("2020-04-01", "2021-03-31", "Treasuries and reserves left out of the leverage ratio"),
    _span("2023-03-12", "2024-03-11", "Bank Term Funding Program lends"),
)

TAX_DEFERRALS = (
    Fact(
        date(2020, 7, 15),
        date(2020, 7, 15),
        "tax days of April and June 2020 moved here",
        known=date(2020, 3, 21),
    ),
    Fact(
        date(2021, 5, 17),
        date(2021, 5, 17),
        "April's income tax returns of 2021 moved here",
        known=date(2021, 3, 17),
    ),
)

HALVINGS = (
    _on("2012-11-28", "Bitcoin halving"),
    _on("2016-07-09", "Bitcoin halving"),
    _on("2020-05-11", "Bitcoin halving"),
    # 00:09 UTC; still the 19th in New York.
    _on("2024-04-20", "Bitcoin halving"),
)
CRASHES = (_on("2025-10-10", "altcoin crash"),)

# What the essay "Hallelujah" (published 2025-11-04) says or quotes.
ESSAY_PUBLISHED = date(2025, 11, 4)
ESSAY = (
    _span("2022-01-01", "2024-12-31", "Cayman funds' share of net issuance, percent", 37),
    _span("2022-01-01", "2024-12-31", "Cayman funds' purchases, USD bn", 1200),
    _span("2024-10-01", "2025-09-30", "banks' purchases of Treasuries, USD bn", 300),
    _span("2024-10-01", "2025-09-30", "issuance of Treasuries, USD bn", 1992),
    _span("2024-01-01", "2024-12-31", "saving, percent of disposable income", 4.6),
    _span("2025-11-04", "2025-11-04", "deficit, percent of GDP", 6),
    _span("2025-11-04", "2025-11-04", "bottom of the range, percent", 3.75),
    _span("2025-11-04", "2025-11-04", "top of the range, percent", 4.0),
    _span("2025-11-04", "2025-11-04", "TGA above its target, USD bn", 150),
    _span("2025-11-04", "2025-11-04", "TGA target, USD bn", 850),
)

GROUPS: Mapping[str, tuple[Fact, ...]] = {
    "debt_limit": DEBT_LIMIT,
    "tga_lows": TGA_LOWS,
    "shutdowns": SHUTDOWNS,
    "executive_closings": EXECUTIVE_CLOSINGS,
    "bond_closings": BOND_CLOSINGS,
    "qt": QT,
    "purchases": PURCHASES,
    "srf": SRF_ERAS,
    "srf_morning_trials": SRF_MORNING_TRIALS,
    "rrp_limits": RRP_LIMITS,
    "rrp_spreads": RRP_SPREADS,
    "reserve_interest": RESERVE_INTEREST,
    "programmes": PROGRAMMES,
    "tax_deferrals": TAX_DEFERRALS,
    "halvings": HALVINGS,
    "crashes": CRASHES,
    "essay": ESSAY,
}

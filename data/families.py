"""Release rules and shapes that several series share."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from data.spec import CalendarName, Kind, Period, ReleaseRule, Scale, SeriesSpec

DAILY, WEEKLY, MILLIONS, DOLLARS = 8, 14, 1e-3, 1e-9

# A calendar-daily series has a row for every day, known the day before; the public copy may
# follow a day late. Carried further, a missing row would hide a change of rates.
EVERY_DAY = 2

OPERATION = ReleaseRule("bond", 0, "13:45", 15)
MORNING_OPERATION = ReleaseRule("bond", 0, "08:30", 15)
REVERSE_REPO = ReleaseRule("bond", 0, "13:15", 15)
REPO_RATE = ReleaseRule("bond", 1, "08:00", 5)
FUNDS_RATE = ReleaseRule("bank", 1, "09:00", 5)
ANNOUNCED = ReleaseRule(
    "every_day", -1, "14:00", 5, counted="calendar_days", exceptions="rate_decisions"
)
TREASURY_DAILY = ReleaseRule("government", 1, "16:00")
H41 = ReleaseRule("government", 1, "16:30", 5)
H15 = ReleaseRule("government", 1, "16:15", 15)
H10 = ReleaseRule("government", 1, "16:15", 15, counted="weekday", weekday=0)
H8 = ReleaseRule("government", 9, "16:15", 15, counted="weekday", weekday=4)
H6 = ReleaseRule("government", 28, "16:30", counted="month_day", months=1)
EXCHANGE = ReleaseRule("bank", 1, "10:00")
TARGET = ReleaseRule("government", 0, "15:00", counted="announcement")
TIC = ReleaseRule("government", 20, "16:00", counted="month_day", months=2, exceptions="tic")
MTS = ReleaseRule(
    "government",
    8,
    "14:00",
    counted="month_open_day",
    months=1,
    september_day=25,
    exceptions="mts",
)
CFTC = ReleaseRule("government", 3, "15:30", exceptions="cftc")
GDP = ReleaseRule("government", 31, "08:30", 5, "month_day", 3, exceptions="bea_gdp")
INCOME = ReleaseRule("government", 5, "08:30", 5, "month_day", 2, exceptions="bea_income")
BULLETIN = ReleaseRule(
    "government", 31, "16:00", counted="month_day", months=3, exceptions="treasury_bulletin"
)


def daily(
    name: str,
    title: str,
    release: ReleaseRule,
    *sources: str,
    unit: str = "percent",
    kind: Kind = "rate",
    observed: CalendarName = "bank",
    max_age_days: int = DAILY,
    period: Period = "day",
    **more: Any,
) -> SeriesSpec:
    """Return a daily series; a rate in percent unless told otherwise."""
    return SeriesSpec(
        name,
        title,
        unit,
        release,
        max_age_days,
        kind,
        period,
        sources,
        observed=observed,
        **more,
    )


def balance(name: str, title: str, release: ReleaseRule, *sources: str, **more: Any) -> SeriesSpec:
    """Return a daily balance in USD bn."""
    return daily(name, title, release, *sources, unit="USD bn", kind="balance", **more)


def announced_rate(
    name: str, title: str, fred: str, first: date, notes: str, last: date | None = None
) -> SeriesSpec:
    """Return a policy rate with one row for every calendar day."""
    return daily(
        name,
        title,
        ANNOUNCED,
        f"fred:{fred}",
        observed="every_day",
        period="calendar_day",
        max_age_days=EVERY_DAY,
        first=first,
        last=last,
        notes=notes,
    )


def repo_rate(name: str, title: str, fred: str, notes: str = "") -> SeriesSpec:
    """Return a rate of the New York Fed's repo data."""
    return daily(
        name,
        title,
        REPO_RATE,
        f"fred:{fred}",
        f"nyfed:{fred}",
        observed="bond",
        first=date(2018, 4, 2),
        notes=notes or "A revision may come until 14:30 of the day of publication.",
    )


def billions_then_millions(
    source: str, billions_until: date, millions_from: date
) -> tuple[Scale, Scale]:
    """Return the units of a source that changed some day between two vintages."""
    return (
        Scale(source, 1.0, vintages_until=billions_until),
        Scale(source, MILLIONS, vintages_from=millions_from),
    )


def h41_balance(name: str, title: str, fred: str, **more: Any) -> SeriesSpec:
    """Return a weekly line of the H.4.1, in millions on FRED."""
    source = f"fred:{fred}"
    return SeriesSpec(
        name,
        title,
        "USD bn",
        H41,
        WEEKLY,
        "balance",
        "wednesday",
        (source,),
        scales=more.pop("scales", (Scale(source, MILLIONS),)),
        **more,
    )


def treasury_yield(name: str, title: str, fred: str, first: date, **more: Any) -> SeriesSpec:
    """Return a daily yield of the H.15."""
    return daily(name, title, H15, f"fred:{fred}", observed="bond", first=first, **more)


def tic_holdings(name: str, title: str, source: str, notes: str) -> SeriesSpec:
    """Return month-end holdings of the Treasury International Capital data."""
    return SeriesSpec(
        name, title, "USD bn", TIC, 95, "balance", "month", (source,), revised=True, notes=notes
    )


def leveraged_funds(side: Literal["long", "short"]) -> SeriesSpec:
    """Return one side of leveraged funds' Treasury futures, all maturities."""
    return SeriesSpec(
        f"leveraged_{side}",
        f"Leveraged funds' {side} positions in Treasury futures",
        "USD bn",
        CFTC,
        24,
        "balance",
        "tuesday",
        (f"cftc:tff_futures_only_lev_money_{side}",),
        observed="government",
        first=date(2006, 6, 13),
        notes="Face value: 200,000 dollars a contract for the 2-year, 300,000 for the 3-year, "
        "100,000 for the others. Where Tuesday is a holiday the figure is about the Monday.",
    )

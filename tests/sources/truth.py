"""A small world that the server tells of: figures of a few months, and bars of a few markets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pandas as pd

from data.agreement import TWINS
from data.catalogue import series as series_spec
from data.sources.checks import expected
from data.sources.vintages import release_days

# A Tuesday, 17:00 in New York: the day's operations are out, its rates are not.
NOW = pd.Timestamp("2026-03-10 21:00", tz="UTC")
SINCE = date(2026, 2, 2)
# What is told begins well before, for the sources read again some time further back.
BEGINNING = date(2025, 9, 1)

# Levels in the catalogue's unit.
LEVELS: Mapping[str, float] = {
    "fed_assets": 6600.0,
    "reserves": 2900.0,
    "sofr": 3.66,
    "sofr_p1": 3.60,
    "sofr_p25": 3.63,
    "sofr_p75": 3.70,
    "sofr_p99": 3.77,
    "sofr_volume": 3100.0,
    "tgcr": 3.64,
    "bgcr": 3.65,
    "effr": 3.63,
    "obfr": 3.62,
    "rrp": 3.2,
    "srf": 1.4,
    "tga": 880.0,
    "debt_total": 38900.0,
    "debt_public": 31200.0,
    "ff_upper": 3.75,
    "m2": 22500.0,
}


def figures(series: str, now: pd.Timestamp, beginning: date = BEGINNING) -> dict[date, float]:
    """What is public of a series at `now`, by day, in the catalogue's unit."""
    return _figures(series, now.floor("min"), beginning)


@cache
def _figures(series: str, now: pd.Timestamp, beginning: date) -> dict[date, float]:
    days = expected(series_spec(series), beginning, now)
    return {day.date(): _figure(series, day) for day in days}


@cache
def _released(series: str) -> dict[date, date]:
    """The day of release of every figure, by what it is about."""
    spec = series_spec(series)
    days = expected(spec, BEGINNING, NOW)
    return {
        ref.date(): released.date()
        for ref, released in zip(days, release_days(spec, days), strict=True)
    }


def _figure(series: str, day: pd.Timestamp) -> float:
    # The weekly balance sheet states what the daily statement states.
    series = TWINS.get(series, series) if series == "tga_wednesday" else series
    by_unit = {"percent": 3.5, "USD bn": 700.0, "index": 120.0}
    level = LEVELS.get(series, by_unit[series_spec(series).unit])
    # A different small step every day, exact in three decimals.
    step = (day.toordinal() * 7919 + len(series) * 31) % 41 - 20
    scale = 0.001 if level < 100 else 0.1
    return round(level + step * scale, 3)


@dataclass
class Bars:
    """Bars of one market: a number for each opening instant."""

    first: pd.Timestamp
    step: pd.Timedelta
    # Opening instants without a bar, or from which on the market is closed.
    missing: frozenset[pd.Timestamp] = frozenset()
    closed_from: pd.Timestamp | None = None
    changed: dict[pd.Timestamp, float] = field(default_factory=dict)

    def row(self, opened: pd.Timestamp, now: pd.Timestamp) -> tuple[float, ...] | None:
        """Milliseconds, open, high, low, close, volume; the running bar has less volume."""
        if opened < self.first or opened > now or opened in self.missing:
            return None
        if self.closed_from is not None and opened >= self.closed_from:
            return None
        count = round((opened - self.first) / self.step)
        opening = 60_000 + 37 * (count % 211) - 11 * (count % 97)
        close = self.changed.get(
            opened, 60_000 + 37 * ((count + 1) % 211) - 11 * ((count + 1) % 97)
        )
        running = opened + self.step > now
        high = max(opening, close) + (1 if running else 120)
        low = min(opening, close) - (1 if running else 140)
        volume = 1 if running else 500 + count % 83
        return (int(opened.timestamp() * 1000), opening, high, low, int(close), volume)

    def between(
        self, start: pd.Timestamp, end: pd.Timestamp, now: pd.Timestamp, most: int = 10**6
    ) -> list[tuple[float, ...]]:
        """Rows that open from `start` to `end`, both inclusive, oldest first, up to `most`."""
        begin = max(start.ceil(self.step), self.first)
        grid = pd.date_range(begin, min(end, now, begin + 2 * most * self.step), freq=self.step)
        found = (self.row(opened, now) for opened in grid)
        return [row for row in found if row is not None][:most]


@dataclass
class Funding:
    """Funding rates of one perpetual, every eight hours, a few milliseconds late."""

    first: pd.Timestamp
    step: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(hours=8))

    def rates(self, now: pd.Timestamp) -> list[tuple[int, float]]:
        grid = pd.date_range(self.first, now, freq=self.step)
        return [
            (int(at.timestamp() * 1000) + 3, round(0.0001 + 0.00001 * (at.day_of_year % 7), 6))
            for at in grid
        ]


@dataclass
class Truth:
    """Everything the server knows."""

    daily: Bars = field(
        default_factory=lambda: Bars(pd.Timestamp("2024-11-20", tz="UTC"), pd.Timedelta(days=1))
    )
    hourly: Bars = field(
        default_factory=lambda: Bars(pd.Timestamp("2026-01-20", tz="UTC"), pd.Timedelta(hours=1))
    )
    funding: Funding = field(default_factory=lambda: Funding(pd.Timestamp("2026-01-10", tz="UTC")))
    # From when on the publishers tell.
    beginning: date = BEGINNING
    active: bool = True
    listed: bool = True
    # Revised figures: series, day -> value, from that vintage on.
    revisions: dict[tuple[str, date], tuple[date, float]] = field(default_factory=dict)
    # Figures that came late: series, day -> first day in the archive.
    late: dict[tuple[str, date], date] = field(default_factory=dict)

    def bars(self, timeframe: str) -> Bars:
        return self.hourly if timeframe in ("1h", "3600", "60", "1H") else self.daily

    def vintage(self, series: str, day: date) -> dict[date, float]:
        """The figures of a series as they stood at the end of a New York day."""
        stood = {}
        for ref, released in _released(series).items():
            first = self.late.get((series, ref), released)
            if first > day:
                continue
            value = _figure(series, pd.Timestamp(ref))
            changed = self.revisions.get((series, ref))
            if changed is not None and changed[0] <= day:
                value = changed[1]
            stood[ref] = value
        return stood

    def vintage_days(self, series: str) -> list[date]:
        """Days on which a series changed in the archive."""
        found = {
            self.late.get((series, ref), released) for ref, released in _released(series).items()
        }
        found |= {when for (name, _), (when, _) in self.revisions.items() if name == series}
        return sorted(found)


def operations(now: pd.Timestamp, beginning: date = BEGINNING) -> list[dict[str, object]]:
    """The Desk's operations: reverse repo, temporary repo, the standing facility, exercises."""
    return _operations(now.floor("min"), beginning)


@cache
def _operations(now: pd.Timestamp, beginning: date) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number, day in enumerate(expected(series_spec("rrp"), beginning, now)):
        rows += _repos(day, number)
        rows.append(operation(day, "Reverse Repo", "13:15", {"Treasury": 3000 + number}, 25))
        if number % 7 == 0:
            rows.append(operation(day, "Reverse Repo", "10:15", {"Treasury": 5}, 24))
        if number % 11 == 0:
            exercise = operation(day, "Repo", "10:30", {"Treasury": 50}, 99)
            rows.append({**exercise, "note": "Small Value Exercise"})
    return rows


def _repos(day: pd.Timestamp, number: int) -> list[dict[str, object]]:
    used = 350 * (number % 5 == 0)
    morning = {"Treasury": used, "Mortgage-Backed": 2 * used}
    afternoon = {"Treasury": 1 + number % 3, "Agency": used}
    if day < pd.Timestamp(2019, 9, 17):
        return []
    if day < pd.Timestamp(2021, 7, 29):
        term = {**operation(day, "Repo", "08:45", {"Treasury": 9000}, 3), "term": "Term"}
        return [operation(day, "Repo", "08:30", morning, 1), *([term] if number % 9 == 0 else [])]
    late = operation(day, "Repo", "13:45", afternoon, 2)
    if day < pd.Timestamp(2025, 6, 26):
        return [late]
    return [operation(day, "Repo", "08:30", morning, 1), late]


def operation(
    day: pd.Timestamp, kind: str, closes: str, millions: Mapping[str, int], number: int
) -> dict[str, object]:
    """One operation in the form of the New York Fed; amounts in millions of dollars."""
    total = sum(millions.values()) * 1_000_000
    rate = "percentAwardRate" if kind == "Reverse Repo" else "percentWeightedAverageRate"
    details = [
        {"securityType": security, "amtSubmitted": amount * 10**6, "amtAccepted": amount * 10**6}
        | ({rate: 3.5} if amount else {})
        for security, amount in millions.items()
    ]
    return {
        "operationId": f"RP {day:%m%d%y} {number}",
        "auctionStatus": "Results",
        "operationDate": f"{day:%Y-%m-%d}",
        "settlementDate": f"{day:%Y-%m-%d}",
        "maturityDate": f"{day + pd.Timedelta(days=1):%Y-%m-%d}",
        "operationType": kind,
        "operationMethod": "Fixed Rate" if kind == "Reverse Repo" else "Full Allotment",
        "settlementType": "Same Day",
        "termCalenderDays": 1,
        "term": "Overnight",
        "releaseTime": "08:15",
        "closeTime": closes,
        "note": None,
        "lastUpdated": f"{day:%Y-%m-%d} {closes}:37",
        "totalAmtSubmitted": total,
        "totalAmtAccepted": total,
        "details": details,
    }


def positions(now: pd.Timestamp, beginning: date = BEGINNING) -> list[dict[str, str]]:
    """Leveraged funds' positions, one row a contract and week."""
    return _positions(now.floor("min"), beginning)


@cache
def _positions(now: pd.Timestamp, beginning: date) -> list[dict[str, str]]:
    codes = ("042601", "044601", "043602", "043607", "020601", "020604")
    rows = []
    for day in expected(series_spec("leveraged_short"), beginning, now):
        for number, code in enumerate(codes):
            wiggle = day.toordinal() % 977
            rows.append(
                {
                    "report_date_as_yyyy_mm_dd": f"{day:%Y-%m-%d}T00:00:00.000",
                    "cftc_contract_market_code": code,
                    "futonly_or_combined": "FutOnly",
                    "lev_money_positions_long": str(200_000 + 1000 * number + wiggle),
                    "lev_money_positions_short": str(1_500_000 + 1000 * number - wiggle),
                }
            )
    return rows


def cash_rows(now: pd.Timestamp, beginning: date = BEGINNING) -> list[dict[str, str]]:
    """The Daily Treasury Statement's cash table under its three names."""
    rows = []
    for day, value in figures("tga", now, beginning).items():
        closing, column = "Treasury General Account (TGA) Closing Balance", "open_today_bal"
        beside = ["Treasury General Account (TGA) Opening Balance", "Total TGA Deposits (Table II)"]
        if day < date(2022, 4, 18):
            closing, column = "Treasury General Account (TGA)", "close_today_bal"
            beside = ["Short-Term Cash Investments (Table V)"]
        if day < date(2021, 10, 1):
            closing = "Federal Reserve Account"
            beside = ["Supplementary Financing Program Account"]
        for account in [*beside, closing]:
            row = {"record_date": str(day), "account_type": account, "open_month_bal": "555224"}
            other = "close_today_bal" if column == "open_today_bal" else "open_today_bal"
            row[other] = "null" if column == "open_today_bal" else "77"
            row[column] = f"{value * 1000:.0f}" if account == closing else "1234"
            rows.append(row)
    return rows

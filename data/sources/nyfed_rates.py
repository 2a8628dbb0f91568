"""Reference rates of the New York Fed: SOFR with percentiles and volume, TGCR, BGCR, EFFR, OBFR.

A rate may be corrected once, until 14:30 of the day it is published; ``revisionIndicator`` says
so, and the figure first printed is then gone from the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from data.catalogue import SeriesSpec
from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.facts import NEW_YORK
from data.release import known_at
from data.sources.base import Answer, Problem, TableName, failed, observations
from data.sources.checks import in_order, missing, plausible
from data.sources.web import Client, Page, Request

BASE = "https://markets.newyorkfed.org"
OVERLAP = timedelta(days=14)
WINDOW = timedelta(days=364)
# A correction comes at 14:30 New York time; the margin is the one of the first publication.
CORRECTED_AT = pd.Timedelta(hours=14, minutes=35)


@dataclass(frozen=True, slots=True)
class Rate:
    """One reference rate and the series in its rows.

    Parameters
    ----------
    type : str
        As the rows call it.
    path : str
        Below ``/api/rates``.
    fields : mapping of series id to field
        ``(field of a row, catalogue source)``.
    """

    type: str
    path: str
    fields: Mapping[str, tuple[str, str]]


RATES = (
    Rate(
        "SOFR",
        "secured/sofr",
        {
            "sofr": ("percentRate", "nyfed:SOFR"),
            "sofr_p1": ("percentPercentile1", "nyfed:SOFR1"),
            "sofr_p25": ("percentPercentile25", "nyfed:SOFR25"),
            "sofr_p75": ("percentPercentile75", "nyfed:SOFR75"),
            "sofr_p99": ("percentPercentile99", "nyfed:SOFR99"),
            "sofr_volume": ("volumeInBillions", "nyfed:SOFRVOL"),
        },
    ),
    Rate("TGCR", "secured/tgcr", {"tgcr": ("percentRate", "nyfed:TGCRRATE")}),
    Rate("BGCR", "secured/bgcr", {"bgcr": ("percentRate", "nyfed:BGCRRATE")}),
    Rate("EFFR", "unsecured/effr", {"effr": ("percentRate", "nyfed:EFFR")}),
    Rate("OBFR", "unsecured/obfr", {"obfr": ("percentRate", "nyfed:OBFR")}),
)
# Percentiles are not published for every day (SOFR of 2019-05-31 and 2021-08-05 has none).
_OPTIONAL = frozenset({"sofr_p1", "sofr_p25", "sofr_p75", "sofr_p99"})


@dataclass(frozen=True, slots=True)
class NyFedRates:
    """The New York Fed's reference rates.

    Parameters
    ----------
    base : str
        Base address.
    """

    base: str = BASE
    name: ClassVar[str] = "nyfed_rates"
    table: ClassVar[TableName] = "observations"
    serves: ClassVar[tuple[str, ...]] = tuple(name for rate in RATES for name in rate.fields)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer for each rate and year, oldest first."""
        today = client.clock.now().tz_convert(NEW_YORK).date()
        for rate in RATES:
            first = series_spec(next(iter(rate.fields))).first or date(2000, 7, 3)
            begin = first if since is None else max(first, since - OVERLAP)
            for window in windows(begin, today):
                try:
                    yield self._window(rate, *window, client)
                except (UnexpectedAnswer, Incomplete) as error:
                    yield failed(self, next(iter(rate.fields)), error)
                    break

    def _window(self, rate: Rate, first: date, last: date, client: Client) -> Answer:
        request = Request(
            self.name,
            f"{rate.type} from {first} to {last}",
            f"{self.base}/api/rates/{rate.path}/search.json",
            {"startDate": first.isoformat(), "endDate": last.isoformat()},
        )
        now = client.clock.now()

        def read(page: Page) -> Answer:
            rows = _rows(page, rate)
            pieces: list[pd.DataFrame] = []
            problems: list[Problem] = []
            for name, (field, source) in rate.fields.items():
                try:
                    piece, found = _series(name, field, source, rows, page, (first, last), now)
                except UnexpectedAnswer as error:
                    if field == "percentRate":
                        raise
                    # What stands beside the rate does not take the rate with it.
                    problems.append(Problem("error", name, str(error)))
                    continue
                pieces.append(piece)
                problems += found
            table = pd.concat(pieces, ignore_index=True)
            return Answer(self.name, self.table, table, tuple(problems))

        return client.get(request, read)


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield spans of at most a year from `first` to `last`, both inclusive."""
    while first <= last:
        yield first, min(first + WINDOW, last)
        first += WINDOW + timedelta(days=1)


def _rows(page: Page, rate: Rate) -> list[dict[str, Any]]:
    answer = page.json()
    rows = answer.get("refRates") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise page.unexpected('{"refRates": [...]}')
    for row in rows:
        if row.get("type") != rate.type:
            raise page.unexpected(f"rows of type {rate.type!r}, not {row.get('type')!r}")
        if "revisionIndicator" not in row:
            raise page.unexpected(f"the field 'revisionIndicator' in {rate.type}")
    return rows


def _series(
    name: str,
    field: str,
    source: str,
    rows: list[dict[str, Any]],
    page: Page,
    span: tuple[date, date],
    now: pd.Timestamp,
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    spec = series_spec(name)
    if rows and field not in rows[-1] and not any(field in row for row in rows):
        raise page.unexpected(f"the field {field!r} in the rows of {name!r}")
    factor = spec.scale(source)
    figures = in_order(
        spec, [(_day(row, page), _number(row, field, name, page) * factor) for row in rows], page
    )
    gaps = missing(spec, figures.published, span[0], now, span[1])
    if figures.published.empty and gaps:
        raise page.incomplete(f"no row at all, {gaps[0].text}")
    plausible(spec, figures.values, page, now)
    corrected = {
        _day(row, page) for row in rows if str(row["revisionIndicator"] or "").strip() != ""
    }
    known = _known_at(spec, pd.DatetimeIndex(figures.values.index), corrected)
    return observations(name, figures.values, source, known), (*figures.problems, *gaps)


def _day(row: dict[str, Any], page: Page) -> pd.Timestamp:
    try:
        return pd.Timestamp(date.fromisoformat(str(row.get("effectiveDate"))))
    except ValueError:
        pass
    raise page.unexpected(f"a day in 'effectiveDate', not {row.get('effectiveDate')!r}")


def _number(row: dict[str, Any], field: str, name: str, page: Page) -> float:
    value = row.get(field)
    if value is None or value in ("", "NA"):
        if name not in _OPTIONAL:
            raise page.unexpected(f"a figure in {field!r} of {row.get('effectiveDate')}")
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    raise page.unexpected(
        f"a number in {field!r} of {row.get('effectiveDate')}, not {str(value)[:40]!r}"
    )


def _known_at(
    spec: SeriesSpec, days: pd.DatetimeIndex, corrected: set[pd.Timestamp]
) -> pd.DatetimeIndex:
    """Instants of corrections; NaT for figures that stand as first published."""
    released = known_at(spec, days).tz_convert(NEW_YORK).tz_localize(None).normalize()
    at = (released + CORRECTED_AT).tz_localize(NEW_YORK).tz_convert("UTC")
    return pd.DatetimeIndex(at.where(np.asarray(days.isin(list(corrected)))))

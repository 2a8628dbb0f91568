"""FRED's own interface, with a key, through fredapi: every vintage of a series with its day.

fredapi builds the requests and reads the answers. It is made to ask through the project's client,
because by itself it has no timeout, installs a proxy for the whole process, and puts the key into
addresses and so into errors. The interface answers for at most 2,000 vintages and 100,000 rows at
a time, and cuts ``realtime_start`` to the window asked for: windows overlap by one vintage, and
what stands on the first day of a later window is known from the one before.
"""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd
from fredapi import Fred
from pydantic import SecretStr

from data.catalogue import SeriesSpec
from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.sources.base import Answer, Problem, TableName, failed, nothing
from data.sources.checks import plausible
from data.sources.fred_csv import fred_ids
from data.sources.vintages import VINTAGED, printed_long_after, prints, refuse_unit_breaks
from data.sources.web import Client, NoSuchThing, Page, Request

BASE = "https://api.stlouisfed.org/fred"
PER_SECOND = 2.0
# Vintages a request: under the interface's cap of 2,000.
WINDOW = 1000
# Vintages read again before `since`.
OVERLAP = timedelta(days=14)
_NEVER = "9999-12-31"

Ask = Callable[[str], ElementTree.Element]


class _TooManyRows(Exception):
    """The window holds more rows than the interface gives in one answer."""


class _Fred(Fred):  # type: ignore[misc]
    """fredapi's client with another way to ask.

    Its constructor is left out: it wants the key and changes the process's proxy.
    """

    def __init__(self, base: str, ask: Ask) -> None:
        self.root_url = base
        self._ask = ask

    def _parse(self, date_str: str, format: str = "%Y-%m-%d") -> pd.Timestamp:  # noqa: A002
        # Every day has been looked at; pandas' own reading of each costs a second in 3,000 rows.
        del format
        return pd.Timestamp(date.fromisoformat(date_str))

    def _Fred__fetch_data(self, url: str) -> ElementTree.Element:  # noqa: N802 - fredapi's name
        return self._ask(url)


@dataclass(frozen=True, slots=True)
class FredApi:
    """First prints and revisions of FRED's series, all vintages.

    Parameters
    ----------
    key : SecretStr
        A key of FRED's interface; it goes into requests and nowhere else.
    base : str
        Base address.
    serves : tuple of str
        Series ids; by default every series of which vintages are collected.
    """

    key: SecretStr = field(repr=False)
    base: str = BASE
    serves: tuple[str, ...] = VINTAGED
    name: ClassVar[str] = "fred_api"
    table: ClassVar[TableName] = "observations"

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer for each series: what was printed or revised from `since` on."""
        for name in self.serves:
            spec = series_spec(name)
            try:
                yield self._series(spec, since, client)
            except (UnexpectedAnswer, Incomplete, NoSuchThing) as error:
                # An unknown series is refused with the same status as a key that is none.
                if isinstance(error, NoSuchThing) and "api_key" in str(error):
                    raise
                yield failed(self, name, error)

    def _series(self, spec: SeriesSpec, since: date | None, client: Client) -> Answer:
        identifier = fred_ids()[spec.id]
        asking = _Asking(self, spec, identifier, client)
        if since is None:
            vintages = asking.vintage_days()
            windows: list[tuple[pd.Timestamp, pd.Timestamp | None]] = [
                (vintages[at], vintages[min(at + WINDOW, len(vintages) - 1)])
                for at in range(0, max(1, len(vintages) - 1), WINDOW)
            ]
        else:
            # A day has at most one vintage, so these are under the cap without being listed.
            windows = _spans(pd.Timestamp(since - OVERLAP), client.clock.now())
        told = _stitch([asking.window(*window) for window in windows])
        told = told.assign(ref_date=spec.to_period_end(pd.DatetimeIndex(told["ref_date"])))
        told, problems = _scaled(spec, identifier, told)
        if len(told):
            last = (
                told.dropna()
                .sort_values(["ref_date", "vintage"])
                .drop_duplicates("ref_date", keep="last")
            )
            values = pd.Series(last["value"].to_numpy(), index=pd.DatetimeIndex(last["ref_date"]))
            plausible(spec, values, asking.page(), client.clock.now())
            refuse_unit_breaks(spec, told, asking.page())
            told["old"] = _old(spec, told, windows[0][0], since is None)
        rows = prints(spec, told, f"fred:{identifier}") if len(told) else nothing(self.table)
        return Answer(self.name, self.table, rows, problems)


@dataclass(slots=True)
class _Asking:
    """Requests about one series."""

    source: FredApi
    spec: SeriesSpec
    identifier: str
    client: Client
    last_page: Page | None = None

    def page(self) -> Page:
        """The last answer, for messages."""
        assert self.last_page is not None
        return self.last_page

    def vintage_days(self) -> list[pd.Timestamp]:
        """All days on which the series changed."""
        ask = self._ask("vintage days", "vintage_dates")
        days = _Fred(self.source.base, ask).get_series_vintage_dates(self.identifier)
        return sorted(pd.Timestamp(day) for day in days)

    def window(self, first: pd.Timestamp, last: pd.Timestamp | None) -> pd.DataFrame:
        """Rows ``ref_date``, ``vintage``, ``value`` and ``first``, the window's first day."""
        end = _NEVER if last is None else f"{last:%Y-%m-%d}"
        what = f"vintages {first:%Y-%m-%d} to {end}"
        fred = _Fred(self.source.base, self._ask(what, "observations"))
        try:
            table = fred.get_series_all_releases(self.identifier, f"{first:%Y-%m-%d}", end)
        except _TooManyRows:
            table = None
        if table is None:
            return self._halves(first, last)
        return pd.DataFrame(
            {
                "ref_date": pd.DatetimeIndex(table["date"]).as_unit("us"),
                "vintage": pd.DatetimeIndex(table["realtime_start"]).as_unit("us"),
                # A figure that was withdrawn is NaT here: the columns mix numbers and dates.
                "value": [float("nan") if pd.isna(one) else float(one) for one in table["value"]],
                "first": first,
            }
        )

    def _halves(self, first: pd.Timestamp, last: pd.Timestamp | None) -> pd.DataFrame:
        end = last if last is not None else _today(self.client.clock.now())
        middle = (first + (end - first) / 2).normalize()
        if not first < middle < end:
            raise self.page().incomplete(f"more rows on {first:%Y-%m-%d} than fit into an answer")
        return _stitch([self.window(first, middle), self.window(middle, last)]).assign(first=first)

    def _ask(self, what: str, tag: str) -> Ask:
        def ask(url: str) -> ElementTree.Element:
            parts = urlsplit(url)
            request = Request(
                self.source.name,
                f"{self.spec.id} ({self.identifier}), {what}",
                f"{parts.scheme}://{parts.netloc}{parts.path}",
                dict(parse_qsl(parts.query)),
                {"api_key": self.source.key},
                PER_SECOND,
            )
            root = self.client.get(request, read)
            if int(root.get("count", "0")) > len(root):
                raise _TooManyRows
            return root

        def read(page: Page) -> ElementTree.Element:
            self.last_page = page
            return _root(page, tag)

        return ask


def _root(page: Page, tag: str) -> ElementTree.Element:
    """Return the answer's root, every row of which fredapi can read."""
    root = None
    with contextlib.suppress(ElementTree.ParseError):
        root = ElementTree.fromstring(page.text)
    if root is None or root.tag != tag or not root.get("count", "").isdigit():
        raise page.unexpected(f"<{tag} count=...>")
    if int(root.get("count", "0")) < len(root):
        raise page.unexpected(f"no more rows than the count of {root.get('count')}")
    if not len(root):
        raise page.incomplete("no row at all")
    for row in root:
        texts = (
            [row.text]
            if tag == "vintage_dates"
            else [row.get("date"), row.get("realtime_start"), row.get("realtime_end")]
        )
        if not all(_is_day(text) for text in texts):
            raise page.unexpected("a day in every row")
        if tag == "observations" and not _is_figure(row.get("value")):
            raise page.unexpected(f"a figure for {row.get('date')}, not {row.get('value')!r}")
    return root


def _is_day(text: str | None) -> bool:
    try:
        date.fromisoformat(text or "")
    except ValueError:
        return False
    return True


def _is_figure(text: str | None) -> bool:
    try:
        float(text if text != "." else "nan")  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _today(now: pd.Timestamp) -> pd.Timestamp:
    return now.tz_localize(None).normalize()


def _spans(
    first: pd.Timestamp, now: pd.Timestamp
) -> list[tuple[pd.Timestamp, pd.Timestamp | None]]:
    spans: list[tuple[pd.Timestamp, pd.Timestamp | None]] = []
    while first + timedelta(days=WINDOW) < _today(now):
        spans.append((first, first + timedelta(days=WINDOW)))
        first += timedelta(days=WINDOW)
    return [*spans, (first, None)]


def _stitch(windows: list[pd.DataFrame]) -> pd.DataFrame:
    """Join windows: what a later one tells of its first day is known from the one before."""
    later = [window[window["vintage"] > window["first"]] for window in windows[1:]]
    return pd.concat([windows[0], *later], ignore_index=True)


def _scaled(
    spec: SeriesSpec, identifier: str, told: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Bring each vintage into the catalogue's unit; leave out those whose unit is unknown."""
    vintages = pd.DatetimeIndex(told["vintage"].unique())
    factors = {}
    for vintage in vintages:
        try:
            factors[vintage] = spec.scale(f"fred:{identifier}", vintage.date())
        except UnexpectedAnswer:
            factors[vintage] = float("nan")
    factor = told["vintage"].map(factors)
    unknown = told.loc[factor.isna(), "vintage"]
    scaled = told.assign(value=told["value"] * factor)[factor.notna().to_numpy()]
    if unknown.empty:
        return scaled, ()
    text = (
        f"the unit of {identifier} in the vintages of {unknown.min():%Y-%m-%d} to "
        f"{unknown.max():%Y-%m-%d} is not on record: {unknown.nunique()} vintages left out; look "
        "it up and add a Scale to the catalogue"
    )
    return scaled, (Problem("unit", spec.id, text, unknown.min(), unknown.max()),)


def _old(
    spec: SeriesSpec, told: pd.DataFrame, first: pd.Timestamp, from_the_beginning: bool
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a row only shows that its figure stood at the beginning of what was looked at."""
    at_first = np.asarray(told["vintage"] == first)
    if not from_the_beginning:
        return at_first
    if spec.revised:
        # The archive's first vintage is later than the print it holds: late is safe.
        return np.zeros(len(told), dtype=bool)
    ref_dates = pd.DatetimeIndex(told["ref_date"])
    return at_first & printed_long_after(spec, ref_dates, pd.DatetimeIndex(told["vintage"]))

"""ALFRED without a key: how a series stood on a day, through ``alfredgraph.csv``.

One vintage a request; the header is ``observation_date,ID_YYYYMMDD``, which proves that the answer
is a vintage (the same address on FRED ignores the date). A series is asked for on each day on
which a release of it was due, and, where the figure had not come, on the days after. The unit of a
vintage is the catalogue's, by date: vintages whose unit is not on record are left out and listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from data.catalogue import SeriesSpec
from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.facts import NEW_YORK
from data.sources.base import Answer, Problem, TableName, failed
from data.sources.checks import expected, in_order, plausible, refuse_unit_change
from data.sources.fred_csv import first_day, fred_ids, parse
from data.sources.vintages import VINTAGED, prints, release_days
from data.sources.web import Client, NoSuchThing, Page, Request

BASE = "https://alfred.stlouisfed.org"
# How far back to look where nothing is said: a vintage costs a request.
REACH = timedelta(days=120)
# A figure that did not come when it was due is looked for on this many days after.
_WAIT_DAYS = 6
# Vintages in one answer, so that a long fetch can be taken up where it was left.
_PIECE = 26


@dataclass(frozen=True, slots=True)
class AlfredCsv:
    """First prints and revisions of FRED's series, by vintage.

    Parameters
    ----------
    base : str
        Base address.
    serves : tuple of str
        Series ids; by default every series of which vintages are collected.
    per_request : int
        Vintages a request: more than one asks for as many columns, which the site does not
        document.
    per_second : float
        Requests a second.
    """

    base: str = BASE
    serves: tuple[str, ...] = VINTAGED
    per_request: int = 1
    per_second: float = 2.0
    name: ClassVar[str] = "alfred_csv"
    table: ClassVar[TableName] = "observations"

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield the vintages of releases from `since` on, a few months of a series at a time."""
        today = client.clock.now().tz_convert(NEW_YORK).date()
        begin = today - REACH if since is None else since
        for name in self.serves:
            spec = series_spec(name)
            try:
                yield from _Series(self, spec, client).answers(begin)
            except (UnexpectedAnswer, Incomplete, NoSuchThing) as error:
                yield failed(self, name, error)


@dataclass(slots=True)
class _Series:
    """One series on its way through its vintages."""

    source: AlfredCsv
    spec: SeriesSpec
    client: Client
    # The last vintage seen, and everything told since the last answer.
    current: pd.Series[float] | None = None
    told: list[pd.DataFrame] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        return fred_ids()[self.spec.id]

    @property
    def origin(self) -> str:
        return f"fred:{self.identifier}"

    def answers(self, since: date) -> Iterator[Answer]:
        before, days = self._schedule(since)
        known, unknown = self._by_unit([*before, *days])
        if unknown:
            yield Answer(
                self.source.name, "observations", prints(self.spec, _NONE, ""), self._unit(unknown)
            )
        size = self.source.per_request
        done = 0
        for run in known:
            self.current = None
            for start in range(0, len(run), size):
                vintages = run[start : start + size]
                for vintage, values in zip(vintages, self._ask(vintages), strict=True):
                    self._tell(vintage, values)
                    self._wait_for_late(vintage, days)
                done += len(vintages)
                if done >= _PIECE:
                    yield self._answer()
                    done = 0
        yield self._answer()

    def _schedule(self, since: date) -> tuple[list[pd.Timestamp], list[pd.Timestamp]]:
        """The last release day before `since`, and those from it on."""
        now = self.client.clock.now()
        back = since - timedelta(days=2 * self.spec.max_age_days + 60)
        ref_dates = expected(self.spec, back, now)
        days = list(release_days(self.spec, ref_dates).unique().sort_values())
        start = pd.Timestamp(since)
        return [day for day in days if day < start][-1:], [day for day in days if day >= start]

    def _by_unit(
        self, days: Sequence[pd.Timestamp]
    ) -> tuple[list[list[pd.Timestamp]], list[pd.Timestamp]]:
        """Runs of days whose unit is on record, and the days whose unit is not."""
        runs: list[list[pd.Timestamp]] = [[]]
        unknown = []
        for day in days:
            try:
                self.spec.scale(self.origin, day.date())
            except UnexpectedAnswer:
                unknown.append(day)
                runs.append([])
            else:
                runs[-1].append(day)
        return [run for run in runs if run], unknown

    def _unit(self, unknown: Sequence[pd.Timestamp]) -> tuple[Problem, ...]:
        text = (
            f"the unit of {self.identifier} in the vintages of {unknown[0]:%Y-%m-%d} to "
            f"{unknown[-1]:%Y-%m-%d} is not on record: {len(unknown)} vintages left out; look it "
            "up and add a Scale to the catalogue"
        )
        return (Problem("unit", self.spec.id, text, unknown[0], unknown[-1]),)

    def _ask(self, vintages: Sequence[pd.Timestamp]) -> list[pd.Series[float]]:
        spec, now = self.spec, self.client.clock.now()
        back = timedelta(days=3 * spec.max_age_days + 30)
        begin = first_day(spec, None) if spec.revised else vintages[0].date() - back
        listed = [f"{day:%Y-%m-%d}" for day in vintages]
        request = Request(
            self.source.name,
            f"{spec.id} ({self.identifier}) as of {', '.join(listed)}",
            f"{self.source.base}/graph/alfredgraph.csv",
            {
                "id": ",".join([self.identifier] * len(vintages)),
                "cosd": begin.isoformat(),
                "vintage_date": ",".join(listed),
            },
            per_second=self.source.per_second,
        )

        def read(page: Page) -> list[pd.Series[float]]:
            rows = parse(page, [f"{self.identifier}_{day:%Y%m%d}" for day in vintages])
            found = []
            for at, vintage in enumerate(vintages):
                factor = spec.scale(self.origin, vintage.date())
                column = [(day, values[at] * factor) for day, values in rows]
                figures = in_order(spec, column, page)
                if figures.values.empty:
                    raise page.incomplete(f"no figure in the vintage of {vintage:%Y-%m-%d}")
                plausible(spec, figures.values, page, now)
                found.append(figures.values)
            return found

        return self.client.get(request, read)

    def _tell(self, vintage: pd.Timestamp, values: pd.Series[float]) -> None:
        if self.current is not None:
            label = f"{self.source.name}: vintage of {vintage:%Y-%m-%d}"
            refuse_unit_change(self.spec, self.current, values, label)
        self.told.append(
            pd.DataFrame(
                {
                    "ref_date": values.index,
                    "vintage": vintage,
                    "value": values.to_numpy(),
                    "old": self.current is None,
                }
            )
        )
        self.current = values

    def _wait_for_late(self, vintage: pd.Timestamp, days: Sequence[pd.Timestamp]) -> None:
        """Where a weekly or rarer figure had not come when due, look on the days after."""
        if self.spec.period == "day" or self.current is None:
            return
        now = self.client.clock.now()
        due = expected(self.spec, (vintage - timedelta(days=400)).date(), now)
        due = due[release_days(self.spec, due) == vintage]
        later = next((day for day in days if day > vintage), None)
        today = now.tz_convert(NEW_YORK).tz_localize(None).normalize()
        day = vintage
        while len(due) and not np.asarray(due.isin(self.current.index)).all():
            day += timedelta(days=1)
            if day > today or day == later or day > vintage + timedelta(days=_WAIT_DAYS):
                return
            self._tell(day, self._ask([day])[0])

    def _answer(self) -> Answer:
        told = pd.concat(self.told, ignore_index=True) if self.told else _NONE
        rows = prints(self.spec, told, self.origin)
        # The last telling stays, to be compared with what comes.
        if self.current is not None:
            last = pd.DataFrame(
                {
                    "ref_date": self.current.index,
                    "vintage": told["vintage"].max(),
                    "value": self.current.to_numpy(),
                    "old": True,
                }
            )
            self.told = [last]
        return Answer(self.source.name, "observations", rows)


_NONE = pd.DataFrame(
    {
        "ref_date": pd.DatetimeIndex([], dtype="datetime64[us]"),
        "vintage": pd.DatetimeIndex([], dtype="datetime64[us]"),
        "value": pd.Series(dtype=float),
        "old": pd.Series(dtype=bool),
    }
)

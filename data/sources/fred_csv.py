"""FRED without a key: ``fredgraph.csv``, one series a request.

The header is ``observation_date,ID`` (``DATE,ID`` until the end of 2024); a day without a figure
is an empty field (``.`` until then). An id that FRED does not know is answered with HTML. It
ignores ``vintage_date`` silently: vintages come from :mod:`data.sources.alfred_csv`. FRED stamps
periods at their start, and its units differ from line to line: the catalogue knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import pandas as pd

from data.catalogue import SERIES, SeriesSpec
from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.sources.base import Answer, Problem, TableName, failed, observations
from data.sources.checks import Figures, in_order, missing, plausible
from data.sources.web import Client, NoSuchThing, Page, Request

BASE = "https://fred.stlouisfed.org"
# Nothing the project asks reaches further back, though some series do.
BEGINNING = date(2000, 1, 1)
NO_VALUE = frozenset({"", "."})


def fred_ids() -> dict[str, str]:
    """Return the FRED id of every series of the catalogue that FRED carries."""
    found: dict[str, str] = {}
    for spec in SERIES.values():
        for source in spec.sources:
            publisher, _, identifier = source.partition(":")
            if publisher == "fred":
                found[spec.id] = identifier
    return found


@dataclass(frozen=True, slots=True)
class FredCsv:
    """H.4.1, rates, holdings and controls from FRED's public charts.

    Parameters
    ----------
    base : str
        Base address.
    serves : tuple of str
        Series ids; by default all that FRED carries.
    """

    base: str = BASE
    serves: tuple[str, ...] = tuple(fred_ids())
    name: ClassVar[str] = "fred_csv"
    table: ClassVar[TableName] = "observations"

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer for each series.

        A series that FRED does not know or answers oddly is a problem of that series; a server
        that cannot be reached or forbids the visit stops the source.
        """
        ids = fred_ids()
        for name in self.serves:
            spec = series_spec(name)
            try:
                answer = self._series(spec, ids[name], since, client)
            except (UnexpectedAnswer, Incomplete, NoSuchThing) as error:
                answer = failed(self, name, error)
            yield answer

    def _series(
        self, spec: SeriesSpec, identifier: str, since: date | None, client: Client
    ) -> Answer:
        begin = first_day(spec, since)
        request = Request(
            self.name,
            f"{spec.id} ({identifier}) from {begin}",
            f"{self.base}/graph/fredgraph.csv",
            {"id": identifier, "cosd": begin.isoformat()},
        )
        source = f"fred:{identifier}"
        now = client.clock.now()

        def read(page: Page) -> tuple[Figures, tuple[Problem, ...]]:
            rows = parse(page, [identifier])
            factor = spec.scale(source)
            figures = in_order(spec, [(day, value * factor) for day, (value,) in rows], page)
            # Where the first day is not on record, the history begins where the answer does.
            known = since is not None or spec.first is not None or figures.published.empty
            first = begin if known else figures.published.min().date()
            gaps = missing(spec, figures.published, first, now)
            if figures.published.empty and gaps:
                raise page.incomplete(f"no row at all, {gaps[0].text}")
            plausible(spec, figures.values, page, now)
            return figures, gaps

        figures, gaps = client.get(request, read)
        rows = observations(spec.id, figures.values, source)
        return Answer(self.name, self.table, rows, (*figures.problems, *gaps))


def first_day(spec: SeriesSpec, since: date | None) -> date:
    """Return the day to ask from: `since`, and as far back as the series is still corrected."""
    begin = max(spec.first or BEGINNING, BEGINNING)
    if since is not None:
        back = timedelta(days=800 if spec.revised else max(14, 2 * spec.max_age_days))
        begin = max(begin, since - back)
    if spec.stamped == "start":
        # A period begun earlier would be left out of the answer.
        span = "Q" if spec.period == "quarter" else "M"
        begin = pd.Timestamp(begin).to_period(span).start_time.date()
    return begin


def parse(page: Page, columns: Sequence[str]) -> list[tuple[pd.Timestamp, list[float]]]:
    """Return the rows of a CSV of FRED or ALFRED.

    Parameters
    ----------
    page : Page
        The answer.
    columns : sequence of str
        What the columns after the day must be called.

    Returns
    -------
    list of (day, values)
        As stamped and in the publisher's unit; NaN where there is no figure.

    Raises
    ------
    UnexpectedAnswer
        If the header is another (HTML, a ZIP, another series), or a row is not a day and
        numbers.
    Incomplete
        If the answer is empty or breaks off.
    """
    lines = page.lines()
    if not lines:
        raise page.incomplete("the answer is empty")
    named = ",".join(columns)
    if lines[0] not in (f"observation_date,{named}", f"DATE,{named}"):
        raise page.unexpected(f"the header 'observation_date,{named}'")
    rows = []
    for line in lines[1:]:
        stamp, *texts = line.split(",")
        try:
            day = pd.Timestamp(date.fromisoformat(stamp))
            values = [float("nan") if text in NO_VALUE else float(text) for text in texts]
        except ValueError:
            values = []
        if len(values) != len(columns):
            raise page.unexpected(f"a day and a number for {named}, not {line[:60]!r}")
        rows.append((day, values))
    if not page.text.endswith("\n") and len(lines) > 2 and len(lines[-1]) < len(lines[-2]):
        raise page.incomplete(f"the answer breaks off within a line: {lines[-1][:60]!r}")
    return rows

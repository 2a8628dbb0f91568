"""Repo and reverse repo operations of the New York Fed, and the day's totals made of them.

The answer holds repo and reverse repo whatever ``operationTypes`` asks for, so it is sorted out
here. Windows of at most a year. ``lastUpdated`` is not the first publication: release times come
from the catalogue. A day counts once its last result is due: on the morning of a day with two
sessions there is no total yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import pandas as pd

from data.catalogue import series as series_spec
from data.errors import Incomplete, UnexpectedAnswer
from data.facts import NEW_YORK
from data.families import DOLLARS
from data.release import known_at
from data.sources.base import Answer, Problem, TableName, failed, observations
from data.sources.checks import missing, plausible
from data.sources.nyfed_rates import BASE, OVERLAP, windows
from data.sources.operations import STANDING_FROM, TEMPORARY_FROM, Operation, read_operations
from data.sources.web import Client, Page, Request

# Reverse repo is held daily from here; before, there were only tests.
BEGINNING = date(2013, 9, 23)
# The first morning session of the standing facility.
MORNINGS_FROM = date(2024, 12, 30)


@dataclass(frozen=True, slots=True)
class Daily:
    """How operations become one figure a day.

    Parameters
    ----------
    source : str
        The catalogue's source.
    chosen : callable
        Whether an operation belongs to it.
    figure : callable
        The figure of a day's chosen operations, in order of closing; None: no figure.
    """

    source: str
    chosen: Callable[[Operation], bool]
    figure: Callable[[Sequence[Operation]], float | None]


def _lent(collateral: str | None = None) -> Callable[[Sequence[Operation]], float]:
    def total(operations: Sequence[Operation]) -> float:
        amounts = (
            one.accepted if collateral is None else one.by_collateral.get(collateral, 0)
            for one in operations
        )
        return sum(amounts) * DOLLARS

    return total


def _repo(one: Operation) -> bool:
    return one.kind in ("standing", "temporary")


def _standing(one: Operation) -> bool:
    return one.kind == "standing"


def _reverse(one: Operation) -> bool:
    return one.kind == "reverse"


def _session(name: str) -> Callable[[Sequence[Operation]], float]:
    # A day of the facility without that session: nothing was lent in it.
    return lambda operations: _lent()([one for one in operations if one.session == name])


# Two reverse repos on one date: the one that closes later counts.
SERIES: dict[str, Daily] = {
    "srf": Daily("nyfed:REPO_OPS_TOTAL", _repo, _lent()),
    "srf_treasury": Daily("nyfed:NYFED_SRF_TSY", _repo, _lent("treasury")),
    "srf_mbs": Daily("nyfed:NYFED_SRF_MBS", _repo, _lent("mbs")),
    "srf_morning": Daily("nyfed:REPO_OPS_MORNING", _standing, _session("morning")),
    "srf_afternoon": Daily("nyfed:REPO_OPS_AFTERNOON", _standing, _session("afternoon")),
    "rrp": Daily("nyfed:RRP_OVERNIGHT", _reverse, lambda day: day[-1].accepted * DOLLARS),
    "rrp_rate": Daily("nyfed:RRP_AWARD_RATE", _reverse, lambda day: day[-1].rate),
}
_FIRST = {
    "srf": TEMPORARY_FROM,
    "srf_treasury": TEMPORARY_FROM,
    "srf_mbs": TEMPORARY_FROM,
    "srf_morning": MORNINGS_FROM,
    "srf_afternoon": STANDING_FROM,
}


@dataclass(frozen=True, slots=True)
class NyFedOperations:
    """Daily use of the Fed's repo and reverse repo facilities.

    Parameters
    ----------
    base : str
        Base address.

    Notes
    -----
    Each answer's ``details["operations"]`` has one row an operation: ``operation``, ``day``,
    ``settlement``, ``maturity``, ``kind`` (:class:`data.sources.operations.Operation`),
    ``session``, ``closes``, ``submitted``, ``accepted``, ``treasury``, ``agency``, ``mbs`` (USD
    bn), ``rate`` (percent) and ``note``. Small-value exercises and term operations stand there
    and in no total.
    """

    base: str = BASE
    name: ClassVar[str] = "nyfed_operations"
    table: ClassVar[TableName] = "observations"
    serves: ClassVar[tuple[str, ...]] = tuple(SERIES)

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield one answer a year, oldest first."""
        today = client.clock.now().tz_convert(NEW_YORK).date()
        begin = BEGINNING if since is None else max(BEGINNING, since - OVERLAP)
        for first, last in windows(begin, today):
            try:
                yield self._window(first, last, client)
            except (UnexpectedAnswer, Incomplete) as error:
                yield failed(self, "srf", error)
                return

    def _window(self, first: date, last: date, client: Client) -> Answer:
        request = Request(
            self.name,
            f"operations from {first} to {last}",
            f"{self.base}/api/rp/results/search.json",
            {"startDate": first.isoformat(), "endDate": last.isoformat()},
        )
        now = client.clock.now()

        def read(page: Page) -> Answer:
            # Some windows have been answered with more than was asked for.
            found = [one for one in read_operations(page) if first <= one.day <= last]
            pieces: list[pd.DataFrame] = []
            problems: list[Problem] = []
            for name, daily in SERIES.items():
                piece, gaps = _daily(name, daily, found, page, (first, last), now)
                pieces.append(piece)
                problems += gaps
            if not found and problems:
                raise page.incomplete(f"no operation at all, {problems[0].text}")
            table = pd.concat(pieces, ignore_index=True)
            details = {"operations": operations_table(found)}
            return Answer(self.name, self.table, table, tuple(problems), details)

        return client.get(request, read)


def _daily(
    name: str,
    daily: Daily,
    operations: Sequence[Operation],
    page: Page,
    span: tuple[date, date],
    now: pd.Timestamp,
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    spec = series_spec(name)
    days: dict[date, list[Operation]] = {}
    for one in operations:
        if daily.chosen(one) and one.day >= _FIRST.get(name, BEGINNING):
            days.setdefault(one.day, []).append(one)
    held = pd.DatetimeIndex([pd.Timestamp(day) for day in days], dtype="datetime64[us]")
    settled = held[known_at(spec, held) <= now] if len(held) else held
    figures = {day: daily.figure(days[day.date()]) for day in settled}
    values = pd.Series(
        {day: value for day, value in figures.items() if value is not None}, dtype=float
    )
    values.index = pd.DatetimeIndex(values.index, dtype="datetime64[us]")
    plausible(spec, values, page, now)
    first = max(span[0], _FIRST.get(name, BEGINNING))
    gaps = missing(spec, settled, first, now, span[1])
    return observations(name, values, daily.source), gaps


def operations_table(operations: Sequence[Operation]) -> pd.DataFrame:
    """Return one row an operation; amounts in USD bn, see :class:`NyFedOperations`."""
    rows = [
        {
            "operation": one.id,
            "day": pd.Timestamp(one.day),
            "settlement": pd.Timestamp(one.settlement),
            "maturity": pd.Timestamp(one.maturity),
            "kind": one.kind,
            "session": one.session,
            "closes": one.closes,
            "submitted": one.submitted * DOLLARS,
            "accepted": one.accepted * DOLLARS,
            **{part: one.by_collateral.get(part, 0) * DOLLARS for part in ("treasury", "agency")},
            "mbs": one.by_collateral.get("mbs", 0) * DOLLARS,
            "rate": float("nan") if one.rate is None else one.rate,
            "note": one.note,
        }
        for one in operations
    ]
    return pd.DataFrame(rows)

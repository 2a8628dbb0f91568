"""What every source is: the seam between the publishers and the store.

A source yields :class:`Answer` after :class:`Answer`. Each is whole in itself, in the store's
columns, and, for any one series or market, never older than the one before. So the caller can
commit each as it comes: a fetch that is killed resumes from what is stored and leaves no hole.
What went wrong with one series or market stands in :attr:`Answer.problems`; what stops the whole
source is raised, after the answers that came before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, TypeAlias

import pandas as pd

from data.errors import SourceError
from data.sources.web import Client

TableName: TypeAlias = Literal["observations", "prices_1d", "prices_1h", "funding"]
ProblemKind: TypeAlias = Literal[
    "error", "gap", "quarantined", "repeated", "delisted", "beyond_reach", "clock", "unit"
]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "observations": ("series", "ref_date", "value", "known_at", "source"),
    "prices_1d": ("symbol", "opened", "open", "high", "low", "close", "volume", "market", "source"),
    "prices_1h": ("symbol", "opened", "open", "high", "low", "close", "volume", "market", "source"),
    "funding": ("perpetual", "symbol", "ts", "rate", "venue", "source"),
}
_INSTANT = "datetime64[us, UTC]"
_TYPES: Mapping[str, str] = {
    "ref_date": "datetime64[us]",
    "known_at": _INSTANT,
    "opened": _INSTANT,
    "ts": _INSTANT,
}
_NUMBERS = frozenset({"value", "open", "high", "low", "close", "volume", "rate"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should know about one series or market.

    Parameters
    ----------
    kind : str
        ``error``: that series or market could not be read; the fetch is partial.
        ``gap``: figures that should exist by now and do not.
        ``quarantined``: a row that cannot be right, left out of the table.
        ``repeated``: the same row twice, used once.
        ``delisted``: the market is closed.
        ``beyond_reach``: the venue does not keep history this far back.
        ``clock``: this computer's clock and the venue's disagree.
        ``unit``: vintages left out because their unit is not on record.
    what : str
        Series id or market.
    text : str
        One line.
    first, last : Timestamp, optional
        The days or instants concerned.
    """

    kind: ProblemKind
    what: str
    text: str
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A piece of what a source has.

    Parameters
    ----------
    source : str
        Name of the source.
    table : str
        The store's table that `rows` belong to.
    rows : DataFrame
        :data:`COLUMNS` of that table. Observations: ``value`` in the catalogue's unit,
        ``known_at`` UTC where the source proves it (a vintage, a revision at its hour), ``NaT``
        where the release rule decides; ``source`` is ``publisher:id``. Prices: final bars only,
        ``opened`` the UTC instant a bar opens. Sorted by key, no key twice, no NaN in a value.
    problems : tuple of Problem
        What the user should know.
    details : mapping of str to DataFrame
        Finer tables than the store's, such as single operations.
    """

    source: str
    table: TableName
    rows: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """False where some series or market could not be read."""
        return not any(problem.kind == "error" for problem in self.problems)


class Source(Protocol):
    """One publisher's offer, or one market of an exchange."""

    @property
    def name(self) -> str:
        """Unique name, for ``--only`` and for messages."""
        ...

    @property
    def table(self) -> TableName:
        """The store's table it fills."""
        ...

    @property
    def serves(self) -> tuple[str, ...]:
        """Series ids, or for prices and funding the asset."""
        ...

    def fetch(self, since: date | None, client: Client) -> Iterator[Answer]:
        """Yield everything from `since` on; None: from the beginning.

        The source itself reads some time further back, so that late changes are seen: what is
        offered again unchanged is no news.

        Raises
        ------
        SourceError
            If the whole source cannot be read.
        """
        ...


def collect(source: Source, since: date | None, client: Client) -> Answer:
    """Fetch and return all answers of a source as one."""
    answers = list(source.fetch(since, client))
    rows = [answer.rows for answer in answers if len(answer.rows)]
    details: dict[str, pd.DataFrame] = {}
    for answer in answers:
        for name, table in answer.details.items():
            known = [details[name]] if name in details else []
            details[name] = pd.concat([*known, table], ignore_index=True)
    return Answer(
        source.name,
        source.table,
        pd.concat(rows, ignore_index=True) if rows else nothing(source.table),
        tuple(problem for answer in answers for problem in answer.problems),
        details,
    )


def nothing(table: TableName) -> pd.DataFrame:
    """Return a table of the right columns and types without rows."""
    types = {
        column: _TYPES.get(column, "float64" if column in _NUMBERS else "str")
        for column in COLUMNS[table]
    }
    return pd.DataFrame({column: pd.Series(dtype=types[column]) for column in COLUMNS[table]})


def failed(source: Source, what: str, error: SourceError) -> Answer:
    """Return the answer that says that one series or market could not be read."""
    problem = Problem("error", what, str(error))
    return Answer(source.name, source.table, nothing(source.table), (problem,))


def observations(
    series: str, values: pd.Series[float], source: str, known_at: pd.DatetimeIndex | None = None
) -> pd.DataFrame:
    """Return rows of the store's table ``observations``.

    Parameters
    ----------
    series : str
        Catalogue id.
    values : Series indexed by ref_date
        Figures in the catalogue's unit, none missing.
    source : str
        ``publisher:id``.
    known_at : DatetimeIndex, optional
        UTC, beside `values`; None: by the release rule.
    """
    never = pd.DatetimeIndex([pd.NaT] * len(values)).tz_localize("UTC")
    return pd.DataFrame(
        {
            "series": pd.Series([series] * len(values), dtype="str"),
            "ref_date": pd.DatetimeIndex(values.index).as_unit("us"),
            "value": values.to_numpy(dtype=float),
            "known_at": (never if known_at is None else known_at).as_unit("us"),
            "source": pd.Series([source] * len(values), dtype="str"),
        }
    )

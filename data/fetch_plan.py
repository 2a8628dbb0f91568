"""What a fetch asks for: which sources, from which day each, and which must wait for which."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.agreement import TWINS
from data.errors import UnknownName
from data.sources.base import Source
from data.tables import Tables


@dataclass(frozen=True, slots=True)
class Part:
    """One walk through a source: all of it, or one series where each is asked for by itself.

    Parameters
    ----------
    key : str
        Name in the store's journal.
    source : Source
        Narrowed to the part.
    since : date or None
        From which day on; None: from the beginning.
    """

    key: str
    source: Source
    since: date | None


@dataclass(frozen=True, slots=True)
class Task:
    """One source of a fetch.

    Parameters
    ----------
    source : Source
        The source.
    lane : str
        Publisher or exchange: one connection each, its sources take turns.
    after : tuple of str
        Names of sources before it that serve some of the same: the first to tell a figure is the
        one in use, so the order does not depend on who answers sooner.
    parts : tuple of Part
        In order.
    """

    source: Source
    lane: str
    after: tuple[str, ...]
    parts: tuple[Part, ...]


def plan(
    sources: Mapping[str, Source],
    stored: Tables,
    journal: Mapping[str, str],
    *,
    only: Collection[str] = (),
    since: date | None = None,
) -> list[Task]:
    """Return what to ask, in the order of `sources`.

    Parameters
    ----------
    sources : mapping of name to Source
        In order of preference, see :func:`data.sources.registry.configured`.
    stored : mapping of name to DataFrame
        Tables of the store.
    journal : mapping of str to str
        The store's record of what is complete up to which day.
    only : collection of str, optional
        Names of sources, or of what they serve (a series, an asset), or the beginning of a
        source's name up to a ``:``, such as ``prices``.
    since : date, optional
        Ask from this day on, whatever is stored.

    Raises
    ------
    UnknownName
        If `only` names nothing.
    """
    chosen = _chosen(sources, only)
    tasks: list[Task] = []
    for source in chosen:
        before = tuple(
            task.source.name
            for task in tasks
            if task.source.table == source.table and set(task.source.serves) & _told_by(source)
        )
        parts = tuple(
            Part(key, part, since or _resume(key, part, stored, journal))
            for key, part in _parts(source)
        )
        tasks.append(Task(source, lane(source.name), before, parts))
    return tasks


def _told_by(source: Source) -> set[str]:
    """What a source serves, and the series that state the same figures."""
    return {*source.serves, *(TWINS[name] for name in source.serves if name in TWINS)}


def lane(name: str) -> str:
    """Return whose connection a source uses: ``prices:kraken:BTC/USD:1d`` is kraken's."""
    kind, _, rest = name.partition(":")
    return rest.partition(":")[0] if rest else kind.partition("_")[0]


def _chosen(sources: Mapping[str, Source], only: Collection[str]) -> list[Source]:
    if not only:
        return list(sources.values())
    wanted: dict[str, Source] = {}
    known: set[str] = set()
    for name, source in sources.items():
        heads = {name[:at] for at, letter in enumerate(name) if letter == ":"}
        names = {name, lane(name), *heads, *source.serves}
        known |= names
        if matches := names & set(only):
            by_itself = matches <= set(source.serves)
            wanted[name] = _narrowed(source, matches) if by_itself else source
    for name in only:
        if name not in known:
            raise UnknownName("source, series or asset", name, known)
    return list(wanted.values())


def _one_by_one(source: Source) -> bool:
    """Whether a source asks for each series by itself: then what it serves is a field of it."""
    return dataclasses.is_dataclass(source) and any(
        field.name == "serves" for field in dataclasses.fields(source)
    )


def _narrowed(source: Source, names: Iterable[str]) -> Source:
    if not _one_by_one(source):
        return source
    wanted = set(names)
    serves = tuple(name for name in source.serves if name in wanted)
    narrowed: Source = dataclasses.replace(source, serves=serves)  # type: ignore[type-var]
    return narrowed


def _parts(source: Source) -> Sequence[tuple[str, Source]]:
    if not _one_by_one(source):
        return [(source.name, source)]
    return [(f"{source.name}:{name}", _narrowed(source, [name])) for name in source.serves]


def _resume(key: str, part: Source, stored: Tables, journal: Mapping[str, str]) -> date | None:
    """Return the day up to which a part is stored; None where some of it never was.

    The journal is written when a part has been read to its end. Before that, a source that tells
    its series one after the other may have told the first to the end and the last not at all.
    """
    if key in journal:
        return date.fromisoformat(journal[key])
    rows = stored.get(part.table)
    if rows is None:
        return None
    if part.table == "observations":
        if key.startswith(("alfred", "fred_api")):
            return None
        last = rows.groupby("series", observed=True)["ref_date"].max()
        days = pd.DatetimeIndex(last.reindex(list(part.serves)))
        return None if days.hasnans else days.min().date()
    _, exchange, symbol, *_ = key.split(":", 2)
    market = f"ccxt:{exchange}:{symbol.removesuffix(':1d').removesuffix(':1h')}"
    column = "ts" if part.table == "funding" else "opened"
    own = pd.DatetimeIndex(rows.loc[(rows["source"] == market).to_numpy(), column])
    return own.max().date() if len(own) else None

"""Merge offered figures into stored ones, vintage by vintage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from data.agreement import ROUNDING, TWINS, figures_agree, publisher, tolerance
from data.aliases import BoolArray
from data.catalogue import series as series_spec
from data.release import known_at

KEY = ["series", "ref_date"]
# A vintage this long after the scheduled release is no first print: the archive begins there, or
# the figure was revised.
FIRST_PRINT = pd.Timedelta(days=10)
_ELSEWHERE = "another publisher tells it differently"


@dataclass(frozen=True, slots=True)
class MergedFigures:
    """Observations after a merge.

    Parameters
    ----------
    table : DataFrame
        All rows, by series, day and vintage; a figure without a vintage comes first. The stored
        table itself where nothing changed.
    new, same, revised, dated : int
        See :class:`data.merge.Change`.
    disagreeing : DataFrame
        Offered rows that are not used: ``series``, ``ref_date``, ``source``, ``value``, ``known``
        (the stored figure) and ``why``.
    """

    table: pd.DataFrame
    new: int
    same: int
    revised: int
    dated: int
    disagreeing: pd.DataFrame


def merge_figures(table: pd.DataFrame | None, offered: pd.DataFrame) -> MergedFigures:
    """Merge observations in the store's columns.

    Parameters
    ----------
    table : DataFrame or None
        What is stored, sorted by series, day and vintage.
    offered : DataFrame
        With ``seen_at``. A figure without ``known_at`` is today's; with it, a vintage.

    Notes
    -----
    - Today's figure that its publisher has changed becomes a vintage known since it was seen.
    - A vintage with the stored figure dates it: a late release must not look early.
    - Where the first print on record differs from a figure stored without a vintage, the stored
      one was a later revision: it counts as known since this store saw it.
    - A vintage that repeats the figure then in force is no news.
    """
    if table is None:
        nothing = _disagreeing(offered.iloc[:0])
        return MergedFigures(_ordered(offered), len(offered), 0, 0, 0, nothing)
    named = {*offered["series"].unique(), *offered["series"].map(TWINS).dropna().unique()}
    mine = table["series"].isin(named).to_numpy()
    others, stored = table[~mine], table[mine]
    wanted = pd.MultiIndex.from_frame(offered[KEY])
    latest = stored.drop_duplicates(KEY, keep="last").set_index(KEY)
    known = latest.reindex(wanted).reset_index(drop=True)
    fresh = np.asarray(known["value"].isna())
    exact, allowed = _exact(known["source"], offered["source"]), tolerance(offered["series"])
    agree = figures_agree(known["value"], offered["value"], exact=exact, allowed=allowed)
    on_record = _on_record(stored, offered) & ~fresh
    vintage = offered["known_at"].notna().to_numpy() & ~fresh & ~on_record
    today = ~fresh & ~on_record & ~vintage
    elsewhere = _elsewhere(known["source"], offered["source"])
    apart = today & ~agree & elsewhere
    twin = _apart_from_twin(latest, offered) & (fresh | (today & ~agree))
    revised = today & ~agree & ~elsewhere & ~twin
    added = pd.concat(
        [
            offered[fresh & ~twin],
            # A figure that changed is a vintage of its own, known since this store saw it.
            offered[revised].assign(known_at=offered.loc[revised, "seen_at"]),
        ]
    )
    woven = _Weave(stored, offered[vintage]).woven()
    odd = offered[twin]
    disagreeing = pd.concat(
        [
            _disagreeing(offered[apart], known.loc[apart, "value"], _ELSEWHERE),
            _disagreeing(odd, _twins_of(latest, odd), _twin_words(odd)),
            woven.disagreeing,
        ],
        ignore_index=True,
    )
    changed = len(added) or woven.changed
    if changed:
        table = _ordered(pd.concat([others, woven.table, added], ignore_index=True))
    same = int((today & agree).sum() + on_record.sum()) + woven.same
    return MergedFigures(
        table,
        int((fresh & ~twin).sum()),
        same,
        int(revised.sum()) + woven.revised,
        woven.dated,
        disagreeing,
    )


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(
        [*KEY, "known_at"], kind="stable", ignore_index=True, na_position="first"
    )


def _exact(known: pd.Series, offered: pd.Series) -> BoolArray:
    ours, theirs = publisher(known).to_numpy(), publisher(offered).to_numpy()
    return np.asarray((ours == theirs) & (ours != ""))


def _elsewhere(known: pd.Series, offered: pd.Series) -> BoolArray:
    ours, theirs = publisher(known).to_numpy(), publisher(offered).to_numpy()
    return np.asarray((ours != theirs) & (ours != "") & (theirs != ""))


def _on_record(stored: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    """Return which offered rows are history that the store has, though it may not be the last.

    A figure without a vintage of its own that comes alone is today's, and may be a return to an
    earlier value; one that comes with later vintages of the same day is history, whether the store
    has dated it meanwhile or not.
    """
    dated = offered["known_at"].notna().to_numpy()
    history = ~dated & offered.duplicated(KEY, keep="last").to_numpy()
    vintage = [*KEY, "known_at", "value"]
    there = pd.MultiIndex.from_frame(offered[vintage]).isin(
        pd.MultiIndex.from_frame(stored[vintage])
    )
    if history.any():
        figure = [*KEY, "value"]
        told = pd.MultiIndex.from_frame(offered[figure]).isin(
            pd.MultiIndex.from_frame(stored[figure])
        )
        there = np.where(history, told, there)
    return np.asarray(there & (dated | history))


def _twins_of(latest: pd.DataFrame, offered: pd.DataFrame) -> pd.Series:
    """Return the stored figure of each row's twin series on its day, NaN where there is none."""
    twins = pd.DataFrame({"series": offered["series"].map(TWINS), "ref_date": offered["ref_date"]})
    found = latest["value"].reindex(pd.MultiIndex.from_frame(twins))
    return pd.Series(found.to_numpy(dtype=float), index=offered.index)


def _apart_from_twin(latest: pd.DataFrame, offered: pd.DataFrame) -> BoolArray:
    told = offered["series"].isin(TWINS).to_numpy() & offered["known_at"].isna().to_numpy()
    if not told.any():
        return told
    rows = offered[told]
    other = _twins_of(latest, rows)
    apart = (other - rows["value"]).abs().to_numpy() > tolerance(rows["series"])
    told[told] = apart
    return told


def _twin_words(offered: pd.DataFrame) -> pd.Series:
    return "states the same figure as " + offered["series"].map(TWINS).astype("str")


def _disagreeing(
    rows: pd.DataFrame, known: pd.Series | None = None, why: pd.Series | str = ""
) -> pd.DataFrame:
    return rows[[*KEY, "source", "value"]].assign(known=np.nan if known is None else known, why=why)


@dataclass(slots=True)
class _Weave:
    """Vintages on their way into stored days, one day of a series after the other."""

    stored: pd.DataFrame
    vintages: pd.DataFrame
    same: int = 0
    revised: int = 0
    dated: int = 0
    disagreeing: pd.DataFrame = field(init=False)
    # Of stored rows: the instant at which the figure proves to have been public.
    stamps: dict[int, pd.Timestamp] = field(default_factory=dict)
    # Rows of the vintages that are news.
    inserted: list[int] = field(default_factory=list)
    # Stored rows without a vintage beside one of another value, and the first vintage's instant.
    doubtful: dict[int, pd.Timestamp] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.stamps or self.inserted)

    @property
    def table(self) -> pd.DataFrame:
        """Stored rows, dated, and the vintages that are news."""
        stored = self.stored
        if self.stamps:
            known = stored["known_at"].copy()
            known.loc[list(self.stamps)] = list(self.stamps.values())
            stored = stored.assign(known_at=known)
        return pd.concat([stored, self.vintages.loc[self.inserted]])

    def woven(self) -> _Weave:
        """Place every vintage."""
        self.disagreeing = _disagreeing(self.vintages.iloc[:0])
        if self.vintages.empty:
            return self
        keys = pd.MultiIndex.from_frame(self.vintages[KEY].drop_duplicates())
        beside = self.stored[pd.MultiIndex.from_frame(self.stored[KEY]).isin(keys)]
        there = _by_day(beside)
        apart: list[tuple[int, float]] = []
        for key, rows in _by_day(self.vintages).items():
            told = sorted(rows, key=lambda row: row.known_at)
            if _of_another(there[key], told):
                apart += [(row.at, there[key][-1].value) for row in told]
            else:
                self._day(there[key], told)
        self._settle_doubtful()
        if apart:
            odd = self.vintages.loc[[at for at, _ in apart]]
            known: pd.Series[float] = pd.Series([value for _, value in apart], index=odd.index)
            self.disagreeing = _disagreeing(odd, known, _ELSEWHERE)
        return self

    def _day(self, there: list[_Row], told: list[_Row]) -> None:
        undated = next((row for row in there if pd.isna(row.known_at)), None)
        line = [row for row in there if row is not undated]
        for row in told:
            in_force = [one for one in line if one.known_at <= row.known_at]
            if undated is not None and undated.agrees(row):
                # It was public at the latest when this store saw it.
                known = min(row.known_at, undated.seen_at)
                self.stamps[undated.at] = known
                self.dated += 1
                line = sorted([*line, undated.since(known)], key=lambda one: one.known_at)
                undated = None
            elif in_force and in_force[-1].agrees(row):
                self.same += 1
            else:
                self.inserted.append(row.at)
                self.revised += 1
                line = sorted([*line, row], key=lambda one: one.known_at)
        if undated is not None:
            self.doubtful[undated.at] = told[0].known_at

    def _settle_doubtful(self) -> None:
        """Date figures that a first print of another value proves to be later revisions."""
        rows = self.stored.loc[list(self.doubtful)]
        for name, days in rows.groupby("series", sort=False):
            rule = known_at(series_spec(str(name)), pd.DatetimeIndex(days["ref_date"]))
            for at, scheduled, seen in zip(days.index, rule, days["seen_at"], strict=True):
                if self.doubtful[at] <= scheduled + FIRST_PRINT:
                    self.stamps[at] = seen
                    self.dated += 1


@dataclass(frozen=True, slots=True)
class _Row:
    """One vintage of one figure: where it stands in its table, and what it says."""

    at: int
    value: float
    known_at: pd.Timestamp
    seen_at: pd.Timestamp
    publisher: str
    allowed: float

    def agrees(self, other: _Row) -> bool:
        exact = self.publisher == other.publisher != ""
        allowed = ROUNDING * abs(self.value) if exact else self.allowed
        return abs(self.value - other.value) <= allowed

    def since(self, instant: pd.Timestamp) -> _Row:
        return replace(self, known_at=instant)


def _by_day(table: pd.DataFrame) -> dict[tuple[str, pd.Timestamp], list[_Row]]:
    found: dict[tuple[str, pd.Timestamp], list[_Row]] = {}
    columns = zip(
        table["series"].astype(str),
        table["ref_date"],
        table.index.to_numpy().tolist(),
        table["value"].tolist(),
        table["known_at"],
        table["seen_at"],
        publisher(table["source"]),
        tolerance(table["series"]).tolist(),
        strict=True,
    )
    for name, day, *row in columns:
        found.setdefault((name, day), []).append(_Row(*row))
    return found


def _of_another(there: list[_Row], told: list[_Row]) -> bool:
    """Whether another publisher's vintages agree with nothing that is stored of the day."""
    ours = {row.publisher for row in there} - {""}
    theirs = {row.publisher for row in told} - {""}
    if not ours or not theirs or ours & theirs:
        return False
    return not any(one.agrees(other) for one in there for other in told)

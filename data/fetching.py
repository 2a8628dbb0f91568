"""Fetch: ask every source for what is new, and merge each answer into the store as it comes.

Publishers and exchanges are asked side by side, each over one connection. An answer is committed
before the next one of its source is asked for, so a fetch that dies costs what was under way and
no more. A source that fails is named; the others go on.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from data.errors import Incomplete, SourceError, UnexpectedAnswer
from data.fetch_plan import Part, Task
from data.merge import Change, merge
from data.sources.base import Answer, Problem
from data.sources.unit_check import refuse_other_units
from data.sources.web import Client
from data.store import Held, Store
from data.tables import Tables

# Told after each answer: source, rows so far, the last day or instant met.
Progress = Callable[[str, int, pd.Timestamp | None], None]


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a fetch got from one source.

    Parameters
    ----------
    source : str
        Name.
    table : str
        The store's table it fills.
    new, same, revised, dated, quarantined : int
        Rows, see :class:`data.merge.Change`; rows that the source's own checks refused count as
        quarantined.
    gaps : int
        Stretches that should have figures or bars by now and have none.
    problems : tuple of Problem
        What the user should know, gaps among them.
    error : str or None
        Why it is not complete.
    """

    source: str
    table: str
    new: int = 0
    same: int = 0
    revised: int = 0
    dated: int = 0
    quarantined: int = 0
    gaps: int = 0
    problems: tuple[Problem, ...] = ()
    error: str | None = None

    def with_answer(self, answer: Answer, change: Change) -> SourceReport:
        """Return the report with one more answer in it."""
        kinds = Counter(problem.kind for problem in answer.problems)
        wrong = [problem.text for problem in answer.problems if problem.kind == "error"]
        return replace(
            self,
            new=self.new + change.new,
            same=self.same + change.same,
            revised=self.revised + change.revised,
            dated=self.dated + change.dated,
            quarantined=self.quarantined + change.quarantined + kinds["quarantined"],
            gaps=self.gaps + kinds["gap"],
            problems=(*self.problems, *answer.problems),
            error=self.error or (wrong[0] if wrong else None),
        )


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch did.

    Parameters
    ----------
    sources : tuple of SourceReport
        In the order of the plan.
    snapshot_id : str or None
        Of the store afterwards; None where it is still empty or nothing was to be written.
    """

    sources: tuple[SourceReport, ...]
    snapshot_id: str | None

    @property
    def complete(self) -> bool:
        """Whether every source could be read."""
        return all(report.error is None for report in self.sources)


def fetch(
    tasks: Sequence[Task],
    store: Store,
    client: Client,
    *,
    held: Held,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FetchReport:
    """Carry out a plan.

    Parameters
    ----------
    tasks : sequence of Task
        From :func:`data.fetch_plan.plan`.
    store : Store
        Written to after each answer.
    client : Client
        How to ask.
    held : Held
        The store's tables as the plan was made from them.
    dry_run : bool
        Ask and compare, but write nothing.
    progress : callable, optional
        Called from the threads that fetch.

    Raises
    ------
    StoreError
        If the disk refuses, or another process holds the store.
    InputError
        If a setting turns out to be wrong.
    """
    fetching = _Fetch(store, client, dry_run, progress or _silent, held)
    reports = fetching.run(tasks)
    known = None if dry_run or store.empty else str(store.manifest()["snapshot_id"])
    return FetchReport(tuple(reports), known)


def _silent(source: str, rows: int, last: pd.Timestamp | None) -> None:
    del source, rows, last


@dataclass(slots=True)
class _Fetch:
    """One fetch under way."""

    store: Store
    client: Client
    dry_run: bool
    progress: Progress
    held: Held
    reports: dict[str, SourceReport] = field(default_factory=dict)
    merging: threading.Lock = field(default_factory=threading.Lock)
    over: dict[str, threading.Event] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, tasks: Sequence[Task]) -> list[SourceReport]:
        self.over = {task.source.name: threading.Event() for task in tasks}
        lanes: dict[str, list[Task]] = {}
        for task in tasks:
            lanes.setdefault(task.lane, []).append(task)
        done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        for name, mine in lanes.items():
            # Daemons: an interrupted fetch does not wait for a server's patience.
            threading.Thread(
                target=self._lane, args=(mine, done), name=f"fetch {name}", daemon=True
            ).start()
        for _ in lanes:
            if (failure := done.get()) is not None:
                self.stopped.set()
                raise failure
        return [self.reports[task.source.name] for task in tasks]

    def _lane(self, tasks: Sequence[Task], done: queue.SimpleQueue[BaseException | None]) -> None:
        try:
            for task in tasks:
                for name in task.after:
                    self.over[name].wait()
                self._task(task)
                self.over[task.source.name].set()
        except BaseException as failure:
            self.stopped.set()
            for event in self.over.values():
                event.set()
            done.put(failure)
        else:
            done.put(None)

    def _task(self, task: Task) -> None:
        name = task.source.name
        self.reports[name] = SourceReport(name, task.source.table)
        try:
            for part in task.parts:
                if self.stopped.is_set():
                    return
                try:
                    self._part(name, part)
                except (UnexpectedAnswer, Incomplete) as error:
                    # Of this part alone: the publisher is there.
                    self._fail(name, error)
        except SourceError as error:
            self._fail(name, error)

    def _fail(self, name: str, error: SourceError) -> None:
        report = self.reports[name]
        self.reports[name] = replace(report, error=report.error or str(error))

    def _part(self, name: str, part: Part) -> None:
        whole, last, rows = True, None, 0
        for answer in part.source.fetch(part.since, self.client):
            if self.stopped.is_set():
                return
            self._take(name, answer)
            whole = whole and answer.complete
            rows += len(answer.rows)
            last = max(filter(None, (last, _last(answer))), default=None)
            self.progress(name, self.reports[name].new + self.reports[name].same, last)
        if whole and last is not None and not self.dry_run:
            through = {part.key: last.date().isoformat()}
            with self.merging:
                self._commit({}, None, through)

    def _take(self, name: str, answer: Answer) -> None:
        with self.merging:
            refuse_other_units(answer, self.held.tables.get("observations"))
            change = self._merge(answer)
        self.reports[name] = self.reports[name].with_answer(answer, change)

    def _merge(self, answer: Answer) -> Change:
        offered: Tables = {answer.table: answer.rows} if len(answer.rows) else {}
        rejected = _rejected(answer)
        if not offered and rejected is None:
            return Change(answer.table, 0, 0, 0)
        changes = self._commit(offered, rejected)
        return changes[0] if changes else Change(answer.table, 0, 0, 0)

    def _commit(
        self,
        offered: Tables,
        rejected: pd.DataFrame | None,
        through: Mapping[str, str] | None = None,
    ) -> Sequence[Change]:
        now = self.client.clock.now()
        if self.dry_run:
            merged = merge(self.held.tables, offered, now, rejected)
            self.held = Held({}, merged.tables)
            return merged.changes
        changes = self.store.add(offered, now, rejected=rejected, fetched=through, held=self.held)
        self.held = self.store.hold(self.held)
        return changes


def _last(answer: Answer) -> pd.Timestamp | None:
    """The last day or instant that an answer is about; of vintages, the last one's."""
    column = {"observations": "ref_date", "funding": "ts"}.get(answer.table, "opened")
    if answer.table == "observations" and answer.rows["known_at"].notna().any():
        column = "known_at"
    last = answer.rows[column].max()
    if pd.isna(last):
        return None
    stamp: pd.Timestamp = last.tz_localize("UTC") if last.tzinfo is None else last
    return stamp


def _rejected(answer: Answer) -> pd.DataFrame | None:
    """Rows that a source itself refused, for the quarantine."""
    refused = [problem for problem in answer.problems if problem.kind == "quarantined"]
    if not refused:
        return None
    return pd.DataFrame(
        {
            "table": answer.table,
            "name": [problem.what for problem in refused],
            "at": [str(problem.first) for problem in refused],
            "source": answer.source,
            "offered": "",
            "stored": "",
            "why": [problem.text for problem in refused],
        }
    )

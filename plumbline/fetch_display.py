"""How a fetch is shown: a bar a source while it runs, a table afterwards."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress, TaskID

    from data.fetching import FetchReport

# Problems of one kind and source that are spelt out; the rest are counted.
_LISTED = 3


class FetchDisplay:
    """Satisfies :class:`data.live.Watcher`; writes to standard error."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def begin(self, sources: Collection[str]) -> None:
        """Draw a bar for each source; off a terminal one line."""
        # What is asked again and answered then is no news; what is not stands in the report.
        logging.getLogger("stamina").setLevel(logging.ERROR)
        if not sys.stderr.isatty():
            print(f"fetching from {len(sources)} sources", file=sys.stderr)
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[rows]:>9,} rows"),
            TextColumn("{task.fields[last]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        for name in sources:
            self._tasks[name] = self._bars.add_task(name, total=None, rows=0, last="")
        self._bars.start()

    def progress(self, source: str, rows: int, last: pd.Timestamp | None) -> None:
        """Move a source's bar."""
        if self._bars is not None:
            day = "" if last is None else f"{last:%Y-%m-%d}"
            self._bars.update(self._tasks[source], rows=rows, last=day)

    def end(self, report: FetchReport) -> None:
        """Take the bars away and name what failed."""
        self.close()
        for one in report.sources:
            if one.error is not None:
                print(f"{one.source}: {one.error}", file=sys.stderr)

    def close(self) -> None:
        """Take the bars away, if a failure has left them."""
        if self._bars is not None:
            self._bars.stop()


def print_report(report: FetchReport, *, dry_run: bool) -> None:
    """Print what came of each source, and what the user should know."""
    from plumbline.options import print_table

    rows = [
        (
            one.source,
            f"{one.new:,}",
            f"{one.same:,}",
            f"{one.revised:,}",
            f"{one.dated:,}",
            f"{one.quarantined:,}",
            f"{one.gaps:,}",
            "failed" if one.error else "ok",
        )
        for one in report.sources
    ]
    header = ("source", "new", "same", "revised", "dated", "quarantined", "gaps", "state")
    print_table("Fetched" if not dry_run else "Dry run: nothing is stored", header, rows)
    for line in notes(report):
        print(line)
    failed = sum(one.error is not None for one in report.sources)
    if failed:
        print(f"{failed} of {len(report.sources)} sources are incomplete; run it again")
    if report.snapshot_id is not None:
        print(f"snapshot {report.snapshot_id}")


def notes(report: FetchReport) -> list[str]:
    """Return one line for each thing to know, the first few of a kind from each source."""
    lines = []
    for one in report.sources:
        by_kind: dict[str, list[str]] = {}
        for problem in one.problems:
            if problem.text != one.error:
                by_kind.setdefault(problem.kind, []).append(f"{problem.what}: {problem.text}")
        for kind, texts in by_kind.items():
            lines += [f"{kind}: {text}" for text in texts[:_LISTED]]
            if more := len(texts) - _LISTED:
                lines += [f"{kind}: and {more} more of {one.source}"] if more > 0 else []
    return lines

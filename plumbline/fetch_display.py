"""How a fetch is shown while it runs: a bar for each source."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress, TaskID

    from data.fetching import FetchReport


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

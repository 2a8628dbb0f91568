"""How far a long command is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# Seconds between two plain lines.
EVERY = 10.0


class Bar:
    """Progress of a known number of items, with rate and time left, on standard error.

    Parameters
    ----------
    total : int
        Number of items.
    done : int
        Those that an earlier run has done; they do not count for the rate.
    name : str
        What the items are.
    stream : file, optional
        Where it is shown.
    """

    def __init__(
        self, total: int, done: int = 0, name: str = "variants", stream: TextIO | None = None
    ) -> None:
        self.total, self.begun, self.name = total, done, name
        self._stream = stream or sys.stderr
        self._rich: Progress | None = None
        self._task: TaskID | None = None
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._open()
        elif self.begun:
            self._say(f"{self.begun:,} of {self.total:,} {self.name} were done before")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._rich is not None:
            self._rich.stop()

    def reach(self, done: int) -> None:
        """Say that so many items are done, those of an earlier run among them."""
        now = time.monotonic()
        rate = (done - self.begun) / max(now - self._started, 1e-9)
        if self._rich is not None and self._task is not None:
            self._rich.update(self._task, completed=done, rate=f"{rate:,.0f} a second")
        elif now - self._said >= EVERY or done == self.total:
            left = (self.total - done) / rate if rate > 0.0 else float("inf")
            self._said = now
            self._say(
                f"{done:,} of {self.total:,} {self.name}, {rate:,.0f} a second, {span(left)} left"
            )

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._rich = Progress(
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + self.name),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
        )
        self._rich.start()
        self._task = self._rich.add_task("", total=self.total, completed=self.begun, rate="")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def span(seconds: float) -> str:
    """Return a length of time in its largest fitting units, such as ``2 h 05 min``."""
    if seconds == float("inf"):
        return "unknown time"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} days"

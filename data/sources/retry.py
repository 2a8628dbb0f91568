"""Ask again where it helps, and only there.

A reader raises :class:`Transient` for what may pass: a busy server, a lost connection, an answer
cut short. Everything else goes straight to the caller. stamina counts the attempts and reports
them to whoever listens to its hooks; the waiting itself goes through the clock, so that a test
waits on a virtual one. Texts of errors are written for a log: no address, no key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import pandas as pd
import stamina

from data.errors import SourceError
from data.sources.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to insist.

    Parameters
    ----------
    attempts : int
        Requests in all, the first one included.
    content_attempts : int
        The same for answers that came whole but make no sense: an empty page, a page of HTML.
    first_wait, longest_wait : float
        Seconds before the second attempt, doubled each time, and its ceiling. A server that asks
        for a longer wait than the ceiling is not waited for.
    """

    attempts: int = 5
    content_attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 120.0

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after the `attempt`-th failure."""
        return float(min(self.longest_wait, self.first_wait * 2 ** (attempt - 1)))


class Transient(Exception):
    """A failure that may pass.

    Parameters
    ----------
    error : SourceError
        What to raise when it does not.
    wait : float, optional
        Seconds the server asked to wait.
    content : bool
        Whether the answer came and made no sense, which is asked for less often.
    """

    def __init__(
        self, error: SourceError, wait: float | None = None, *, content: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error, self.wait, self.content = error, wait, content


def persist(read: Callable[[], T], patience: Patience, clock: Clock) -> T:
    """Call `read` until it succeeds or patience ends.

    Parameters
    ----------
    read : callable
        Raises :class:`Transient` for what may pass.
    patience : Patience
        How often, and how long between.
    clock : Clock
        What waits.

    Raises
    ------
    SourceError
        The error of the last :class:`Transient`, with the number of attempts.
    """
    try:
        return _attempts(read, patience, clock)
    except Transient as transient:
        # Only when the user has switched stamina off: then one attempt is all there is.
        error = transient.error
    raise error


def _attempts(read: Callable[[], T], patience: Patience, clock: Clock) -> T:
    wait = 0.0
    for attempt in stamina.retry_context(
        on=Transient,
        attempts=patience.attempts,
        timeout=None,
        wait_initial=0,
        wait_max=0,
        wait_jitter=0,
    ):
        if attempt.num > 1:
            clock.sleep(wait)
        with attempt:
            failure: Transient
            try:
                return read()
            except Transient as transient:
                failure = transient
            wait = patience.wait(attempt.num) if failure.wait is None else failure.wait
            limit = patience.content_attempts if failure.content else patience.attempts
            if attempt.num >= min(limit, patience.attempts) or wait > patience.longest_wait:
                raise _final(failure, attempt.num, patience)
            raise failure
    raise AssertionError("stamina made no attempt")


def _final(failure: Transient, attempts: int, patience: Patience) -> SourceError:
    text = str(failure.error)
    if failure.wait is not None and failure.wait > patience.longest_wait:
        text += f"; it asks to wait {failure.wait:.0f} s: try again later"
    elif attempts > 1:
        text += f" ({attempts} attempts)"
    return type(failure.error)(text)


def retry_after(header: str | None, clock: Clock) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait, None if it asks nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        until = pd.Timestamp(parsedate_to_datetime(text))
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.tz_localize("UTC")
    return max(0.0, (until - clock.now()).total_seconds())

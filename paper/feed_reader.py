"""Read a feed as a consumer does: verify it, and ask what it says at a moment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.errors import InputError
from paper.feed_files import Content, read
from paper.feed_signal import FeedSignal, State
from strategies.strategy import CASH

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a feed says at a moment.

    Parameters
    ----------
    signal : FeedSignal
        The last one that counts from then or before.
    state : {"fresh", "stale"}
        ``stale`` where the signal is, and where it has run out and nothing newer has come.
    weights : mapping of str to float
        Target weights after the feed's terms; without zeros, ``CASH`` among them.
    why : str
        What made them other than the signal's, in words; empty where they are not.
    """

    signal: FeedSignal
    state: State
    weights: Mapping[str, float]
    why: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed whose files have been verified.

    Parameters
    ----------
    folder : Path
        Where it lies.
    content : Content
        What it says.
    """

    folder: Path
    content: Content

    @property
    def signals(self) -> tuple[FeedSignal, ...]:
        """All signals, by time."""
        return self.content.signals

    @property
    def latest(self) -> FeedSignal:
        """The last signal."""
        return self.content.signals[-1]

    def table(self) -> pd.DataFrame:
        """Return all rows, with the columns of :data:`paper.feed_signal.COLUMNS`."""
        return pd.DataFrame([row for signal in self.signals for row in signal.rows()])

    def at(self, t: pd.Timestamp) -> Standing:
        """Return what the feed says at a moment.

        Parameters
        ----------
        t : Timestamp
            An instant (UTC).

        Raises
        ------
        InputError
            If the feed begins later.
        """
        begun = [signal for signal in self.signals if signal.valid_from <= t]
        if not begun:
            first = self.signals[0].valid_from
            raise InputError(f"{self.folder}: the feed begins on {first:%Y-%m-%d}, after {t}")
        signal = begun[-1]
        if t <= signal.valid_until:
            return Standing(signal, signal.state, signal.targets, "")
        late = math.ceil((t - signal.valid_until) / DAY)
        over = max(math.ceil((t - signal.hold_until) / DAY), 0)
        share = self.content.terms.kept(late, over)
        risky = {
            name: weight * share
            for name, weight in signal.targets.items()
            if name != CASH and weight * share
        }
        weights = {**risky, CASH: signal.targets[CASH] if share == 1.0 else 1 - sum(risky.values())}
        return Standing(
            signal,
            "stale",
            weights,
            f"nothing has come since {signal.valid_until:%Y-%m-%d %H:%M} UTC; on_stale = "
            f"{self.content.terms.on_stale} keeps {share:.0%}",
        )


def read_feed(folder: Path) -> Feed:
    """Read a feed, and verify its hashes, its schema and that it only goes forward.

    Raises
    ------
    InputError
        If there is no feed.
    Tampered
        If a file is missing, cut short or changed.
    WrongVersion
        If another version of the schema wrote it.
    """
    found = read(folder)
    if found is None:
        raise InputError(
            f"{folder}: there is no feed: `plumbline signals export --strategy NAME --out {folder}`"
        )
    return Feed(folder, found[0])

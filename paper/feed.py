"""The signal feed: target weights of a strategy, exported to a folder and read back.

An export adds to what a feed says and never takes anything back: decision times only go forward,
a row that was written stays as it is, and the same export twice changes no byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pandas as pd

from data.errors import InputError, WrongLedger
from data.lock import writing
from data.snapshot import Snapshot
from paper.feed_composition import Composer, composer, later, terms_of
from paper.feed_files import LATEST, Content, read, torn, write
from paper.feed_reader import Feed as Feed
from paper.feed_reader import Standing as Standing
from paper.feed_reader import read_feed as read_feed
from paper.feed_signal import FeedSignal
from strategies.strategy import WeightRule

DAY = pd.Timedelta(days=1)
LOCK_SECONDS = 30.0
Outcome: TypeAlias = Literal["exported", "unchanged"]


@dataclass(frozen=True, slots=True)
class Export:
    """What an export did.

    Parameters
    ----------
    outcome : {"exported", "unchanged"}
        Whether something was written.
    added : int
        Signals that were added.
    signal : FeedSignal
        The last signal of the feed.
    note : str
        What a user should know; empty in the ordinary case.
    feed : Feed
        The feed as it stands.
    """

    outcome: Outcome
    added: int
    signal: FeedSignal
    note: str
    feed: Feed


def export(
    strategy: WeightRule,
    snapshot: Snapshot,
    at: pd.Timestamp,
    folder: Path,
    *,
    since: pd.Timestamp | None = None,
) -> Export:
    """Add the signal of a moment to a feed.

    Parameters
    ----------
    strategy : WeightRule
        Whose targets.
    snapshot : Snapshot
        The data; what was not known at the decision time is not looked at.
    at : Timestamp
        The moment (UTC). It is the decision of its day, 00:00 UTC; within the grace after
        midnight, while the bar that closes then has not come, the one of the day before.
    folder : Path
        Where the feed lies; made where it does not exist.
    since : Timestamp, optional
        Decision time from which on the days that the feed lacks are added too. It can only
        extend a feed forwards.

    Raises
    ------
    Tampered, WrongVersion
        If the feed that is there is not as it was written.
    WrongLedger
        If it belongs to another strategy, the strategy was changed since, or one of the two
        rests on a simulated world.
    InputError
        If the feed is already past that decision.
    TooShort
        If the strategy has given no order yet.
    """
    day = _decision_day(snapshot, at, terms_of(strategy).grace)
    if since is not None and since > day:
        raise InputError(f"since {since:%Y-%m-%d} lies after the decision of {day:%Y-%m-%d}")
    # Nothing is made, not even the folder, before the strategy has answered.
    found = read(folder)
    _same(folder, strategy, snapshot, found[0] if found else None)
    composing = composer(strategy, snapshot, day)
    fresh = _new(composing, found[0] if found else None, day, at, since)
    if not fresh and found is not None and not torn(folder):
        return _unchanged(folder, found[0], composing, day)
    with writing(folder, LOCK_SECONDS):
        found = read(folder)
        content = found[0] if found else None
        _same(folder, strategy, snapshot, content)
        fresh = _new(composing, content, day, at, since)
        if not fresh:
            assert found is not None
            if torn(folder):
                write(folder, *found)
            return _unchanged(folder, found[0], composing, day)
        earlier = content.signals if content else ()
        grown = Content(
            strategy.name,
            strategy.title,
            strategy.config_hash,
            composing.terms,
            snapshot.truth is not None,
            (*earlier, *fresh),
        )
        write(folder, grown, found[1] if found else None)
    return Export("exported", len(fresh), fresh[-1], "", Feed(folder, grown))


def _decision_day(snapshot: Snapshot, at: pd.Timestamp, grace: pd.Timedelta) -> pd.Timestamp:
    """Return the decision time that `at` belongs to."""
    if at.tzinfo is None:
        raise InputError(f"{at} has no time zone: give for instance 2025-11-04T00:00Z")
    day = at.tz_convert("UTC").floor("D").as_unit("us")
    waiting = snapshot.as_of == day - DAY and at < day + grace
    return day - DAY if waiting else day


def _same(folder: Path, strategy: WeightRule, snapshot: Snapshot, content: Content | None) -> None:
    if content is None:
        return
    if content.strategy != strategy.name:
        raise WrongLedger(
            f"{folder / LATEST}: this is the feed of {content.strategy!r}, not of "
            f"{strategy.name!r}: export into a folder of its own"
        )
    if content.config_hash != strategy.config_hash:
        raise WrongLedger(
            f"{folder / LATEST}: {strategy.name!r} was changed since this feed began (config "
            f"{content.config_hash[:12]}, now {strategy.config_hash[:12]}): undo the change, or "
            "export into a new folder"
        )
    if content.simulated != (snapshot.truth is not None):
        kind = "a simulated world" if content.simulated else "published figures"
        raise WrongLedger(
            f"{folder / LATEST}: this feed rests on {kind}, {snapshot.source} does not: export "
            "into a folder of its own"
        )


def _new(
    composing: Composer,
    content: Content | None,
    day: pd.Timestamp,
    at: pd.Timestamp,
    since: pd.Timestamp | None,
) -> list[FeedSignal]:
    """Return the signals that the feed lacks up to `day`."""
    before = content.signals[-1] if content else None
    first = day if since is None else min(max(since, _first_order(composing)), day)
    if content is not None and before is not None:
        begin = content.signals[0].decision_time
        if since is not None and first < begin:
            raise InputError(
                f"the feed begins on {begin:%Y-%m-%d}, after {first:%Y-%m-%d}: a feed never goes "
                "back; export into a folder of its own"
            )
        if day <= before.decision_time:
            return _again(composing, content, day, at)
        first = day if since is None else before.decision_time + DAY
    found: list[FeedSignal] = []
    for t in pd.date_range(first, day, freq="D", unit="us"):
        before = composing.signal(t, before)
        found.append(before)
    return found


def _first_order(composing: Composer) -> pd.Timestamp:
    given = composing.decided.weights.notna().all(axis=1).to_numpy()
    times = composing.decided.times
    return times[int(given.argmax())] if given.any() else times[-1]


def _again(
    composing: Composer, content: Content, day: pd.Timestamp, at: pd.Timestamp
) -> list[FeedSignal]:
    """Return a signal for a decision that was called stale and can be taken by now."""
    past = [signal for signal in content.signals if signal.decision_time == day]
    if not past:
        raise InputError(
            f"the feed stands at {content.signals[-1].decision_time:%Y-%m-%d} and has no signal "
            f"of {day:%Y-%m-%d}: a feed never goes back; export into a folder of its own"
        )
    last = content.signals[-1]
    if last.decision_time != day or last.state == "fresh" or at <= last.valid_from:
        return []
    signal = composing.signal(day, last)
    return [later(signal, at.floor("s").as_unit("us"))] if signal.state == "fresh" else []


def _unchanged(folder: Path, content: Content, composing: Composer, day: pd.Timestamp) -> Export:
    past = [signal for signal in content.signals if signal.decision_time == day]
    now = composing.signal(day, None)
    note = ""
    if now.targets != past[-1].targets or now.state != past[-1].state:
        note = (
            f"the data have changed since the signal of {day:%Y-%m-%d} was written; it stands "
            f"as it is (state {past[-1].state}), today it would be {now.state} with other weights"
        )
    return Export("unchanged", 0, content.signals[-1], note, Feed(folder, content))

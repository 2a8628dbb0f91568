"""The windows of a walk forward: on which days parameters are chosen, and on which judged."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data.errors import TooShort

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One step.

    Parameters
    ----------
    train_first, train_last : Timestamp
        First and last decision time that parameters are chosen on.
    test_first, test_last : Timestamp
        First and last decision time that they are used on.
    """

    train_first: pd.Timestamp
    train_last: pd.Timestamp
    test_first: pd.Timestamp
    test_last: pd.Timestamp


def windows(
    first: pd.Timestamp,
    last: pd.Timestamp,
    *,
    train: int,
    test: int,
    gap: int,
    anchored: bool,
) -> tuple[Window, ...]:
    """Cut the days from `first` to `last` into consecutive test windows, each after its training.

    Parameters
    ----------
    first, last : Timestamp
        First and last decision time.
    train : int
        Days to choose on: all of them in a rolling window, the least in an anchored one, which
        begins at `first` every time.
    test : int
        Days of a test window. The last one ends with the data; what is left over and shorter than
        half of it belongs to the one before.
    gap : int
        Days between the last return trained on and the first test decision: purge and embargo.
        At a decision at *t* the returns up to the close at *t* are known; the return of a decision
        comes a day after it, so that even without a gap the last training decision is the day
        before the test.
    anchored : bool
        Anchored or rolling.

    Raises
    ------
    TooShort
        If not even one test window fits.
    """
    starts: list[pd.Timestamp] = []
    start = first + (train + gap) * DAY
    while start + (test - 1) * DAY <= last or (not starts and start <= last):
        starts.append(start)
        start += test * DAY
    if starts and (last - start).days + 1 >= test / 2:
        starts.append(start)
    if not starts:
        raise TooShort(
            f"{(last - first).days + 1} days from {first:%Y-%m-%d} are too few for {train} days of "
            f"training, a gap of {gap} and a test: give a shorter --train or --purge"
        )
    ends = [*(later - DAY for later in starts[1:]), last]
    return tuple(
        Window(
            train_first=first if anchored else begin - (train + gap) * DAY,
            train_last=begin - (gap + 1) * DAY,
            test_first=begin,
            test_last=end,
        )
        for begin, end in zip(starts, ends, strict=True)
    )

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.walk_forward.windows import windows
from data.errors import TooShort

DAY = pd.Timedelta(days=1)
FIRST = pd.Timestamp("2020-01-01", tz="UTC")


def spans(days: int, **options) -> list[tuple[int, ...]]:
    """Windows as days since the first."""
    found = windows(FIRST, FIRST + (days - 1) * DAY, **options)
    return [
        tuple(
            (moment - FIRST).days
            for moment in (each.train_first, each.train_last, each.test_first, each.test_last)
        )
        for each in found
    ]


@pytest.mark.parametrize(
    ("days", "options", "expected"),
    [
        (
            40,
            {"train": 10, "test": 10, "gap": 0, "anchored": True},
            [(0, 9, 10, 19), (0, 19, 20, 29), (0, 29, 30, 39)],
        ),
        (
            40,
            {"train": 10, "test": 10, "gap": 0, "anchored": False},
            [(0, 9, 10, 19), (10, 19, 20, 29), (20, 29, 30, 39)],
        ),
        (
            40,
            {"train": 10, "test": 10, "gap": 3, "anchored": True},
            [(0, 9, 13, 22), (0, 19, 23, 32), (0, 29, 33, 39)],
        ),
        # Four days are less than half a window: they belong to the one before.
        (
            37,
            {"train": 10, "test": 10, "gap": 3, "anchored": True},
            [(0, 9, 13, 22), (0, 19, 23, 36)],
        ),
        (
            40,
            {"train": 10, "test": 10, "gap": 5, "anchored": False},
            [(0, 9, 15, 24), (10, 19, 25, 34), (20, 29, 35, 39)],
        ),
        (12, {"train": 10, "test": 10, "gap": 0, "anchored": True}, [(0, 9, 10, 11)]),
    ],
)
def test_windows_by_hand(days, options, expected):
    assert spans(days, **options) == expected


@given(
    st.integers(60, 900),
    st.integers(5, 50),
    st.integers(3, 60),
    st.integers(0, 5),
    st.booleans(),
)
def test_every_day_after_the_first_training_is_tested_once_and_never_trained_on_before(
    days, train, test, gap, anchored
):
    found = spans(days, train=train, test=test, gap=gap, anchored=anchored)
    tested = [day for _, _, first, last in found for day in range(first, last + 1)]
    assert tested == list(range(train + gap, days))
    for train_first, train_last, test_first, _ in found:
        assert test_first - train_last == gap + 1
        assert train_last - train_first + 1 >= train
        assert anchored or train_last - train_first + 1 == train
        assert train_first == 0 or not anchored


def test_too_few_days_are_refused():
    with pytest.raises(TooShort, match="20 days from 2020-01-01 are too few for 15 days of"):
        spans(20, train=15, test=10, gap=5, anchored=True)

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.inference.episodes import Episode, episodes
from tests.inference.worlds import business_days

WEEKDAYS = business_days("2024-01-01", "2026-12-31")
CLOSED = np.array(
    ["2025-10-13", "2025-11-11", "2025-11-27", "2025-12-25", "2026-01-01", "2026-02-16"],
    dtype="datetime64[D]",
)
OPEN = WEEKDAYS[~np.isin(WEEKDAYS, CLOSED)]

# Days with at least 0.5bn of repo operations accepted at the Fed's standing facility.
USAGE_BY_MONTH = {
    "2024-09": [30],
    "2025-06": [30],
    "2025-09": [15, 30],
    "2025-10": [15, 16, 20, 21, 23, 27, 28, 29, 30, 31],
    "2025-11": [3, 4, 7, 12, 13, 17, 25, 26, 28],
    "2025-12": [1, 2, 15, 16, 24, 26, 29, 30, 31],
    "2026-01": [2],
    "2026-02": [17],
    "2026-03": [2],
    "2026-04": [1, 15],
}
USAGE = np.array(
    [f"{month}-{day:02}" for month, days in USAGE_BY_MONTH.items() for day in days],
    dtype="datetime64[D]",
)


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def test_the_37_usage_days_of_the_facility_are_six_episodes():
    assert len(USAGE) == 37
    assert episodes(USAGE, OPEN) == (
        Episode(day("2024-09-30"), day("2024-09-30"), 1),
        Episode(day("2025-06-30"), day("2025-06-30"), 1),
        Episode(day("2025-09-15"), day("2025-09-15"), 1),
        Episode(day("2025-09-30"), day("2026-01-02"), 30),
        Episode(day("2026-02-17"), day("2026-03-02"), 2),
        Episode(day("2026-04-01"), day("2026-04-15"), 2),
    )


@pytest.mark.parametrize(("second", "count"), [("2024-01-16", 1), ("2024-01-17", 2)])
def test_ten_business_days_apart_is_one_episode_eleven_are_two(second, count):
    assert len(episodes([day("2024-01-02"), day(second)], WEEKDAYS)) == count


@given(st.sets(st.integers(0, len(OPEN) - 1), max_size=60), st.integers(1, 15))
def test_episodes_split_the_usage_days_at_every_longer_gap(rows, gap):
    used = OPEN[sorted(rows)]
    found = episodes(used, OPEN, max_gap=gap)
    assert sum(e.usage_days for e in found) == len(used)
    for before, after in pairwise(found):
        first, last = np.searchsorted(OPEN, [after.first, before.last])
        assert first - last > gap


def test_no_usage_makes_no_episode():
    assert episodes([], OPEN) == ()


def test_a_usage_day_that_is_no_business_day_is_named():
    with pytest.raises(ValueError, match="usage_days: 2025-11-27 is not in business_days"):
        episodes([day("2025-11-27")], OPEN)

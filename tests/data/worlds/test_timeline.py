"""Days and their places in the month, against dates looked up by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.worlds.timeline import (
    FIRST_DAYS,
    LAST_DAYS,
    MID_MONTH,
    MONTH_END,
    OTHER,
    QUARTER_END,
    Timeline,
    carried,
    timeline,
)


@pytest.fixture(scope="module")
def time() -> Timeline:
    return timeline(date(2024, 1, 1), date(2026, 2, 15))


@pytest.mark.parametrize(
    ("day", "place"),
    [
        ("2024-03-28", QUARTER_END),  # Good Friday on the 29th
        ("2024-03-27", LAST_DAYS),
        ("2024-03-26", LAST_DAYS),
        ("2024-03-25", OTHER),
        ("2024-04-01", FIRST_DAYS),
        ("2024-04-02", FIRST_DAYS),
        ("2024-04-03", OTHER),
        ("2024-04-15", MID_MONTH),
        ("2024-06-17", MID_MONTH),  # the first open day after Saturday the 15th
        ("2024-06-18", MID_MONTH),
        ("2024-06-20", OTHER),
        ("2024-04-30", MONTH_END),
        ("2024-06-16", OTHER),  # a Sunday, after Friday the 14th
        ("2025-12-31", QUARTER_END),
        ("2025-08-29", MONTH_END),
        ("2026-01-02", FIRST_DAYS),
        ("2026-02-13", OTHER),  # the month goes on after the world's end
    ],
)
def test_places(time: Timeline, day: str, place: int) -> None:
    assert time.place[time.at(day)] == place


def test_year_ends_and_tax_days(time: Timeline) -> None:
    assert [str(day.date()) for day in time.days[time.year_end]] == ["2024-12-31", "2025-12-31"]
    assert time.tax[time.at("2024-04-15")]
    assert time.tax[time.at("2024-06-17")]  # the 15th was a Saturday
    assert time.tax.sum() == 11


def test_knots_are_straight_between_and_level_beyond(time: Timeline) -> None:
    line = time.knots({"2024-02-01": 0.0, "2024-02-11": 10.0})
    assert line[time.at("2024-01-15")] == 0.0
    assert line[time.at("2024-02-04")] == 3.0
    assert line[-1] == 10.0


def test_steps_hold_from_their_day(time: Timeline) -> None:
    stairs = time.steps({"2023-01-01": 1.0, "2024-02-01": 2.0})
    assert stairs[time.at("2024-01-31")] == 1.0
    assert stairs[time.at("2024-02-01")] == 2.0


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, 0, 0, 1], [1, 1, 1, 4]),
        ([0, 1, 0, 0], [2, 2, 2, 2]),
    ],
)
def test_carrying(known: list[int], expected: list[float]) -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert carried(values, np.array(known, dtype=bool)).tolist() == expected

"""The schedule of many moments says what the release rule says of each."""

from __future__ import annotations

import pandas as pd
import pytest

from data.catalogue import series
from data.errors import BadConfig
from data.release import known_at, next_release
from data.schedule import Schedule

# Christmas, a day closed by executive order and New Year; and the shutdown of 2025.
SPANS = [("2025-12-20", "2026-01-08"), ("2025-09-28", "2025-11-20")]


@pytest.mark.parametrize("name", ["rrp", "srf", "sofr", "tga", "fed_assets", "ff_upper"])
@pytest.mark.parametrize("span", SPANS)
def test_the_next_release_is_that_of_the_rule(name: str, span: tuple[str, str]) -> None:
    times = pd.date_range(*span, freq="6h", tz="UTC", unit="us")
    found = Schedule(series(name), times[0], times[-1]).next_after(times)
    assert found.tolist() == [next_release(series(name), t)[1] for t in times]


def test_what_is_due_after_a_figure_is_the_next_one() -> None:
    tga = Schedule(series("tga"), *(pd.Timestamp(day, tz="UTC") for day in SPANS[0]))
    # Friday 2025-12-19: the next statement is about Monday, and comes on Tuesday.
    asked = pd.DatetimeIndex(["2025-12-19", "2025-12-20", None])
    expected = known_at(series("tga"), pd.DatetimeIndex(["2025-12-22"]))[0]
    assert expected == pd.Timestamp("2025-12-23 16:00", tz="America/New_York")
    found = tga.due_after(asked)
    assert found[:2].tolist() == [expected, expected]
    assert pd.isna(found[2])


def test_nothing_is_due_after_the_end_of_a_series() -> None:
    spec = series("ioer")
    assert spec.last is not None
    after = pd.Timestamp("2022-01-01", tz="UTC")
    schedule = Schedule(spec, after, after)
    assert schedule.next_after(pd.DatetimeIndex([after])).isna().all()
    assert schedule.due_after(pd.DatetimeIndex([spec.last])).isna().all()


def test_what_is_announced_has_no_schedule() -> None:
    now = pd.Timestamp("2025-01-01", tz="UTC")
    with pytest.raises(BadConfig, match="'tga_target' is announced at no fixed time"):
        Schedule(series("tga_target"), now, now)

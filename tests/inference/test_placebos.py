from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.placebos import Match, match_placebos
from tests.inference.worlds import business_days

DAYS = business_days("2020-01-01", "2025-12-31")


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def months(placebos) -> list[str]:
    return [str(d)[:7] for d in placebos]


def test_a_quarter_end_is_matched_with_the_other_quarter_ends_one_day_each():
    event = day("2024-09-30")
    (matched,) = match_placebos([event], [event], DAYS)
    assert matched.day == event
    assert matched.match is Match.POSITION
    # The last days of 23 other quarters, and the first day of the sample, just after a 24th.
    last = dict(zip(months(DAYS), DAYS, strict=True))
    quarters = [d for m, d in last.items() if m[5:] in {"03", "06", "09", "12"} and d != event]
    assert list(matched.placebos) == [DAYS[0], *quarters]


def test_the_day_after_a_quarter_end_belongs_to_that_turn():
    event = day("2025-07-01")
    (matched,) = match_placebos([event], [event], DAYS)
    assert matched.match is Match.POSITION
    assert day("2024-10-01") in matched.placebos
    assert {m[5:] for m in months(matched.placebos[:-1])} == {"01", "04", "07", "10"}
    assert matched.placebos[-1] == DAYS[-1]  # the next day lies beyond the sample


def test_a_mid_month_day_is_matched_within_one_business_day():
    event = day("2025-09-16")  # the second day of mid-month
    (matched,) = match_placebos([event], [event], DAYS)
    assert matched.match is Match.POSITION
    assert len(matched.placebos) == 71
    assert day("2025-07-16") in matched.placebos
    assert all(15 <= int(str(d)[8:]) <= 18 for d in matched.placebos)


def test_an_ordinary_day_is_matched_by_its_distance_to_mid_month():
    event = day("2025-05-08")
    (matched,) = match_placebos([event], [event], DAYS)
    assert matched.match is Match.POSITION
    assert all(6 <= int(str(d)[8:]) <= 14 for d in matched.placebos)


def test_days_near_usage_never_serve():
    event = day("2024-09-30")
    usage = [day("2022-12-12"), day("2023-07-20"), event]
    (matched,) = match_placebos([event], usage, DAYS)
    assert not {"2022-12", "2023-06"} <= set(months(matched.placebos))
    assert "2022-12" not in months(matched.placebos)  # 18 days before the 30th
    assert "2023-06" in months(matched.placebos)  # the 29th, 21 days away: within one day
    for placebo in matched.placebos:
        assert min(abs(placebo - np.array(usage))) > np.timedelta64(20, "D")


@pytest.mark.parametrize(
    ("first", "level"),
    [
        ("2022-10", Match.POSITION),  # eight other quarter-ends
        ("2023-10", Match.HALF),  # too few: month-ends must help
    ],
)
def test_matching_coarsens_until_there_are_enough(first, level):
    event = day("2024-12-31")
    candidates = DAYS.astype("M8[M]") >= np.datetime64(first)
    candidates &= DAYS.astype("M8[M]") <= np.datetime64("2025-01")
    (matched,) = match_placebos([event], [event], DAYS, candidates=candidates)
    assert matched.match is level
    assert len(matched.placebos) >= 8


def test_without_any_turn_of_the_month_any_day_serves():
    event = day("2024-12-31")
    within = np.array([8 <= int(str(d)[8:]) <= 22 for d in DAYS])
    (matched,) = match_placebos([event], [event], DAYS, candidates=within)
    assert matched.match is Match.ANY
    # One for each of 73 turns but the event's own.
    assert len(matched.placebos) == 72


def test_same_class_at_any_position_is_tried_before_other_classes():
    event = day("2024-09-30")
    # Only the second business day of each quarter may serve: two away from the quarter's last.
    starts = {m: [d for d in DAYS if str(d)[:7] == m][1] for m in sorted(set(months(DAYS)))}
    candidates = np.isin(DAYS, [d for m, d in starts.items() if m[5:] in {"01", "04", "07", "10"}])
    (matched,) = match_placebos([event], [event], DAYS, candidates=candidates)
    assert matched.match is Match.CLASS
    assert len(matched.placebos) == 23  # of 24 turns, the event's own is too near


def test_too_few_candidates_are_an_error_that_names_the_event():
    event = day("2024-09-30")
    few = np.isin(DAYS.astype("M8[M]"), np.array(["2025-01", "2025-02", "2025-03"], dtype="M8[M]"))
    with pytest.raises(ValueError, match=r"only 4 placebo days for 2024-09-30, 8 are needed"):
        match_placebos([event], [event], DAYS, candidates=few)


@pytest.mark.parametrize(
    ("event", "usage", "message"),
    [
        ("2024-09-28", ["2024-09-30"], "event_days: 2024-09-28 is not in business_days"),
        ("2024-09-30", ["2024-09-30", "2024-09-27"], "usage_days: days must increase"),
    ],
)
def test_unknown_or_unsorted_days_are_refused(event, usage, message):
    with pytest.raises(ValueError, match=message):
        match_placebos([day(event)], [day(u) for u in usage], DAYS)

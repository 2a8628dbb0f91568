"""Dated facts: what they say, and that none is used before it was known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import data.facts
from data.catalogue import series
from data.chronicle import RRP_SPREADS, SRF_MORNING_TRIALS, TAX_DEFERRALS, TGA_LOWS
from data.errors import BadConfig, UnknownName
from data.facts import (
    DEBT_LIMIT,
    ESSAY_PUBLISHED,
    GROUPS,
    HALVINGS,
    SHUTDOWNS,
    TGA_TARGETS,
    Fact,
    debt_limit_binding,
    era,
    facts,
    in_force,
    tga_target_observations,
    value_in_force,
)


def at(*instants: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(instants, tz="UTC")


def days(*names: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(names)


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_facts_stand_in_order_and_say_what_they_are(group: str) -> None:
    rows = facts(group)
    assert all(fact.what and fact.source for fact in rows)
    if group != "essay":
        assert [fact.start for fact in rows] == sorted(fact.start for fact in rows)


@pytest.mark.parametrize(
    "group", ["debt_limit", "shutdowns", "qt", "srf", "rrp_limits", "rrp_spreads", "purchases"]
)
def test_eras_do_not_overlap(group: str) -> None:
    rows = facts(group)
    for former, latter in pairwise(rows):
        assert former.end is not None
        assert former.end < latter.start


def test_an_unknown_group_gets_a_hint() -> None:
    with pytest.raises(UnknownName, match="did you mean shutdowns"):
        facts("shutdown")


def test_a_fact_cannot_end_before_it_starts() -> None:
    with pytest.raises(BadConfig, match="ends 2024-12-31, before it starts 2025-01-01"):
        Fact(date(2025, 1, 1), date(2024, 12, 31), "odd")


@pytest.mark.parametrize(
    ("day", "binding"),
    [
        ("2015-03-15", False),
        ("2015-03-16", True),
        ("2015-11-02", True),
        ("2015-11-03", False),
        ("2018-02-09", True),
        ("2018-02-10", False),
        ("2021-07-31", False),
        ("2021-10-14", True),
        ("2023-06-03", True),
        ("2023-06-04", False),
        ("2025-01-01", False),
        ("2025-07-04", True),
        ("2025-07-05", False),
        ("2026-01-01", False),
    ],
)
def test_debt_limit_by_day(day: str, binding: bool) -> None:
    assert debt_limit_binding(days(day))[0] == binding


@pytest.mark.parametrize(
    ("instant", "binding"),
    [
        # The law of 2023 named 2025-01-02 beforehand; midnight in New York is 05:00 UTC.
        ("2025-01-02 04:59", False),
        ("2025-01-02 05:00", True),
        # Signed in the course of 2025-07-04: no longer binding from the 5th, New York time.
        ("2025-07-05 00:00", True),
        ("2025-07-05 04:00", False),
    ],
)
def test_debt_limit_by_instant(instant: str, binding: bool) -> None:
    assert debt_limit_binding(at(instant))[0] == binding


@pytest.mark.parametrize(
    ("instant", "shut"),
    [
        ("2025-10-01 00:00", False),
        ("2025-10-02 00:00", True),
        # The law that ended it was signed late in the evening of the 12th.
        ("2025-11-13 00:00", True),
        ("2025-11-14 00:00", False),
        ("2026-02-02 00:00", True),
    ],
)
def test_shutdowns_by_decision_time(instant: str, shut: bool) -> None:
    assert in_force("shutdowns", at(instant))[0] == shut


@pytest.mark.parametrize(
    ("instant", "what"),
    [
        ("2019-09-17 00:00", None),
        ("2019-09-18 00:00", "temporary repo operations"),
        ("2021-07-30 00:00", "standing repo facility, afternoon operation"),
        ("2025-07-01 00:00", "standing repo facility, morning and afternoon operations"),
        ("2026-01-01 00:00", "standing repo operations, morning and afternoon, without a cap"),
    ],
)
def test_srf_eras(instant: str, what: str | None) -> None:
    assert era("srf", at(instant)) == [what]


def test_values_in_force() -> None:
    moments = at("2021-03-01", "2021-06-01", "2022-01-01")
    assert value_in_force("rrp_limits", moments) == pytest.approx([np.nan, 80, 160], nan_ok=True)
    assert value_in_force("srf", at("2022-01-01", "2026-01-01")) == pytest.approx(
        [500, np.nan], nan_ok=True
    )


def as_known_on(fact: Fact, day: date) -> Fact | None:
    """The fact as one could have written it down by the end of a day."""
    if fact.announced > day:
        return None
    return replace(fact, end=None) if fact.end is not None and fact.end >= day else fact


@given(
    st.sampled_from(["debt_limit", "shutdowns", "qt", "srf", "rrp_limits", "purchases"]),
    st.dates(date(2012, 1, 1), date(2026, 6, 30)),
)
def test_nothing_later_changes_what_was_in_force(group: str, day: date) -> None:
    # 00:00 UTC falls in the New York evening of the day before.
    moment = pd.DatetimeIndex([pd.Timestamp(day)], tz="UTC")
    eve = (pd.Timestamp(day) - pd.Timedelta(days=1)).date()
    then = tuple(fact for fact in (as_known_on(f, eve) for f in GROUPS[group]) if fact)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data.facts, "GROUPS", {group: then})
        remembered = era(group, moment), in_force(group, moment).tolist()
    assert remembered == (era(group, moment), in_force(group, moment).tolist())


def test_lookups_take_many_moments_and_none() -> None:
    hours = pd.date_range("2025-06-30", "2025-07-08", freq="h", tz="UTC")
    assert np.flatnonzero(np.diff(debt_limit_binding(hours).astype(int))).tolist() == [123]
    assert len(in_force("qt", hours[:0])) == 0


# Targets of the Treasury's account.


def test_each_announcement_gives_this_and_the_next_quarter_end() -> None:
    rows = tga_target_observations()
    assert len(rows) == 2 * len(TGA_TARGETS)
    last = rows[rows["known_at"] == pd.Timestamp("2025-11-03 20:00", tz="UTC")]
    assert list(last["ref_date"]) == [pd.Timestamp("2025-12-31"), pd.Timestamp("2026-03-31")]
    assert list(last["value"]) == [850.0, 850.0]
    assert str(rows["known_at"].dtype) == "datetime64[us, UTC]"
    assert str(rows["ref_date"].dtype) == "datetime64[us]"


def test_a_quarter_end_is_announced_twice_and_the_second_may_differ() -> None:
    rows = tga_target_observations()
    told = {end: list(group["value"]) for end, group in rows.groupby("ref_date")}
    assert told[pd.Timestamp("2024-12-31")] == [700.0, 700.0]
    assert told[pd.Timestamp("2021-12-31")] == [800.0, 650.0]
    assert max(map(len, told.values())) == 2
    assert (rows["known_at"] < rows["ref_date"].dt.tz_localize("UTC")).all()


@pytest.mark.parametrize("announced", [target.announced for target in TGA_TARGETS], ids=str)
def test_targets_are_announced_in_the_afternoon_of_a_monday(announced: date) -> None:
    rule = series("tga_target").release
    assert rule.at == "15:00"
    assert rule.margin_minutes == 0
    assert announced.weekday() == 0
    # In the first weeks of the quarter whose end it is for.
    start = pd.Timestamp(announced).to_period("Q").start_time
    assert pd.Timedelta(days=25) < pd.Timestamp(announced) - start < pd.Timedelta(days=40)


# Facts against the tables.


@pytest.fixture(scope="module")
def values(real_tables: Path) -> pd.DataFrame:
    rows = pd.read_parquet(real_tables / "observations.parquet").astype({"series": str})
    return rows.pivot(index="ref_date", columns="series", values="value")


def test_lows_of_the_account_are_in_the_tables(values: pd.DataFrame) -> None:
    for fact in TGA_LOWS:
        assert values["tga"][pd.Timestamp(fact.start)] == pytest.approx(fact.value, abs=1)


def test_every_low_lies_in_an_episode() -> None:
    lows = pd.DatetimeIndex([fact.start for fact in TGA_LOWS])
    assert debt_limit_binding(lows).all()


def test_the_reverse_repo_rate_keeps_its_distance_to_the_floor(values: pd.DataFrame) -> None:
    spread = ((values["rrp_rate"] - values["ff_lower"]) * 100).dropna().round(6)
    # FRED dates the change of 2016-12-14 a day before it took effect.
    spread = spread[spread.index >= pd.Timestamp(RRP_SPREADS[0].start)].drop("2016-12-14")
    expected = value_in_force("rrp_spreads", pd.DatetimeIndex(spread.index))
    assert spread.to_numpy() == pytest.approx(expected)


def test_interest_on_excess_reserves_left_the_top_of_the_range(values: pd.DataFrame) -> None:
    gap = ((values["ioer"] - values["ff_upper"]) * 100).dropna().round(6).drop("2016-12-14")
    at_top = pd.Series(era("reserve_interest", pd.DatetimeIndex(gap.index)), index=gap.index)
    assert (gap[at_top.str.contains("= top")] == 0).all()
    assert (gap[at_top.str.contains("below")] < 0).all()


def test_the_srf_lends_in_its_eras_only(values: pd.DataFrame) -> None:
    lent = values["srf"].dropna()
    assert in_force("srf", pd.DatetimeIndex(lent.index)).all()


def test_a_few_more_dates() -> None:
    assert date(2025, 11, 4) == ESSAY_PUBLISHED
    assert [str(fact.start) for fact in HALVINGS][-2:] == ["2020-05-11", "2024-04-20"]
    assert len(SRF_MORNING_TRIALS) == 2
    assert {fact.start.year for fact in TAX_DEFERRALS} == {2020, 2021}
    assert all(fact.announced < fact.start for fact in DEBT_LIMIT)
    assert all(fact.announced == fact.start for fact in SHUTDOWNS)

"""The clock: a hand-made golden table, evidence of publication, and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.catalogue import SERIES, SeriesSpec, series
from data.errors import BadConfig, BadTable, DataError
from data.release import known_at, next_release
from data.slips import EXCEPTIONS

HERE = Path(__file__).parent
NEW_YORK = "America/New_York"
GOLDEN = pd.read_csv(HERE / "known_at.csv", dtype=str, keep_default_na=False)
LATE_COPIES = pd.read_csv(HERE / "late_copies.csv", parse_dates=["ref_date"])

REGULAR = [name for name, spec in SERIES.items() if spec.release.counted != "announcement"]
ANNOUNCED = [name for name, spec in SERIES.items() if spec.release.counted == "calendar_days"]
SAME_DAY = [
    name
    for name, spec in SERIES.items()
    if spec.release.counted == "open_days" and spec.release.lag_days == 0
]
FREQUENCY = {
    "day": "B",
    "calendar_day": "D",
    "tuesday": "W-TUE",
    "wednesday": "W-WED",
    "month": "ME",
    "quarter": "QE",
}


def known(name: str, days: Any) -> pd.DatetimeIndex:
    return known_at(series(name), pd.DatetimeIndex(days))


def local(instants: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return instants.tz_convert(NEW_YORK).tz_localize(None)


def reference_dates(spec: SeriesSpec, first: date, periods: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=periods, freq=FREQUENCY[spec.period], unit="us")


# The golden table.


@pytest.mark.parametrize(
    "row", GOLDEN.to_dict("records"), ids=lambda r: f"{r['series']}-{r['ref_date']}"
)
def test_a_figure_is_known_when_the_published_schedule_says(row: dict[str, str]) -> None:
    instant = known(row["series"], [row["ref_date"]])[0]
    assert str(instant.tz_convert(NEW_YORK))[:16] == row["new_york"], row["reason"]
    assert str(instant)[:16] == row["utc"], row["reason"]


def test_the_golden_table_is_large_and_says_why() -> None:
    assert len(GOLDEN) >= 40
    assert not GOLDEN.duplicated(["series", "ref_date"]).any()
    assert (GOLDEN["reason"].str.len() > 5).all()


# Evidence of publication: copies that had, or did not have, a figure at a moment.


@pytest.fixture(scope="module")
def first_seen(real_tables: Path) -> pd.DataFrame:
    rows = pd.read_parquet(real_tables / "first_seen.parquet")
    rows["series"] = rows["series"].astype(str)
    pieces = [
        pd.Series(known(str(name), group["ref_date"]), index=group.index)
        for name, group in rows.groupby("series")
    ]
    return rows.assign(known_at=pd.concat(pieces))


def test_every_figure_is_known_before_a_copy_had_it(first_seen: pd.DataFrame) -> None:
    late = first_seen[first_seen["known_at"] >= first_seen["published_before"]]
    assert late.empty, late.to_string()
    assert len(first_seen) > 1000


def test_no_figure_is_known_while_fresh_copies_lacked_it(first_seen: pd.DataFrame) -> None:
    # Rates are announced; the public copies follow, so that their absence proves nothing.
    bound = first_seen[~first_seen["series"].isin(ANNOUNCED)]
    early = bound[bound["known_at"] <= bound["absent_at"]]
    found = set(zip(early["series"], early["ref_date"], strict=True))
    listed = set(zip(LATE_COPIES["series"], LATE_COPIES["ref_date"], strict=True))
    assert found == listed
    assert LATE_COPIES["reason"].str.len().min() > 20


def test_late_copies_are_those_of_one_repository(first_seen: pd.DataFrame) -> None:
    keys = first_seen.merge(LATE_COPIES, on=["series", "ref_date"])
    early = keys[keys["known_at"] <= keys["absent_at"]]
    assert early["via"].nunique() == 1


# Properties.


@given(st.sampled_from(REGULAR), st.dates(date(2004, 1, 1), date(2026, 6, 30)))
def test_later_figures_are_never_known_earlier(name: str, first: date) -> None:
    spec = series(name)
    instants = known_at(spec, reference_dates(spec, first, 40))
    assert instants.is_monotonic_increasing


@given(
    st.sampled_from(sorted(set(REGULAR) - set(ANNOUNCED) - set(SAME_DAY))),
    st.dates(date(2004, 1, 1), date(2026, 6, 30)),
)
def test_a_figure_is_known_only_after_its_period(name: str, first: date) -> None:
    spec = series(name)
    days = reference_dates(spec, first, 10)
    assert (local(known_at(spec, days)) >= days + pd.Timedelta(days=1)).all()


@given(st.sampled_from(SAME_DAY), st.dates(date(2004, 1, 1), date(2026, 6, 30)))
def test_an_operation_is_known_on_its_day_after_it_closed(name: str, first: date) -> None:
    spec = series(name)
    days = reference_dates(spec, first, 10)
    assert (local(known_at(spec, days)) > days + pd.Timedelta(hours=8, minutes=30)).all()


@given(st.sampled_from(ANNOUNCED), st.dates(date(2009, 1, 1), date(2026, 6, 30)))
def test_a_policy_rate_is_known_by_the_evening_before_it_takes_effect(
    name: str, first: date
) -> None:
    spec = series(name)
    days = reference_dates(spec, first, 10)
    # FRED dates these two changes on the day of the decision.
    days = days[~days.isin(pd.DatetimeIndex(["2015-12-16", "2016-12-14"]))]
    assert (known_at(spec, days) < days.tz_localize("UTC")).all()


@given(st.sampled_from(REGULAR), st.dates(date(2004, 1, 1), date(2026, 6, 30)))
def test_local_time_is_what_the_rule_says_in_summer_and_winter(name: str, first: date) -> None:
    spec = series(name)
    days = reference_dates(spec, first, 30)
    if spec.release.exceptions:
        dated = EXCEPTIONS[spec.release.exceptions].dated
        days = days[~days.isin(pd.DatetimeIndex(list(dated)))]
    clock = pd.Timedelta(f"{spec.release.at}:00") + pd.Timedelta(
        minutes=spec.release.margin_minutes
    )
    instants = local(known_at(spec, days))
    assert (instants - instants.normalize() == clock).all()


@given(st.sampled_from(REGULAR), st.permutations(range(25)))
def test_the_answer_depends_on_the_day_alone(name: str, order: list[int]) -> None:
    spec = series(name)
    days = reference_dates(spec, date(2025, 9, 20), 25)
    assert known_at(spec, days[order]).equals(known_at(spec, days)[order])
    assert known_at(spec, days.repeat(2)).equals(known_at(spec, days).repeat(2))


@pytest.mark.parametrize(
    ("winter", "summer"), [("2025-03-07", "2025-03-10"), ("2025-11-03", "2025-10-31")]
)
def test_daylight_saving_moves_the_instant_and_not_the_clock(winter: str, summer: str) -> None:
    cold, warm = known("rrp", [winter, summer])
    assert (cold.hour, warm.hour) == (18, 17)
    assert cold.tz_convert(NEW_YORK).hour == warm.tz_convert(NEW_YORK).hour == 13


@pytest.mark.parametrize("name", REGULAR)
def test_instants_are_utc_in_microseconds(name: str) -> None:
    spec = series(name)
    empty = known_at(spec, pd.DatetimeIndex([], dtype="datetime64[ns]"))
    some = known_at(spec, reference_dates(spec, date(2025, 1, 1), 3).as_unit("ns"))
    assert str(empty.dtype) == str(some.dtype) == "datetime64[us, UTC]"
    assert len(empty) == 0


def test_a_shutdown_moves_neither_the_fed_nor_the_daily_statement() -> None:
    days = pd.date_range("2025-10-01", "2025-11-12", freq="B")
    for name in ("rrp", "sofr", "effr", "tga", "ff_upper"):
        assert (known(name, days) - days.tz_localize("UTC") < pd.Timedelta(days=6)).all()


def test_what_falls_due_in_a_shutdown_waits_for_its_end() -> None:
    for name in ("cayman_treasuries", "deficit_monthly"):
        instant = known(name, [pd.Timestamp("2025-08-31" if name[0] == "c" else "2025-09-30")])[0]
        assert instant > pd.Timestamp("2025-11-12", tz="UTC")


# Next releases.


@pytest.mark.parametrize(
    ("name", "after", "ref_date", "instant"),
    [
        ("fed_assets", "2025-11-25 00:00", "2025-11-26", "2025-11-28 21:35"),
        ("fed_assets", "2025-12-22 00:00", "2025-12-24", "2025-12-29 21:35"),
        ("sofr", "2026-04-02 12:05", "2026-04-02", "2026-04-06 12:05"),
        ("sofr", "2026-04-02 12:04", "2026-04-01", "2026-04-02 12:05"),
        ("rrp", "2025-11-27 00:00", "2025-11-28", "2025-11-28 18:30"),
        # Three statements wait for the Monday after Christmas; the latest is the news.
        ("tga", "2025-12-24 00:00", "2025-12-26", "2025-12-29 21:00"),
        ("dollar_broad", "2025-11-25 00:00", "2025-11-28", "2025-12-01 21:30"),
        ("deficit_monthly", "2025-11-01 00:00", "2025-10-31", "2025-11-25 19:00"),
        ("leveraged_short", "2025-11-20 00:00", "2025-10-07", "2025-11-21 20:30"),
        ("gdp", "2025-12-01 00:00", "2025-09-30", "2026-02-20 13:35"),
        ("tga_target", "2025-11-04 00:00", "2026-06-30", "2026-02-02 20:00"),
        ("ff_upper", "2025-11-25 00:00", "2025-11-26", "2025-11-25 19:05"),
    ],
)
def test_the_next_release(name: str, after: str, ref_date: str, instant: str) -> None:
    found = next_release(series(name), pd.Timestamp(after, tz="UTC"))
    assert (str(found[0].date()), str(found[1])[:16]) == (ref_date, instant)


@given(
    st.sampled_from(sorted(name for name in REGULAR if SERIES[name].last is None)),
    st.datetimes(pd.Timestamp("2010-01-01"), pd.Timestamp("2026-12-31")),
)
def test_the_next_release_lies_ahead_and_is_by_the_rule(name: str, moment: pd.Timestamp) -> None:
    after = pd.Timestamp(moment).tz_localize("UTC")
    ref_date, instant = next_release(series(name), after)
    assert instant > after
    assert known(name, [ref_date])[0] == instant


def test_the_next_release_needs_a_time_zone() -> None:
    with pytest.raises(BadConfig, match="instant without a time zone"):
        next_release(series("sofr"), pd.Timestamp("2025-11-25"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("tga_target", "add the announcement"), ("ioer", "the series ended on 2021-07-28")],
)
def test_no_later_release_on_record(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        next_release(series(name), pd.Timestamp("2026-08-01", tz="UTC"))


# Bad input.


@pytest.mark.parametrize(
    ("name", "days", "message"),
    [
        ("sofr", ["2025-01-02 08:00"], "'sofr', 2025-01-02 08:00:00: a reference date is a whole"),
        ("sofr", ["2025-01-02", None], "a reference date is missing"),
        ("gdp", ["2025-01-01"], "'gdp', 2025-01-01: not the last day of a quarter"),
        ("m2", ["2025-01-31", "2025-02-01"], "'m2', 2025-02-01: not the last day of a month"),
        ("tga_target", ["2019-12-31"], "2019-12-31: no announcement"),
        ("tga_target", ["2025-11-03"], "not the last day of a quarter"),
    ],
)
def test_bad_reference_dates_are_refused(name: str, days: list[str], message: str) -> None:
    with pytest.raises(BadTable, match=message):
        known_at(series(name), pd.DatetimeIndex(days))


def test_reference_dates_carry_no_time_zone() -> None:
    with pytest.raises(BadTable, match="days, without a time zone"):
        known_at(series("sofr"), pd.DatetimeIndex(["2025-01-02"], tz="UTC"))


def test_a_rule_with_unknown_exceptions_is_refused() -> None:
    spec = series("sofr")
    odd = replace(spec, release=replace(spec.release, exceptions="moon"))
    with pytest.raises(BadConfig, match="exceptions = 'moon'"):
        known_at(odd, pd.DatetimeIndex(["2025-01-02"]))


def test_every_exception_belongs_to_a_rule_and_is_of_a_real_period() -> None:
    used = {spec.release.exceptions for spec in SERIES.values()} - {None}
    assert used == set(EXCEPTIONS)
    for spec in SERIES.values():
        if spec.release.exceptions:
            dated = pd.DatetimeIndex(list(EXCEPTIONS[spec.release.exceptions].dated))
            assert len(known_at(spec, dated)) == len(dated)
    windows = [window for item in EXCEPTIONS.values() for window in item.windows]
    assert all(window.source for window in windows)
    assert np.all([window.first <= window.normal_again for window in windows])

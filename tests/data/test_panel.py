"""The panel against a slow reading of the same vintages, and against its own past."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue import SERIES
from data.errors import BadTable, MissingSeries, UnknownName
from data.observations import from_rows
from data.panel import FIRST_DECISION, Panel, decision_times
from tests.data.vintages import (
    DAY,
    FIRST,
    IDS,
    MINUTE,
    SPAN,
    Reading,
    Vintage,
    observations,
    vintages,
)

TIMES = pd.date_range(FIRST, periods=SPAN + 15, tz="UTC", unit="us", name="decision_time")
NAN = float("nan")
few = settings(max_examples=40)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def same(values: object, expected: object) -> bool:
    return np.array_equal(np.asarray(values), np.asarray(expected), equal_nan=True)


def answers(panel: Panel, series: str) -> list[np.ndarray]:
    """Everything a panel can be asked about a series, by decision time."""
    a_week_ago = pd.Series(panel.times.tz_localize(None) - 7 * DAY, index=panel.times)
    return [
        panel.last(series).to_numpy(),
        panel.age(series).to_numpy(),
        panel.on(series, a_week_ago).to_numpy(),
        panel.window(series, 10),
        panel.window(series, 10, carried=True),
        panel.trailing(series, 7, lambda window: window.sum(axis=1), carried=True).to_numpy(),
    ]


@few
@given(vintages(), st.integers(0, len(TIMES) - 1))
def test_one_row_says_what_it_says_among_all(rows: list[Vintage], row: int) -> None:
    panel = Panel(observations(rows), TIMES)
    # Some series have been asked for before, some have not.
    whole = {series: answers(panel, series) for series in IDS[::2]}
    one = panel.row(row)
    assert one.times.tolist() == [TIMES[row]]
    for series in IDS:
        for all_rows, alone in zip(
            whole.get(series) or answers(panel, series), answers(one, series), strict=True
        ):
            assert same(alone, all_rows[row : row + 1])


class TestAgainstASlowReading:
    @few
    @given(vintages())
    def test_the_last_value_and_its_age(self, rows: list[Vintage]) -> None:
        panel = Panel(observations(rows), TIMES)
        for series in IDS:
            slow = [Reading(rows, series, t) for t in TIMES]
            assert same(panel.last(series), [reading.last() for reading in slow])
            refs = pd.Series([reading.ref_date() for reading in slow], index=TIMES)
            assert panel.ref_date(series).equals(refs.astype("datetime64[us]"))
            age = (pd.Series(TIMES.tz_localize(None), index=TIMES) - refs).dt.days
            assert same(panel.age(series), age)

    @few
    @given(vintages(), st.integers(-5, 30))
    def test_the_value_in_force_on_a_day(self, rows: list[Vintage], back: int) -> None:
        panel = Panel(observations(rows), TIMES)
        days = pd.Series(TIMES.tz_localize(None) - back * DAY, index=TIMES)
        for series in IDS:
            slow = [Reading(rows, series, t).on(day) for t, day in zip(TIMES, days, strict=True)]
            assert same(panel.on(series, days), slow)

    @few
    @given(vintages(), st.integers(1, 20), st.booleans())
    def test_a_window_of_days(self, rows: list[Vintage], days: int, carried: bool) -> None:
        panel = Panel(observations(rows), TIMES)
        for series in IDS:
            slow = [Reading(rows, series, t).window(days, carried) for t in TIMES]
            window = panel.window(series, days, carried)
            assert window.shape == (len(TIMES), days)
            assert same(window, slow)

    @few
    @given(vintages(), st.integers(1, 20), st.booleans())
    def test_a_trailing_statistic(self, rows: list[Vintage], days: int, carried: bool) -> None:
        panel = Panel(observations(rows), TIMES)
        mean = panel.trailing("tga", days, lambda window: window.mean(axis=1), carried)
        assert same(mean, panel.window("tga", days, carried).mean(axis=1))
        assert mean.index.equals(TIMES)


class TestTime:
    @few
    @given(vintages())
    def test_no_row_decides_with_what_became_known_later(self, rows: list[Vintage]) -> None:
        panel = Panel(observations(rows), TIMES)
        known_at = {row.value: row.known_at for row in rows}
        for series in IDS:
            for answer in (panel.last(series), *panel.window(series, 15, carried=True).T):
                for t, value in zip(TIMES, np.asarray(answer), strict=True):
                    assert np.isnan(value) or value == 0.0 or known_at[value] <= t

    @few
    @given(vintages(), st.integers(0, len(TIMES) - 1))
    def test_rows_up_to_a_time_do_not_change_with_what_is_known_after_it(
        self, rows: list[Vintage], place: int
    ) -> None:
        t = TIMES[place]
        whole = Panel(observations(rows), TIMES)
        cut = Panel(observations(rows).until(t), TIMES[: place + 1])
        for series in IDS:
            for all_known, known in zip(answers(whole, series), answers(cut, series), strict=True):
                assert same(all_known[: place + 1], known)

    @few
    @given(vintages(), st.integers(1, 10_000))
    def test_an_old_figure_that_comes_late_never_displaces_a_newer_one(
        self, rows: list[Vintage], delay: int
    ) -> None:
        before = observations(rows)
        panel = Panel(before, TIMES)
        newest = panel.ref_date("tga")
        late = [
            Vintage("tga", day - DAY, 1e6 + number, t + MINUTE * delay)
            for number, (t, day) in enumerate(zip(TIMES, newest, strict=True))
            if not pd.isna(day)
        ]
        both = Panel(observations([*rows, *late]), TIMES)
        assert same(both.last("tga"), panel.last("tga"))
        assert both.ref_date("tga").equals(newest)

    @few
    @given(vintages(), st.integers(0, 20))
    def test_a_row_does_not_depend_on_where_the_panel_begins(
        self, rows: list[Vintage], start: int
    ) -> None:
        whole, part = Panel(observations(rows), TIMES), Panel(observations(rows), TIMES[start:])
        for series in IDS:
            for every, later in zip(answers(whole, series), answers(part, series), strict=True):
                assert same(every[start:], later)

    def test_a_figure_counts_from_the_very_instant_it_is_known(self) -> None:
        midnight = at("2019-10-10")
        day, instant = pd.Timestamp("2019-10-09"), pd.Timedelta(1, "us")
        on_time = [Vintage("tga", day, 7.0, midnight)]
        too_late = [Vintage("tga", day, 7.0, midnight + instant)]
        times = pd.DatetimeIndex([midnight])
        assert same(Panel(observations(on_time), times).last("tga"), [7.0])
        assert same(Panel(observations(too_late), times).last("tga"), [NAN])


class TestByHand:
    """One Treasury balance, Tuesday to Friday, revised once, then silence."""

    ROWS = (
        Vintage("tga", pd.Timestamp("2021-11-02"), 200.0, at("2021-11-03 20:00")),
        Vintage("tga", pd.Timestamp("2021-11-03"), 210.0, at("2021-11-04 20:00")),
        Vintage("tga", pd.Timestamp("2021-11-05"), 230.0, at("2021-11-08 21:00")),
        Vintage("tga", pd.Timestamp("2021-11-03"), 211.0, at("2021-11-09 21:00")),
    )
    TIMES = pd.date_range("2021-11-03", "2021-11-15", tz="UTC", unit="us")

    @pytest.fixture
    def panel(self) -> Panel:
        return Panel(observations(self.ROWS), self.TIMES)

    def test_a_balance_stays_until_the_next_is_known_and_grows_stale(self, panel: Panel) -> None:
        # 2021-11-13 is eight days after the Friday; max_age is 8.
        expected = [NAN, 200.0] + 4 * [210.0] + 5 * [230.0] + 2 * [NAN]
        assert same(panel.last("tga"), expected)
        assert same(panel.age("tga"), [NAN, 2, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 10])

    def test_the_newest_day_is_told_though_its_value_is_stale(self, panel: Panel) -> None:
        assert panel.ref_date("tga").iloc[-1] == pd.Timestamp("2021-11-05")

    def test_a_weekend_carries_fridays_balance(self, panel: Panel) -> None:
        row = list(self.TIMES).index(at("2021-11-10"))
        plain = panel.window("tga", 8)[row]
        carried = panel.window("tga", 8, carried=True)[row]
        assert same(plain, [200.0, 211.0, NAN, 230.0, NAN, NAN, NAN, NAN])
        assert same(carried, [200.0, 211.0, 211.0] + 5 * [230.0])

    def test_the_balance_of_a_day_is_the_one_that_was_known_then(self, panel: Panel) -> None:
        days = pd.Series(pd.Timestamp("2021-11-04"), index=self.TIMES)
        expected = [NAN, 200.0] + 5 * [210.0] + 6 * [211.0]
        assert same(panel.on("tga", days), expected)

    def test_no_day_has_no_value(self, panel: Panel) -> None:
        days = pd.Series(pd.NaT, index=self.TIMES).astype("datetime64[us]")
        assert panel.on("tga", days).isna().all()


def test_before_the_first_operation_the_srf_is_zero_and_after_it_missing_when_stale() -> None:
    zero_before = SERIES["srf"].zero_before
    assert zero_before is not None
    first = pd.Timestamp(zero_before)
    rows = [Vintage("srf", first, 53.0, first.tz_localize("UTC") + 18 * 60 * MINUTE)]
    times = pd.date_range(first - 3 * DAY, first + 12 * DAY, tz="UTC", unit="us")
    panel = Panel(observations(rows), times)
    # On the first day itself, at midnight, the day before is the last that can be over.
    assert same(panel.last("srf"), 4 * [0.0] + 8 * [53.0] + 4 * [NAN])
    assert same(panel.window("srf", 3)[5], [0.0, 53.0, NAN])
    assert same(panel.window("srf", 3, carried=True)[5], [0.0, 53.0, 53.0])


def test_a_series_that_has_not_begun_is_nan_and_one_that_is_not_there_is_named() -> None:
    panel = Panel(observations([], ("tga",)), TIMES)
    assert panel.has("tga")
    assert panel.last("tga").isna().all()
    assert panel.age("tga").isna().all()
    assert panel.ref_date("tga").isna().all()
    assert np.isnan(panel.window("tga", 5, carried=True)).all()
    assert not panel.has("rrp")
    with pytest.raises(MissingSeries, match="series 'rrp' is not in the data"):
        panel.last("rrp")
    with pytest.raises(UnknownName, match="did you mean tga"):
        panel.last("tgaa")


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (pd.date_range("2021-01-01", periods=3), "carry no UTC time zone"),
        (pd.date_range("2021-01-01", periods=3, tz="America/New_York"), "carry no UTC time zone"),
        (pd.date_range("2021-01-01 12:00", periods=3, tz="UTC"), "12:00.* is not 00:00 UTC"),
        (pd.date_range("2021-01-01", periods=3, freq="2D", tz="UTC"), "not consecutive days after"),
    ],
)
def test_decision_times_are_consecutive_midnights(times: pd.DatetimeIndex, message: str) -> None:
    with pytest.raises(BadTable, match=message):
        Panel(observations([]), times)


def test_decisions_begin_on_a_fixed_day_and_end_with_the_data() -> None:
    times = decision_times(at("2021-11-05 13:00"))
    assert times[0] == FIRST_DECISION == at("2010-01-01")
    assert times[-1] == at("2021-11-05")
    assert times.unit == "us"


@few
@given(vintages(series=("tga",)), st.sampled_from(["s", "ms", "ns"]))
def test_units_of_time_do_not_matter(rows: list[Vintage], unit: Literal["s", "ms", "ns"]) -> None:
    panel = Panel(observations(rows), TIMES)
    other = Panel(observations(rows), TIMES.as_unit(unit))
    assert all(map(same, answers(panel, "tga"), answers(other, "tga")))


def test_a_restated_series_shows_figures_with_a_vintage_on_record_only() -> None:
    rows = [
        Vintage("m2", pd.Timestamp("2019-08-31"), 1.0, at("2019-09-24")),
        Vintage("m2", pd.Timestamp("2019-09-30"), 2.0, at("2019-10-10")),
    ]
    table = observations(rows, ("m2",)).table
    by_rule = table.assign(known_by=["vintage", "rule"])
    panel = Panel(observations(rows, ("m2",)), TIMES)
    assert panel.last("m2").loc["2019-10-11"] == 2.0
    panel = Panel(from_rows(by_rule, ("m2",)), TIMES)
    assert panel.last("m2").loc["2019-10-11"] == 1.0
    assert panel.ref_date("m2").loc["2019-10-11"] == pd.Timestamp("2019-08-31")

"""Classes of days, and what they would lead one to expect."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from signals.calendar_class import DayClass, day_classes, window_classes, window_days
from signals.calendar_expectation import expected_by_class, expected_of_newest, new_figures

NAN = math.nan


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-12-31", DayClass.YEAR_END),
        ("2023-12-29", DayClass.YEAR_END),  # the 30th and 31st are a weekend
        ("2023-12-31", DayClass.OTHER),
        ("2025-09-30", DayClass.QUARTER_END),
        ("2024-03-29", DayClass.QUARTER_END),  # Good Friday: the Fed is open
        ("2025-10-31", DayClass.MONTH_END),
        ("2026-02-27", DayClass.MONTH_END),
        ("2026-02-28", DayClass.OTHER),  # a Saturday
        ("2026-03-02", DayClass.SETTLEMENT),  # February's coupons
        ("2025-11-03", DayClass.OTHER),  # October's came on the 31st
        ("2025-09-15", DayClass.TAX),
        ("2026-01-15", DayClass.TAX),
        ("2025-06-16", DayClass.TAX),  # the 15th is a Sunday
        ("2025-11-17", DayClass.SETTLEMENT),  # the 15th is a Saturday
        ("2026-02-17", DayClass.SETTLEMENT),  # Sunday the 15th, then Presidents' Day
        ("2025-10-15", DayClass.SETTLEMENT),
        ("2025-10-16", DayClass.OTHER),
    ],
)
def test_class_of_a_day(day, expected):
    assert day_classes(pd.Series([pd.Timestamp(day)])).tolist() == [expected]


def test_classes_do_not_hang_on_the_span_asked_for():
    days = pd.Series(pd.date_range("2024-01-01", "2026-12-31", unit="us"))
    whole = day_classes(days)
    for first in (0, 14, 30, 59, 364):
        for last in (400, 700, 1095):
            np.testing.assert_array_equal(day_classes(days[first:last]), whole[first:last])


def test_an_unknown_day_has_no_class():
    days = pd.Series([pd.NaT, pd.Timestamp("2025-10-31"), pd.NaT], dtype="datetime64[us]")
    assert day_classes(days).tolist() == [-1, DayClass.MONTH_END, -1]
    assert day_classes(days[:1]).tolist() == [-1]


def test_window_classes_are_those_of_the_window_days():
    times = pd.date_range("2025-10-30", "2025-11-02", tz="UTC", unit="us")
    days = window_days(times, 3)
    assert days[0].astype("datetime64[D]").astype(str).tolist() == [
        "2025-10-27",
        "2025-10-28",
        "2025-10-29",
    ]
    month_end = days.astype("datetime64[D]") == np.datetime64("2025-10-31")
    np.testing.assert_array_equal(window_classes(times, 3) == DayClass.MONTH_END, month_end)


OTHER, TAX, END, QUARTER, YEAR, MID = (
    DayClass.OTHER,
    DayClass.TAX,
    DayClass.MONTH_END,
    DayClass.QUARTER_END,
    DayClass.YEAR_END,
    DayClass.SETTLEMENT,
)


@pytest.mark.parametrize(
    ("figures", "least", "expected"),
    [
        # the mean of the earlier ones of the class
        ([(OTHER, 1.0), (TAX, 9.0), (OTHER, 3.0), (OTHER, 0.0)], 1, [NAN, NAN, 1.0, 2.0]),
        ([(OTHER, 1.0), (OTHER, 3.0), (OTHER, 0.0)], 2, [NAN, NAN, 2.0]),
        # NaN is passed over
        ([(OTHER, 1.0), (OTHER, NAN), (OTHER, 5.0)], 1, [NAN, 1.0, 1.0]),
        # a tax day without tax days before takes settlement days, with too few both
        ([(MID, 2.0), (MID, 4.0), (TAX, 9.0), (TAX, 9.0)], 1, [NAN, 2.0, 3.0, 9.0]),
        ([(MID, 2.0), (MID, 4.0), (TAX, 9.0), (TAX, 9.0)], 2, [NAN, NAN, 3.0, 5.0]),
        # a settlement day takes none of a tax day's
        ([(TAX, 2.0), (MID, 4.0)], 1, [NAN, NAN]),
        # year-end: its own, then with quarter-ends, then with month-ends
        ([(END, 1.0), (QUARTER, 5.0), (YEAR, 7.0), (YEAR, 0.0)], 1, [NAN, 1.0, 5.0, 7.0]),
        ([(END, 1.0), (QUARTER, 5.0), (YEAR, 7.0), (YEAR, 0.0)], 2, [NAN, NAN, 3.0, 6.0]),
        # a quarter-end: its own, then with year-ends, then with month-ends
        ([(YEAR, 8.0), (END, 2.0), (QUARTER, 0.0)], 1, [NAN, NAN, 8.0]),
        ([(YEAR, 8.0), (END, 2.0), (QUARTER, 0.0)], 2, [NAN, NAN, 5.0]),
    ],
)
def test_expectation_table(figures, least, expected):
    classes = np.array([int(kind) for kind, _ in figures])
    values = np.array([value for _, value in figures])
    np.testing.assert_allclose(expected_by_class(values, classes, least), expected)


def test_expectation_is_carried_until_the_next_figure():
    values = np.array([NAN, 1.0, 1.0, 3.0, 3.0, 8.0])
    fresh = np.array([False, True, False, True, False, True])
    expected = expected_of_newest(values, fresh, np.full(6, int(OTHER)), least=1)
    np.testing.assert_allclose(expected, [NAN, NAN, NAN, 1.0, 1.0, 2.0])
    nothing = expected_of_newest(values, np.zeros(6, dtype=bool), np.full(6, int(OTHER)), least=1)
    assert np.isnan(nothing).all()


def test_new_figures_are_about_newer_days():
    days = ["NaT", "2025-01-01", "2025-01-01", "2025-01-03", "2025-01-03"]
    about = pd.Series(pd.DatetimeIndex(days).as_unit("us"))
    assert new_figures(about).tolist() == [False, True, False, True, False]

"""Outputs are compared row by row and bit by bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.errors import InputError
from signals.difference import ROW, first_difference, informative, table

TIMES = pd.date_range("2021-01-01", periods=4, tz="UTC")
NAN = float("nan")


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=TIMES)


@pytest.mark.parametrize(
    ("whole", "other", "row", "column"),
    [
        (frame(a=[1.0, NAN, 3.0, 4.0]), frame(a=[1.0, NAN, 3.0, 4.0]), None, ""),
        (frame(a=[1.0, 2.0, 3.0, 4.0]), frame(a=[1.0, 2.0, 3.0, 9.0]), 3, "a"),
        (frame(a=[1.0, 2.0, 3.0, 4.0]), frame(a=[1.0, NAN, 3.0, 9.0]), 1, "a"),
        (frame(a=[1.0, 2.0, 3.0, 4.0]), frame(a=[np.nextafter(1.0, 2.0), 2.0, 3.0, 4.0]), 0, "a"),
        (frame(a=[0.0, 0, 0, 0]), frame(a=[0.0, -0.0, 0, 0]), 1, "a"),
        (frame(a=[1, 2, 3, 4]), frame(a=[1.0, 2.0, 3.0, NAN]), 3, "a"),
        (frame(a=[True, False, True, True]), frame(a=[True, False, False, True]), 2, "a"),
        (frame(a=["x", None, "y", "z"]), frame(a=["x", None, "z", "y"]), 2, "a"),
        (frame(a=[1.0, 1, 1, 1], b=["x"] * 4), frame(a=[1.0, 1, 2, 1], b=["x"] * 4), 2, "a"),
        # A coin that does not exist yet may be absent, or have no weight.
        (frame(a=[1.0, 1, 1, 1], b=[0.0, NAN, 0, 0]), frame(a=[1.0, 1, 1, 1]), None, ""),
        (frame(a=[1.0, 1, 1, 1]), frame(a=[1.0, 1, 1, 1], b=[0.0, 0, 0.5, 0]), 2, "b"),
        (frame(a=[1.0, 1, 1, 1], b=["", "", "why", ""]), frame(a=[1.0, 1, 1, 1]), 2, "b"),
    ],
)
def test_the_earliest_difference_is_found(
    whole: pd.DataFrame, other: pd.DataFrame, row: int | None, column: str
) -> None:
    found = first_difference(whole, other, TIMES[-1])
    if row is None:
        assert found is None
    else:
        assert found is not None
        assert (found.decision_time, found.column) == (TIMES[row], column)


def test_rows_after_the_cut_are_not_compared() -> None:
    whole, other = frame(a=[1.0, 2.0, 3.0, 4.0]), frame(a=[1.0, 2.0, 8.0, 9.0])
    assert first_difference(whole, other, TIMES[1]) is None
    assert first_difference(whole, other.iloc[:2], TIMES[1]) is None


def test_a_row_that_only_one_has_is_a_difference() -> None:
    whole = frame(a=[1.0, NAN, 3.0, 4.0])
    for left, right in ((whole, whole.drop(TIMES[1])), (whole.drop(TIMES[1]), whole)):
        found = first_difference(left, right, TIMES[-1])
        assert found is not None
        assert (found.decision_time, found.column) == (TIMES[1], ROW)


def test_a_difference_before_a_missing_row_comes_first() -> None:
    whole = frame(a=[1.0, 2.0, 3.0, 4.0])
    other = whole.drop(TIMES[2]).assign(a=[7.0, 2.0, 4.0])
    found = first_difference(whole, other, TIMES[-1])
    assert found is not None
    assert (found.decision_time, found.whole, found.other) == (TIMES[0], 1.0, 7.0)


def test_a_tolerance_is_a_share_of_the_largest_number() -> None:
    whole, other = frame(a=[1e6, 0.0, NAN, np.inf]), frame(a=[1e6 + 1e-4, 1e-4, NAN, np.inf])
    assert first_difference(whole, other, TIMES[-1], 1e-9) is None
    assert first_difference(whole, other, TIMES[-1], 1e-11) is not None


def test_cash_is_what_the_weights_of_its_row_leave_over() -> None:
    whole, other = frame(a=[1.0] * 4, c=[0.0] * 4), frame(a=[1.0] * 4, c=[0.0, 2e-16, 0.0, 0.0])
    assert first_difference(whole, other, TIMES[-1], 1e-12) is None
    assert first_difference(whole, other, TIMES[-1]) is not None


def test_numbers_after_the_cut_do_not_make_it_more_tolerant() -> None:
    whole, other = frame(a=[1.0, 1, 1, 1e9]), frame(a=[1.0, 1 + 1e-6, 1, 1e9])
    found = first_difference(whole, other, TIMES[2], 1e-9)
    assert found is not None
    assert (found.decision_time, found.column) == (TIMES[1], "a")


def test_an_output_is_sorted_and_a_series_becomes_a_column() -> None:
    series = pd.Series([2.0, 1.0], TIMES[:2][::-1])
    made = table(series, "mine")
    assert list(made.columns) == ["value"]
    assert made.index.is_monotonic_increasing
    assert list(table(series.rename("x"), "mine").columns) == ["x"]


def test_an_output_without_rows_has_no_times() -> None:
    assert len(table(pd.DataFrame({"a": []}), "mine").loc[: TIMES[0]]) == 0


def test_a_column_named_twice_is_refused() -> None:
    twice = pd.DataFrame([[1.0, 2.0]] * 4, index=TIMES, columns=["a", "a"])
    with pytest.raises(InputError, match="mine: the output names a column twice"):
        table(twice, "mine")


def test_what_says_something() -> None:
    cells = frame(a=[0.0, NAN, 1.0, -1.0], b=[False, True, False, False], c=["", "x", None, "y"])
    expected = [[0, 0, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1]]
    assert informative(cells).tolist() == [[bool(cell) for cell in row] for row in expected]

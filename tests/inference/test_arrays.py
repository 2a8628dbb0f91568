from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.arrays import (
    flags,
    matrix,
    ordered_days,
    positions_of,
    positive,
    positive_int,
    probability,
    vector,
)

DAYS = np.array(["2024-01-02", "2024-01-03", "2024-01-05"], dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "x: is empty"),
        ([[1.0]], {}, r"x: expected one dimension, got shape \(1, 1\)"),
        ([1.0, np.nan], {}, "x: a value that is not finite in row 1"),
        ([1.0, np.inf], {"nan": True}, "x: an infinite value in row 1"),
        ([1.0, 2.0], {"length": 3}, "x: expected 3 rows, got 2"),
    ],
)
def test_vector_names_the_argument_and_what_is_wrong(values, options, message):
    with pytest.raises(ValueError, match=message):
        vector(values, "x", **options)


def test_vector_lets_missing_values_pass_only_when_asked():
    assert np.isnan(vector([np.nan], "x", nan=True)[0])


def test_matrix_takes_a_vector_as_its_column_and_refuses_more_dimensions():
    assert matrix([1, 2], "x").shape == (2, 1)
    with pytest.raises(ValueError, match="x: expected one or two dimensions"):
        matrix(np.zeros((1, 1, 1)), "x")


def test_flags_take_booleans_only():
    assert flags([True, False], "x").tolist() == [True, False]
    with pytest.raises(ValueError, match="x: expected a vector of booleans"):
        flags([0, 1], "x")
    with pytest.raises(ValueError, match="x: expected 3 values, got 1"):
        flags([True], "x", length=3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2024-01-03", "2024-01-03"], "x: days must increase, 2024-01-03 does not"),
        (["2024-01-03", "NaT"], r"x: holds a missing day \(NaT\)"),
        ([], "x: expected a vector of days"),
    ],
)
def test_days_must_be_known_and_increase(values, message):
    with pytest.raises(ValueError, match=message):
        ordered_days(np.array(values, dtype="datetime64[D]"), "x")


def test_positions_are_found_or_the_stranger_is_named():
    assert positions_of(DAYS[[2, 0]], DAYS, "x", "days").tolist() == [2, 0]
    for stranger in ("2024-01-04", "2024-02-01", "2023-01-01"):
        with pytest.raises(ValueError, match=f"x: {stranger} is not in days"):
            positions_of(np.array([stranger], dtype="datetime64[D]"), DAYS, "x", "days")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_whole_numbers_are_whole_and_positive(value):
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1"):
        positive_int(value, "n")


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_positive_numbers_are_finite_and_above_zero(value):
    with pytest.raises(ValueError, match="x: expected a number above 0"):
        positive(value, "x")


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, np.nan])
def test_probabilities_lie_strictly_between_0_and_1(value):
    with pytest.raises(ValueError, match="x: expected a number between 0 and 1"):
        probability(value, "x")

from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.leave_one_out import leave_one_out

X = np.array([1.0, 2.0, 3.0, 10.0, 4.0])
ROWS = {
    "spring": np.array([True, True, False, False, False]),
    "crash": np.array([False, False, False, True, False]),
}


def test_range_names_the_episodes_that_matter_most():
    result = leave_one_out(lambda keep: X[keep].mean(), ROWS, n=5)
    assert result.full == 4.0
    assert (result.low, result.without_low) == (2.5, "crash")
    assert (result.high, result.without_high) == (17 / 3, "spring")
    assert result.estimates == (("spring", 17 / 3), ("crash", 2.5))


@pytest.mark.parametrize(
    ("episodes", "message"),
    [
        ({}, "episodes: holds none"),
        ({"a": np.zeros(5, dtype=bool)}, r"episodes\[a\]: has no row in the sample"),
        ({"a": np.ones(4, dtype=bool)}, r"episodes\[a\]: expected 5 values, got 4"),
        ({"a": np.ones(5, dtype=bool)}, "estimate: gives nan on the sample without a"),
    ],
)
def test_bad_input_is_refused(episodes, message):
    def mean(keep):
        return X[keep].mean() if keep.any() else float("nan")

    with pytest.raises(ValueError, match=message):
        leave_one_out(mean, episodes, n=5)


def test_what_the_estimate_raises_is_passed_on():
    def refuse(keep):
        raise ValueError("r: too short")

    with pytest.raises(ValueError, match="r: too short"):
        leave_one_out(refuse, ROWS, n=5)

from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.windows import window_percentile


def change(levels: np.ndarray) -> float:
    return float(levels[-1] - levels[0])


def test_windows_are_counted_back_from_the_end_without_overlap():
    history = np.array([99.0, 0, 1, 3, 6, 10, 15, 21])  # changes of two periods: 11, 7, 3
    result = window_percentile(5.0, history, length=2, statistic=change)
    assert result.percentile == pytest.approx(100 / 3)
    assert result.windows == 3


@pytest.mark.parametrize(("outcome", "percentile"), [(-9, 0.0), (3, 50 / 3), (7, 50.0), (99, 100)])
def test_ties_count_half(outcome, percentile):
    history = [0.0, 1, 3, 6, 10, 15, 21]
    result = window_percentile(outcome, history, length=2, statistic=change)
    assert result.percentile == pytest.approx(percentile)


def test_windows_with_a_missing_level_are_left_out():
    history = [0.0, 1, 3, np.nan, 10, 15, 21]
    assert window_percentile(0.0, history, length=2, statistic=change).windows == 2


@pytest.mark.parametrize(
    ("outcome", "history", "message"),
    [
        (np.nan, [1.0, 2.0], "outcome: expected a finite number"),
        (1.0, [1.0, 2.0], "history: holds no complete window of 2 periods"),
    ],
)
def test_bad_input_is_refused(outcome, history, message):
    with pytest.raises(ValueError, match=message):
        window_percentile(outcome, history, length=2, statistic=change)

"""Reverse repo facility: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import BadConfig
from signals.registry import signal
from signals.rrp import RrpDepletion, RrpEmpty, RrpFlow, RrpMedian
from tests.signals.worlds import at, business, daily, panel_of

FALL = {"rrp": daily("2025-01-01", [400.0, 500.0, 300.0, 100.0, 50.0, 0.0])}


@pytest.mark.parametrize(
    ("days", "day", "expected"),
    [
        # one of four days is less than half
        (4, "2025-01-02", np.nan),
        (4, "2025-01-03", 0.0),
        (4, "2025-01-04", 0.4),  # 1 - 300 / 500
        (4, "2025-01-06", 0.9),  # 1 - 50 / 500: the last four are 500, 300, 100, 50
        (4, "2025-01-07", 1.0),
        (2, "2025-01-06", 0.5),  # 1 - 50 / 100
    ],
)
def test_depletion_is_the_fall_from_the_trailing_maximum(days, day, expected):
    depletion = RrpDepletion(days).compute(panel_of(FALL, "2025-01-01", "2025-01-07"))
    assert at(depletion, day) == pytest.approx(expected, nan_ok=True)


def test_depletion_of_a_facility_that_was_always_empty_is_not_known():
    panel = panel_of({"rrp": daily("2025-01-01", [0.0] * 5)}, "2025-01-01", "2025-01-06")
    assert RrpDepletion(4).compute(panel).isna().all()


def test_flow_is_what_left_the_facility():
    flow = RrpFlow(days=2).compute(panel_of(FALL, "2025-01-01", "2025-01-07"))
    assert at(flow, "2025-01-04") == 100.0  # 400 on 01-02, 300 on 01-04
    assert at(flow, "2025-01-07") == 100.0  # 100 - 0
    assert np.isnan(at(flow, "2025-01-03"))


@pytest.mark.parametrize(
    ("operations", "day", "expected"),
    [
        # Monday 2025-01-06 .. Friday 01-17: 10, 20, ..., 100
        (10, "2025-01-18", 55.0),
        (3, "2025-01-18", 90.0),
        (4, "2025-01-18", 85.0),
        (10, "2025-01-17", np.nan),
        # the weekend in between is no operation
        (2, "2025-01-13", 45.0),
    ],
)
def test_median_is_over_operations_not_days(operations, day, expected):
    figures = {"rrp": business("2025-01-06", [10.0 * k for k in range(1, 11)])}
    median = RrpMedian(operations).compute(panel_of(figures, "2025-01-06", "2025-01-20"))
    assert at(median, day) == pytest.approx(expected, nan_ok=True)


def test_empty_has_hysteresis():
    # The median of one operation is the operation: below 50, between, above 100, between, below.
    figures = {"rrp": daily("2025-01-01", [70.0, 49.0, 50.0, 100.0, 100.5, 60.0, 49.9])}
    empty = RrpEmpty(operations=1).compute(panel_of(figures, "2025-01-01", "2025-01-08"))
    assert np.isnan(at(empty, "2025-01-01"))
    assert empty.dropna().tolist() == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("rrp_depletion", {"days": 0}, "days = 0"),
        ("rrp_median", {"operations": 0}, "operations = 0"),
        ("rrp_flow", {"days": 2.0}, "days = 2.0"),
        ("rrp_empty", {"empty": -1}, "empty = -1 is not a number above 0"),
        ("rrp_empty", {"empty": 100, "refilled": 50}, "refilled - empty = -50"),
        ("rrp_empty", {"empty": "a lot"}, "empty = 'a lot' is not a number"),
    ],
)
def test_bad_parameters_are_refused(name, parameters, message):
    with pytest.raises(BadConfig, match=message):
        signal(name, **parameters)

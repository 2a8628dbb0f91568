"""Funding pressure: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import BadConfig
from signals.funding import MEASURES, FundingPressure
from tests.signals.worlds import at, daily, panel_of

# The range was cut from 4.25 to 4.00 with effect from Thursday 2025-10-30; SOFR about a day is
# known the next business day at 12:05 UTC.
CUT = {
    "ff_upper": daily("2025-10-20", [4.25] * 10 + [4.00] * 10),
    "iorb": daily("2025-10-20", [4.15] * 10 + [3.90] * 10),
    "sofr": [
        ("2025-10-28", 4.31, "2025-10-29 12:05"),
        ("2025-10-29", 4.27, "2025-10-30 12:05"),
        ("2025-10-30", 4.04, "2025-10-31 12:05"),
        ("2025-10-31", 4.22, "2025-11-03 13:05"),
        ("2025-11-03", 3.99, "2025-11-04 13:05"),
    ],
    "sofr_p99": [("2025-10-31", 4.35, "2025-11-03 13:05")],
}


@pytest.mark.parametrize(
    ("measure", "day", "expected"),
    [
        # SOFR of 10-29 against the ceiling of that day, although the lower one is in force
        ("sofr_ceiling", "2025-10-31", 2.0),
        ("sofr_ceiling", "2025-11-01", 4.0),
        # the weekend knows nothing newer than Thursday's
        ("sofr_ceiling", "2025-11-03", 4.0),
        ("sofr_ceiling", "2025-11-04", 22.0),
        ("sofr_iorb", "2025-11-04", 32.0),
        ("p99_ceiling", "2025-11-04", 35.0),
    ],
)
def test_pressure_is_measured_on_the_day_the_rate_is_about(measure, day, expected):
    panel = panel_of(CUT, "2025-10-28", "2025-11-06")
    assert at(FundingPressure(measure).compute(panel), day) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("days", "day", "expected"),
    [
        # 10-28, 10-29, 10-30, 10-31 are at or above, 11-03 is below
        (14, "2025-11-05", 4 / 5),
        # the days 10-31 .. 11-04: 10-31 and 11-03
        (5, "2025-11-05", 1 / 2),
        # one figure (10-28) about nine days is less than a quarter
        (9, "2025-10-30", np.nan),
        # nothing is about the future: known are 10-28 and 10-29
        (7, "2025-10-31", 1.0),
    ],
)
def test_share_counts_figures_at_or_above_the_ceiling(days, day, expected):
    panel = panel_of(CUT, "2025-10-28", "2025-11-06")
    share = FundingPressure("share_at_ceiling", days).compute(panel)
    assert at(share, day) == pytest.approx(expected, nan_ok=True)


def test_a_rate_at_the_ceiling_counts_as_pressed():
    figures = {"ff_upper": daily("2025-12-10", [3.75] * 6), "sofr": daily("2025-12-10", [3.75] * 3)}
    share = FundingPressure("share_at_ceiling", 4).compute(
        panel_of(figures, "2025-12-10", "2025-12-14")
    )
    assert at(share, "2025-12-13") == 1.0


def test_before_2021_reserves_earned_the_rate_on_excess_reserves():
    figures = {
        "sofr": daily("2021-07-26", [0.05, 0.05, 0.05, 0.05]),
        "ioer": daily("2021-07-26", [0.15, 0.15, 0.15]),
        "iorb": daily("2021-07-29", [0.10, 0.10]),
    }
    spread = FundingPressure("sofr_iorb").compute(panel_of(figures, "2021-07-27", "2021-07-30"))
    assert at(spread, "2021-07-29") == pytest.approx(-10.0)
    assert at(spread, "2021-07-30") == pytest.approx(-5.0)
    without = {name: figures[name] for name in ("sofr", "iorb")}
    spread = FundingPressure("sofr_iorb").compute(panel_of(without, "2021-07-27", "2021-07-30"))
    assert np.isnan(at(spread, "2021-07-29"))
    assert at(spread, "2021-07-30") == pytest.approx(-5.0)


def test_a_range_that_is_not_known_any_more_is_not_carried():
    figures = CUT | {"ff_upper": daily("2025-10-20", [4.25] * 8)}
    pressure = FundingPressure().compute(panel_of(figures, "2025-10-28", "2025-11-06"))
    assert np.isnan(at(pressure, "2025-11-04"))


@pytest.mark.parametrize("measure", MEASURES)
def test_unit_and_inputs_follow_the_measure(measure):
    signal = FundingPressure(measure)
    assert signal.unit == ("share" if measure == "share_at_ceiling" else "bp")
    assert len(signal.inputs) == 2


def test_an_unknown_measure_is_refused():
    with pytest.raises(BadConfig, match="measure = 'sofr' is not one of sofr_ceiling"):
        FundingPressure("sofr")

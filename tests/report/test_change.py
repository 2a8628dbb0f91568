from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from backtests.report.change import what_would_change
from tests.report.studies import finding, thesis

NOW = pd.Timestamp("2026-08-07", tz="UTC")
SIZED: dict[str, Any] = {"standard_error": 0.9, "delta": 1.0, "estimate": 1.6}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (finding("A1", "not yet tested"), "A method that decides it"),
        (finding("C1", "not testable", "series missing: srf"), "The missing series."),
        (
            finding("C5", "not testable", "6 independent episodes", episodes=6),
            "At least one more independent episode (6 of 7 so far).",
        ),
        (finding("C2b", "not testable", "only 4.0 windows"), "A longer sample."),
        (
            finding("C2b", "inconclusive", **SIZED),
            "An effect of 2.52 percent per 100bn or more would have been found in 80% of such "
            "samples; for δ it takes 80 years of such data, 13 are there.",
        ),
        (
            replace(finding("C2b", "inconclusive", **SIZED), years_needed=5.0),
            "An estimate further from 0 or from δ: the sample is long enough",
        ),
        (finding("B4", "inconclusive", estimate=0.1), "An interval that excludes 0 or δ."),
        (finding("C2b", "supported", **SIZED), "New data in which the estimate falls below δ"),
        (
            finding("C2b", "supported", leave_one_out={"without 2014": 0.6}, **SIZED),
            "Leaving one period out already brings it to 0.60.",
        ),
        (
            finding("E1", "contradicted", p=(0.99, 0.01, 0.009), estimate=-1.0),
            "New data in which the effect no longer goes the other way.",
        ),
        (
            finding("E1", "contradicted", p=(0.6, 0.01, 0.4), estimate=0.0),
            "New data with which effects of δ or more are no longer excluded.",
        ),
        (
            finding("B6", "does not hold", estimate=0.5),
            "Figures on the other side of the tolerance fixed beforehand (share above 0.10, "
            "partly 0.25).",
        ),
        (finding("D1", "did not occur"), "Nothing any more: its dates have passed"),
        (
            finding("D4u", "did not occur"),
            "The outcome on 2026-11-04; the earlier dates have passed.",
        ),
        (
            finding("D4c", "condition did not occur"),
            "The condition coming true (balance bn 5).",
        ),
    ],
)
def test_what_would_change_a_verdict(found, expected) -> None:
    assert expected in what_would_change(found, thesis(), NOW)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests.compare.comparison import Comparison
from backtests.compare.spans import (
    BEFORE,
    SINCE,
    published,
    spans,
)

DAYS = pd.date_range("2018-01-01", "2026-06-30")


def test_each_family_of_spans_covers_every_day_once() -> None:
    found = spans(DAYS)
    assert (found[BEFORE].astype(int) + found[SINCE] == 1).all()
    assert DAYS[found[SINCE]][0] == published() + pd.Timedelta(days=1)
    operations = [rows for name, rows in found.items() if "repo" in name]
    assert (np.sum(operations, axis=0) == 1).all()
    sheet = [rows for name, rows in found.items() if "balance sheet" in name]
    assert len(sheet) == 3
    assert (np.sum(sheet, axis=0) == 1).all()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2019-09-16", "before any repo operation"),
        ("2019-09-17", "temporary repo operations"),
        ("2021-07-29", "standing repo facility, afternoon operation"),
        ("2022-06-01", "balance sheet in run-off"),
        ("2020-06-01", "balance sheet growing by purchases"),
        ("2019-09-01", "balance sheet steered neither way"),
    ],
)
def test_days_at_the_edges_of_eras(day: str, expected: str) -> None:
    assert spans(DAYS)[expected][DAYS.get_loc(day)]


def test_spans_without_days_are_not_shown() -> None:
    assert SINCE not in spans(pd.date_range("2018-01-01", "2025-11-10"))
    assert SINCE in spans(pd.date_range("2018-01-01", "2025-11-30"))


def test_before_and_since_compound_to_the_whole(comparison: Comparison) -> None:
    for one in comparison.standings:
        parts = {stretch.span: stretch for stretch in one.stretches}
        equity = one.entrant.run.simulation.equity
        whole = equity.iloc[-1] / equity.iloc[0]
        assert (1 + parts[BEFORE].earned) * (1 + parts[SINCE].earned) == pytest.approx(whole)
        days = parts[BEFORE].days, parts[SINCE].days
        mean = (parts[BEFORE].excess * days[0] + parts[SINCE].excess * days[1]) / sum(days)
        assert mean == pytest.approx(365 * one.entrant.daily.mean())

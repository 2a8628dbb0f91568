"""Treasury General Account: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import BadConfig
from signals.registry import signal
from signals.tga import TgaDrawdown, TgaExcess, TgaExpectedFlow, TgaImpulse, TgaSurprise
from tests.signals.worlds import at, business, daily, panel_of

TARGETS = [
    ("2024-12-31", 700.0, "2024-10-28 19:00"),
    ("2025-12-31", 850.0, "2025-07-28 19:00"),
    ("2025-12-31", 860.0, "2025-11-03 20:00"),
    ("2026-03-31", 870.0, "2025-11-03 20:00"),
]


def test_drawdown_is_the_fall_from_the_trailing_maximum():
    figures = {"tga": daily("2025-01-01", [600.0, 700.0, 500.0, 450.0, 460.0])}
    drawdown = TgaDrawdown(days=3).compute(panel_of(figures, "2025-01-01", "2025-01-06"))
    # NaN with one of three days known; then 700 - 700, 700 - 500, 700 - 450, 500 - 460
    assert drawdown.dropna().tolist() == [0.0, 200.0, 250.0, 40.0]


def test_impulse_is_what_left_the_account():
    figures = {"tga": daily("2025-01-01", [600.0, 700.0, 500.0, 450.0, 460.0])}
    panel = panel_of(figures, "2025-01-01", "2025-01-06")
    assert at(TgaImpulse(days=2).compute(panel), "2025-01-05") == 250.0  # 700 - 450
    # means of two days: (600 + 700) / 2 - (500 + 450) / 2
    assert at(TgaImpulse(days=2, smooth=2).compute(panel), "2025-01-05") == 175.0


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-11-03", 100.0),  # 950 - 850: the first announcement
        ("2025-11-04", 90.0),  # 950 - 860: revised on the day before
        ("2025-12-31", 90.0),  # still the quarter's last day
        ("2026-01-01", 80.0),  # 950 - 870: the next quarter's
        ("2026-04-01", np.nan),  # nothing announced for June
    ],
)
def test_excess_is_over_the_target_of_the_present_quarter(day, expected):
    figures = {"tga": daily("2025-10-30", [950.0] * 160), "tga_target": TARGETS}
    excess = TgaExcess().compute(panel_of(figures, "2025-10-31", "2026-04-02"))
    assert at(excess, day) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # bank days 2025-12-22 .. 12-31 without Christmas: 22, 23, 24, 26, 29, 30, 31
        ("2025-12-22", (860.0 - 950.0) / 7),
        ("2025-12-25", -90.0 / 4),
        ("2025-12-31", -90.0),
        # bank days 2026-01-01 .. 03-31: 21 in January without New Year's Day, less M. L. King's
        # day = 20; 20 in February less Presidents' Day = 19; 22 in March
        ("2026-01-01", (870.0 - 950.0) / 61),
        ("2026-04-01", np.nan),
    ],
)
def test_expected_flow_spreads_the_gap_over_the_days_left(day, expected):
    figures = {"tga": daily("2025-10-30", [950.0] * 160), "tga_target": TARGETS}
    flow = TgaExpectedFlow().compute(panel_of(figures, "2025-12-20", "2026-04-02"))
    assert at(flow, day) == pytest.approx(expected, nan_ok=True)


def test_expected_flow_is_zero_once_no_business_day_is_left():
    # 2023-09-30 is a Saturday.
    figures = {
        "tga": daily("2023-09-25", [680.0] * 8),
        "tga_target": [("2023-09-30", 650.0, "2023-07-31 19:00")],
    }
    flow = TgaExpectedFlow().compute(panel_of(figures, "2023-09-28", "2023-10-01"))
    assert at(flow, "2023-09-29") == -30.0
    assert at(flow, "2023-09-30") == 0.0
    assert np.isnan(at(flow, "2023-10-01"))


def test_expected_flow_is_suspended_while_a_debt_limit_binds():
    # The limit came back on 2025-01-02 and was raised on 2025-07-04.
    figures = {
        "tga": daily("2024-12-30", [700.0] * 200),
        "tga_target": [
            ("2025-03-31", 850.0, "2024-10-28 19:00"),
            ("2025-09-30", 850.0, "2025-07-01 19:00"),
        ],
    }
    flow = TgaExpectedFlow().compute(panel_of(figures, "2024-12-31", "2025-07-12"))
    assert at(flow, "2025-01-02") != 0.0
    # From here on zero, whether a target is known (to March) or not (to June).
    assert (flow["2025-01-04":"2025-07-04"] == 0.0).all()
    # 2025-07-07 .. 09-30: 19 bank days in July, 21 in August, 21 in September
    assert at(flow, "2025-07-07") == pytest.approx(150.0 / 61)
    panel = panel_of(figures | {"tga": []}, "2024-12-31", "2025-07-12")
    assert TgaExpectedFlow().compute(panel).isna().all()


def test_surprise_is_the_change_beyond_that_of_its_class():
    # Wednesday 2025-01-01 is a holiday. Changes: +10 on ordinary days, so far.
    days = [day for day, _ in business("2025-01-02", [0.0] * 14)]
    changes = dict.fromkeys(days, 10.0) | {"2025-01-15": 100.0, "2025-01-17": 25.0}
    level, figures = 500.0, []
    for day in days:
        level += changes[day]
        figures.append((day, level))
    surprise = TgaSurprise(days=1, least=2).compute(
        panel_of({"tga": figures}, "2025-01-02", "2025-01-22")
    )
    # The first figure has no change; the third change, that of 01-07, is the first with two
    # before it: 10 - (10 + 10) / 2
    assert np.isnan(at(surprise, "2025-01-07"))
    assert at(surprise, "2025-01-08") == 0.0
    # 01-15 is a tax day, the first: no expectation
    assert np.isnan(at(surprise, "2025-01-16"))
    assert at(surprise, "2025-01-17") == 0.0
    assert at(surprise, "2025-01-18") == pytest.approx(15.0)
    # a day without a new balance surprises nobody
    assert at(surprise, "2025-01-19") == 0.0
    # Tuesday 01-21 (Monday is a holiday in truth, here a figure): expected is the mean of the
    # earlier ordinary changes, nine of 10 and one of 25: 01-03 .. 01-14 (8), 01-16, 01-17
    assert at(surprise, "2025-01-21") == pytest.approx(10.0 - 115.0 / 10)


def test_surprises_add_up_over_the_window():
    values = [500.0 + 10.0 * k for k in range(12)]
    values[11] += 40.0
    figures = {"tga": daily("2025-03-17", values)}
    panel = panel_of(figures, "2025-03-17", "2025-03-29")
    assert at(TgaSurprise(days=5, least=2).compute(panel), "2025-03-29") == pytest.approx(40.0)
    assert np.isnan(at(TgaSurprise(days=12, least=2).compute(panel), "2025-03-29"))


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("tga_drawdown", {"days": 0}, "tga_drawdown: days = 0"),
        ("tga_impulse", {"smooth": 0}, "tga_impulse: smooth = 0"),
        ("tga_surprise", {"least": 0}, "tga_surprise: least = 0"),
        ("tga_surprise", {"days": None}, "tga_surprise: days = None"),
    ],
)
def test_bad_parameters_are_refused(name, parameters, message):
    with pytest.raises(BadConfig, match=message):
        signal(name, **parameters)

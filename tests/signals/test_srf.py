"""Standing Repo Facility, corridor and lending: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import BadConfig
from signals.corridor import CorridorNet
from signals.lending import StealthQe
from signals.registry import signal
from signals.srf import SrfSurprise, SrfUsage
from tests.signals.worlds import at, business, daily, panel_of, weekly

# Friday 2025-10-31 is a month-end; its loan runs over the weekend to Monday 11-03.
TURN = {
    "srf": [
        ("2025-10-27", 8.4),
        ("2025-10-28", 7.753),
        ("2025-10-29", 10.311),
        ("2025-10-30", 6.2),
        ("2025-10-31", 50.35),
        ("2025-11-03", 22.0),
        ("2025-11-04", 0.2),
    ]
}


@pytest.mark.parametrize(
    ("parameters", "day", "expected"),
    [
        # nights of 10-28 .. 11-03: 7.753 + 10.311 + 6.2 + 3 x 50.35 + 22 = 197.314
        ({"days": 7}, "2025-11-04", 197.314 / 7),
        ({"days": 7, "statistic": "max"}, "2025-11-04", 50.35),
        # without the three nights of the month-end: 46.264 / 4
        ({"days": 7, "period_ends": False}, "2025-11-04", 11.566),
        ({"days": 7, "statistic": "max", "period_ends": False}, "2025-11-04", 22.0),
        # the days 10-28 .. 11-03: 10-28, 10-29, 10-30, 10-31, 11-03
        ({"days": 7, "statistic": "days"}, "2025-11-04", 5.0),
        # at 11-05 the 0.2 of 11-04 is an exercise; 10-29, 10-30, 10-31, 11-03 remain
        ({"days": 7, "statistic": "days"}, "2025-11-05", 4.0),
        ({"days": 7, "statistic": "days", "usage": 0.1}, "2025-11-05", 5.0),
        ({"days": 7, "statistic": "days", "period_ends": False}, "2025-11-05", 3.0),
        ({"days": 1}, "2025-11-02", 50.35),
        # Saturday: known are the nights of 10-27 .. 10-31 and, before, nothing: five of seven
        ({"days": 7}, "2025-11-01", 83.014 / 5),
    ],
)
def test_usage_is_the_balance_of_nights(parameters, day, expected):
    usage = SrfUsage(**parameters).compute(panel_of(TURN, "2025-10-27", "2025-11-06"))
    assert at(usage, day) == pytest.approx(expected, rel=1e-12)


def test_usage_is_missing_until_half_of_the_nights_are_known():
    usage = SrfUsage(days=7).compute(panel_of(TURN, "2025-10-27", "2025-11-06"))
    assert usage.first_valid_index() == at(usage.index.to_series(), "2025-10-31")


def test_temporary_operations_count_on_request_only():
    figures = {"srf": business("2019-09-17", [53.15, 75.0, 75.0])}
    panel = panel_of(figures, "2019-09-10", "2019-09-20")
    assert (SrfUsage(days=4).compute(panel).dropna() == 0.0).all()
    assert (SrfUsage(statistic="days").compute(panel).dropna() == 0.0).all()
    usage = SrfUsage(days=4, temporary=True).compute(panel)
    # Zero, not missing, before the first operation: (0 + 53.15 + 75 + 75) / 4
    assert at(usage, "2019-09-20") == pytest.approx(203.15 / 4)
    days = SrfUsage(days=4, temporary=True, statistic="days").compute(panel)
    assert at(days, "2019-09-20") == 3.0


def test_surprise_is_the_balance_beyond_the_mean_of_its_class():
    # Four month-ends with 1, 2, 3, 6; every other day 0 but for 4 on Tuesday 2024-02-27.
    ends = {"2023-10-31": 1.0, "2023-11-30": 2.0, "2024-01-31": 3.0, "2024-02-29": 6.0}
    days = [day for day, _ in business("2023-10-02", [0.0] * 110)]
    special = {"2024-02-27": 4.0} | ends
    figures = {"srf": [(day, special.get(day, 0.0)) for day in days]}
    surprise = SrfSurprise(days=1, least=3).compute(panel_of(figures, "2023-10-01", "2024-03-02"))
    # other days: all zero so far
    assert at(surprise, "2024-02-28") == 4.0
    # the month-end of February: 6 - (1 + 2 + 3) / 3
    assert at(surprise, "2024-03-01") == pytest.approx(4.0)
    # 2024-02-28 is an ordinary day again: 0 - 4 / n, n the ordinary days before it. Of the 107
    # business days 2023-10-02 .. 2024-02-27, three month-ends, the year's end, two tax days
    # (12-15, 01-16), three mid-month settlements (10-16, 11-15, 02-15) and two of the weekend
    # before (10-02, 01-02) are not ordinary.
    assert at(surprise, "2024-02-29") == pytest.approx(-4.0 / (107 - 3 - 1 - 2 - 3 - 2))


def test_surprise_of_a_year_end_borrows_from_its_kin():
    days = [day for day, _ in business("2023-06-01", [0.0] * 160)]
    ends = {"2023-06-30": 8.0, "2023-07-31": 1.0, "2023-08-31": 2.0, "2023-09-29": 5.0}
    ends |= {"2023-10-31": 0.0, "2023-11-30": 0.0, "2023-12-29": 10.0}
    figures = {"srf": [(day, ends.get(day, 0.0)) for day in days]}
    panel = panel_of(figures, "2023-06-01", "2024-01-05")
    # no year-end yet; with the quarter-ends 2 figures: mean of 8 and 5
    assert at(SrfSurprise(1, least=2).compute(panel), "2023-12-30") == pytest.approx(3.5)
    # three are asked for: all period ends, (8 + 1 + 2 + 5 + 0 + 0) / 6
    assert at(SrfSurprise(1, least=3).compute(panel), "2023-12-30") == pytest.approx(10 - 16 / 6)
    assert np.isnan(at(SrfSurprise(1, least=7).compute(panel), "2023-12-30"))


def test_surprise_knows_nothing_of_temporary_operations():
    figures = {"srf": business("2021-07-01", [50.0] * 20 + [0.0] * 20)}
    surprise = SrfSurprise(1, least=2).compute(panel_of(figures, "2021-07-01", "2021-08-25"))
    # 2021-07-29 is the 21st figure. The first of its class was zero, and so was the second.
    assert surprise.dropna().eq(0.0).all()
    assert surprise.first_valid_index() >= at(surprise.index.to_series(), "2021-08-03")


def test_corridor_nets_both_sides():
    figures = {
        "srf": [("2025-10-30", 6.2), ("2025-10-31", 50.35)],
        "rrp": [("2025-10-30", 19.2), ("2025-10-31", 51.8)],
    }
    panel = panel_of(figures, "2025-10-30", "2025-11-02")
    net = CorridorNet().compute(panel)
    assert at(net, "2025-10-31") == pytest.approx(-13.0)
    assert at(net, "2025-11-01") == pytest.approx(-1.45)
    # (-13.0 - 1.45) / 2
    assert at(CorridorNet(days=2).compute(panel), "2025-11-01") == pytest.approx(-7.225)


def test_stealth_qe_is_the_growth_of_the_mean_balance():
    # Nights of four days each: 0 x 4, then 2, 4, 6, 8.
    figures = {"srf": daily("2025-10-01", [0.0] * 4 + [2.0, 4.0, 6.0, 8.0])}
    panel = panel_of(figures, "2025-10-01", "2025-10-09")
    growth = StealthQe(days=4).compute(panel)
    assert at(growth, "2025-10-09") == pytest.approx(5.0)  # mean 5 less mean 0
    # 10-08: nights 0, 2, 4, 6 -> 3, less the three known nights of zero before
    assert at(growth, "2025-10-08") == pytest.approx(3.0)


def test_stealth_qe_adds_loans_where_they_are_carried():
    figures = {
        "srf": daily("2023-03-01", [0.0] * 31),
        "fed_primary_credit": weekly("2023-03-01", [4.0, 5.0, 153.0]),
        "fed_btfp": weekly("2023-03-15", [12.0]),
    }
    growth = StealthQe(days=7).compute(panel_of(figures, "2023-03-01", "2023-03-24"))
    # The week to 03-23 knows the H.4.1 of 03-15 (153, 12), the week before that of 03-08 (5, 0):
    # 148 + 12
    assert at(growth, "2023-03-23") == pytest.approx(160.0)


def test_a_loan_programme_that_closed_adds_nothing():
    figures = {
        "srf": daily("2025-03-01", [1.0] * 60),
        "fed_btfp": [("2025-03-05", 2.0, "2025-03-06 21:35")],
    }
    growth = StealthQe(days=7).compute(panel_of(figures, "2025-03-01", "2025-04-20"))
    # Known 03-07 .. 03-19, then stale: while it goes out of the window it is no fall of lending.
    assert (growth.dropna() == 0.0).all()


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "srf_usage",
            {"statistic": "median"},
            "statistic = 'median' is not one of mean, max, days",
        ),
        ("srf_usage", {"period_ends": 1}, "period_ends = 1 is neither true nor false"),
        ("srf_usage", {"usage": 0}, "usage = 0 is not a number above 0"),
        ("srf_usage", {"usage": float("nan")}, "usage = nan is not a number above 0"),
        ("srf_usage", {"temporary": "no"}, "temporary = 'no' is neither true nor false"),
        ("srf_surprise", {"least": 0}, "least = 0 is not a whole number of at least 1"),
        ("corridor_net", {"days": -1}, "days = -1"),
        ("stealth_qe", {"days": "28"}, "days = '28'"),
    ],
)
def test_bad_parameters_are_refused(name, parameters, message):
    with pytest.raises(BadConfig, match=message):
        signal(name, **parameters)

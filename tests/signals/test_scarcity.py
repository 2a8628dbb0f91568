"""Reserves and repo volume: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.errors import BadConfig
from data.panel import Panel
from signals.registry import signal
from signals.scarcity import RepoDemand, ReserveScarcity
from tests.signals.worlds import at, daily, observations_of, panel_of, weekly

DRAIN = {
    "reserves": weekly("2025-01-01", [3200.0, 3400.0, 3060.0, 1700.0]),
    "fed_assets": weekly("2025-01-01", [6800.0] * 4),
}


@pytest.mark.parametrize(
    ("parameters", "day", "expected"),
    [
        ({}, "2025-01-03", 1 - 3200 / 6800),
        ({}, "2025-01-24", 0.75),  # 1 - 1700 / 6800
        # fourteen rows: known from 01-03 on, hence half of them from 01-09
        ({"against": "maximum", "days": 14}, "2025-01-08", np.nan),
        ({"against": "maximum", "days": 14}, "2025-01-09", 0.0),
        ({"against": "maximum", "days": 14}, "2025-01-17", 0.1),  # 1 - 3060 / 3400
        # rows 01-17 .. 01-24 hold 3060 and 1700 only
        ({"against": "maximum", "days": 8}, "2025-01-24", 1 - 1700 / 3060),
    ],
)
def test_scarcity_is_what_is_missing_to_the_yardstick(parameters, day, expected):
    panel = panel_of(DRAIN, "2025-01-01", "2025-01-26")
    scarcity = ReserveScarcity(**parameters).compute(panel)
    assert at(scarcity, day) == pytest.approx(expected, nan_ok=True)


def test_assets_are_those_of_the_reserves_own_week():
    figures = DRAIN | {"fed_assets": [("2025-01-01", 6400.0, "2025-01-02 20:35")]}
    scarcity = ReserveScarcity().compute(panel_of(figures, "2025-01-01", "2025-01-26"))
    assert at(scarcity, "2025-01-03") == 0.5
    # on 01-24 the assets of 01-22 are not there, and those of 01-01 are too old
    assert np.isnan(at(scarcity, "2025-01-24"))


def test_gdp_counts_by_recorded_vintages_only():
    observations = observations_of(
        DRAIN
        | {
            "gdp": [
                ("2024-09-30", 25000.0, "2024-10-30 12:35"),
                ("2024-09-30", 29000.0, "2024-12-19 13:35"),
            ]
        }
    )
    table = observations.table.copy()
    table.loc[table["value"] == 25000.0, "known_by"] = "vintage"
    mixed = type(observations)(table, observations.ids)
    times = pd.date_range("2025-01-01", "2025-01-26", tz="UTC", unit="us")
    scarcity = ReserveScarcity("gdp").compute(Panel(mixed, times))
    assert at(scarcity, "2025-01-03") == pytest.approx(1 - 3200 / 25000)
    assert ReserveScarcity("gdp").compute(Panel(observations, times)).isna().all()
    assert ReserveScarcity("gdp").inputs == ("gdp", "reserves")


@pytest.mark.parametrize(
    ("against_debt", "expected"),
    [
        # nights of two days: (110 + 130) / 2 = 120 over (100 + 100) / 2 = 100
        (False, 20.0),
        # debt grew from 1000 to 1200 over the same nights: 0.1 to 0.1
        (True, 0.0),
    ],
)
def test_demand_is_the_growth_of_the_mean_volume(against_debt, expected):
    figures = {
        "sofr_volume": daily("2025-01-01", [100.0, 100.0, 110.0, 130.0]),
        "debt_total": daily("2025-01-01", [1000.0, 1000.0, 1150.0, 1250.0]),
    }
    demand = RepoDemand(days=2, smooth=2, against_debt=against_debt)
    growth = demand.compute(panel_of(figures, "2025-01-01", "2025-01-05"))
    assert at(growth, "2025-01-05") == pytest.approx(expected, abs=1e-9)


def test_growth_from_nothing_is_not_known():
    figures = {"sofr_volume": daily("2025-01-01", [0.0, 100.0])}
    growth = RepoDemand(days=1, smooth=1).compute(panel_of(figures, "2025-01-01", "2025-01-03"))
    assert growth.isna().all()


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "reserve_scarcity",
            {"against": "m2"},
            "against = 'm2' is not one of fed_assets, maximum, gdp",
        ),
        ("reserve_scarcity", {"days": 0}, "days = 0"),
        ("repo_demand", {"smooth": 0}, "smooth = 0"),
        ("repo_demand", {"against_debt": None}, "against_debt = None is neither true nor false"),
    ],
)
def test_bad_parameters_are_refused(name, parameters, message):
    with pytest.raises(BadConfig, match=message):
        signal(name, **parameters)

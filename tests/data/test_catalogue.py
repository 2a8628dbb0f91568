"""The catalogue: a contract for every entry, and agreement with the real tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.catalogue import SERIES, ReleaseRule, Scale, SeriesSpec, series
from data.errors import BadConfig, BadTable, UnexpectedAnswer, UnknownName
from data.release import known_at

ALL = list(SERIES.values())
NAMED_BY_THE_DESIGN = (
    "srf",
    "srf_morning",
    "srf_afternoon",
    "srf_treasury",
    "srf_mbs",
    "rrp",
    "rrp_rate",
    "sofr",
    "sofr_p1",
    "sofr_p25",
    "sofr_p75",
    "sofr_p99",
    "sofr_volume",
    "tgcr",
    "bgcr",
    "effr",
    "obfr",
    "ff_upper",
    "ff_lower",
    "iorb",
    "ioer",
    "tga",
    "tga_target",
    "tga_wednesday",
    "tga_week_average",
    "fed_assets",
    "reserves",
    "fed_treasuries",
    "debt_total",
    "debt_public",
    "debt_total_quarterly",
    "deficit_monthly",
    "cayman_treasuries",
    "foreign_treasuries",
    "leveraged_short",
    "sp500",
    "vix",
    "dollar_broad",
    "ust_1m",
    "ust_2y",
    "ust_10y",
    "real_10y",
    "breakeven_10y",
    "m2",
    "gdp",
    "bank_treasuries",
    "custody_treasuries",
    "foreign_rrp",
    "fed_repos",
    "reserves_wednesday",
    "personal_saving",
)


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.id)
class TestEveryEntry:
    def test_it_is_filed_under_its_id(self, spec: SeriesSpec) -> None:
        assert series(spec.id) is spec

    def test_it_says_what_it_is(self, spec: SeriesSpec) -> None:
        assert len(spec.title) > 3
        assert len(set(spec.sources)) == len(spec.sources)

    def test_a_figure_stays_fresh_until_the_next_one_is_due(self, spec: SeriesSpec) -> None:
        if spec.release.counted == "announcement":
            assert spec.first is not None  # known before its date, and by a table: no schedule
            return
        every = {"day": "B", "calendar_day": "D", "tuesday": "W-TUE", "wednesday": "W-WED"}
        frequency = every.get(spec.period) or {"month": "ME", "quarter": "QE"}[spec.period]
        days = pd.date_range("2023-01-01", "2024-12-31", freq=frequency, unit="us")
        instants = known_at(spec, days)
        oldest = instants[1:] - days[:-1].tz_localize("UTC")
        assert oldest.max() <= pd.Timedelta(days=spec.max_age_days)

    def test_its_sources_have_a_unit(self, spec: SeriesSpec) -> None:
        assert all(spec.scale(source) > 0 for source in spec.sources)

    def test_daily_and_weekly_staleness_is_as_designed(self, spec: SeriesSpec) -> None:
        if spec.period == "wednesday" and not spec.revised:
            assert spec.max_age_days == 14
        if spec.period == "day" and spec.id != "dollar_broad":
            assert spec.max_age_days == 8


@pytest.mark.parametrize("name", NAMED_BY_THE_DESIGN)
def test_the_design_names_it(name: str) -> None:
    assert name in SERIES


def test_a_misspelt_series_gets_a_hint() -> None:
    with pytest.raises(UnknownName, match=r"unknown series 'sofrr': did you mean sofr"):
        series("sofrr")


@pytest.fixture(scope="module")
def observations(real_tables: Path) -> pd.DataFrame:
    return pd.read_parquet(real_tables / "observations.parquet")


def test_every_real_series_is_known_with_its_unit_and_origin(observations: pd.DataFrame) -> None:
    seen = observations[["series", "unit", "origin"]].astype(str).drop_duplicates()
    for name, unit, origin in seen.itertuples(index=False):
        spec = series(name)
        assert spec.unit == unit
        assert origin in {source.partition(":")[2] for source in spec.sources}


def test_real_reference_dates_fit_their_periods(observations: pd.DataFrame) -> None:
    for name, rows in observations.groupby("series", observed=True):
        spec = series(str(name))
        stamps = pd.DatetimeIndex(rows["ref_date"])
        days = spec.to_period_end(stamps)
        if spec.period in ("month", "quarter"):
            assert (days.is_month_end if spec.period == "month" else days.is_quarter_end).all()
            assert (days > stamps).all() == (spec.stamped == "start")
        if spec.period == "wednesday":
            assert (days.day_of_week == 2).all()
        if spec.period == "calendar_day":
            assert set(days.day_of_week) == set(range(7))
        assert spec.first is None or days.min() >= pd.Timestamp(spec.first)
        assert spec.last is None or days.max() <= pd.Timestamp(spec.last)


def test_the_wednesday_level_is_the_daily_balance_a_day_later(observations: pd.DataFrame) -> None:
    daily = observations[observations["series"] == "tga"].set_index("ref_date")["value"]
    weekly = observations[observations["series"] == "tga_wednesday"].set_index("ref_date")["value"]
    both = pd.concat([daily, weekly], axis=1, join="inner").loc["2016":]
    assert ((both.iloc[:, 0] - both.iloc[:, 1]).abs() < 1.0).mean() > 0.99


@pytest.mark.parametrize(
    ("name", "stamp", "end"),
    [
        ("gdp", "2025-10-01", "2025-12-31"),
        ("debt_total_quarterly", "2024-01-01", "2024-03-31"),
        ("m2", "2024-02-01", "2024-02-29"),
        ("deficit_monthly", "2024-10-01", "2024-10-31"),
        ("personal_saving", "2025-09-01", "2025-09-30"),
        ("cayman_treasuries", "2025-12-31", "2025-12-31"),
        ("sofr", "2025-10-31", "2025-10-31"),
    ],
)
def test_stamps_move_to_the_end_of_their_period(name: str, stamp: str, end: str) -> None:
    moved = series(name).to_period_end(pd.DatetimeIndex([stamp]))
    assert list(moved) == [pd.Timestamp(end)]


def test_a_stamp_inside_a_period_is_refused() -> None:
    with pytest.raises(BadTable, match="'gdp', 2025-02-01: the publisher stamps the first day"):
        series("gdp").to_period_end(pd.DatetimeIndex(["2025-01-01", "2025-02-01"]))


def test_the_unit_of_a_vintage_is_looked_up_and_never_guessed() -> None:
    reserves = series("reserves")
    assert reserves.scale("fred:WRESBAL", date(2020, 12, 28)) == 1.0
    assert reserves.scale("fred:WRESBAL", date(2025, 11, 28)) == 1e-3
    assert reserves.scale("fred:WRESBAL") == 1e-3
    with pytest.raises(UnexpectedAnswer, match="vintage of 2023-01-05 is not on record"):
        reserves.scale("fred:WRESBAL", date(2023, 1, 5))


def test_units_of_sources() -> None:
    assert series("rrp").scale("fred:RRPONTSYD") == 1.0
    assert series("fed_assets").scale("fred:WALCL") == 1e-3
    assert series("debt_total").scale("fiscaldata:debt_to_penny") == 1e-9
    with pytest.raises(BadConfig, match="does not come from 'fred:WALCL'"):
        series("rrp").scale("fred:WALCL")


RULE = ReleaseRule("bank", 1, "09:00", 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calendar": "lunar"}, "calendar = 'lunar' is not one of bank"),
        ({"counted": "moons"}, "counted = 'moons'"),
        ({"at": "9am"}, "at = '9am' is not a time of day"),
        ({"at": "24:00"}, "at = '24:00'"),
        ({"margin_minutes": -1}, "margin_minutes = -1"),
        ({"lag_days": -1}, "lag_days = -1"),
        ({"weekday": 3}, "weekday = 3"),
        ({"counted": "weekday"}, "weekday = None"),
        ({"counted": "weekday", "weekday": 6}, "weekday = 6"),
        ({"months": 1}, "months = 1"),
        ({"counted": "month_day"}, "months = 0"),
        ({"counted": "month_day", "months": 1, "lag_days": 0}, "lag_days = 0"),
    ],
)
def test_a_release_rule_is_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        replace(RULE, **change)


SPEC = SeriesSpec("a", "A figure", "percent", RULE, 8, "rate", "day", ("fred:A",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "A b"}, "series 'A b': an id is lower case"),
        ({"unit": "furlongs"}, "unit = 'furlongs'"),
        ({"kind": "odd"}, "kind = 'odd'"),
        ({"period": "fortnight"}, "period = 'fortnight'"),
        ({"observed": "lunar"}, "observed = 'lunar'"),
        ({"stamped": "middle"}, "stamped = 'middle'"),
        ({"stamped": "start"}, "a day has one date"),
        ({"max_age_days": 0}, "max_age_days = 0"),
        ({"sources": ()}, "sources ="),
        ({"sources": ("SOFR",)}, "are not like 'fred:SOFR'"),
        ({"scales": (Scale("fred:B", 1.0),)}, "a scale for 'fred:B'"),
    ],
)
def test_a_series_entry_is_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        replace(SPEC, **change)

"""What answers are held to, on figures made by hand and on the real ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.catalogue import SERIES
from data.catalogue import series as series_spec
from data.errors import UnexpectedAnswer
from data.sources.checks import in_order, missing, plausible, unit_change, unit_jump
from data.sources.web import Page, Request

NOW = pd.Timestamp("2026-03-10 21:00", tz="UTC")
PAGE = Page(Request("test", "it", "http://h"), "a first line\nmore", framed=True)


def values(*figures: float, start: str = "2026-02-02") -> pd.Series[float]:
    return pd.Series(figures, index=pd.date_range(start, periods=len(figures), freq="B", unit="us"))


def test_rows_come_into_order_and_repetitions_are_told() -> None:
    spec = series_spec("sofr")
    days = pd.DatetimeIndex(["2026-02-04", "2026-02-02", "2026-02-03", "2026-02-02"])
    figures = in_order(spec, zip(days, [3.6, 3.4, np.nan, 3.4], strict=True), PAGE)
    assert list(figures.values) == [3.4, 3.6]
    assert list(figures.published) == list(days[[1, 2, 0]])
    assert [problem.kind for problem in figures.problems] == ["repeated"]


def test_one_day_with_two_values_is_refused() -> None:
    day = pd.Timestamp("2026-02-02")
    with pytest.raises(
        UnexpectedAnswer, match=r"one value of 'sofr' for 2026-02-02, not both 3\.4 and 3\.5"
    ):
        in_order(series_spec("sofr"), [(day, 3.4), (day, 3.5)], PAGE)


def test_a_stamp_at_the_start_of_a_month_moves_to_its_end() -> None:
    figures = in_order(series_spec("m2"), [(pd.Timestamp("2026-01-01"), 22000.0)], PAGE)
    assert list(figures.values.index) == [pd.Timestamp("2026-01-31")]


@pytest.mark.parametrize(
    ("name", "figures", "says"),
    [
        ("sofr", (3.6, 366.0), "2026-02-03: 366 cannot be that"),
        ("srf", (0.0, -0.1), "-0.1 cannot be that"),
        ("rrp", (500.0, 500_000.0), "500000 cannot be that"),
        ("vix", (20.0, -1.0), "cannot be that"),
        ("debt_total", (38900.0, np.inf), "inf cannot be that"),
        ("fed_assets", (6600.0, 6.6), "a jump of about 10^3, 6600 on 2026-02-02 and 6.6 on"),
        ("fed_assets", (6600.0, 0.0066), "a jump of about 10^6"),
    ],
)
def test_what_cannot_be_is_refused(name: str, figures: tuple[float, ...], says: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        plausible(series_spec(name), values(*figures), PAGE, NOW)
    assert says in str(caught.value)
    assert "the answer begins 'a first line'" in str(caught.value)


@pytest.mark.parametrize("name", ["srf", "rrp", "deficit_monthly"])
def test_what_swings_is_let_pass(name: str) -> None:
    plausible(series_spec(name), values(0.0, 0.001, 50.35, 0.0, 12.0), PAGE, NOW)


def test_a_day_that_has_not_come_is_refused_but_for_announced_rates() -> None:
    ahead = values(3.6, 3.6, start="2026-03-10")
    with pytest.raises(UnexpectedAnswer, match="up to 2026-03-10, not 2026-03-11"):
        plausible(series_spec("sofr"), ahead, PAGE, NOW)
    plausible(series_spec("iorb"), ahead, PAGE, NOW)


def test_a_change_of_unit_between_two_tellings_is_seen() -> None:
    spec, stored = series_spec("rrp"), values(3.0, 2.0, 5.0)
    assert unit_change(spec, stored, stored * 1.01) is None
    assert unit_change(spec, stored, values(7.0, start="2027-01-04")) is None
    assert "a factor of about 10^3" in str(unit_change(spec, stored, stored * 1000))
    assert "a factor of about 10^-6" in str(unit_change(spec, stored, stored / 1e6))


def test_missing_days_are_listed_in_runs() -> None:
    spec = series_spec("sofr")
    days = pd.date_range("2026-01-05", "2026-03-09", freq="B", unit="us")
    holidays = pd.DatetimeIndex(["2026-01-19", "2026-02-16"])
    days = days.drop(holidays)
    published = days.drop(pd.DatetimeIndex(["2026-02-10", "2026-02-11", "2026-02-20"]))
    first, second = missing(spec, published, date(2026, 2, 2), NOW)
    assert first.text == "the publisher has no figure for 2026-02-10 to 2026-02-11 (2 days)"
    assert second.text == "the publisher has no figure for 2026-02-20"
    assert missing(spec, days, date(2026, 2, 2), NOW) == ()
    (many,) = missing(spec, days[::2], date(2026, 1, 5), NOW)
    assert "days in" in many.text


def test_what_is_due_for_less_than_three_days_is_not_missed() -> None:
    spec = series_spec("sofr")
    published = pd.date_range("2026-03-02", "2026-03-05", freq="B", unit="us")
    assert missing(spec, published, date(2026, 3, 2), NOW) == ()
    late = NOW + pd.Timedelta(days=3)
    assert [gap.first for gap in missing(spec, published, date(2026, 3, 2), late)] == [
        pd.Timestamp("2026-03-06")
    ]


def test_positions_of_a_monday_stand_for_a_tuesday_that_is_a_holiday() -> None:
    spec = series_spec("leveraged_short")
    published = pd.DatetimeIndex(["2025-11-04", "2025-11-10", "2025-11-18"])
    now = pd.Timestamp("2025-11-25", tz="UTC")
    assert not [gap for gap in missing(spec, published, date(2025, 11, 4), now) if gap.last]


def test_real_figures_raise_no_alarm(real_tables: Path) -> None:
    table = pd.read_parquet(real_tables / "observations.parquet").sort_values("ref_date")
    for name, rows in table.groupby("series"):
        spec = SERIES[str(name)]
        figures = pd.Series(rows["value"].to_numpy(float), index=pd.DatetimeIndex(rows["ref_date"]))
        assert unit_jump(spec, figures) is None
        plausible(spec, figures, PAGE, pd.Timestamp("2026-11-22", tz="UTC"))


@pytest.mark.parametrize("factor", [1e3, 1e-3, 1e6, 1e-6])
@pytest.mark.parametrize(
    "name", ["fed_assets", "reserves", "tga", "tga_wednesday", "debt_total", "sofr_volume", "m2"]
)
def test_real_figures_from_some_day_in_another_unit_are_refused(
    real_tables: Path, name: str, factor: float
) -> None:
    table = pd.read_parquet(real_tables / "observations.parquet").sort_values("ref_date")
    rows = table[table["series"] == name]
    figures = pd.Series(rows["value"].to_numpy(float), index=pd.DatetimeIndex(rows["ref_date"]))
    figures.iloc[-40:] *= factor
    with pytest.raises(UnexpectedAnswer):
        plausible(series_spec(name), figures, PAGE, pd.Timestamp("2026-11-22", tz="UTC"))

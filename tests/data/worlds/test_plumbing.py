"""The plumbing adds up, keeps to its calendar, and looks like the real one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.tables import Tables
from data.worlds.build import Built, build, to_tables
from data.worlds.config import World
from data.worlds.srf import EPISODES, QUIET, THRESHOLD
from data.worlds.timeline import MONTH_END, OTHER, QUARTER_END

WORLD = World("tried", 11, {"B4": 3.0})


@pytest.fixture(scope="module")
def built() -> Built:
    return build(WORLD)


@pytest.fixture(scope="module")
def tables(built: Built) -> Tables:
    return to_tables(WORLD, built)


def of(tables: Tables, series: str) -> pd.Series[float]:
    table = tables["observations"]
    rows = table[table["series"] == series]
    return pd.Series(rows["value"].to_numpy(), index=pd.DatetimeIndex(rows["ref_date"]))


def test_the_balance_sheet_adds_up_on_every_day(built: Built) -> None:
    sheet = built.plumbing.sheet
    assets = sheet.treasuries + sheet.other_assets + sheet.repos
    liabilities = sheet.reserves + sheet.tga + sheet.rrp + sheet.currency
    np.testing.assert_allclose(assets, liabilities, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(sheet.assets, assets)
    np.testing.assert_array_equal(sheet.repos, built.plumbing.usage.total)
    assert min(sheet.reserves.min(), sheet.tga.min(), sheet.treasuries.min()) > 0.0
    assert sheet.rrp.min() >= 0.0


def test_the_treasury_account_is_the_same_in_both_publications(tables: Tables) -> None:
    daily, weekly = of(tables, "tga"), of(tables, "tga_wednesday")
    both = weekly.index.intersection(daily.index)
    assert len(both) > 650
    np.testing.assert_array_equal(weekly[both], daily[both])


def test_published_net_liquidity_is_reserves_currency_and_the_rest(
    built: Built, tables: Tables
) -> None:
    parts = pd.DataFrame(
        {name: of(tables, name) for name in ("fed_assets", "tga_wednesday", "rrp")}
    ).loc[of(tables, "fed_assets").index]
    net = (parts["fed_assets"] - parts["tga_wednesday"] - parts["rrp"]).dropna()
    sheet = built.plumbing.sheet
    rest = pd.Series(sheet.reserves + sheet.currency, index=built.time.days)
    np.testing.assert_allclose(net, rest[net.index], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("series", "balance"), [("tga_week_average", "tga"), ("reserves", "reserves")]
)
def test_week_averages_run_from_thursday_to_wednesday(
    built: Built, tables: Tables, series: str, balance: str
) -> None:
    daily = pd.Series(getattr(built.plumbing.sheet, balance), index=built.time.days)
    published = of(tables, series)
    assert (pd.DatetimeIndex(published.index).day_of_week == 2).all()
    week = daily["2024-05-09":"2024-05-15"]
    assert len(week) == 7
    assert published["2024-05-15"] == pytest.approx(week.mean(), abs=0.001)


def test_weekly_net_liquidity_moves_as_much_as_the_real_one(built: Built) -> None:
    recent = built.known.liquidity[built.known.opens >= built.time.at("2016-01-01")]
    assert 70.0 < recent.std() < 110.0


def test_usage_is_six_clusters_and_else_nought(built: Built, tables: Tables) -> None:
    usage = of(tables, "srf")
    assert usage.index[0] == pd.Timestamp("2019-09-17")
    era = usage["2021-07-29":]
    used = np.flatnonzero(era >= THRESHOLD)
    starts = np.flatnonzero(np.diff(used) > QUIET)
    assert len(starts) + 1 == EPISODES
    assert 25 <= len(used) <= 37
    assert era[era < THRESHOLD].max() <= 0.06
    between = usage["2020-07-02":"2021-07-28"]
    assert (between == 0.0).all()
    assert (usage["2019-09-17":"2020-06-10"] > THRESHOLD).all()
    first = era.index[[used[0], *used[starts + 1]]]
    assert list(first) == list(built.time.days[built.plumbing.usage.starts])


def test_usage_is_the_sum_of_its_collateral(tables: Tables) -> None:
    total = of(tables, "srf")["2022-01-03":]
    parts = of(tables, "srf_treasury") + of(tables, "srf_mbs")
    np.testing.assert_allclose(total, parts, rtol=0, atol=1e-9)


def test_the_reverse_repo_has_its_hump_and_two_long_spells_below_100(tables: Tables) -> None:
    balance = of(tables, "rrp")
    assert balance.index[0] == pd.Timestamp("2013-09-23")
    assert 2_200.0 < balance.max() < 3_000.0
    assert balance.index[int(balance.argmax())].year in (2022, 2023)
    low = balance.rolling(10).median() < 100.0
    spells = low.groupby((low != low.shift()).cumsum()).agg(["first", "size"])
    assert (spells["first"] & (spells["size"] > 120)).sum() == 2


@pytest.mark.parametrize(
    ("series", "day", "rate"),
    [
        ("ff_upper", "2020-03-15", 1.25),
        ("ff_upper", "2020-03-16", 0.25),
        ("ff_lower", "2020-03-16", 0.0),
        ("ff_upper", "2025-10-30", 4.0),
        ("ioer", "2018-06-13", 1.75),
        ("ioer", "2018-06-14", 1.95),
        ("ioer", "2019-05-02", 2.35),
        ("iorb", "2021-07-29", 0.15),
        ("iorb", "2025-12-11", 3.65),
        ("rrp_rate", "2019-09-19", 1.70),
        ("rrp_rate", "2021-06-17", 0.05),
        ("rrp_rate", "2024-12-18", 4.55),
        ("rrp_rate", "2024-12-19", 4.25),
    ],
)
def test_administered_rates_are_those_of_history(
    tables: Tables, series: str, day: str, rate: float
) -> None:
    assert of(tables, series)[day] == rate


def test_the_corridor_is_in_order(built: Built) -> None:
    rates = built.plumbing.policy
    np.testing.assert_allclose(rates.upper - rates.lower, 0.25)
    assert (rates.rrp <= rates.reserves).all()
    assert (rates.reserves <= rates.upper).all()


def test_percentiles_are_in_order(tables: Tables) -> None:
    names = ("sofr_p1", "sofr_p25", "sofr", "sofr_p75", "sofr_p99")
    rates = pd.DataFrame({name: of(tables, name) for name in names})
    assert rates.notna().all(axis=None)
    assert (rates.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    assert (of(tables, "tgcr") <= of(tables, "sofr") + 0.005).all()


def test_period_ends_show_in_repo_and_in_the_reverse_repo(built: Built) -> None:
    time, plumbing = built.time, built.plumbing
    since = time.bond & time.from_day("2018-04-02")
    for values in (plumbing.repo.over_ceiling, plumbing.sheet.rrp):
        usual = pd.Series(values, index=time.days).rolling(15, center=True).median().to_numpy()
        jump = {
            place: float(np.nanmean((values - usual)[since & (time.place == place)]))
            for place in (QUARTER_END, MONTH_END, OTHER)
        }
        assert jump[QUARTER_END] > 1.2 * jump[MONTH_END]
        assert jump[MONTH_END] > 1.2 * abs(jump[OTHER])


def test_the_account_runs_down_under_a_debt_limit_and_is_refilled(built: Built) -> None:
    account = pd.Series(built.plumbing.sheet.tga, index=built.time.days)
    low = account["2023-05-28":"2023-06-03"].mean()
    before = account["2023-01-05":"2023-01-19"].mean()
    after = account["2023-08-10":"2023-09-10"].mean()
    assert low + 150.0 < before
    assert low + 200.0 < after


def test_taxes_fill_the_account(built: Built) -> None:
    time = built.time
    account = built.plumbing.sheet.tga
    at = np.flatnonzero(time.tax & time.from_day("2014-01-01"))
    assert float(np.mean(account[at + 2] - account[at - 1])) > 40.0


def test_borrowing_is_the_deficit_and_what_goes_into_the_account(
    built: Built, tables: Tables
) -> None:
    ends = pd.DatetimeIndex([f"{year}-09-30" for year in range(2013, 2026)])
    days = pd.Series(range(len(built.time)), index=built.time.days)
    at = days[ends].to_numpy()
    borrowed = np.diff(built.plumbing.treasury.debt_public[at])
    into = np.diff(built.plumbing.sheet.tga[at])
    deficit = -of(tables, "deficit_monthly")
    month = pd.DatetimeIndex(deficit.index)
    fiscal = deficit.groupby(month.year + (month.month >= 10)).sum()
    residual = borrowed - into - fiscal.loc[2014:2025].to_numpy()
    assert np.abs(residual).max() < 100.0
    assert np.corrcoef(borrowed - into, fiscal.loc[2014:2025])[0, 1] > 0.99


def test_months_of_the_deficit_are_whole(tables: Tables) -> None:
    months = pd.DatetimeIndex(of(tables, "deficit_monthly").index)
    assert months.is_month_end.all()
    assert (str(months[0].date()), str(months[-1].date())) == ("2013-01-31", "2026-07-31")
    assert len(months) == 13 * 12 + 7


def test_debt_stands_still_while_its_limit_binds(tables: Tables) -> None:
    debt = of(tables, "debt_total")
    assert debt["2023-01-20":"2023-06-02"].nunique() == 1
    assert debt["2023-06-30"] > debt["2023-06-02"]
    assert (of(tables, "debt_public") < debt).all()


def test_the_ten_year_yield_is_the_sum_of_its_parts(tables: Tables) -> None:
    parts = of(tables, "real_10y") + of(tables, "breakeven_10y")
    np.testing.assert_allclose(of(tables, "ust_10y"), parts, atol=0.006)


@pytest.mark.parametrize(
    ("series", "lowest", "highest"),
    [
        ("vix", 9.0, 85.0),
        ("effr", 0.0, 5.5),
        ("sofr_volume", 500.0, 4_500.0),
        ("gdp", 15_000.0, 35_000.0),
        ("m2", 9_000.0, 26_000.0),
        ("foreign_treasuries", 5_000.0, 11_000.0),
        ("cayman_treasuries", 80.0, 600.0),
        ("fed_assets", 2_800.0, 9_500.0),
        ("ust_2y", 0.0, 8.0),
    ],
)
def test_levels_are_believable(tables: Tables, series: str, lowest: float, highest: float) -> None:
    values = of(tables, series)
    assert values.min() >= lowest
    assert values.max() <= highest

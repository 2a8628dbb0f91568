from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from backtests.palette import LIGHT
from backtests.report.figures import drivers, equity, essay, fan, forest, liquidity
from backtests.report.figures.base import apart, line, log_ticks, stems
from data.facts import SRF_ERAS
from data.observations import observe
from tests.report.studies import finding, findings

PUBLISHED = date(2025, 11, 4)
KEYS = ("essay", "liquidity", "drivers", "tests", "since", "rules")


def tokens(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value.startswith("@") else []
    if isinstance(value, dict):
        return [token for item in value.values() for token in tokens(item)]
    return [token for item in value for token in tokens(item)] if isinstance(value, list) else []


def painted(value: Any) -> Any:
    """Replace colour tokens by a colour, so that plotly can check the rest."""
    if isinstance(value, str):
        return "#000000" if value.startswith("@") else value
    if isinstance(value, dict):
        return {key: painted(item) for key, item in value.items()}
    return [painted(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("key", KEYS)
def test_plotly_accepts_every_specification(content, key) -> None:
    spec = content.charts[key].spec
    go.Figure(painted({"data": spec["data"], "layout": spec["layout"]}))
    go.Figure(painted({"layout": spec["narrow"]}))
    json.dumps(spec, allow_nan=False)


@pytest.mark.parametrize("key", KEYS)
def test_every_colour_is_one_of_the_palette(content, key) -> None:
    names = {token[1:].partition("/")[0] for token in tokens(dict(content.charts[key].spec))}
    assert names <= {*LIGHT, "clear"}
    assert {item.colour for item in content.charts[key].legend} <= set(LIGHT)


@pytest.mark.parametrize("key", KEYS)
def test_every_chart_says_what_to_see_and_from_which_figures(content, key) -> None:
    chart = content.charts[key]
    assert len(chart.caption) > 80
    assert "nan" not in chart.caption
    assert chart.caption in chart.alternative


def test_the_same_figures_give_the_same_picture(content) -> None:
    chart = content.charts["since"]
    picture = chart.png()
    assert picture == chart.png()
    assert picture.startswith(b"\x89PNG")
    assert b"Software" not in picture


def rates(days: pd.DatetimeIndex, values: dict[str, list[float]]) -> Any:
    frames = [
        pd.DataFrame({"series": name, "ref_date": days, "value": figures, "source": "made"})
        for name, figures in values.items()
    ]
    rows = pd.concat(frames, ignore_index=True)
    rows["known_at"] = pd.Series(pd.NaT, index=rows.index).dt.tz_localize("UTC")
    return observe(rows)


def test_the_essays_chart_is_in_basis_points_and_begins_with_the_facility() -> None:
    days = pd.DatetimeIndex(["2021-07-28", "2021-07-29", "2021-07-30"]).as_unit("us")
    seen = rates(
        days, {"sofr": [0.3, 0.2, 0.31], "ff_upper": [0.25, 0.25, 0.25], "srf": [9.0, 0.1, 2.0]}
    )
    rows = essay.table(seen)
    assert rows["excess"].tolist() == [-5.0, 6.0]
    assert rows["srf"].tolist() == [0.1, 2.0]
    caption = essay.chart(seen, PUBLISHED).caption
    assert "above the ceiling on 1 of 2 days, at most 6 bp" in caption
    assert "drawn on 1 days, most on 2021-07-30 (2.0bn)" in caption


def test_eras_are_those_of_the_record() -> None:
    found = essay.eras(pd.Timestamp("2026-08-06"))
    assert [era.letter for era in found] == ["A", "B", "C"]
    assert [era.first.date() for era in found] == [fact.start for fact in SRF_ERAS[1:]]
    assert len(essay.eras(pd.Timestamp("2023-01-01"))) == 1


def test_liquidity_begins_after_the_hole_of_the_treasury_statement() -> None:
    times = pd.date_range("2012-12-01", "2016-03-01", freq="D", tz="UTC", unit="us")
    level = pd.Series(1.0, index=times)
    level.loc["2013-01-30":"2016-01-05"] = np.nan
    rows = liquidity.table(level, pd.Series(2.0, index=times), pd.Series("drain", index=times))
    assert rows.index[0] == pd.Timestamp("2016-01-05")
    assert rows.index[-1] == pd.Timestamp("2016-02-29")


def test_spells_are_stretches_of_one_regime() -> None:
    days = pd.date_range("2026-01-01", periods=5, freq="D")
    found = liquidity.spells(pd.Series(["a", "a", "b", None, "b"], index=days))
    assert [(spell.regime, spell.first.day, spell.last.day) for spell in found] == [
        ("a", 1, 2),
        ("b", 3, 5),
    ]


def test_drivers_add_up_and_do_not_overlap(content) -> None:
    rows = content.charts["drivers"].table
    assert (rows[list(drivers.PARTS)].sum(axis=1) - rows["impulse"]).abs().max() < 1e-6
    assert set(np.diff(rows.index) / pd.Timedelta(days=1)) == {91.0}


def test_bars_of_drivers_add_up_to_the_line_that_is_drawn(content) -> None:
    *bars, total = content.charts["drivers"].spec["data"]
    drawn = np.sum([bar["y"] for bar in bars], axis=0)
    assert np.abs(drawn - np.array(total["y"])).max() < 0.5


def test_forest_divides_by_delta() -> None:
    rows = forest.table(findings())
    assert list(rows.index) == ["B4", "C2a", "C2b", "C3", "E1"]
    assert rows.loc["B4", "estimate"] == pytest.approx(0.46 / 0.15)
    assert rows["low"].isna()["B4"]
    assert rows.loc["C2a", "high"] == pytest.approx(4.4)
    assert rows.loc["C2a", "before"] == pytest.approx(1.5)
    assert rows.loc["C2a", "planted"] == pytest.approx(3.0)
    assert rows["planted"].isna()["C2b"]


def test_forest_is_absent_without_a_test() -> None:
    assert forest.chart([finding("B1", "holds", estimate=1.0)]) is None


def test_fan_holds_every_earlier_window_of_the_same_length() -> None:
    days = pd.date_range("2025-10-25", "2025-11-06", freq="D", unit="us")
    closes = pd.Series(2.0 ** np.arange(len(days)), index=days)
    rows = fan.table(closes, PUBLISHED)
    assert rows["btc"].tolist() == [100.0, 200.0, 400.0]
    assert rows["p50"].tolist() == [100.0, 200.0, 400.0]
    assert rows.attrs["windows"] == 9
    assert rows.attrs["apart"] == 5
    assert rows.attrs["percentile"] == 100.0


def test_fan_is_absent_where_the_data_end_at_publication() -> None:
    days = pd.date_range("2025-10-25", "2025-11-04", freq="D", unit="us")
    assert fan.chart(fan.table(pd.Series(1.0, index=days), PUBLISHED)) is None


def test_equity_shows_the_rule_and_every_yardstick(study) -> None:
    rows = equity.table(study.runs)
    assert list(rows["equity"].columns) == [
        "my_playbook",
        "buy_and_hold",
        "cash",
        "my_playbook:exposure_matched",
    ]
    assert rows["equity"].iloc[0].tolist() == [1e5] * 4
    assert rows["drawdown"].max().max() <= 0
    assert equity.kind("essay_playbook:random_timing:7") == "random_timing"


def test_yardsticks_that_began_earlier_start_with_the_rules_money(study) -> None:
    head = study.runs[0]
    late = replace(
        head.simulation,
        equity=head.simulation.equity.iloc[1000:] * (1e5 / head.simulation.equity.iloc[1000]),
        held=head.simulation.held.iloc[1000:],
    )
    rows = equity.table([replace(head, simulation=late), *study.runs[1:]])
    assert len(rows) == len(late.equity)
    assert rows["equity"].iloc[0].tolist() == pytest.approx([1e5] * 4)
    assert rows["drawdown"].iloc[0].tolist() == [0.0, 0.0]


def test_yardsticks_keep_their_colours_whatever_the_rule(study) -> None:
    renamed = [replace(study.runs[0], name="mine"), *study.runs[1:]]
    colours = {one.label: one.colour for one in equity.lines(renamed)}
    assert colours == {
        "mine": "blue",
        "buy and hold": "ink",
        "cash": "grey",
        "exposure matched": "orange",
    }


@pytest.mark.parametrize(
    ("places", "least", "expected"),
    [
        ([], 1.0, []),
        ([3.0, 1.0], 1.0, [3.0, 1.0]),
        ([1.0, 1.0], 1.0, [0.5, 1.5]),
        ([0.0, 0.1, 5.0], 1.0, [-0.45, 0.55, 5.0]),
        ([2.0, 2.0, 2.0], 1.0, [1.0, 2.0, 3.0]),
    ],
)
def test_labels_move_apart_as_little_as_possible(places, least, expected) -> None:
    assert apart(places, least) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (300.0, 50_000.0, [300.0, 1000.0, 3000.0, 10_000.0, 30_000.0]),
        (40.0, 300.0, [50.0, 100.0, 200.0]),
        (0.5, 20_000.0, [1.0, 10.0, 100.0, 1000.0, 10_000.0]),
    ],
)
def test_log_ticks_are_round_and_lie_within_the_range(low, high, expected) -> None:
    assert log_ticks(low, high) == expected


def test_a_line_needs_equal_steps() -> None:
    days = pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-01-04"])
    with pytest.raises(ValueError, match="not in equal steps"):
        line(pd.Series([1.0, 2.0, 3.0], index=days), "@ink", "gap", 0)
    weekly = line(pd.Series([1.26, np.nan], index=days[[0, 1]]), "@ink", "fine", 1)
    assert (weekly["x0"], weekly["dx"], weekly["y"]) == ("2026-01-01", 86_400_000, [1.3, None])


def test_stems_rise_from_zero() -> None:
    trace = stems(pd.Series([2.5], index=pd.DatetimeIndex(["2026-01-02"])))
    assert trace["x"] == ["2026-01-02", "2026-01-02", None]
    assert trace["y"] == [0.0, 2.5, None]

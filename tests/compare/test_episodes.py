"""Spells of exposure, and results without one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests.compare.comparison import Comparison
from backtests.compare.episodes import (
    LEAST_REST,
    MOST,
    PANDEMIC,
    Without,
    pandemic,
    sharpe_of,
    spells,
    spells_of,
    years,
)
from backtests.compare.spans import bar_days
from data.errors import DataError

DAYS = pd.date_range("2018-01-01", "2026-06-30")


def found(comparison: Comparison, at: int = 0) -> Without:
    without = comparison.standings[at].without
    if without is None:
        raise DataError(f"variant {at} times nothing")
    return without


@pytest.mark.parametrize(
    ("traded", "expected"),
    [
        ([1.0, 0, 0, 0], [(0, 4)]),
        ([0, 0, 1.0, 0, 0, 1.0, 0], [(0, 2), (2, 5), (5, 7)]),
        # Trifles add up to a change; what is left over belongs to the new spell.
        ([0, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04], [(0, 3), (3, 6), (6, 7)]),
        ([0, 1.0, 1.0, 0], [(0, 1), (1, 2), (2, 4)]),
        ([0.5], [(0, 1)]),
    ],
)
def test_a_spell_ends_where_the_position_changes(
    traded: list[float], expected: list[tuple[int, int]]
) -> None:
    parts = spells(np.array(traded))
    assert [(rows.start, rows.stop) for rows in parts] == expected


def test_the_spells_of_an_in_and_out_rule_are_its_days_in_and_out(comparison: Comparison) -> None:
    field, entrant = comparison.field, comparison.standings[0].entrant
    weights = entrant.held[0].sum(axis=1).to_numpy()
    inside = weights > 0.5
    every = spells_of(field, entrant)
    assert len(every) == 1 + int((inside[1:] != inside[:-1]).sum())
    for rows, spell in every:
        assert len(set(inside[rows].tolist())) == 1
        assert spell.exposure == pytest.approx(float(weights[rows].mean()))
        assert spell.contribution == pytest.approx(float(entrant.daily[rows].sum()))
    days = bar_days(field.days)
    assert (every[0][1].first, every[-1][1].last) == (days[0], days[-1])
    total = sum(spell.contribution for _, spell in every)
    assert total == pytest.approx(found(comparison).total) == pytest.approx(entrant.daily.sum())


def test_the_heaviest_spells_and_the_pandemic_are_left_out(comparison: Comparison) -> None:
    field, entrant = comparison.field, comparison.standings[0].entrant
    without = found(comparison)
    every = spells_of(field, entrant)
    assert without.spells == len(every)
    estimates = dict(without.episodes.estimates)
    assert next(iter(estimates)) == PANDEMIC
    assert len(estimates) == 1 + min(MOST, len(every))
    weighs = {spell.name: abs(spell.contribution) for _, spell in every}
    left = [weighs[name] for name in estimates if name != PANDEMIC]
    assert min(left) >= max([w for name, w in weighs.items() if name not in estimates] or [0.0])
    signed = [spell.contribution for _, spell in every]
    most = max(signed) if without.total >= 0 else min(signed)
    assert without.largest.contribution == most


@pytest.mark.parametrize("kind", ["spell", "year", "pandemic"])
def test_leaving_out_is_computing_without_those_days(comparison: Comparison, kind: str) -> None:
    one, without = comparison.standings[0], found(comparison)
    days = bar_days(comparison.field.days)
    assert without.years is not None
    if kind == "year":
        left, estimate = days.year == 2021, dict(without.years.estimates)["2021"]
    elif kind == "spell":
        largest = without.largest
        left = (days >= largest.first) & (days <= largest.last)
        estimate = dict(without.episodes.estimates)[largest.name]
    else:
        first, last = (pd.Timestamp(day) for day in ("2020-03-01", "2020-06-30"))
        left = (days >= first) & (days <= last)
        estimate = dict(without.episodes.estimates)[PANDEMIC]
    weights, returns, costs = one.entrant.held
    w, r = weights[~left], returns[~left].fillna(0.0)
    d = ((w - w.mean()) * r).sum(axis=1) - costs[~left]
    assert estimate == pytest.approx(d.mean() / d.std(ddof=0) * np.sqrt(365), rel=1e-3)


def test_where_nothing_is_timed_any_more_the_sharpe_ratio_is_none(comparison: Comparison) -> None:
    entrant = comparison.standings[0].entrant
    inside = entrant.held[0].sum(axis=1).to_numpy() > 0.5
    assert sharpe_of(entrant, ~inside & (entrant.held[2].to_numpy() == 0)) == 0.0
    assert sharpe_of(entrant, np.ones(len(inside), dtype=np.bool_)) != 0.0


def test_the_pandemic_and_years_are_spared_only_where_enough_is_left() -> None:
    rows = pandemic(DAYS)[PANDEMIC]
    assert DAYS[rows][[0, -1]].strftime("%m-%d").tolist() == ["03-01", "06-30"]
    assert pandemic(pd.date_range("2021-01-01", "2024-12-31")) == {}
    assert list(years(DAYS)) == [str(year) for year in range(2018, 2027)]
    short = pd.date_range("2021-01-01", periods=LEAST_REST + 364)
    assert list(years(short)) == ["2022"]

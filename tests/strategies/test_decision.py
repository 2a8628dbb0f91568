"""A decision is the backtest's row of that day, to the bit, and says why and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.run import backtest
from data.bars import Bars
from data.errors import InputError, MissingSeries
from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.decision import Decision, decide, decisions
from strategies.strategy import CASH, Strategy, from_start, weights_of
from strategies.variants import VARIANTS, variant

ALL: Mapping[str, Strategy] = {**{name: variant(name) for name in VARIANTS}, **BASELINES}
ONE = pd.Timedelta(days=1)


def midnight(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC").as_unit("us")


def bits(weights: Mapping[str, float] | pd.Series[float]) -> dict[str, bytes]:
    return {str(asset): np.float64(weight).tobytes() for asset, weight in weights.items()}


def sample(snapshot: Snapshot, count: int, seed: int) -> list[pd.Timestamp]:
    """Days from 2016 on."""
    days = pd.date_range("2016-01-15", snapshot.as_of.tz_convert(None), freq="D", tz="UTC")
    drawn = np.random.default_rng(seed).choice(len(days), count, replace=False)
    return [days[int(row)].as_unit("us") for row in sorted(drawn)]


def agrees(strategy: Strategy, snapshot: Snapshot, days: list[pd.Timestamp]) -> None:
    once = decisions(strategy, snapshot)
    whole = once.weights
    for day in days:
        found = decide(strategy, snapshot, day)
        row = whole.iloc[int(once.times.searchsorted(day))]
        if row.isna().any():
            assert found.weights is None, day
            assert found.silence != "", day
        else:
            assert found.weights is not None, day
            assert bits(found.weights) == bits(row), day
            assert found.silence == "", day
        given = whole.loc[:day].dropna()
        if len(given):
            assert found.target is not None, day
            assert bits(found.target) == bits(given.iloc[-1]), day
        else:
            assert found.target is None, day
        assert once.at(day) == found


class TestEqualToTheBacktest:
    @pytest.mark.parametrize("name", VARIANTS)
    def test_on_the_simulated_world(self, name: str, phantom: Snapshot) -> None:
        agrees(ALL[name], phantom, sample(phantom, 1, VARIANTS.index(name)))

    @pytest.mark.parametrize("name", VARIANTS)
    def test_on_the_real_tables(self, name: str, real_snapshot: Snapshot) -> None:
        agrees(ALL[name], real_snapshot, sample(real_snapshot, 1, 100 + VARIANTS.index(name)))

    @pytest.mark.slow
    @pytest.mark.parametrize("name", sorted(ALL))
    def test_on_many_days(self, name: str, phantom: Snapshot, real_snapshot: Snapshot) -> None:
        agrees(ALL[name], phantom, [*sample(phantom, 60, 7), phantom.as_of])
        agrees(ALL[name], real_snapshot, [*sample(real_snapshot, 60, 8), real_snapshot.as_of])


def test_a_run_of_the_engine_holds_the_decisions(phantom: Snapshot) -> None:
    rule = variant("composite_proportional")
    run, once = backtest(rule, phantom), decisions(rule, phantom)
    asked = weights_of(rule, panel_of(phantom), phantom.daily, phantom.funding)
    pd.testing.assert_frame_equal(once.weights, asked, check_exact=True)
    held = run.simulation.weights
    pd.testing.assert_frame_equal(
        held,
        from_start(once.weights, held.index[0])[held.columns],
        check_exact=True,
        check_freq=False,
    )


@pytest.fixture(scope="module")
def decision(real_snapshot: Snapshot) -> Decision:
    return decide(variant("essay_playbook"), real_snapshot, midnight("2025-11-04"))


class TestWhatItSays:
    def test_the_reason_names_figures_levels_and_ages(self, decision: Decision) -> None:
        for words in (
            "cash: gross exposure 0%",
            "tga_excess 76.33 USD bn (hoarded above 100: below; released at 0: above)",
            "srf 22.00 USD bn of 2025-11-03, 1 d old",
            "tga 926.33 USD bn of 2025-10-31, 4 d old",
            "the last target stands",
        ):
            assert words in decision.reason

    def test_what_it_rests_on(self, decision: Decision, real_snapshot: Snapshot) -> None:
        assert decision.config_hash == variant("essay_playbook").config_hash
        assert decision.snapshot_id == real_snapshot.snapshot_id
        assert decision.data_as_of == decision.decision_time == midnight("2025-11-04")
        assert decision.stale == ()
        assert decision.known

    def test_an_instant_of_the_day_is_the_days_midnight(self, real_snapshot: Snapshot) -> None:
        rule = variant("essay_playbook")
        late = pd.Timestamp("2025-11-04T17:30-05:00")
        assert decide(rule, real_snapshot, late).decision_time == midnight("2025-11-04")

    def test_after_the_last_price_there_is_no_order(self, real_snapshot: Snapshot) -> None:
        rule, last = BASELINES["buy_and_hold"], real_snapshot.as_of
        found = decide(rule, real_snapshot, last + 3 * ONE)
        assert found.weights is None
        assert found.target is not None
        assert found.target["BTC"] == 1.0
        assert found.data_as_of == last
        assert found.known_on == last
        assert not found.known
        assert [str(item) for item in found.stale] == [
            "BTC: the newest is of 2026-08-06, 4 days old, and counts for 1"
        ]

    def test_a_stale_figure_is_named(self, real_snapshot: Snapshot) -> None:
        day = midnight("2025-06-20")
        table = real_snapshot.observations.table
        quiet = (table["series"] == "tga") & (table["ref_date"] > pd.Timestamp("2025-06-03"))
        cut = replace(
            real_snapshot, observations=replace(real_snapshot.observations, table=table[~quiet])
        )
        found = decide(variant("release_staged"), cut, day)
        assert [(item.name, item.age_days, item.max_age_days) for item in found.stale] == [
            ("tga", 17.0, 8)
        ]
        assert not found.known
        assert found.known_on == midnight("2025-06-11")
        assert "stale: older than 8 days" in found.reason


@dataclass(frozen=True)
class Halves:
    """A user's own rule: half in BTC on the first of each month."""

    name: str = "halves"
    title: str = "Half in BTC"
    family: str = "own"
    config_hash: str = "0" * 64
    inputs: tuple[str, ...] = ("rrp",)

    @property
    def config(self) -> Mapping[str, Any]:
        return {}

    def target_weights(self, panel: Panel, bars: Bars) -> pd.DataFrame:
        table = pd.DataFrame(0.0, index=panel.times, columns=[*bars.assets, CASH])
        table["BTC"], table[CASH] = 0.5, 0.5
        table[panel.times.day != 1] = np.nan
        return table


def test_a_users_own_rule_is_asked_too(phantom: Snapshot) -> None:
    first, second = (decide(Halves(), phantom, midnight(f"2024-03-0{day}")) for day in (1, 2))
    assert first.weights is not None
    assert first.weights["BTC"] == 0.5
    assert second.weights is None
    assert second.target == first.weights
    assert second.known
    assert second.silence == "no order, the last target stands"
    assert second.reason == "Half in BTC: the rule itself gives no reasons"


def test_what_cannot_be_decided_is_refused(phantom: Snapshot) -> None:
    rule = variant("rrp_funding_cut")
    with pytest.raises(InputError, match="has no time zone"):
        decide(rule, phantom, pd.Timestamp("2024-01-01"))
    with pytest.raises(InputError, match="2009-12-31 lies before the first decision, 2010-01-01"):
        decide(rule, phantom, midnight("2009-12-31"))
    with pytest.raises(MissingSeries, match="funding"):
        decide(rule, replace(phantom, funding=None), midnight("2024-01-01"))
    with pytest.raises(InputError, match="is no decision time"):
        decisions(rule, phantom).at(phantom.as_of + ONE)

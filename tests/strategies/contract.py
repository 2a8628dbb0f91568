"""What every strategy keeps to, whatever it decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from data.aliases import FloatArray
from data.errors import MissingSeries
from data.observations import Observations
from data.panel import Panel, decision_times
from data.snapshot import Snapshot
from strategies.market import Market
from strategies.strategy import CASH, Path, Strategy

_MARKETS: dict[tuple[str, str], Market] = {}
_PATHS: dict[tuple[int, str], Path] = {}


def whole(snapshot: Snapshot) -> Market:
    """Return all of a snapshot as a market; signals are shared by all rules that read them."""
    return _market(snapshot, "whole", lambda: snapshot)


def cut(snapshot: Snapshot, text: str) -> Market:
    """Return what was known of a snapshot at a time."""
    at = pd.Timestamp(text, tz="UTC")
    return _market(snapshot, f"until {text}", lambda: snapshot.until(at))


def poisoned(snapshot: Snapshot, text: str) -> Market:
    """Return a snapshot with the same past and a false future."""
    at, rng = pd.Timestamp(text, tz="UTC"), np.random.default_rng(1)
    return _market(snapshot, f"poisoned after {text}", lambda: snapshot.poisoned(at, rng))


def _market(snapshot: Snapshot, name: str, build: Callable[[], Snapshot]) -> Market:
    key = (snapshot.snapshot_id, name)
    if key not in _MARKETS:
        seen = build()
        times = decision_times(seen.as_of)
        begins = snapshot.daily.index[0] - pd.Timedelta(days=10)
        panel = Panel(seen.observations, times[times >= begins])
        _MARKETS[key] = Market(panel, seen.daily, seen.funding)
    return _MARKETS[key]


def path(rule: Strategy, market: Market) -> Path:
    """Return what a rule decides in one of the markets above, computed once."""
    key = (id(market), rule.name)
    if key not in _PATHS:
        _PATHS[key] = rule.path(market)
    return _PATHS[key]


def orders(rule: Strategy, market: Market) -> FloatArray:
    return path(rule, market).orders


class StrategyContract:
    """Inherit, and give the fixtures ``rule`` (a strategy) and ``snapshot``."""

    # Decision times at which the data are cut and poisoned.
    cuts: Sequence[str] = ()

    def test_rows_sum_to_one_or_are_missing_as_a_whole(
        self, rule: Strategy, snapshot: Snapshot
    ) -> None:
        panel = whole(snapshot).panel
        table = rule.target_weights(panel, snapshot.daily, snapshot.funding)
        missing = table.isna()
        assert missing.any(axis=1).equals(missing.all(axis=1))
        given = table[~missing.any(axis=1)]
        assert len(given)
        assert np.abs(given.sum(axis=1) - 1.0).max() <= 1e-12
        assert table.columns.tolist() == [*snapshot.daily.assets, CASH]
        assert table.index.equals(panel.times)
        seen = table.drop(columns=CASH).to_numpy()
        assert seen.tobytes() == orders(rule, whole(snapshot)).tobytes()

    def test_it_orders_nothing_before_it_can_decide_and_then_on_its_days(
        self, rule: Strategy, snapshot: Snapshot
    ) -> None:
        market = whole(snapshot)
        found = path(rule, market)
        assert 0 < found.first < len(market.times)
        assert np.isnan(found.orders[: found.first]).all()
        assert not np.isnan(found.orders[found.first]).any()
        given = ~np.isnan(found.orders).any(axis=1)
        assert not (given & ~rule.decision_days(market.times)).any()

    def test_weights_stay_within_the_stated_gross_exposure(
        self, rule: Strategy, snapshot: Snapshot
    ) -> None:
        gross = np.abs(orders(rule, whole(snapshot))).sum(axis=1)
        assert np.nanmax(gross) <= rule.max_gross + 1e-12

    def test_nothing_outside_the_universe_is_wanted(
        self, rule: Strategy, snapshot: Snapshot
    ) -> None:
        market = whole(snapshot)
        outside = np.where(market.universe(), 0.0, np.nan_to_num(orders(rule, market)))
        assert not outside.any()

    def test_the_future_changes_no_bit_of_the_past(
        self, rule: Strategy, snapshot: Snapshot
    ) -> None:
        made = orders(rule, whole(snapshot))
        for text in self.cuts:
            short = cut(snapshot, text)
            assert short.times[-1] == pd.Timestamp(text, tz="UTC")
            seen = made[: len(short.times)].tobytes()
            assert orders(rule, short).tobytes() == seen, f"cut at {text}"
            false = orders(rule, poisoned(snapshot, text))[: len(short.times)]
            assert false.tobytes() == seen, f"poisoned after {text}"

    def test_a_series_that_is_missing_is_named(self, rule: Strategy, snapshot: Snapshot) -> None:
        panel = whole(snapshot).panel
        known = panel.observations
        for series in rule.inputs:
            without = Observations(
                known.table[known.table["series"] != series], known.ids - {series}
            )
            with pytest.raises(MissingSeries) as caught:
                rule.target_weights(Panel(without, panel.times), snapshot.daily, snapshot.funding)
            assert caught.value.series == series
            assert rule.name in str(caught.value)
            assert "\n" not in str(caught.value)

    def test_the_configuration_is_recorded(self, rule: Strategy) -> None:
        assert set(rule.config) == {"decide", "exposure", "allocation", "overlays"}
        assert rule.config_hash == rule.config_hash

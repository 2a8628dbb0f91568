"""The loop, replayed over history, is the backtest: targets to the bit, equity to the cent."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from data.panel import Panel, panel_of
from data.snapshot import Snapshot
from paper.replay import replay
from strategies.baselines import BASELINES
from strategies.decision import decisions
from strategies.loading import load_strategy
from strategies.strategy import Strategy
from strategies.variants import VARIANTS

# Cash, one coin, baskets with gaps and delistings, shorts and a debt: every way of accounting.
FEW = ("liquidity_beta_tilt", "altcoins_hedged")
FIRST, LAST = pd.Timestamp("2022-04-20", tz="UTC"), pd.Timestamp("2022-12-10", tz="UTC")


def utc(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def equals_the_backtest(name: str, snapshot: Snapshot, panel: Panel, **span: pd.Timestamp) -> None:
    found = replay(load_strategy(name), snapshot, panel=panel, samples=1, **span)
    assert found.targets_equal, found.differences[:3]
    assert found.equity_max_abs_diff < 0.005, found.differences[:3]
    assert found.equal
    assert found.differences == ()
    assert found.decisions == (found.last - found.first).days + 1
    assert found.orders > 0


@pytest.fixture(scope="module")
def panel(phantom: Snapshot) -> Panel:
    return panel_of(phantom)


@pytest.fixture(scope="module")
def real_panel(real_snapshot: Snapshot) -> Panel:
    return panel_of(real_snapshot)


@pytest.mark.parametrize("name", FEW)
def test_in_the_simulated_world(name: str, phantom: Snapshot, panel: Panel) -> None:
    equals_the_backtest(name, phantom, panel, start=FIRST, end=LAST)


@pytest.mark.parametrize("name", FEW)
def test_on_the_real_tables(name: str, real_snapshot: Snapshot, real_panel: Panel) -> None:
    # LUNA and FTX fall into these months: halted and delisted holdings.
    equals_the_backtest(name, real_snapshot, real_panel, start=FIRST, end=LAST)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_over_its_history_in_the_simulated_world(
    name: str, phantom: Snapshot, panel: Panel
) -> None:
    equals_the_backtest(name, phantom, panel)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_over_its_history_on_the_real_tables(
    name: str, real_snapshot: Snapshot, real_panel: Panel
) -> None:
    equals_the_backtest(name, real_snapshot, real_panel)


class Peeking:
    """A rule that looks a day ahead: what it decides depends on data after its time."""

    def __init__(self, rule: Strategy) -> None:
        self.rule = rule
        self.name, self.title, self.family = "peeking", rule.title, rule.family
        self.config, self.config_hash, self.inputs = rule.config, rule.config_hash, rule.inputs

    def target_weights(self, panel: Panel, bars: object) -> pd.DataFrame:
        weights = self.rule.target_weights(panel, bars)  # type: ignore[arg-type]
        return weights.ffill().shift(-1).fillna(weights)


def test_a_rule_that_looks_ahead_is_found_out(phantom: Snapshot, panel: Panel) -> None:
    rule = Peeking(BASELINES["volatility_target"])
    start, end = utc("2024-01-05"), utc("2024-01-15")
    found = replay(rule, phantom, start=start, end=end, panel=panel, samples=None)
    assert not found.equal
    assert {gap.what for gap in found.differences} == {"decision"}


def test_differences_are_named_with_day_and_coin(
    phantom: Snapshot, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paper import replay as module

    def other(strategy: Strategy, snapshot: Snapshot) -> object:
        found = decisions(strategy, snapshot)
        weights = found.weights.copy()
        weights.loc[utc("2024-01-10"), ["BTC", "CASH"]] = [0.25, 0.75]
        return replace(found, weights=weights)

    monkeypatch.setattr(module, "decisions", other)
    found = replay(
        load_strategy("volatility_target"),
        phantom,
        start=utc("2024-01-05"),
        end=utc("2024-01-15"),
        panel=panel,
        samples=0,
    )
    first = found.differences[0]
    assert (first.what, f"{first.at:%Y-%m-%d}") == ("target", "2024-01-10")
    assert found.equity_max_abs_diff > 1.0
    assert not found.equal

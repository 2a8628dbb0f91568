"""Rules that the kernel decides itself, against the strategies' own targets and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.engine import simulate
from backtests.execution import Execution
from backtests.run import cash_rate
from backtests.sweep.batch import MatrixBatch, terms_of
from backtests.sweep.field import Field, field_of
from backtests.sweep.native import native_batch, not_native
from backtests.sweep.paths import Paths
from backtests.sweep.screen import METRICS, Screened, screen
from data.errors import BadConfig, UnknownName
from data.panel import panel_of
from data.snapshot import Snapshot
from strategies.allocation.baskets import BtcOnly, EqualWeight, InverseVolatility
from strategies.allocation.hedged import HedgedAltcoins
from strategies.allocation.momentum import Momentum
from strategies.exposure.proportional import Proportional
from strategies.exposure.threshold import Threshold
from strategies.market import Market
from strategies.overlays.base import HoldingsOverlay
from strategies.overlays.holdings import DrawdownStop, MinimumHolding, RebalanceBand
from strategies.overlays.targets import MaxGross, VolatilityTarget
from strategies.piece import read_signal
from strategies.strategy import Decide, Strategy, from_start
from strategies.variants import variant
from tests.backtests.sweep.agreement import assert_agrees, assert_close, assert_daily, assert_same

FIRST = pd.Timestamp("2016-02-05", tz="UTC")
DAY = pd.Timedelta(days=1)


class World:
    """A snapshot, its market, and fields over all of its coins or BTC alone."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        panel = panel_of(snapshot)
        self.market = Market(panel, snapshot.daily, snapshot.funding)
        self.last = snapshot.as_of.normalize()
        self.rate = cash_rate(panel).loc[FIRST : self.last]
        self.decisions = pd.date_range(FIRST, self.last, freq="D", unit="us")
        self.paths = {names: Paths(self.market, names) for names in (self.market.assets, ("BTC",))}

    def field(self, assets: tuple[str, ...], execution: Execution) -> Field:
        bars = self.snapshot.daily.until(self.last + DAY).select(list(assets))
        return field_of(bars, self.decisions, self.rate, execution)

    def targets(self, strategy: Strategy) -> pd.DataFrame:
        table = strategy.path(self.market).table(self.market)
        return from_start(table, FIRST, self.last)


@pytest.fixture(scope="module")
def simulated(phantom: Snapshot) -> World:
    return World(phantom)


@pytest.fixture(scope="module")
def real(real_snapshot: Snapshot) -> World:
    return World(real_snapshot)


def some_strategy(rng: np.random.Generator) -> Strategy:
    signal = read_signal({"name": "liquidity_impulse", "days": int(rng.choice([28, 91]))})
    exposure: Threshold | Proportional
    if rng.random() < 0.5:
        enter, leave = rng.normal(0.0, 100.0, 2).tolist()
        exposure = Threshold(signal=signal, enter=enter, leave=leave)
    else:
        window = int(rng.choice([0, 90, 365]))
        exposure = Proportional(signal=signal, window=window, slope=float(rng.uniform(0.1, 1.0)))
    allocations = (EqualWeight(), InverseVolatility(days=30), Momentum(top=3), HedgedAltcoins())
    baskets = rng.random() < 0.4
    allocation = allocations[rng.integers(len(allocations))] if baskets else BtcOnly()
    early: list[MaxGross | VolatilityTarget] = []
    if rng.random() < 0.4:
        early.append(MaxGross(limit=float(rng.uniform(0.2, 1.0))))
    if rng.random() < 0.4 and not baskets:
        target, ceiling = float(rng.uniform(0.1, 1.0)), float(rng.choice([1.0, 1.5, 4.0]))
        early.append(VolatilityTarget(target=target, days=20, ceiling=ceiling))
    late: list[DrawdownStop | MinimumHolding | RebalanceBand] = []
    if rng.random() < 0.6:
        limit, pause = float(rng.uniform(0.05, 0.4)), int(rng.integers(1, 60))
        late.append(DrawdownStop(limit=limit, pause=pause, days=50))
    if rng.random() < 0.6:
        late.append(MinimumHolding(days=int(rng.integers(1, 30))))
    if rng.random() < 0.6:
        late.append(RebalanceBand(width=float(rng.choice([0.01, 0.05, 0.3]))))
    overlays = [*rng.permutation(np.array(early, dtype=object))]
    overlays += [*rng.permutation(np.array(late, dtype=object))]
    decide: Decide = "daily" if rng.random() < 0.6 else "weekly_after_h41"
    return Strategy("x", "x", exposure, allocation, tuple(overlays), decide=decide)


def some_execution(rng: np.random.Generator) -> Execution:
    return Execution(
        delay_hours=int(rng.choice([0, 0, 24, 72])),
        fee_bp=float(rng.choice([0.0, 10.0, 50.0])),
        slippage_bp=float(rng.choice([0.0, 10.0])),
        slippage_range=float(rng.choice([0.0, 0.0, 0.05])),
    )


def check(world: World, seed: int, count: int, confirmed: int) -> None:
    """Native results equal those of the strategy's own targets, and some the engine's."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        strategy, execution = some_strategy(rng), some_execution(rng)
        alone = isinstance(strategy.allocation, BtcOnly) and rng.random() < 0.7
        assets = ("BTC",) if alone else world.market.assets
        field, targets = world.field(assets, execution), world.targets(strategy)
        batch = native_batch(world.paths[assets], strategy, execution, {}, 1)
        native, daily = screen(field, batch), screen(field, batch, daily=True)
        assert_same(daily, native)
        matrix = targets[list(assets)].to_numpy()[None]
        by_matrix = screen(field, MatrixBatch(matrix, terms_of(execution, 1)))
        assert_close(native, by_matrix, execution.initial_cash)
        if number < confirmed and native.status[0] == 0:
            bars = world.snapshot.daily.until(world.last + DAY).select(list(assets))
            own = targets[[*assets, "CASH"]]
            simulation = simulate(own, bars, world.rate, execution)
            assert_agrees(native, 0, simulation)
            assert_daily(field, daily, 0, simulation)


class TestTargets:
    def test_random_rules_in_a_simulated_world(self, simulated: World):
        check(simulated, seed=1, count=40, confirmed=3)

    def test_random_rules_on_the_real_tables(self, real: World):
        check(real, seed=2, count=20, confirmed=3)

    @pytest.mark.slow
    def test_many_random_rules(self, simulated: World, real: World):
        for world in (simulated, real):
            check(world, seed=3, count=400, confirmed=30)


class TestColumns:
    def test_a_batch_of_columns_equals_its_variants_one_by_one(self, simulated: World):
        execution, strategy = Execution(), variant("liquidity_threshold")
        columns = {
            "exposure.enter": np.array([50.0, -20.0, 50.0, 80.0]),
            "exposure.signal.days": np.array([28, 28, 91, 56]),
            "overlays.minimum_holding.days": np.array([7, 1, 30, 7]),
            "execution.fee_bp": np.array([10.0, 0.0, 10.0, 40.0]),
            "execution.delay_hours": np.array([0, 24, 0, 48]),
        }
        paths, field = simulated.paths[("BTC",)], simulated.field(("BTC",), execution)
        together = screen(field, native_batch(paths, strategy, execution, columns))
        for row in range(4):
            own = {path: column[[row]] for path, column in columns.items()}
            alone = screen(field, native_batch(paths, strategy, execution, own))
            assert_same(alone, together, [row])
        signal = read_signal({"name": "liquidity_impulse", "days": 91})
        rule = Threshold(signal=signal, enter=50.0, leave=-50.0)
        third = Strategy("x", "x", rule, BtcOnly(), (MinimumHolding(days=30),))
        alone = screen(field, native_batch(paths, third, execution, {}, 1))
        assert_same(alone, together, [2])

    def test_an_unknown_parameter_is_refused(self, simulated: World):
        columns = {"exposure.entry": np.array([1.0])}
        with pytest.raises(UnknownName, match=r"did you mean exposure\.enter"):
            native_batch(
                simulated.paths[("BTC",)], variant("liquidity_threshold"), Execution(), columns
            )

    def test_a_value_that_cannot_be_is_refused(self, simulated: World):
        columns = {"overlays.rebalance_band.width": np.array([0.1, 1.5])}
        with pytest.raises(BadConfig, match=r"overlays\.rebalance_band\.width = 1\.5"):
            native_batch(
                simulated.paths[("BTC",)], variant("liquidity_proportional"), Execution(), columns
            )


class TestClaims:
    @pytest.mark.parametrize("name", ["liquidity_threshold", "liquidity_proportional"])
    def test_common_rules_are_native(self, name: str):
        assert not_native(variant(name)) is None

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("essay_playbook", "exposure playbook"), ("liquidity_trend", "exposure impulse_trend")],
    )
    def test_others_say_why_not(self, name: str, reason: str, simulated: World):
        assert not_native(variant(name)) == reason
        with pytest.raises(BadConfig, match=reason):
            native_batch(simulated.paths[("BTC",)], variant(name), Execution(), {}, 1)

    def test_a_volatility_target_over_a_basket_is_not(self):
        rule = Threshold(signal=read_signal("liquidity_impulse"), enter=0.0, leave=0.0)
        strategy = Strategy("x", "x", rule, EqualWeight(), (VolatilityTarget(),))
        assert not_native(strategy) == "overlay volatility_target over allocation equal_weight"


def switches(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Parameters of many switches: levels that trade often, stops that trip, long holdings."""
    return {
        "exposure.signal.days": rng.choice([7, 28, 91], count),
        "exposure.enter": rng.uniform(-60.0, 90.0, count),
        "exposure.leave": rng.uniform(-120.0, 60.0, count),
        "overlays.drawdown_stop.limit": rng.uniform(0.03, 0.4, count),
        "overlays.drawdown_stop.pause": rng.integers(1, 60, count),
        "overlays.drawdown_stop.days": rng.choice([20, 100], count),
        "overlays.minimum_holding.days": rng.integers(1, 40, count),
        "overlays.rebalance_band.width": rng.uniform(0.0, 0.2, count),
        "execution.fee_bp": rng.choice([0.0, 10.0], count),
        "execution.delay_hours": rng.choice([0, 24, 72], count),
    }


LATE = (DrawdownStop(limit=0.2), MinimumHolding(days=3), RebalanceBand(width=0.05))


@pytest.fixture(scope="module")
def broken(simulated: World) -> Field:
    """A field on whose bars BTC often cannot be traded."""
    field = simulated.field(("BTC",), Execution())
    closed = np.random.default_rng(3).random(field.tradable.shape) < 0.1
    return replace(field, tradable=field.tradable & ~closed)


class TestSwitches:
    """One coin all in or all out: most days take a glance, which nobody may notice."""

    @pytest.mark.parametrize("late", [LATE, (LATE[1], LATE[0], LATE[2])])
    @pytest.mark.parametrize("decide", ["daily", "weekly_after_h41"])
    def test_company_does_not_matter(
        self, simulated: World, broken: Field, late: tuple[HoldingsOverlay, ...], decide: Decide
    ):
        rng = np.random.default_rng(4)
        rule = Threshold(signal=read_signal("liquidity_impulse"), enter=0.0, leave=0.0)
        strategy = Strategy("x", "x", rule, BtcOnly(), late, decide=decide)
        paths, columns = simulated.paths[("BTC",)], switches(rng, 300)
        together = screen(broken, native_batch(paths, strategy, Execution(), columns))
        assert len(np.unique(together.metrics[:, METRICS.index("orders")])) > 20
        some = [np.array([0]), np.array([77]), *np.array_split(rng.permutation(300), 9)]
        for rows in some:
            own = {path: column[rows] for path, column in columns.items()}
            alone = screen(broken, native_batch(paths, strategy, Execution(), own))
            assert_same(alone, together, rows)

    @pytest.mark.parametrize("late", [LATE[:2], (LATE[1], LATE[0]), LATE[:1], ()])
    def test_they_are_the_targets(
        self, simulated: World, broken: Field, late: tuple[HoldingsOverlay, ...]
    ):
        rng = np.random.default_rng(5)
        rule = Threshold(signal=read_signal("liquidity_impulse"), enter=0.0, leave=0.0)
        strategy = Strategy("x", "x", rule, BtcOnly(), late)
        names = {kind_of(overlay) for overlay in late}
        columns = {
            path: column
            for path, column in switches(rng, 64).items()
            if path.rpartition(".")[0] in names | {"exposure", "exposure.signal"}
        }
        batch = native_batch(simulated.paths[("BTC",)], strategy, Execution(), columns)
        native = screen(broken, batch)
        for row in range(0, 64, 5):
            table = {path: column[row].item() for path, column in columns.items()}
            targets = simulated.targets(varied(strategy, table))[["BTC"]].to_numpy()[None]
            matrix = screen(broken, MatrixBatch(targets, terms_of(Execution(), 1)))
            chosen = Screened(native.metrics[[row]], native.folds[[row]], native.status[[row]])
            assert_close(chosen, matrix, 100_000.0)


def kind_of(overlay: Any) -> str:
    return f"overlays.{overlay.kind}"


def copied(piece: Any, values: Mapping[str, Any]) -> Any:
    return piece.model_copy(update=values)


def varied(strategy: Strategy, table: dict[str, float]) -> Strategy:
    """The strategy with other parameters, by their dotted paths."""
    own: dict[str, dict[str, float]] = {}
    for path, value in table.items():
        piece, _, name = path.rpartition(".")
        own.setdefault(piece, {})[name] = value
    signal = read_signal({"name": "liquidity_impulse", **own["exposure.signal"]})
    exposure = copied(strategy.exposure, {"signal": signal, **own["exposure"]})
    overlays = tuple(
        copied(overlay, own.get(kind_of(overlay), {})) for overlay in strategy.overlays
    )
    return replace(strategy, exposure=exposure, overlays=overlays)

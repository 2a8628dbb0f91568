"""Every variant and every baseline, in a small world, in the real tables and in phantom."""

from __future__ import annotations

import numpy as np
import pytest

from data.snapshot import Snapshot
from strategies.baselines import BASELINES
from strategies.strategy import Strategy
from strategies.variants import VARIANTS, variant
from tests.strategies.contract import StrategyContract, orders, whole
from tests.strategies.world import world

RULES = [*map(variant, VARIANTS), *BASELINES.values()]


@pytest.fixture(params=RULES, ids=lambda rule: rule.name)
def rule(request: pytest.FixtureRequest) -> Strategy:
    found: Strategy = request.param
    return found


class TestInASmallWorld(StrategyContract):
    # Before every figure, while coins are young, at a delisting, in a hole of ETH on a Friday,
    # and late.
    cuts = ("2020-12-20", "2021-10-05", "2022-05-14", "2023-03-10", "2024-12-31")

    @pytest.fixture
    def snapshot(self) -> Snapshot:
        return world()

    def test_it_trades(self, rule: Strategy, snapshot: Snapshot) -> None:
        held = np.abs(np.nan_to_num(orders(rule, whole(snapshot))))
        assert held.any() or rule.name == "cash"


class TestOnTheRealTables(StrategyContract):
    cuts = ("2021-11-12",)

    @pytest.fixture
    def snapshot(self, real_snapshot: Snapshot) -> Snapshot:
        return real_snapshot


class TestInPhantom(StrategyContract):
    cuts = ("2023-02-03",)

    @pytest.fixture
    def snapshot(self, phantom: Snapshot) -> Snapshot:
        return phantom

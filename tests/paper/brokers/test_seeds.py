"""Many seeded runs of faults and deaths against each broker: a calibration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paper.broker_contract import BrokerContract, Stage
from tests.paper.brokers.server import ExchangeServer
from tests.paper.brokers.stages import ExchangeStage, SimulatedStage, clock

SEEDS = range(100, 200)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["simulated", "binance", "alpaca"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_order_once_whatever_the_seed(
    exchange_server: ExchangeServer, tmp_path: Path, name: str, seed: int
) -> None:
    stage: Stage
    if name == "simulated":
        stage = SimulatedStage(tmp_path / "account.sqlite", clock())
    else:
        stage = ExchangeStage(exchange_server, name, clock())
    BrokerContract().test_any_run_of_faults_and_deaths_leaves_every_order_once(stage, seed)
    stage.close()

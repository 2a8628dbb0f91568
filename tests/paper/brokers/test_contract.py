"""Every broker keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paper.broker_contract import BrokerContract
from tests.paper.brokers.server import ExchangeServer
from tests.paper.brokers.stages import ExchangeStage, SimulatedStage, clock


class TestSimulated(BrokerContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[SimulatedStage]:
        stage = SimulatedStage(tmp_path / "account.sqlite", clock())
        yield stage
        stage.close()


class TestBinance(BrokerContract):
    @pytest.fixture
    def stage(self, exchange_server: ExchangeServer) -> Iterator[ExchangeStage]:
        stage = ExchangeStage(exchange_server, "binance", clock())
        yield stage
        stage.close()


class TestAlpaca(BrokerContract):
    @pytest.fixture
    def stage(self, exchange_server: ExchangeServer) -> Iterator[ExchangeStage]:
        stage = ExchangeStage(exchange_server, "alpaca", clock())
        yield stage
        stage.close()

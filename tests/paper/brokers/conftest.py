from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.paper.brokers.server import ExchangeServer


@pytest.fixture(scope="session")
def exchange_server() -> Iterator[ExchangeServer]:
    running = ExchangeServer()
    yield running
    running.close()

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.publishers import PUBLISHERS
from tests.sources.server import Server
from tests.sources.trading import EXCHANGES


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server({**PUBLISHERS, **EXCHANGES})
    yield running
    running.close()

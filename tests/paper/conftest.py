from __future__ import annotations

from tests.paper.brokers.conftest import exchange_server

__all__ = ["exchange_server"]

"""A whole fetch, of every source at once, against the local server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.settings import Settings
from data.sources.registry import ADDRESSES
from tests.sources.trading import urls

MARKETS: Sequence[Mapping[str, Any]] = (
    {"asset": "BTC", "symbol": "BTC/USD"},
    {"asset": "BTC", "symbol": "BTC/USD", "exchange": "bitstamp"},
    {"asset": "BTC", "symbol": "BTC/USD", "timeframe": "1h"},
)
PERPETUALS: Sequence[Mapping[str, Any]] = (
    {"asset": "BTC", "symbol": "BTC/USDT:USDT", "exchange": "bybit"},
)


def pointed_at(base: str, home: Path, **more: Any) -> Settings:
    """Settings whose every address is the server's."""
    chosen: dict[str, Any] = {
        "sources": {publisher: f"{base}/{publisher}" for publisher in ADDRESSES},
        "exchanges": urls(base),
        "markets": MARKETS,
        "perpetuals": PERPETUALS,
    }
    return Settings(home=home, **{**chosen, **more})

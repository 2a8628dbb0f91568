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


def written(chosen: Settings) -> str:
    """The settings as a user writes them into ``plumbline.toml``."""
    lines = ["[sources]", *(f'{name} = "{url}"' for name, url in chosen.sources.items())]
    for exchange, config in chosen.exchanges.items():
        lines.append(f"[exchanges.{exchange}.urls.api]")
        lines += [f'{name} = "{url}"' for name, url in config["urls"]["api"].items()]
    for setting in ("markets", "perpetuals"):
        for entry in getattr(chosen, setting) or ():
            lines.append(f"[[{setting}]]")
            lines += [f'{key} = "{value}"' for key, value in entry.items()]
    return "\n".join(lines) + "\n"

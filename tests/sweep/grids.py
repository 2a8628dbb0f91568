"""Small grids that the sweep's tests share."""

from __future__ import annotations

import tomllib
from typing import Any

from backtests.sweep.grid import Grid, grid_of

# Both routes, delays, costs, an overlay that looks at holdings.
MIXED = """
family = "mixed"
[variant]
title = "Mixed"
exposure = { kind = "constant" }
allocation = { kind = "btc" }
[grid]
exposure = [
    { kind = "threshold", signal = "liquidity_impulse", enter = 0, leave = -50 },
    { kind = "proportional", signal = { name = "liquidity_impulse", days = 28 }, window = 365 },
    { kind = "trend", days = 50 },
]
allocation = [{ kind = "btc" }, { kind = "inverse_volatility", days = 30 }]
overlays = [[{ kind = "rebalance_band", width = 0.1 }], [{ kind = "drawdown_stop", limit = 0.2 }]]
execution.fee_bp = [0, 20]
execution.delay_hours = [0, 24]
execution.slippage_range = [0, 0.1]
"""

# One structure, the kernel alone.
LEVELS = """
base = "liquidity_threshold"
[grid]
exposure.signal.days = [7, 28, 91]
exposure.enter = { from = 0, to = 100, step = 10 }
exposure.leave = { from = -100, to = 50, step = 10 }
overlays.minimum_holding.days = [1, 7]
[[constraint]]
holds = "exposure.leave <= exposure.enter"
"""


def grid(text: str, **changed: Any) -> Grid:
    """Return a grid named ``g``, with other values of some of its file's keys."""
    return grid_of({**tomllib.loads(text), **changed}, "g", "g.toml")

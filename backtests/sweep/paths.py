"""Time paths that many variants share: signals, allocations, volatilities, trends."""

from __future__ import annotations

from strategies.market import Market


class Paths:
    """Paths over all of a market's decision times, each computed once, when first asked for.

    Parameters
    ----------
    market : Market
        Prices and figures; its funding is not needed.
    assets : sequence of str
        Assets that may be held, in the field's order.
    """

    def __init__(self, market: Market, assets: tuple[str, ...]) -> None:
        self.market = market
        self.assets = assets

"""How decisions become trades, and what trading and borrowing cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.errors import BadConfig

BASIS_POINT = 1e-4


@dataclass(frozen=True, slots=True)
class Execution:
    """When orders fill and what they cost.

    Parameters
    ----------
    fill : {"next_open"}
        Orders decided at *t*, on the bar that closed at *t*, fill at the open of the next bar.
    delay_hours : int
        Hours between the decision and the moment from which the order can fill. 0 is "zero
        latency". Whole days fill at daily opens; anything else needs hourly bars and fills at
        the first hourly open at or after the decision plus the delay, on that day.
    fee_bp : float
        Exchange fee on the traded value, basis points.
    slippage_bp : float
        The price moves by so many basis points against the order.
    slippage_range : float
        Slippage in addition, as a share of (high - low) / open of the last daily bar that had
        closed by the fill (the running bar's range is not known when the order fills).
    borrow_bp : float
        What borrowed cash costs above the cash rate, basis points a year.
    initial_cash : float
        Cash at the first decision, USD.
    delisting_discount : float
        Share of the last close that a holding loses when its market is delisted.
    perpetuals : tuple of str
        Assets that are traded as perpetuals: they pay or receive funding, see
        :mod:`backtests.perpetuals`. Names that a backtest does not trade do nothing. A list, as
        files hold it, becomes a tuple.
    funding_venue : str or None
        Venue whose funding rates count; by default that whose rates of the coin begin first.

    Raises
    ------
    BadConfig
        A value that cannot be, with the field's name.
    """

    fill: str = "next_open"
    delay_hours: int = 0
    fee_bp: float = 10.0
    slippage_bp: float = 10.0
    slippage_range: float = 0.0
    borrow_bp: float = 150.0
    initial_cash: float = 100_000.0
    delisting_discount: float = 0.10
    perpetuals: tuple[str, ...] = ()
    funding_venue: str | None = None

    def __post_init__(self) -> None:
        if self.fill != "next_open":
            raise BadConfig(f"execution: fill must be 'next_open', got {self.fill!r}")
        if (
            isinstance(self.delay_hours, bool)
            or not isinstance(self.delay_hours, int)
            or self.delay_hours < 0
        ):
            raise BadConfig(
                "execution: delay_hours must be a whole number of hours, 0 or more, "
                f"got {self.delay_hours!r}"
            )
        for name in ("fee_bp", "slippage_bp", "borrow_bp"):
            self._within(name, 0.0, 5_000.0)
        for name in ("slippage_range", "delisting_discount"):
            self._within(name, 0.0, 1.0)
        self._within("initial_cash", 0.01, 1e15)
        if isinstance(self.perpetuals, list):
            object.__setattr__(self, "perpetuals", tuple(self.perpetuals))
        named = isinstance(self.perpetuals, tuple) and all(
            isinstance(name, str) for name in self.perpetuals
        )
        if not named or len(set(self.perpetuals)) != len(self.perpetuals):
            raise BadConfig(
                f"execution: perpetuals must be distinct names of assets, got {self.perpetuals!r}"
            )

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not known or not math.isfinite(value) or not low <= value <= high:
            raise BadConfig(
                f"execution: {name} must be a number from {low:g} to {high:g}, got {value!r}"
            )

    @property
    def fee(self) -> float:
        """Exchange fee as a decimal share of the traded value."""
        return self.fee_bp * BASIS_POINT

    @property
    def slippage(self) -> float:
        """Fixed part of the slippage as a decimal share of the price."""
        return self.slippage_bp * BASIS_POINT

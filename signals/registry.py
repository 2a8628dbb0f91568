"""Every signal and table by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from data.errors import BadConfig, UnknownName
from signals.base import Signal, SignalTable
from signals.composite import Composite
from signals.corridor import CorridorNet
from signals.drivers import LiquidityDrivers, WednesdayImpulse
from signals.funding import FundingPressure
from signals.lending import StealthQe
from signals.liquidity_impulse import LiquidityImpulse
from signals.net_liquidity import NetLiquidity
from signals.regime import Regime, RegimeTable
from signals.rrp import RrpDepletion, RrpEmpty, RrpFlow, RrpMedian
from signals.scarcity import RepoDemand, ReserveScarcity
from signals.srf import SrfSurprise, SrfUsage
from signals.tga import TgaDrawdown, TgaExcess, TgaExpectedFlow, TgaImpulse, TgaSurprise

SIGNALS: Mapping[str, type[Signal]] = {
    "net_liquidity": NetLiquidity,
    "liquidity_impulse": LiquidityImpulse,
    "wednesday_impulse": WednesdayImpulse,
    "srf_usage": SrfUsage,
    "srf_surprise": SrfSurprise,
    "corridor_net": CorridorNet,
    "stealth_qe": StealthQe,
    "funding_pressure": FundingPressure,
    "rrp_depletion": RrpDepletion,
    "rrp_median": RrpMedian,
    "rrp_empty": RrpEmpty,
    "rrp_flow": RrpFlow,
    "tga_drawdown": TgaDrawdown,
    "tga_excess": TgaExcess,
    "tga_expected_flow": TgaExpectedFlow,
    "tga_impulse": TgaImpulse,
    "tga_surprise": TgaSurprise,
    "reserve_scarcity": ReserveScarcity,
    "repo_demand": RepoDemand,
    "regime": Regime,
    "composite": Composite,
}

TABLES: Mapping[str, type[SignalTable]] = {
    "liquidity_drivers": LiquidityDrivers,
    "regime": RegimeTable,
}


def signal(name: str, **parameters: Any) -> Signal:
    """Return a signal by name.

    Parameters
    ----------
    name : str
        A key of :data:`SIGNALS`.
    **parameters
        The signal's own; lists, as TOML has them, become tuples.

    Raises
    ------
    UnknownName
        If there is no such signal.
    BadConfig
        If it has no such parameter, or the value is out of its range.
    """
    if name not in SIGNALS:
        raise UnknownName("signal", name, SIGNALS)
    made: Signal = _made(name, SIGNALS[name], parameters)
    return made


def table(name: str, **parameters: Any) -> SignalTable:
    """Return a table by name; parameters and errors as :func:`signal`."""
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    made: SignalTable = _made(name, TABLES[name], parameters)
    return made


def _made(name: str, kind: Any, parameters: Mapping[str, Any]) -> Any:
    known = [field.name for field in fields(kind)]
    for given in parameters:
        if given not in known:
            near = get_close_matches(given, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
            raise BadConfig(f"signal {name!r} has no parameter {given!r}: {hint}")
    return kind(
        **{
            field: tuple(value) if isinstance(value, list) else value
            for field, value in parameters.items()
        }
    )

"""What a stored figure can be: bounds that are wide for the world and narrow for a wrong unit.

A figure outside them is not corrected and not dropped, only named by ``plumbline data verify``.
"""

from __future__ import annotations

from collections.abc import Mapping

from data.spec import SeriesSpec

Bounds = tuple[float, float]

# Percent a year: the lowest yield of our series was -1.2 (real, 2021), the highest 9.0 (the 99th
# percentile of SOFR in September 2019).
_RATE: Bounds = (-5.0, 25.0)
# USD bn: the largest figure is the debt, near 40,000. Owed or held, never below zero.
_BALANCE: Bounds = (0.0, 100_000.0)
_INDEX: Bounds = (0.0, 100_000.0)
_FLOW: Bounds = (-100_000.0, 100_000.0)

# Figures whose size tells a wrong unit (thousands, millions) at once.
_OWN: Mapping[str, Bounds] = {
    "fed_assets": (300.0, 30_000.0),
    "fed_treasuries": (200.0, 20_000.0),
    "fed_mbs": (0.0, 10_000.0),
    "reserves": (1.0, 15_000.0),
    "reserves_wednesday": (1.0, 15_000.0),
    "tga": (0.0, 6_000.0),
    "tga_wednesday": (0.0, 6_000.0),
    "tga_week_average": (0.0, 6_000.0),
    "rrp": (0.0, 10_000.0),
    "srf": (0.0, 5_000.0),
    "sofr_volume": (100.0, 20_000.0),
    "debt_total": (3_000.0, 100_000.0),
    "debt_public": (2_000.0, 100_000.0),
    "debt_total_quarterly": (3_000.0, 100_000.0),
    "deficit_monthly": (-3_000.0, 3_000.0),
    "m2": (2_000.0, 80_000.0),
    "gdp": (5_000.0, 100_000.0),
    "sp500": (100.0, 50_000.0),
    "vix": (3.0, 200.0),
    "dollar_broad": (40.0, 300.0),
}

# Decimal, for one funding interval; exchanges cap it at a few percent.
FUNDING: Bounds = (-0.1, 0.1)


def bounds(spec: SeriesSpec) -> Bounds:
    """Return the least and the greatest plausible figure of a series, in its unit."""
    if spec.id in _OWN:
        return _OWN[spec.id]
    if spec.unit == "percent":
        return _RATE
    if spec.unit == "index":
        return _INDEX
    return _FLOW if spec.kind == "flow" else _BALANCE

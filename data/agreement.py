"""When two tellings of one figure agree, and who told them.

Figures of one publisher are compared exactly. Two publishers round differently, and two exchanges
trade at different prices: they agree within the tolerances stated here. What lies beyond is never
averaged: the first figure stays in use, the other is quarantined.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.catalogue import SERIES

# Half a unit of the last digit that the coarser publisher prints, and a little: balances stand in
# millions of dollars on FRED, rates have two decimals everywhere.
TOLERANCE: Mapping[str, float] = {"USD bn": 0.001, "percent": 0.005, "index": 0.01}
# Share of the close: BTC against dollars and against dollar stablecoins differs by some tenths of
# a percent, in the worst weeks of Tether by less than this.
PRICE_TOLERANCE = 0.02
# Of one figure told twice by the same publisher: only the arithmetic of units lies between.
ROUNDING = 1e-9
# Two series that state the same figure on the days that both have.
TWINS: Mapping[str, str] = {"tga": "tga_wednesday", "tga_wednesday": "tga"}
_PUBLISHERS = frozenset({"nyfed", "fiscaldata", "fred", "cftc"})


def publisher(sources: pd.Series) -> pd.Series:
    """Return who told each row, ``""`` for imported tables: they count as any publisher's."""
    names = {text: str(text).partition(":") for text in sources.astype(str).unique()}
    told = {
        text: head if colon and head in _PUBLISHERS else ""
        for text, (head, colon, _) in names.items()
    }
    return sources.astype(str).map(told)


def tolerance(series: pd.Series) -> FloatArray:
    """Return the tolerance between publishers for each series id, in the series' unit."""
    allowed = {name: TOLERANCE[SERIES[name].unit] for name in series.astype(str).unique()}
    return series.astype(str).map(allowed).to_numpy(dtype=float)


def figures_agree(
    known: pd.Series, offered: pd.Series, *, exact: BoolArray, allowed: FloatArray
) -> BoolArray:
    """Tell which figures agree.

    Parameters
    ----------
    known, offered : Series of float
        Of the same length; NaN agrees with nothing.
    exact : ndarray of bool
        Where both come from the same publisher.
    allowed : ndarray of float
        Tolerance where they do not, see :func:`tolerance`.
    """
    stood, stands = known.to_numpy(dtype=float), offered.to_numpy(dtype=float)
    apart = np.abs(stands - stood)
    same: BoolArray = apart <= np.where(exact, ROUNDING * np.abs(stood), allowed)
    return same

"""Which state the plumbing is in: flags with hysteresis, and the one that is displayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.panel import Panel
from signals.base import Signal
from signals.funding import FundingPressure
from signals.hysteresis import Hysteresis
from signals.liquidity_impulse import LiquidityImpulse
from signals.parameters import check_choice
from signals.rrp import RrpMedian
from signals.srf import SrfUsage
from signals.tga import TgaImpulse
from signals.windows import change, row_values

DAYS = 28
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Flag:
    """One state of the plumbing.

    Parameters
    ----------
    what : str
        The figure that decides, in words.
    unit : str
        Its unit.
    switch : Hysteresis
        The levels at which the flag goes on and off.
    """

    what: str
    unit: str
    switch: Hysteresis

    def begins(self, value: float) -> str:
        """Say why the flag went on at `value`."""
        sign = ">=" if self.switch.upward else "<"
        return f"{self.what} {value:.4g} {sign} {self.switch.enter:g} {self.unit}"

    def ends(self, value: float) -> str:
        """Say why the flag went off at `value`."""
        if np.isnan(value):
            return f"{self.what} is not known"
        sign = "<" if self.switch.upward else ">"
        return f"{self.what} {value:.4g} {sign} {self.switch.leave:g} {self.unit}"


# In order of display: what the Fed does about a shortage comes before the shortage, the shortage
# before the flows that make or mend it, and standing conditions come last.
FLAGS: Mapping[str, Flag] = {
    "stealth_qe": Flag("SRF balance, 28-day mean,", "USD bn", Hysteresis(5.0, 2.0)),
    "pressure": Flag(
        "share of 28 days with SOFR at the ceiling", "(1 = all)", Hysteresis(0.25, 0.1)
    ),
    "release": Flag(
        "fall of the TGA (7-day means) over 28 days", "USD bn", Hysteresis(100.0, 25.0)
    ),
    "drain": Flag("change of net liquidity over 28 days", "USD bn", Hysteresis(-100.0, 0.0)),
    "purchases": Flag(
        "growth of the Fed's securities over 28 days", "USD bn", Hysteresis(25.0, 5.0)
    ),
    "ample": Flag("RRP, median of 10 operations,", "USD bn", Hysteresis(100.0, 50.0)),
}
# Codes of the series form: the position in this tuple.
REGIMES = (*FLAGS, NEUTRAL)
_INPUTS = ("fed_assets", "fed_treasuries", "ff_upper", "rrp", "sofr", "srf", "tga")
_OPTIONAL = ("fed_mbs",)


def _securities_growth(panel: Panel) -> FloatArray:
    """28-day change of the securities held outright, USD bn."""
    growth = change(row_values(panel.last("fed_treasuries")), DAYS)
    if panel.has("fed_mbs"):
        mortgages = change(row_values(panel.last("fed_mbs")), DAYS)
        growth = growth + np.nan_to_num(mortgages, nan=0.0)
    return growth


def flag_values(panel: Panel) -> dict[str, FloatArray]:
    """Return the figure behind each flag at each decision time, in the order of display."""
    signals: dict[str, Signal] = {
        "stealth_qe": SrfUsage("mean", DAYS),
        "pressure": FundingPressure("share_at_ceiling", DAYS),
        "release": TgaImpulse(DAYS, smooth=7),
        "drain": LiquidityImpulse(DAYS),
        "ample": RrpMedian(),
    }
    values = {name: row_values(signal.compute(panel)) for name, signal in signals.items()}
    values["purchases"] = _securities_growth(panel)
    return {name: values[name] for name in FLAGS}


def _displayed(states: Mapping[str, BoolArray]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Position in :data:`REGIMES` of the first flag that is on."""
    last = np.ones(len(next(iter(states.values()))), dtype=bool)
    return np.asarray(np.argmax(np.column_stack([*states.values(), last]), axis=1))


def _states(values: Mapping[str, FloatArray]) -> dict[str, BoolArray]:
    return {name: flag.switch.states(values[name]) for name, flag in FLAGS.items()}


def _reason(old: str, new: str, row: int, values: Mapping[str, FloatArray], ended: bool) -> str:
    """Say why the displayed regime went from `old` to `new` at `row`."""
    if ended:
        over = f"{old} ends: {FLAGS[old].ends(float(values[old][row]))}"
        return f"{over}; no flag is on" if new == NEUTRAL else f"{over}; {new} is on"
    return f"{new} begins: {FLAGS[new].begins(float(values[new][row]))}"


@dataclass(frozen=True, slots=True)
class RegimeTable:
    """Table of the regime flags, of the one displayed, and of the reason for its last switch.

    Columns ``stealth_qe``, ``pressure``, ``release``, ``drain``, ``purchases``, ``ample`` (bool),
    ``regime`` (the first of them that is on, in this order, else ``neutral``), ``switched``
    (whether the displayed regime differs from the day before) and ``reason`` (why it last did).

    ==========  =============================================  ==========  =========
    flag        figure                                         goes on     goes off
    ==========  =============================================  ==========  =========
    stealth_qe  28-day mean of the SRF, from 2021-07-29, bn    >= 5        < 2
    pressure    share of 28 days with SOFR at the ceiling      >= 0.25     < 0.1
    release     fall of the TGA in 28 days, 7-day means, bn    >= 100      < 25
    drain       28-day impulse of net liquidity, bn            < -100      > 0
    purchases   growth of the Fed's securities in 28 days, bn  >= 25       < 5
    ample       RRP, median of 10 operations, bn               >= 100      < 50
    ==========  =============================================  ==========  =========

    The levels are fixed, from round numbers in the essay and the dated facts, and were not
    tuned to prices. ``purchases`` counts mortgage-backed securities where the data set carries
    ``fed_mbs``; without them, reinvesting their run-off into Treasuries looks like growth, of at
    most about 20bn a month.

    Known when the figures are. A flag whose figure is unknown or stale is off.
    """

    name: ClassVar[str] = "regime"
    unit: ClassVar[str] = "flags"
    optional: ClassVar[tuple[str, ...]] = _OPTIONAL
    essay: ClassVar[str] = (
        "First the Treasury drains and funding gets tight, then the account is released, then the "
        "Fed's loans grow: what to hold hangs on which of these is the case."
    )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the table cannot do without."""
        return _INPUTS

    def compute(self, panel: Panel) -> pd.DataFrame:
        """Return flags, displayed regime and reason at each decision time."""
        values = flag_values(panel)
        states = _states(values)
        shown = _displayed(states)
        switched = np.zeros(len(shown), dtype=bool)
        switched[1:] = shown[1:] != shown[:-1]
        names = np.array(REGIMES, dtype=object)
        texts = ["as at the start of the data"]
        for row in np.flatnonzero(switched):
            old, new = str(names[shown[row - 1]]), str(names[shown[row]])
            ended = old != NEUTRAL and not states[old][row]
            texts.append(_reason(old, new, int(row), values, ended))
        reasons = np.array(texts, dtype=object)[np.cumsum(switched)]
        table = pd.DataFrame(states, index=panel.times)
        table["regime"] = pd.array(names[shown].tolist(), dtype="str")
        table["switched"] = switched
        table["reason"] = pd.array(reasons.tolist(), dtype="str")
        return table


@dataclass(frozen=True, slots=True)
class Regime:
    """The regime as numbers, for rules: code of the one displayed, or one flag as 1 or 0.

    Without `flag`: the position in :data:`REGIMES` (0 ``stealth_qe``, 1 ``pressure``, 2
    ``release``, 3 ``drain``, 4 ``purchases``, 5 ``ample``, 6 ``neutral``). With `flag`: 1 while
    that flag is on, displayed or not. Definitions: :class:`RegimeTable`. Direction 0.

    Never NaN: what is not known does not hold.

    Parameters
    ----------
    flag : str, optional
        One of :data:`FLAGS`.

    Raises
    ------
    BadConfig
        If there is no such flag.
    """

    flag: str | None = None

    name: ClassVar[str] = "regime"
    direction: ClassVar[int] = 0
    optional: ClassVar[tuple[str, ...]] = _OPTIONAL
    essay: ClassVar[str] = RegimeTable.essay

    def __post_init__(self) -> None:
        if self.flag is not None:
            check_choice(self.name, "flag", self.flag, FLAGS)

    @property
    def unit(self) -> str:
        """Code of a regime, or 0 or 1."""
        return "code" if self.flag is None else "0 or 1"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the series that the signal cannot do without."""
        return _INPUTS

    def compute(self, panel: Panel) -> pd.Series[float]:
        """Return the code or the flag at each decision time."""
        states = _states(flag_values(panel))
        value = _displayed(states) if self.flag is None else states[self.flag]
        return pd.Series(value.astype(np.float64), index=panel.times, name=self.name)

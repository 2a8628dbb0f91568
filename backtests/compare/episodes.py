"""How far a variant's result rests on single episodes: its own spells of exposure, and years.

A spell is a run of days between two changes of position. The spells of a rule are its independent
episodes: what it decided once and then held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.compare.field import TIMED, Entrant, Field
from backtests.compare.spans import bar_days
from backtests.inference.leave_one_out import LeaveOneOut, leave_one_out
from backtests.inference.timing import excess_over_matched
from backtests.metrics import YEAR
from data.aliases import BoolArray, FloatArray

PANDEMIC = "2020-03..06"
_PANDEMIC = (pd.Timestamp("2020-03-01"), pd.Timestamp("2020-06-30"))
# A position has changed once so much of the account was traded: a rule that rebalances by trifles
# has not decided anew with each of them.
CHANGE = 0.10
# So many spells are left out in turn, those with the largest share in the sum of d.
MOST = 20
# Fewer days than these are no sample to leave others out of.
LEAST_REST = 365


@dataclass(frozen=True, slots=True)
class Spell:
    """A run of days between two changes of position.

    Parameters
    ----------
    first, last : Timestamp
        Its first and last day (naive).
    exposure : float
        Mean net weight of all assets during it.
    contribution : float
        Sum of d_t over it, decimal; w_bar is that of all days.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    exposure: float
    contribution: float

    @property
    def name(self) -> str:
        """Its days."""
        return f"{self.first:%Y-%m-%d}..{self.last:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Without:
    """A variant's Sharpe ratio of d_t a year without each episode in turn.

    Parameters
    ----------
    spells : int
        Spells in all.
    total : float
        Sum of d_t over all days, decimal.
    largest : Spell
        The spell with the largest share in the total, in the total's direction.
    episodes : LeaveOneOut
        Without 2020-03..06, where the days hold it, and each of at most :data:`MOST` spells.
    years : LeaveOneOut or None
        Without each calendar year; ``None`` where no year can be spared.
    """

    spells: int
    total: float
    largest: Spell
    episodes: LeaveOneOut
    years: LeaveOneOut | None


def spells(traded: FloatArray, change: float = CHANGE) -> tuple[slice, ...]:
    """Return the rows of each spell, in time order; together they are all rows.

    Parameters
    ----------
    traded : array, shape (N,)
        One-sided turnover of each bar, share of the account, at the fill that the bar begins with.
    change : float
        A new spell begins with the bar on which so much has been traded since the last one began.
    """
    starts, since = [0], 0.0
    for row, moved in enumerate(traded[1:].tolist(), 1):
        since += moved
        if since >= change:
            starts.append(row)
            since = 0.0
    return tuple(slice(a, b) for a, b in zip(starts, [*starts[1:], len(traded)], strict=True))


def spells_of(field: Field, entrant: Entrant) -> tuple[tuple[slice, Spell], ...]:
    """Return a variant's spells and their rows, in time order."""
    days, d = bar_days(field.days), entrant.daily
    weights = entrant.held[0].to_numpy(dtype=np.float64).sum(axis=1)
    traded = entrant.run.simulation.traded.iloc[1:].to_numpy().astype(np.float64)
    return tuple(
        (
            rows,
            Spell(
                first=days[rows][0],
                last=days[rows][-1],
                exposure=float(weights[rows].mean()),
                contribution=float(d[rows].sum()),
            ),
        )
        for rows in spells(traded)
    )


def pandemic(days: pd.DatetimeIndex) -> dict[str, BoolArray]:
    """Return the rows of 2020-03..06 by name; nothing where the sample has none or little else."""
    return _spared({PANDEMIC: np.asarray((days >= _PANDEMIC[0]) & (days <= _PANDEMIC[1]))})


def years(days: pd.DatetimeIndex) -> dict[str, BoolArray]:
    """Return the rows of each calendar year that can be spared, by name."""
    return _spared({str(year): np.asarray(days.year == year) for year in sorted(set(days.year))})


def _spared(found: dict[str, BoolArray]) -> dict[str, BoolArray]:
    return {
        name: rows for name, rows in found.items() if rows.any() and (~rows).sum() >= LEAST_REST
    }


def without_each(field: Field, entrant: Entrant) -> Without | None:
    """Return a variant's Sharpe ratio of d_t a year without each of its episodes in turn.

    The mean exposure is that of the days that remain; where they hold nothing that is timed the
    Sharpe ratio is 0. ``None`` where nothing is timed at all, or the sample is too short to leave
    any episode out.
    """
    if not entrant.timed:
        return None
    days, n = bar_days(field.days), len(field.days)
    every = spells_of(field, entrant)
    most = sorted(every, key=lambda each: -abs(each[1].contribution))[:MOST]
    out = pandemic(days)
    for rows, spell in sorted(most, key=lambda each: each[1].first):
        inside = np.zeros(n, dtype=np.bool_)
        inside[rows] = True
        out |= _spared({spell.name: inside})
    if not out:
        return None
    total = float(entrant.daily.sum())
    left = years(days)

    def sharpe(keep: BoolArray) -> float:
        return sharpe_of(entrant, keep)

    return Without(
        spells=len(every),
        total=total,
        largest=max((spell for _, spell in every), key=lambda one: _along(one, total)),
        episodes=leave_one_out(sharpe, out, n=n),
        years=leave_one_out(sharpe, left, n=n) if left else None,
    )


def _along(spell: Spell, total: float) -> float:
    return spell.contribution if total >= 0 else -spell.contribution


def sharpe_of(entrant: Entrant, keep: BoolArray) -> float:
    """Return the Sharpe ratio of d_t a year on some of the days; 0 where nothing is timed."""
    weights, returns, costs = (part.to_numpy(dtype=np.float64)[keep] for part in entrant.held)
    # An asset that was there in the left-out days only had a weight on those only.
    there = np.isfinite(returns).any(axis=0)
    d = excess_over_matched(weights[:, there], returns[:, there], costs)
    return float(d.mean() / d.std() * np.sqrt(YEAR)) if d.std() > TIMED else 0.0

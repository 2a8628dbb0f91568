"""Falsify what was not yet known at an instant, and nothing else.

Whatever a rule computes for that instant or earlier must not change when the future does. The
look-ahead audit gives it futures that did not happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from data.aliases import BoolArray, FloatArray
from data.bars import FIELDS, Bars
from data.observations import Observations, from_rows

Flavour: TypeAlias = Literal["wild", "mirrored", "listing", "absent"]
BAR_FIELDS = (*FIELDS, "market")
# Coins that never existed, sorted before and after every other name.
INVENTED = ("0COIN", "ZZCOIN")
_MINUTE = pd.Timedelta(minutes=1)
_DAY = pd.Timedelta(days=1)
_RECENT = 400  # days of figures that are revised afterwards
_BACKFILLED = 2000  # figures of the future of which earlier ones are made up


@dataclass(frozen=True, slots=True)
class Poison:
    """What is falsified, from when on, and how.

    Parameters
    ----------
    t : Timestamp
        Instant (UTC) after which everything that becomes known is falsified. What was known at
        `t` stays as it is, to the bit.
    rng : Generator
        Source of chance.
    flavour : {"wild", "mirrored", "listing", "absent"}
        ``wild``: signs flipped, values a million times as large or as small, zeros, missing bars.
        ``mirrored``: a world that could have been: from `t` on figures and prices move the other
        way, some coins stop trading, others begin at once. ``listing``: the same with two coins
        more, :data:`INVENTED`, which begin right after `t`. In each of these figures are also
        dropped, added and moved in time, and figures known at `t` are revised afterwards.
        ``absent``: nothing comes after `t`.
    only : frozenset of str, optional
        Falsify only these inputs: ids of series, ``daily.close`` and its like, ``funding``.
        Coins are listed only where everything is falsified.
    """

    t: pd.Timestamp
    rng: np.random.Generator
    flavour: Flavour = "wild"
    only: frozenset[str] | None = None

    def observations(self, observations: Observations) -> Observations:
        """Falsify the figures that became known after `t`, and revise those known before."""
        table = observations.table
        hit = np.ones(len(table), dtype=bool)
        if self.only is not None:
            if not observations.ids & self.only:
                return observations
            hit = table["series"].isin(self.only).to_numpy()
        known = (table["known_at"] <= self.t).to_numpy()
        past, future = table[known & hit], table[~known & hit]
        if self.flavour == "absent":
            return from_rows(table[known | ~hit], observations.ids)
        recent = past[past["ref_date"] > self.t.tz_localize(None) - _RECENT * _DAY]
        pieces = [
            table[known | ~hit],
            self._changed(future, past),
            self._revised(recent),
            self._added(recent),
            self._added(future.head(_BACKFILLED)),
        ]
        filled = [piece for piece in pieces if len(piece)]
        return from_rows(pd.concat(filled) if filled else table.head(0), observations.ids)

    def bars(self, bars: Bars, prefix: str) -> Bars:
        """Falsify the bars that closed after `t`; `prefix` is ``daily`` or ``hourly``."""
        later = np.asarray(bars.index > self.t)
        hit = [name for name in BAR_FIELDS if self._hits(f"{prefix}.{name}")]
        if not later.any() or not hit:
            return bars
        frames = {name: getattr(bars, name) for name in BAR_FIELDS}
        change = _elsewhen(bars, later, self)
        for name in hit:
            frames[name] = change(frames[name], name)
        if self.flavour == "listing" and self.only is None:
            frames = _with_listings(frames, later, self.rng)
        return Bars(**frames, timeframe=bars.timeframe)

    def funding(self, funding: pd.DataFrame) -> pd.DataFrame:
        """Falsify the funding rates of later instants (column ``ts``), and drop some."""
        if not self._hits("funding"):
            return funding
        later = (funding["ts"] > self.t).to_numpy()
        if self.flavour == "absent":
            return funding[~later]
        kept = funding[~later | self._some(len(funding), 0.85)]
        hit = (kept["ts"] > self.t).to_numpy()
        factor = self.rng.choice([-1.0, 1e3, 0.0], size=len(kept))
        return kept.assign(rate=np.where(hit, kept["rate"] * factor + 0.01, kept["rate"]))

    def _hits(self, name: str) -> bool:
        return self.only is None or name in self.only

    def _some(self, count: int, share: float) -> BoolArray:
        return np.asarray(self.rng.random(count) < share)

    def _changed(self, future: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
        """Other values at other moments, but never before `t`; some figures never come."""
        kept, rng = future[~self._some(len(future), 0.15)], self.rng
        value = kept["value"].to_numpy(dtype=float)
        if self.flavour == "wild":
            factor = rng.choice([-1.0, 1e6, -1e6, 1e-6, 0.0], size=len(kept))
            value = value * factor + rng.normal(size=len(kept))
        else:
            anchor = _anchors(kept, past)
            # A rate that never moves must not be its own mirror image.
            size = np.abs(value - anchor) + 0.1 * np.abs(anchor) + 0.01
            value = 2.0 * anchor - value + 0.1 * rng.normal(size=len(kept)) * size
        moved = _MINUTE.to_timedelta64() * rng.integers(-5000, 5000, size=len(kept))
        known_at = kept["known_at"] + np.where(self._some(len(kept), 0.5), moved, 0 * moved)
        soonest = self.t + _MINUTE
        return kept.assign(value=value, known_at=known_at.where(known_at > soonest, soonest))

    def _revised(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Later vintages of figures that were known."""
        factor = self.rng.choice([-3.0, 0.2, 1e3], size=len(rows))
        delay = _MINUTE.to_timedelta64() * self.rng.integers(1, 4000, size=len(rows))
        known_at = pd.Series(self.t, index=rows.index) + delay
        return rows.assign(value=rows["value"] * factor + 1.0, known_at=known_at)

    def _added(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Figures about other days, before and after `t`, that become known right after it."""
        chosen = rows[self._some(len(rows), 0.5)]
        days = _DAY.to_timedelta64() * self.rng.integers(-40, 41, size=len(chosen))
        factor = self.rng.choice([-2.0, 0.0, 1e4], size=len(chosen))
        return chosen.assign(
            ref_date=chosen["ref_date"] + days,
            value=chosen["value"] * factor - 1.0,
            known_at=self.t + _MINUTE,
        )


def _anchors(kept: pd.DataFrame, past: pd.DataFrame) -> FloatArray:
    """Last value of each row's series before the cut, or its first one after it."""
    last = past.groupby("series")["value"].last()
    first = kept.groupby("series")["value"].first()
    return kept["series"].map(last.combine_first(first)).to_numpy(dtype=float)


def _elsewhen(
    bars: Bars, later: BoolArray, poison: Poison
) -> Callable[[pd.DataFrame, str], pd.DataFrame]:
    """Build the function that falsifies one field; all fields of a bar are falsified alike."""
    rng, close = poison.rng, bars.close.to_numpy(dtype=float)
    future = close[later]
    begins: BoolArray = np.zeros(future.shape[1], dtype=bool)
    if poison.flavour == "absent":
        factor = np.full(future.shape, np.nan)
    elif poison.flavour == "wild":
        factor = rng.choice([-1.0, 1e6, 1e-6, 0.5, np.nan], size=future.shape)
    else:
        mirror = (_last_close(close, later) / future) ** 2
        factor = mirror * np.exp(0.01 * rng.normal(size=future.shape))
        factor[rng.random(future.shape) < 0.03] = np.nan
        factor[:, rng.random(future.shape[1]) < 0.2] = np.nan
        begins = np.asarray(rng.random(future.shape[1]) < 0.5)
    walk = 50.0 * np.exp(np.cumsum(0.05 * rng.normal(size=future.shape), axis=0))
    invented = np.isnan(future) & begins

    def change(frame: pd.DataFrame, name: str) -> pd.DataFrame:
        if name == "market":
            other = None if poison.flavour == "absent" else "elsewhere"
            return frame.where(frame.isna() | ~later[:, None], other)
        values = frame.to_numpy(dtype=float).copy()
        falsified = values[later] * (1.0 / factor if name == "volume" else factor)
        values[later] = np.where(invented, 1e7 if name == "volume" else walk, falsified)
        return pd.DataFrame(values, index=frame.index, columns=frame.columns)

    return change


def _last_close(close: FloatArray, later: BoolArray) -> FloatArray:
    """Last close of each asset before the cut, or its first one after it."""
    before = pd.DataFrame(close[~later]).ffill().to_numpy()
    last = before[-1] if len(before) else np.full(close.shape[1], np.nan)
    first = pd.DataFrame(close[later]).bfill().to_numpy()[0]
    return np.where(np.isnan(last), first, last)


def _with_listings(
    frames: dict[str, pd.DataFrame], later: BoolArray, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Let two coins begin right after the cut and do better than any other."""
    shape = (int(later.sum()), len(INVENTED))
    steps = np.cumsum(rng.normal(0.05, 0.02, size=shape), axis=0)
    path = np.full((len(later), len(INVENTED)), np.nan)
    path[later] = np.exp(np.minimum(steps, 20.0))
    quiet = np.isnan(path)
    volume, market = np.where(quiet, np.nan, 1e9), np.full(path.shape, "elsewhere", dtype=object)
    market[quiet] = None
    wider = {}
    for name, frame in frames.items():
        values = {"volume": volume, "market": market}.get(name, path)
        extra = pd.DataFrame(values, index=frame.index, columns=list(INVENTED))
        wider[name] = pd.concat([frame, extra], axis=1).sort_index(axis=1)
        wider[name].columns.name = frame.columns.name
    return wider

"""The yardsticks beside every rule.

Those that stand on their own are strategies (:data:`BASELINES`). Two are made from another run's
weights and show what that run is worth beyond its mean exposure and its turnover.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from data.aliases import FloatArray
from data.bars import Bars
from data.canonical import canonical_json
from data.errors import InputError, UnknownName
from data.panel import Panel
from strategies.allocation.base import equally
from strategies.allocation.baskets import BtcOnly, EqualWeight
from strategies.exposure.yardsticks import Constant, Cycle, Trend
from strategies.market import Market
from strategies.overlays.holdings import RebalanceBand
from strategies.overlays.shadow import follow
from strategies.overlays.targets import VolatilityTarget
from strategies.strategy import CASH, Strategy

FAMILY = "baseline"
# A constant weight drifts with every bar; it is set right when it is this far off.
BAND = 0.05

BASELINES: Mapping[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("buy_and_hold", "Buy and hold BTC", Constant(), BtcOnly(), family=FAMILY),
        Strategy(
            "equal_weight",
            "Equal-weight basket of the point-in-time universe",
            Constant(),
            EqualWeight(),
            (RebalanceBand(width=0.02),),
            family=FAMILY,
        ),
        Strategy(
            "volatility_target",
            "BTC at a volatility of 40% a year",
            Constant(),
            BtcOnly(),
            (VolatilityTarget(target=0.4, days=60), RebalanceBand(width=BAND)),
            family=FAMILY,
        ),
        Strategy("trend_200", "BTC above its 200-day mean", Trend(), BtcOnly(), family=FAMILY),
        Strategy(
            "four_year_cycle",
            "Four-year cycle: out of BTC in the year after the top",
            Cycle(),
            BtcOnly(),
            family=FAMILY,
        ),
        Strategy("cash", "Cash", Constant(gross=0.0), BtcOnly(), family=FAMILY),
    )
}


def baseline(name: str) -> Strategy:
    """Return the baseline of that name.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if name not in BASELINES:
        raise UnknownName("baseline", name, BASELINES)
    return BASELINES[name]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Weights made from another run's weights; they cannot be traded.

    Parameters
    ----------
    name, title : str
        For reports.
    config : mapping
        What it was made from, as JSON types.
    weights : DataFrame
        Decision time x assets and CASH; rows sum to one, NaN rows are no order.
    hindsight : bool
        True: it uses the run's whole sample, so that nobody could have held it.
    """

    name: str
    title: str
    config: Mapping[str, Any]
    weights: pd.DataFrame = field(repr=False, compare=False)
    hindsight: bool = True
    family: str = FAMILY

    @property
    def config_hash(self) -> str:
        """SHA-256 of `config` as canonical JSON, 64 hex digits."""
        return hashlib.sha256(canonical_json(self.config).encode()).hexdigest()

    @property
    def inputs(self) -> tuple[str, ...]:
        """No series of its own: it is given."""
        return ()

    def target_weights(self, panel: Panel, bars: Bars) -> pd.DataFrame:  # noqa: ARG002
        """Return the weights at ``panel.times``; times outside the run hold no order."""
        return self.weights.reindex(panel.times)


def exposure_matched(
    weights: pd.DataFrame, panel: Panel, bars: Bars, *, of: str, start: pd.Timestamp
) -> Yardstick:
    """Return holdings as large as a run's on average, but the same on every day.

    Parameters
    ----------
    weights : DataFrame
        The run's target weights at ``panel.times``; a row of NaN carries the one before.
    panel, bars
        What the run looked at.
    of : str
        Name of the run.
    start : Timestamp
        First decision time of the run; there is no order before it.

    Returns
    -------
    Yardstick
        BTC at the run's mean weight in BTC; the run's mean weight in all altcoins together,
        spread equally over the altcoins of the point-in-time universe (in BTC where there is
        none); rebalanced where a weight is off by :data:`BAND`. It uses the mean over the run's
        whole sample and cannot be traded.

    Raises
    ------
    InputError
        If the run has no row from `start` on.
    """
    held = _in_force(weights, panel, start)
    market = Market(panel, bars)
    rows = np.asarray(panel.times >= start)
    in_btc = float(held[rows, market.btc].mean())
    in_altcoins = float(held[rows].sum(axis=1).mean()) - in_btc
    altcoins = market.universe().copy()
    altcoins[:, market.btc] = False
    target = in_altcoins * equally(altcoins)
    target[:, market.btc] = in_btc + np.where(altcoins.any(axis=1), 0.0, in_altcoins)
    orders = follow(target, rows & market.priced(), [RebalanceBand(width=BAND)], market)
    return Yardstick(
        f"{of}:exposure_matched",
        f"Constant {in_btc + in_altcoins:.0%} exposure, the mean of {of}",
        {"kind": "exposure_matched", "of": of, "btc": in_btc, "altcoins": in_altcoins},
        _table(orders, weights),
    )


def random_timing(
    weights: pd.DataFrame, panel: Panel, bars: Bars, *, of: str, start: pd.Timestamp, seed: int
) -> Yardstick:
    """Return a run's own weights at other times: the same exposure and turnover, no timing.

    The orders from `start` on, days without an order among them, are moved along a circle by a
    number of days drawn with `seed`; the first day carries the order then in force. A weight
    that falls on an asset outside the universe of its new day is held in BTC instead.

    Parameters
    ----------
    weights, panel, bars, of, start
        As in :func:`exposure_matched`.
    seed : int
        Seed of the shift; at least a tenth of the run, either way round.

    Returns
    -------
    Yardstick

    Raises
    ------
    InputError
        If the run has fewer than ten rows from `start` on.
    """
    held, market = _in_force(weights, panel, start), Market(panel, bars)
    rows = np.flatnonzero(panel.times >= start)
    if len(rows) < 10:
        raise InputError(f"{of}: {len(rows)} days from {start:%Y-%m-%d} on are too few to shift")
    least = len(rows) // 10
    shift = int(np.random.default_rng(seed).integers(least, len(rows) - least + 1))
    source = np.roll(rows, shift)
    orders = np.full(held.shape, np.nan)
    silent = weights.isna().any(axis=1).to_numpy()
    moved = held[source]
    stray = np.where(market.universe()[rows], 0.0, moved)
    moved = moved - stray
    moved[:, market.btc] += stray.sum(axis=1)
    moved[silent[source] & (np.arange(len(rows)) > 0)] = np.nan
    orders[rows] = moved
    return Yardstick(
        f"{of}:random_timing:{seed}",
        f"The weights of {of}, moved by {shift} days",
        {"kind": "random_timing", "of": of, "seed": seed, "shift": shift},
        _table(orders, weights),
    )


def _in_force(weights: pd.DataFrame, panel: Panel, start: pd.Timestamp) -> FloatArray:
    """Return the run's weights (times x assets without cash), the last order carried on."""
    if not weights.index.equals(panel.times):
        raise InputError("weights and panel differ in their decision times")
    if not len(weights.loc[start:]):
        raise InputError(f"there is no decision from {start:%Y-%m-%d} on")
    held: FloatArray = weights.drop(columns=CASH).ffill().fillna(0.0).to_numpy(dtype=float)
    return held


def _table(orders: FloatArray, like: pd.DataFrame) -> pd.DataFrame:
    table = np.column_stack([orders, 1.0 - orders.sum(axis=1)])
    return pd.DataFrame(table, index=like.index, columns=like.columns)

"""One decision of a strategy: what the paper loop and the feed act on, as the backtest took it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from data.aliases import BoolArray
from data.catalogue import series as series_spec
from data.errors import InputError
from data.panel import FIRST_DECISION, Panel, decision_times
from data.snapshot import Snapshot
from strategies.explain import decision_row, in_words, reasons_of, silence
from strategies.market import BTC, Market
from strategies.strategy import Path, Strategy, WeightRule, weights_of

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StaleInput:
    """An input that says nothing at a decision time.

    Parameters
    ----------
    name : str
        Series, or ``BTC`` for its daily bar.
    ref_date : date or None
        Day that the newest known figure or bar is about; None: nothing was known yet.
    age_days : float or None
        Days from there to the decision time.
    max_age_days : int
        Age in days from which on it counts no more.
    """

    name: str
    ref_date: date | None
    age_days: float | None
    max_age_days: int

    def __str__(self) -> str:
        if self.ref_date is None:
            return f"{self.name}: nothing was known yet"
        return (
            f"{self.name}: the newest is of {self.ref_date}, {self.age_days:.0f} days old, "
            f"and counts for {self.max_age_days}"
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a strategy decided at one decision time, on what was known then.

    Parameters
    ----------
    strategy : str
        Name of the strategy.
    decision_time : Timestamp
        00:00 UTC of a day; what becomes known later has no part in it.
    data_as_of : Timestamp
        Close of the last BTC bar that was known: the `decision_time` where prices are fresh.
    weights : mapping of str to float, or None
        Target weight of every asset of the bars and of ``CASH``; None: no order, holdings stay
        as they are.
    target : mapping of str to float, or None
        The last weights given up to and with this decision; None before the first order.
    known : bool
        Whether the strategy could be computed; if not, `weights` is None or rests on an overlay
        alone, such as a stop.
    known_on : Timestamp or None
        The last decision time up to this one at which it could be computed.
    silence : str
        Why there is no order, in words; empty where there is one.
    reason : str
        Stage, gauges against their levels, and figures with their ages, in words.
    config_hash, snapshot_id : str
        What it depends on.
    stale : tuple of StaleInput
        Inputs that say nothing. A strategy may do without: `known` tells.
    """

    strategy: str
    decision_time: pd.Timestamp
    data_as_of: pd.Timestamp
    weights: Mapping[str, float] | None
    target: Mapping[str, float] | None
    known: bool
    known_on: pd.Timestamp | None
    silence: str
    reason: str
    config_hash: str
    snapshot_id: str
    stale: tuple[StaleInput, ...]

    @property
    def has_order(self) -> bool:
        """Whether holdings are to be set to `weights`."""
        return self.weights is not None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Every decision of a strategy over a snapshot, computed in one pass.

    A row rests on what was known at its time alone, so that :meth:`at` of any time is what
    :func:`decide` says on the snapshot cut there.

    Parameters
    ----------
    strategy : WeightRule
        The rule.
    snapshot : Snapshot
        What was looked at.
    market : Market
        The same on the decision times.
    weights : DataFrame
        Target weights (decision time x assets and ``CASH``); a row of NaN is no order.
    path : Path or None
        The strategy's steps; None for a rule that is not made of the project's pieces.
    """

    strategy: WeightRule
    snapshot: Snapshot
    market: Market
    weights: pd.DataFrame
    path: Path | None
    _known: BoolArray = field(init=False, repr=False, compare=False)
    _ordered: BoolArray = field(init=False, repr=False, compare=False)
    _fresh: BoolArray = field(init=False, repr=False, compare=False)  # times x inputs that age

    def __post_init__(self) -> None:
        panel, aging = self.market.panel, _aging(self.strategy)
        fresh = np.ones((len(self.times), len(aging)), dtype=bool)
        for column, series in enumerate(aging):
            fresh[:, column] = panel.last(series).notna().to_numpy()
        ordered = ~np.isnan(self.weights.to_numpy(dtype=float)).any(axis=1)
        if self.path is not None:
            known = ~np.isnan(self.path.wanted).any(axis=1)
        else:
            known = ordered | (self.market.priced() & fresh.all(axis=1))
        object.__setattr__(self, "_fresh", fresh)
        object.__setattr__(self, "_ordered", ordered)
        object.__setattr__(self, "_known", known)

    @property
    def times(self) -> pd.DatetimeIndex:
        """Decision times."""
        return self.market.times

    def at(self, t: pd.Timestamp) -> Decision:
        """Return the decision of a decision time.

        Raises
        ------
        InputError
            If `t` is no decision time of the snapshot.
        """
        row = decision_row(self.times, t)
        closes = self.snapshot.daily.close[BTC].loc[:t]
        last = closes.last_valid_index()
        assert last is None or isinstance(last, pd.Timestamp)
        stale = self._stale(row, last)
        given = np.flatnonzero(self._ordered[: row + 1])
        computed = np.flatnonzero(self._known[: row + 1])
        return Decision(
            strategy=self.strategy.name,
            decision_time=t,
            data_as_of=t.floor("D") if last is None else last,
            weights=self._row(row) if self._ordered[row] else None,
            target=self._row(int(given[-1])) if len(given) else None,
            known=bool(self._known[row]),
            known_on=self.times[computed[-1]] if len(computed) else None,
            silence=self._silence(row),
            reason=self._reason(row),
            config_hash=self.strategy.config_hash,
            snapshot_id=self.snapshot.snapshot_id,
            stale=stale,
        )

    def _row(self, row: int) -> dict[str, float]:
        values = self.weights.iloc[row].to_numpy(dtype=float).tolist()
        return dict(zip(map(str, self.weights.columns), values, strict=True))

    def _stale(self, row: int, last: pd.Timestamp | None) -> tuple[StaleInput, ...]:
        found, panel, t = [], self.market.panel, self.times[row]
        for column, series in enumerate(_aging(self.strategy)):
            if self._fresh[row, column]:
                continue
            about, limit = panel.ref_date(series).iloc[row], series_spec(series).max_age_days
            if pd.isna(about):
                found.append(StaleInput(series, None, None, limit))
            else:
                age = float(panel.age(series).iloc[row])
                found.append(StaleInput(series, about.date(), age, limit))
        if last is None or last < t:
            opened = None if last is None else last - DAY
            age_days = None if opened is None else float((t - opened) / DAY)
            found.append(StaleInput(BTC, None if opened is None else opened.date(), age_days, 1))
        return tuple(found)

    def _silence(self, row: int) -> str:
        if self.path is not None and isinstance(self.strategy, Strategy):
            return silence(self.strategy, self.path, self.market, row)
        if self._ordered[row]:
            return ""
        early = not self._ordered[:row].any()
        return "no order yet" if early else "no order, the last target stands"

    def _reason(self, row: int) -> str:
        if self.path is not None and isinstance(self.strategy, Strategy):
            return in_words(reasons_of(self.strategy, self.path, self.market, row))
        return f"{self.strategy.title}: the rule itself gives no reasons"


def decisions(
    strategy: WeightRule, snapshot: Snapshot, until: pd.Timestamp | None = None
) -> Decisions:
    """Return every decision of a strategy over a snapshot, for replays.

    Parameters
    ----------
    strategy : WeightRule
        The rule; the weights of a :class:`~strategies.strategy.Strategy` and of a user's own
        rule are those that the backtest runs on.
    snapshot : Snapshot
        What it may look at.
    until : Timestamp, optional
        Last decision time (UTC); by default the snapshot's ``as_of``. It may lie after the last
        price: the days between have no order, since no BTC bar closes on them.

    Raises
    ------
    InputError
        If `until` lies before the first decision time.
    MissingSeries
        If the data lack something that the strategy reads.
    """
    last = until or snapshot.as_of
    if last < FIRST_DECISION:
        raise InputError(f"{last:%Y-%m-%d} lies before the first decision, {FIRST_DECISION.date()}")
    panel = Panel(snapshot.observations, decision_times(last))
    market = Market(panel, snapshot.daily, snapshot.funding)
    if isinstance(strategy, Strategy):
        path = strategy.path(market)
        return Decisions(strategy, snapshot, market, path.table(market), path)
    weights = weights_of(strategy, panel, snapshot.daily, snapshot.funding)
    return Decisions(strategy, snapshot, market, weights, None)


def decide(strategy: WeightRule, snapshot: Snapshot, at: pd.Timestamp) -> Decision:
    """Return what a strategy decides at a moment.

    Parameters
    ----------
    strategy : WeightRule
        The rule.
    snapshot : Snapshot
        The data; what was not known at the decision time is cut off before anything is computed.
    at : Timestamp
        An instant (UTC); the decision is that of 00:00 UTC of its day.

    Returns
    -------
    Decision
        The last row of the strategy's target weights over ``snapshot.until(day)``: to the bit
        the row of that day in a backtest that knows more. A backtest that begins there holds
        `target` from its first row on, see :func:`strategies.strategy.from_start`.

    Raises
    ------
    InputError
        If `at` has no time zone or lies before the first decision time.
    MissingSeries
        If the data lack something that the strategy reads.
    """
    if at.tzinfo is None:
        raise InputError(f"{at} has no time zone: give for instance 2025-11-04T00:00Z")
    day = at.tz_convert("UTC").floor("D").as_unit("us")
    return decisions(strategy, snapshot.until(day), day).at(day)


def _aging(strategy: WeightRule) -> list[str]:
    """Return the inputs that age: what is announced for a date stands until then."""
    return [
        name
        for name in strategy.inputs
        if series_spec(name).release.counted != "announcement" and series_spec(name).last is None
    ]

"""From a strategy's decisions to the feed's signals: validity, staleness, what is left then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from backtests.provenance import run_id
from data.catalogue import series as series_spec
from data.errors import TooShort
from data.schedule import Schedule
from data.snapshot import Snapshot
from paper.feed_signal import Action, FeedSignal, State
from strategies.decision import Decision, Decisions, decisions
from strategies.feed_terms import DEFAULT_TERMS, FeedTerms
from strategies.market import BTC
from strategies.strategy import CASH, Strategy, WeightRule

DAY = pd.Timedelta(days=1)
# Days that a missing BTC bar is waited for before a held target decays.
PRICE_HOLD_DAYS = 3


def terms_of(strategy: WeightRule) -> FeedTerms:
    """Return a strategy's terms; a user's own rule has the default ones."""
    return strategy.feed if isinstance(strategy, Strategy) else DEFAULT_TERMS


@dataclass(frozen=True)
class Composer:
    """Turns decisions into signals.

    Parameters
    ----------
    decided : Decisions
        All decisions up to the last that is asked for.
    """

    decided: Decisions

    @cached_property
    def terms(self) -> FeedTerms:
        """The strategy's terms."""
        return terms_of(self.decided.strategy)

    @cached_property
    def run_id(self) -> str:
        """Hash of strategy, data and code."""
        strategy, snapshot = self.decided.strategy, self.decided.snapshot
        return run_id(
            strategy=strategy.name, config=strategy.config, snapshot_id=snapshot.snapshot_id
        )

    @cached_property
    def _origin(self) -> str:
        truth = self.decided.snapshot.truth
        return "" if truth is None else f"SIMULATED DATA (world {truth.world}). "

    @cached_property
    def schedules(self) -> Mapping[str, Schedule]:
        """The schedule of each input that is not announced at no fixed time and has not ended."""
        times = self.decided.times
        specs = [series_spec(name) for name in self.decided.strategy.inputs]
        return {
            spec.id: Schedule(spec, times[0], times[-1])
            for spec in specs
            if spec.release.counted != "announcement" and spec.last is None
        }

    @cached_property
    def valid_until(self) -> pd.DatetimeIndex:
        """The decision after the next scheduled release, plus the grace, for each time."""
        times = self.decided.times
        following = times + DAY
        if self.schedules:
            coming = pd.concat(
                [pd.Series(each.next_after(times)) for each in self.schedules.values()], axis=1
            ).min(axis=1)
            acted_on = pd.DatetimeIndex(coming).ceil("D")
            following = acted_on.where(acted_on > following, following)
        days = self._decision_days(times[0], following.max() + 8 * DAY)
        return days[days.searchsorted(following)] + self.terms.grace

    @cached_property
    def due(self) -> pd.DataFrame:
        """When the figure after the newest known one was to come (times x inputs)."""
        panel = self.decided.market.panel
        return pd.DataFrame(
            {
                name: schedule.due_after(pd.DatetimeIndex(panel.ref_date(name)))
                for name, schedule in self.schedules.items()
            },
            index=self.decided.times,
        )

    @cached_property
    def hold_until(self) -> pd.DatetimeIndex:
        """Last decision time that the newest known figures, or prices, are young enough for."""
        panel, times = self.decided.market.panel, self.decided.times
        ends = [
            panel.ref_date(name) + series_spec(name).max_age_days * DAY for name in self.schedules
        ]
        if not ends:
            return times + PRICE_HOLD_DAYS * DAY
        last = pd.DatetimeIndex(pd.concat(ends, axis=1).min(axis=1)).tz_localize("UTC")
        return last.where(last > times, times)

    def signal(self, t: pd.Timestamp, before: FeedSignal | None) -> FeedSignal:
        """Return the signal of a decision time.

        Parameters
        ----------
        t : Timestamp
            Decision time.
        before : FeedSignal or None
            The signal before it in the feed; None at a feed's begin.

        Raises
        ------
        TooShort
            If the strategy has given no order up to then.
        """
        decision = self.decided.at(t)
        if decision.target is None:
            raise TooShort(
                f"{decision.strategy} has given no order up to {t:%Y-%m-%d}: there is no target "
                "to export yet"
            )
        row = int(self.decided.times.searchsorted(t))
        state, share, why = self._staleness(decision, row)
        weights = _scaled(decision.target, share)
        if before is not None:
            left = {name: 0.0 for name in before.targets if name not in weights}
            weights = dict(sorted({**weights, **left}.items()))
        return FeedSignal(
            strategy=decision.strategy,
            run_id=self.run_id,
            decision_time=t,
            data_as_of=decision.data_as_of,
            valid_from=t,
            valid_until=t + DAY + self.terms.grace if state == "stale" else self.valid_until[row],
            hold_until=self.hold_until[row],
            state=state,
            action=_action(decision, weights, share, before),
            weights=weights,
            quotes=self._quotes(weights, decision.data_as_of),
            reason=f"{self._origin}{why}{decision.reason}",
            config_hash=decision.config_hash,
            snapshot_id=decision.snapshot_id,
        )

    def _staleness(self, decision: Decision, row: int) -> tuple[State, float, str]:
        """Return the state, the share of the target that is kept, and why, in words."""
        overdue = self._overdue(row)
        # What has not begun is not late: the strategy may do without it.
        old = [item for item in decision.stale if item.ref_date is not None or not decision.known]
        if not overdue and not old:
            return "fresh", 1.0, ""
        late = max((days for days, _ in overdue), default=0)
        share = self.terms.kept(late, _days_over(decision))
        faults = "; ".join([*map(str, old), *(text for _, text in overdue)])
        kept = f"on_stale = {self.terms.on_stale} keeps {share:.0%} of the target"
        return "stale", share, f"STALE ({faults}): {kept}. "

    def _overdue(self, row: int) -> list[tuple[int, str]]:
        """Return by how many days which inputs are late, and in words."""
        now, found = self.decided.times[row], []
        for name in self.schedules:
            due = self.due[name].iloc[row]
            if not pd.isna(due) and due + self.terms.grace <= now:
                days = math.ceil((now - due - self.terms.grace) / DAY)
                found.append((max(days, 1), f"{name} was due on {due:%Y-%m-%d %H:%M} UTC"))
        return found

    def _decision_days(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
        days = pd.date_range(first, last, freq="D", unit="us")
        strategy = self.decided.strategy
        if isinstance(strategy, Strategy):
            days = days[np.asarray(strategy.decision_days(days))]
        return days

    @cached_property
    def _markets(self) -> pd.DataFrame:
        """Venue and quote of each asset's last bar at each close."""
        return self.decided.snapshot.daily.market.ffill()

    def _quotes(self, weights: Mapping[str, float], at: pd.Timestamp) -> dict[str, str]:
        """Return the currency that each asset's last bar up to then was priced in."""
        row = int(self._markets.index.searchsorted(at, side="right")) - 1
        venues = {
            name: self._markets[name].iloc[row] for name in weights if name != CASH and row >= 0
        }
        return {
            name: str(venues[name]).split()[-1] if isinstance(venues.get(name), str) else "USD"
            for name in weights
        }


def composer(strategy: WeightRule, snapshot: Snapshot, until: pd.Timestamp) -> Composer:
    """Return what composes a strategy's signals up to a decision time.

    What was not known at `until` (UTC) is cut off before anything is computed.
    """
    return Composer(decisions(strategy, snapshot.until(until), until))


def later(signal: FeedSignal, valid_from: pd.Timestamp) -> FeedSignal:
    """Return a signal that counts only from a later moment of its day on."""
    return replace(signal, valid_from=valid_from)


def _days_over(decision: Decision) -> int:
    """Return for how many days the inputs have been too old to compute the strategy."""
    if decision.known:
        return 0
    over = [
        item.age_days - item.max_age_days - (PRICE_HOLD_DAYS if item.name == BTC else 0)
        for item in decision.stale
        if item.age_days is not None
    ]
    return max(0, math.ceil(max(over, default=0)))


def _scaled(target: Mapping[str, float], share: float) -> dict[str, float]:
    """Return the weights that are not zero, `share` of each kept and the rest in cash."""
    kept = {name: weight * share for name, weight in target.items() if name != CASH}
    held = {name: weight for name, weight in kept.items() if weight != 0.0}
    cash = target[CASH] if share == 1.0 else 1.0 - sum(held.values())
    return dict(sorted({**held, CASH: cash}.items()))


def _action(
    decision: Decision, weights: Mapping[str, float], share: float, before: FeedSignal | None
) -> Action:
    if before is None or decision.has_order or share < 1.0:
        return "rebalance"
    # After a stretch of stale inputs the holdings are not those that the strategy left.
    moved = {name: weight for name, weight in weights.items() if weight or name == CASH}
    return "rebalance" if moved != before.targets else "keep"

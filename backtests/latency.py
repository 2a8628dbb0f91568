"""What waiting costs: the same targets filled hours later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from backtests.cash import CASH
from backtests.execution import Execution
from backtests.run import run_weights
from data.panel import Panel
from data.snapshot import Snapshot
from strategies.strategy import WeightRule

DELAYS_HOURS = (0, 1, 4, 12, 24, 72)
# Orders that wait for whole days fill at daily opens, so that these need no hourly bars.
WHOLE_DAYS = tuple(hours for hours in DELAYS_HOURS if hours % 24 == 0)
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Delay:
    """What waiting costs one rule, over the window in which hourly bars exist.

    ``end_value`` is the final equity per unit of initial cash, by hours of delay.
    """

    strategy: str
    first: pd.Timestamp
    last: pd.Timestamp
    end_value: Mapping[int, float]

    @property
    def growth(self) -> Mapping[int, float]:
        """Growth a year (365 days) by hours of delay, decimal."""
        years = (self.last - self.first) / pd.Timedelta(days=365)
        return {hours: value ** (1.0 / years) - 1.0 for hours, value in self.end_value.items()}


def hourly_window(snapshot: Snapshot) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last decision time whose delayed orders hourly bars can fill.

    ``None`` where they can fill none.
    """
    # Cut at an early day, the table is there and has no bar yet.
    if snapshot.hourly is None or not len(snapshot.hourly.index):
        return None
    first = snapshot.hourly.index[0].ceil("D")
    last = min(snapshot.hourly.index[-1].floor("D") - 4 * DAY, snapshot.as_of)
    return (first, last) if first < last else None


def has_hourly(
    weights: pd.DataFrame, snapshot: Snapshot, window: tuple[pd.Timestamp, pd.Timestamp]
) -> bool:
    """Whether every asset that targets ask for in a window has hourly bars, and any is asked."""
    inside = weights.loc[window[0] : window[1]].fillna(0.0)
    held = set(weights.columns[(inside != 0).any()]) - {CASH}
    return bool(held) and snapshot.hourly is not None and held <= set(snapshot.hourly.assets)


def delayed(
    rule: WeightRule,
    weights: pd.DataFrame,
    snapshot: Snapshot,
    costs: Execution,
    panel: Panel,
    window: tuple[pd.Timestamp, pd.Timestamp],
    hours: Sequence[int] = DELAYS_HOURS,
) -> Delay:
    """Run a rule's targets at each delay over one window.

    Parameters
    ----------
    rule : WeightRule
        Whose targets they are.
    weights : DataFrame
        Its targets by decision time.
    snapshot, costs, panel
        As in :func:`~backtests.run.run_weights`; the delay in `costs` is not used.
    window : pair of Timestamp
        First and last decision time.
    hours : sequence of int
        Delays; those that are not whole days need hourly bars.
    """
    ends = {
        wait: _end_value(rule, weights.loc[: window[1]], snapshot, costs, panel, window, wait)
        for wait in hours
    }
    return Delay(rule.name, window[0], window[1], ends)


def _end_value(
    rule: WeightRule,
    weights: pd.DataFrame,
    snapshot: Snapshot,
    costs: Execution,
    panel: Panel,
    window: tuple[pd.Timestamp, pd.Timestamp],
    hours: int,
) -> float:
    run = run_weights(
        weights,
        snapshot,
        replace(costs, delay_hours=hours),
        name=rule.name,
        title=rule.title,
        config=rule.config,
        start=window[0],
        end=window[1],
        panel=panel,
    )
    return float(run.simulation.equity.iloc[-1]) / costs.initial_cash

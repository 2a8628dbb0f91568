"""What the audit runs over: signals as functions of a snapshot."""

from __future__ import annotations

import pandas as pd

from data.panel import Panel, decision_times
from data.snapshot import Snapshot
from signals.base import Signal, SignalTable
from signals.registry import SIGNALS, TABLES, signal, table
from signals.trial import Compute


class SharedPanel:
    """The as-of panel of a snapshot, built once as long as the same snapshot is asked for.

    Functions that are audited together share one, and with it each panel.
    """

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._panel: Panel | None = None

    def __call__(self, snapshot: Snapshot) -> Panel:
        """Return the panel of `snapshot` at every daily decision up to its ``as_of``."""
        if self._panel is None or self._snapshot is not snapshot:
            self._panel = Panel(snapshot.observations, decision_times(snapshot.as_of))
            self._snapshot = snapshot
        return self._panel


def of_signal(signal: Signal | SignalTable, shared: SharedPanel) -> Compute:
    """Return a signal or table as a function of a snapshot."""

    def compute(snapshot: Snapshot) -> pd.DataFrame | pd.Series[float]:
        return signal.compute(shared(snapshot))

    return compute


def registered(shared: SharedPanel) -> dict[tuple[str, str], Compute]:
    """Return every registered signal and table, with default parameters.

    Returns
    -------
    dict of (kind, name) to callable
        Kind is ``"signal"`` or ``"table"``: the two may have a name in common.
    """
    return {
        **{("signal", name): of_signal(signal(name), shared) for name in SIGNALS},
        **{("table", name): of_signal(table(name), shared) for name in TABLES},
    }

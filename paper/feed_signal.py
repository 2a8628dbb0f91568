"""One signal of the feed: target weights, how long they count, and why; its rows and its id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pandas as pd

from data.canonical import canonical_json

SCHEMA_VERSION = 1
# The columns of the feed's tables, in this order. An instant is UTC.
COLUMNS = (
    "schema_version",
    "strategy",
    "run_id",
    "signal_id",
    "decision_time",
    "data_as_of",
    "valid_from",
    "valid_until",
    "hold_until",
    "state",
    "action",
    "asset",
    "quote",
    "target_weight",
    "reason",
    "config_hash",
    "snapshot_id",
)
INSTANTS = ("decision_time", "data_as_of", "valid_from", "valid_until", "hold_until")

State: TypeAlias = Literal["fresh", "stale"]
Action: TypeAlias = Literal["rebalance", "keep"]


@dataclass(frozen=True, slots=True)
class FeedSignal:
    """What the feed says at one decision time: one row for each asset.

    Parameters
    ----------
    strategy : str
        Name of the strategy.
    run_id : str
        Hash of configuration, data and code that it was computed with.
    decision_time : Timestamp
        00:00 UTC; what became known later has no part in it.
    data_as_of : Timestamp
        Close of the last BTC bar that was known.
    valid_from : Timestamp
        From when it may be acted on; later than `decision_time` only where it replaces what was
        said of the same decision before its inputs came.
    valid_until : Timestamp
        The decision that follows the next scheduled release of an input, plus the grace.
    hold_until : Timestamp
        Last decision time that the inputs are young enough for, should no newer ones come.
    state : {"fresh", "stale"}
        ``stale``: the inputs are late, and the weights are what the strategy's terms make of the
        last target.
    action : {"rebalance", "keep"}
        ``rebalance``: set the holdings to the weights. ``keep``: leave them as they are; the
        weights are those of the last order, from which prices have moved the holdings.
    weights : mapping of str to float
        Target weights that are not zero, ``CASH`` always among them, and assets at zero that the
        signal before held; they sum to one.
    quotes : mapping of str to str
        Currency that each asset is priced in.
    reason : str
        Which signals, thresholds and figures with their ages, in words.
    config_hash, snapshot_id : str
        What it depends on.
    """

    strategy: str
    run_id: str
    decision_time: pd.Timestamp
    data_as_of: pd.Timestamp
    valid_from: pd.Timestamp
    valid_until: pd.Timestamp
    hold_until: pd.Timestamp
    state: State
    action: Action
    weights: Mapping[str, float]
    quotes: Mapping[str, str]
    reason: str
    config_hash: str
    snapshot_id: str
    signal_id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "signal_id", _identity(self))

    @property
    def targets(self) -> dict[str, float]:
        """The weights that are not zero, ``CASH`` always among them."""
        return {name: weight for name, weight in self.weights.items() if weight or name == "CASH"}

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each asset, by the names of :data:`COLUMNS`."""
        shared = {
            name: getattr(self, name)
            for name in COLUMNS
            if name not in ("schema_version", "asset", "quote", "target_weight")
        }
        return [
            {
                **shared,
                "schema_version": SCHEMA_VERSION,
                "asset": asset,
                "quote": self.quotes[asset],
                "target_weight": weight,
            }
            for asset, weight in self.weights.items()
        ]


def from_rows(rows: Sequence[Mapping[str, Any]]) -> FeedSignal:
    """Return the signal that :meth:`FeedSignal.rows` wrote.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of one signal, instants as timestamps.

    Raises
    ------
    ValueError
        If the rows differ in what they should share, or the id is not that of the content.
    """
    first = rows[0]
    shared = [name for name in COLUMNS if name not in ("asset", "quote", "target_weight")]
    for row in rows:
        differing = next((name for name in shared if row[name] != first[name]), None)
        if differing is not None:
            raise ValueError(f"{row['asset']} differs from {first['asset']} in {differing}")
    found = FeedSignal(
        weights={str(row["asset"]): float(row["target_weight"]) for row in rows},
        quotes={str(row["asset"]): str(row["quote"]) for row in rows},
        **{name: first[name] for name in shared if name not in ("schema_version", "signal_id")},
    )
    if len(found.weights) != len(rows):
        raise ValueError("an asset stands twice")
    if found.signal_id != first["signal_id"]:
        raise ValueError(f"signal_id {first['signal_id']} is not that of its content")
    return found


def _identity(signal: FeedSignal) -> str:
    """Return 16 hex digits that name what is to be done, the same whoever computes it when."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "strategy": signal.strategy,
        "config_hash": signal.config_hash,
        "decision_time": signal.decision_time,
        "valid_from": signal.valid_from,
        "state": signal.state,
        "action": signal.action,
        "weights": {name: float(weight).hex() for name, weight in signal.weights.items()},
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]

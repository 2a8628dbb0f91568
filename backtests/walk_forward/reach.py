"""How far a rule looks back, and how long it holds: what purge and embargo must cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Lengths in days that a piece or its signal looks back over. An expanding window (0) has no end
# and cannot be purged.
LOOK_BACK = ("days", "window", "trend_days", "smooth", "horizon")
# Lengths in days that a piece may go on holding, or staying out, whatever it sees.
HOLDING: Mapping[str, tuple[str, ...]] = {
    "minimum_holding": ("days",),
    "staged_entry": ("stop",),
    "drawdown_stop": ("pause",),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """The longest look-back and holding of some rules.

    Parameters
    ----------
    look_back, holding : int
        Days.
    expanding : bool
        Whether some window begins with the data: what it saw early is never wholly forgotten.
    """

    look_back: int
    holding: int
    expanding: bool

    @property
    def longest(self) -> int:
        """The longer of the two, days."""
        return max(self.look_back, self.holding)


def reach_of(configs: Iterable[Mapping[str, Any]]) -> Reach:
    """Return the longest look-back and holding in resolved configurations.

    Windows inside one piece are added up, because a piece may smooth a change of means: the sum
    is an upper bound. Pieces stand beside each other, so the longest counts.

    Parameters
    ----------
    configs : iterable of mapping
        Rules' ``config``. One that is not made of the project's pieces is read in the same way.
    """
    look_back, holding, expanding = 0, 1, False
    for config in configs:
        for piece in _pieces(config):
            own = HOLDING.get(str(piece.get("kind")), ())
            holding = max([holding, *(int(piece[key]) for key in own if key in piece)])
            windows = list(_windows(piece, own))
            look_back = max(look_back, sum(windows))
            expanding = expanding or 0 in windows
    return Reach(look_back, holding, expanding)


def _pieces(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = [part for value in config.values() for part in _tables(value)]
    return parts or [config]


def _tables(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        return [value]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _windows(piece: Mapping[str, Any], own: tuple[str, ...]) -> Iterable[int]:
    for key, value in piece.items():
        if isinstance(value, Mapping):
            yield from _windows(value, ())
        elif key in LOOK_BACK and key not in own and isinstance(value, int):
            yield value

"""What a broker can do wrong, ordered by name or drawn from a seed.

The simulated broker asks a plan before each call; without one nothing goes wrong. The same seed
and the same calls give the same faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias, get_args

import numpy as np

from data.errors import BadConfig

Fault: TypeAlias = Literal[
    "timeout after accepted",
    "lost before accepted",
    "garbled answer",
    "duplicate",
    "partial",
    "partial then canceled",
    "late reject",
    "reject",
    "insufficient funds",
    "price jump",
    "rate limit",
    "maintenance",
    "clock skew",
    "reset",
]
Call: TypeAlias = Literal["submit", "find", "orders", "quote", "balances", "now"]

FAULTS: frozenset[Fault] = frozenset(get_args(Fault))
_READS: frozenset[Fault] = frozenset({"rate limit", "maintenance", "garbled answer", "reset"})
# Which faults a call can meet; any other that is due goes by without effect.
REACH: Mapping[Call, frozenset[Fault]] = {
    "submit": FAULTS - {"clock skew", "reset"},
    "find": _READS,
    "orders": _READS,
    "quote": _READS | {"price jump"},
    "balances": _READS,
    "now": frozenset({"clock skew"}),
}

Plan: TypeAlias = Callable[[Call], Fault | None]


def calm(call: Call) -> None:
    """Let every call go well."""
    del call


def scripted(*faults: tuple[Call, Fault]) -> Plan:
    """Return a plan of given faults, each met by the next call of its kind.

    Raises
    ------
    BadConfig
        If a call cannot meet its fault.
    """
    for call, fault in faults:
        if fault not in REACH.get(call, frozenset()):
            raise BadConfig(f"faults: the call {call!r} cannot meet {fault!r}")
    waiting = list(faults)

    def next_fault(call: Call) -> Fault | None:
        for number, (due, fault) in enumerate(waiting):
            if due == call:
                del waiting[number]
                return fault
        return None

    return next_fault


def seeded(seed: int | np.random.Generator, rate: float, among: Iterable[Fault] = FAULTS) -> Plan:
    """Return a plan that draws faults at random.

    Parameters
    ----------
    seed : int or Generator
        Where the draws come from.
    rate : float
        Share of calls that meet a fault, from 0 to 1.
    among : iterable of Fault
        Which faults; each is as likely as any other that the call can meet.

    Raises
    ------
    BadConfig
        If the rate is none, or a fault is unknown.
    """
    if not 0.0 <= rate <= 1.0:
        raise BadConfig(f"faults: the rate must be from 0 to 1, got {rate!r}")
    chosen = frozenset(among)
    if chosen - FAULTS:
        raise BadConfig(f"faults: unknown fault {min(chosen - FAULTS)!r}")
    rng = np.random.default_rng(seed)
    possible = {call: sorted(faults & chosen) for call, faults in REACH.items()}

    def draw(call: Call) -> Fault | None:
        due, which = rng.random(2)  # always two, so that the draws do not depend on the outcome
        names = possible[call]
        return names[int(which * len(names))] if names and due < rate else None

    return draw

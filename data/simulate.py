"""Simulated worlds whose truth is known: ``--data simulated:NAME`` or ``simulated:NAME:SEED``.

A world is made of parts that draw from streams of their own (:mod:`data.worlds.streams`): the
Treasury, the balance sheet, the repo market, the SRF, equities, each coin. Links tie them together
by the sizes of :mod:`data.worlds.config`, and the snapshot says which ones were planted.
"""

from __future__ import annotations

from data.snapshot import Snapshot, from_tables
from data.worlds.build import simulated_tables
from data.worlds.config import WORLDS, world

__all__ = ["WORLDS", "simulated"]


def simulated(name: str) -> Snapshot:
    """Return a simulated world.

    Parameters
    ----------
    name : str
        ``"NAME"`` (the world's own seed) or ``"NAME:SEED"``; names: :data:`WORLDS`.

    Returns
    -------
    Snapshot
        With the real release rules, and what was planted in ``truth``. The same name gives the
        same snapshot, whenever and wherever.

    Raises
    ------
    UnknownName
        If there is no such world.
    BadConfig
        If the seed is not a whole number from 0 on.
    """
    tables, truth = simulated_tables(world(name))
    return from_tables(tables, f"simulated:{name}", truth)

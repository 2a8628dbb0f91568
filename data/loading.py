"""Load a snapshot from the store, from tables on disk, or from a simulated world."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data.errors import BadConfig
from data.settings import Settings, settings
from data.snapshot import Snapshot, from_tables
from data.store import Store
from data.tables import read_tables

SIMULATED = "simulated:"


def instant(text: str) -> pd.Timestamp:
    """Parse an instant that states its time zone.

    Raises
    ------
    BadConfig
        If it cannot be parsed or has no time zone.
    """
    try:
        stamp = pd.Timestamp(text)
    except ValueError:
        raise BadConfig(f"{text!r} is not a time: give for instance 2025-11-04T00:00Z") from None
    if stamp.tzinfo is None:
        raise BadConfig(f"{text!r} has no time zone: give for instance 2025-11-04T00:00Z")
    return stamp.tz_convert("UTC").as_unit("us")


def load(
    source: str | None = None,
    as_of: pd.Timestamp | None = None,
    *,
    chosen: Settings | None = None,
) -> Snapshot:
    """Load a snapshot.

    Parameters
    ----------
    source : str, optional
        ``"auto"`` (the store if it holds anything, else the simulated world ``phantom``),
        ``"store"``, a path to tables in the import schema, or ``"simulated:NAME[:SEED]"``.
        Default: the settings'.
    as_of : Timestamp, optional
        Cut everything that was not known at this UTC instant.

    Raises
    ------
    BadConfig
        If the source is none of these.
    TooShort
        If there is no daily BTC bar.
    """
    resolved = chosen or settings(source)
    name = source or resolved.data
    store = Store(resolved.store)
    if name == "auto":
        name = SIMULATED + "phantom" if store.empty else "store"
    if name.startswith(SIMULATED):
        from data.simulate import simulated

        snapshot = simulated(name.removeprefix(SIMULATED))
    elif name == "store":
        if store.empty:
            raise BadConfig(f"{store.folder}: the store is empty: `plumbline data import PATH...`")
        snapshot = from_tables(store.read(), "store")
    elif Path(name).exists():
        snapshot = from_tables(read_tables([Path(name)]), str(name))
    else:
        raise BadConfig(
            f"--data {name!r}: neither auto, store, simulated:NAME nor an existing path"
        )
    return snapshot if as_of is None else snapshot.until(as_of)

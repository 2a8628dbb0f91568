"""Load a snapshot from the store, from tables on disk, or from a simulated world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from data.errors import BadConfig, Incomplete
from data.settings import Settings, settings
from data.snapshot import Snapshot, from_tables
from data.store import Store
from data.tables import read_tables

if TYPE_CHECKING:
    from data.live import Watcher

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
    watcher: Watcher | None = None,
) -> Snapshot:
    """Load a snapshot.

    Parameters
    ----------
    source : str, optional
        ``"auto"`` (the store; where it is empty it is fetched, and only where no publisher can be
        reached the simulated world ``phantom`` stands in), ``"store"``, a path to tables in the
        import schema, or ``"simulated:NAME[:SEED]"``. Default: the settings'.
    as_of : Timestamp, optional
        Cut everything that was not known at this UTC instant.
    chosen : Settings, optional
        In place of the environment's.
    watcher : Watcher, optional
        Told how a fetch goes, if there is one.

    Raises
    ------
    BadConfig
        If the source is none of these.
    SourceError
        If publishers can be reached and nothing could be fetched.
    TooShort
        If there is no daily BTC bar.
    """
    resolved = chosen or settings(source)
    name = source or resolved.data
    store = Store(resolved.store)
    if name == "auto":
        name = "store" if not store.empty or _filled(resolved, watcher) else SIMULATED + "phantom"
    if name.startswith(SIMULATED):
        from data.simulate import simulated

        snapshot = simulated(name.removeprefix(SIMULATED))
    elif name == "store":
        if store.empty:
            raise BadConfig(
                f"{store.folder}: the store is empty: `plumbline data fetch`, or "
                "`plumbline data import PATH...`"
            )
        snapshot = from_tables(store.read(), "store")
    elif Path(name).exists():
        snapshot = from_tables(read_tables([Path(name)]), str(name))
    else:
        raise BadConfig(
            f"--data {name!r}: neither auto, store, simulated:NAME nor an existing path"
        )
    return snapshot if as_of is None else snapshot.until(as_of)


def _filled(chosen: Settings, watcher: Watcher | None) -> bool:
    """Fetch into the empty store; False where there is no network to fetch from."""
    if chosen.offline:
        return False
    from data.credentials import fred_key
    from data.live import fetch_live, network

    if not network(chosen):
        return False
    report = fetch_live(chosen, watcher=watcher, fred_key=fred_key(chosen.home))
    if Store(chosen.store).empty:
        told = next((one.error for one in report.sources if one.error), "no source has any rows")
        raise Incomplete(f"nothing could be fetched: {told}")
    return True

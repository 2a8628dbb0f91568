"""Bring the store up to date from the publishers and exchanges of the settings."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import date
from typing import Protocol

import pandas as pd
from pydantic import SecretStr

from data.errors import BadConfig
from data.fetch_plan import plan
from data.fetching import FetchReport, fetch
from data.lock import writing
from data.raw import RawArchive
from data.settings import Settings
from data.sources.archive import discard
from data.sources.clock import Clock
from data.sources.registry import ADDRESSES, configured
from data.sources.retry import Patience
from data.sources.web import Client, reachable
from data.store import Held, Store

PROBE_SECONDS = 5.0
_LOCK_SECONDS = 1.0


class Watcher(Protocol):
    """Who is told how a fetch goes."""

    def begin(self, sources: Collection[str]) -> None:
        """Sources that will be asked, by name."""
        ...

    def progress(self, source: str, rows: int, last: pd.Timestamp | None) -> None:
        """Rows compared so far and the last day met; called from several threads."""
        ...

    def end(self, report: FetchReport) -> None:
        """What came of it."""
        ...


def fetch_live(
    chosen: Settings,
    *,
    only: Collection[str] = (),
    since: date | None = None,
    dry_run: bool = False,
    watcher: Watcher | None = None,
    fred_key: SecretStr | None = None,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> FetchReport:
    """Fetch what is new from every source, or from some of them.

    Parameters
    ----------
    chosen : Settings
        Addresses, markets, and where the store and the raw answers are.
    only, since
        As for :func:`data.fetch_plan.plan`.
    dry_run : bool
        Ask and compare, but write nothing: neither to the store nor to the raw answers.
    watcher : Watcher, optional
        Told how it goes.
    fred_key : SecretStr, optional
        With it vintages come through FRED's interface.
    clock, patience : optional
        How to wait.

    Raises
    ------
    BadConfig, UnknownName
        For settings or names that cannot be, or where the settings say that there is no network.
    Locked
        If another fetch is under way.
    StoreError
        If the store cannot be read or written.
    """
    if chosen.offline:
        raise BadConfig("offline is set (PLUMBLINE_OFFLINE or plumbline.toml): nothing is fetched")
    sources, store = configured(chosen, fred_key), Store(chosen.store)
    archive = discard if dry_run else RawArchive(chosen.raw).keep
    alone = writing(chosen.raw, _LOCK_SECONDS, "fetching") if not dry_run else nullcontext()
    with alone, Client(archive=archive, clock=clock, patience=patience) as client:
        held = Held({}, {}) if store.empty else store.hold()
        tasks = plan(sources, held.tables, store.fetched, only=only, since=since)
        if watcher is not None:
            watcher.begin([task.source.name for task in tasks])
        told = None if watcher is None else watcher.progress
        report = fetch(tasks, store, client, held=held, dry_run=dry_run, progress=told)
    if watcher is not None:
        watcher.end(report)
    return report


def network(chosen: Settings) -> bool:
    """Tell whether a publisher answers within :data:`PROBE_SECONDS`."""
    if chosen.offline:
        return False
    return reachable({**ADDRESSES, **chosen.sources}.values(), PROBE_SECONDS)

"""``plumbline data``: what is in the store, and how it gets there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.commands import fetch
from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    from data.status import MarketStatus, Quarantined, SeriesStatus

app = typer.Typer(help="Fetch, import and look at what is there.", no_args_is_help=True)
app.command("fetch")(fetch.command)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Tables, or directories of them.")],
    json: JsonOption = False,
) -> None:
    """Check the user's own tables and merge them into the store, in one commit."""
    import pandas as pd

    from data.settings import settings
    from data.store import Store
    from data.tables import read_tables
    from plumbline.options import print_json, print_table

    tables = read_tables(paths)
    store = Store(settings().store)
    changes = store.add(tables, pd.Timestamp.now("UTC"))
    if json:
        print_json({"store": store.folder, "changes": changes, **_identity(store)})
        return
    rows = [
        (change.table, f"{change.new:,}", f"{change.same:,}", f"{change.revised:,}")
        for change in changes
    ]
    print_table(f"Imported into {store.folder}", ("table", "new", "same", "revised"), rows)
    print(f"snapshot {_identity(store)['snapshot_id']}")


def _identity(store: object) -> dict[str, str]:
    from data.store import Store

    assert isinstance(store, Store)
    return {"snapshot_id": store.manifest()["snapshot_id"]}


@app.command()
def status(data: DataOption = None, as_of: AsOfOption = None, json: JsonOption = False) -> None:
    """List each series and market: first, last, rows, age, source, gaps; and what is set aside."""
    from data.status import market_status, quarantine, series_status
    from plumbline.options import print_json, snapshot_of

    snapshot = snapshot_of(data, as_of, live=True)
    series, markets = series_status(snapshot), market_status(snapshot)
    aside = quarantine(snapshot.source)
    if json:
        print_json(
            {
                "source": snapshot.source,
                "snapshot_id": snapshot.snapshot_id,
                "as_of": snapshot.as_of,
                "series": series,
                "markets": markets,
                "quarantine": aside,
            }
        )
        return
    print(f"{snapshot.source}, snapshot {snapshot.snapshot_id}, as of {snapshot.as_of}")
    _print_status(series, markets, aside)


def _print_status(
    series: list[SeriesStatus], markets: list[MarketStatus], aside: list[Quarantined]
) -> None:
    from plumbline.options import print_table

    print_table(
        "Series",
        ("series", "unit", "first", "last", "rows", "age (days)", "state", "source", "gaps"),
        [
            (
                row.series,
                row.unit,
                str(row.first),
                str(row.last),
                f"{row.rows:,}",
                f"{row.age_days:,}",
                row.state,
                row.source,
                row.gap_text,
            )
            for row in series
        ],
    )
    print_table(
        "Markets",
        ("asset", "bars", "first", "last", "rows", "age (days)", "state", "market", "gaps"),
        [
            (
                row.asset,
                row.timeframe,
                str(row.first),
                str(row.last),
                f"{row.rows:,}",
                f"{row.age_days:,}",
                row.state,
                row.market,
                row.gap_text,
            )
            for row in markets
        ],
    )
    if aside:
        print_table(
            "Quarantined: told differently elsewhere, or refused; not in use",
            ("what", "when", "source", "offered", "in use", "why"),
            [(row.name, row.at, row.source, row.offered, row.stored, row.why) for row in aside],
        )


@app.command()
def verify(json: JsonOption = False) -> None:
    """Check every byte and every row of the store; exit status 1 and a line for each fault."""
    from data.raw import RawArchive
    from data.settings import settings
    from data.store import Store
    from data.verify import verify as checked
    from plumbline.options import print_json

    chosen = settings()
    store = Store(chosen.store)
    found = checked(store, RawArchive(chosen.raw))
    if json:
        print_json({"store": store.folder, "ok": not found.faults, "found": found})
    else:
        for fault in found.faults:
            print(fault.line)
        for name in found.leftovers:
            print(f"{name}: left by an interrupted write; the next one removes it")
        if not found.faults:
            answers = f", {found.answers:,} raw answers" if found.answers else ""
            counted = f"{found.files} tables, {found.rows:,} rows{answers}"
            print(f"{store.folder}: {counted}: all holds")
    if found.faults:
        raise typer.Exit(1)


@app.command()
def export(
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty directory, or an earlier export.")
    ],
    json: JsonOption = False,
) -> None:
    """Write the store as tables that `--data DIR` and `data import DIR` read."""
    from data.export import export as write
    from data.settings import settings
    from data.store import Store
    from plumbline.options import print_json

    identity = write(Store(settings().store), target)
    if json:
        print_json({"folder": target, "snapshot_id": identity})
    else:
        print(f"Exported to {target}, snapshot {identity}")

"""``plumbline data fetch``: bring the store up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from plumbline.options import JsonOption


def command(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A source, a series, an asset, or a kind such as 'prices'; may be repeated."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Ask from this day on, whatever is stored.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask and compare, but store nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Fetch what is new from the publishers and exchanges; exit status 1 where some failed."""
    from data.live import fetch_live
    from data.secrets import fred_key
    from data.settings import settings
    from plumbline.fetch_display import FetchDisplay, print_report
    from plumbline.options import day, print_json

    first = day(since)
    chosen, display = settings(), FetchDisplay()
    try:
        report = fetch_live(
            chosen,
            only=only or (),
            since=None if first is None else first.date(),
            dry_run=dry_run,
            watcher=display,
            fred_key=fred_key(chosen.home),
        )
    finally:
        display.close()
    if json:
        print_json(
            {
                "complete": report.complete,
                "dry_run": dry_run,
                "snapshot_id": report.snapshot_id,
                "sources": report.sources,
            }
        )
    else:
        print_report(report, dry_run=dry_run)
    if not report.complete:
        raise typer.Exit(1)

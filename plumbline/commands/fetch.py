"""``plumbline data fetch``: bring the store up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.options import JsonOption

if TYPE_CHECKING:
    from data.fetching import FetchReport

# Problems of one kind and source that are spelt out; the rest are counted.
_LISTED = 3


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
    from data.credentials import fred_key
    from data.live import fetch_live
    from data.settings import settings
    from plumbline.fetch_display import FetchDisplay
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
        _print(report, dry_run=dry_run)
    if not report.complete:
        raise typer.Exit(1)


def _print(report: FetchReport, *, dry_run: bool) -> None:
    """Print what came of each source, and what the user should know."""
    from plumbline.options import print_table

    rows = [
        (
            one.source,
            f"{one.new:,}",
            f"{one.same:,}",
            f"{one.revised:,}",
            f"{one.dated:,}",
            f"{one.quarantined:,}",
            f"{one.gaps:,}",
            "failed" if one.error else "ok",
        )
        for one in report.sources
    ]
    header = ("source", "new", "same", "revised", "dated", "quarantined", "gaps", "state")
    print_table("Fetched" if not dry_run else "Dry run: nothing is stored", header, rows)
    for line in _notes(report):
        print(line)
    failed = sum(one.error is not None for one in report.sources)
    if failed:
        print(f"{failed} of {len(report.sources)} sources are incomplete; run it again")
    if report.snapshot_id is not None:
        print(f"snapshot {report.snapshot_id}")


def _notes(report: FetchReport) -> list[str]:
    """Return one line for each thing to know, the first few of a kind from each source."""
    lines = []
    for one in report.sources:
        by_kind: dict[str, list[str]] = {}
        for problem in one.problems:
            if problem.text != one.error:
                by_kind.setdefault(problem.kind, []).append(f"{problem.what}: {problem.text}")
        for kind, texts in by_kind.items():
            lines += [f"{kind}: {text}" for text in texts[:_LISTED]]
            if more := len(texts) - _LISTED:
                lines += [f"{kind}: and {more} more of {one.source}"] if more > 0 else []
    return lines

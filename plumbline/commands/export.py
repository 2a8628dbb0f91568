"""``plumbline signals export``: a strategy's targets as a feed for others to act on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.options import DataOption, JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from data.snapshot import Snapshot
    from paper.feed import Export


def command(
    strategy: Annotated[
        str, typer.Option("--strategy", help="A variant, a .toml file, or module:object.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the feed; one for each strategy.")],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="The moment: a day (00:00 UTC) or an instant with zone. Default: now for the "
            "store, the last day with prices for tables on disk and simulated worlds.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="Fill in the days from then on.")
    ] = None,
    data: DataOption = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook",
            metavar="URL",
            envvar="PLUMBLINE_WEBHOOK",
            show_envvar=False,
            help="Send latest.json there too (or PLUMBLINE_WEBHOOK, which no process list shows).",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Add the target weights of a moment to a feed of CSV, Parquet and latest.json."""
    from data.settings import settings
    from paper.feed import export
    from paper.webhook import checked_address
    from plumbline.options import day, snapshot_of
    from strategies.loading import load_strategy

    rule = load_strategy(strategy, settings().home)
    if webhook is not None:
        checked_address(webhook)
    snapshot = snapshot_of(data, None, live=True)
    done = export(rule, snapshot, _moment(at, snapshot), out, since=day(since))
    pushed = None if webhook is None else _push(out, webhook)
    if json:
        _print_json(out, done, pushed)
    else:
        _print(out, done)
    if pushed is not None and pushed != "sent":
        print(f"the feed is written; {pushed}; run this again to send it", file=sys.stderr)
        raise typer.Exit(1)


def _moment(at: str | None, snapshot: Snapshot) -> pd.Timestamp:
    from data.loading import instant
    from data.sources.clock import SystemClock
    from plumbline.options import day

    if at is None:
        return SystemClock().now() if snapshot.source == "store" else snapshot.as_of
    if len(at) <= len("2025-11-04"):
        found = day(at)
        assert found is not None
        return found
    return instant(at)


def _push(folder: Path, url: str) -> str:
    """Send the feed's head; return ``sent``, or what went wrong."""
    from data.errors import SourceError
    from paper.webhook import push

    try:
        push(folder, url)
    except SourceError as error:
        return str(error)
    return "sent"


def _print_json(folder: Path, done: Export, pushed: str | None) -> None:
    import json

    from paper.feed_files import LATEST
    from plumbline.options import print_json

    head: dict[str, Any] = json.loads((folder / LATEST).read_text(encoding="utf-8"))
    print_json(
        {
            "outcome": done.outcome,
            "added": done.added,
            "note": done.note,
            "folder": folder,
            "webhook": pushed,
            "latest": head,
        }
    )


def _print(folder: Path, done: Export) -> None:
    from plumbline.options import print_table

    signal = done.signal
    print(
        f"{signal.strategy}, decision of {signal.decision_time:%Y-%m-%d} 00:00 UTC: "
        f"{signal.state}, {signal.action}"
    )
    print_table(
        "Target weights",
        ("asset", "target", "quote"),
        [
            (asset, f"{100 * weight:.2f}%", signal.quotes[asset])
            for asset, weight in signal.weights.items()
        ],
    )
    print(signal.reason)
    print(f"valid until {signal.valid_until:%Y-%m-%d %H:%M} UTC; signal {signal.signal_id}")
    signals = "signal" if done.added == 1 else "signals"
    print(
        f"{folder}: nothing to add"
        if done.outcome == "unchanged"
        else f"{folder}: {done.added} {signals} added, {len(done.feed.signals)} in all"
    )
    if done.note:
        print(done.note)

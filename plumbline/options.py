"""Options and output that the commands share. Heavy imports happen inside the functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from data.snapshot import Snapshot

DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="SOURCE",
        help="auto (the store, fetched if it is empty; with no network the simulated world "
        "phantom), store, a path to tables, or simulated:NAME[:SEED].",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Use only what was known at this instant (with zone)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

PerpetualOption = Annotated[
    list[str] | None,
    typer.Option(
        "--perpetual",
        help="A coin to trade as a perpetual that pays funding; repeatable, or all.",
    ),
]
VenueOption = Annotated[
    str | None,
    typer.Option(
        "--funding-venue",
        metavar="VENUE",
        help="Venue of the funding rates; by default that whose rates of the coin begin first.",
    ),
]


def perpetuals_of(
    asked: Sequence[str] | None, venue: str | None, snapshot: Snapshot
) -> tuple[str, ...]:
    """Return the coins to trade as perpetuals; each must have funding rates, at the venue named.

    Raises
    ------
    BadConfig
        If a venue is named and no perpetual.
    MissingSeries
        If there are no funding rates.
    UnknownName
        A venue or a coin that there are none of.
    """
    from data.errors import BadConfig, MissingSeries, UnknownName

    if not asked:
        if venue is not None:
            raise BadConfig(f"--funding-venue {venue}: give --perpetual COIN with it")
        return ()
    if snapshot.funding is None:
        raise MissingSeries("funding", "a perpetual")
    rates = snapshot.funding[["symbol", "venue"]].astype(str).drop_duplicates()
    if venue is not None:
        if venue not in set(rates["venue"]):
            raise UnknownName("venue of funding", venue, sorted(set(rates["venue"])))
        rates = rates[rates["venue"] == venue]
    coins = tuple(sorted(set(rates["symbol"])))
    names = coins if "all" in asked else tuple(sorted({name.upper() for name in asked}))
    for name in names:
        if name not in coins:
            raise UnknownName("perpetual", name, coins)
    return names


def snapshot_of(data: str | None, as_of: str | None, *, live: bool = False) -> Snapshot:
    """Load the snapshot that the options ask for; say loudly when it is simulated.

    Parameters
    ----------
    data, as_of : str, optional
        The values of the options.
    live : bool
        Show the sealed holdout too: for commands that tell what is known today and evaluate
        nothing. All others see the data as far as a seal that is in force lets them.
    """
    from backtests.trials.holdout import cut
    from backtests.trials.ledger import Ledger
    from data.loading import instant, load
    from data.settings import settings
    from plumbline.fetch_display import FetchDisplay

    display = FetchDisplay()
    try:
        snapshot = load(data, None if as_of is None else instant(as_of), watcher=display)
    finally:
        display.close()
    if not live:
        snapshot, seal = cut(snapshot, Ledger(settings().home))
        if seal is not None:
            print(
                f"holdout: sealed since {seal.sealed_at}, nothing after "
                f"{seal.boundary:%Y-%m-%d} is used (`plumbline trials`)",
                file=sys.stderr,
            )
    if snapshot.truth is not None:
        print(
            f"*** SIMULATED DATA: world {snapshot.truth.world!r}, seed {snapshot.truth.seed}. "
            "Nothing below is about the real world. ***",
            file=sys.stderr,
        )
    return snapshot


def day(text: str | None) -> pd.Timestamp | None:
    """Parse a day of the command line as 00:00 UTC.

    Raises
    ------
    BadConfig
        If it is not a day.
    """
    import pandas as pd

    from data.errors import BadConfig

    if text is None:
        return None
    try:
        stamp = pd.Timestamp(text)
    except ValueError:
        raise BadConfig(f"{text!r} is not a day: give for instance 2025-11-04") from None
    if stamp.tzinfo is not None or stamp != stamp.floor("D"):
        raise BadConfig(f"{text!r} is not a day: give for instance 2025-11-04")
    return stamp.tz_localize("UTC").as_unit("us")


def print_json(value: Any) -> None:
    """Print `value` as canonical JSON."""
    from data.canonical import canonical_json

    print(canonical_json(value, indent=2))


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; columns whose cells all look like numbers are set to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for position, name in enumerate(header):
        cells = [row[position] for row in rows]
        numeric = bool(cells) and all(_numeric(cell) for cell in cells)
        table.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _numeric(cell: str) -> bool:
    return cell.replace(",", "").lstrip("+-−").rstrip("%").replace(
        ".", "", 1
    ).isdigit() or cell in {
        "",
        "–",
        "-",
    }

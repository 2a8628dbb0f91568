"""``plumbline compare``: variants beside each other, on the same days."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.options import (
    AsOfOption,
    DataOption,
    JsonOption,
    PerpetualOption,
    VenueOption,
)

if TYPE_CHECKING:
    from backtests.report.comparison.content import Said
    from backtests.trials.ledger import Ledger

OUT = Path("reports/compare")
MANY = 10
# What fits a terminal; the page has all columns.
SHOWN = {
    "leaderboard": (0, 1, 2, 3, 4, 7, 8),
    "skills": (0, 1, 2, 4, 5, 6, 7),
    "superior": (0, 1, 2, 3, 4),
    "sweep_superior": (0, 1, 2, 3, 4, 5, 6),
    "costs": (0, 1, 2, -2, -1),
    "waiting": (0, 2, 3, 4, 5, 6, 7),
}


def command(
    variants: Annotated[
        list[str], typer.Argument(help="At least two variants, .toml files, or module:object.")
    ],
    sweep: Annotated[
        Path | None, typer.Option("--sweep", help="Leaderboard of `plumbline sweep`.")
    ] = None,
    perpetual: PerpetualOption = None,
    funding_venue: VenueOption = None,
    html: Annotated[bool, typer.Option("--html", help="Write one self-contained page.")] = False,
    memo: Annotated[
        bool, typer.Option("--memo", help="Write one page that defends the first variant.")
    ] = False,
    json: JsonOption = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the pages.")] = OUT,
    data: DataOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Compare variants with each other, with their mean exposure and with the benchmarks."""
    from backtests.compare.comparison import compare
    from backtests.compare.field import rules_of
    from backtests.execution import Execution
    from backtests.report.comparison.content import said
    from backtests.trials.ledger import Ledger
    from data.panel import panel_of
    from data.settings import settings
    from plumbline.options import perpetuals_of, print_json, snapshot_of

    home = settings().home
    rules = rules_of(variants, home)
    snapshot = snapshot_of(data, as_of)
    execution = Execution(
        perpetuals=perpetuals_of(perpetual, funding_venue, snapshot), funding_venue=funding_venue
    )
    panel, ledger = panel_of(snapshot), Ledger(home)
    with _progress() as note:
        found = compare(rules, snapshot, panel, ledger, execution=execution, sweep=sweep, note=note)
        note("pages")
        told = said(found)
        written = _write(told, ledger, html, memo, out)
    if json:
        from backtests.report.comparison.document import document

        print_json(document(told))
    else:
        _print(told)
    for page in written:
        print(f"written to {page}", file=sys.stderr if json else sys.stdout)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Say on stderr what is being done: in one line of a terminal, else line by line."""
    from rich.console import Console

    if not sys.stderr.isatty():
        yield lambda text: print(f"plumbline: {text}", file=sys.stderr)
        return
    with Console(stderr=True).status("comparing") as status:
        yield status.update


def _write(told: Said, ledger: Ledger, html: bool, memo: bool, out: Path) -> list[Path]:
    from backtests.report.comparison.memo import memo as defend
    from backtests.report.comparison.writer import write_comparison, write_memo
    from backtests.trials.configuration import configuration_hash
    from backtests.trials.first_seen import first_seen

    found, written = told.found, []
    if html:
        written.append(write_comparison(told, out))
    if memo:
        rule = found.field.entrants[0].rule
        counted_as = configuration_hash(rule.config, found.field.execution)
        since = first_seen(ledger, rule.family, counted_as)
        written.append(write_memo(defend(found, since), told, out))
    return written


def _print(told: Said) -> None:
    from backtests.report.comparison.table import flat, narrow
    from plumbline.options import print_table

    for sentence in told.sentences:
        print(sentence)
    print()
    for key, table in told.tables.items():
        if key == "differences":
            print(table.title)
            for sentence in told.pairs if len(told.pairs) <= MANY else told.telling:
                print(f"  {sentence}")
        else:
            shown = narrow(table, SHOWN[key]) if key in SHOWN else table
            if key == "eras":
                # Before publication and since; the page has the other eras.
                shown = replace(shown, groups=shown.groups[:2])
            print_table(shown.title, shown.header, flat(shown))
        print()
    for line in (told.trials, told.contenders, told.overfit, told.plateau):
        if line:
            print(line)
    found = told.found
    print(f"\nrun {found.run_id}, snapshot {found.manifest['snapshot_id']}")

"""``plumbline sweep``: every variant of a grid, and the best of them confirmed."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    from backtests.sweep.confirm import Confirmed
    from backtests.sweep.job import Job
    from backtests.sweep.sweep import Sweep
    from backtests.trials.ledger import Ledger

SHOWN = ("sharpe", "sharpe_matched", "cagr", "max_drawdown", "turnover")


def command(
    grid: Annotated[Path, typer.Argument(metavar="GRID.toml", help="A base and what is varied.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the leaderboard.")],
    on: Annotated[str, typer.Option("--on", metavar="local|dask", help="Where it runs.")] = "local",
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Of the Dask cluster: tcp://HOST:8786.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Chunks at once; by default one a processor.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Winners that vectorbt confirms.")] = 10,
    data: DataOption = None,
    as_of: AsOfOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Begin however large the grid is.")] = False,
    json: JsonOption = False,
) -> None:
    """Evaluate every variant of a grid; a second run goes on where the first one stopped."""
    from backtests.sweep.grid import read_grid
    from backtests.sweep.job import job_of
    from backtests.sweep.sweep import check_size, left_to_do, place, sweep
    from backtests.trials.ledger import Ledger
    from data.settings import settings
    from plumbline.options import print_json, snapshot_of
    from plumbline.progress import Bar

    home = settings().home
    found, ledger = read_grid(grid, home), Ledger(home)
    job = job_of(found, snapshot_of(data, as_of))
    where = place(on)
    check_size(job, on=where, yes=yes)
    left = left_to_do(job, out)
    stream = sys.stderr if json else sys.stdout
    _announce(job, ledger, left, stream)
    with Bar(job.grid.count, job.grid.count - left) as bar:
        done = sweep(
            job,
            out,
            ledger=ledger,
            workers=workers,
            on=where,
            scheduler=scheduler,
            top=top,
            progress=bar.reach,
        )
    if json:
        print_json({**done.manifest, "out": done.out, "leaderboard": done.leaderboard})
        return
    _print(done)


def _announce(job: Job, ledger: Ledger, left: int, stream: TextIO) -> None:
    from backtests.metrics import YEAR

    grid, family = job.grid, job.grid.file.family
    bar = ledger.needed_sharpe(family, left, periods=job.days)
    print(
        f"{grid.file.name}: {grid.count:,} variants of {grid.file.base.name}, "
        f"{job.first:%Y-%m-%d} .. {job.last:%Y-%m-%d}, snapshot {job.snapshot.snapshot_id}\n"
        f"family {family!r}: {ledger.count(family):,} configurations tried so far, at most "
        f"{left:,} more now. The best of them will need a Sharpe ratio of {bar.annual(YEAR):.2f} a "
        f"year over the exposure-matched benchmark to stand out from luck (deflated Sharpe ratio "
        f"of {bar.confidence:.0%}, {job.days:,} days); without skill the best is expected to show "
        f"{bar.expected_maximum * math.sqrt(YEAR):.2f}.",
        file=stream,
        flush=True,
    )


def _print(done: Sweep) -> None:
    from plumbline.options import print_table

    by_number = {one.variant: one for one in done.confirmed}
    for measure, ranked in done.rankings.items():
        winners = [by_number[number] for number in ranked]
        differ, shown = _differ(winners), _shown(winners)
        print_table(
            f"The best by {measure}; each figure by the leaderboard / by vectorbt",
            ("variant", *(name.replace(".", ".\n") for name in differ), *shown),
            [_cells(one, differ, shown) for one in winners],
        )
        if shared := _shared(winners, differ):
            print(f"the same in all of them: {shared}")
    manifest = done.manifest
    routes = ", ".join(f"{count:,} {_ROUTE[name]}" for name, count in manifest["routes"].items())
    print(f"computed: {routes}")
    for status, count in manifest["status"].items():
        if status != "fine":
            print(f"{count:,} variants have no figures: {_STATUS[status]}")
    if done.confirmed:
        worst = max(done.confirmed, key=lambda one: one.difference)
        print(
            f"{len(done.confirmed)} winners agree with vectorbt within {manifest['tolerance']:g} "
            f"(largest difference {worst.difference:.1e}, {worst.where} of {worst.variant})"
        )
    print(
        f"family {manifest['family']!r} has now tried {done.trials:,} configurations; run "
        f"{manifest['run_id']}; written to {done.leaderboard}"
    )


_ROUTE = {
    "native": "by the kernel alone",
    "matrix": "through a target matrix",
}
_STATUS = {
    "ruined": "their account fell to nothing",
    "unsettled": "trading would cost them more than there is",
}


def _shown(winners: list[Confirmed]) -> list[str]:
    return [name for name in SHOWN if winners and name in winners[0].engine]


def _names(winners: list[Confirmed]) -> list[str]:
    from backtests.sweep.columns import varied

    return varied(list(winners[0].row)) if winners else []


def _differ(winners: list[Confirmed]) -> list[str]:
    """Return the parameters in which the winners differ."""
    rows = [one.row for one in winners]
    return [name for name in _names(winners) if len({str(row[name]) for row in rows}) > 1]


def _shared(winners: list[Confirmed], differ: list[str]) -> str:
    first = winners[0].row if winners else {}
    same = [name for name in _names(winners) if name not in differ and first[name] is not None]
    return ", ".join(f"{name} = {_plain(first[name])}" for name in same)


def _cells(one: Confirmed, differ: list[str], shown: list[str]) -> tuple[str, ...]:
    from backtests.metrics import MEASURES

    def figure(name: str, value: float) -> str:
        share = name in MEASURES and MEASURES[name].unit == "share"
        return f"{100 * value:,.1f}%" if share else f"{value:,.3f}"

    both = [f"{figure(name, one.row[name])} / {figure(name, one.engine[name])}" for name in shown]
    return (str(one.variant), *(_plain(one.row[name]) for name in differ), *both)


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)

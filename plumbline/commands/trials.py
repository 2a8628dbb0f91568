"""``plumbline trials``: how much was tried, and the holdout that is kept closed."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    from backtests.trials.holdout import Seal
    from backtests.trials.ledger import Ledger
    from backtests.trials.overview import FamilyTrials

app = typer.Typer(
    help="Show every configuration ever tried; seal the last months of data, or open them.",
    invoke_without_command=True,
)

YEAR = 365.0


@app.callback()
def show(context: typer.Context, json: JsonOption = False) -> None:
    """List each research family: trials, effective trials, the Sharpe ratio that is needed."""
    if context.invoked_subcommand is not None:
        return
    from backtests.trials.holdout import seals
    from backtests.trials.overview import overview
    from plumbline.options import print_json

    ledger = _ledger()
    families, faults = overview(ledger), ledger.faults()
    kept = seals(ledger)
    if json:
        print_json(
            {
                "ledger": ledger.path,
                "trials": sum(each.trials for each in families),
                "families": [_row(each) for each in families],
                "holdout": {"in_force": _boundary(kept), "seals": kept},
                "faults": faults,
            }
        )
    else:
        _print(ledger, families, kept)
    for fault in faults:
        print(f"trial ledger: {fault}; the count stays as it was", file=sys.stderr)
    if faults:
        raise typer.Exit(1)


@app.command()
def seal(
    months: Annotated[int, typer.Option(help="How many of the last months of data to close.")],
    data: DataOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Close the last months of the data to every command that evaluates rules."""
    from backtests.trials.holdout import close_last
    from plumbline.options import snapshot_of

    set_ = close_last(_ledger(), snapshot_of(data, as_of, live=True), months)
    print(f"sealed: nothing after {set_.boundary:%Y-%m-%d} is used until the seal is opened")
    if set_.peeked:
        print(
            f"{set_.peeked:,} trials had been evaluated on later data before: for their families "
            "these months are no true holdout"
        )


@app.command("open")
def open_(
    reason: Annotated[str, typer.Option(help="Why; it is logged for good.")] = "",
) -> None:
    """Open the sealed months, once and for all."""
    from backtests.trials.holdout import break_seal

    opened = break_seal(_ledger(), reason)
    print(f"opened at {opened.opened_at}: the data after {opened.boundary:%Y-%m-%d} are in use")


def _ledger() -> Ledger:
    from backtests.trials.ledger import Ledger
    from data.settings import settings

    return Ledger(settings().home)


def _boundary(kept: tuple[Seal, ...]) -> Any:
    return kept[-1].boundary if kept and kept[-1].opened_at is None else None


def _row(each: FamilyTrials) -> dict[str, Any]:
    from dataclasses import asdict

    row = asdict(each)
    row["count"] = each.trials
    row["needed_sharpe_annual"] = each.needed and each.needed.annual(YEAR)
    row["needed_sharpe_annual_effective"] = each.needed_effective and each.needed_effective.annual(
        YEAR
    )
    row["best_annual"] = None if each.best is None else each.best * math.sqrt(YEAR)
    return row


def _print(ledger: Ledger, families: tuple[FamilyTrials, ...], kept: tuple[Seal, ...]) -> None:
    from plumbline.options import print_table

    if not families:
        print(f"{ledger.path}: no configuration has been tried yet")
    else:
        print_table(
            "Configurations ever tried; Sharpe ratios a year over the exposure-matched benchmark",
            (
                "family",
                "trials",
                "effective",
                "sd across trials",
                "best",
                "needed at N",
                "needed at N_eff",
                "last new one",
            ),
            [_cells(each) for each in families],
        )
        print(
            "Needed: the Sharpe ratio at which the best trial's deflated Sharpe ratio is 95% "
            "(normal returns).\nEffective: clusters of correlated trials, from 16 fold sums each; "
            "rather too few than too many."
        )
    for each in kept:
        state = "in force" if each.opened_at is None else f"opened {each.opened_at}: {each.reason}"
        peeked = f"; {each.peeked:,} trials had seen later data" if each.peeked else ""
        print(f"Holdout after {each.boundary:%Y-%m-%d}, sealed {each.sealed_at}, {state}{peeked}")
    if not kept:
        print("Holdout: none was ever sealed")


def _cells(each: FamilyTrials) -> tuple[str, ...]:
    root = math.sqrt(YEAR)
    return (
        each.family,
        f"{each.trials:,}",
        "–" if each.effective is None else f"{each.effective:,}",
        "–" if each.variance is None else f"{math.sqrt(each.variance) * root:.2f}",
        "–" if each.best is None else f"{each.best * root:.2f}",
        "–" if each.needed is None else f"{each.needed.annual(YEAR):.2f}",
        "–" if each.needed_effective is None else f"{each.needed_effective.annual(YEAR):.2f}",
        each.last_seen[:10],
    )

"""The command line: what commands there are and where each is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

from plumbline.lazy import Lazy, LazyGroup
from plumbline.version import __version__


class Commands(LazyGroup):
    """The commands of ``plumbline``, in the order in which its help lists them."""

    table: ClassVar[Mapping[str, Lazy]] = {
        "report": Lazy(
            "plumbline.commands.report",
            "Write the report: verdict, scorecard, charts, backtests.",
        ),
        "backtest": Lazy(
            "plumbline.commands.backtest",
            "Backtest a strategy and show it beside the benchmarks.",
        ),
        "sweep": Lazy(
            "plumbline.commands.sweep",
            "Evaluate a grid of variants and confirm the best of them.",
        ),
        "compare": Lazy(
            "plumbline.commands.compare",
            "Compare variants with each other and with the benchmarks.",
        ),
        "audit": Lazy(
            "plumbline.commands.audit",
            "Look for look-ahead in signals, strategies and functions.",
        ),
        "today": Lazy(
            "plumbline.commands.today",
            "What was published, the regime, and what would flip each target.",
        ),
        "paper": Lazy(
            "plumbline.commands.paper",
            "Trade a strategy's decisions on paper, each exactly once.",
        ),
        "explain": Lazy(
            "plumbline.commands.explain",
            "Why a strategy held what it held on a day, figure by figure.",
        ),
        "walkforward": Lazy(
            "plumbline.commands.walkforward",
            "Choose parameters on the past and judge them on what came after.",
        ),
        "trials": Lazy(
            "plumbline.commands.trials",
            "Every configuration ever tried, and the sealed holdout.",
        ),
        "data": Lazy("plumbline.commands.data", "Import tables and see what the store holds."),
        "signals": Lazy(
            "plumbline.commands.signals",
            "List the signals, show their values, export a strategy's targets.",
        ),
        "strategies": Lazy(
            "plumbline.commands.strategies", "List the strategies and start one of your own."
        ),
    }


app = typer.Typer(
    name="plumbline",
    cls=Commands,
    help="Does the plumbing of the dollar move crypto? Point-in-time data, signals, backtests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"plumbline {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before any command."""

"""``plumbline backtest``: one rule beside the yardsticks."""

from __future__ import annotations

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
    from backtests.run import Run

SHOWN = ("cagr", "volatility", "sharpe", "max_drawdown", "exposure", "turnover", "costs_paid")


def command(
    name: Annotated[str, typer.Argument(help="A variant, a .toml file, or module:object.")],
    data: DataOption = None,
    as_of: AsOfOption = None,
    start: Annotated[str | None, typer.Option(help="First decision day.")] = None,
    end: Annotated[str | None, typer.Option(help="Last decision day.")] = None,
    delay: Annotated[int, typer.Option(help="Hours from decision to fill.")] = 0,
    fee_bp: Annotated[float, typer.Option(help="Fee, basis points of the trade.")] = 10.0,
    slippage_bp: Annotated[float, typer.Option(help="Slippage, basis points.")] = 10.0,
    perpetual: PerpetualOption = None,
    funding_venue: VenueOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for JSON and Parquet.")] = None,
    json: JsonOption = False,
) -> None:
    """Backtest a strategy and print its metrics beside the benchmarks."""
    from backtests.execution import Execution
    from backtests.output import run_summary, write_run
    from backtests.run import backtest
    from backtests.trials.ledger import Ledger
    from backtests.trials.recording import record_runs
    from data.panel import panel_of
    from data.settings import settings
    from plumbline.options import day, perpetuals_of, print_json, snapshot_of
    from strategies.baselines import BASELINES
    from strategies.loading import load_strategy

    strategy = load_strategy(name, settings().home)
    snapshot = snapshot_of(data, as_of)
    execution = Execution(
        fee_bp=fee_bp,
        slippage_bp=slippage_bp,
        delay_hours=delay,
        perpetuals=perpetuals_of(perpetual, funding_venue, snapshot),
        funding_venue=funding_venue,
    )
    panel, first, last = panel_of(snapshot), day(start), day(end)
    run = backtest(strategy, snapshot, execution, start=first, end=last, panel=panel)
    record_runs(Ledger(settings().home), [(strategy.family, run)], snapshot, "backtest")
    # The same days for all, from the rule's first decision on.
    first = run.manifest["start"]
    yardsticks = [
        backtest(rule, snapshot, execution, start=first, end=last, panel=panel, benchmark=True)
        for rule in BASELINES.values()
    ]
    if out is not None:
        write_run(run, out)
    if json:
        print_json({**run_summary(run), "benchmarks": [run_summary(other) for other in yardsticks]})
        return
    _print(run, yardsticks)
    if out is not None:
        print(f"written to {out}")


def _print(run: Run, yardsticks: list[Run]) -> None:
    from backtests.metrics import MEASURES
    from plumbline.options import print_table

    first, last = run.simulation.equity.index[[0, -1]]
    print_table(
        f"{run.title}: {first:%Y-%m-%d} .. {last:%Y-%m-%d}",
        ("strategy", *(MEASURES[name].title for name in SHOWN)),
        [
            (each.name, *(_cell(each.metrics[name], MEASURES[name].unit) for name in SHOWN))
            for each in (run, *yardsticks)
        ],
    )
    costs = ", ".join(f"{name} {value:,.0f}" for name, value in run.simulation.costs.items())
    print(f"run {run.run_id}, snapshot {run.manifest['snapshot_id']}; costs in USD: {costs}")
    if run.simulation.execution.perpetuals:
        coins = ", ".join(run.simulation.execution.perpetuals)
        print(f"{coins} as perpetuals: funding is paid less received; the yardsticks hold coins")
    if len(run.simulation.unfilled):
        print(f"{len(run.simulation.unfilled)} orders did not fill (unfilled.parquet with --out)")


def _cell(value: float, unit: str) -> str:
    if value != value:
        return "–"
    return f"{100 * value:,.1f}%" if unit in {"share", "decimal", "fraction"} else f"{value:,.2f}"

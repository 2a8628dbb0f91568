"""``plumbline walkforward``: choose on the past, judge on what came after."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.options import AsOfOption, DataOption, JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from backtests.inference.sharpe import SharpeEstimate
    from backtests.run import Run
    from backtests.walk_forward.candidates import Candidates
    from backtests.walk_forward.walk import Settings, WalkForward
    from data.snapshot import Snapshot
    from strategies.strategy import WeightRule

SHOWN = ("cagr", "volatility", "sharpe", "max_drawdown", "exposure", "turnover", "costs_paid")
BESIDE = ("cagr", "sharpe", "max_drawdown", "turnover")
MOST = 100_000


def command(
    variants: Annotated[
        list[str], typer.Argument(help="A grid file (.toml), or two or more variants.")
    ],
    data: DataOption = None,
    as_of: AsOfOption = None,
    train: Annotated[int, typer.Option(help="Days to choose on; the least when anchored.")] = 730,
    test: Annotated[int, typer.Option(help="Days of a test window.")] = 182,
    rolling: Annotated[
        bool, typer.Option("--rolling/--anchored", help="Let training windows move, or grow.")
    ] = False,
    by: Annotated[str, typer.Option(help="Criterion: sharpe, skill or mean.")] = "sharpe",
    purge: Annotated[
        int | None, typer.Option(help="Days purged; by default the longest holding.")
    ] = None,
    embargo: Annotated[
        int | None, typer.Option(help="Days of embargo; by default the longest look-back.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Folds of the combinatorial paths; 0 for none.")] = 6,
    test_folds: Annotated[int, typer.Option(help="Folds tested on at a time.")] = 2,
    start: Annotated[str | None, typer.Option(help="First decision day.")] = None,
    end: Annotated[str | None, typer.Option(help="Last decision day.")] = None,
    most: Annotated[int, typer.Option(help="Refuse more variants than this.")] = MOST,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for JSON and Parquet.")] = None,
    json: JsonOption = False,
) -> None:
    """Walk forward over the variants: anchored or rolling windows, and combinatorial paths."""
    from backtests.walk_forward.candidates import candidates_of
    from backtests.walk_forward.output import walk_summary, write_walk
    from backtests.walk_forward.walk import Settings
    from data.settings import settings
    from plumbline.options import day, print_json, snapshot_of

    scenarios = candidates_of(variants, settings().home, most=most)
    hows = [
        Settings(
            train,
            test,
            not rolling,
            by,
            each.reach.holding if purge is None else purge,
            each.reach.look_back if embargo is None else embargo,
            folds,
            test_folds,
        )
        for each in scenarios
    ]
    walks = _walks(scenarios, hows, snapshot_of(data, as_of), (day(start), day(end)))
    summaries = [
        walk_summary(found, each.scenario) for found, each in zip(walks, scenarios, strict=True)
    ]
    summary = summaries[0] if len(walks) == 1 else {"scenarios": summaries}
    if out is not None:
        write_walk(out, summary, [found.run for found in walks])
    if json:
        print_json(summary)
        return
    _print(walks, summaries)
    if out is not None:
        print(f"written to {out}")


def _walks(
    scenarios: Sequence[Candidates],
    hows: Sequence[Settings],
    snapshot: Snapshot,
    span: tuple[pd.Timestamp | None, pd.Timestamp | None],
) -> list[WalkForward]:
    """Walk forward in each scenario, and record what was tried."""
    from backtests.trials.ledger import Ledger
    from backtests.trials.recording import Trial, record_trials, trial_of
    from backtests.walk_forward.walk import walk_forward
    from data.settings import settings
    from plumbline.progress import Bar

    ledger, walks, before = Ledger(settings().home), [], 0

    def record(tried: Iterable[Trial]) -> None:
        record_trials(ledger, tried, snapshot, "walk_forward")

    with Bar(sum(each.count for each in scenarios)) as bar:

        def reach(done: int) -> None:
            bar.reach(before + done)

        for each, how in zip(scenarios, hows, strict=True):
            variants = each.on(snapshot, *span)
            found = walk_forward(variants, how, each.reach, record=record, progress=reach)
            record([trial_of(variants.rule(0).family, found.run, snapshot)])
            walks.append(found)
            before += each.count
    return walks


def _beside(found: WalkForward) -> list[Run]:
    """Run what the stitched account stands beside, on its days: the best by hindsight, BTC."""
    import numpy as np

    from backtests.run import backtest
    from data.panel import panel_of
    from strategies.baselines import baseline

    snapshot, scores = found.variants.snapshot, found.test_scores
    rules: list[WeightRule] = [baseline("buy_and_hold")]
    if np.isfinite(scores).any():
        rules.insert(0, found.variants.rule(int(np.nanargmax(scores))))
    first, last = found.steps[0].window.test_first, found.steps[-1].window.test_last
    how, panel = found.variants.execution, panel_of(snapshot)
    return [backtest(rule, snapshot, how, start=first, end=last, panel=panel) for rule in rules]


def _print(walks: Sequence[WalkForward], summaries: Sequence[Mapping[str, Any]]) -> None:
    for found, summary in zip(walks, summaries, strict=True):
        if summary["scenario"]:
            print(f"Scenario: {_scenario(summary)}")
        _print_windows(summary)
        _print_accounts(found.run, _beside(found))
        _print_words(summary)
    if len(walks) > 1:
        _print_scenarios(walks, summaries)


def _print_scenarios(walks: Sequence[WalkForward], summaries: Sequence[Mapping[str, Any]]) -> None:
    """Print the stitched accounts of all scenarios beside each other."""
    from backtests.metrics import MEASURES
    from plumbline.options import print_table

    print_table(
        "Chosen as one went, one account in each scenario",
        ("scenario", *(MEASURES[name].title for name in BESIDE), "over matched", "mean rank"),
        [
            (
                _scenario(summary),
                *(_cell(found.run.metrics[name], MEASURES[name].unit) for name in BESIDE),
                _interval(summary["sharpe_over_matched"]),
                f"{summary['mean_test_rank']:,.1f}",
            )
            for found, summary in zip(walks, summaries, strict=True)
        ],
    )


def _scenario(summary: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{path.removeprefix('execution.')} {_plain(value)}"
        for path, value in summary["scenario"].items()
    )


def _print_windows(summary: Mapping[str, Any]) -> None:
    from plumbline.options import print_table

    how, parameters = summary["settings"], list(summary["windows"][0]["parameters"])
    # Many columns are narrow: their headings break at the dots.
    heads = [name if len(parameters) <= 3 else name.replace(".", ".\n") for name in parameters]
    print_table(
        f"Chosen in each window by {how.by} a year, {'anchored' if how.anchored else 'rolling'}, "
        f"{how.gap} days kept clear between training and test",
        (
            "trained on",
            "used on",
            *heads,
            "in training",
            "on test",
            f"rank of {summary['variants']:,}",
        ),
        [
            (
                f"{row['train_first']:%Y-%m-%d} .. {row['train_last']:%Y-%m-%d}",
                f"{row['test_first']:%Y-%m-%d} .. {row['test_last']:%Y-%m-%d}",
                *(_plain(row["parameters"][name]) for name in parameters),
                _figure(row["train_score"]),
                _figure(row["test_score"]),
                f"{row['test_rank']:,.10g}",
            )
            for row in summary["windows"]
        ],
    )


def _print_accounts(stitched: Run, beside: Iterable[Run]) -> None:
    from backtests.metrics import MEASURES
    from plumbline.options import print_table

    named = ("chosen as one went", "best by hindsight", "buy and hold BTC")
    runs = [stitched, *beside]
    labels = named if len(runs) == len(named) else (named[0], named[2])
    first, last = stitched.simulation.equity.index[[0, -1]]
    print_table(
        f"Out of sample, one account with the costs of switching: {first:%Y-%m-%d} .. "
        f"{last:%Y-%m-%d}",
        ("account", *(MEASURES[name].title for name in SHOWN)),
        [
            (label, *(_cell(run.metrics[name], MEASURES[name].unit) for name in SHOWN))
            for label, run in zip(labels, runs, strict=True)
        ],
    )


def _print_words(summary: Mapping[str, Any]) -> None:
    for title, key in (("cash", "sharpe_over_cash"), ("matched exposure", "sharpe_over_matched")):
        if (found := summary[key]) is not None:
            print(f"Sharpe over {title}: {_interval(found)} (95%)")
    reach, number = summary["reach"], summary["variants"]
    print(
        f"Rank of the chosen on test days: {summary['mean_test_rank']:,.1f} of {number:,} on "
        f"average; by chance {(number + 1) / 2:,.1f}."
    )
    print(
        f"Switches: {summary['switches']} in {len(summary['windows'])} windows. Longest look-back "
        f"{reach.look_back} days, longest holding {reach.holding}."
        + (" Some window begins with the data and cannot be purged." if reach.expanding else "")
    )
    if (combined := summary["combinatorial"]) is not None:
        of = combined["sharpe_quantiles"]
        print(
            f"Combinatorial purged paths: {combined['paths']} from {combined['splits']} splits, "
            f"purge {combined['purge']}, embargo {combined['embargo']}; Sharpe over cash "
            f"{of['min']:.2f} / {of['median']:.2f} / {of['max']:.2f} (least, median, most), "
            f"{combined['share_below_zero']:.0%} below zero."
        )

    of = summary["confirmed"]
    print(
        f"Variants traded: {of['variants']}, each day's return the same by vectorbt "
        f"(largest difference {of['largest_difference']:.1e})."
    )


def _interval(found: SharpeEstimate | None) -> str:
    if found is None:
        return "–"
    low, high = found.interval
    return f"{found.estimate:.2f} [{low:.2f}, {high:.2f}]"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_plain(item) for item in value) or "none"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _cell(value: float, unit: str) -> str:
    if math.isnan(value):
        return "–"
    return f"{100 * value:,.1f}%" if unit == "share" else f"{value:,.2f}"

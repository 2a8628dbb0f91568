"""What a comparison says of the best of a whole sweep."""

from __future__ import annotations

from backtests.compare.field import MATCHED
from backtests.compare.superiority import SIZE
from backtests.compare.whole_sweep import Candidate, SweepTest, WholeSweep
from backtests.report.comparison.sentences import words
from backtests.report.comparison.table import Cell, Table
from backtests.report.wording import figure, fixed, listing, p_value, percent, plural


def swept_sentence(found: WholeSweep) -> str:
    """Say whether the best of the sweep is more than luck among so many would show."""
    test = found.skill
    if test is None:
        return (
            f"None of the {found.variants:,} variants of the sweep changes its exposure enough for "
            "there to be timing to test."
        )
    said = (
        f"The best of the {_number(found, test)} (Sharpe ratio over its own mean exposure "
        f"{fixed(test.best.sharpe, 2)}, {candidate_text(test.best)}): SPA p = {p_value(test.p)}, "
        f"StepM finds {_found(test)} better than their own mean exposure"
    )
    if test.p >= SIZE:
        return f"{said}. The best of the sweep is what luck would show among so many."
    return (
        f"{said}. Luck among so many shows such a best in {percent(test.p, 1)} of cases; other "
        "grids and trials are not counted in this."
    )


def _number(found: WholeSweep, test: SweepTest) -> str:
    swept = f"{found.variants:,} variants of the sweep"
    if found.joined:
        swept += f" and {plural(len(found.joined), 'compared one')} beside them"
    return swept if not test.dropped else f"{swept}, {test.dropped:,} of which are not tested"


def _found(test: SweepTest) -> str:
    return f"{test.found:,}" if test.found else "none"


def candidate_text(one: Candidate) -> str:
    """Return a variant's name with what the grid varies in it."""
    if one.variant is None:
        return words(one.name)
    values = ", ".join(
        f"{path} {value if isinstance(value, str | bool) else figure(value)}"
        for path, value in one.parameters.items()
        if value is not None and value == value
    )
    return f"{one.name}: {values}" if values else one.name


def swept_table(found: WholeSweep) -> Table:
    """Return SPA and StepM over the whole sweep, against each benchmark."""
    return Table(
        key="sweep_superior",
        title="The best of the whole sweep against each benchmark",
        note=(
            f"All {found.variants:,} variants, their daily returns computed again, on the sweep’s "
            f"own {found.days:,} days ({found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}). "
            f"{_compared(found)} SPA: Hansen’s consistent p-value (its bounds below) that none "
            f"beats the benchmark. StepM: how many do, at a familywise {percent(SIZE)}, those with "
            "the highest t below it. Only the first line is about skill: in the others is the "
            "difference of exposures’ drift. Sharpe: a year, of the best’s returns over the "
            "benchmark. Variants that differ from it on fewer than thirty days, or whose account "
            "failed, are not tested."
        ),
        header=("Benchmark", "What it tests", "SPA p", "Best", "Sharpe", "StepM: better", "Tested"),
        groups=(("", tuple(_row(test) for test in found.tests)),),
        text=(0, 1, 3, 5),
    )


def _compared(found: WholeSweep) -> str:
    said = []
    for names, verb in (
        (found.inside, "among them"),
        (found.joined, "tested beside them"),
        (found.outside, "not tested, as they cannot be run on all of these days"),
    ):
        if names:
            said.append(f"{verb}: {listing([words(name) for name in names])}")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _row(test: SweepTest) -> tuple[Cell, ...]:
    named = ", ".join(words(one.name) for one in test.superior)
    return (
        Cell("own mean exposure" if test.benchmark == MATCHED else words(test.benchmark)),
        Cell("skill" if test.skill else "drift and skill"),
        Cell(p_value(test.p), f"{p_value(test.p_lower)} to {p_value(test.p_upper)}"),
        Cell(words(test.best.name), candidate_text(test.best).partition(": ")[2]),
        Cell(fixed(test.best.sharpe, 2)),
        Cell(_found(test), named if test.found <= len(test.superior) else f"{named}, ..."),
        Cell(f"{test.variants:,}"),
    )

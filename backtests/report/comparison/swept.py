"""What a comparison says of the best of a whole sweep."""

from __future__ import annotations

from backtests.compare.field import MATCHED
from backtests.compare.superiority import SIZE
from backtests.compare.whole_sweep import Candidate, SweepTest, WholeSweep
from backtests.report.comparison.sentences import words
from backtests.report.comparison.table import Cell, Table
from backtests.report.wording import count, figure, fixed, listing, p_value, percent

# So many of the variants that StepM finds are named in the table; the JSON has more.
SHOWN = 3


def swept_sentence(found: WholeSweep) -> str:
    """Say whether the best of the sweep is more than luck among so many would show."""
    test = found.skill
    if test is None:
        return (
            f"None of the {found.variants:,} variants of the sweep changes its exposure enough for "
            "there to be timing to test."
        )
    best = f"Sharpe ratio over its own mean exposure {fixed(test.best.sharpe, 2)}"
    said = (
        f"The best of the {found.variants:,} variants of the sweep{_beside(found)} is "
        f"{candidate_text(test.best)} ({best}): SPA p = {p_value(test.p)}, StepM finds "
        f"{_found(test)} better than their own mean exposure"
    )
    if test.p >= SIZE:
        return f"{said}. The best of the sweep is what luck would show among so many."
    return (
        f"{said}. Luck among so many shows such a best in {percent(test.p, 1)} of cases; what else "
        "was tried, and the choice of the grid, are not in this."
    )


def _beside(found: WholeSweep) -> str:
    number = len(found.joined)
    return f" and of the {count(number)} compared beside them" if number else ""


def _found(test: SweepTest) -> str:
    return f"{test.found:,}" if test.found else "none"


def candidate_text(one: Candidate) -> str:
    """Return a variant's name with what the grid varies in it."""
    if one.variant is None:
        return words(one.name)
    return f"{one.name}, {_values(one)}" if one.parameters else one.name


def _values(one: Candidate) -> str:
    return ", ".join(
        f"{path} {value if isinstance(value, str | bool) else figure(value)}"
        for path, value in one.parameters.items()
        if value is not None and value == value
    )


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
    named = ", ".join(words(one.name) for one in test.superior[:SHOWN])
    return (
        Cell("own mean exposure" if test.benchmark == MATCHED else words(test.benchmark)),
        Cell("skill" if test.skill else "drift and skill"),
        Cell(p_value(test.p), f"{p_value(test.p_lower)} to {p_value(test.p_upper)}"),
        Cell(words(test.best.name), _values(test.best) if test.skill else ""),
        Cell(fixed(test.best.sharpe, 2)),
        Cell(_found(test), named if test.found <= SHOWN else f"{named}, ..."),
        Cell(f"{test.variants:,}"),
    )

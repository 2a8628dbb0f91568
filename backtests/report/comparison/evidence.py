"""Tables of what can be told from luck: differences, skill, SPA, episodes left out."""

from __future__ import annotations

from backtests.compare.comparison import Comparison, Standing
from backtests.compare.field import MATCHED
from backtests.compare.pairs import members
from backtests.compare.spans import PANDEMIC
from backtests.compare.superiority import SIZE
from backtests.report.comparison.sentences import difference, pair_of, seen_from, words
from backtests.report.comparison.table import Cell, Table
from backtests.report.wording import NONE, fixed, p_value, percent, span


def differences(found: Comparison) -> Table:
    """Return the matrix of paired differences, row less column."""
    names = members(found.field)

    def cell(one: str, other: str) -> Cell:
        if one == other:
            return Cell(NONE)
        pair = pair_of(found, one, other)
        turned = pair.one != one
        figures = [
            f"mean {difference(pair.mean, of='mean', turned=turned)}" if pair.mean else "",
            f"Sharpe {difference(pair.sharpe, of='sharpe', turned=turned)}" if pair.sharpe else "",
        ]
        return Cell(str(seen_from(one, pair)), "; ".join(part for part in figures if part))

    rows = tuple((Cell(words(one)), *(cell(one, other) for other in names)) for one in names)
    return Table(
        key="differences",
        title="Paired differences, row less column",
        note=(
            "Mean: difference of mean returns, by block bootstrap of the one-period differences. "
            "Sharpe: Ledoit and Wolf’s test. Both studentised, 95% intervals, two-sided p-values "
            f"after Holm over all {len(found.pairs)} pairs; “indistinguishable” where neither is "
            "below 0.05."
        ),
        header=("", *(words(name) for name in names)),
        groups=(("", rows),),
        text=tuple(range(len(names) + 1)),
    )


def skills(found: Comparison) -> Table:
    """Return the skill statistics, all on d_t."""
    rows = tuple(_skill(one) for one in found.standings)
    return Table(
        key="skills",
        title="Skill over the exposure-matched benchmark",
        note=(
            "All on d = (w − mean w) r, net of costs, daily. PSR: probability that the true Sharpe "
            "ratio is above 0. DSR: above what the best of so many trials without skill would "
            "show. Placebo: share of circular shifts of the same weights that do at least as "
            "well. Least record: days after which this Sharpe ratio would be above 0 with 95% "
            "confidence."
        ),
        header=(
            "Variant",
            "Sharpe of d, a year",
            "p, none",
            "Placebo",
            "PSR",
            f"DSR at N = {found.trials.number:,}",
            f"DSR at N_eff = {found.trials.effective:,}",
            "Least record, days",
            "Days there are",
        ),
        groups=(("", rows),),
    )


def _skill(one: Standing) -> tuple[Cell, ...]:
    found = one.skill
    name = Cell(words(one.name))
    if found is None:
        return (name, Cell("nothing is timed"), *(Cell(NONE),) * 7)
    return (
        name,
        Cell(fixed(found.sharpe, 2), span(*found.interval) if found.interval else ""),
        Cell(p_value(None if found.p is None else found.p.p1)),
        Cell(p_value(found.placebo_p)),
        Cell(fixed(found.probabilistic, 3)),
        Cell(fixed(found.deflated, 3)),
        Cell(fixed(found.deflated_effective, 3)),
        Cell(fixed(found.track_record) if found.track_record < 1e9 else "never"),
        Cell(fixed(found.days)),
    )


def superior(found: Comparison) -> Table:
    """Return SPA and StepM against each benchmark."""
    rows = tuple(
        (
            Cell("own mean exposure" if test.benchmark == MATCHED else words(test.benchmark)),
            Cell("skill" if test.skill else "drift and skill"),
            Cell(p_value(test.p), f"{p_value(test.p_lower)} to {p_value(test.p_upper)}"),
            Cell(words(test.best)),
            Cell(", ".join(words(name) for name in test.superior) or "none"),
            Cell(fixed(test.variants)),
        )
        for test in found.superiorities
    )
    return Table(
        key="superior",
        title="The best of them against each benchmark",
        note=(
            "SPA: Hansen’s consistent p-value (its bounds below) that no variant beats the "
            f"benchmark. StepM: the variants that do, at a familywise {percent(SIZE)}. Only the "
            "first line is about skill: against anything else the difference of exposures’ drift "
            "is in it, and against cash rules without skill win whenever BTC rose."
        ),
        header=("Benchmark", "What it tests", "SPA p", "Best", "StepM: better", "Tested"),
        groups=(("", rows),),
        text=(0, 1, 3, 4),
    )


def without(found: Comparison) -> Table:
    """Return the Sharpe ratio of d_t without each episode in turn."""
    labels: list[str] = []
    for one in found.standings:
        if one.without is not None:
            labels += [name for name, _ in one.without.estimates if name not in labels]
    rows = []
    for one in found.standings:
        left = {} if one.without is None else dict(one.without.estimates)
        full = None if one.without is None else one.without.full
        rows.append(
            (
                Cell(words(one.name)),
                Cell(fixed(full, 2)),
                *(Cell(fixed(left.get(name), 2)) for name in labels),
            )
        )
    told = f"“Without {PANDEMIC}” always stands among them"
    if PANDEMIC not in labels:
        told += f"; here the days begin later ({found.field.first:%Y-%m-%d})"
    return Table(
        key="without",
        title="Leave one episode out",
        note=f"Sharpe ratio of d a year without each calendar year in turn. {told}.",
        header=("Variant", "All days", *(f"Without {name}" for name in labels)),
        groups=(("", tuple(rows)),),
    )

"""Tables of what can be told from luck: differences, skill, SPA, episodes left out."""

from __future__ import annotations

from backtests.compare.comparison import Comparison, Standing
from backtests.compare.episodes import CHANGE, MOST, PANDEMIC
from backtests.compare.field import MATCHED
from backtests.compare.pairs import members
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
    """Return the Sharpe ratio of d_t without each variant's own episodes in turn."""
    told = f"“Without {PANDEMIC}” always stands among them"
    if not any(_left(one, PANDEMIC) for one in found.standings):
        told += f"; here the days begin later ({found.field.first:%Y-%m-%d})"
    return Table(
        key="without",
        title="Leave one episode out",
        note=(
            "Sharpe ratio of d a year without each of a variant’s own spells in turn: the days "
            f"between two changes of position of {percent(CHANGE)} of the account or more, the "
            f"{MOST} that weigh most. Least and greatest, and without which spell. Largest spell: "
            "the one that carries most of the sum of d, in percentage points, and its exposure. "
            f"{told}."
        ),
        header=(
            "Variant",
            "Spells",
            "All days",
            f"Without {PANDEMIC}",
            "Least",
            "Greatest",
            "Largest spell",
            "Its d, of all",
        ),
        groups=(("", tuple(_without(one) for one in found.standings)),),
        text=(0, 6),
    )


def _left(one: Standing, name: str) -> bool:
    return one.without is not None and name in dict(one.without.episodes.estimates)


def _without(one: Standing) -> tuple[Cell, ...]:
    name, found = Cell(words(one.name)), one.without
    if found is None:
        return (name, *(Cell(NONE),) * 7)
    left, largest = found.episodes, found.largest
    return (
        name,
        Cell(fixed(found.spells)),
        Cell(fixed(left.full, 2)),
        Cell(fixed(dict(left.estimates).get(PANDEMIC), 2)),
        Cell(fixed(left.low, 2), left.without_low),
        Cell(fixed(left.high, 2), left.without_high),
        Cell(largest.name, f"at {percent(largest.exposure)}"),
        Cell(
            f"{fixed(100.0 * largest.contribution, 0, sign=True)} of "
            f"{fixed(100.0 * found.total, 0, sign=True)}"
        ),
    )


def without_years(found: Comparison) -> Table:
    """Return the Sharpe ratio of d_t without each calendar year in turn."""
    labels: list[str] = []
    left = {}
    for one in found.standings:
        if one.without is not None and one.without.years is not None:
            left[one.name] = dict(one.without.years.estimates)
            labels += [name for name in left[one.name] if name not in labels]
    rows = tuple(
        (
            Cell(words(one.name)),
            *(Cell(fixed(left.get(one.name, {}).get(name), 2)) for name in labels),
        )
        for one in found.standings
    )
    return Table(
        key="without_years",
        title="Leave one calendar year out",
        note="Sharpe ratio of d a year without each calendar year in turn.",
        header=("Variant", *(f"Without {name}" for name in labels)),
        groups=(("", rows),),
    )

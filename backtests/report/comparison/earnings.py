"""Tables of what the variants earned and paid: leaderboard, costs, waiting, eras."""

from __future__ import annotations

from backtests.compare.breakeven import MOST_BP, NOTHING, BreakEven, cost_bp
from backtests.compare.comparison import Comparison
from backtests.compare.field import HOLD
from backtests.latency import DELAYS_HOURS
from backtests.metrics import MEASURES
from backtests.report.comparison.sentences import words
from backtests.report.comparison.table import Cell, Table
from backtests.report.performance import bracket, shown
from backtests.report.wording import NONE, figure, fixed, percent
from backtests.run import Run
from backtests.uncertainty import Uncertainty

PAID = {
    "fees": "Fees",
    "slippage": "Slippage",
    "delisting": "Delisting",
    "borrow": "Borrowing",
    "funding": "Funding",
    "interest": "Interest earned",
}
LEADERS = (
    "cagr",
    "sharpe",
    "volatility",
    "max_drawdown",
    "calmar",
    "tail",
    "exposure",
    "turnover",
)


def leaderboard(found: Comparison) -> Table:
    """Return the measures of variants and yardsticks with their intervals and ranges."""
    variants = tuple(_leader(one.entrant.run, one.uncertainty) for one in found.standings)
    matched = tuple(_leader(one.entrant.matched, None) for one in found.standings)
    rest = tuple(
        _leader(run, found.yardsticks[name]) for name, run in found.field.yardsticks.items()
    )
    first, last = found.field.first, found.field.last
    return Table(
        key="leaderboard",
        title="Leaderboard",
        note=(
            f"All on the same days, {first:%Y-%m-%d} to {last:%Y-%m-%d}, in the order given, which "
            "is no ranking. Below the Sharpe ratio its 95% interval (studentised block "
            "bootstrap); below volatility, drawdown, Calmar and tail a resampling range, 2.5% to "
            "97.5% of the same returns drawn in blocks, for which no coverage is claimed. Held "
            "evenly: the same mean exposure every day; it knows the whole sample and cannot be "
            "traded."
        ),
        header=("Variant", *(MEASURES[name].title for name in LEADERS)),
        groups=(
            ("Variants", variants),
            ("Their own mean exposure, held evenly", matched),
            ("Yardsticks", rest),
        ),
    )


def _leader(run: Run, sure: Uncertainty | None) -> tuple[Cell, ...]:
    cells = [Cell(words(run.name.split(":")[0]) if sure is None else words(run.name))]
    for name in LEADERS:
        unit = MEASURES[name].unit
        interval = getattr(sure, name, None)
        cells.append(Cell(shown(run.metrics[name], unit), bracket(interval, unit)))
    return tuple(cells)


def costs(found: Comparison) -> Table:
    """Return turnover, costs and break-even costs."""
    books = [one.entrant.run.simulation.costs for one in found.standings]
    paid = [name for name in PAID if any(abs(book.get(name, 0.0)) >= 0.5 for book in books)]
    rows = []
    for one in found.standings:
        simulation = one.entrant.run.simulation
        rows.append(
            (
                Cell(words(one.name)),
                Cell(shown(one.entrant.run.metrics["turnover"], "ratio")),
                Cell(fixed(len(simulation.fills)), f"{len(simulation.unfilled)} not whole"),
                *(Cell(fixed(simulation.costs.get(name))) for name in paid),
                *(_even(each) for each in one.break_even),
            )
        )
    execution = found.field.execution
    return Table(
        key="costs",
        title="Turnover, costs and break-even costs",
        note=(
            f"Every trade pays {figure(cost_bp(execution))} bp ({figure(execution.fee_bp)} fee, "
            f"{figure(execution.slippage_bp)} slippage). Break-even: the cost per trade at which "
            "the excess would be zero (none where it is negative even without costs), found by "
            "running the engine again; below it the excess a year without costs. Over the mean "
            "exposure it is the mean of d, over buy and hold the difference of growth rates. "
            "Amounts in USD; what nobody paid is left out."
        ),
        header=(
            "Variant",
            "Turnover a year",
            "Trades",
            *(PAID[name] for name in paid),
            "Break-even, bp: over mean exposure",
            "over buy and hold",
        ),
        groups=(("", tuple(rows)),),
    )


def _even(found: BreakEven) -> Cell:
    free = f"{percent(found.free, 1, sign=True)} without"
    return Cell(even_text(found, unit=""), free)


def even_text(found: BreakEven, unit: str = " bp") -> str:
    """Return a break-even cost; none where the excess is not positive even without costs."""
    if found.cost_bp is not None:
        return fixed(found.cost_bp, 1) + unit
    return "none" if found.free <= NOTHING else f"above {fixed(MOST_BP)}{unit}"


def waiting(found: Comparison) -> Table:
    """Return what waiting costs."""
    rows = []
    for one in found.standings:
        growth = one.delay.growth
        rows.append(
            (
                Cell(words(one.name)),
                Cell(f"{one.delay.first:%Y-%m-%d} to {one.delay.last:%Y-%m-%d}"),
                Cell(percent(growth[0], 1, sign=True)),
                *(
                    Cell(
                        fixed(100.0 * (growth[hours] - growth[0]), 1, sign=True)
                        if hours in growth
                        else NONE
                    )
                    for hours in DELAYS_HOURS
                    if hours
                ),
            )
        )
    return Table(
        key="waiting",
        title="What waiting costs",
        note=(
            "Growth a year with zero latency (fill at the next open), and by how many percentage "
            "points it changes when every order waits. Hours that are not whole days need hourly "
            "bars of every coin that is held; a dash where there are none. A gain from waiting is "
            "luck, or a sign that the entry is early."
        ),
        header=(
            "Variant",
            "Days",
            "0 h, % a year",
            *(f"{hours} h" for hours in DELAYS_HOURS if hours),
        ),
        groups=(("", tuple(rows)),),
        text=(0, 1),
    )


def eras(found: Comparison) -> Table:
    """Return what was earned by era and since publication."""
    names = [stretch.span for stretch in found.standings[0].stretches]
    groups = []
    for at, name in enumerate(names):
        first = found.standings[0].stretches[at]
        days = f"{first.first:%Y-%m-%d} to {first.last:%Y-%m-%d}, {first.days} days"
        spans = (first.last - first.first).days + 1
        heading = f"{name[0].upper()}{name[1:]}: {days}" + (
            " in parts" if spans > first.days else ""
        )
        rows = [
            (
                Cell(words(one.name)),
                Cell(percent(one.stretches[at].earned, 1, sign=True)),
                Cell(percent(one.stretches[at].excess, 1, sign=True)),
                Cell(percent(one.stretches[at].exposure)),
            )
            for one in found.standings
        ]
        if HOLD not in found.names:
            rows.append(
                (
                    Cell(words(HOLD)),
                    Cell(percent(first.held, 1, sign=True)),
                    Cell(NONE),
                    Cell("100%"),
                )
            )
        groups.append((heading, tuple(rows)))
    return Table(
        key="eras",
        title="By era, and since publication",
        note=(
            "Total return over the days of the era, the mean of d a year in it (mean exposure of "
            "the whole sample), and the mean exposure. Eras are those of the Fed’s repo operations "
            "and of its balance sheet. Each is one outcome: no p-value."
        ),
        header=("Variant", "Earned", "Over mean exposure, a year", "Exposure"),
        groups=tuple(groups),
    )

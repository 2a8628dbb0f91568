"""Everything a comparison's page says, put together once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backtests.compare.comparison import Comparison
from backtests.compare.field import HOLD
from backtests.compare.pairs import members
from backtests.compare.plateau import HeatMap, Plateau
from backtests.compare.skill import DELTA
from backtests.compare.spans import published
from backtests.report.comparison import earnings, evidence
from backtests.report.comparison.headline import headline
from backtests.report.comparison.sentences import (
    contenders_sentence,
    overfit_sentence,
    pair_sentence,
    plateau_sentence,
    since_sentence,
    skill_sentence,
    telling_pairs,
    trials_sentence,
)
from backtests.report.comparison.swept import swept_sentence, swept_table
from backtests.report.comparison.table import Table
from backtests.report.figures import accounts, heat, logits, skill
from backtests.report.figures.base import Chart

NAN = float("nan")
TABLES = (
    earnings.leaderboard,
    evidence.differences,
    evidence.skills,
    evidence.superior,
    evidence.without,
    evidence.without_years,
    earnings.costs,
    earnings.waiting,
    earnings.eras,
)
# Sharpe ratios by their names in a sweep's leaderboard.
MEASURE_TITLES = {
    "sharpe": "Sharpe ratio over cash",
    "sharpe_matched": "Sharpe ratio over mean exposure",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a comparison says.

    Parameters
    ----------
    found : Comparison
        What it rests on.
    warning : str or None
        The first sentence on a simulated world.
    headline : tuple of str
        Three sentences by rule.
    swept : str or None
        Whether the best of a whole sweep has skill.
    since : str or None
        What happened since publication.
    pairs, skills : tuple of str
        One sentence a pair, one a variant.
    telling : tuple of str
        Of the pairs those with buy and hold and those that differ, and how many others there are.
    trials, contenders : str
        How many were tried; who may be the best.
    overfit, plateau : str or None
        Overfitting; the neighbourhood of a sweep's winner.
    tables : mapping of str to Table
        By key, in reading order.
    charts : mapping of str to Chart
        By key.
    limits, commands : tuple of str
        What it cannot say, and how to make it again.
    """

    found: Comparison
    warning: str | None
    headline: tuple[str, str, str]
    swept: str | None
    since: str | None
    pairs: tuple[str, ...]
    skills: tuple[str, ...]
    telling: tuple[str, ...]
    trials: str
    contenders: str
    overfit: str | None
    plateau: str | None
    tables: Mapping[str, Table]
    charts: Mapping[str, Chart]
    limits: tuple[str, ...]
    commands: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The headline as it is read: the warning first, what happened since last."""
        said = [self.warning, *self.headline, self.swept, self.since]
        return tuple(sentence for sentence in said if sentence)


def said(found: Comparison) -> Said:
    """Put everything together that a comparison says."""
    made = [table(found) for table in TABLES]
    if found.swept is not None:
        made.insert(1 + TABLES.index(evidence.superior), swept_table(found.swept))
    return Said(
        found=found,
        warning=_warning(found),
        headline=headline(found),
        swept=None if found.swept is None else swept_sentence(found.swept),
        since=since_sentence(found),
        pairs=tuple(pair_sentence(pair) for pair in found.pairs),
        skills=tuple(skill_sentence(one) for one in found.standings),
        telling=telling_pairs(found),
        trials=trials_sentence(found),
        contenders=contenders_sentence(found.contenders),
        overfit=None if found.overfit is None else overfit_sentence(found.overfit),
        plateau=None if found.plateau is None else plateau_sentence(found.plateau),
        tables={table.key: table for table in made},
        charts=charts(found),
        limits=limits(found),
        commands=commands(found),
    )


def _warning(found: Comparison) -> str | None:
    truth = found.field.snapshot.truth
    if truth is None:
        return None
    return (
        f"Simulated world “{truth.world}”, seed {truth.seed}: every figure and price is made up, "
        "and nothing here is about the real world."
    )


def charts(found: Comparison) -> dict[str, Chart]:
    """Return the charts of a comparison by their keys."""
    field = found.field
    runs = field.runs()
    equity = {name: runs[name].simulation.equity for name in members(field)}
    excess = {one.name: one.excess for one in field.entrants}
    drawn = [
        accounts.chart(accounts.table(equity, excess), published()),
        skill.chart(skill.table(_forest(found)), DELTA),
    ]
    if found.overfit is not None:
        drawn.append(
            logits.chart(
                logits.table(found.overfit.logits),
                pbo=found.overfit.pbo,
                chosen_from=found.overfit.variants,
                effective=found.overfit.effective,
                what="variant",
            )
        )
    if found.plateau is not None:
        drawn += [
            heat.chart(_grid(number, found.plateau, one))
            for number, one in enumerate(found.plateau.maps, 1)
        ]
    return {chart.key: chart for chart in drawn if chart is not None}


def _forest(found: Comparison) -> dict[str, dict[str, float]]:
    rows = {}
    for one in found.standings:
        if one.skill is not None:
            low, high = one.skill.interval or (NAN, NAN)
            luck = one.skill.placebo or (NAN, NAN, NAN)
            rows[one.name] = {
                "estimate": one.skill.sharpe,
                "low": low,
                "high": high,
                "luck_low": luck[0],
                "luck_high": luck[2],
            }
    return rows


def _grid(number: int, around: Plateau, one: HeatMap) -> heat.Grid:
    others = (
        "Every other parameter is the best variant’s."
        if one.slice
        else "Of the other parameters the median is shown: the grid is too thin for a slice."
    )
    return heat.Grid(
        key=f"heat_{number}",
        title=f"The sweep over {one.x}" + (f" and {one.y}" if one.y else ""),
        measure=MEASURE_TITLES.get(around.measure, around.measure),
        x=one.x,
        y=one.y,
        x_values=one.x_values,
        y_values=one.y_values,
        values=np.asarray(one.values, dtype=np.float64),
        winner=one.winner,
        others=others,
    )


def limits(found: Comparison) -> tuple[str, ...]:
    """Return the limits of a comparison, a sentence or two each."""
    told = [
        f"One history of {found.field.years:.1f} years. Intervals and p-values hold for stationary "
        "returns; what has not happened in these years is in none of them.",
        "The coins were chosen with hindsight. Whatever holds altcoins is flattered by it.",
        "The essay’s outcomes were known when its rules were written down; only the playbook was "
        "registered beforehand, and only it has a verdict (`plumbline report`).",
        "N counts what this ledger has seen. What was tried elsewhere, by hand or in the head, is "
        "not in it.",
    ]
    if perpetuals := found.field.execution.perpetuals:
        told.append(
            f"Perpetuals ({', '.join(perpetuals)}): their funding is in the accounts and in d, of "
            "the variants and of their mean exposure alike; the yardsticks hold coins, which pay "
            "none. The days are those with funding rates."
        )
    if HOLD not in found.names:
        told.append(
            "Buy and hold is one of the pairs, so that each added variant makes every adjusted "
            "p-value larger."
        )
    return tuple(told)


def commands(found: Comparison) -> tuple[str, ...]:
    """Return the commands that make this comparison again."""
    snapshot = found.field.snapshot
    line = f".venv/bin/plumbline compare {' '.join(found.names)}"
    if found.board is not None:
        line += f" --sweep {found.board.path}"
    for coin in found.field.execution.perpetuals:
        line += f" --perpetual {coin}"
    if venue := found.field.execution.funding_venue:
        line += f" --funding-venue {shlex.quote(venue)}"
    line += f" --data {snapshot.source} --as-of {snapshot.as_of:%Y-%m-%dT%H:%MZ} --html"
    return ("make setup", line)

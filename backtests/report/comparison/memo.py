"""One page that defends a choice, or says that nothing does."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from backtests.compare.breakeven import NOTHING, BreakEven, cost_bp
from backtests.compare.comparison import Comparison, Standing
from backtests.compare.episodes import Without
from backtests.compare.field import HOLD
from backtests.compare.pairs import Outcome
from backtests.compare.skill import DELTA, Skill
from backtests.inference.power import minimum_detectable_effect, years_needed
from backtests.report.comparison.earnings import even_text
from backtests.report.comparison.sentences import (
    outcome,
    pair_of,
    pair_sentence,
    skill_sentence,
    words,
)
from backtests.report.comparison.swept import swept_sentence
from backtests.report.frame import environment, frame
from backtests.report.wording import figure, fixed, listing, percent, plural

LINE = 96


@dataclass(frozen=True, slots=True)
class Memo:
    """One page.

    Parameters
    ----------
    title : str
        What is chosen.
    verdict : str
        What the tests say of the choice, in one or two sentences.
    sections : tuple of (str, tuple of str)
        Heading and its sentences.
    foot : str
        Run, snapshot, seed and days.
    """

    title: str
    verdict: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    foot: str


def memo(found: Comparison, first_seen: pd.Timestamp | None) -> Memo:
    """Defend the first variant of a comparison against the others.

    Parameters
    ----------
    found : Comparison
        The choice stands first; the runner-up is the variant with the next highest Sharpe ratio
        over mean exposure among the others.
    first_seen : Timestamp or None
        When the trial ledger first had the choice's configuration.
    """
    choice, runner = found.standings[0], runner_up(found)
    field = found.field
    return Memo(
        title=f"The case for {words(choice.name)}",
        verdict=_verdict(found, choice, runner),
        sections=(
            ("The rule, and when it was written down", _rule(found, choice, first_seen)),
            ("What it earned", _earned(choice, found)),
            ("Beyond its mean exposure", _skill(found, choice)),
            ("What trading may cost", _costs(found, choice)),
            (f"Why not {words(runner.name)}", _runner(found, choice, runner)),
            ("What would change it", _change(choice)),
        ),
        foot=(
            f"Run {found.run_id}, snapshot {field.snapshot.snapshot_id}, seed "
            f"{found.manifest['seed']}, {field.first:%Y-%m-%d} to {field.last:%Y-%m-%d}, as of "
            f"{field.snapshot.as_of:%Y-%m-%d}, {field.snapshot.source}."
        ),
    )


def runner_up(found: Comparison) -> Standing:
    """Return the variant, the first left out, with the highest Sharpe ratio over mean exposure."""
    return max(
        found.standings[1:],
        key=lambda one: float("-inf") if one.skill is None else one.skill.sharpe,
    )


def _verdict(found: Comparison, choice: Standing, runner: Standing) -> str:
    kinds = {
        name: outcome(found, choice.name, name)
        for name in dict.fromkeys((HOLD, runner.name))
        if name != choice.name
    }
    alike = [words(name) for name, kind in kinds.items() if kind is Outcome.INDISTINGUISHABLE]
    better = [words(name) for name, kind in kinds.items() if kind is Outcome.BETTER]
    worse = [words(name) for name, kind in kinds.items() if kind is Outcome.WORSE]
    said = []
    if better:
        said.append(f"it differs from {listing(better)} in its favour")
    if worse:
        said.append(f"it differs from {listing(worse)} to its disadvantage")
    if alike:
        said.append(f"it is indistinguishable from {listing(alike)}")
    text = "; ".join(said) or "the days are too few to tell it from anything"
    tail = "" if better else " No test prefers it: what speaks for it is the rule, not the record."
    return f"{text[0].upper()}{text[1:]}.{tail}"


def _rule(found: Comparison, choice: Standing, first_seen: pd.Timestamp | None) -> tuple[str, ...]:
    rule, last = choice.entrant.rule, found.field.last
    when = "The trial ledger has no record of it."
    if first_seen is not None:
        days = max((last - first_seen).days, 0)
        when = f"The trial ledger first saw it on {first_seen:%Y-%m-%d}; " + (
            f"{days:,} of the {len(found.field.days):,} days came after that."
            if days
            else "every day it is judged on came before that, so that none is out of sample."
        )
    return (
        f"{choice.entrant.run.title}. Family {rule.family}, configuration {rule.config_hash}.",
        f"{configuration(rule.config)}.",
        when,
    )


def configuration(config: Mapping[str, Any]) -> str:
    """Return a configuration as one line of ``key value`` pairs."""
    parts = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            parts.append(f"{key}: {_flat(value)}")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            each = [_flat(item) if isinstance(item, Mapping) else str(item) for item in value]
            parts.append(f"{key}: {' + '.join(each) or 'none'}")
        else:
            parts.append(f"{key}: {value}")
    return "; ".join(parts)


def _flat(values: Mapping[str, Any]) -> str:
    named = [
        f"({_flat(value)})"
        if isinstance(value, Mapping)
        else str(value)
        if key in ("kind", "name")
        else f"{key} {figure(value) if isinstance(value, float) else value}"
        for key, value in values.items()
    ]
    return " ".join(named)


def _earned(choice: Standing, found: Comparison) -> tuple[str, ...]:
    metrics, sure = choice.entrant.run.metrics, choice.uncertainty
    hold = found.field.yardsticks[HOLD].metrics
    sharpe = fixed(metrics["sharpe"], 2)
    if sure.sharpe is not None:
        sharpe += f" [{fixed(sure.sharpe[0], 2)}, {fixed(sure.sharpe[1], 2)}]"
    depth = percent(metrics["max_drawdown"])
    if sure.max_drawdown is not None:
        low, high = (percent(edge) for edge in sure.max_drawdown)
        depth += f" (resampling range {low} to {high})"
    return (
        f"Growth {percent(metrics['cagr'], 1)} a year (buy and hold {percent(hold['cagr'], 1)}), "
        f"Sharpe ratio over cash {sharpe} (buy and hold {fixed(hold['sharpe'], 2)}), deepest "
        f"drawdown {depth}, at {percent(metrics['exposure'])} mean exposure.",
        *([pair_sentence(pair_of(found, choice.name, HOLD))] if choice.name != HOLD else []),
    )


def _skill(found: Comparison, choice: Standing) -> tuple[str, ...]:
    counted = found.trials
    told = [
        skill_sentence(choice),
        f"It was chosen from N = {counted.number:,} configurations ever evaluated (N_eff = "
        f"{counted.effective:,}).",
    ]
    if found.swept is not None:
        told.append(swept_sentence(found.swept))
    if choice.without is not None:
        told += _episodes(choice.without)
    return tuple(told)


def _episodes(found: Without) -> list[str]:
    left, largest = found.episodes, found.largest
    said = f"Without {left.without_low} the Sharpe ratio is {fixed(left.low, 2)}"
    if left.without_high != left.without_low:
        said += f", without {left.without_high} {fixed(left.high, 2)}"
    return [
        f"{said}; there are {plural(found.spells, 'spell')} of exposure.",
        f"The spell {largest.name}, at {percent(largest.exposure)} exposure, carries most: "
        f"{fixed(100.0 * largest.contribution, 0, sign=True)} of "
        f"{fixed(100.0 * found.total, 0, sign=True)} percentage points.",
    ]


def _costs(found: Comparison, choice: Standing) -> tuple[str, ...]:
    matched, hold = choice.break_even
    pays = figure(cost_bp(found.field.execution))
    return (
        f"It pays {pays} bp a trade. Break-even over its mean exposure: {_even(matched)}; over buy "
        f"and hold: {_even(hold)}.",
        _waiting(choice),
    )


def _even(found: BreakEven) -> str:
    free = percent(found.free, 1, sign=True)
    return f"{even_text(found)} (without any costs {free} a year)"


def _waiting(choice: Standing) -> str:
    growth = choice.delay.growth
    drags = [
        f"{hours} h {fixed(100.0 * (growth[hours] - growth[0]), 1, sign=True)}"
        for hours in sorted(growth)
        if hours
    ]
    return f"Waiting changes growth by, percentage points a year: {', '.join(drags)}."


def _runner(found: Comparison, choice: Standing, runner: Standing) -> tuple[str, ...]:
    pair = pair_of(found, choice.name, runner.name)
    told = [pair_sentence(pair)]
    if pair.outcome is Outcome.INDISTINGUISHABLE:
        told.append("The figures do not decide between the two.")
    one, other = choice.entrant.run.metrics, runner.entrant.run.metrics
    told.append(
        f"Turnover {fixed(one['turnover'], 1)} against {fixed(other['turnover'], 1)} times a year; "
        f"break-even over mean exposure {even_text(choice.break_even[0])} against "
        f"{even_text(runner.break_even[0])}; deepest drawdown {percent(one['max_drawdown'])} "
        f"against {percent(other['max_drawdown'])}."
    )
    return tuple(told)


def _change(choice: Standing) -> tuple[str, ...]:
    told = [_other_costs(choice)]
    depth = choice.uncertainty.max_drawdown
    if depth is not None:
        told.append(f"A drawdown below {percent(depth[0])}, the low end of its resampling range.")
    if choice.skill is not None:
        told += _years(choice.skill)
    told.append("Another configuration: that is another trial, and another comparison.")
    return tuple(told)


def _other_costs(choice: Standing) -> str:
    matched, paid = choice.break_even[0], cost_bp(choice.entrant.run.simulation.execution)
    if matched.cost_bp is None and matched.free <= NOTHING:
        return "Not costs: its timing is behind even without any."
    if matched.cost_bp is None:
        return f"Hardly costs: its timing pays for {even_text(matched)} a trade."
    limit = fixed(matched.cost_bp, 1)
    if matched.cost_bp < paid:
        return (
            f"Costs below {limit} bp a trade: at the {figure(paid)} bp it pays, its timing loses."
        )
    return f"Costs above {limit} bp a trade ({figure(paid)} are paid): then its timing loses."


def _years(found: Skill) -> list[str]:
    if found.standard_error is None:
        return ["Two years of days, before which there is no interval."]
    years = found.days / 365.0
    detectable = minimum_detectable_effect(found.standard_error)
    needed = years_needed(years, detectable, DELTA)
    return [
        f"New days: these {fixed(years, 1)} years would have shown a Sharpe ratio over mean "
        f"exposure of {fixed(detectable, 1)} in 80% of such samples; for {fixed(DELTA, 1)}, the "
        f"least that matters, it takes {fixed(needed)} years."
    ]


def memo_text(said: Memo) -> str:
    """Return the memo as plain text, lines of at most 96 characters."""
    parts = [said.title, "=" * len(said.title), "", *textwrap.wrap(said.verdict, LINE)]
    for heading, sentences in said.sections:
        parts += ["", heading, "-" * len(heading)]
        for sentence in sentences:
            parts += textwrap.wrap(sentence, LINE)
    return "\n".join([*parts, "", *textwrap.wrap(said.foot, LINE)]) + "\n"


def memo_page(said: Memo, found: Comparison) -> str:
    """Return the memo as HTML that prints on one A4 page."""
    return (
        environment()
        .get_template("memo.html.j2")
        .render(
            **frame(
                title=said.title,
                description=said.verdict,
                truth=found.field.snapshot.truth,
                charts={},
                pictures={},
            ),
            memo=said,
        )
    )

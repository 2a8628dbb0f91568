"""What a comparison says in words, put together by rule.

No ranking is implied where tests find no difference, and no adjective stands that a number does
not carry.
"""

from __future__ import annotations

from collections.abc import Sequence

from backtests.compare.comparison import Comparison, Standing
from backtests.compare.field import HOLD, MATCHED
from backtests.compare.overfit import Overfit
from backtests.compare.pairs import Difference, Outcome, Pair
from backtests.compare.plateau import DISTANCE, Plateau
from backtests.compare.skill import CONFIDENCE
from backtests.compare.spans import SINCE, published
from backtests.compare.superiority import NO_TIMING, Contenders
from backtests.inference.needed_sharpe import needed_sharpe
from backtests.metrics import YEAR
from backtests.report.wording import (
    figure,
    fixed,
    listing,
    p_value,
    percent,
    plural,
    span,
)

# More variants than these are not named one by one in a sentence.
NAMED = 5
CANNOT = "cannot be known from these data"
YARDSTICK = {HOLD: "buy and hold", MATCHED: "its own mean exposure", NO_TIMING: "timing nothing"}


def words(name: str) -> str:
    """Return a run's name as words."""
    return YARDSTICK.get(name, name.replace("_", " "))


def outcome(found: Comparison, one: str, other: str) -> Outcome:
    """Return what the tests say of one run against another, seen from the first."""
    return seen_from(one, pair_of(found, one, other))


def pair_of(found: Comparison, one: str, other: str) -> Pair:
    """Return the pair of two runs, whichever stands first in it."""
    return next(pair for pair in found.pairs if {pair.one, pair.other} == {one, other})


def seen_from(one: str, pair: Pair) -> Outcome:
    """Return a pair's outcome from the side of `one`."""
    turned = {Outcome.BETTER: Outcome.WORSE, Outcome.WORSE: Outcome.BETTER}
    return pair.outcome if pair.one == one else turned.get(pair.outcome, pair.outcome)


def difference(found: Difference | None, *, of: str, turned: bool = False) -> str:
    """Return a difference in ``"mean"`` (% a year) or ``"sharpe"``, with interval and p."""
    if found is None:
        return ""
    sign = -1.0 if turned else 1.0
    low, high = sorted(sign * edge for edge in found.interval)
    scale = 100.0 if of == "mean" else 1.0
    digits = 1 if of == "mean" else 2
    edges = f"[{fixed(scale * low, digits, sign=True)}, {fixed(scale * high, digits, sign=True)}]"
    unit = "% a year" if of == "mean" else ""
    value = fixed(scale * sign * found.estimate, digits, sign=True)
    return f"{value}{unit} {edges}, Holm p {p_value(found.adjusted)}"


def pair_sentence(pair: Pair) -> str:
    """Say in words what two runs are to each other, with the figures."""
    one, other = words(pair.one), words(pair.other)
    if pair.same:
        return f"{_first(one)} and {other} had the same return on every day."
    if pair.mean is None:
        return f"{_first(one)} and {other}: less than two years, too short to say."
    verb = {
        Outcome.BETTER: f"differs from {other} in its favour",
        Outcome.WORSE: f"differs from {other} to its disadvantage",
        Outcome.MIXED: f"differs from {other} one way in mean and the other in Sharpe ratio",
    }.get(pair.outcome, f"is indistinguishable from {other}")
    sharpe = difference(pair.sharpe, of="sharpe")
    return (
        f"{_first(one)} {verb}: mean {difference(pair.mean, of='mean')}"
        + (f"; Sharpe {sharpe}" if sharpe else "")
        + "."
    )


def telling_pairs(found: Comparison) -> tuple[str, ...]:
    """Say what became of the pairs with buy and hold and of those that differ; count the rest."""
    told = [
        pair
        for pair in found.pairs
        if HOLD in (pair.one, pair.other)
        or pair.outcome not in (Outcome.INDISTINGUISHABLE, Outcome.TOO_SHORT)
    ]
    said = [pair_sentence(pair) for pair in told]
    if rest := len(found.pairs) - len(told):
        kind = "indistinguishable" if found.pairs[0].mean is not None else "too short to say"
        verb = "is" if rest == 1 else "are"
        said.append(f"{_first(plural(rest, 'other pair'))} {verb} {kind}: see the matrix.")
    return tuple(said)


def skill_sentence(one: Standing) -> str:
    """Say what a variant earned over its own mean exposure, and whether luck explains it."""
    found, name = one.skill, _first(words(one.name))
    if found is None:
        return f"{name} holds the same exposure throughout: there is no timing to measure."
    if found.interval is None:
        return (
            f"{name}: Sharpe ratio over its mean exposure {fixed(found.sharpe, 2)}, from less than "
            "two years: no interval."
        )
    low, high = found.interval
    said = (
        "cannot be told from timing nothing"
        if low <= 0 <= high
        else "lies above 0, before any adjustment for trials"
        if low > 0
        else "lies below 0"
    )
    return (
        f"{name}: Sharpe ratio over its mean exposure {fixed(found.sharpe, 2)} "
        f"{span(low, high, sign=False)}, which {said}; PSR {fixed(found.probabilistic, 2)}, "
        f"deflated {fixed(found.deflated, 2)}; {_placebo(found.placebo_p)}"
    )


def _placebo(p: float | None) -> str:
    return "" if p is None else f"{percent(p)} of the same weights at other times do as well."


def since_sentence(found: Comparison) -> str | None:
    """Say what the variants and buy and hold earned since publication; ``None`` without days."""
    rows = {
        one.name: stretch
        for one in found.standings
        for stretch in one.stretches
        if stretch.span == SINCE
    }
    if not rows:
        return None
    first = next(iter(rows.values()))
    said = {name: f"{words(name)} {percent(row.earned, sign=True)}" for name, row in rows.items()}
    told = listing(list(said.values()))
    if len(rows) > NAMED:
        least, most = (pick(rows, key=lambda name: rows[name].earned) for pick in (min, max))
        told = f"{plural(len(rows), 'variant')} from {said[least]} to {said[most]}"
    return (
        f"Since publication ({published():%Y-%m-%d}), {first.days} days to {first.last:%Y-%m-%d}: "
        f"{told}; buy and hold {percent(first.held, sign=True)}. One outcome, no test."
    )


def contenders_sentence(found: Contenders) -> str:
    """Say who is in the model confidence set."""
    inside = [words(name) for name in found.included]
    outside = [words(name) for name, _ in found.p if name not in found.included]
    said = f"With 90% confidence the best is among {listing(inside)}"
    return (
        f"{said}; {listing(outside)} {are(outside)} out." if outside else f"{said}: nobody is out."
    )


def trials_sentence(found: Comparison) -> str:
    """Say how many trials were counted, in which families, and how many independent ones."""
    counted = found.trials
    families = listing([f"{name} {number:,}" for name, number in counted.families.items()])
    return (
        f"N = {counted.number:,} distinct configurations ever evaluated (by family: {families}); "
        f"N_eff = {counted.effective:,}, clusters among the {counted.known:,} whose fold returns "
        "are on record, a lower bound. The standard deviation across trials is "
        f"{fixed(_annual(counted.variance), 2)} a year for N and "
        f"{fixed(_annual(counted.effective_variance), 2)} for N_eff, never less than that of "
        "trials without skill. For a deflated Sharpe ratio of 95% the best needs "
        f"{_needed(found, counted.number, counted.variance)} a year over its mean exposure at N, "
        f"{_needed(found, counted.effective, counted.effective_variance)} at N_eff."
    )


def _needed(found: Comparison, trials: int, variance: float) -> str:
    needed = needed_sharpe(trials, variance, len(found.field.days), confidence=CONFIDENCE)
    return fixed(needed.annual(YEAR), 2)


def _annual(variance: float) -> float:
    return float((YEAR * variance) ** 0.5)


def overfit_sentence(found: Overfit) -> str:
    """Say what PBO is, with N_eff and without a threshold."""
    noun = "variant of the sweep" if found.over == "sweep" else "variant"
    what = (
        f"{found.variants:,} {noun}s"
        if found.over != "sweep"
        else (f"{found.variants:,} of the sweep’s {found.of:,} variants")
    )
    return (
        f"PBO {fixed(found.pbo, 2)} over {what}, {plural(found.effective, 'independent one')} "
        f"among them; the best in sample lost out of sample in {percent(found.loss)} of the "
        "splits. No threshold is read off it: noise gives 0.5 on average."
    )


def plateau_sentence(found: Plateau) -> str:
    """Say whether the neighbourhood of the sweep's winner holds."""
    over = "its own mean exposure" if found.measure == "sharpe_matched" else "cash"
    best = (
        f"The best of {found.variants:,} variants has a Sharpe ratio over {over} of "
        f"{fixed(found.best, 2)}"
    )
    if not found.neighbours:
        return f"{best} and no neighbour in the grid: whether it is a lonely peak {CANNOT}."
    verb = "holds" if found.holds else "does not hold"
    said = (
        f"{best}. Its neighbourhood {verb}: {percent(found.share)} of its "
        f"{plural(found.neighbours, 'neighbour')} in the grid (one step in every number, equal "
        f"otherwise) are within {fixed(DISTANCE, 1)} of it; their median is "
        f"{fixed(found.median, 2)}, the worst {fixed(found.worst, 2)}."
    )
    if found.edges:
        said += f" It stands on the edge of the grid in {listing(list(found.edges))}: look beyond."
    return said


def winner_text(found: Plateau) -> str:
    """Return the winner's parameters."""
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else figure(value)}"
        for name, value in found.winner.items()
        if value is not None
    )


def are(names: Sequence[str]) -> str:
    """Return the verb for so many names."""
    return "is" if len(names) == 1 else "are"


def their(names: Sequence[str]) -> str:
    """Return the possessive for so many names."""
    return "its" if len(names) == 1 else "their"


def _first(text: str) -> str:
    return text[0].upper() + text[1:]

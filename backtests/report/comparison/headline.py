"""The headline of a comparison: three sentences by rule.

No ranking is implied where tests find no difference, and no adjective stands that a number does
not carry.
"""

from __future__ import annotations

from collections.abc import Sequence

from backtests.compare.comparison import Comparison
from backtests.compare.field import HOLD
from backtests.compare.pairs import Outcome
from backtests.compare.skill import CONFIDENCE
from backtests.report.comparison.sentences import CANNOT, are, outcome, their, words
from backtests.report.wording import count, fixed, listing, p_value, plural


def headline(found: Comparison) -> tuple[str, str, str]:
    """Return three sentences: against buy and hold, skill, and which is best."""
    return _capital(against_hold(found)), _capital(skill_of_all(found)), _capital(best_of(found))


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def against_hold(found: Comparison) -> str:
    """Say which variants differ from buy and hold, and that the others do not."""
    outcomes: dict[Outcome, list[str]] = {}
    rest = [name for name in found.names if name != HOLD]
    for name in rest:
        outcomes.setdefault(outcome(found, name, HOLD), []).append(words(name))
    said = []
    for kind, verb in (
        (Outcome.BETTER, "beat buy and hold"),
        (Outcome.WORSE, "fell behind buy and hold"),
        (Outcome.MIXED, "differ from buy and hold, in mean and in Sharpe ratio the other way"),
        (Outcome.SAME, "earned what buy and hold earned on every day"),
    ):
        if kind in outcomes:
            said.append(f"{listing(outcomes[kind])} {verb}")
    alike, short = outcomes.get(Outcome.INDISTINGUISHABLE, []), outcomes.get(Outcome.TOO_SHORT, [])
    if len(alike) == len(rest):
        said.append(
            f"{_all(len(alike), 'variant')} {are(alike)} indistinguishable from buy and hold"
        )
    elif alike:
        said.append(f"{listing(alike)} {are(alike)} indistinguishable from buy and hold")
    if short:
        said.append(
            f"for {listing(short)} less than two years are there: whether they differ from buy "
            f"and hold {CANNOT}"
        )
    return "; ".join(said)


def skill_of_all(found: Comparison) -> str:
    """Say whether any variant beats its own mean exposure, after choosing the best of them."""
    tests = [test for test in found.superiorities if test.skill]
    number = f"{found.trials.number:,} {'trial' if found.trials.number == 1 else 'trials'}"
    if not tests:
        return "no variant changes its exposure enough for there to be timing to test"
    test = tests[0]
    if test.superior:
        return _superior(found, test.superior, number)
    return (
        f"none beats its own mean exposure beyond luck (SPA p = {p_value(test.p)} for the best, "
        f"{words(test.best)}; {number} on record)"
    )


def _superior(found: Comparison, superior: Sequence[str], number: str) -> str:
    """Say of the variants that StepM finds whether they also stand after all trials on record."""
    deflated = {
        one.name: one.skill.deflated
        for one in found.standings
        if one.name in superior and one.skill is not None
    }
    stand = [name for name, value in deflated.items() if value >= CONFIDENCE]
    fall = [name for name in deflated if name not in stand]
    said = []
    if stand:
        values = listing([fixed(deflated[name], 3) for name in stand])
        said.append(
            f"{listing([words(name) for name in stand])} earned more than {their(stand)} own mean "
            f"exposure beyond luck (StepM, familywise 5%; deflated for {number} on record {values})"
        )
    if fall:
        values = listing([fixed(deflated[name], 3) for name in fall])
        said.append(
            f"{listing([words(name) for name in fall])} earned more than {their(fall)} own mean "
            f"exposure among these variants alone (StepM, familywise 5%), but not after the "
            f"{number} on record (deflated Sharpe ratio {values})"
        )
    return "; ".join(said)


def best_of(found: Comparison) -> str:
    """Say which variants differ from each other; where none does, that the best is not known."""
    among = [pair for pair in found.pairs if {pair.one, pair.other} <= set(found.names)]
    apart = [pair for pair in among if pair.outcome in (Outcome.BETTER, Outcome.WORSE)]
    which = "which of the two" if len(found.names) == 2 else "which of them"
    if all(pair.outcome is Outcome.TOO_SHORT for pair in among):
        return f"{which} is best {CANNOT}: less than two years are there"
    if not apart:
        return f"{which} is best {CANNOT}: no pair differs after adjustment for {_tests(found)}"
    won = [(pair.one, pair.other)[pair.outcome is Outcome.WORSE] for pair in apart]
    lost = [(pair.other, pair.one)[pair.outcome is Outcome.WORSE] for pair in apart]
    said = listing(
        [
            f"{words(a)} differs from {words(b)} in its favour"
            for a, b in zip(won, lost, strict=True)
        ]
    )
    undecided = len(among) - len(apart)
    return said + (f"; {_pairs(undecided)} indistinguishable" if undecided else "")


def _pairs(number: int) -> str:
    return "one other pair is" if number == 1 else f"{count(number)} other pairs are"


def _tests(found: Comparison) -> str:
    return plural(len(found.pairs), "pair")


def _all(number: int, noun: str) -> str:
    if number == 1:
        return f"the one {noun}"
    return f"both {noun}s" if number == 2 else f"all {plural(number, noun)}"

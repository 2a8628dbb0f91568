"""The headline: plain sentences put together by rule from the verdicts of each group.

No adjective stands in it that a number does not carry, and a claim that fails is said in as many
words as one that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.inference.verdict import LEVEL
from backtests.report.verdicts import look
from backtests.report.wording import count, listing, plural
from backtests.thesis.finding import Finding

CO_MOVEMENT = "liquidity_comovement"
CANNOT = "cannot be known from these data"


@dataclass(frozen=True, slots=True)
class Tally:
    """How the claims of a group ended; claims without a method are not counted.

    Parameters
    ----------
    good, partly, bad, open, unmet : int
        Held, held in part, failed, cannot be known, and forecasts whose condition or date did
        not come.
    """

    good: int
    partly: int
    bad: int
    open: int
    unmet: int

    @property
    def decided(self) -> int:
        """Claims on which the data said something."""
        return self.good + self.partly + self.bad

    @property
    def tested(self) -> int:
        """Claims that were looked at and are due."""
        return self.decided + self.open


def tally(findings: Sequence[Finding]) -> Tally:
    """Count the verdicts of some findings."""
    tones = [look(found.verdict).tone for found in findings]
    return Tally(
        good=tones.count("for"),
        partly=tones.count("partly"),
        bad=tones.count("against"),
        open=tones.count("open") + tones.count("closed"),
        unmet=tones.count("unmet"),
    )


def headline(findings: Sequence[Finding]) -> tuple[str, str]:
    """Return two sentences: mechanism and transmission, then forecasts and rules.

    Parameters
    ----------
    findings : sequence of Finding
        All claims of a thesis, in any order.
    """
    kinds = {"fact": "mechanism", "mechanism": "mechanism"}
    groups: dict[str, list[Finding]] = {}
    for found in findings:
        groups.setdefault(kinds.get(found.claim.kind, found.claim.kind), []).append(found)
    first = (mechanism(groups.get("mechanism", [])), transmission(groups.get("transmission", [])))
    second = (forecasts(groups.get("forecast", [])), rules(groups.get("rules", [])))
    return _sentence(*first), _sentence(*second)


def _sentence(left: str, right: str) -> str:
    text = f"{left}; {right}."
    return text[0].upper() + text[1:]


def mechanism(findings: Sequence[Finding]) -> str:
    """Say what became of the claims of fact and of mechanism."""
    found = tally(findings)
    if not found.tested:
        return "no claim about the mechanism has been tested"
    if found.good == found.tested:
        return f"the mechanism holds in {_all(found.tested, 'claim')} tested"
    if found.bad == found.tested:
        if found.tested == 1:
            return "the mechanism does not hold in the one claim tested"
        return f"the mechanism holds in none of {plural(found.tested, 'claim')} tested"
    if found.open == found.tested:
        return f"whether the mechanism holds {CANNOT}"
    return f"of {plural(found.tested, 'claim')} about the mechanism, {_shares(found)}"


def _shares(found: Tally) -> str:
    parts = []
    if found.good:
        parts.append(f"{count(found.good)} {_verb(found.good, 'hold')}")
    if found.partly:
        parts.append(f"{count(found.partly)} {_verb(found.partly, 'hold')} in part")
    if found.bad:
        parts.append(f"{count(found.bad)} {'does' if found.bad == 1 else 'do'} not hold")
    if found.open:
        parts.append(f"{count(found.open)} {CANNOT}")
    return listing(parts)


def transmission(findings: Sequence[Finding]) -> str:
    """Say whether liquidity moves BTC, and apart from that whether both move together."""
    leads = tally([found for found in findings if found.claim.method != CO_MOVEMENT])
    together = tally([found for found in findings if found.claim.method == CO_MOVEMENT])
    if not leads.tested:
        said = "whether the plumbing moves BTC has not been tested"
    elif leads.open == leads.tested:
        said = f"that the plumbing moves BTC {CANNOT}"
    elif leads.good == leads.tested:
        said = f"that the plumbing moves BTC is supported by {_all(leads.tested, 'test')}"
    elif leads.bad == leads.tested:
        said = f"that the plumbing moves BTC is contradicted by {_all(leads.tested, 'test')}"
    else:
        said = (
            f"of {plural(leads.tested, 'test')} whether the plumbing moves BTC, {_outcomes(leads)}"
        )
    if together.good:
        link = "and" if leads.good else "though"
        return f"{said}, {link} liquidity and BTC move together in the same weeks"
    if together.bad:
        return said + ", and liquidity and BTC do not move together in the same weeks"
    return said


def _outcomes(found: Tally) -> str:
    parts = []
    if found.good:
        parts.append(f"{count(found.good)} {_verb(found.good, 'support')} it")
    if found.bad:
        parts.append(f"{count(found.bad)} {_verb(found.bad, 'contradict')} it")
    if found.open:
        parts.append(f"{count(found.open)} cannot tell")
    return listing(parts)


def forecasts(findings: Sequence[Finding]) -> str:
    """Say how many forecasts came true among those whose date and condition have come."""
    found = tally(findings)
    due = found.decided
    if not due:
        return "no forecast has come due"
    if found.good == due:
        said = f"{_all(due, 'forecast')} due since publication came true"
    elif found.bad == due:
        if due == 1:
            return "the one forecast due since publication did not come true"
        said = f"none of {plural(due, 'forecast')} due since publication came true"
    else:
        parts = [f"{count(found.good)} came true"]
        if found.partly:
            parts.append(f"{count(found.partly)} in part")
        if found.bad:
            parts.append(f"{count(found.bad)} did not")
        said = f"of {plural(due, 'forecast')} due since publication, {listing(parts)}"
    return said


def rules(findings: Sequence[Finding]) -> str:
    """Say whether the essay’s rules earn more than their mean exposure would have."""
    found = tally(findings)
    if not found.tested:
        return "the essay’s rules have not been tested"
    if found.open == found.tested:
        return f"whether the essay’s rules earn more than their mean exposure {CANNOT}"
    if found.good == found.tested:
        return "the essay’s rules earned more than their mean exposure would have"
    if found.bad == found.tested:
        less = all(item.adjusted is not None and item.adjusted.p3 <= LEVEL for item in findings)
        how = "earned less" if less else "did not earn more"
        return f"the essay’s rules {how} than their mean exposure would have"
    asked = f"of {plural(found.tested, 'test')} whether the essay’s rules beat their mean exposure"
    return f"{asked}, {_outcomes(found)}"


def _all(number: int, noun: str) -> str:
    if number < 3:
        return f"the one {noun}" if number == 1 else f"both {noun}s"
    return f"all {plural(number, noun)}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb

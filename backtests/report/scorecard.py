"""The scorecard: for each claim all that must stand beside its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.report.change import what_would_change
from backtests.report.verdicts import Look, look
from backtests.report.wording import (
    NONE,
    cell,
    day,
    figure,
    fixed,
    minus,
    p_value,
    percent,
    quantity,
    span,
)
from backtests.thesis.claims import Thesis
from backtests.thesis.finding import Finding
from data.snapshot import Snapshot

TESTS = frozenset({"mechanism", "transmission", "rules"})
# The small interval plots share one axis: this many deltas on either side of 0.
REACH = 6.0
SPLITS = ("to publication", "since publication", "net of ")


@dataclass(frozen=True, slots=True)
class Bar:
    """The small interval plot of a test, on an axis from -REACH to +REACH deltas.

    Places are percentages of the width; ``low`` and ``high`` are missing where there is no
    interval, ``planted`` where nothing is known to be planted or it lies off the axis.
    """

    point: float
    low: float | None
    high: float | None
    planted: float | None
    zero: float
    delta: float


@dataclass(frozen=True, slots=True)
class Card:
    """One row of the scorecard.

    Parameters
    ----------
    id, kind, statement : str
        As registered.
    look : Look
        Verdict with icon and colour.
    reason, change : str
        Why this verdict, and what would change it.
    estimate : str
        With interval and unit; a dash where nothing was measured.
    planted : str or None
        The true value in a simulated world; ``None`` in the real one.
    facts : tuple of (str, str)
        What stands beside the estimate: label and value.
    bar : Bar or None
        For tests.
    splits : tuple of (str, str)
        Before publication, since, and net of markets.
    notes : tuple of str
        The method's own sentences.
    header, rows : tuple
        The claim's own table.
    """

    id: str
    kind: str
    statement: str
    look: Look
    reason: str
    change: str
    estimate: str
    planted: str | None
    facts: tuple[tuple[str, str], ...]
    bar: Bar | None
    splits: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def tested(self) -> bool:
        """Whether a method decides the claim already."""
        return self.look.tone != "untested"


def card(found: Finding, thesis: Thesis, snapshot: Snapshot) -> Card:
    """Return a finding as a row of the scorecard."""
    claim, result = found.claim, found.result
    test = claim.kind in TESTS
    estimate = quantity(result.estimate, claim.unit, sign=test)
    if result.interval is not None and result.estimate is not None:
        estimate = f"{figure(result.estimate, sign=True)} {span(*result.interval)} {claim.unit}"
    header, rows = _own_table(result.parts)
    return Card(
        id=claim.id,
        kind=claim.kind,
        statement=claim.statement,
        look=look(found.verdict),
        reason=_sentence(minus(found.reason)),
        change=what_would_change(found, thesis, snapshot.as_of),
        estimate=estimate,
        planted=None if snapshot.truth is None else _planted(found),
        facts=_facts(found, test),
        bar=_bar(found) if test else None,
        splits=_splits(found),
        notes=tuple(minus(note) for note in result.notes),
        header=header,
        rows=rows,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _planted(found: Finding) -> str:
    return NONE if found.planted is None else figure(found.planted, sign=True)


def _facts(found: Finding, test: bool) -> tuple[tuple[str, str], ...]:
    """Return label and value of what was measured beside the estimate."""
    result, beside = found.result, list[tuple[str, str]]()
    if result.period is not None:
        beside.append(("period", f"{day(result.period[0])} to {day(result.period[1])}"))
    if test and result.estimate is not None:
        beside.append(("p, ours", p_value(found.p_value)))
        if found.adjusted is not None and look(found.verdict).tone == "against":
            beside.append(("p, opposite effect", p_value(found.adjusted.p3)))
            beside.append(("p, effect of δ", p_value(found.adjusted.p2)))
        if result.naive_p is not None:
            beside.append(("p, naive", p_value(result.naive_p)))
    if result.delta is not None:
        beside.append(("δ", f"{figure(result.delta)}"))
    if result.episodes is not None:
        beside.append(("episodes", fixed(result.episodes)))
    if result.windows is not None:
        beside.append(("windows without overlap", fixed(result.windows)))
    if result.dose is not None:
        beside.append(("dose", f"{figure(result.dose)} sd"))
    if result.leave_one_out:
        beside.append(("leave one out", _left_out(result.leave_one_out)))
    if found.mde is not None:
        beside.append(("MDE at 80% power", figure(found.mde)))
    if found.power is not None:
        beside.append(("power at δ", percent(found.power)))
    return tuple(beside)


def _left_out(estimates: Mapping[str, float]) -> str:
    known = {name: value for name, value in estimates.items() if np.isfinite(value)}
    if not known:
        return NONE
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    words = f"{figure(known[low], sign=True)} ({low}) to {figure(known[high], sign=True)} ({high})"
    first = next(iter(known))
    if first not in (low, high) and ".." in first:
        words += f"; {first} {figure(known[first], sign=True)}"
    return words


def _bar(found: Finding) -> Bar | None:
    result = found.result
    if result.estimate is None or not result.delta:
        return None

    def place(value: float) -> float:
        units = min(max(value / float(result.delta or 1.0), -REACH), REACH)
        return round(100.0 * (units + REACH) / (2.0 * REACH), 2)

    low, high = result.interval or (None, None)
    planted = found.planted
    inside = planted is not None and abs(planted / result.delta) <= REACH
    return Bar(
        point=place(result.estimate),
        low=None if low is None else place(low),
        high=None if high is None else place(high),
        planted=place(planted) if inside and planted is not None else None,
        zero=place(0.0),
        delta=place(result.delta),
    )


def _splits(found: Finding) -> tuple[tuple[str, str], ...]:
    """Return the headline estimate on other samples and with other markets held fixed."""
    out = []
    for part in found.result.parts:
        what = str(part.get("what", ""))
        if part.get("weeks") == found.claim.headline_horizon and what.startswith(SPLITS):
            words = figure(part["estimate"], sign=True)
            if "low" in part:
                words += f" {span(part['low'], part['high'])}"
            out.append((what, words))
    return tuple(out)


def _own_table(
    parts: tuple[Mapping[str, Any], ...],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    header = tuple(dict.fromkeys(name for part in parts for name in part))
    rows = tuple(tuple(cell(part.get(name)) for name in header) for part in parts)
    return header, rows


@dataclass(frozen=True, slots=True)
class Strength:
    """What one test could have shown: sizes fixed beforehand, never the observed one."""

    id: str
    delta: str
    detectable: str
    power: str
    years: str
    chances: tuple[tuple[str, str], ...]


def strength(found: Finding) -> Strength | None:
    """Return a row of the table of power; ``None`` where a test has no standard error."""
    if found.mde is None or found.result.delta is None:
        return None
    return Strength(
        id=found.claim.id,
        delta=f"{figure(found.result.delta)} {found.claim.unit or ''}",
        detectable=figure(found.mde),
        power=percent(found.power),
        years=fixed(found.years_needed, 0 if (found.years_needed or 0) >= 10 else 1),
        chances=tuple(
            (percent(chance.supported), percent(chance.contradicted)) for chance in found.chances
        ),
    )

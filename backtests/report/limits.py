"""What the report cannot say, and how to make it again."""

from __future__ import annotations

from backtests.inference.verdict import NOT_YET_TESTED
from backtests.report.content import Content
from backtests.report.wording import plural
from data.snapshot import Snapshot

COMPARE = "cmp reports/again/report.json reports/latest/report.json"


def limits(found: Content) -> tuple[str, ...]:
    """Return the limits of this report, one sentence or two each."""
    study = found.study
    waiting = sum(item.verdict == NOT_YET_TESTED for item in study.findings)
    said = [
        "Verdicts of tests rest on rules tried in simulation beforehand, but this program’s own "
        "rate of false verdicts has not been measured yet.",
        "One country’s plumbing and one short history of a new asset: a few balance-sheet cycles, "
        "two spells with an empty reverse repo facility, a handful of episodes of the standing "
        "repo facility. More data of the same kind come only with time.",
        "The coins were chosen with hindsight. Prices are mostly one venue’s; what an order of "
        "size would have moved is not modelled beyond the stated slippage.",
        f"Retrospective: {study.thesis.retrospective}.",
        "Figures are last vintages with the release time of the rule, except where a vintage is "
        "on record; what was revised later may look better known than it was.",
    ]
    if waiting:
        verb = "has" if waiting == 1 else "have"
        words = f"{plural(waiting, 'registered claim')} {verb} no method yet and no verdict."
        said.append(words[0].upper() + words[1:])
    return tuple(said)


def commands(snapshot: Snapshot) -> tuple[str, str, str]:
    """Return three commands that make this report again."""
    as_of = f"{snapshot.as_of:%Y-%m-%dT%H:%MZ}"
    if snapshot.truth is not None:
        report = f".venv/bin/plumbline report --data {snapshot.source} --as-of {as_of}"
        return ("make setup", f"{report} --out reports/again", COMPARE)
    if snapshot.source == "store":
        return (
            "make setup",
            ".venv/bin/plumbline data import PATH/TO/TABLES",
            f".venv/bin/plumbline report --data store --as-of {as_of}",
        )
    return (
        "make setup",
        f".venv/bin/plumbline report --data {snapshot.source} --as-of {as_of} --out reports/again",
        COMPARE,
    )

"""The page: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtests.latency import DELAYS_HOURS
from backtests.metrics import MEASURES
from backtests.report import wording
from backtests.report.content import Content
from backtests.report.frame import environment, frame
from backtests.report.limits import commands, limits
from backtests.report.performance import MONTHS, bracket, coins, drag, months
from backtests.report.scorecard import strength
from backtests.report.sources import remarkable
from backtests.report.study import Study

# What matters most stands where no one has to scroll.
FIRST = ("cagr", "sharpe", "volatility", "max_drawdown", "exposure", "turnover", "ending_value")
ORDER = (*FIRST, *(name for name in MEASURES if name not in FIRST))
GROUPS = (
    ("Facts and mechanism", ("fact", "mechanism")),
    ("From the plumbing to prices", ("transmission",)),
    ("Whether it can be traded", ("rules",)),
)


def page(found: Content, pictures: Mapping[str, bytes]) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    found : Content
        What it says.
    pictures : mapping of str to bytes
        The PNG of each chart, for readers without scripts and for paper.
    """
    template = environment().get_template("report.html.j2")
    return template.render(
        **_frame(found, pictures), **_scorecard(found), **_rules(found), **_data(found)
    )


def _frame(found: Content, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    study = found.study
    return {
        **frame(
            title=study.thesis.question,
            description=" ".join(found.sentences),
            truth=study.snapshot.truth,
            charts=found.charts,
            pictures=pictures,
        ),
        "found": found,
        "study": study,
        "snapshot": study.snapshot,
        "thesis": study.thesis,
    }


def _scorecard(found: Content) -> dict[str, Any]:
    snapshot, thesis = found.study.snapshot, found.study.thesis
    tested = [card for card in found.cards if card.tested]
    grouped = [(title, [card for card in tested if card.kind in kinds]) for title, kinds in GROUPS]
    return {
        "groups": [(title, cards) for title, cards in grouped if cards],
        "forecasts": [card for card in tested if card.kind == "forecast"],
        "waiting": [card for card in found.cards if not card.tested],
        "weeks_since": (snapshot.as_of.date() - thesis.published).days // 7,
        "strengths": [row for item in found.study.findings if (row := strength(item))],
    }


def _rules(found: Content) -> dict[str, Any]:
    study = found.study
    head = study.runs[0]
    return {
        "head": head,
        "rules": [run for run in study.runs if not run.benchmark],
        "yardsticks": [run for run in study.runs if run.benchmark],
        "measures": [(name, MEASURES[name]) for name in ORDER],
        "brackets": {
            name: {
                "sharpe": bracket(sure.sharpe, "ratio"),
                "volatility": bracket(sure.volatility, "share"),
                "max_drawdown": bracket(sure.max_drawdown, "share"),
            }
            for name, sure in found.uncertainty.items()
        },
        "months": months(head.simulation.equity),
        "month_names": MONTHS,
        "drags": [drag(one) for one in study.delays],
        "delay_hours": [hours for hours in DELAYS_HOURS if hours],
        "coins": coins(study.runs),
        "starts": _starts(study),
    }


def _starts(study: Study) -> dict[str, Any]:
    days = [wording.day(run.simulation.equity.index[0]) for run in study.runs]
    return {"first": min(days), "later": min(days) != max(days)}


def _data(found: Content) -> dict[str, Any]:
    return {
        "used": [source for source in found.sources if source.used],
        "unused": [source for source in found.sources if not source.used],
        "stale": [source for source in found.sources if source.status.state == "stale"],
        "odd_markets": remarkable(found.markets),
        "limits": limits(found),
        "commands": commands(found.study.snapshot),
    }

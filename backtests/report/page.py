"""The page: one self-contained HTML file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backtests.metrics import MEASURES
from backtests.palette import DARK, LIGHT, variables
from backtests.report import wording
from backtests.report.content import Content
from backtests.report.figures.equity import kind
from backtests.report.limits import commands, limits
from backtests.report.performance import MONTHS, bracket, coins, drag, months, shown
from backtests.report.scorecard import strength
from backtests.report.sources import remarkable
from backtests.report.study import DELAYS_HOURS, Study

TEMPLATES = Path(__file__).with_name("templates")
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
    template = _environment().get_template("report.html.j2")
    return template.render(
        **_frame(found, pictures), **_scorecard(found), **_rules(found), **_data(found)
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "fixed": wording.fixed,
        "figure": wording.figure,
        "signed": lambda value: wording.figure(value, sign=True),
        "day": wording.day,
        "instant": wording.instant,
        "new_york": wording.new_york,
        "minus": wording.minus,
        "short": lambda name: kind(name).replace("_", " "),
        "words": lambda name: name.replace("_", " "),
        "measured": shown,
        "shaded": _shaded,
    }
    return environment


def _shaded(shade: float, more: str = "") -> Markup:
    kind = "gain" if shade > 0 else "loss"
    return Markup(' class="{}" style="--s: {}"').format(f"{kind} {more}".strip(), abs(shade))


def _frame(found: Content, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    study = found.study
    return {
        "found": found,
        "study": study,
        "snapshot": study.snapshot,
        "thesis": study.thesis,
        "truth": study.snapshot.truth,
        "charts": found.charts,
        "pictures": {key: base64.b64encode(png).decode() for key, png in pictures.items()},
        "style": _style(),
        "specs": _json({key: chart.spec for key, chart in found.charts.items()}),
        "plotly": _plotly(),
        "script": Markup((TEMPLATES / "chart.js").read_text(encoding="utf-8")),
    }


def _style() -> Markup:
    keys = " ".join(f'[data-colour="{name}"] {{ --c: var(--{name}); }}' for name in LIGHT)
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    for name, text in (("light", variables(LIGHT)), ("dark", variables(DARK)), ("keys", keys)):
        style = style.replace("{{ " + name + " }}", text)
    return Markup(style)


def _json(value: Any) -> Markup:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


@cache
def _plotly() -> Markup:
    script = files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8")
    return Markup(script.replace("</script", "<\\/script"))


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
        "drags": [drag(one.strategy, (one.first, one.last), one.end_value) for one in study.delays],
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

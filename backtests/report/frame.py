"""What all pages share: filters, style sheet, charts, and the frame that they stand in."""

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

from backtests.palette import DARK, LIGHT, variables
from backtests.report import wording
from backtests.report.figures.base import Chart
from backtests.report.figures.equity import kind
from backtests.report.performance import shown
from data.truth import Truth

TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """Return the templates' environment, with the filters of :mod:`backtests.report.wording`."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "fixed": wording.fixed,
        "figure": wording.figure,
        "signed": lambda value: wording.figure(value, sign=True),
        "day": wording.day,
        "instant": wording.instant,
        "new_york": wording.new_york,
        "minus": wording.minus,
        "p": wording.p_value,
        "short": lambda name: kind(name).replace("_", " "),
        "words": lambda name: name.replace("_", " "),
        "measured": shown,
        "shaded": _shaded,
    }
    return made


def frame(
    *,
    title: str,
    description: str,
    truth: Truth | None,
    charts: Mapping[str, Chart],
    pictures: Mapping[str, bytes],
) -> dict[str, Any]:
    """Return what ``frame.html.j2`` needs.

    Parameters
    ----------
    title, description : str
        Of the page.
    truth : Truth or None
        What was planted: a simulated world stands under a banner.
    charts : mapping of str to Chart
        By key. A page without any carries no script.
    pictures : mapping of str to bytes
        The PNG of each chart, for readers without scripts and for paper.
    """
    return {
        "title": title,
        "description": description,
        "truth": truth,
        "charts": charts,
        "pictures": {key: base64.b64encode(png).decode() for key, png in pictures.items()},
        "style": _style(),
        "specs": _json({key: chart.spec for key, chart in charts.items()}),
        "plotly": _plotly() if charts else "",
        "script": Markup((TEMPLATES / "chart.js").read_text(encoding="utf-8")),
    }


def _shaded(shade: float, more: str = "") -> Markup:
    tone = "gain" if shade > 0 else "loss"
    return Markup(' class="{}" style="--s: {}"').format(f"{tone} {more}".strip(), abs(shade))


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

"""The page of a paper account: one self-contained HTML file without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backtests.palette import DARK, LIGHT, variables
from data.atomic import replace_file
from paper import words
from paper.events import moment
from paper.ledger import Ledger
from paper.standing import Standing, standing

TEMPLATES = Path(__file__).with_name("templates")
LOGGED = 200
# More points than dots across the column add nothing.
POINTS = 1_200
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 260, 76, 96, 14, 26


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its points in order, its label and its class in the style sheet."""

    points: Sequence[tuple[datetime, float]]
    label: str
    style: str


def refresh(ledger: Ledger, path: Path, now: datetime) -> None:
    """Write the page of a ledger; readers see the old one or the new one."""
    replace_file(path, page(ledger, now).encode())


def page(ledger: Ledger, now: datetime) -> str:
    """Return the page as HTML."""
    found = standing(ledger)
    history = _history(ledger, found)
    account = Line([(at, value) for at, value, _ in history], "account", "account")
    model = Line([(at, value) for at, _, value in history], "backtest", "model")
    shares = [(at, 100 * (value / other - 1)) for at, value, other in history if other]
    drift = Line(shares, "drift", "account")
    drawn = len(history) > 1
    return (
        _environment()
        .get_template("status.html.j2")
        .render(
            found=found,
            now=now,
            banner=words.warnings(found),
            state=words.carried_out(found),
            equity=_chart([account, model], "{:,.0f}") if drawn else "",
            drift=_chart([drift], "{:+.3f}%", zero=True) if drawn else "",
            log=[
                (event.seq, event.at[:16].replace("T", " "), event.kind, words.told(event))
                for event in ledger.latest(LOGGED)
            ],
            light=variables(LIGHT),
            dark=variables(DARK),
            money=words.money,
            price=words.price,
            quantity=words.quantity,
            percent=words.percent,
            acted=words.acted,
            day=words.day,
            instant=words.instant,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _history(ledger: Ledger, found: Standing) -> list[tuple[datetime, float, float]]:
    """Return each close with the values of account and backtest, thinned out to the column."""
    rows = [(found.started, float(found.initial_cash), float(found.initial_cash))]
    for event in ledger.of_kind("equity"):
        body = event.content
        rows.append((moment(body["close"]), float(body["value"]), float(body["model_value"])))
    step = -(-len(rows) // POINTS)
    kept = rows[::step]
    return kept if kept[-1] == rows[-1] else [*kept, rows[-1]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where moments and values stand in a chart."""

    first: datetime
    last: datetime
    low: float
    high: float

    @classmethod
    def of(cls, lines: Sequence[Line], *, zero: bool) -> _Frame:
        values = [value for line in lines for _, value in line.points] + ([0.0] if zero else [])
        low, high = min(values), max(values)
        if high - low < 1e-9 * max(abs(high), 1e-3):
            low, high = low - 1.0, high + 1.0
        return cls(lines[0].points[0][0], lines[0].points[-1][0], low, high)

    def x(self, at: datetime) -> float:
        seconds = max((self.last - self.first).total_seconds(), 1.0)
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.first).total_seconds() / seconds

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def _chart(lines: Sequence[Line], form: str, *, zero: bool = False) -> Markup:
    """Draw lines over time as SVG, with three levels and a label at each line's end."""
    frame = _Frame.of(lines, zero=zero)
    ends = _apart([frame.y(line.points[-1][1]) for line in lines])
    summary = ", ".join(f"{line.label} {form.format(line.points[-1][1])}" for line in lines)
    svg = '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">'
    parts = [Markup(svg).format(WIDTH, HEIGHT, summary)]
    parts += [_level(frame, level, form) for level in _levels(frame)]
    for line, end in zip(lines, ends, strict=True):
        path = "L".join(f"{frame.x(at):.1f} {frame.y(value):.1f}" for at, value in line.points)
        parts.append(Markup('<path class="line {}" d="M{}"/>').format(line.style, path))
        label = '<text class="{}" x="{}" y="{:.1f}">{}</text>'
        parts.append(Markup(label).format(line.style, WIDTH - RIGHT + 8, end + 4, line.label))
    for at, anchor in ((frame.first, "start"), (frame.last, "end")):
        date = '<text x="{:.1f}" y="{}" text-anchor="{}">{:%Y-%m-%d}</text>'
        parts.append(Markup(date).format(frame.x(at), HEIGHT - 6, anchor, at))
    return Markup("").join([*parts, Markup("</svg>")])


def _levels(frame: _Frame) -> tuple[float, float, float]:
    return frame.low, (frame.low + frame.high) / 2, frame.high


def _level(frame: _Frame, level: float, form: str) -> Markup:
    place, words_of = frame.y(level), form.format(level).replace("-", words.MINUS)
    rule = Markup('<path class="rule" d="M{} {:.1f}H{}"/>').format(LEFT, place, WIDTH - RIGHT)
    text = '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    return rule + Markup(text).format(LEFT - 8, place + 4, words_of)


def _apart(places: list[float], least: float = 15.0) -> list[float]:
    """Move two labels apart where they would cover each other."""
    if len(places) < 2 or abs(places[0] - places[1]) >= least:
        return places
    middle = sum(places) / 2
    up = least / 2 if places[0] > places[1] else -least / 2
    return [middle + up, middle - up]

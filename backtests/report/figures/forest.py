"""The tests side by side: estimate and interval in units of the smallest effect of interest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from backtests.palette import LIGHT
from backtests.report.figures.base import (
    FONT,
    Chart,
    Key,
    axis,
    label,
    layout,
    panel_title,
    tidy,
    upright,
)
from backtests.report.verdicts import look
from backtests.report.wording import figure, fixed, listing, span
from backtests.thesis.finding import Finding

TITLE = "Estimate and 95% interval, in units of δ"
TO_PUBLICATION = "to publication"
# Intervals that run further are cut at the edge; the numbers beside them are whole.
REACH = 6.0
ROW = 46
TONES = {"for": "blue", "against": "vermilion"}


def table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return one row a test that has an estimate and a delta, in the order of registration.

    Columns ``statement``, ``verdict``, ``unit``, ``delta``; ``estimate``, ``low``, ``high``,
    ``before`` (estimate to publication) and ``planted`` in units of delta; ``words``.
    """
    rows = []
    for found in findings:
        result = found.result
        if result.estimate is None or not result.delta:
            continue
        low, high = result.interval or (np.nan, np.nan)
        delta = result.delta
        words = figure(result.estimate, sign=True)
        if result.interval is not None:
            words += f" {span(low, high)}"
        rows.append(
            {
                "id": found.claim.id,
                "statement": found.claim.statement,
                "verdict": found.verdict,
                "unit": found.claim.unit or "",
                "delta": delta,
                "estimate": result.estimate / delta,
                "low": low / delta,
                "high": high / delta,
                "before": _before(found) / delta,
                "planted": np.nan if found.planted is None else found.planted / delta,
                "words": words,
            }
        )
    columns = ["id", "statement", "verdict", "unit", "delta", "estimate", "low", "high"]
    return pd.DataFrame(rows, columns=[*columns, "before", "planted", "words"]).set_index("id")


def _before(found: Finding) -> float:
    """Estimate of the same horizon from the data up to publication, NaN where there is none."""
    horizon = found.claim.headline_horizon
    for part in found.result.parts:
        if part.get("what") == TO_PUBLICATION and part.get("weeks") == horizon:
            return float(part["estimate"])
    return float("nan")


def chart(findings: Sequence[Finding]) -> Chart | None:
    """Draw :func:`table`; ``None`` where no test has an estimate."""
    rows = table(findings)
    if rows.empty:
        return None
    keys = [Key("ink", "whole sample", "dot"), Key("ink", "to publication", "ring")]
    if rows["planted"].notna().any():
        keys.append(Key("orange", "planted", "diamond"))
    return Chart(
        key="tests",
        title="The tests against 0 and against δ",
        caption=_caption(rows),
        table=rows,
        spec=_spec(rows),
        still=lambda figure: _still(figure, rows),
        height=1.3 + 0.55 * len(rows),
        legend=tuple(keys),
    )


def _caption(rows: pd.DataFrame) -> str:
    whole = rows.dropna(subset=["low", "high"])
    above = [str(name) for name in whole.index[whole["low"] > 0]]
    below = [str(name) for name in whole.index[whole["high"] < 1]]
    said = [
        f"the interval lies above 0 in {listing(above) or 'no test'}",
        f"below δ in {listing(below) or 'none'}",
    ]
    deltas = "; ".join(
        f"{name} {figure(row['delta'])} {row['unit']}" for name, row in rows.iterrows()
    )
    return (
        f"Before adjustment for the number of tests {' and '.join(said)}. One δ is: {deltas}. A "
        "test without a bar has a p-value by randomisation and no interval."
    )


def _edges(rows: pd.DataFrame) -> tuple[float, float]:
    values = rows[["estimate", "low", "high", "planted", "before"]].to_numpy()
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return max(-REACH, min(low, 0.0) - 0.4), min(REACH, max(high, 1.0) + 0.4)


def _places(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(len(rows), 0, -1, dtype=float)


def _colour(verdict: str) -> str:
    return TONES.get(look(verdict).tone, "ink")


def _spec(rows: pd.DataFrame) -> dict[str, Any]:
    low, high = _edges(rows)
    ticks = list(range(int(np.ceil(low)), int(high) + 1))
    traces: list[dict[str, Any]] = []
    wide, narrow = [], []
    for place, (name, row) in zip(_places(rows), rows.iterrows(), strict=True):
        colour = "@" + _colour(row["verdict"])
        if np.isfinite(row["low"]):
            traces.append(
                {
                    "x": [max(row["low"], low), min(row["high"], high)],
                    "y": [place, place],
                    "mode": "lines",
                    "line": {"color": colour, "width": 3},
                    "hoverinfo": "skip",
                }
            )
        traces.append(_point(row["before"], place, "circle-open", "@ink", "to publication"))
        traces.append(_point(row["estimate"], place, "circle", colour, "whole sample"))
        traces.append(_point(row["planted"], place, "diamond", "@orange", "planted"))
        traces = [trace for trace in traces if trace]
        words = f"<b>{name}</b>  {row['words']}"
        wide.append(_row_label(f"{words}  {row['statement']}", place))
        narrow.append(_row_label(f"{words}  {row['verdict']}", place))
    evens = [_units(tick) for tick in ticks if tick % 2 == 0]
    guides = [panel_title(TITLE, 1.0, left=0), *_guides(len(rows))]
    return {
        "data": traces,
        "layout": layout(
            ROW * len(rows) + 110,
            hovermode="closest",
            margin={"l": 12, "r": 12, "t": 30, "b": 36},
            xaxis=axis(
                range=[low, high], tickvals=ticks, ticktext=[_units(tick) for tick in ticks]
            ),
            yaxis=axis(range=[0.4, len(rows) + 1.1], showticklabels=False, showgrid=False),
            shapes=[
                upright(0, 0.0, 1.0, dash="solid"),
                upright(1, 0.0, 1.0, color="@grey", dash="dash"),
            ],
            annotations=[*guides, *wide],
        ),
        "narrow": {
            "annotations": [*guides, *narrow],
            "xaxis": {"tickvals": [tick for tick in ticks if tick % 2 == 0], "ticktext": evens},
        },
    }


def _guides(rows: int) -> list[dict[str, Any]]:
    at = rows + 0.95
    return [
        label("no effect", 0, at, "@muted", xanchor="right", xshift=-5),
        label("δ: enough to matter", 1, at, "@muted", xshift=5),
    ]


def _row_label(text: str, place: float) -> dict[str, Any]:
    return label(text, 0, place + 0.2, "@ink", xref="paper", yanchor="bottom", bgcolor="@paper")


def _point(x: float, y: float, symbol: str, colour: str, name: str) -> dict[str, Any]:
    if not np.isfinite(x):
        return {}
    return {
        "x": [x],
        "y": [y],
        "mode": "markers",
        "name": name,
        "marker": {
            "color": colour,
            "size": 9,
            "symbol": symbol,
            "line": {"width": 1.5, "color": colour},
        },
        "hovertemplate": f"{name}: %{{x:+.2f}} δ<extra></extra>",
    }


def _units(deltas: int) -> str:
    if abs(deltas) == 1:
        return f"{fixed(deltas).rstrip('1')}δ"
    return f"{fixed(deltas)}δ" if deltas else "0"


def _still(figure: Figure, rows: pd.DataFrame) -> None:
    axes = figure.subplots()
    inch = 1 / figure.get_figheight()
    figure.subplots_adjust(left=0.015, right=0.985, top=1 - 0.42 * inch, bottom=0.36 * inch)
    low, high = _edges(rows)
    axes.set_xlim(low, high)
    axes.set_ylim(0.4, len(rows) + 1.1)
    axes.axvline(0, color=LIGHT["ink"], linewidth=0.9)
    axes.axvline(1, color=LIGHT["grey"], linewidth=0.9, linestyle="--")
    for place, (name, row) in zip(_places(rows), rows.iterrows(), strict=True):
        colour = LIGHT[_colour(row["verdict"])]
        if np.isfinite(row["low"]):
            ends = [max(row["low"], low), min(row["high"], high)]
            axes.plot(ends, [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(row["before"], place, "o", markerfacecolor="none", color=LIGHT["ink"])
        axes.plot(row["estimate"], place, "o", color=colour)
        axes.plot(row["planted"], place, "D", color=LIGHT["orange"], markersize=5)
        axes.text(
            low,
            place + 0.22,
            f"{name}  {row['words']}   {row['statement']}",
            fontsize=FONT - 1,
            color=LIGHT["ink"],
            bbox={"facecolor": LIGHT["paper"], "edgecolor": "none", "pad": 1},
        )
    for text, x, side in (("no effect ", 0, "right"), (" δ: enough to matter", 1, "left")):
        axes.text(x, len(rows) + 0.85, text, ha=side, fontsize=FONT - 1, color=LIGHT["muted"])
    marks = "; diamond: planted" if rows["planted"].notna().any() else ""
    tidy(axes, f"{TITLE}  (ring: to publication{marks})")
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(lambda value, _: _units(round(value)))

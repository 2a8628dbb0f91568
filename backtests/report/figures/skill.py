"""Skill as a forest: the Sharpe ratio over the exposure-matched benchmark, and what luck gives."""

from __future__ import annotations

from collections.abc import Mapping
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
from backtests.report.wording import fixed, listing, span

TITLE = "Sharpe ratio a year over mean exposure"
ROW = 62
PLACEBO = "same weights at other times, 95%"


def table(found: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return one row a variant.

    Parameters
    ----------
    found : mapping
        By variant: ``estimate``, ``low``, ``high``, ``luck_low``, ``luck_high``; NaN where there
        is none.
    """
    columns = ["estimate", "low", "high", "luck_low", "luck_high"]
    return pd.DataFrame.from_dict(dict(found), orient="index", columns=columns, dtype="float64")


def chart(rows: pd.DataFrame, delta: float) -> Chart | None:
    """Draw :func:`table`; ``None`` where nothing is timed."""
    if rows.empty:
        return None
    return Chart(
        key="skill",
        title="Skill, beside the same weights at other times",
        caption=_caption(rows, delta),
        table=rows,
        spec=_spec(rows, delta),
        still=lambda figure: _still(figure, rows, delta),
        height=1.2 + 0.55 * len(rows),
        legend=(Key("blue", "estimate and 95% interval", "dot"), Key("grey", PLACEBO, "bar")),
    )


def _caption(rows: pd.DataFrame, delta: float) -> str:
    said = [
        f"{_words(name)} {fixed(row['estimate'], 2)}"
        + (f" {span(row['low'], row['high'], sign=False)}" if np.isfinite(row["low"]) else "")
        for name, row in rows.iterrows()
    ]
    above = [_words(name) for name, row in rows.iterrows() if row["low"] > 0]
    return (
        f"{listing(said)}. The interval lies above 0 for {listing(above) or 'none'}; no "
        "adjustment for the number of trials. Grey: where 95% of the circular shifts of the same "
        f"weights fall. The dashed line, {fixed(delta, 1)}, is the smallest size that matters."
    )


def _words(name: Any) -> str:
    return str(name).replace("_", " ")


def _edges(rows: pd.DataFrame, delta: float) -> tuple[float, float]:
    values = rows.to_numpy()
    low, high = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), delta)
    room = 0.06 * (high - low)
    return low - room, high + room


def _places(rows: pd.DataFrame) -> list[float]:
    return [float(place) for place in range(len(rows), 0, -1)]


def _bar(low: float, high: float, place: float, colour: str, width: float) -> dict[str, Any]:
    return {
        "x": [low, high],
        "y": [place, place],
        "mode": "lines",
        "line": {"color": colour, "width": width},
        "hoverinfo": "skip",
    }


def _spec(rows: pd.DataFrame, delta: float) -> dict[str, Any]:
    traces: list[dict[str, Any]] = []
    names = []
    for place, (name, row) in zip(_places(rows), rows.iterrows(), strict=True):
        if np.isfinite(row["luck_low"]):
            traces.append(_bar(row["luck_low"], row["luck_high"], place, "@grey/0.35", 14))
        if np.isfinite(row["low"]):
            traces.append(_bar(row["low"], row["high"], place, "@blue", 3))
        traces.append(
            {
                "x": [row["estimate"]],
                "y": [place],
                "mode": "markers",
                "marker": {"color": "@blue", "size": 10},
                "hovertemplate": f"{_words(name)} %{{x:.2f}}<extra></extra>",
            }
        )
        text = f"<b>{_words(name)}</b>  {fixed(row['estimate'], 2)}"
        names.append(label(text, 0, place + 0.22, "@ink", xref="paper", yanchor="bottom"))
    top = len(rows) + 0.95
    guides = [
        panel_title(TITLE, 1.0, left=0),
        label("no timing", 0, top, "@muted", xanchor="right", xshift=-5),
        label("enough to matter", delta, top, "@muted", xshift=5),
    ]
    return {
        "data": traces,
        "layout": layout(
            ROW * len(rows) + 110,
            hovermode="closest",
            margin={"l": 12, "r": 12, "t": 30, "b": 36},
            xaxis=axis(range=list(_edges(rows, delta)), tickformat=".1f"),
            yaxis=axis(range=[0.5, len(rows) + 1.15], showticklabels=False, showgrid=False),
            shapes=[
                upright(0, 0.0, 1.0, dash="solid"),
                upright(delta, 0.0, 1.0, color="@grey", dash="dash"),
            ],
            annotations=[*guides, *names],
        ),
        "narrow": {},
    }


def _still(figure: Figure, rows: pd.DataFrame, delta: float) -> None:
    axes = figure.subplots()
    inch = 1 / figure.get_figheight()
    figure.subplots_adjust(left=0.015, right=0.985, top=1 - 0.42 * inch, bottom=0.36 * inch)
    low, high = _edges(rows, delta)
    axes.set_xlim(low, high)
    axes.set_ylim(0.5, len(rows) + 1.15)
    axes.axvline(0, color=LIGHT["ink"], linewidth=0.9)
    axes.axvline(delta, color=LIGHT["grey"], linewidth=0.9, linestyle="--")
    for place, (name, row) in zip(_places(rows), rows.iterrows(), strict=True):
        for ends, colour, width, alpha in (
            (("luck_low", "luck_high"), "grey", 8, 0.35),
            (("low", "high"), "blue", 2.2, 1.0),
        ):
            axes.plot(
                [row[ends[0]], row[ends[1]]],
                [place, place],
                color=LIGHT[colour],
                linewidth=width,
                alpha=alpha,
                solid_capstyle="butt",
            )
        axes.plot(row["estimate"], place, "o", color=LIGHT["blue"])
        text = f"{_words(name)}  {fixed(row['estimate'], 2)}"
        axes.text(low, place + 0.24, text, fontsize=FONT - 1, color=LIGHT["ink"])
    for text, x, side in (("no timing ", 0, "right"), (" enough to matter", delta, "left")):
        axes.text(x, len(rows) + 0.9, text, ha=side, fontsize=FONT - 1, color=LIGHT["muted"])
    tidy(axes, f"{TITLE}  (grey: {PLACEBO})")
    axes.grid(visible=False)
    axes.set_yticks([])

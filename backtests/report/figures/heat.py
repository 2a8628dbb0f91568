"""A sweep's measure over two of its parameters, around the winner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from backtests.palette import LIGHT
from backtests.report.figures.base import FONT, Chart, axis, layout, panel_title
from backtests.report.wording import figure as number
from backtests.report.wording import fixed
from data.aliases import FloatArray

# From a faint ground over blue to ink: the contrast with the paper grows all the way, in light and
# in dark, so that it reads without colours. Vermilion marks the winner.
SCALE = ((0.0, "rule"), (0.6, "blue"), (1.0, "ink"))
RING = "vermilion"
CELL, LABELS = 34, 90


@dataclass(frozen=True, slots=True)
class Grid:
    """What a heat map shows.

    Parameters
    ----------
    key, title, measure : str
        Of the chart; `measure` is the title of what is coloured.
    x, y : str
        Parameters; `y` is empty for a single row.
    x_values, y_values : tuple of float
        Their values, increasing.
    values : ndarray of shape (len(y_values), len(x_values))
        NaN where there is no variant.
    winner : tuple of int
        Column and row of the winner.
    others : str
        What holds for the other parameters, in words.
    """

    key: str
    title: str
    measure: str
    x: str
    y: str
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    values: FloatArray
    winner: tuple[int, int]
    others: str


def chart(grid: Grid) -> Chart:
    """Draw a heat map; a ring marks the winner."""
    rows = pd.DataFrame(grid.values, index=list(grid.y_values), columns=list(grid.x_values))
    return Chart(
        key=grid.key,
        title=grid.title,
        caption=_caption(grid),
        table=rows,
        spec=_spec(grid),
        still=lambda figure: _still(figure, grid),
        height=min(6.0, 1.6 + 0.32 * len(grid.y_values)),
    )


def _caption(grid: Grid) -> str:
    column, row = grid.winner
    at = f"{grid.x} = {number(grid.x_values[column])}"
    if grid.y:
        at += f" and {grid.y} = {number(grid.y_values[row])}"
    return (
        f"{grid.measure} from {fixed(float(np.nanmin(grid.values)), 2)} to "
        f"{fixed(float(np.nanmax(grid.values)), 2)}; the ring marks the best variant of the whole "
        f"sweep, {at}. {grid.others} Empty cells are no variant of the grid."
    )


def _ticks(values: tuple[float, ...]) -> list[str]:
    return [number(value) for value in values]


def _spec(grid: Grid) -> dict[str, Any]:
    values = [
        [None if np.isnan(value) else round(float(value), 3) for value in row]
        for row in grid.values
    ]
    column, row = grid.winner
    height = max(220, min(560, CELL * len(grid.y_values) + LABELS + 40))
    title = {"font": {"color": "@muted", "size": 13}}
    return {
        "data": [
            {
                "type": "heatmap",
                "x": _ticks(grid.x_values),
                "y": _ticks(grid.y_values),
                "z": values,
                "colorscale": [[place, "@" + name] for place, name in SCALE],
                "xgap": 1,
                "ygap": 1,
                "hoverongaps": False,
                "colorbar": {"thickness": 12, "tickformat": ".2f", "outlinewidth": 0},
                "hovertemplate": f"{grid.x} %{{x}}, {grid.y or 'all'} %{{y}}: %{{z:.2f}}"
                "<extra></extra>",
            },
            {
                "x": [_ticks(grid.x_values)[column]],
                "y": [_ticks(grid.y_values)[row]],
                "mode": "markers",
                "marker": {
                    "symbol": "circle-open",
                    "size": 16,
                    "color": "@" + RING,
                    "line": {"width": 3, "color": "@" + RING},
                },
                "hoverinfo": "skip",
            },
        ],
        "layout": layout(
            height,
            hovermode="closest",
            margin={"l": 60, "r": 12, "t": 30, "b": 52},
            xaxis=axis(type="category", showgrid=False, title={"text": grid.x, **title}),
            yaxis=axis(
                type="category",
                showgrid=False,
                showticklabels=bool(grid.y),
                title={"text": grid.y, **title},
            ),
            annotations=[panel_title(grid.measure, 1.0, left=0)],
        ),
        "narrow": {},
    }


def _still(figure: Figure, grid: Grid) -> None:
    axes = figure.subplots()
    figure.subplots_adjust(left=0.11, right=0.99, top=1 - 0.35 / figure.get_figheight(), bottom=0.2)
    colours = LinearSegmentedColormap.from_list(
        "measure", [(place, LIGHT[name]) for place, name in SCALE]
    )
    drawn = axes.pcolormesh(
        np.ma.masked_invalid(grid.values), cmap=colours, edgecolors=LIGHT["paper"], linewidth=0.6
    )
    bar = figure.colorbar(drawn, ax=axes, fraction=0.025, pad=0.015)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=FONT - 1, labelcolor=LIGHT["muted"])
    column, row = grid.winner
    axes.plot(
        column + 0.5,
        row + 0.5,
        "o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor=LIGHT[RING],
        markeredgewidth=2.4,
    )
    for ticks, labels, values in (
        (axes.set_xticks, axes.set_xticklabels, grid.x_values),
        (axes.set_yticks, axes.set_yticklabels, grid.y_values if grid.y else ()),
    ):
        step = max(1, len(values) // 16)
        shown = range(0, len(values), step)
        ticks([at + 0.5 for at in shown])
        labels([number(values[at]) for at in shown])
    axes.set_xlabel(grid.x, fontsize=FONT, color=LIGHT["muted"])
    axes.set_ylabel(grid.y, fontsize=FONT, color=LIGHT["muted"])
    axes.set_title(grid.measure, loc="left", fontsize=FONT, color=LIGHT["muted"], pad=6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=FONT - 1, labelcolor=LIGHT["muted"])

"""What a chart is: its table computed once, a plotly drawing and a still picture of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from backtests.palette import LIGHT

# Width of the column on paper and in the still pictures, inches; 144 dots to the inch.
WIDTH, DPI = 9.6, 144
FONT = 9.5
# A still picture carries no date, no version and no path: the same figures give the same bytes.
METADATA = {"Software": None}
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: colour token, name, and ``line``, ``bar`` or ``band``."""

    colour: str
    name: str
    mark: str = "line"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of the report.

    Parameters
    ----------
    key : str
        Anchor in the page and name of the PNG.
    title : str
        Heading.
    caption : str
        What to see, and from which figures.
    table : DataFrame
        The figures that are drawn.
    spec : mapping
        plotly's ``data`` and ``layout``, and ``narrow``: changes of the layout on a small
        screen. Colours are tokens (``@blue``, ``@blue/0.2``) that the page resolves to the
        reader's light or dark setting.
    still : callable
        Draws the same table on a matplotlib figure.
    height : float
        Height of the still picture, inches.
    legend : tuple of Key
        Where lines are too many for labels of their own.
    narrow_legend : bool
        Show the legend on small screens only; wide ones have labels in the chart.
    """

    key: str
    title: str
    caption: str
    table: pd.DataFrame
    spec: Mapping[str, Any]
    still: Callable[[Figure], None]
    height: float
    legend: tuple[Key, ...] = ()
    narrow_legend: bool = False
    alt: str = field(default="")

    @property
    def alternative(self) -> str:
        """Text for those who do not see the chart."""
        return self.alt or f"{self.title}. {self.caption}"

    def png(self) -> bytes:
        """Return the still picture as PNG, in the light colours."""
        figure = Figure(figsize=(WIDTH, self.height), dpi=DPI, facecolor=LIGHT["paper"])
        FigureCanvasAgg(figure)
        self.still(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata=METADATA)
        return buffer.getvalue()


def tidy(axes: Axes, title: str) -> None:
    """Give a panel the plain look of the report: title with unit at its top left, few lines."""
    axes.set_title(title, loc="left", fontsize=FONT, color=LIGHT["muted"], pad=6)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT["rule"])
    axes.tick_params(length=0, labelsize=FONT - 1, labelcolor=LIGHT["muted"])
    axes.grid(axis="y", color=LIGHT["rule"], linewidth=0.6)
    axes.set_axisbelow(True)


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout that all charts share."""
    return {
        "height": height,
        "margin": {"l": 48, "r": 16, "t": 28, "b": 32},
        "paper_bgcolor": "@clear",
        "plot_bgcolor": "@clear",
        "font": {"size": 13, "color": "@muted"},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "@paper", "bordercolor": "@rule", "font": {"color": "@ink"}},
        **more,
    }


def axis(**more: Any) -> dict[str, Any]:
    """Return a vertical axis: hairlines, no frame, no zoom (a finger scrolls the page)."""
    return {
        "gridcolor": "@rule",
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickfont": {"color": "@muted"},
        **more,
    }


def time_axis(**more: Any) -> dict[str, Any]:
    """Return a horizontal time axis without grid."""
    return axis(
        type="date", showgrid=False, linecolor="@rule", showline=True, hoverformat="%Y-%m-%d"
    ) | dict(more)


def panel_title(text: str, y: float, *, left: int = -40) -> dict[str, Any]:
    """Return the title of a panel, with its unit, above the labels of its axis (`left` dots)."""
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": y,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "align": "left",
        "font": {"color": "@muted", "size": 13},
        "yshift": 5,
        "xshift": left,
    }


def label(text: str, x: Any, y: Any, colour: str, **more: Any) -> dict[str, Any]:
    """Return a direct label beside a point."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "showarrow": False,
        "font": {"color": colour, "size": 12},
        "xanchor": "left",
        "yanchor": "middle",
        **more,
    }


def days(index: pd.Index) -> list[str]:
    """Return days as text."""
    return [f"{stamp:%Y-%m-%d}" for stamp in pd.DatetimeIndex(index)]


def numbers(values: Sequence[float] | pd.Series, digits: int) -> list[float | None]:
    """Return rounded numbers with ``None`` for what is missing."""
    rounded = np.round(np.asarray(values, dtype=float), digits)
    return [None if np.isnan(value) else float(value) for value in rounded]


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers within a range of positive numbers, more to a decade where it is short.

    The decades only from four of them on, 1 and 3 from one and a half, else 1, 2 and 5.
    """
    decades = float(np.log10(high / low))
    steps = (1,) if decades >= 4 else (1, 3) if decades >= 1.5 else (1, 2, 5)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    marks = [step * 10.0**power for power in powers for step in steps]
    return [mark for mark in marks if low <= mark <= high]


def stems(values: pd.Series[float]) -> dict[str, Any]:
    """Return a trace of upright lines from zero to each value, silent under the pointer."""
    x: list[str | None] = []
    y: list[float | None] = []
    for name, value in zip(days(values.index), numbers(values, 3), strict=True):
        x += [name, name, None]
        y += [0.0, value, None]
    return {"x": x, "y": y, "mode": "lines", "hoverinfo": "skip"}


def line(values: pd.Series[float], colour: str, name: str, digits: int) -> dict[str, Any]:
    """Return a line of values in equal steps of days without their dates: first and step suffice.

    Raises
    ------
    ValueError
        If the steps differ.
    """
    index = pd.DatetimeIndex(values.index)
    steps = (index[1:] - index[:-1]).unique()
    if len(steps) > 1:
        raise ValueError(f"{name}: the days of the line are not in equal steps")
    return {
        "x0": f"{index[0]:%Y-%m-%d}",
        "dx": (steps[0].days if len(steps) else 1) * DAY_MS,
        "y": numbers(values, digits),
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 1.5},
    }


def upright(x: Any, low: float, high: float, **more: Any) -> dict[str, Any]:
    """Return an upright line at `x` between two heights of the paper (0 to 1)."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": low,
        "y1": high,
        "line": {"color": "@ink", "width": 1, "dash": "dot"} | more,
    }


def apart(places: Sequence[float], least: float) -> list[float]:
    """Move positions apart so that neighbours keep at least a distance, as little as possible.

    Parameters
    ----------
    places : sequence of float
        Wanted positions, any order.
    least : float
        Smallest distance between two of them.

    Returns
    -------
    list of float
        In the order given.
    """
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    groups: list[list[float]] = []  # of [sum of wanted starts, members]
    for i in order:
        groups.append([places[i], 1.0])
        while len(groups) > 1 and _touch(groups[-2], groups[-1], least):
            right = groups.pop()
            left = groups[-1]
            # Wanted place of the left edge of the joined group, averaged over its members.
            left[0] += right[0] - least * left[1] * right[1]
            left[1] += right[1]
    moved = [0.0] * len(places)
    position = 0
    for total, members in groups:
        for k in range(int(members)):
            moved[order[position]] = total / members + least * k
            position += 1
    return moved


def _touch(left: list[float], right: list[float], least: float) -> bool:
    return left[0] / left[1] + least * left[1] > right[0] / right[1]

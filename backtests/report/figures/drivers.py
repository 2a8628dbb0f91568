"""What drove net liquidity: bars of its parts that add up to the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from backtests.palette import LIGHT
from backtests.report.figures.base import (
    Chart,
    Key,
    axis,
    days,
    layout,
    numbers,
    panel_title,
    tidy,
    time_axis,
)
from backtests.report.wording import fixed, listing

WEEKS = 13
SPAN_DAYS = 7 * WEEKS
TITLE = f"{WEEKS}-week change of net liquidity, USD bn"
PARTS: Mapping[str, tuple[str, str]] = {
    "securities": ("sky", "securities"),
    "lending": ("blue", "lending"),
    "other_assets": ("grey", "other assets"),
    "tga": ("orange", "Treasury account (−)"),
    "rrp": ("green", "reverse repo (−)"),
}
TOTAL = "impulse"


def table(drivers: pd.DataFrame) -> pd.DataFrame:
    """Return every thirteenth week of the table of drivers, counted back from its last row.

    Parameters
    ----------
    drivers : DataFrame
        ``liquidity_drivers`` over :data:`SPAN_DAYS` days, by decision time.

    Returns
    -------
    DataFrame
        The parts and their sum by the last day of each stretch; stretches do not overlap.
    """
    known = drivers.dropna()
    rows = known.reindex(known.index[::-1][::SPAN_DAYS][::-1])
    ends = pd.DatetimeIndex(rows.index).tz_localize(None) - pd.Timedelta(days=1)
    return rows.set_axis(ends.rename("until"))[[*PARTS, TOTAL]]


def chart(rows: pd.DataFrame) -> Chart:
    """Draw :func:`table` as stacked bars and a line."""
    return Chart(
        key="drivers",
        title="What moved net liquidity",
        caption=_caption(rows),
        table=rows,
        spec=_spec(rows),
        still=lambda figure: _still(figure, rows),
        height=4.2,
        legend=(
            *(Key(colour, name, "bar") for colour, name in PARTS.values()),
            Key("ink", "net liquidity (sum)", "dot"),
        ),
    )


def _caption(rows: pd.DataFrame) -> str:
    last = rows.iloc[-1]
    parts = listing(
        [f"{name} {fixed(last[column], sign=True)}" for column, (_, name) in PARTS.items()]
    )
    return (
        f"In the {WEEKS} weeks to {rows.index[-1]:%Y-%m-%d} net liquidity changed by "
        f"{fixed(last[TOTAL], sign=True)}bn: {parts}. Bars of one date add up to the dot. From "
        "Wednesday levels of the H.4.1 with tga_wednesday and rrp, as known at the end."
    )


def _spec(rows: pd.DataFrame) -> dict[str, Any]:
    x = days(rows.index)
    bars: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": x,
            "y": numbers(rows[column], 1),
            "name": name,
            "marker": {"color": "@" + colour, "line": {"width": 0}},
            "hovertemplate": f"{name} %{{y:+,.0f}}<extra></extra>",
        }
        for column, (colour, name) in PARTS.items()
    ]
    total = {
        "x": x,
        "y": numbers(rows[TOTAL], 1),
        "mode": "lines+markers",
        "name": "sum",
        "line": {"color": "@ink", "width": 1},
        "marker": {"color": "@ink", "size": 6, "line": {"color": "@paper", "width": 1}},
        "hovertemplate": "sum %{y:+,.0f}<extra></extra>",
    }
    return {
        "data": [*bars, total],
        "layout": layout(
            380,
            barmode="relative",
            bargap=0.25,
            xaxis=time_axis(),
            yaxis=axis(tickformat=",d", zeroline=True, zerolinecolor="@ink", domain=[0, 0.95]),
            annotations=[panel_title(TITLE, 0.96)],
        ),
        "narrow": {"height": 340},
    }


def _still(figure: Figure, rows: pd.DataFrame) -> None:
    axes = figure.subplots()
    figure.subplots_adjust(left=0.065, right=0.985, top=0.86, bottom=0.08)
    width = 0.72 * SPAN_DAYS
    up, down = np.zeros(len(rows)), np.zeros(len(rows))
    for column, (colour, name) in PARTS.items():
        values = rows[column].to_numpy()
        base = np.where(values >= 0, up, down)
        axes.bar(rows.index, values, width, bottom=base, color=LIGHT[colour], label=name)
        up, down = up + np.maximum(values, 0), down + np.minimum(values, 0)
    axes.plot(
        rows.index,
        rows[TOTAL].to_numpy(),
        "o-",
        color=LIGHT["ink"],
        linewidth=0.9,
        markersize=4,
        markeredgecolor=LIGHT["paper"],
        label="net liquidity (sum)",
    )
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    tidy(axes, TITLE)
    axes.title.set_position((0, 1.0))
    figure.legend(
        loc="upper left",
        bbox_to_anchor=(0.058, 1.0),
        ncols=6,
        frameon=False,
        fontsize=8.5,
        handlelength=1.0,
        columnspacing=1.2,
        labelcolor=LIGHT["muted"],
    )

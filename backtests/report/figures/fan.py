"""BTC since publication, inside all earlier windows of the same length."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from backtests.palette import LIGHT
from backtests.report.figures.base import (
    FONT,
    Chart,
    apart,
    axis,
    label,
    layout,
    log_ticks,
    numbers,
    panel_title,
    tidy,
)
from backtests.report.wording import fixed

BANDS = (5, 25, 50, 75, 95)
TITLE = "BTC, publication = 100, log scale"
AXIS = "days since publication"
FOOT = 100.0
START = {
    "type": "line",
    "xref": "paper",
    "x0": 0,
    "x1": 1,
    "y0": FOOT,
    "y1": FOOT,
    "line": {"color": "@ink", "width": 1, "dash": "dot"},
}


def table(closes: pd.Series[float], published: date) -> pd.DataFrame:
    """Return BTC since publication beside percentiles of the windows before it.

    Parameters
    ----------
    closes : Series
        Daily closes by the UTC day they cover (naive), without a hole.
    published : date
        Day of publication; its close is 100.

    Returns
    -------
    DataFrame
        By days since publication: ``btc`` and ``p5`` .. ``p95``, the percentiles on that day
        over every window that ended by publication. ``attrs``: ``windows``, their number, and
        ``apart``, how many of them do not overlap. Empty where the data end at publication or
        hold no earlier window.
    """
    day = pd.Timestamp(published)
    since, earlier = closes.loc[day:], closes.loc[:day]
    length = len(since) - 1
    count = len(earlier) - length
    if length < 1 or count < 1:
        return pd.DataFrame(columns=["btc", *(f"p{band}" for band in BANDS)])
    values = earlier.to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(values, length + 1)
    paths = FOOT * windows / windows[:, :1]
    bands = np.percentile(paths, BANDS, axis=0)
    rows = pd.DataFrame(
        {
            "btc": FOOT * since.to_numpy() / since.iloc[0],
            **{f"p{band}": values for band, values in zip(BANDS, bands, strict=True)},
        },
        index=pd.RangeIndex(length + 1, name="days"),
    )
    below = 100.0 * float(np.mean(paths[:, -1] <= rows["btc"].iloc[-1]))
    rows.attrs = {
        "windows": count,
        "apart": (len(values) - 1) // length,
        "first": earlier.index[0],
        "percentile": below,
        "last": since.index[-1],
    }
    return rows


def chart(rows: pd.DataFrame) -> Chart | None:
    """Draw :func:`table`; ``None`` where it is empty."""
    if rows.empty:
        return None
    return Chart(
        key="since",
        title="BTC since publication, among all earlier windows of that length",
        caption=_caption(rows),
        table=rows,
        spec=_spec(rows),
        still=lambda figure: _still(figure, rows),
        height=4.2,
    )


def _caption(rows: pd.DataFrame) -> str:
    facts = rows.attrs
    return (
        f"After {len(rows) - 1} days ({facts['last']:%Y-%m-%d}) BTC stands at "
        f"{fixed(rows['btc'].iloc[-1], 1)} with 100 at publication; {fixed(facts['percentile'])}% "
        f"of the {facts['windows']:,} windows of that length before publication ended no higher. "
        f"They overlap: only {facts['apart']} since {facts['first']:%Y-%m-%d} do not. Bands are "
        "percentiles of each day. From daily closes."
    )


def _spec(rows: pd.DataFrame) -> dict[str, Any]:
    x = list(range(len(rows)))

    def edge(column: str, **more: Any) -> dict[str, Any]:
        return {
            "x": x,
            "y": numbers(rows[column], 2),
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            **more,
        }

    last = len(rows) - 1
    places = _label_places(rows)
    return {
        "data": [
            edge("p5"),
            edge("p95", fill="tonexty", fillcolor="@grey/0.18"),
            edge("p25"),
            edge("p75", fill="tonexty", fillcolor="@grey/0.28"),
            edge("p50", line={"color": "@grey", "width": 1.5}, name="median", hoverinfo="y+name"),
            edge("btc", line={"color": "@blue", "width": 2.5}, name="BTC", hoverinfo="y+name"),
        ],
        "layout": layout(
            400,
            margin={"l": 44, "r": 92, "t": 28, "b": 44},
            xaxis=axis(
                range=[0, last],
                showgrid=False,
                showline=True,
                linecolor="@rule",
                title={"text": AXIS, "font": {"color": "@muted", "size": 13}},
            ),
            yaxis=axis(
                type="log",
                domain=[0, 0.95],
                tickvals=log_ticks(*_reach(rows)),
                tickformat=",d",
            ),
            shapes=[START],
            annotations=[
                panel_title(TITLE, 0.96),
                *(
                    label(text, last, float(np.log10(place)), colour, xshift=5)
                    for text, place, colour in places
                ),
            ],
        ),
        "narrow": {"height": 360},
    }


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    return float(rows.min().min()), float(rows.max().max())


def _label_places(rows: pd.DataFrame) -> list[tuple[str, float, str]]:
    """Direct labels at the right edge: text, height, colour; moved apart on the log scale."""
    last = rows.iloc[-1]
    found = [(f"{band}% below", float(last[f"p{band}"]), "@muted") for band in BANDS if band != 50]
    found += [("median", float(last["p50"]), "@muted")]
    found += [(f"<b>BTC {fixed(last['btc'])}</b>", float(last["btc"]), "@blue-text")]
    low, high = _reach(rows)
    reach = np.log10(high / low)
    moved = apart([float(np.log10(value)) for _, value, _ in found], 0.055 * reach)
    return [
        (text, 10.0**place, colour) for (text, _, colour), place in zip(found, moved, strict=True)
    ]


def _still(figure: Figure, rows: pd.DataFrame) -> None:
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.9, top=0.92, bottom=0.12)
    grey = LIGHT["grey"]
    axes.fill_between(rows.index, rows["p5"], rows["p95"], color=grey, alpha=0.18, linewidth=0)
    axes.fill_between(rows.index, rows["p25"], rows["p75"], color=grey, alpha=0.28, linewidth=0)
    axes.plot(rows.index, rows["p50"], color=grey, linewidth=1.2)
    axes.plot(rows.index, rows["btc"], color=LIGHT["blue"], linewidth=2)
    axes.axhline(FOOT, color=LIGHT["ink"], linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    axes.set_yticks(log_ticks(*_reach(rows)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.minorticks_off()
    axes.set_xlim(0, len(rows) - 1)
    for text, place, colour in _label_places(rows):
        axes.annotate(
            text.replace("<b>", "").replace("</b>", ""),
            (1, place),
            xytext=(5, 0),
            textcoords="offset points",
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=FONT - 1,
            color=LIGHT[colour.removeprefix("@")],
        )
    tidy(axes, TITLE)
    axes.set_xlabel(AXIS, fontsize=FONT, color=LIGHT["muted"])

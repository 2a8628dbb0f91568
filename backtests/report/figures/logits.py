"""Overfitting: how the best in sample ranks out of sample, over all splits of the folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from backtests.palette import LIGHT
from backtests.report.figures.base import FONT, Chart, axis, label, layout, panel_title, tidy
from backtests.report.wording import percent, plural

TITLE = "Splits, share of all"
AXIS = "logit of its rank out of sample"


def table(logits: Sequence[tuple[float, int]]) -> pd.DataFrame:
    """Return ``logit``, ``splits`` and ``share``, logits increasing."""
    rows = pd.DataFrame(logits, columns=["logit", "splits"])
    return rows.assign(share=rows["splits"] / rows["splits"].sum())


def chart(rows: pd.DataFrame, *, pbo: float, chosen_from: int, effective: int, what: str) -> Chart:
    """Draw :func:`table`.

    Parameters
    ----------
    rows : DataFrame
        The histogram.
    pbo : float
        Probability of backtest overfitting.
    chosen_from, effective : int
        Variants that the best is chosen from, and independent ones among them.
    what : str
        What they are, for the caption.
    """
    caption = (
        f"In {percent(pbo)} of {int(rows['splits'].sum()):,} splits of sixteen folds the {what} "
        "that was best in one half ended in the lower half of the other (left of 0). Chosen from "
        f"{plural(chosen_from, what)}, which amount to {plural(effective, 'independent one')}. "
        "Noise gives one half on average and scatters by 15 to 21 points: no threshold is read "
        "off it."
    )
    return Chart(
        key="overfitting",
        title=f"What choosing the best {what} was worth out of sample",
        caption=caption,
        table=rows,
        spec=_spec(rows),
        still=lambda figure: _still(figure, rows),
        height=3.4,
    )


def _width(rows: pd.DataFrame) -> float:
    steps = rows["logit"].diff().dropna()
    return 0.9 * float(steps.min()) if len(steps) else 0.5


def _reach(rows: pd.DataFrame) -> float:
    return float(rows["logit"].abs().max()) + 0.8 * _width(rows)


def _spec(rows: pd.DataFrame) -> dict[str, Any]:
    reach, top = _reach(rows), float(rows["share"].max())
    return {
        "data": [
            {
                "type": "bar",
                "x": rows["logit"].tolist(),
                "y": rows["share"].round(5).tolist(),
                "width": _width(rows),
                "marker": {
                    "color": ["@grey" if x < 0 else "@blue" for x in rows["logit"]],
                    "line": {"width": 0},
                },
                "hovertemplate": "logit %{x:.2f}: %{y:.1%} of the splits<extra></extra>",
            }
        ],
        "layout": layout(
            340,
            hovermode="closest",
            margin={"l": 44, "r": 12, "t": 30, "b": 48},
            xaxis=axis(
                range=[-reach, reach],
                showgrid=False,
                showline=True,
                linecolor="@rule",
                title={"text": AXIS, "font": {"color": "@muted", "size": 13}},
            ),
            yaxis=axis(tickformat=".0%", range=[0, 1.16 * top], domain=[0, 0.97]),
            annotations=[
                panel_title(TITLE, 0.98),
                label("lower half", 0, 1.1 * top, "@muted", xanchor="right", xshift=-8),
                label("upper half", 0, 1.1 * top, "@blue-text", xshift=8),
            ],
        ),
        "narrow": {"height": 300},
    }


def _still(figure: Figure, rows: pd.DataFrame) -> None:
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.985, top=0.9, bottom=0.16)
    colours = [LIGHT["grey" if x < 0 else "blue"] for x in rows["logit"]]
    axes.bar(rows["logit"], rows["share"], width=_width(rows), color=colours)
    reach, top = _reach(rows), float(rows["share"].max())
    axes.set_xlim(-reach, reach)
    axes.set_ylim(0, 1.16 * top)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
    for text, side, colour in (
        ("lower half  ", "right", "muted"),
        ("  upper half", "left", "blue-text"),
    ):
        axes.text(0, 1.07 * top, text, ha=side, fontsize=FONT - 1, color=LIGHT[colour])
    tidy(axes, TITLE)
    axes.set_xlabel(AXIS, fontsize=FONT, color=LIGHT["muted"])

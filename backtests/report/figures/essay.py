"""The essay's own chart: repo rates against the ceiling, above use of the facility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backtests.palette import LIGHT
from backtests.report.figures.base import (
    FONT,
    Chart,
    axis,
    days,
    label,
    layout,
    numbers,
    panel_title,
    stems,
    tidy,
    time_axis,
    upright,
)
from backtests.report.wording import fixed
from data.facts import SRF_ERAS, Fact
from data.observations import Observations

BP = 100.0
USED_BN = 0.5  # below this an operation is a small-value exercise
STANDING = date(2021, 7, 29)
TOP = "SOFR less the Fed’s ceiling, basis points"
BOTTOM = "Standing repo facility, USD bn a day"
LABELLED = 2
LABEL_DAYS = pd.Timedelta(days=180)
ABOVE, BELOW = (0.5, 0.95), (0.0, 0.38)


@dataclass(frozen=True, slots=True)
class Era:
    """A span of the facility's rules, named by a letter in the chart."""

    letter: str
    first: pd.Timestamp
    last: pd.Timestamp
    what: str


def table(observations: Observations) -> pd.DataFrame:
    """Return ``excess`` (bp) and ``srf`` (USD bn) by day, since the facility began."""
    sofr, ceiling = observations.latest("sofr"), observations.latest("ff_upper")
    excess = ((sofr - ceiling) * BP).dropna().loc[STANDING.isoformat() :]
    used = observations.latest("srf").loc[STANDING.isoformat() :]
    return pd.DataFrame({"excess": excess.round(6), "srf": used}).rename_axis("day")


def eras(last: pd.Timestamp) -> list[Era]:
    """Return the standing facility's eras up to a day."""
    standing: list[Fact] = [fact for fact in SRF_ERAS if fact.start >= STANDING]
    return [
        Era(
            letter,
            pd.Timestamp(fact.start),
            min(pd.Timestamp(fact.end or last), last),
            fact.what,
        )
        for letter, fact in zip("ABCDEFGH", standing, strict=False)
        if pd.Timestamp(fact.start) < last
    ]


def chart(observations: Observations, published: date) -> Chart:
    """Draw the essay's chart."""
    rows = table(observations)
    spans = eras(rows.index[-1])
    return Chart(
        key="essay",
        title="Repo rates at the ceiling, and the facility behind it",
        caption=_caption(rows, spans),
        table=rows,
        spec=_spec(rows, spans, pd.Timestamp(published)),
        still=lambda figure: _still(figure, rows, spans, pd.Timestamp(published)),
        height=5.4,
    )


def _caption(rows: pd.DataFrame, spans: list[Era]) -> str:
    excess, used = rows["excess"].dropna(), rows["srf"][rows["srf"] >= USED_BN]
    words = (
        f"SOFR closed above the ceiling on {int((excess > 0).sum()):,} of {len(excess):,} days, "
        f"at most {fixed(excess.max())} bp above it ({excess.idxmax():%Y-%m-%d}); the facility was "
        f"drawn on {len(used):,} days"
    )
    if len(used):
        words += f", most on {used.idxmax():%Y-%m-%d} ({fixed(used.max(), 1)}bn)"
    shades = "; ".join(
        f"{era.letter} from {era.first:%Y-%m-%d}: {era.what.partition(', ')[2] or era.what}"
        for era in spans
    )
    return (
        f"{words}. Eras: {shades}. Amounts under {USED_BN}bn are small-value exercises and not "
        "counted. From sofr, ff_upper and srf, last vintage; the temporary repo operations of "
        "2019 to July 2021 are left out."
    )


def _used(rows: pd.DataFrame) -> pd.Series[float]:
    used = rows["srf"].dropna()
    return used[used >= USED_BN]


def _spec(rows: pd.DataFrame, spans: list[Era], published: pd.Timestamp) -> dict[str, Any]:
    excess, used = rows["excess"].dropna(), _used(rows)
    traces: list[dict[str, Any]] = [
        {
            "x": days(excess.index),
            "y": numbers(excess, 1),
            "mode": "lines",
            "line": {"color": "@ink", "width": 1},
            "name": "SOFR − ceiling",
            "hovertemplate": "%{y:+.0f} bp<extra></extra>",
        },
        stems(excess[excess > 0]) | {"line": {"color": "@vermilion", "width": 2}},
        stems(used) | {"line": {"color": "@blue", "width": 2}, "yaxis": "y2"},
        {
            "x": days(used.index),
            "y": numbers(used, 3),
            "yaxis": "y2",
            "mode": "markers",
            "marker": {"color": "@blue", "size": 5},
            "name": "SRF",
            "hovertemplate": "%{y:.1f}bn<extra></extra>",
        },
    ]
    shapes, notes = _furniture(spans, published)
    notes += [
        label(f"{fixed(value, 1)}bn", f"{day:%Y-%m-%d}", value, "@blue-text")
        | {"yref": "y2"}
        | ({"xshift": 7} if _has_room(day, rows, published) else {"xanchor": "right", "xshift": -7})
        for day, value in _labelled(used)
    ]
    first = min(excess.index[0], spans[0].first) if spans else excess.index[0]
    return {
        "data": traces,
        "layout": layout(
            480,
            xaxis=time_axis(anchor="y2", range=[f"{first:%Y-%m-%d}", f"{rows.index[-1]:%Y-%m-%d}"]),
            yaxis=axis(domain=list(ABOVE), zeroline=True, zerolinecolor="@ink", zerolinewidth=1),
            yaxis2=axis(domain=list(BELOW), rangemode="tozero"),
            shapes=shapes,
            annotations=[panel_title(TOP, ABOVE[1]), panel_title(BOTTOM, BELOW[1]), *notes],
        ),
        "narrow": {"height": 440},
    }


def _labelled(used: pd.Series[float]) -> list[tuple[pd.Timestamp, float]]:
    largest = used.nlargest(LABELLED)
    return list(zip(pd.DatetimeIndex(largest.index), largest.tolist(), strict=True))


def _has_room(day: pd.Timestamp, rows: pd.DataFrame, published: pd.Timestamp) -> bool:
    """Whether a label fits to the right of a point: past the essay's line, not at the edge."""
    return bool(published < day < rows.index[-1] - LABEL_DAYS)


def _furniture(
    spans: list[Era], published: pd.Timestamp
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, era in enumerate(spans):
        shade = "@grey/0.16" if number % 2 else "@grey/0.05"
        shapes += [_band(era, domain, shade) for domain in (BELOW, ABOVE)]
        notes.append(
            label(era.letter, f"{era.first + (era.last - era.first) / 2:%Y-%m-%d}", 0.95, "@muted")
            | {"yref": "paper", "xanchor": "center", "yanchor": "top"}
        )
    day = f"{published:%Y-%m-%d}"
    shapes.append(upright(day, 0.0, 0.95))
    notes.append(
        label("essay", day, BELOW[1], "@ink")
        | {"yref": "paper", "xanchor": "right", "yanchor": "top", "xshift": -4}
    )
    return shapes, notes


def _band(era: Era, heights: tuple[float, float], colour: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": f"{era.first:%Y-%m-%d}",
        "x1": f"{era.last:%Y-%m-%d}",
        "y0": heights[0],
        "y1": heights[1],
        "line": {"width": 0},
        "fillcolor": colour,
    }


def _still(figure: Figure, rows: pd.DataFrame, spans: list[Era], published: pd.Timestamp) -> None:
    axes = figure.subplots(2, 1, sharex=True, height_ratios=[1.15, 1])
    figure.subplots_adjust(left=0.06, right=0.985, top=0.93, bottom=0.06, hspace=0.24)
    top, bottom = axes
    excess, used = rows["excess"].dropna(), _used(rows)
    top.plot(excess.index, excess.to_numpy(), color=LIGHT["ink"], linewidth=0.7)
    above = excess[excess > 0]
    top.vlines(above.index, 0, above.to_numpy(), color=LIGHT["vermilion"], linewidth=1.6)
    top.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    bottom.vlines(used.index, 0, used.to_numpy(), color=LIGHT["blue"], linewidth=1.6)
    bottom.plot(used.index, used.to_numpy(), "o", color=LIGHT["blue"], markersize=3)
    bottom.set_ylim(bottom=0)
    for day, value in _labelled(used):
        _note(bottom, day, value, right=_has_room(day, rows, published))
    tidy(top, TOP)
    tidy(bottom, BOTTOM)
    for panel in axes:
        for number, era in enumerate(spans):
            shade = 0.16 if number % 2 else 0.05
            panel.axvspan(era.first, era.last, color=LIGHT["grey"], alpha=shade, linewidth=0)
        panel.axvline(published, color=LIGHT["ink"], linewidth=0.8, linestyle=":")
    for era in spans:
        top.annotate(
            era.letter,
            (era.first + (era.last - era.first) / 2, 0.98),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize=FONT - 1,
            color=LIGHT["muted"],
        )
    bottom.annotate(
        "essay ",
        (published, 0.98),
        xycoords=("data", "axes fraction"),
        ha="right",
        va="top",
        fontsize=FONT - 1,
        color=LIGHT["ink"],
    )
    top.set_xlim(min(excess.index[0], spans[0].first) if spans else None, rows.index[-1])


def _note(panel: Axes, day: pd.Timestamp, value: float, *, right: bool) -> None:
    panel.annotate(
        f"{fixed(value, 1)}bn",
        (day, value),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=FONT - 1,
        color=LIGHT["blue-text"],
    )

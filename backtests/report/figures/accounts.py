"""Variants side by side: their accounts, and what they earned over their own mean exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from backtests.palette import LIGHT
from backtests.report.figures import ends
from backtests.report.figures.base import (
    Chart,
    Key,
    axis,
    label,
    layout,
    line,
    panel_title,
    tidy,
    time_axis,
    upright,
)
from backtests.report.figures.ends import Line
from backtests.report.wording import fixed, listing, percent

VALUE, EXCESS = (0.42, 0.95), (0.0, 0.33)
TITLES = (
    "Value of the account, USD, log scale",
    "Sum of returns over mean exposure, percent",
)
# Vermilion and blue mean no verdict here: every line carries its name.
COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky")
HOLD = "buy_and_hold"
WEEK = 7


def lines(names: Sequence[str]) -> list[Line]:
    """Return the variants with their colours, grey from the seventh on; buy and hold last."""
    found = [
        Line(name, name.replace("_", " "), COLOURS[at] if at < len(COLOURS) else "grey")
        for at, name in enumerate(names)
        if name != HOLD
    ]
    return [*found, Line(HOLD, "buy and hold", "ink")]


def table(
    equity: Mapping[str, pd.Series[float]], excess: Mapping[str, pd.Series[float]]
) -> pd.DataFrame:
    """Return equity (USD) and the running sum of excess returns (decimal) by naive day.

    Parameters
    ----------
    equity : mapping of str to Series
        Of the variants and of buy and hold, by close time, on the same days.
    excess : mapping of str to Series
        Daily excess over the exposure-matched benchmark, of the variants.

    Returns
    -------
    DataFrame
        Columns are pairs ``(what, name)``.
    """
    columns = {("equity", name): values for name, values in equity.items()}
    index = next(iter(equity.values())).index
    for name, values in excess.items():
        columns["excess", name] = values.cumsum().reindex(index).fillna(0.0)
    rows = pd.DataFrame(columns)
    closes = pd.DatetimeIndex(rows.index).tz_localize(None) - pd.Timedelta(days=1)
    return rows.set_axis(closes.rename("day"))


def chart(rows: pd.DataFrame, published: pd.Timestamp) -> Chart:
    """Draw :func:`table`."""
    accounts = lines([str(name) for name in rows["excess"].columns])
    return Chart(
        key="accounts",
        title="The accounts, and what is left of them without mean exposure",
        caption=_caption(rows, accounts),
        table=rows,
        spec=_spec(rows, accounts, published),
        still=lambda figure: _still(figure, rows, accounts, published),
        height=5.8,
        legend=tuple(Key(one.colour, one.label) for one in accounts),
        narrow_legend=True,
    )


def _caption(rows: pd.DataFrame, accounts: Sequence[Line]) -> str:
    equity, excess = rows["equity"], rows["excess"]
    first = fixed(equity.iloc[0].iloc[0])
    became = listing([f"{fixed(equity[a.name].iloc[-1])} ({a.label})" for a in accounts])
    sums = listing(
        [f"{percent(excess[name].iloc[-1], sign=True)} ({_words(name)})" for name in excess.columns]
    )
    return (
        f"{first} USD on {rows.index[0]:%Y-%m-%d} became {became} by {rows.index[-1]:%Y-%m-%d}. "
        f"Below, the part that timing earned, (w − mean w) r after costs, adds up to {sums}. "
        "After fees, slippage and interest. From daily bars."
    )


def _words(name: Any) -> str:
    return str(name).replace("_", " ")


def _weekly(values: pd.Series[float]) -> pd.Series[float]:
    return values.iloc[(len(values) - 1) % WEEK :: WEEK]


def _spec(rows: pd.DataFrame, accounts: Sequence[Line], published: pd.Timestamp) -> dict[str, Any]:
    traces = []
    for one in reversed(accounts):
        trace = line(_weekly(rows["equity"][one.name]), "@" + one.colour, one.label, 0)
        traces.append(trace | {"hovertemplate": f"{one.label} %{{y:,.0f}}<extra></extra>"})
        if one.name in rows["excess"]:
            below = line(_weekly(rows["excess"][one.name]), "@" + one.colour, one.label, 4)
            below |= {"yaxis": "y2", "hovertemplate": f"{one.label} %{{y:+.0%}}<extra></extra>"}
            traces.append(below)
    day = f"{published:%Y-%m-%d}"
    inside = rows.index[0] <= published <= rows.index[-1]
    titles = [panel_title(TITLES[0], VALUE[1]), panel_title(TITLES[1], EXCESS[1])]
    if inside:
        essay = label("essay", day, VALUE[1], "@ink")
        titles.append(essay | {"yref": "paper", "xanchor": "right", "yanchor": "top", "xshift": -4})
    return {
        "data": traces,
        "layout": layout(
            560,
            margin={"l": 56, "r": 160, "t": 28, "b": 32},
            hovermode="closest",
            xaxis=time_axis(
                anchor="y2", range=[f"{rows.index[0]:%Y-%m-%d}", f"{rows.index[-1]:%Y-%m-%d}"]
            ),
            yaxis=ends.value_axis(rows, VALUE),
            yaxis2=axis(domain=list(EXCESS), tickformat=".0%", zeroline=True, zerolinecolor="@ink"),
            shapes=[upright(day, 0.0, VALUE[1])] if inside else [],
            annotations=[*titles, *ends.labels(accounts, _places(rows, accounts))],
        ),
        "narrow": {
            "height": 500,
            "margin": {"l": 48, "r": 12, "t": 28, "b": 32},
            "annotations": titles,
        },
    }


def _places(rows: pd.DataFrame, accounts: Sequence[Line]) -> list[float]:
    return ends.places(rows, accounts, 0.07)


def _still(
    figure: Figure, rows: pd.DataFrame, accounts: Sequence[Line], published: pd.Timestamp
) -> None:
    value, excess = figure.subplots(2, 1, sharex=True, height_ratios=[1.6, 1])
    figure.subplots_adjust(left=0.08, right=0.82, top=0.95, bottom=0.055, hspace=0.24)
    for one in reversed(accounts):
        value.plot(rows.index, rows["equity"][one.name], color=LIGHT[one.colour], linewidth=1.3)
        if one.name in rows["excess"]:
            excess.plot(
                rows.index, rows["excess"][one.name], color=LIGHT[one.colour], linewidth=1.3
            )
    excess.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ends.draw(value, rows, accounts, _places(rows, accounts))
    for panel, title in zip((value, excess), TITLES, strict=True):
        tidy(panel, title)
        if rows.index[0] <= published <= rows.index[-1]:
            panel.axvline(published, color=LIGHT["ink"], linewidth=0.8, linestyle=":")
    excess.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    value.set_xlim(rows.index[0], rows.index[-1])

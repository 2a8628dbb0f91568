"""The headline rule against its yardsticks: value, drawdown, exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from backtests.metrics import drawdown
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
from backtests.report.wording import fixed, percent
from backtests.run import Run

VALUE, DEPTH, HELD = (0.46, 0.96), (0.22, 0.38), (0.0, 0.14)
TITLES = ("Value of the account, USD, log scale", "Drawdown, percent", "Exposure, percent of value")
HOLD, MATCHED, SHIFTED, TREND = "buy_and_hold", "exposure_matched", "random_timing", "trend_200"
COLOURS: Mapping[str, str] = {
    HOLD: "ink",
    MATCHED: "orange",
    SHIFTED: "purple",
    TREND: "green",
}
WEEK = 7


def kind(name: str) -> str:
    """Return what kind of yardstick a name means: ``rule:exposure_matched:7`` is matched."""
    parts = name.split(":")
    return parts[1] if len(parts) > 1 else name


def lines(runs: Sequence[Run]) -> list[Line]:
    """Return the headline rule and all yardsticks, with their colours."""
    head = runs[0]
    found = [Line(head.name, head.name.replace("_", " "), "blue")]
    for run in runs:
        if run.benchmark:
            what = kind(run.name)
            found.append(Line(run.name, what.replace("_", " "), COLOURS.get(what, "grey")))
    return found


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return equity by run name (USD), and drawdown and exposure of rule and holding (shares).

    Columns are pairs ``(what, run name)``; rows are naive days, the close of the day, from the
    rule's first. Yardsticks that began earlier are worth the rule's initial cash on that day.
    """
    simulations = {run.name: run.simulation for run in runs}
    head = simulations[runs[0].name]
    index, cash = head.equity.index, float(head.equity.iloc[0])
    columns = {}
    for one in lines(runs):
        value = simulations[one.name].equity.reindex(index)
        columns["equity", one.name] = value * (cash / value[value.first_valid_index()])
    for name in (runs[0].name, HOLD):
        if name in simulations:
            columns["drawdown", name] = drawdown(columns["equity", name])
    columns["exposure", runs[0].name] = head.exposure
    rows = pd.DataFrame(columns)
    closes = pd.DatetimeIndex(rows.index).tz_localize(None) - pd.Timedelta(days=1)
    return rows.set_axis(closes.rename("day"))


def chart(runs: Sequence[Run], published: pd.Timestamp) -> Chart:
    """Draw :func:`table`."""
    rows, accounts = table(runs), lines(runs)
    return Chart(
        key="rules",
        title="The playbook against its yardsticks",
        caption=_caption(rows, accounts),
        table=rows,
        spec=_spec(rows, accounts, published),
        still=lambda figure: _still(figure, rows, accounts, published),
        height=6.6,
        legend=tuple(Key(one.colour, one.label) for one in accounts if one.colour != "grey")
        + ((Key("grey", "other yardsticks"),) if any(a.colour == "grey" for a in accounts) else ()),
        narrow_legend=True,
    )


def _caption(rows: pd.DataFrame, accounts: Sequence[Line]) -> str:
    equity, head = rows["equity"], accounts[0]
    first = fixed(equity[head.name].iloc[0])
    said = [
        f"{one.label} {fixed(equity[one.name].iloc[-1])}"
        for one in accounts[1:]
        if kind(one.name) in (HOLD, MATCHED)
    ]
    depth = rows["drawdown"][head.name].min()
    return (
        f"{first} USD on {rows.index[0]:%Y-%m-%d} became {fixed(equity[head.name].iloc[-1])} under "
        f"{head.label} by {rows.index[-1]:%Y-%m-%d}"
        + (f" ({'; '.join(said)})" if said else "")
        + f"; its deepest drawdown was {percent(depth)} and its mean exposure "
        f"{percent(rows['exposure'][head.name].mean())}. After fees, slippage and interest; zero "
        "latency (fills at the next open). From daily bars."
    )


def _spec(rows: pd.DataFrame, accounts: Sequence[Line], published: pd.Timestamp) -> dict[str, Any]:
    head = accounts[0].name
    traces = []
    for one in reversed(accounts):
        values = rows["equity"][one.name]
        bold = one.name == head
        if not bold:
            values = values.iloc[(len(values) - 1) % WEEK :: WEEK]
        trace = line(values, "@" + one.colour, one.label, 0)
        trace["line"]["width"] = 2.5 if bold else 1.5 if one.colour != "grey" else 1
        traces.append(trace | {"hovertemplate": f"{one.label} %{{y:,.0f}}<extra></extra>"})
    for name in rows["drawdown"].columns:
        colour = "@blue" if name == head else "@ink"
        trace = line(rows["drawdown"][name], colour, f"drawdown {name}", 4)
        trace |= {"yaxis": "y2", "hovertemplate": "drawdown %{y:.0%}<extra></extra>"}
        trace["line"]["width"] = 1.2
        traces.append(trace)
    held = line(rows["exposure"][head], "@blue", "exposure", 3)
    traces.append(
        held
        | {"yaxis": "y3", "fill": "tozeroy", "fillcolor": "@blue/0.25"}
        | {"hovertemplate": "exposure %{y:.0%}<extra></extra>"}
    )
    traces[-1]["line"]["width"] = 1
    day = f"{published:%Y-%m-%d}"
    top = [panel_title(TITLES[0], VALUE[1])]
    rest = [panel_title(TITLES[1], DEPTH[1]), panel_title(TITLES[2], HELD[1])]
    essay = label("essay", day, VALUE[1], "@ink")
    top.append(essay | {"yref": "paper", "xanchor": "right", "yanchor": "top", "xshift": -4})
    return {
        "data": traces,
        "layout": layout(
            620,
            margin={"l": 56, "r": 140, "t": 28, "b": 32},
            hovermode="closest",
            xaxis=time_axis(
                anchor="y3", range=[f"{rows.index[0]:%Y-%m-%d}", f"{rows.index[-1]:%Y-%m-%d}"]
            ),
            yaxis=ends.value_axis(rows, VALUE),
            yaxis2=axis(domain=list(DEPTH), tickformat=".0%"),
            yaxis3=axis(domain=list(HELD), tickformat=".0%", rangemode="tozero"),
            shapes=[upright(day, 0.0, VALUE[1])],
            annotations=[*top, *rest, *ends.labels(accounts, _places(rows, accounts))],
        ),
        "narrow": {
            "height": 560,
            "margin": {"l": 48, "r": 12, "t": 28, "b": 32},
            "annotations": [*top, *rest],
        },
    }


def _places(rows: pd.DataFrame, accounts: Sequence[Line]) -> list[float]:
    return ends.places(rows, accounts, 0.058)


def _still(
    figure: Figure, rows: pd.DataFrame, accounts: Sequence[Line], published: pd.Timestamp
) -> None:
    value, depth, held = figure.subplots(3, 1, sharex=True, height_ratios=[3, 1, 0.85])
    figure.subplots_adjust(left=0.08, right=0.85, top=0.95, bottom=0.05, hspace=0.26)
    head = accounts[0].name
    for one in reversed(accounts):
        width = 1.8 if one.name == head else 1.1 if one.colour != "grey" else 0.8
        value.plot(rows.index, rows["equity"][one.name], color=LIGHT[one.colour], linewidth=width)
    ends.draw(value, rows, accounts, _places(rows, accounts))
    for name in rows["drawdown"].columns:
        colour = LIGHT["blue" if name == head else "ink"]
        depth.plot(rows.index, rows["drawdown"][name], color=colour, linewidth=0.9)
    held.fill_between(
        rows.index, 0, rows["exposure"][head], color=LIGHT["blue"], alpha=0.35, linewidth=0
    )
    for panel, title in zip((value, depth, held), TITLES, strict=True):
        tidy(panel, title)
        panel.axvline(published, color=LIGHT["ink"], linewidth=0.8, linestyle=":")
    depth.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    held.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    held.set_ylim(bottom=0)
    value.set_xlim(rows.index[0], rows.index[-1])

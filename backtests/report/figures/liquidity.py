"""Net liquidity and BTC in two panels, with the regime between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from backtests.palette import LIGHT
from backtests.report.figures.base import (
    DAY_MS,
    Chart,
    Key,
    axis,
    label,
    layout,
    line,
    log_ticks,
    panel_title,
    tidy,
    time_axis,
    upright,
)
from backtests.report.wording import fixed

LIQUIDITY, RIBBON, PRICE = (0.56, 0.95), (0.46, 0.5), (0.0, 0.4)
TOP = "Net liquidity, USD bn, as known each night"
BOTTOM = "BTC close, USD, log scale"
# Blue and vermilion stay with the verdicts.
REGIME_COLOURS: Mapping[str, str] = {
    "ample": "sky",
    "drain": "orange",
    "pressure": "purple",
    "stealth_qe": "green",
    "purchases": "yellow",
    "release": "grey",
    "neutral": "rule",
}
OTHER = "rule"


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of days under one regime, first and last day included."""

    regime: str
    first: pd.Timestamp
    last: pd.Timestamp


def table(
    liquidity: pd.Series[float], price: pd.Series[float], regime: pd.Series[str]
) -> pd.DataFrame:
    """Return ``liquidity`` (USD bn), ``btc`` (USD) and ``regime`` by day.

    Parameters
    ----------
    liquidity, price, regime : Series
        By decision time (UTC); a row says what was known at the end of the day before.

    Returns
    -------
    DataFrame
        From the first day on which both are known, by naive day, without a hole.
    """
    rows = pd.DataFrame({"liquidity": liquidity, "btc": price, "regime": regime})
    known = rows[rows["liquidity"].notna()].index
    # The daily statement of the Treasury's account has a hole of three years up to 2016.
    holes = known[1:][(known[1:] - known[:-1]) > pd.Timedelta(days=60)]
    rows = rows.loc[holes[-1] if len(holes) else known[0] :]
    days = pd.DatetimeIndex(rows.index).tz_localize(None) - pd.Timedelta(days=1)
    return rows.set_axis(days.rename("day"))


def spells(regime: pd.Series[str]) -> list[Spell]:
    """Return the stretches of equal regime, oldest first."""
    known = regime.dropna()
    number = (known != known.shift()).cumsum()
    return [
        Spell(str(rows.iloc[0]), rows.index[0], rows.index[-1]) for _, rows in known.groupby(number)
    ]


def chart(rows: pd.DataFrame, published: date) -> Chart:
    """Draw net liquidity, the regime and BTC from :func:`table`."""
    stretches = spells(rows["regime"])
    names = [name for name in REGIME_COLOURS if name in {spell.regime for spell in stretches}]
    day = pd.Timestamp(published)
    return Chart(
        key="liquidity",
        title="Net liquidity and BTC",
        caption=_caption(rows, stretches),
        table=rows,
        spec=_spec(rows, stretches, day),
        still=lambda figure: _still(figure, rows, stretches, day, names),
        height=6.2,
        legend=tuple(Key(REGIME_COLOURS[name], name.replace("_", " "), "bar") for name in names),
    )


def _caption(rows: pd.DataFrame, stretches: list[Spell]) -> str:
    level, price = rows["liquidity"].dropna(), rows["btc"].dropna()
    words = (
        f"Net liquidity stood at {fixed(level.iloc[-1])}bn on {level.index[-1]:%Y-%m-%d}, "
        f"{fixed(100 * (level.iloc[-1] / level.max() - 1), 0, sign=True)}% from its highest "
        f"({fixed(level.max())}bn, {level.idxmax():%Y-%m-%d}); BTC at {fixed(price.iloc[-1])} USD, "
        f"{fixed(100 * (price.iloc[-1] / price.max() - 1), 0, sign=True)}% from its highest close "
        f"({price.idxmax():%Y-%m-%d})."
    )
    if stretches:
        words += (
            f" The ribbon between them is the regime, since {stretches[-1].first:%Y-%m-%d} "
            f"“{stretches[-1].regime.replace('_', ' ')}”."
        )
    return words + " From fed_assets, tga, rrp and srf as known each night, and daily closes."


def _spec(rows: pd.DataFrame, stretches: list[Spell], published: pd.Timestamp) -> dict[str, Any]:
    day = f"{published:%Y-%m-%d}"
    ticks = _ticks(rows)
    ribbon = [
        {
            "type": "bar",
            "orientation": "h",
            "base": [f"{spell.first:%Y-%m-%d}"],
            "x": [((spell.last - spell.first).days + 1) * DAY_MS],
            "y": ["regime"],
            "yaxis": "y2",
            "width": 1,
            "marker": {
                "color": "@" + REGIME_COLOURS.get(spell.regime, OTHER),
                "line": {"width": 0},
            },
            "hovertemplate": f"{spell.regime.replace('_', ' ')}: {spell.first:%Y-%m-%d} to "
            f"{spell.last:%Y-%m-%d}<extra></extra>",
        }
        for spell in stretches
    ]
    return {
        "data": [
            line(rows["liquidity"], "@ink", "Net liquidity", 1)
            | {"hovertemplate": "%{y:,.0f}bn<extra></extra>"},
            *ribbon,
            line(rows["btc"], "@blue", "BTC", 2)
            | {"yaxis": "y3", "hovertemplate": "%{y:,.0f} USD<extra></extra>"},
        ],
        "layout": layout(
            560,
            hovermode="closest",
            barmode="overlay",
            xaxis=time_axis(
                anchor="y3", range=[f"{rows.index[0]:%Y-%m-%d}", f"{rows.index[-1]:%Y-%m-%d}"]
            ),
            yaxis=axis(domain=list(LIQUIDITY), tickformat=",d"),
            yaxis2=axis(domain=list(RIBBON), showticklabels=False, showgrid=False),
            yaxis3=axis(domain=list(PRICE), type="log", tickformat=",d", tickvals=ticks),
            shapes=[upright(day, 0.0, LIQUIDITY[1])],
            annotations=[
                panel_title(TOP, LIQUIDITY[1]),
                panel_title(BOTTOM, PRICE[1]),
                label("essay", day, LIQUIDITY[1], "@ink")
                | {"yref": "paper", "xanchor": "right", "yanchor": "top", "xshift": -4},
            ],
        ),
        "narrow": {"height": 500},
    }


def _ticks(rows: pd.DataFrame) -> list[float]:
    return log_ticks(float(rows["btc"].min()), float(rows["btc"].max()))


def _still(
    figure: Figure,
    rows: pd.DataFrame,
    stretches: list[Spell],
    published: pd.Timestamp,
    names: list[str],
) -> None:
    top, ribbon, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[1, 0.09, 1])
    figure.subplots_adjust(left=0.075, right=0.985, top=0.94, bottom=0.055, hspace=0.34)
    top.plot(rows.index, rows["liquidity"].to_numpy(), color=LIGHT["ink"], linewidth=1.1)
    top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    bottom.plot(rows.index, rows["btc"].to_numpy(), color=LIGHT["blue"], linewidth=1.1)
    bottom.set_yscale("log")
    bottom.set_yticks(_ticks(rows))
    bottom.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    bottom.minorticks_off()
    tidy(top, TOP)
    tidy(bottom, BOTTOM)
    for name in (*names, None):
        colour = LIGHT[OTHER if name is None else REGIME_COLOURS[name]]
        inside = [
            (spell.first, spell.last - spell.first + pd.Timedelta(days=1))
            for spell in stretches
            if (spell.regime == name if name else spell.regime not in names)
        ]
        ribbon.broken_barh(inside, (0, 1), facecolor=colour, linewidth=0, label=name or "")
    ribbon.set_axis_off()
    if names:
        handles = ribbon.collections[: len(names)]
        ribbon.legend(
            handles,
            [name.replace("_", " ") for name in names],
            loc="upper left",
            bbox_to_anchor=(-0.005, -0.15),
            ncols=len(names),
            frameon=False,
            fontsize=8.5,
            handlelength=1.0,
            labelcolor=LIGHT["muted"],
        )
    for panel in (top, bottom):
        panel.axvline(published, color=LIGHT["ink"], linewidth=0.8, linestyle=":")
    top.set_xlim(rows.index[0], rows.index[-1])

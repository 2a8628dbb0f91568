"""Accounts named at the right end of their lines, on a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from backtests.palette import LIGHT
from backtests.report.figures.base import FONT, apart, axis, label, log_ticks


@dataclass(frozen=True, slots=True)
class Line:
    """One account: the run's name, its label and its colour token."""

    name: str
    label: str
    colour: str

    @property
    def text(self) -> str:
        """Colour token of the label."""
        return {"blue": "blue-text", "ink": "ink"}.get(self.colour, "muted")


def ticks(rows: pd.DataFrame) -> list[float]:
    """Return round amounts within the range of the columns ``("equity", name)``."""
    equity = pd.DataFrame(rows["equity"])
    return log_ticks(float(equity.min().min()), float(equity.max().max()))


def value_axis(rows: pd.DataFrame, domain: tuple[float, float]) -> dict[str, Any]:
    """Return plotly's axis of the accounts' values, on a log scale."""
    return axis(domain=list(domain), type="log", tickformat="~s", tickvals=ticks(rows))


def places(rows: pd.DataFrame, accounts: Sequence[Line], share: float) -> list[float]:
    """Return where each label stands (USD), apart by a share of the axis at least."""
    equity = pd.DataFrame(rows["equity"])
    ends = [float(np.log10(equity[one.name].iloc[-1])) for one in accounts]
    reach = float(np.log10(equity.max().max() / equity.min().min()))
    return [10.0**place for place in apart(ends, share * reach)]


def labels(accounts: Sequence[Line], at: Sequence[float]) -> list[dict[str, Any]]:
    """Return plotly's annotations: a dot in the line's colour and its name."""
    found = []
    for one, place in zip(accounts, at, strict=True):
        height = float(np.log10(place))
        found.append(label("●", 1, height, "@" + one.colour, xref="paper", xshift=4))
        found.append(label(one.label, 1, height, "@" + one.text, xref="paper", xshift=17))
    return found


def draw(axes: Axes, rows: pd.DataFrame, accounts: Sequence[Line], at: Sequence[float]) -> None:
    """Set a panel's log scale and write the same labels on a still picture."""
    axes.set_yscale("log")
    axes.set_yticks(ticks(rows))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:,.0f}"))
    for one, place in zip(accounts, at, strict=True):
        for text, left, colour in (("●", 4, one.colour), (one.label, 14, one.text)):
            axes.annotate(
                text,
                (1, place),
                xytext=(left, 0),
                textcoords="offset points",
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=FONT - 1.5,
                color=LIGHT[colour],
            )

"""Why a strategy asks for what it asks for, figure by figure."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from data.bars import Bars
from data.catalogue import series as series_spec
from data.errors import InputError
from data.panel import Panel
from signals.base import Signal
from strategies.exposure.base import Gauge
from strategies.market import BTC, Market
from strategies.strategy import CASH, Path, Strategy
from strategies.tripwires import quarter_end


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of an explanation.

    Parameters
    ----------
    step : {"figure", "price", "signal", "gauge", "stage", "target"}
        Where on the way from figures to weights.
    name : str
        Series, asset, signal or gauge.
    value : float or str
        Its value at the decision; NaN where unknown.
    unit : str
        Unit of the value.
    ref_date : date or None
        Day that a figure or a price is about.
    age_days : float or None
        Days from the `ref_date` to the decision time.
    note : str
        What follows from it.
    """

    step: str
    name: str
    value: float | str
    unit: str = ""
    ref_date: date | None = None
    age_days: float | None = None
    note: str = ""


def explain(
    strategy: Strategy,
    panel: Panel,
    bars: Bars,
    t: pd.Timestamp,
    funding: pd.DataFrame | None = None,
) -> list[Reason]:
    """Return why a strategy decided what it did at `t`, from figures to weights.

    Parameters
    ----------
    strategy : Strategy
        The rule.
    panel, bars, funding
        What it looks at; later rows are not used.
    t : Timestamp
        A decision time of the panel.

    Returns
    -------
    list of Reason
        Published figures, BTC's close, signals, the levels they are compared with, the stage,
        and the target weights or the reason why there is no order.

    Raises
    ------
    InputError
        If `t` is no decision time of the panel.
    """
    row, market = decision_row(panel.times, t), Market(panel, bars, funding)
    return reasons_of(strategy, strategy.path(market), market, row)


def decision_row(times: pd.DatetimeIndex, t: pd.Timestamp) -> int:
    """Return the row of a decision time.

    Raises
    ------
    InputError
        If `t` is not among `times`.
    """
    if t not in times:
        raise InputError(
            f"{t} is no decision time: give a day at 00:00 UTC from "
            f"{times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}"
        )
    return int(times.searchsorted(t))


def reasons_of(strategy: Strategy, path: Path, market: Market, row: int) -> list[Reason]:
    """Return what :func:`explain` does, of one row of a path that was walked already."""
    figures = market.panel.row(row)
    reasons = [_figure(figures, series, 0) for series in strategy.inputs]
    reasons.append(_price(market, row))
    reasons += [_signal(item, market, row) for item in dict.fromkeys(strategy.signals)]
    reasons += [_gauge(gauge, row) for gauge in path.stance.gauges]
    reasons.append(_stage(path, row))
    return reasons + _targets(strategy, path, market, row)


def in_words(reasons: list[Reason]) -> str:
    """Say an explanation in a few sentences: stage, gauges with their levels, figures with ages.

    Parameters
    ----------
    reasons : list of Reason
        From :func:`explain` or :func:`reasons_of`.
    """
    stage = next(reason for reason in reasons if reason.step == "stage")
    gauges = [_measured(reason) for reason in reasons if reason.step == "gauge"]
    figures = [_aged(reason) for reason in reasons if reason.step in ("figure", "price")]
    sentences = [
        f"{stage.value}: {stage.note}",
        "; ".join(gauges),
        "figures: " + "; ".join(figures),
    ]
    sentences.append(next(reason.note for reason in reasons if reason.step == "target"))
    return ". ".join(sentence for sentence in sentences if sentence)


def _number(reason: Reason) -> str:
    if isinstance(reason.value, str):
        return reason.value
    shown = "unknown" if math.isnan(reason.value) else f"{reason.value:,.2f}"
    return f"{shown} {reason.unit}".strip()


def _measured(reason: Reason) -> str:
    levels = f" ({reason.note})" if reason.note else ""
    return f"{reason.name} {_number(reason)}{levels}"


def _aged(reason: Reason) -> str:
    about = "" if reason.ref_date is None else f" of {reason.ref_date}"
    age = "" if reason.age_days is None else f", {reason.age_days:.0f} d old"
    note = f" ({reason.note})" if reason.note else ""
    return f"{reason.name} {_number(reason)}{about}{age}{note}"


def _figure(panel: Panel, series: str, row: int) -> Reason:
    spec, about = series_spec(series), panel.ref_date(series).iloc[row]
    if spec.release.counted == "announcement":
        return _announced(panel, series, row)
    if pd.isna(about):
        return Reason("figure", series, math.nan, spec.unit, note="nothing was known yet")
    value, age = float(panel.last(series).iloc[row]), float(panel.age(series).iloc[row])
    stale = f"stale: older than {spec.max_age_days} days" if math.isnan(value) else ""
    return Reason("figure", series, value, spec.unit, about.date(), age, stale)


def _announced(panel: Panel, series: str, row: int) -> Reason:
    """Return what is announced for the end of the present quarter."""
    end = quarter_end(panel.times[row])
    value = float(panel.on(series, pd.Series(end, index=panel.times)).iloc[row])
    note = "nothing is announced for this quarter" if math.isnan(value) else "for the quarter's end"
    return Reason("figure", series, value, series_spec(series).unit, end.date(), note=note)


def _price(market: Market, row: int) -> Reason:
    value = float(market.close()[row, market.btc])
    about = (market.times[row] - pd.Timedelta(days=1)).date()
    note = "no bar closes at this time" if math.isnan(value) else ""
    return Reason("price", BTC, value, "USD", about, 1.0, note)


def _signal(signal: Signal, market: Market, row: int) -> Reason:
    fields: Any = signal
    parameters = ", ".join(f"{k} = {v}" for k, v in dataclasses.asdict(fields).items())
    return Reason(
        "signal", signal.name, float(market.signal(signal)[row]), signal.unit, note=parameters
    )


def _gauge(gauge: Gauge, row: int) -> Reason:
    value = float(gauge.values[row])
    notes = [f"{name} {level:g}: {_side(value, level)}" for name, level in gauge.levels]
    return Reason("gauge", gauge.name, value, gauge.unit, note="; ".join(notes))


def _side(value: float, level: float) -> str:
    if math.isnan(value):
        return "unknown"
    return "at it" if value == level else "above" if value > level else "below"


def _stage(path: Path, row: int) -> Reason:
    gross, share = float(path.stance.gross[row]), float(path.stance.altcoins[row])
    note = f"gross exposure {gross:.0%}" if not math.isnan(gross) else "cannot be computed"
    if gross > 0.0 and share < 1.0:
        note += f", {1.0 - share:.0%} of it in BTC"
    return Reason("stage", "stage", str(path.stance.stage[row]), note=note)


def _targets(strategy: Strategy, path: Path, market: Market, row: int) -> list[Reason]:
    weights = path.in_force_at(row)
    note = silence(strategy, path, market, row)
    held = np.flatnonzero(weights)
    rows = [(market.assets[at], float(weights[at])) for at in held]
    rows.append((CASH, float(1.0 - weights.sum())))
    return [Reason("target", name, weight, "share", note=note) for name, weight in rows]


def silence(strategy: Strategy, path: Path, market: Market, row: int) -> str:
    """Say why there is no order at this row; empty where there is one."""
    if row < path.first:
        return "no order yet: not every part can be computed"
    if not np.isnan(path.orders[row]).any():
        return ""
    carried = "no order, the last target stands: "
    if not strategy.decision_days(market.times)[row]:
        return carried + "no decision day"
    if not market.priced()[row]:
        return carried + "no BTC bar closes at this time"
    if np.isnan(path.wanted[row]).any():
        return carried + "a figure is unknown or stale"
    if np.array_equal(path.wanted[row], path.in_force_at(row)):
        return carried + "it is still the target"
    return carried + "an overlay holds it back"

"""Measures of a backtest: one pure function each, and the table that reports iterate over.

Crypto trades every day, so a year has 365 days; the argument is explicit everywhere. Input with a
NaN gives NaN, as does input too short or too flat for a measure to have a meaning. Nothing here
says how sure a number is: that is the business of `backtests.inference`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtests.simulation import Simulation
from data.aliases import FloatArray

YEAR = 365.0
TAIL = 0.05
# A standard deviation below this is rounding: the series is flat.
FLAT = 1e-12


def ending_value(equity: pd.Series[float]) -> float:
    """Return the last value of the account, USD."""
    return float(equity.iloc[-1]) if len(equity) else math.nan


def cagr(equity: pd.Series[float], year: float = YEAR) -> float:
    """Return the compound annual growth rate, decimal.

    Parameters
    ----------
    equity : Series
        Positive values by close time, the starting value first.
    year : float
        Days a year.

    Returns
    -------
    float
        (last / first) ** (year / days elapsed) - 1; NaN with fewer than two values.
    """
    if len(equity) < 2 or equity.isna().any():
        return math.nan
    days = (equity.index[-1] - equity.index[0]) / pd.Timedelta(days=1)
    return float((equity.iloc[-1] / equity.iloc[0]) ** (year / days) - 1.0)


def volatility(returns: pd.Series[float], year: float = YEAR) -> float:
    """Return the standard deviation of daily returns (n - 1), annualised by sqrt(year)."""
    values = _values(returns)
    return float(np.std(values, ddof=1) * math.sqrt(year)) if len(values) > 1 else math.nan


def sharpe(
    returns: pd.Series[float], cash: pd.Series[float] | None = None, year: float = YEAR
) -> float:
    """Return the annualised Sharpe ratio (Sharpe 1994).

    Parameters
    ----------
    returns : Series
        Daily decimal returns.
    cash : Series, optional
        Daily decimal returns of cash on the same days; zero when not given.
    year : float
        Days a year.

    Returns
    -------
    float
        Mean over standard deviation (n - 1) of the excess returns, times sqrt(year); NaN when
        they are flat or fewer than two.

    References
    ----------
    Sharpe, W. F. (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1).
    """
    excess = _excess(returns, cash)
    spread = float(np.std(excess, ddof=1)) if len(excess) > 1 else math.nan
    if not spread > FLAT:
        return math.nan
    return float(excess.mean()) / spread * math.sqrt(year)


def sortino(
    returns: pd.Series[float], cash: pd.Series[float] | None = None, year: float = YEAR
) -> float:
    """Return the annualised Sortino ratio (Sortino and Price 1994) against cash.

    Like :func:`sharpe`, over the root mean square of the negative excess returns (over all n
    days). NaN when no day is negative.

    References
    ----------
    Sortino, F. and Price, L. (1994), "Performance measurement in a downside risk framework",
    Journal of Investing 3(3).
    """
    excess = _excess(returns, cash)
    if len(excess) < 2:
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0.0) ** 2)))
    if not downside > FLAT:
        return math.nan
    return float(excess.mean()) / downside * math.sqrt(year)


def drawdown(equity: pd.Series[float]) -> pd.Series[float]:
    """Return the value over its running maximum, less one: 0 at a peak, negative below it."""
    return equity / equity.cummax() - 1.0


def max_drawdown(equity: pd.Series[float]) -> float:
    """Return the deepest drawdown as a negative decimal; 0 when there is none."""
    if not len(equity) or equity.isna().any():
        return math.nan
    return float(drawdown(equity).min())


def drawdown_days(equity: pd.Series[float]) -> float:
    """Return the longest time under water, in days: from a peak to the next value as high.

    A drawdown that has not ended counts up to the last value. 0 when there is none.
    """
    if not len(equity) or equity.isna().any():
        return math.nan
    under = (equity < equity.cummax()).to_numpy().astype(np.int8)
    edges = np.diff(under, prepend=0, append=0)
    peak = np.flatnonzero(edges == 1) - 1
    back = np.minimum(np.flatnonzero(edges == -1), len(equity) - 1)
    spells = equity.index[back] - equity.index[peak]
    return float(spells.max() / pd.Timedelta(days=1)) if len(spells) else 0.0


def calmar(equity: pd.Series[float], year: float = YEAR) -> float:
    """Return CAGR over the depth of the deepest drawdown (Young 1991); NaN without a drawdown.

    References
    ----------
    Young, T. W. (1991), "Calmar Ratio: A Smoother Tool", Futures, October.
    """
    depth = -max_drawdown(equity)
    return cagr(equity, year) / depth if depth > 0 else math.nan


def exposure(held: pd.Series[float]) -> float:
    """Return the mean gross weight of risky assets over the closes after the first decision."""
    return float(_values(held.iloc[1:]).mean()) if len(held) > 1 else math.nan


def turnover(traded: pd.Series[float], year: float = YEAR) -> float:
    """Return the one-sided turnover a year, in multiples of the account.

    Parameters
    ----------
    traded : Series
        Turnover of each bar, the starting time (no bar) first.
    year : float
        Days a year.
    """
    return float(_values(traded.iloc[1:]).mean()) * year if len(traded) > 1 else math.nan


def costs_paid(costs: Mapping[str, float]) -> float:
    """Return fees, slippage, delisting discounts, interest on borrowed cash and funding, USD.

    Funding is paid less received: a short perpetual can bring the sum below zero.
    """
    return sum(costs[name] for name in ("fees", "slippage", "delisting", "borrow", "funding"))


def hit_rate(returns: pd.Series[float], held: pd.Series[float] | None = None) -> float:
    """Return the share of days with a gain among the days with a gain or a loss.

    Parameters
    ----------
    returns : Series
        Daily decimal returns.
    held : Series, optional
        Gross risky weight at each close: days that end without any are left out, else interest
        on idle cash would count as hits.

    Returns
    -------
    float
        Decimal share; NaN when no day counts.
    """
    if returns.isna().any():
        return math.nan
    values = returns.to_numpy()
    if held is not None:
        values = values[(held.reindex(returns.index) > 0).to_numpy()]
    moved = values[values != 0]
    return float((moved > 0).mean()) if len(moved) else math.nan


def skew(returns: pd.Series[float]) -> float:
    """Return the skewness m3 / m2**1.5 of daily returns; NaN when they are flat."""
    values = _values(returns)
    if len(values) < 2:
        return math.nan
    off = values - values.mean()
    second = float(np.mean(off**2))
    return float(np.mean(off**3)) / second**1.5 if second > FLAT**2 else math.nan


def tail(returns: pd.Series[float], share: float = TAIL) -> float:
    """Return the expected shortfall: the mean of the worst days (Acerbi and Tasche 2002).

    Parameters
    ----------
    returns : Series
        Daily decimal returns.
    share : float
        Share of the days that count as the tail; their number is rounded up.

    Returns
    -------
    float
        Decimal return, negative for a loss; NaN when there are fewer than 1 / share days.

    References
    ----------
    Acerbi, C. and Tasche, D. (2002), "On the coherence of expected shortfall", Journal of
    Banking and Finance 26(7).
    """
    values = _values(returns)
    if len(values) * share < 1.0 - 1e-9:
        return math.nan
    worst = math.ceil(len(values) * share - 1e-9)
    return float(np.sort(values)[:worst].mean()) if not np.isnan(values).any() else math.nan


def _values(series: pd.Series[float]) -> FloatArray:
    return series.to_numpy().astype(np.float64)


def _excess(returns: pd.Series[float], cash: pd.Series[float] | None) -> FloatArray:
    if cash is None:
        return _values(returns)
    return _values(returns) - _values(cash.reindex(returns.index))


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table of measures.

    Parameters
    ----------
    function : callable
        Takes the named parts of a simulation, in order, and gives a float.
    parts : tuple of str
        Attributes of :class:`~backtests.simulation.Simulation`.
    title : str
        Name in a report.
    unit : str
        "share" (decimal, shown as a percentage), "ratio", "days", "times a
        year" or "USD".
    higher_is_better : bool or None
        None when neither is.
    """

    function: Callable[..., float]
    parts: tuple[str, ...]
    title: str
    unit: str
    higher_is_better: bool | None

    def __call__(self, simulation: Simulation) -> float:
        """Return the measure of a simulation."""
        return self.function(*(getattr(simulation, part) for part in self.parts))


MEASURES: Mapping[str, Measure] = {
    "ending_value": Measure(ending_value, ("equity",), "Ending value", "USD", True),
    "cagr": Measure(cagr, ("equity",), "CAGR", "share", True),
    "volatility": Measure(volatility, ("returns",), "Volatility a year", "share", False),
    "sharpe": Measure(sharpe, ("returns", "cash_returns"), "Sharpe over cash", "ratio", True),
    "sortino": Measure(sortino, ("returns", "cash_returns"), "Sortino over cash", "ratio", True),
    "calmar": Measure(calmar, ("equity",), "Calmar", "ratio", True),
    "max_drawdown": Measure(max_drawdown, ("equity",), "Deepest drawdown", "share", True),
    "drawdown_days": Measure(drawdown_days, ("equity",), "Longest drawdown", "days", False),
    "exposure": Measure(exposure, ("exposure",), "Mean exposure", "share", None),
    "turnover": Measure(turnover, ("traded",), "Turnover, one-sided", "times a year", False),
    "costs_paid": Measure(costs_paid, ("costs",), "Costs paid", "USD", False),
    "hit_rate": Measure(hit_rate, ("returns", "exposure"), "Days up when invested", "share", True),
    "skew": Measure(skew, ("returns",), "Skewness", "ratio", None),
    "tail": Measure(tail, ("returns",), "Mean of the worst 5% of days", "share", True),
}


def summary(simulation: Simulation) -> dict[str, float]:
    """Return every measure of a simulation by name; NaN where it has no meaning."""
    return {name: measure(simulation) for name, measure in MEASURES.items()}

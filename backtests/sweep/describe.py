"""Measures that need a variant's whole daily account, and what a leaderboard has in all.

The kernel adds up what can be added up bar by bar. The rest are told here from the accounts at the
closes, variant by variant, with the definitions of :mod:`backtests.metrics`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from backtests.metrics import FLAT, MEASURES, TAIL, YEAR
from backtests.sweep.field import Field
from backtests.sweep.matched import excess_of_assets
from backtests.sweep.screen import METRICS, Screened
from data.aliases import BoolArray, FloatArray

# In the order in which the compiled loop leaves them.
DESCRIBED: tuple[str, ...] = (
    "sortino",
    "drawdown_days",
    "hit_rate",
    "skew",
    "tail",
    "sharpe_matched",
)
# What a leaderboard says of a variant: every measure of a backtest, the Sharpe ratio over the
# exposure-matched benchmark, and what the kernel counts besides.
LEADERBOARD: tuple[str, ...] = (*MEASURES, "sharpe_matched", "btc_exposure", "orders")

# Days that stand side by side, whatever the processor, so that the bits are the same everywhere.
# As in the lanes, rows at known distances of one array, else the compiler gives up its vectors.
LANES = 128
_APART = LANES + 8
MATCHED, SUM, SQUARES, CUBES = 0, _APART, 2 * _APART, 3 * _APART
DOWNS, MATCHED_SQUARES, ROWS = 4 * _APART, 5 * _APART, 6 * _APART
# Tries at a level that a few more returns than the tail lie below.
TRIES = 8
compiled = njit(nogil=True, error_model="numpy", cache=True)


def measures_of(field: Field, screened: Screened) -> FloatArray:
    """Return the columns of :data:`LEADERBOARD` of V variants that were screened with ``daily``.

    Parameters
    ----------
    field : Field
        The bars that they were screened over.
    screened : Screened

    Returns
    -------
    ndarray, shape (V, measures)
        NaN where the status is not FINE, and where a measure has no meaning.
    """
    daily = screened.accounts
    found = np.full((len(screened.status), len(DESCRIBED)), math.nan)
    cash = np.ascontiguousarray(field.lent.sum(axis=1))
    excess = np.ascontiguousarray(excess_of_assets(field).T)
    terms = (FLAT, TAIL, math.sqrt(YEAR))
    _describe(daily.values, daily.invested, daily.weights, cash, excess, terms, found)
    columns = {
        **dict(zip(METRICS, screened.metrics.T, strict=True)),
        **dict(zip(DESCRIBED, found.T, strict=True)),
    }
    return np.column_stack([columns[name] for name in LEADERBOARD])


@compiled
def _add_up(
    value: FloatArray,
    weight: FloatArray,
    cash: FloatArray,
    excess: FloatArray,
    shift: float,
    plain: FloatArray,
    s: FloatArray,
) -> None:
    """Lay out the returns, and add up what the moments need.

    Powers are those of the returns less `shift`, one of them.
    """
    bars = len(cash)
    for t in range(bars):
        plain[t] = value[t + 1] / value[t] - 1.0
    s[:] = 0.0
    for first in range(0, bars, LANES):
        many = min(LANES, bars - first)
        own, lent = plain[first : first + many], cash[first : first + many]
        of_asset, share = excess[0, first : first + many], weight[0]
        for k in range(many):
            over, off = own[k] - lent[k], own[k] - shift
            low = over if over < 0.0 else 0.0
            s[SUM + k] += off
            s[SQUARES + k] += off * off
            s[CUBES + k] += off * off * off
            s[DOWNS + k] += low * low
            s[MATCHED + k] = over - share * of_asset[k]
        for a in range(1, len(weight)):
            of_asset, share = excess[a, first : first + many], weight[a]
            for k in range(many):
                s[MATCHED + k] -= share * of_asset[k]
        for k in range(many):
            s[MATCHED_SQUARES + k] += s[MATCHED + k] * s[MATCHED + k]


@compiled
def _mean(s: FloatArray, row: int, bars: int) -> float:
    """Return the sum of a row over the number of days."""
    half = LANES // 2
    while half > 0:
        for k in range(half):
            s[row + k] += s[row + half + k]
        half //= 2
    mean: float = s[row] / bars
    return mean


@compiled
def _longest(value: FloatArray) -> float:
    """Return the longest time under water, in bars."""
    last = len(value) - 1
    longest, peak, at = 0, value[0], 0
    for first in range(1, last + 1, LANES):
        block, back = value[first : first + LANES], 0
        for k in range(len(block)):
            back += int(block[k] >= peak)
        if back == 0:
            continue
        for k in range(len(block)):
            if block[k] >= peak:
                spell = first + k - at
                longest = max(longest, spell if spell > 1 else 0)
                peak, at = block[k], first + k
    return float(max(longest, last - at))


@compiled
def _hits(plain: FloatArray, invested: BoolArray) -> float:
    """Return the share of gains among the days with a gain or a loss that end invested."""
    up, moved = 0, 0
    for t in range(len(invested)):
        up += int((plain[t] > 0.0) & invested[t])
        moved += int((plain[t] != 0.0) & invested[t])
    return up / moved if moved > 0 else math.nan


@compiled
def _tail(plain: FloatArray, share: float, mean: float, spread: float, least: FloatArray) -> float:
    """Return the mean of the worst days."""
    bars = len(plain)
    if bars * share < 1.0 - 1e-9:
        return math.nan
    worst = math.ceil(bars * share - 1e-9)
    level, most = _level(plain, worst, mean - spread, spread), 0
    for t in range(bars):
        least[most] = plain[t]
        most += int(plain[t] < level)
    _select(least, most, worst)
    total = 0.0
    for t in range(worst):
        total += least[t]
    return total / worst


@compiled
def _level(plain: FloatArray, worst: int, level: float, step: float) -> float:
    """Return a level below which lie `worst` of the returns or a few more; infinity if in doubt."""
    low, high = -math.inf, math.inf
    for _ in range(TRIES):
        below = 0
        for t in range(len(plain)):
            below += int(plain[t] < level)
        if below < worst:
            low = level
        else:
            high = level
            if below <= worst + worst // 2:
                break
        if high == math.inf:
            level = low + step
        elif low == -math.inf:
            level = high - step
        else:
            level = 0.5 * (low + high)
    return high


@compiled
def _select(least: FloatArray, most: int, worst: int) -> None:
    """Bring the `worst` smallest of the first `most` figures to the front (Hoare's FIND)."""
    first, last = 0, most - 1
    while first < last:
        pivot, i, j = least[(first + last) // 2], first, last
        while i <= j:
            while least[i] < pivot:
                i += 1
            while least[j] > pivot:
                j -= 1
            if i <= j:
                least[i], least[j] = least[j], least[i]
                i += 1
                j -= 1
        if worst - 1 <= j:
            last = j
        elif worst - 1 >= i:
            first = i
        else:
            return


@compiled
def _describe(
    values: FloatArray,
    invested: BoolArray,
    weights: FloatArray,
    cash: FloatArray,
    excess: FloatArray,
    terms: tuple[float, float, float],
    found: FloatArray,
) -> None:
    """Fill in :data:`DESCRIBED`, one variant a row; a row of NaN stays one.

    `terms` are the standard deviation that is flat, the share of the tail and the root of the year;
    given and not read from other modules, whose changes the cache of machine code would not see.
    """
    flat, share, root = terms
    bars = len(cash)
    plain, least, s = np.empty(bars), np.empty(bars), np.empty(ROWS)
    interest, drift = cash.mean(), np.empty(len(excess))
    for a in range(len(excess)):
        drift[a] = excess[a].mean()
    for v in range(len(values)):
        value = values[v]
        if value[0] != value[0]:
            continue
        # A return of its own: what is constant comes out flat, whatever its size.
        shift = value[1] / value[0] - 1.0
        _add_up(value, weights[v], cash, excess, shift, plain, s)
        off, squares = _mean(s, SUM, bars), _mean(s, SQUARES, bars)
        second = max(squares - off * off, 0.0)
        third = _mean(s, CUBES, bars) - 3.0 * off * squares + 2.0 * off * off * off
        over = shift + off - interest
        matched = over
        for a in range(len(drift)):
            matched -= weights[v, a] * drift[a]
        down = math.sqrt(_mean(s, DOWNS, bars))
        square = max(_mean(s, MATCHED_SQUARES, bars) - matched * matched, 0.0)
        spread = math.sqrt(square * bars / max(bars - 1, 1))
        found[v, 0] = over / down * root if bars > 1 and down > flat else math.nan
        found[v, 1] = _longest(value)
        found[v, 2] = _hits(plain, invested[v])
        found[v, 3] = third / second**1.5 if bars > 1 and second > flat**2 else math.nan
        found[v, 4] = _tail(plain, share, shift + off, math.sqrt(second), least)
        found[v, 5] = matched / spread * root if bars > 1 and spread > flat else math.nan

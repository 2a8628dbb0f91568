"""Arrays that the compiled loops read, handed over together."""

from __future__ import annotations

from typing import NamedTuple

from data.aliases import BoolArray, FloatArray, IntArray


class Bars(NamedTuple):
    """The field's matrices; see :class:`backtests.sweep.field.Field`."""

    to_fill: FloatArray
    to_close: FloatArray
    tradable: BoolArray
    exits: BoolArray
    gaps: BoolArray  # (N,), some asset cannot trade
    halted: BoolArray  # (N,), some asset that cannot trade may be held, or wanted short
    leaving: BoolArray  # (N,), some asset is forced out
    ranged: bool
    range_slippage: FloatArray
    lent: FloatArray
    days: FloatArray
    discount: float
    signed: bool  # weights may be negative
    btc: int  # column, or -1
    weighed: bool  # the weights of every asset are added up, of which BTC's else
    simple: bool  # fit for backtests.sweep.single
    charged: bool  # some asset is a perpetual
    perpetuals: IntArray  # (P,), their columns
    funding: FloatArray  # (N, P, 2), sums of rates before the fill and after it; NaN if missing


class Out(NamedTuple):
    """What a screening leaves of V variants."""

    results: FloatArray  # (V, RESULTS), see backtests.sweep.lanes
    values: FloatArray  # (V, F + 1), the account at the start and at the end of each fold
    closes: FloatArray  # (V, N + 1), the account at the start and at each close; or no rows
    invested: BoolArray  # (V, N), whether anything is held at each close; or no rows
    weights: FloatArray  # (V, A), sum of each asset's weights at the closes; or no rows


class Tables(NamedTuple):
    """What the rules look at, by decision day (T) of the market: see :class:`paths.Paths`."""

    signals: FloatArray  # (T, P)
    unit: FloatArray  # (T, A), zero where unknown
    unit_known: BoolArray  # (T,)
    unit_gross: FloatArray  # (T,), sum of the absolute weights
    unit_sum: FloatArray  # (T,)
    stuck: BoolArray  # (T,), some asset that may be held is not movable
    volatilities: FloatArray  # (T, Q)
    rising: FloatArray  # (T, D), one or zero
    growth: FloatArray  # (T, A), close over the last close
    movable: BoolArray  # (T, A)
    priced: BoolArray  # (T,)
    friday: BoolArray  # (T,)


class Block(NamedTuple):
    """What all lanes of a block have in common."""

    proportional: bool
    targets: int
    late: IntArray  # (3,)
    daily: bool  # every lane decides daily, or every lane on Fridays
    one_path: bool
    one_trend: bool
    levered: bool  # cash may be borrowed, a shadow book might lose everything
    switch: bool  # all or nothing: the rule is a threshold, and no overlay changes its targets

"""Where each figure of a block of variants stands in the kernel's scratch array.

A block is 64 variants, its lanes, side by side. All state stands in one flat array of float64:
first the rows of the block (one figure a lane), then, for each asset, its own rows next to each
other. A constant below is the place of a row's first lane. One array, and rows at known distances:
otherwise the compiler must suspect that rows overlap and gives up its vectors.
"""

from __future__ import annotations

import math

import numpy as np

from backtests.sweep.compiled import compiled
from data.aliases import FloatArray

LANES = 64
# Rows lie a little more than their lanes apart, else many would compete for the same cache lines.
_APART = LANES + 8
_ROWS = iter(range(0, 1000 * _APART, _APART))

# How many sixteens of lanes there are, where the compiler cannot see it: it would write every loop
# out in full, and the code would outgrow the processor's cache of instructions.
GROUPS = next(_ROWS)
# Parameters of the rule.
ENTER, LEAVE, SIGN = next(_ROWS), next(_ROWS), next(_ROWS)
GROSS, TARGET, CEILING = next(_ROWS), next(_ROWS), next(_ROWS)
KEEP, PAUSE, HOLD, BAND = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# Costs: exchange fee, slippage, what a dollar bought or sold costs, the spread of one day.
FEE, SLIP, BUY, SELL, SPREAD = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
PARAMETERS = SPREAD // _APART
# What the rule sees, and what it wants: gross exposure, and whether that is an order.
SEEN, RISES, WISH, ORDER = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# State of the rule, of its shadow book, and the last order given.
SWITCH, BEGUN, PEAK, STOPPED = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
BOOK, BOOK_CASH, ALIVE = next(_ROWS), next(_ROWS), next(_ROWS)
MOVED, ORDERED, GIVEN, GIVEN_AT = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# The day, and a half, until which an order is withheld; less than nothing while stopped.
WAKE = next(_ROWS)
GAP, AIMED = next(_ROWS), next(_ROWS)
# The account: cash, value before the fill and after it, one over the former, and the fill's sums.
CASH, FREE, VALUE, NEW, ONE_OVER = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
SUM_HELD, SUM_WANTED = next(_ROWS), next(_ROWS)
LOOSE, STUCK, TRADED, FILLS, PAID = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
END, INVERSE, LEAST = next(_ROWS), next(_ROWS), next(_ROWS)
FLOOR = next(_ROWS)
# What perpetuals are worth and pay.
MARGIN, FUNDING = next(_ROWS), next(_ROWS)
# What is handed back, in this order: last value, sums of excess returns, of their squares and of
# their products with the cash return, deepest ratio to the peak, sums of turnover, costs, fills,
# gross weights and weights of BTC, status.
LAST, EXCESS, SQUARES, PRODUCTS = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
DOWN, TURNOVER, COSTS, COUNT = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
EXPOSURE, BTC_EXPOSURE, STATUS = next(_ROWS), next(_ROWS), next(_ROWS)
APART = _APART
RESULTS = (STATUS - LAST) // _APART + 1
ROWS = STATUS + _APART

# Rows of one asset: dollars held at the last close, weight wanted, dollars in the shadow book,
# dollars aimed at there, sum of weights at the closes.
HELD, WANTED, SHADOW, AIM, WEIGHT = 0, _APART, 2 * _APART, 3 * _APART, 4 * _APART
STEP = 5 * _APART

# Places of the index array: columns of the paths.
PATH, TREND, VOLATILITY, INDEX_ROWS = 0, LANES, 2 * LANES, 3 * LANES

# As in the engine: differences below a billionth are rounding, not trades.
ROUNDING = 1e-9
# Slippage beyond this would be a broken or dying market.
MAX_SLIPPAGE = 0.5
FINE, RUINED, UNSETTLED, UNFUNDED = 0.0, 1.0, 2.0, 3.0
# A purchase that lacks less money than this share of the account lacks nothing.
SHORT = 1e-12


@compiled
def kept(old: float) -> float:
    """Return the figure that a row keeps where its new one is not taken.

    Without the addition the compiler sees that nothing need be stored there, and makes it a masked
    store, which takes some processors ten times as long as a plain one.
    """
    return old + 0.0


@compiled
def lowest(bits: np.uint64) -> int:
    """Return the place of the lowest bit that is set."""
    return math.frexp(float(bits & (~bits + np.uint64(1))))[1] - 1


@compiled
def width(s: FloatArray) -> int:
    """Return the number of lanes, for a loop that the compiler must not write out in full."""
    return int(s[GROUPS]) << 4

"""Where each figure of a block of variants stands in the kernel's scratch array.

A block is 64 variants, its lanes, side by side. All state stands in one flat array of float64:
first the rows of the block (one figure a lane), then, for each asset, its own rows next to each
other. A constant below is the place of a row's first lane. One array, and rows at known distances:
otherwise the compiler must suspect that rows overlap and gives up its vectors.
"""

from __future__ import annotations

LANES = 64
_ROWS = iter(range(0, 1000 * LANES, LANES))

# Parameters of the rule.
ENTER, LEAVE, SIGN, DAILY = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
GROSS, TARGET, CEILING = next(_ROWS), next(_ROWS), next(_ROWS)
KEEP, PAUSE, HOLD, BAND = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# Costs: exchange fee, slippage, what a dollar bought or sold costs, the spread of one day.
FEE, SLIP, BUY, SELL, SPREAD = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# What the rule wants: gross exposure, whether it is an order, whether the rule acts today.
WISH, ORDER, ACTS = next(_ROWS), next(_ROWS), next(_ROWS)
# State of the rule, of its shadow book, and the last order given.
SWITCH, BEGUN, PEAK, STOPPED = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
BOOK, BOOK_CASH, MOVED, ORDERED = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
GIVEN, GIVEN_AT = next(_ROWS), next(_ROWS)
# Passing figures of the rule.
SEEN, GAP, AWAY, AIMED = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# The account: cash, value before the fill and after it, one over the former, and the fill's sums.
CASH, FREE, VALUE, NEW, ONE_OVER = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
SIGNS_AT, SUM_HELD, SUM_WANTED, AMISS = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
LOOSE, STUCK, TRADED, FILLS, PAID = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
MARGIN = next(_ROWS)
END, INVERSE, LEAST, FLOOR, FOLD = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
# What is handed back, in this order: last value, sums of excess returns, of their squares and of
# their products with the cash return, deepest ratio to the peak, sums of turnover, costs, fills and
# gross weights, status.
LAST, EXCESS, SQUARES, PRODUCTS = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
DOWN, TURNOVER, COSTS, COUNT = next(_ROWS), next(_ROWS), next(_ROWS), next(_ROWS)
EXPOSURE, STATUS = next(_ROWS), next(_ROWS)
RESULTS = (STATUS - LAST) // LANES + 1
PARAMETERS = SPREAD // LANES + 1
ROWS = STATUS + LANES

# Rows of one asset: dollars held, dollars at the fill, weight wanted, dollars in the shadow book,
# sum of the weights held.
HELD, AT_FILL, WANTED, SHADOW, HELD_SUM = 0, LANES, 2 * LANES, 3 * LANES, 4 * LANES
STEP = 5 * LANES

# Places of the index array: columns of the paths.
PATH, TREND, VOLATILITY, INDEX_ROWS = 0, LANES, 2 * LANES, 3 * LANES

# As in the engine: differences below a billionth are rounding, not trades.
ROUNDING = 1e-9
# Slippage beyond this would be a broken or dying market.
MAX_SLIPPAGE = 0.5

"""What perpetuals take from cash, in blocks of 64 variants: funding, and interest on their value.

See :mod:`backtests.perpetuals`. Interest runs on cash plus the value of the perpetuals: at the last
close up to the fill, at the fill from there to the close.
"""

from __future__ import annotations

from backtests.sweep.compiled import compiled
from backtests.sweep.lanes import (
    CASH,
    COSTS,
    FINE,
    FLOOR,
    FUNDING,
    HELD,
    INVERSE,
    LEAST,
    MARGIN,
    ORDER,
    ROUNDING,
    ROWS,
    SPREAD,
    STATUS,
    STEP,
    UNFUNDED,
    VALUE,
    kept,
    width,
)
from backtests.sweep.tables import Bars
from data.aliases import FloatArray


@compiled
def charge_before(s: FloatArray, bars: Bars, j: int) -> None:
    """Take from cash what is due by the fill of bar `j`, on what was held at the last close."""
    reckon(s, bars, j, False)
    lent, days = bars.lent[j, 0], bars.days[0]
    for k in range(width(s)):
        cash, due, spread = s[CASH + k], s[FUNDING + k], s[SPREAD + k] * days
        bearing = cash + s[MARGIN + k]
        owes = bearing < -ROUNDING * abs(s[VALUE + k])
        interest = bearing * (lent + (spread if owes else 0.0))
        s[CASH + k] = cash + interest - due
        s[COSTS + k] += due - (interest if bearing < 0.0 else 0.0)
        # Where there is an order, the fill looks at the value at its own prices.
        ratio = (1.0 / s[INVERSE + k] + interest - due) * s[LEAST + k]
        floor = s[FLOOR + k]
        s[FLOOR + k] = ratio if (s[ORDER + k] == 0.0) & (ratio < floor) else kept(floor)


@compiled
def reckon(s: FloatArray, bars: Bars, j: int, after: bool) -> None:
    """Reckon the funding due by the fill of bar `j`, or by its close, and the value till then."""
    for k in range(width(s)):
        s[MARGIN + k] = 0.0
        s[FUNDING + k] = 0.0
    for place in range(len(bars.perpetuals)):
        a = bars.perpetuals[place]
        own = s[ROWS + a * STEP : ROWS + (a + 1) * STEP]
        bearing = 1.0 / bars.to_close[j, a] if after else 1.0
        mark = 1.0 if after else bars.to_fill[j, a]
        add_up(s, own, bearing, mark, bars.funding[j, place, 1 if after else 0])


@compiled
def add_up(s: FloatArray, own: FloatArray, bearing: float, mark: float, rate: float) -> None:
    """Add one perpetual's value and funding; a lane that holds it without a rate is marked."""
    if rate == rate:
        due = mark * rate
        for k in range(width(s)):
            s[MARGIN + k] += own[HELD + k] * bearing
            s[FUNDING + k] += own[HELD + k] * due
    else:
        for k in range(width(s)):
            s[MARGIN + k] += own[HELD + k] * bearing
            held = abs(own[HELD + k] * mark * s[INVERSE + k]) > ROUNDING
            if held and s[STATUS + k] == FINE:
                s[STATUS + k] = UNFUNDED

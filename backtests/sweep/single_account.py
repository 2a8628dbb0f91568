"""The account of one coin, 64 variants at once: to the fill, the fill, to the close.

The same as :mod:`backtests.sweep.fill` for a coin that is never forced out, with slippage that does
not depend on ranges and fills at the open.
"""

from __future__ import annotations

from collections.abc import Callable

from backtests.sweep.compiled import compiled
from backtests.sweep.lanes import (
    BTC_EXPOSURE,
    BUY,
    CASH,
    COSTS,
    COUNT,
    DOWN,
    END,
    EXCESS,
    EXPOSURE,
    FLOOR,
    HELD,
    INVERSE,
    LEAST,
    ORDER,
    PRODUCTS,
    ROUNDING,
    ROWS,
    SELL,
    SPREAD,
    SQUARES,
    TURNOVER,
    WEIGHT,
    WISH,
    kept,
    width,
)
from data.aliases import FloatArray

_HELD, _WEIGHT = ROWS + HELD, ROWS + WEIGHT


@compiled
def carry(s: FloatArray, factor: float) -> None:
    """Carry the holdings to the fill."""
    for k in range(width(s)):
        s[_HELD + k] = s[_HELD + k] * factor


@compiled
def watch(s: FloatArray) -> None:
    """Keep the lowest value before a fill, where leverage might take it below nothing."""
    for k in range(width(s)):
        ratio = (s[CASH + k] + s[_HELD + k]) * s[LEAST + k]
        floor, order = s[FLOOR + k], s[ORDER + k] != 0.0
        s[FLOOR + k] = ratio if order & (ratio < floor) else kept(floor)


def _fill(levered: bool) -> Callable[..., None]:
    """Return the fill where cash may be borrowed, or a faster one where it may not."""

    @compiled
    def fill(s: FloatArray, first: int, last: int, unit: float, to_fill: float) -> None:
        """Carry out the orders of lanes `first` to ``last - 1``, but for those for what is held.

        With one asset the signs at the value before costs are the right ones if no weight is
        negative: w V' - h = (w V - h) / (1 +- c w).

        Parameters
        ----------
        to_fill : float
            Factor that carries the holdings to the fill; 1 where they are there.
        """
        for k in range(first, last):
            cash, held = s[CASH + k], s[_HELD + k] * to_fill
            wanted, asks = s[WISH + k] * unit, s[ORDER + k] != 0.0
            buy, sell = s[BUY + k], s[SELL + k]
            value = cash + held
            if levered:
                ratio, floor = value * s[LEAST + k], s[FLOOR + k]
                s[FLOOR + k] = ratio if asks & (ratio < floor) else kept(floor)
            due = wanted * value
            order = asks & (due != held)
            cost = buy if due > held else -sell
            share = 1.0 + cost * wanted
            inverse = 1.0 / (value * share)
            new = (value + cost * held) * value * inverse
            aimed = wanted * new
            after = aimed if order else held
            size = after - held
            traded = abs(size)
            s[CASH + k] = new - aimed if order else kept(cash)
            s[_HELD + k] = after
            s[TURNOVER + k] += traded * share * inverse
            s[COSTS + k] += cost * size
            s[COUNT + k] += 1.0 if traded > ROUNDING * value else 0.0

    filling: Callable[..., None] = fill
    return filling


def _close(levered: bool) -> Callable[..., None]:
    """Return the end of a bar where cash may be borrowed, or a faster one where it may not."""

    @compiled
    def close(s: FloatArray, to_fill: float, to_close: float, lent: float) -> None:
        """Credit interest, value the account at the close and add up its figures.

        Parameters
        ----------
        to_fill : float
            Factor that carries the holdings to the fill; 1 where they are there.
        """
        for k in range(width(s)):
            left, after = s[CASH + k], s[_HELD + k] * to_fill
            before, least, down = s[INVERSE + k], s[LEAST + k], s[DOWN + k]
            if levered:
                spread = s[SPREAD + k]
                rate = lent + (spread if left < -ROUNDING * abs(left + after) else 0.0)
                interest = left * rate
                s[COSTS + k] -= interest if left < 0.0 else 0.0
                left = left + interest
            else:
                left = left + left * lent
            worth = after * to_close
            end = left + worth
            excess = end * before - 1.0 - lent
            over, ratio = 1.0 / end, end * least
            s[CASH + k] = left
            s[_HELD + k] = worth
            s[INVERSE + k] = over
            s[LEAST + k] = over if over < least else kept(least)
            s[DOWN + k] = ratio if ratio < down else kept(down)
            s[EXCESS + k] += excess
            s[SQUARES + k] += excess * excess
            s[PRODUCTS + k] += excess * lent
            s[_WEIGHT + k] += worth * over
            if levered:
                s[EXPOSURE + k] += abs(worth) * over

    closing: Callable[..., None] = close
    return closing


fill, fill_levered = _fill(False), _fill(True)
close, close_levered = _close(False), _close(True)


@compiled
def sum_up(s: FloatArray, levered: bool, btc: bool) -> None:
    """Lay the sums where the other path has them."""
    for k in range(width(s)):
        s[END + k] = s[_HELD + k]
        weight = s[_WEIGHT + k]
        s[EXPOSURE + k] = kept(s[EXPOSURE + k]) if levered else weight
        s[BTC_EXPOSURE + k] = weight if btc else 0.0


@compiled
def write_down(s: FloatArray, closes: FloatArray, bar: int) -> None:
    """Keep what the accounts are worth at a close: negative where nothing is held."""
    for k in range(width(s)):
        held = s[_HELD + k]
        value = s[CASH + k] + held
        closes[bar, k] = value if held != 0.0 else -value

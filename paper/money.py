"""Money and quantities as decimals: exact in the ledger, from the shortest text of a float."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, localcontext

from data.errors import PaperError

ZERO, ONE = Decimal(0), Decimal(1)
CENT = Decimal("0.01")
# Two roundings at this precision stay far below a cent on any account a dollar can count.
PRECISION = 34
_CONTEXT = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN)


@contextmanager
def exact() -> Iterator[None]:
    """Compute decimals at the ledger's precision, whatever the caller's context is."""
    with localcontext(_CONTEXT):
        yield


def decimal(value: float | int | str | Decimal, what: str = "a number") -> Decimal:
    """Return a number as a decimal; a float by its shortest text that reads back the same.

    Parameters
    ----------
    value : float, int, str or Decimal
        The number.
    what : str
        What it is, for the error.

    Raises
    ------
    PaperError
        If it is not finite.
    """
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, float):
        found = Decimal(repr(float(value))) if math.isfinite(value) else Decimal("NaN")
    else:
        found = Decimal(value)
    if not found.is_finite():
        raise PaperError(f"{what} is {value}: only finite numbers can be booked")
    return found


def text(value: Decimal) -> str:
    """Return a decimal as plain digits: no exponent, no trailing zeros, no negative zero."""
    if value == 0:
        return "0"
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def whole_steps(quantity: Decimal, step: Decimal) -> Decimal:
    """Return a quantity rounded towards zero to whole steps of a market; a step of 0 is none."""
    if step == 0:
        return quantity
    return (quantity / step).to_integral_value(rounding=ROUND_DOWN) * step

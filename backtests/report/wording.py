"""Numbers, units and days as a reader sees them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

MINUS = "−"
NONE = "–"
NEW_YORK = "America/New_York"
SHARE_OF = "share of "
_NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")


def fixed(value: float | None, digits: int = 0, *, sign: bool = False) -> str:
    """Return a number with so many decimals, thousands apart, and a true minus.

    ``None`` and NaN become a dash; a number that rounds to zero carries no sign.
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{abs(value):,.{digits}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def figure(value: float | None, *, sign: bool = False) -> str:
    """Return a number with the decimals that its size deserves: two below ten, none from 100.

    Whole numbers have none, and numbers below a hundredth have four.
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value == round(value):
        return fixed(value, 0, sign=sign)
    return fixed(value, 4 if abs(value) < 0.01 else _decimals(value), sign=sign)


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def percent(share: float | None, digits: int = 0, *, sign: bool = False) -> str:
    """Return a decimal share as a percentage."""
    text = fixed(None if share is None else 100.0 * share, digits, sign=sign)
    return text if text == NONE else f"{text}%"


def p_value(p: float | None) -> str:
    """Return a p-value with three decimals, ``< 0.001`` below that."""
    if p is None or not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def quantity(value: float | None, unit: str | None, *, sign: bool = False) -> str:
    """Return a number with its unit; ``share of X`` reads as a percentage of X."""
    if value is None or not math.isfinite(value):
        return NONE
    if unit is None:
        return figure(value, sign=sign)
    if unit.startswith(SHARE_OF):
        return f"{percent(value, sign=sign)} of {unit.removeprefix(SHARE_OF)}"
    if unit == "percent" or unit.startswith("percent "):
        return f"{figure(value, sign=sign)}%{unit.removeprefix('percent')}"
    if unit == "USD bn":
        return f"{figure(value, sign=sign)}bn USD"
    return f"{figure(value, sign=sign)} {unit}"


def span(low: float, high: float, *, sign: bool = True) -> str:
    """Return an interval in brackets, both ends with the decimals of the larger."""
    digits = _decimals(max(abs(low), abs(high)))
    return f"[{fixed(low, digits, sign=sign)}, {fixed(high, digits, sign=sign)}]"


def day(value: Any) -> str:
    """Return a day as ``2025-11-04``."""
    return f"{pd.Timestamp(value):%Y-%m-%d}"


def instant(value: pd.Timestamp) -> str:
    """Return an instant in UTC to the minute."""
    return f"{value.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"


def new_york(value: pd.Timestamp) -> str:
    """Return an instant on New York's clock, with the day of the week."""
    return f"{value.tz_convert(NEW_YORK):%a %Y-%m-%d %H:%M}"


def cell(value: Any) -> str:
    """Return any value of a claim's own table as text."""
    if value is None or value is pd.NaT:
        return NONE
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, datetime | date):
        return day(value)
    if isinstance(value, int):
        return fixed(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    return figure(float(value))


def pairs(values: Mapping[str, Any]) -> str:
    """Return a mapping of parameters as ``name value, name value``."""
    return ", ".join(f"{name.replace('_', ' ')} {cell(value)}" for name, value in values.items())


def listing(items: list[str]) -> str:
    """Join items with commas and a final *and*."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def count(number: int) -> str:
    """Return a small number as a word."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Return a number and its noun: ``one test``, ``three tests``, ``12 tests``."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def minus(text: str) -> str:
    """Return a text with a true minus before its negative numbers; dates keep their hyphens."""
    return _NEGATIVE.sub(MINUS, text)


def ordinal(number: int) -> str:
    """Return ``1st``, ``2nd``, ``3rd``, ``4th`` ... ``31st``."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"

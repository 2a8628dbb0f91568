"""Checks of a signal's parameters; each names the signal, the field and the value."""

from __future__ import annotations

import math
from collections.abc import Iterable

from data.errors import BadConfig


def check_choice(owner: str, field: str, value: object, allowed: Iterable[str]) -> None:
    """Raise :class:`BadConfig` unless `value` is one of `allowed`."""
    names = tuple(allowed)
    if value not in names:
        raise BadConfig(f"{owner}: {field} = {value!r} is not one of {', '.join(names)}")


def check_whole(owner: str, field: str, value: object, least: int = 1) -> None:
    """Raise :class:`BadConfig` unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadConfig(f"{owner}: {field} = {value!r} is not a whole number of at least {least}")


def check_positive(owner: str, field: str, value: object) -> None:
    """Raise :class:`BadConfig` unless `value` is a finite number above zero."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or float(str(value)) <= 0.0:
        raise BadConfig(f"{owner}: {field} = {value!r} is not a number above 0")


def check_truth(owner: str, field: str, value: object) -> None:
    """Raise :class:`BadConfig` unless `value` is true or false."""
    if not isinstance(value, bool):
        raise BadConfig(f"{owner}: {field} = {value!r} is neither true nor false")

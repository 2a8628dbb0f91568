"""Array aliases and the checks at the boundary of this package."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.intp]
DayArray: TypeAlias = npt.NDArray[np.datetime64]
Seed: TypeAlias = int | np.random.Generator | None


def vector(
    values: npt.ArrayLike, name: str, *, nan: bool = False, length: int | None = None
) -> FloatArray:
    """Return `values` as a float vector.

    Parameters
    ----------
    values : array_like, shape (T,)
    name : str
        The argument's name, for the message.
    nan : bool
        Whether NaN may stand in it. Infinite values never may.
    length : int, optional
        The length it must have.

    Raises
    ------
    ValueError
        Not one-dimensional, empty, of another length, infinite, or NaN where none may be.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {array.shape}")
    return _checked(array, name, nan=nan, length=length)


def matrix(
    values: npt.ArrayLike, name: str, *, nan: bool = False, length: int | None = None
) -> FloatArray:
    """Return `values` as a float matrix; a vector becomes its only column.

    Parameters
    ----------
    values : array_like, shape (T, k) or (T,)
    name : str
        The argument's name, for the message.
    nan : bool
        Whether NaN may stand in it. Infinite values never may.
    length : int, optional
        The number of rows it must have.

    Raises
    ------
    ValueError
        More than two dimensions, empty, of another length, infinite, or NaN where none may be.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{name}: expected one or two dimensions, got shape {array.shape}")
    return _checked(array, name, nan=nan, length=length)


def flags(values: npt.ArrayLike, name: str, *, length: int | None = None) -> BoolArray:
    """Return `values` as a boolean vector; anything but booleans raises ValueError."""
    array = np.asarray(values)
    if array.dtype != np.bool_ or array.ndim != 1:
        raise ValueError(f"{name}: expected a vector of booleans, got {array.dtype} {array.shape}")
    if length is not None and len(array) != length:
        raise ValueError(f"{name}: expected {length} values, got {len(array)}")
    return array


def ordered_days(values: npt.ArrayLike, name: str) -> DayArray:
    """Return `values` as strictly increasing days (datetime64[D]); ValueError when they are not."""
    array: DayArray = np.asarray(values).astype("datetime64[D]")
    if array.ndim != 1 or not len(array):
        raise ValueError(f"{name}: expected a vector of days, got shape {array.shape}")
    if np.isnat(array).any():
        raise ValueError(f"{name}: holds a missing day (NaT)")
    back = np.flatnonzero(np.diff(array) <= np.timedelta64(0, "D"))
    if len(back):
        raise ValueError(f"{name}: days must increase, {array[back[0] + 1]} does not")
    return array


def positions_of(days: DayArray, within: DayArray, name: str, within_name: str) -> IntArray:
    """Return where each day stands in the increasing `within`; ValueError when one does not."""
    at = np.searchsorted(within, days)
    missing = (at == len(within)) | (within[np.minimum(at, len(within) - 1)] != days)
    if missing.any():
        raise ValueError(f"{name}: {days[missing][0]} is not in {within_name}")
    return at.astype(np.intp)


def positive_int(value: int, name: str) -> int:
    """Return `value`; ValueError when it is not an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
    return int(value)


def positive(value: float, name: str) -> float:
    """Return `value`; ValueError when it is not a finite number above 0."""
    if not np.isfinite(value) or value <= 0:
        raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    return float(value)


def probability(value: float, name: str) -> float:
    """Return `value`; ValueError when it is not strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name}: expected a number between 0 and 1, got {value!r}")
    return float(value)


def _checked(array: FloatArray, name: str, *, nan: bool, length: int | None) -> FloatArray:
    if not len(array):
        raise ValueError(f"{name}: is empty")
    if length is not None and len(array) != length:
        raise ValueError(f"{name}: expected {length} rows, got {len(array)}")
    bad = np.isinf(array) if nan else ~np.isfinite(array)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        what = "an infinite value" if nan else "a value that is not finite"
        raise ValueError(f"{name}: {what} in row {row}")
    return array

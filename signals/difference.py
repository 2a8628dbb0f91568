"""Compare what was computed from all data with what was computed from less or from other data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.aliases import BoolArray
from data.errors import InputError

ROW = "(the row itself)"


@dataclass(frozen=True, slots=True)
class Difference:
    """The earliest cell in which two outputs differ.

    Parameters
    ----------
    decision_time : Timestamp
        Row, UTC.
    column : str
        Column, or :data:`ROW` where one output lacks the row.
    whole, other : object
        The two values; None where there is no such cell.
    """

    decision_time: pd.Timestamp
    column: str
    whole: object
    other: object


def table(output: pd.DataFrame | pd.Series, name: str) -> pd.DataFrame:
    """Return `output` as a frame sorted by decision time.

    Raises
    ------
    InputError
        If it is neither Series nor DataFrame, or its index is not one of distinct UTC instants.
    """
    if isinstance(output, pd.Series):
        frame = output.to_frame("value" if output.name is None else str(output.name))
    elif isinstance(output, pd.DataFrame):
        frame = output
    else:
        raise InputError(f"{name} returns {type(output).__name__}: a Series or DataFrame is needed")
    if frame.empty and not len(frame.index):
        return frame.set_axis(pd.DatetimeIndex([], tz="UTC"))
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise InputError(f"{name}: the output is not indexed by decision times in UTC")
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise InputError(f"{name}: the decision time {twice} stands in the output twice")
    if not frame.columns.is_unique:
        raise InputError(f"{name}: the output names a column twice")
    return frame if index.is_monotonic_increasing else frame.sort_index()


def first_difference(
    whole: pd.DataFrame, other: pd.DataFrame, t: pd.Timestamp, tolerance: float = 0.0
) -> Difference | None:
    """Return the earliest difference in the rows up to `t`, None where there is none.

    Parameters
    ----------
    whole, other : DataFrame
        Outputs as :func:`table` returns them.
    t : Timestamp
        Last row that is compared.
    tolerance : float
        Difference allowed between numbers, as a share of the largest number up to `t` in their
        column or row (cash is what the weights of its row leave over); with 0 they are compared
        bit by bit. NaN equals NaN.

    Notes
    -----
    A row that only one of them has is a difference. A column that only one of them has is one
    where it says something: a coin that does not exist yet may be absent, or have the weight 0.
    """
    left, right = whole.loc[:t], other.loc[:t]
    found: list[Difference] = []
    if not left.index.equals(right.index):
        row = left.index.symmetric_difference(right.index).min()
        found.append(Difference(row, ROW, _row(left, row), _row(right, row)))
        common = left.index.intersection(right.index)
        left, right = left.loc[common], right.loc[common]
    if not left.columns.equals(right.columns):
        found += _alone(left, right, whole_has_it=True) + _alone(right, left, whole_has_it=False)
        shared = [column for column in left.columns if column in right.columns]
        left, right = left[shared], right[shared]
    if place := _first(_unequal(left, right, tolerance)):
        row, column = left.index[place[0]], str(left.columns[place[1]])
        found.append(Difference(row, column, left.iat[place], right.iat[place]))
    return min(found, key=lambda difference: difference.decision_time, default=None)


def informative(frame: pd.DataFrame) -> BoolArray:
    """Tell which cells say something: neither missing, nor zero, false or empty."""
    cells: BoolArray = frame.notna().to_numpy(dtype=bool, copy=True)
    for position, (_, column) in enumerate(frame.items()):
        cells[:, position] &= column.ne("" if column.dtype.kind in "OUT" else 0).to_numpy()
    return cells


def _alone(frame: pd.DataFrame, lacks: pd.DataFrame, whole_has_it: bool) -> list[Difference]:
    """Return where a column that only `frame` has says something first."""
    alone = frame.loc[:, ~frame.columns.isin(lacks.columns)]
    place = _first(informative(alone))
    if place is None:
        return []
    value = alone.iat[place]
    pair = (value, None) if whole_has_it else (None, value)
    return [Difference(alone.index[place[0]], str(alone.columns[place[1]]), *pair)]


def _row(frame: pd.DataFrame, row: pd.Timestamp) -> object:
    return tuple(frame.loc[row]) if row in frame.index else None


def _first(cells: BoolArray) -> tuple[int, int] | None:
    if not cells.any():
        return None
    row = int(cells.any(axis=1).argmax())
    return row, int(cells[row].argmax())


def _unequal(left: pd.DataFrame, right: pd.DataFrame, tolerance: float) -> BoolArray:
    if all(_numeric(frame) for frame in (left, right)):
        return _unequal_numbers(left, right, tolerance)
    unequal = np.zeros(left.shape, dtype=bool)
    for position, name in enumerate(left.columns):
        a, b = left[[name]], right[[name]]
        if _numeric(a) and _numeric(b):
            unequal[:, position] = _unequal_numbers(a, b, tolerance)[:, 0]
        else:
            x, y = a[name].astype(object), b[name].astype(object)
            unequal[:, position] = ((x != y) & ~(x.isna() & y.isna())).to_numpy(dtype=bool)
    return unequal


def _numeric(frame: pd.DataFrame) -> bool:
    return all(isinstance(kind, np.dtype) and kind.kind in "biuf" for kind in frame.dtypes)


def _unequal_numbers(left: pd.DataFrame, right: pd.DataFrame, tolerance: float) -> BoolArray:
    a = np.ascontiguousarray(left.to_numpy(dtype=np.float64))
    b = np.ascontiguousarray(right.to_numpy(dtype=np.float64))
    missing = np.isnan(a) & np.isnan(b)
    if tolerance == 0.0:
        return np.asarray((a.view(np.uint64) != b.view(np.uint64)) & ~missing)
    size = np.where(np.isfinite(a), np.abs(a), 0.0)
    columns, rows = (size.max(axis=axis, initial=0.0, keepdims=True) for axis in (0, 1))
    scale = np.maximum(columns, rows)
    with np.errstate(invalid="ignore"):
        close = (a == b) | (np.abs(a - b) <= tolerance * scale)
    return np.asarray(~close & ~missing)

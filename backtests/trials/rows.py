"""Trials as the ledger takes them in: checked, and in the types of its columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray

FOLDS = 16
Row = tuple[bytes, float | None, float | None, int | None, bytes | None]


def rows_of(
    config_hashes: Sequence[str],
    sharpe_cash: npt.ArrayLike | None,
    sharpe_matched: npt.ArrayLike | None,
    periods: npt.ArrayLike | None,
    folds: npt.ArrayLike | None,
) -> Iterator[Row]:
    """Check columns and return rows; see :meth:`backtests.trials.ledger.Ledger.record`.

    Raises
    ------
    ValueError
        Shapes that differ, a hash that is none.
    """
    n = len(config_hashes)
    hashes = [_bytes(text) for text in config_hashes]
    return zip(
        hashes,
        _numbers(sharpe_cash, "sharpe_cash", n),
        _numbers(sharpe_matched, "sharpe_matched", n),
        _counts(periods, n),
        _blobs(folds, n),
        strict=True,
    )


def fold_sums(d: npt.ArrayLike) -> npt.NDArray[np.float32] | None:
    """Return the sums of one-period returns over 16 consecutive spans.

    Parameters
    ----------
    d : array_like, shape (T,) or (T, n)
        One-period returns over the exposure-matched benchmark.

    Returns
    -------
    ndarray, shape (16,) or (n, 16), or None
        Span i holds the periods from ``i * T // 16`` to ``(i + 1) * T // 16``; None for fewer than
        16 periods.
    """
    x = np.asarray(d, dtype=np.float64)
    if len(x) < FOLDS:
        return None
    edges = np.arange(FOLDS) * len(x) // FOLDS
    return np.add.reduceat(x, edges, axis=0).T.astype(np.float32)


def folds_of(blobs: Sequence[bytes]) -> FloatArray:
    """Return stored fold returns as a matrix, shape (n, 16)."""
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, FOLDS).astype(np.float64)


def _bytes(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except (ValueError, TypeError):
        found = b""
    if len(found) != 32:
        raise ValueError(f"config_hashes: {text!r} is not a SHA-256 of 64 hex digits")
    return found


def _numbers(values: npt.ArrayLike | None, name: str, n: int) -> list[float | None]:
    if values is None:
        return [None] * n
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,):
        raise ValueError(f"{name}: expected shape ({n},), got {array.shape}")
    return [value if math.isfinite(value) else None for value in array.tolist()]


def _counts(values: npt.ArrayLike | None, n: int) -> list[int | None]:
    if values is None:
        return [None] * n
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.shape not in ((), (n,)):
        raise ValueError(f"periods: expected whole numbers of shape ({n},), got {array.shape}")
    return list(np.broadcast_to(array, n).tolist())


def _blobs(values: npt.ArrayLike | None, n: int) -> list[bytes | None]:
    if values is None:
        return [None] * n
    array = np.ascontiguousarray(values, dtype="<f4")
    if array.shape != (n, FOLDS):
        raise ValueError(f"folds: expected shape ({n}, {FOLDS}), got {array.shape}")
    text, width = array.tobytes(), 4 * FOLDS
    known = np.isfinite(array).all(axis=1).tolist()
    return [text[i * width : (i + 1) * width] if known[i] else None for i in range(n)]

"""Bootstrap means of very many return series, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import FloatArray, IntArray, Seed, matrix, positive_int
from backtests.inference.block_bootstrap import block_length, stationary_indices

# The returns themselves, shape (T, N), or a function that yields them block of columns by block,
# the same each time it is called: for more variants than fit into memory.
Blocks: TypeAlias = npt.ArrayLike | Callable[[], Iterable[npt.ArrayLike]]

# Bytes of the largest array made for one chunk.
_BYTES = 32 * 2**20
# A bar counts as one where a variant differs from the benchmark when |d| is above this share of
# the variant's largest |d|: a rule that traded on a handful of days differs by a trifle on all
# others, through its mean exposure.
MOVES = 0.01
SAMPLED = 32


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Returns over the benchmark, and which of them a test looks at.

    Attributes
    ----------
    blocks : callable
        Yields blocks of shape (T, n) in the order of the columns.
    periods : int
        T.
    means : ndarray, shape (N,)
        Of every column.
    kept : ndarray of int
        Columns that differ from the benchmark often enough.
    mean_block : int
        Mean block length.
    """

    blocks: Callable[[], Iterator[FloatArray]]
    periods: int
    means: FloatArray
    kept: IntArray
    mean_block: int

    @property
    def dropped(self) -> int:
        """Columns left out because they hardly differ from the benchmark."""
        return len(self.means) - len(self.kept)

    def chunks(self, draws: int) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield the kept columns' numbers and returns, so few at a time that memory is bounded."""
        width = max(1, _BYTES // (8 * max(draws, self.periods)))
        start = 0
        for block in self.blocks():
            inside = self.kept[(self.kept >= start) & (self.kept < start + block.shape[1])]
            for first in range(0, len(inside), width):
                columns = inside[first : first + width]
                yield columns, block[:, columns - start]
            start += block.shape[1]


def panel(d: Blocks, *, least_bars: int, mean_block: int | None) -> Panel:
    """Look through returns over a benchmark once.

    Parameters
    ----------
    d : array_like of shape (T, N), or callable
        See :data:`Blocks`.
    least_bars : int
        Columns that differ from the benchmark on fewer bars are dropped.
    mean_block : int, optional
        Mean block length; by default the median of Politis and White's over up to 32 of the
        columns, evenly spread. At most T / 4.

    Raises
    ------
    ValueError
        NaN, blocks of different length, fewer than 20 periods, nothing left to test.
    """
    positive_int(least_bars, "least_bars")
    blocks = checked(d)
    means: list[FloatArray] = []
    differs: list[IntArray] = []
    periods = 0
    for block in blocks():
        periods = periods or len(block)
        if len(block) != periods:
            raise ValueError(f"d: blocks of {periods} and {len(block)} periods")
        if still := np.flatnonzero((np.ptp(block, axis=0) == 0) & (block[0] != 0)).tolist():
            column = sum(len(part) for part in means) + still[0]
            raise ValueError(f"d: variant {column} differs from the benchmark by a constant")
        size = np.abs(block)
        means.append(block.mean(axis=0))
        differs.append((size > MOVES * size.max(axis=0)).sum(axis=0))
    if periods < 20:
        raise ValueError(f"d: {periods} periods are too few, 20 are needed")
    kept = np.flatnonzero(np.concatenate(differs) >= least_bars)
    if not len(kept):
        raise ValueError(f"d: no variant differs from the benchmark on {least_bars} bars")
    unclamped = Panel(blocks, periods, np.concatenate(means), kept, 1)
    if mean_block is None:
        mean_block = _typical_block(unclamped)
    block_size = min(positive_int(mean_block, "mean_block"), max(1, periods // 4))
    return Panel(blocks, periods, unclamped.means, kept, block_size)


def stationary_counts(n: int, mean_block: int, *, draws: int, seed: Seed) -> FloatArray:
    """Return how often each period stands in each stationary-bootstrap sample.

    Returns
    -------
    ndarray, shape (draws, n)
        Counts, as floats: their product with returns, over n, are the samples' means.
    """
    indices = stationary_indices(n, mean_block, draws=draws, seed=seed)
    rows = np.arange(draws)[:, None] * n
    counts = np.bincount((indices + rows).ravel(), minlength=draws * n)
    return counts.reshape(draws, n).astype(np.float64)


def checked(d: Blocks) -> Callable[[], Iterator[FloatArray]]:
    """Return a function that yields the blocks, each checked: a matrix without NaN."""
    if callable(d):
        source = d
        return lambda: (matrix(block, "d") for block in source())
    whole = matrix(d, "d")
    return lambda: iter((whole,))


def _typical_block(found: Panel) -> int:
    wanted = np.linspace(0, len(found.kept) - 1, min(SAMPLED, len(found.kept)))
    chosen = set(found.kept[wanted.round().astype(np.intp)].tolist())
    lengths = [
        block_length(x)
        for columns, block in found.chunks(1)
        for column, x in zip(columns, block.T, strict=True)
        if int(column) in chosen
    ]
    return int(np.ceil(np.median(lengths)))

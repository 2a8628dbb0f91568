"""The best of very many variants against several benchmarks, in few passes over their returns.

Bootstrap means are linear: those over a benchmark are those of the returns less those of the
benchmark, so that one product of counts and returns serves every benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Seed,
    matrix,
    positive_int,
    probability,
)
from backtests.inference.block_bootstrap import block_length
from backtests.inference.bootstrap_means import MOVES, SAMPLED, Blocks, checked, stationary_counts
from backtests.inference.one_sided import upper_p
from backtests.inference.superior_ability import LEAST_BARS, Superior, SuperiorAbility, recentrings

# Columns looked at together: few enough that what is made of them stays in a processor's cache.
_SLAB = 64
# Columns whose bootstrap means are made, and whose maxima are kept, together.
_CHUNK = 512


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """What one pass over the returns finds.

    Attributes
    ----------
    blocks : callable
        Yields blocks of shape (T, n).
    benchmarks : ndarray, shape (T, M)
    means : ndarray, shape (M, N)
        Mean return over each benchmark.
    kept : ndarray of bool, shape (M, N)
        Whether a variant differs from the benchmark often enough.
    """

    blocks: Callable[[], Iterator[FloatArray]]
    benchmarks: FloatArray
    means: FloatArray
    kept: BoolArray


def superior_to_each(
    returns: Blocks,
    benchmarks: npt.ArrayLike,
    *,
    seed: Seed,
    size: float = 0.05,
    draws: int = 999,
    mean_block: int | None = None,
    least_bars: int = LEAST_BARS,
    rounding: float = 0.0,
) -> tuple[tuple[SuperiorAbility, Superior] | None, ...]:
    """Test variants by Hansen's SPA and Romano and Wolf's StepM against each of M benchmarks.

    The same as `superior_ability` and `superior_variants` of the differences from each benchmark,
    with the same draws for all.

    Parameters
    ----------
    returns : array_like of shape (T, N), or callable
        One-period returns of the variants, or a function that yields blocks of columns; see
        :data:`~backtests.inference.bootstrap_means.Blocks`.
    benchmarks : array_like, shape (T, M)
        One-period returns of the benchmarks; zeros where `returns` are over the benchmark already.
    seed : int, Generator or None
    size : float
        Familywise error rate of StepM.
    draws : int
    mean_block : int, optional
        Of the stationary bootstrap, the same for all benchmarks; by default the largest that
        Politis and White's rule gives for one of them, as the median over a sample of the
        variants. At most T / 4.
    least_bars : int
        Variants that differ from a benchmark on fewer bars are dropped, and counted.
    rounding : float
        Differences no larger are none, in the unit of `returns`.

    Returns
    -------
    tuple of (SuperiorAbility, Superior) or None
        One for each benchmark; ``None`` where no variant differs on so many bars.

    Raises
    ------
    ValueError
        NaN, blocks of another length than the benchmarks, fewer than 20 periods, a variant that
        differs from a benchmark by a constant.
    """
    probability(size, "size")
    found = _look(returns, matrix(benchmarks, "benchmarks"), least_bars, rounding)
    if not found.kept.any():
        return (None,) * len(found.kept)
    periods = len(found.benchmarks)
    wanted = positive_int(_typical(found) if mean_block is None else mean_block, "mean_block")
    block = min(wanted, max(1, periods // 4))
    counts = stationary_counts(periods, block, draws=draws, seed=seed)
    return _tested(found, counts, block, size)


def _look(returns: Blocks, benchmarks: FloatArray, least_bars: int, rounding: float) -> _Looked:
    positive_int(least_bars, "least_bars")
    if len(benchmarks) < 20:
        raise ValueError(f"returns: {len(benchmarks)} periods are too few, 20 are needed")
    blocks = checked(returns)
    means: list[FloatArray] = []
    kept: list[BoolArray] = []
    for block in blocks():
        if len(block) != len(benchmarks):
            raise ValueError(
                f"returns: a block of {len(block)} periods beside benchmarks of {len(benchmarks)}"
            )
        for slab in _slabs(block):
            means.append(slab.mean(axis=0) - benchmarks.mean(axis=0)[:, None])
            kept.append(
                np.stack([_differs(slab, each, rounding) >= least_bars for each in benchmarks.T])
            )
    return _Looked(blocks, benchmarks, np.concatenate(means, axis=1), np.concatenate(kept, axis=1))


def _slabs(block: FloatArray) -> Iterator[FloatArray]:
    for first in range(0, block.shape[1], _SLAB):
        yield block[:, first : first + _SLAB]


def _differs(slab: FloatArray, benchmark: FloatArray, rounding: float) -> IntArray:
    """Return on how many bars each column differs from a benchmark."""
    over = slab - benchmark[:, None]
    distance = np.abs(over)
    if ((np.ptp(over, axis=0) <= rounding) & (distance[0] > rounding)).any():
        raise ValueError("returns: a variant differs from a benchmark by a constant")
    least = np.maximum(MOVES * distance.max(axis=0), rounding)
    bars: IntArray = (distance > least).sum(axis=0)
    return bars


def _typical(found: _Looked) -> int:
    """Return the largest, over the benchmarks, of the median block length of some variants."""
    chosen = []
    for kept in found.kept:
        every = np.flatnonzero(kept)
        at = np.linspace(0, len(every) - 1, min(SAMPLED, len(every))).round().astype(np.intp)
        chosen.append(set(every[at].tolist()))
    lengths: list[list[float]] = [[] for _ in chosen]
    start = 0
    for block in found.blocks():
        for number, columns in enumerate(chosen):
            lengths[number] += [
                block_length(block[:, column - start] - found.benchmarks[:, number])
                for column in sorted(columns)
                if start <= column < start + block.shape[1]
            ]
        start += block.shape[1]
    return max(int(np.ceil(np.median(each))) for each in lengths if each)


def _tested(
    found: _Looked, counts: FloatArray, block: int, size: float
) -> tuple[tuple[SuperiorAbility, Superior] | None, ...]:
    """Take the steps of StepM against all benchmarks together; the first has the SPA in it."""
    steps = _Steps(found, counts)
    critical: list[list[float]] = [[] for _ in found.kept]
    active = np.flatnonzero(found.kept.any(axis=1)).tolist()
    steps.go()
    first = steps.maxima()
    while active:
        maxima = steps.maxima()
        for at in tuple(active):
            limit = float(np.quantile(maxima[at, 1], 1 - size, method="weibull"))
            critical[at].append(limit)
            better = steps.left[at] & (np.nan_to_num(steps.t[at], nan=-np.inf) > limit)
            steps.take_out(at, better)
            if not better.any() or not steps.left[at].any():
                active.remove(at)
        if active:
            steps.go()
    return tuple(
        _results(found.kept[at], steps.t[at], first[at], steps.left[at], critical[at], block)
        if found.kept[at].any()
        else None
        for at in range(len(found.kept))
    )


class _Steps:
    """Maxima over the variants that are left, kept by chunks: a step changes few of them.

    Attributes
    ----------
    left : ndarray of bool, shape (M, N)
        Variants not yet found superior to each benchmark.
    t : ndarray, shape (M, N)
        Studentised means; NaN where a variant is dropped.
    """

    def __init__(self, found: _Looked, counts: FloatArray) -> None:
        self.left = found.kept.copy()
        self.t = np.full(found.kept.shape, np.nan)
        self._found, self._counts = found, counts
        periods = len(found.benchmarks)
        drawn = (counts @ found.benchmarks / periods).T
        self._own: FloatArray = drawn - found.benchmarks.mean(axis=0)[:, None]
        chunks = -(-found.kept.shape[1] // _CHUNK)
        self._maxima = np.full((chunks, len(found.kept), 3, len(counts)), -np.inf)
        self._changed = np.ones((chunks, len(found.kept)), dtype=np.bool_)

    def maxima(self) -> FloatArray:
        """Return the maxima (M, 3, draws): lower, consistent, upper."""
        largest: FloatArray = self._maxima.max(axis=0)
        return largest

    def take_out(self, benchmark: int, better: BoolArray) -> None:
        """Leave out variants that are superior to a benchmark."""
        self.left[benchmark] &= ~better
        self._changed[np.flatnonzero(better) // _CHUNK, benchmark] = True

    def go(self) -> None:
        """Bring the maxima of the changed chunks up to date."""
        for start, columns in _chunks(self._found.blocks()):
            number = start // _CHUNK
            changed = np.flatnonzero(self._changed[number])
            self._maxima[number, changed] = -np.inf
            width = columns.shape[1]
            if self.left[changed, start : start + width].any():
                drawn = columns.T @ self._counts.T / len(columns)
                drawn -= columns.mean(axis=0)[:, None]
                for first in range(0, width, _SLAB):
                    self._raise(number, changed, start + first, drawn[first : first + _SLAB])
            self._changed[number] = False

    def _raise(self, number: int, benchmarks: IntArray, start: int, drawn: FloatArray) -> None:
        """Raise a chunk's maxima by the centred means (n, draws) of the columns from a start on."""
        for benchmark in benchmarks:
            here = np.flatnonzero(self.left[benchmark, start : start + len(drawn)])
            if not len(here):
                continue
            mean = self._found.means[benchmark, start + here]
            over = drawn[here] - self._own[benchmark]
            error = over.std(axis=1)
            over /= error[:, None]
            shifts = recentrings(mean, error, len(self._found.benchmarks))
            for row, shift in zip(self._maxima[number, benchmark], shifts, strict=True):
                np.maximum(row, (over + (shift / error)[:, None]).max(axis=0), out=row)
            self.t[benchmark, start + here] = mean / error


def _chunks(blocks: Iterator[FloatArray]) -> Iterator[tuple[int, FloatArray]]:
    """Yield chunks of so many columns, and where each begins, however wide the blocks are."""
    start, rest = 0, None
    for block in blocks:
        whole = block if rest is None else np.concatenate([rest, block], axis=1)
        full = whole.shape[1] - whole.shape[1] % _CHUNK
        for first in range(0, full, _CHUNK):
            yield start + first, whole[:, first : first + _CHUNK]
        start, rest = start + full, whole[:, full:]
    if rest is not None and rest.shape[1]:
        yield start, rest


def _results(
    kept: BoolArray,
    t: FloatArray,
    maxima: FloatArray,
    left: BoolArray,
    critical: list[float],
    block: int,
) -> tuple[SuperiorAbility, Superior]:
    best = int(np.nanargmax(t))
    statistic = max(float(t[best]), 0.0)
    lower, consistent, upper = (upper_p(statistic, np.maximum(row, 0.0)) for row in maxima)
    tested, dropped = int(kept.sum()), int((~kept).sum())
    ability = SuperiorAbility(consistent, lower, upper, statistic, best, tested, dropped, block)
    better = tuple(np.flatnonzero(kept & ~left).tolist())
    return ability, Superior(better, tuple(critical), t, tested, dropped, block)

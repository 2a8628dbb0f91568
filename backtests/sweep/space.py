"""The points of a grid, numbered without being listed.

Axes that a constraint ties together make a block, whose allowed combinations are listed; free
axes stand alone. A point's number is a mixed-radix number over the blocks, the last one turning
fastest, so that a grid of a billion points takes no more memory than its largest block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from data.aliases import BoolArray, IntArray
from data.errors import BadConfig

# Tells which of some points' digits are allowed: (points, axes) -> (points,).
Allowed: TypeAlias = Callable[[IntArray], BoolArray]
# 8 bytes each while a block is being listed.
MOST_TIED = 5_000_000
_MOST_POINTS = 2**62
_AT_ONCE = 2**18


@dataclass(frozen=True, slots=True)
class Block:
    """Axes that are counted together.

    Parameters
    ----------
    axes : tuple of int
        Positions of the axes, ascending.
    lengths : tuple of int
        Number of values of each.
    keys : ndarray of int, optional
        Mixed-radix numbers of the allowed combinations, ascending; None when all are.
    """

    axes: tuple[int, ...]
    lengths: tuple[int, ...]
    keys: IntArray | None = None

    @property
    def size(self) -> int:
        """Number of allowed combinations."""
        return math.prod(self.lengths) if self.keys is None else len(self.keys)

    def digits(self, ranks: IntArray) -> IntArray:
        """Return the digits (combinations x axes) of the combinations with these ranks."""
        keys = ranks if self.keys is None else self.keys[ranks]
        return _digits(keys, self.lengths)


@dataclass(frozen=True, slots=True)
class Space:
    """All points of a grid.

    Parameters
    ----------
    lengths : tuple of int
        Number of values of each axis.
    blocks : tuple of Block
        Every axis in one of them.
    """

    lengths: tuple[int, ...]
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(block.size for block in self.blocks)

    def digits(self, points: IntArray) -> IntArray:
        """Return which value of each axis the points have.

        Parameters
        ----------
        points : ndarray of int, shape (n,)
            From 0 to ``size - 1``.

        Returns
        -------
        ndarray of int, shape (n, axes)
        """
        out = np.zeros((len(points), len(self.lengths)), dtype=np.int64)
        rest = points.astype(np.int64)
        for block in reversed(self.blocks):
            rest, ranks = np.divmod(rest, block.size)
            out[:, block.axes] = block.digits(ranks)
        return out

    def combinations(self, axes: Sequence[int], limit: int) -> IntArray:
        """Return distinct points of which every combination of some axes' values is one.

        Parameters
        ----------
        axes : sequence of int
            Axes whose values are combined; the others have any allowed value.
        limit : int
            With more combinations than this, points in which every value of every axis occurs
            where it occurs at all.

        Returns
        -------
        ndarray of int, shape (n, all axes)
            Digits.
        """
        chosen = [_projected(block, axes) for block in self.blocks]
        count = math.prod(len(rows) for rows in chosen)
        if count <= limit:
            picks = np.indices([len(rows) for rows in chosen]).reshape(len(chosen), -1)
        else:
            width = max(len(rows) for rows in chosen)
            picks = np.array([np.arange(width) % len(rows) for rows in chosen])
        out = np.zeros((picks.shape[1], len(self.lengths)), dtype=np.int64)
        for block, rows, pick in zip(self.blocks, chosen, picks, strict=True):
            out[:, block.axes] = block.digits(rows[pick])
        return out


def space(lengths: Sequence[int], tied: Sequence[tuple[frozenset[int], Allowed]]) -> Space:
    """Return the points that meet all constraints.

    Parameters
    ----------
    lengths : sequence of int
        Number of values of each axis.
    tied : sequence of (set of int, callable)
        For each constraint the axes that it looks at, and whether digits of all axes meet it.

    Raises
    ------
    BadConfig
        If the constraints tie more than :data:`MOST_TIED` combinations together, or there are
        more points than can be numbered.
    """
    if math.prod(lengths) > _MOST_POINTS:
        raise BadConfig(f"the grid has {math.prod(lengths):.3g} points, at most {_MOST_POINTS:.3g}")
    groups: list[set[int]] = [{axis} for axis in range(len(lengths))]
    for axes, _ in tied:
        joined = [group for group in groups if group & axes]
        groups = [group for group in groups if not group & axes]
        groups.extend([set().union(*joined)] if joined else [])
    blocks = []
    for group in sorted(groups, key=min):
        own = [allowed for axes, allowed in tied if axes and axes <= group]
        blocks.append(_block(sorted(group), lengths, own))
    return Space(tuple(lengths), tuple(blocks))


def _block(axes: Sequence[int], lengths: Sequence[int], own: Sequence[Allowed]) -> Block:
    sizes = tuple(lengths[axis] for axis in axes)
    if not own:
        return Block(tuple(axes), sizes)
    total = math.prod(sizes)
    if total > MOST_TIED:
        raise BadConfig(
            f"constraints tie {total:,} combinations together, at most {MOST_TIED:,}: "
            "take fewer values on their axes, or fewer constraints"
        )
    kept = []
    for start in range(0, total, _AT_ONCE):
        keys = np.arange(start, min(start + _AT_ONCE, total))
        digits = np.zeros((len(keys), len(lengths)), dtype=np.int64)
        digits[:, axes] = _digits(keys, sizes)
        met = np.logical_and.reduce([np.broadcast_to(one(digits), keys.shape) for one in own])
        kept.append(keys[met])
    return Block(tuple(axes), sizes, np.concatenate(kept))


def _digits(keys: IntArray, lengths: Sequence[int]) -> IntArray:
    out = np.zeros((len(keys), len(lengths)), dtype=np.int64)
    rest = keys
    for position in reversed(range(len(lengths))):
        rest, out[:, position] = np.divmod(rest, lengths[position])
    return out


def _projected(block: Block, axes: Sequence[int]) -> IntArray:
    """Return ranks of a block's combinations, one for each combination of its axes in `axes`."""
    inside = [position for position, axis in enumerate(block.axes) if axis in axes]
    if not inside:
        return np.zeros(1, dtype=np.int64)
    if block.keys is None:
        # A free block is one axis.
        return np.arange(block.size)
    digits = block.digits(np.arange(block.size))[:, inside]
    return np.unique(digits, axis=0, return_index=True)[1].astype(np.int64)

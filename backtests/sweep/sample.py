"""A random sample of a grid's points without a list of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.aliases import IntArray

ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Shuffle:
    """A permutation of 0 .. `size` - 1 that is computed number by number.

    A keyed Feistel network permutes the numbers of an even count of bits; a number that falls
    outside is permuted again until it falls inside. The first n numbers are a random sample
    without repetition.

    Parameters
    ----------
    size : int
        How many numbers there are.
    seed : int
        Another seed, another permutation.

    References
    ----------
    Luby, M. and Rackoff, C. (1988), "How to construct pseudorandom permutations from
    pseudorandom functions", SIAM Journal on Computing 17(2).
    Black, J. and Rogaway, P. (2002), "Ciphers with arbitrary finite domains", CT-RSA 2002.
    """

    size: int
    seed: int
    _half: int = field(init=False, repr=False)
    _keys: NDArray[np.uint64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        half = max(1, ((self.size - 1).bit_length() + 1) // 2)
        keys = np.random.default_rng(self.seed).integers(0, 2**64, ROUNDS, dtype=np.uint64)
        object.__setattr__(self, "_half", half)
        object.__setattr__(self, "_keys", keys)

    def __call__(self, numbers: IntArray) -> IntArray:
        """Return where the permutation takes each of the numbers."""
        out = self._once(numbers.astype(np.uint64))
        outside = out >= self.size
        while outside.any():
            out[outside] = self._once(out[outside])
            outside = out >= self.size
        return out.astype(np.int64)

    def _once(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        width, mask = np.uint64(self._half), np.uint64((1 << self._half) - 1)
        left, right = numbers >> width, numbers & mask
        for key in self._keys:
            left, right = right, left ^ (_mixed(right, key) & mask)
        return (left << width) | right


def _mixed(values: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
    """Return 64 well-mixed bits of each value (the finaliser of SplitMix64)."""
    mixed = values + key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    out: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return out

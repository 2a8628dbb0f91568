from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.sweep.sample import Shuffle
from backtests.sweep.space import Allowed, space
from data.aliases import BoolArray, IntArray
from data.errors import BadConfig


def linear(coefficients: dict[int, int], limit: int) -> tuple[frozenset[int], Allowed]:
    def allowed(digits: IntArray) -> BoolArray:
        total = sum(factor * digits[:, axis] for axis, factor in coefficients.items())
        return np.asarray(total <= limit)

    return frozenset(coefficients), allowed


@st.composite
def worlds(draw: Any) -> tuple[list[int], list[tuple[dict[int, int], int]]]:
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    axes = st.integers(0, len(lengths) - 1)
    factors = st.dictionaries(axes, st.integers(-2, 2), min_size=1, max_size=3)
    return lengths, draw(st.lists(st.tuples(factors, st.integers(-2, 5)), max_size=3))


@given(worlds())
def test_numbers_exactly_the_points_that_meet_the_constraints(world: Any):
    lengths, constraints = world
    found = space(lengths, [linear(*one) for one in constraints])
    expected = {
        digits
        for digits in itertools.product(*map(range, lengths))
        if all(sum(f * digits[a] for a, f in fs.items()) <= limit for fs, limit in constraints)
    }
    got = found.digits(np.arange(found.size))
    assert found.size == len(expected)
    assert {tuple(row) for row in got.tolist()} == expected


@given(worlds(), st.data())
def test_combinations_are_points_and_cover_every_value(world: Any, data: Any):
    lengths, constraints = world
    found = space(lengths, [linear(*one) for one in constraints])
    if found.size == 0:
        return
    axes = data.draw(st.sets(st.integers(0, len(lengths) - 1), min_size=1))
    limit = data.draw(st.sampled_from([1, 1000]))
    points = found.digits(np.arange(found.size))
    rows = found.combinations(sorted(axes), limit)
    assert {tuple(row) for row in rows.tolist()} <= {tuple(row) for row in points.tolist()}
    for axis in axes:
        assert set(rows[:, axis]) == set(points[:, axis])
    if limit == 1000:
        chosen = sorted(axes)
        distinct = {tuple(row) for row in points[:, chosen].tolist()}
        assert {tuple(row) for row in rows[:, chosen].tolist()} == distinct


def test_a_billion_billion_points_take_no_memory():
    found = space([1000] * 6, [linear({0: 1, 1: -1}, 0)])
    assert found.size == 500_500 * 1000**4
    last = found.digits(np.array([0, found.size - 1]))
    assert last.tolist() == [[0, 0, 0, 0, 0, 0], [999] * 6]


def test_too_much_is_refused():
    with pytest.raises(BadConfig, match="tie 9,000,000 combinations together"):
        space([3000, 3000], [linear({0: 1, 1: -1}, 0)])
    with pytest.raises(BadConfig, match="points, at most"):
        space([100_000] * 4, [])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 1000, 4097])
def test_shuffle_is_a_permutation(size: int):
    numbers = Shuffle(size, 7)(np.arange(size))
    assert sorted(numbers.tolist()) == list(range(size))


def test_shuffle_does_not_depend_on_how_it_is_asked():
    shuffle = Shuffle(10**9, 3)
    together = shuffle(np.arange(100))
    apart = np.concatenate([shuffle(np.arange(at, at + 10)) for at in range(0, 100, 10)])
    assert together.tolist() == apart.tolist()
    assert Shuffle(10**9, 4)(np.arange(100)).tolist() != together.tolist()


def test_shuffle_spreads_evenly():
    # 20,000 draws over 20 bins of equal width: chi-squared with 19 degrees, 99.99% below 50.
    numbers = Shuffle(10**12, 11)(np.arange(20_000))
    counts = np.bincount(numbers * 20 // 10**12, minlength=20)
    assert ((counts - 1000.0) ** 2 / 1000.0).sum() < 50.0
    assert len(set(numbers.tolist())) == 20_000
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03

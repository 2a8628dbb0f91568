"""Sums over spans against the days themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backtests.walk_forward.moments import SpanSums, span_exposures, span_sums, spans_of


def test_spans_by_hand():
    sets = np.array([[1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 1]], dtype=bool)
    found = spans_of(sets)
    assert found.edges.tolist() == [0, 2, 3, 4, 6, 7]
    assert found.inside.tolist() == [[1, 1, 0, 0, 0], [0, 1, 1, 0, 1]]


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 5), st.integers(1, 40))))
def test_spans_hold_every_day_once_and_each_set_is_made_of_them(sets):
    found = spans_of(sets)
    assert found.edges[0] == 0
    assert found.edges[-1] == sets.shape[1]
    days = np.diff(found.edges)
    assert (days > 0).all()
    np.testing.assert_array_equal(np.repeat(found.inside, days, axis=1), sets)


def test_moments_are_those_of_the_chosen_days():
    rng = np.random.default_rng(2)
    net, x = rng.normal(size=(3, 60)), rng.normal(size=(60, 2))
    weights = rng.random((3, 60, 2))
    # An anchored window, and one of two pieces, as purging leaves.
    sets = np.zeros((2, 60), dtype=bool)
    sets[0, :35] = True
    sets[1, 7:20] = sets[1, 41:58] = True
    spans = spans_of(sets)
    plain = span_sums(net, spans.edges)
    held = span_exposures(net, x, spans.edges, lambda bars: weights[:, :bars].sum(axis=1))
    sums = SpanSums(plain.days, plain.net, plain.squares, held)
    for rows, inside in zip(sets, spans.inside, strict=True):
        found = sums.over(inside)
        y, z = net[:, rows], x[rows]
        np.testing.assert_allclose(found.net, y.mean(axis=1))
        np.testing.assert_allclose(found.squares, (y**2).mean(axis=1))
        assert found.exposures is not None
        np.testing.assert_allclose(found.exposures.weights, weights[:, rows].mean(axis=1))
        np.testing.assert_allclose(found.exposures.cross, y @ z / rows.sum())
        np.testing.assert_allclose(found.exposures.assets, z.mean(axis=0))
        np.testing.assert_allclose(found.exposures.products, z.T @ z / rows.sum())


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_what_stands_beside_a_variant_changes_no_bit(count):
    rng = np.random.default_rng(3)
    net = rng.normal(size=(40, 500))
    sets = np.arange(500)[None] % 90 < 50
    spans = spans_of(sets)
    whole = span_sums(net, spans.edges).over(spans.inside[0])
    some = span_sums(net[:count], spans.edges).over(spans.inside[0])
    np.testing.assert_array_equal(some.squares, whole.squares[:count])
    np.testing.assert_array_equal(some.net, whole.net[:count])

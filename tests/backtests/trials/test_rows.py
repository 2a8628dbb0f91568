from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from backtests.trials.rows import fold_sums, folds_of


@pytest.mark.parametrize("periods", [16, 17, 47, 2900])
def test_fold_sums_are_sums_of_consecutive_spans(periods):
    d = np.random.default_rng(periods).normal(size=periods)
    edges = [i * periods // 16 for i in range(17)]
    expected = [d[a:b].sum() for a, b in pairwise(edges)]
    found = fold_sums(d)
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_fold_sums_of_many_variants():
    d = np.random.default_rng(1).normal(size=(100, 3))
    found = fold_sums(d)
    assert found is not None
    assert found.shape == (3, 16)
    alone = fold_sums(d[:, 1])
    assert alone is not None
    np.testing.assert_array_equal(found[1], alone)


def test_too_short_a_run_has_none():
    assert fold_sums(np.zeros(15)) is None


def test_blobs_are_read_as_they_were_written():
    rows = np.random.default_rng(2).normal(size=(5, 16)).astype("<f4")
    np.testing.assert_array_equal(folds_of([row.tobytes() for row in rows]), rows)
    assert folds_of([]).shape == (0, 16)

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import MCS

from backtests.inference.confidence_set import model_confidence_set


def variants(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(500, 1)) + rng.normal(size=(500, 6)) + [0.5, 0.5, 0.45, 0.2, 0.0, -1.0]


@pytest.mark.parametrize("seed", [1, 2])
def test_is_archs_set_of_the_negative_returns(seed):
    x = variants(seed)
    ours = model_confidence_set(x, seed=seed, draws=199, mean_block=5)
    theirs = MCS(-x, 0.10, reps=199, block_size=5, seed=np.random.default_rng(seed))
    theirs.compute()
    # Columns are sorted before they go in, which changes no statistic.
    np.testing.assert_allclose(ours.p, theirs.pvalues["Pvalue"].sort_index())
    assert list(ours.included) == theirs.included


def test_the_best_stay_and_the_worst_goes():
    found = model_confidence_set(variants(3), seed=1, draws=199)
    assert {0, 1} <= set(found.included)
    assert 5 not in found.included
    assert max(found.p) == 1.0


def test_variants_that_cannot_be_told_apart_all_stay():
    x = np.random.default_rng(4).normal(size=(400, 5))
    assert model_confidence_set(x, seed=1, draws=199).included == (0, 1, 2, 3, 4)


def test_equal_variants_share_one_fate():
    x = variants(5)
    doubled = np.column_stack([x, x[:, 0], x[:, 5]])
    found = model_confidence_set(doubled, seed=1, draws=199, mean_block=4)
    assert found.p[0] == found.p[6]
    assert found.p[5] == found.p[7]
    same = np.repeat(x[:, :1], 3, axis=1)
    assert model_confidence_set(same, seed=1).p == (1.0, 1.0, 1.0)


def test_holds_the_best_as_often_as_it_says():
    rng = np.random.default_rng(6)
    held = 0
    for i in range(60):
        x = rng.normal([0.15, 0.0, 0.0, 0.05], size=(300, 4))
        held += 0 in model_confidence_set(x, seed=i, draws=99, mean_block=2).included
    assert held >= 52


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((10, 2)), "10 periods are too few"),
        (np.zeros((30, 201)), "201 variants are too many"),
        (np.full((30, 2), np.nan), "not finite"),
    ],
)
def test_bad_input_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        model_confidence_set(x, seed=1)

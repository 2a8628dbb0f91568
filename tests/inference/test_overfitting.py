"""PBO against the definition written out, on noise, on skill and at its degenerate ends."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import linregress, rankdata

from backtests.inference.overfitting import probability_of_overfitting
from scripts.calibrate_compare import pbos, planted


def by_definition(x: np.ndarray, folds: int) -> tuple[list[float], list[float], list[float]]:
    """Logits and the chosen variant's Sharpe ratios, loop by loop."""
    length = len(x) // folds
    parts = [x[i * length : (i + 1) * length] for i in range(folds)]
    logits, own, other = [], [], []
    for inside in combinations(range(folds), folds // 2):
        train = np.vstack([parts[i] for i in inside])
        test = np.vstack([parts[i] for i in range(folds) if i not in inside])
        here = train.mean(axis=0) / train.std(axis=0)
        there = test.mean(axis=0) / test.std(axis=0)
        best = here.argmax()
        w = rankdata(there)[best] / (x.shape[1] + 1)
        logits.append(np.log(w / (1 - w)))
        own.append(here[best])
        other.append(there[best])
    return logits, own, other


@pytest.mark.parametrize(("periods", "variants", "folds"), [(63, 5, 4), (120, 9, 6), (100, 2, 10)])
def test_is_the_definition_written_out(periods, variants, folds):
    x = np.random.default_rng(periods).standard_t(4, size=(periods, variants)) * 0.02
    found = probability_of_overfitting(x, folds=folds)
    logits, own, other = by_definition(x, folds)
    np.testing.assert_allclose(found.logits, logits, atol=1e-12)
    np.testing.assert_allclose(found.in_sample, own)
    np.testing.assert_allclose(found.out_of_sample, other)
    assert found.slope == pytest.approx(linregress(own, other).slope)
    assert found.probability_of_loss == np.mean(np.array(other) < 0)
    assert found.pbo == pytest.approx(np.mean([1 if v < 0 else 0.5 * (v == 0) for v in logits]))
    assert found.splits == len(logits)


def test_skill_survives_out_of_sample():
    found = probability_of_overfitting(planted(np.random.default_rng(1)), folds=8)
    assert found.pbo < 0.05
    assert set(found.chosen) == {7}
    assert found.probability_of_loss < 0.05


def test_a_centred_panel_is_overfitted_by_construction():
    d = np.random.default_rng(2).normal(size=(400, 20))
    assert probability_of_overfitting(d - d.mean(axis=0), folds=8).pbo == 1


def test_equal_variants_are_a_toss():
    d = np.repeat(np.random.default_rng(3).normal(size=(80, 1)), 4, axis=1)
    assert probability_of_overfitting(d, folds=4).pbo == 0.5


def test_noise_is_one_half_on_average():
    found = pbos(60, 11)
    assert found.mean() == pytest.approx(0.5, abs=0.08)
    assert 0.1 < found.std() < 0.25


@pytest.mark.slow
def test_noise_is_one_half_on_average_over_many_panels():
    assert 0.45 <= pbos(400, 12).mean() <= 0.55


@pytest.mark.parametrize(
    ("x", "folds", "message"),
    [
        (np.ones((40, 3)) * [1, 2, 3], 5, "folds: expected an even number"),
        (np.zeros((7, 3)), 4, "returns: 7 periods are too few for 4 folds"),
        (np.random.default_rng(0).normal(size=40), 4, "1 variants are too few"),
        (np.zeros((40, 3)), 4, "variant 0 never moves"),
        (np.full((40, 3), np.nan), 4, "not finite"),
    ],
)
def test_bad_input_is_refused(x, folds, message):
    with pytest.raises(ValueError, match=message):
        probability_of_overfitting(x, folds=folds)

from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.block_bootstrap import block_length, resampled_sums, stationary_indices
from tests.inference.worlds import autoregression


def test_block_length_averages_what_politis_and_white_publish_for_ar_07():
    # n = 2000, AR(1) of 0.7: the true optimum is 24.7, the estimate averages about 23 to 24.
    paths = autoregression(np.random.default_rng(1), 40, 2000, phi=0.7)
    assert np.mean([block_length(path) for path in paths]) == pytest.approx(23.7, abs=2)


def test_block_length_is_never_below_the_horizon_and_small_without_dependence():
    noise = np.random.default_rng(2).normal(size=2000)
    assert block_length(noise) <= 6
    assert block_length(noise, horizon=28) == 28


def test_samples_are_wrapped_blocks_of_the_mean_length():
    indices = stationary_indices(500, 10, draws=40, seed=1)
    assert indices.shape == (40, 500)
    assert indices.min() >= 0
    assert indices.max() <= 499
    breaks = (np.diff(indices, axis=1) % 500) != 1
    assert 1 / breaks.mean() == pytest.approx(10, rel=0.1)
    counts = np.bincount(indices.ravel(), minlength=500)
    assert counts.min() > 0
    np.testing.assert_array_equal(indices, stationary_indices(500, 10, draws=40, seed=1))


def test_sums_are_taken_after_resampling_so_columns_stay_paired():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    seen = []

    def statistic(sums):
        seen.append(sums)
        return sums.mean(axis=0)

    out = resampled_sums(np.column_stack((x, 2 * x)), statistic, horizon=5, draws=20, seed=1)
    assert out.shape == (20, 2)
    assert seen[0].shape == (196, 2)
    np.testing.assert_allclose(out[:, 1], 2 * out[:, 0])
    index = stationary_indices(200, block_length(x, horizon=5), draws=20, seed=1)[0]
    expected = [x[index][t : t + 5].sum() for t in range(196)]
    np.testing.assert_allclose(seen[0][:, 0], expected)


def test_resampled_spread_is_that_of_the_sums():
    # The mean of h-period sums of white noise of variance 1 has variance close to h^2 / n.
    x = np.random.default_rng(4).normal(size=1000)
    means = resampled_sums(x, np.mean, horizon=10, draws=400, seed=1)
    assert means.std() == pytest.approx(10 / np.sqrt(1000), rel=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: block_length(np.ones(50)), "x: is constant"),
        (lambda: block_length(np.arange(5.0)), "x: 5 values are too few"),
        (lambda: block_length([np.nan] * 50), "x: a value that is not finite"),
        (lambda: stationary_indices(10, 11, draws=5, seed=1), "mean_block: 11 is longer than the"),
        (
            lambda: resampled_sums(np.arange(50.0), np.mean, horizon=10, mean_block=9, seed=1),
            "mean_block: 9 is below the horizon 10",
        ),
        (
            lambda: resampled_sums(np.arange(50.0), np.mean, horizon=26, seed=1),
            "returns: 50 rows are too few for a horizon of 26",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

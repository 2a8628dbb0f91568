from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.timing import excess_over_matched
from backtests.walk_forward.criterion import CRITERIA, best, criterion
from data.errors import TooShort, UnknownName
from tests.backtests.walk_forward.made_up import made_up

RNG = np.random.default_rng(1)
PATHS = made_up(RNG.normal(0.001, 0.02, size=(300, 4)))
ROWS = np.arange(300) % 7 < 4


def test_sharpe_and_mean_look_at_the_rows():
    x = PATHS.over_cash[ROWS]
    np.testing.assert_allclose(CRITERIA["sharpe"](PATHS, ROWS), x.mean(axis=0) / x.std(axis=0))
    np.testing.assert_allclose(CRITERIA["mean"](PATHS, ROWS), x.mean(axis=0))


def test_skill_is_over_the_mean_exposure_of_the_rows_alone():
    expected = []
    for held in PATHS.held:
        d = excess_over_matched(held.weights[ROWS], held.returns[ROWS], held.costs[ROWS])
        expected.append(d.mean() / d.std())
    np.testing.assert_allclose(CRITERIA["skill"](PATHS, ROWS), expected)


@pytest.mark.parametrize("name", CRITERIA)
def test_what_lies_outside_the_rows_does_not_matter(name):
    before = CRITERIA[name](PATHS, ROWS)
    spoilt = made_up(PATHS.over_cash.copy())
    spoilt.over_cash[~ROWS] = 1e6
    for held in spoilt.held:
        for part in (held.weights, held.returns, held.costs):
            part[~ROWS] = 1e6
    np.testing.assert_array_equal(CRITERIA[name](spoilt, ROWS), before)


@pytest.mark.parametrize(
    ("scores", "expected"), [([0.1, 0.3, 0.2], 1), ([np.nan, -1.0, -2.0], 1), ([2.0, 2.0], 0)]
)
def test_the_best_is_the_highest_known(scores, expected):
    assert best(np.array(scores)) == expected


def test_variants_that_never_move_have_no_ratio():
    still = made_up(np.zeros((50, 2)))
    scores = CRITERIA["sharpe"](still, np.ones(50, dtype=bool))
    assert np.isnan(scores).all()
    with pytest.raises(TooShort, match="no variant held anything"):
        best(scores)


def test_an_unknown_criterion_is_named():
    with pytest.raises(UnknownName, match="unknown criterion 'sharp': did you mean sharpe"):
        criterion("sharp")

from __future__ import annotations

import numpy as np
import pytest

from backtests.walk_forward.criterion import CRITERIA, best, criterion, ratios
from backtests.walk_forward.moments import Exposures, Moments
from data.errors import EngineError, TooShort, UnknownName

RNG = np.random.default_rng(1)
DAYS, VARIANTS, ASSETS = 300, 4, 3
NET = RNG.normal(0.001, 0.02, size=(DAYS, VARIANTS))
X = RNG.normal(0.001, 0.03, size=(DAYS, ASSETS))
WEIGHTS = RNG.random((DAYS, VARIANTS, ASSETS))


def moments(net: np.ndarray, weights: np.ndarray, x: np.ndarray) -> Moments:
    held = Exposures(weights.mean(axis=0), net.T @ x / len(x), x.mean(axis=0), x.T @ x / len(x))
    return Moments(net.mean(axis=0), (net**2).mean(axis=0), held)


def test_each_is_what_the_days_written_out_give():
    given = moments(NET, WEIGHTS, X)
    matched = NET - np.einsum("va,ta->tv", WEIGHTS.mean(axis=0), X)
    for name, expected in (
        ("sharpe", NET.mean(axis=0) / NET.std(axis=0)),
        ("mean", NET.mean(axis=0)),
        ("skill", matched.mean(axis=0) / matched.std(axis=0)),
    ):
        np.testing.assert_allclose(CRITERIA[name].score(given), expected, rtol=1e-11)


def test_holding_one_asset_throughout_shows_no_skill():
    always = np.zeros((DAYS, 1, ASSETS))
    always[:, 0, 1] = 1.0
    found = CRITERIA["skill"].score(moments(X[:, [1]], always, X))
    assert np.isnan(found).all()


def test_a_variant_that_pays_to_stand_still_has_a_negative_skill():
    always = np.zeros((DAYS, 1, ASSETS))
    always[:, 0, 1] = 1.0
    costs = np.where(np.arange(DAYS) % 50 == 0, 0.001, 0.0)[:, None]
    (found,) = CRITERIA["skill"].score(moments(X[:, [1]] - costs, always, X))
    assert found == pytest.approx(-costs.mean() / costs.std(), rel=1e-6)


def test_skill_needs_weights_and_says_so():
    assert [name for name, how in CRITERIA.items() if how.weighs] == ["skill"]
    with pytest.raises(EngineError, match="no weights were kept"):
        CRITERIA["skill"].score(Moments(np.zeros(2), np.zeros(2)))


@pytest.mark.parametrize(
    ("scores", "expected"), [([0.1, 0.3, 0.2], 1), ([np.nan, -1.0, -2.0], 1), ([2.0, 2.0], 0)]
)
def test_the_best_is_the_highest_known(scores, expected):
    assert best(np.array(scores)) == expected


def test_variants_that_never_move_have_no_ratio():
    scores = CRITERIA["sharpe"].score(Moments(np.zeros(2), np.zeros(2)))
    assert np.isnan(scores).all()
    assert np.isnan(ratios(np.zeros((50, 2)))).all()
    with pytest.raises(TooShort, match="no variant held anything"):
        best(scores)


def test_an_unknown_criterion_is_named():
    with pytest.raises(UnknownName, match="unknown criterion 'sharp': did you mean sharpe"):
        criterion("sharp")

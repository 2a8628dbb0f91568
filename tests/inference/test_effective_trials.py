from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_score  # type: ignore[import-untyped]

from backtests.inference.effective_trials import effective_trials, implied_independent_trials


def clustered(rng: np.random.Generator, clusters: int, members: int, own: float) -> np.ndarray:
    cores = np.repeat(rng.normal(size=(800, clusters)), members, axis=1)
    return cores + own * rng.normal(size=cores.shape)


@pytest.mark.parametrize(
    ("clusters", "members", "own", "expected"),
    [(5, 12, 0.5, 5), (1, 40, 0.5, 1), (60, 1, 0.0, 60), (7, 3, 0.05, 7), (1, 1, 0.0, 1)],
)
def test_planted_clusters_are_counted(clusters, members, own, expected):
    d = clustered(np.random.default_rng(clusters), clusters, members, own)
    found = effective_trials(d)
    assert found.number == expected
    assert len(found.representatives) == expected
    planted = np.repeat(np.arange(clusters), members)
    assert found.labels.tolist() == planted.tolist()


def test_representatives_are_medoids_and_carry_the_variance():
    rng = np.random.default_rng(1)
    d = clustered(rng, 3, 9, 0.6)
    found = effective_trials(d)
    together = np.corrcoef(d.T)
    for cluster, chosen in enumerate(found.representatives):
        members = np.flatnonzero(found.labels == cluster)
        closeness = together[np.ix_(members, members)].mean(axis=1)
        assert chosen == members[closeness.argmax()]
    sharpes = rng.normal(size=27)
    expected = np.var(sharpes[found.representatives], ddof=1)
    assert found.variance(sharpes) == pytest.approx(expected)
    off_diagonal = together[~np.eye(27, dtype=bool)]
    assert found.mean_correlation == pytest.approx(off_diagonal.mean())


def test_the_silhouette_is_rousseeuws():
    d = clustered(np.random.default_rng(2), 4, 6, 0.7)
    found = effective_trials(d)
    distance = np.sqrt((1 - np.corrcoef(d.T)) / 2)
    np.fill_diagonal(distance, 0.0)
    expected = silhouette_score(distance, found.labels, metric="precomputed")
    assert found.silhouette == pytest.approx(expected)


def test_the_order_of_trials_does_not_matter():
    rng = np.random.default_rng(3)
    d = clustered(rng, 6, 5, 0.5)
    order = rng.permutation(30)
    assert effective_trials(d[:, order]).number == effective_trials(d).number == 6


def test_a_looser_cut_never_finds_more():
    d = clustered(np.random.default_rng(4), 12, 4, 1.0)
    numbers = [effective_trials(d, correlation=c).number for c in (0.9, 0.6, 0.4, 0.1)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]


def test_beyond_the_limit_a_spread_of_them_is_looked_at():
    d = clustered(np.random.default_rng(5), 10, 30, 0.3)
    found = effective_trials(d, most=60)
    assert len(found.columns) == 60
    assert (found.columns[0], found.columns[-1]) == (0, 299)
    assert found.number == 10


def test_opposite_trials_are_two():
    x = np.random.default_rng(6).normal(size=(100, 1))
    assert effective_trials(np.hstack([x, -x])).number == 2


@pytest.mark.parametrize(
    ("trials", "correlation", "expected"),
    [(100, 0.0, 100), (100, 1.0, 1), (100, 0.5, 50.5), (100, -0.2, 100), (1, 0.3, 1)],
)
def test_implied_number_interpolates(trials, correlation, expected):
    assert implied_independent_trials(trials, correlation) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("d", "message"),
    [
        (np.zeros((2, 3)), "2 periods are too few"),
        (np.column_stack([np.arange(9.0), np.full(9, 0.1)]), "trial 1 never moves"),
        (np.full((9, 2), np.nan), "not finite"),
    ],
)
def test_bad_input_is_refused(d, message):
    with pytest.raises(ValueError, match=message):
        effective_trials(d)

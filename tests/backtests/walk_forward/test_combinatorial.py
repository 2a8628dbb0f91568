"""Combinatorial purged paths against loops over folds written out."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from backtests.walk_forward.combinatorial import PurgedPaths, purged_paths, purged_splits
from backtests.walk_forward.scoring import DaySets, score_variants
from data.errors import InputError, TooShort
from tests.backtests.walk_forward.made_up import MadeUp

OPTIONS: dict[str, Any] = {"purge": 3, "embargo": 10}


def combined(x: np.ndarray, **options: Any) -> PurgedPaths:
    splits = purged_splits(len(x), **options)
    days = DaySets(splits.trains, np.ones((1, len(x)), dtype=bool))
    scores = score_variants(MadeUp(x), days, "sharpe")
    return purged_paths(splits, scores.chosen, lambda number: x[:, number])


def by_hand(
    x: np.ndarray, folds: int, k: int, purge: int, embargo: int
) -> list[tuple[tuple[int, ...], int, int]]:
    """For each split: days trained on and the variant chosen."""
    size = len(x) // folds
    edges = [i * size for i in range(folds)] + [len(x)]
    found = []
    for tests in combinations(range(folds), k):
        train = np.ones(len(x), dtype=bool)
        for fold in tests:
            train[max(0, edges[fold] - purge) : edges[fold + 1] + purge + embargo] = False
        score = x[train].mean(axis=0) / x[train].std(axis=0)
        found.append((tests, int(train.sum()), int(score.argmax())))
    return found


@pytest.mark.parametrize(("folds", "k"), [(6, 2), (5, 2), (5, 3)])
def test_splits_and_paths_are_those_of_the_loops(folds: int, k: int) -> None:
    x = np.random.default_rng(folds * k).normal(0.0005, 0.02, size=(1203, 5))
    found = combined(x, folds=folds, test_folds=k, **OPTIONS)
    expected = by_hand(x, folds, k, 3, 10)
    assert found.chosen.tolist() == [chosen for _, _, chosen in expected]
    assert found.train_days.tolist() == [days for _, days, _ in expected]
    assert found.splits == len(expected)
    assert found.returns.shape == (1203, found.splits * k // folds)
    assert np.isfinite(found.returns).all()
    # On each fold the paths are, together, what the splits that test on it chose.
    size = 1203 // folds
    for fold in range(folds):
        rows = slice(fold * size, (fold + 1) * size if fold < folds - 1 else 1203)
        chosen = sorted(pick for tests, _, pick in expected if fold in tests)
        there = [
            next(v for v in range(5) if np.array_equal(found.returns[rows, path], x[rows, v]))
            for path in range(found.returns.shape[1])
        ]
        assert sorted(there) == chosen
    first = found.returns[:, 0]
    assert found.sharpe[0] == pytest.approx(first.mean() / first.std() * np.sqrt(365))


def test_a_variant_with_skill_is_chosen_everywhere() -> None:
    x = np.random.default_rng(1).normal(0, 0.02, size=(1200, 8))
    x[:, 5] += 0.004
    found = combined(x, **OPTIONS)
    assert set(found.chosen) == {5}
    assert found.sharpe == pytest.approx(np.full(5, found.sharpe[0]))


def test_choosing_among_noise_earns_nothing_on_average() -> None:
    rng = np.random.default_rng(2)
    middles = [
        np.median(combined(rng.normal(0, 0.02, size=(1200, 12)), **OPTIONS).sharpe)
        for _ in range(40)
    ]
    assert abs(np.mean(middles)) < 0.35


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"folds": 4, "test_folds": 4}, InputError, "test on at least 2 folds and not on all"),
        ({"folds": 4, "test_folds": 1}, InputError, "test on at least 2 folds"),
        ({"folds": 30, "test_folds": 15, "embargo": 0}, InputError, "combination|splits"),
        ({"embargo": 300}, TooShort, "do not fit into 6 folds of 200 days"),
        ({"folds": 10, "test_folds": 8, "embargo": 60}, TooShort, "a split would be trained on"),
    ],
)
def test_bad_folds_are_refused(changes, error, message) -> None:
    with pytest.raises(error, match=message):
        purged_splits(1200, **{**OPTIONS, **changes})

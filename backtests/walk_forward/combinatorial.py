"""Combinatorial purged cross-validation: many out-of-sample paths instead of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray, IntArray
from backtests.walk_forward.criterion import best, criterion, ratios
from backtests.walk_forward.variant_paths import VariantPaths
from data.errors import InputError, TooShort

YEAR = 365.0
# A split is trained on at least this many days.
LEAST_TRAIN = 180
MOST_SPLITS = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class PurgedPaths:
    """Out-of-sample paths.

    Parameters
    ----------
    folds, test_folds, splits : int
        n, k and n! / (k! (n - k)!).
    purge, embargo : int
        Days left out of training before and after a test fold, and in addition after one.
    chosen : ndarray of int, shape (splits,)
        Variant chosen in each split.
    train_days : ndarray of int, shape (splits,)
        Days trained on.
    returns : ndarray, shape (T, paths)
        Returns over cash of each path, without the costs of switching between variants.
    sharpe : ndarray, shape (paths,)
        Annual Sharpe ratio over cash of each path.
    """

    folds: int
    test_folds: int
    splits: int
    purge: int
    embargo: int
    chosen: IntArray
    train_days: IntArray
    returns: FloatArray
    sharpe: FloatArray


def purged_paths(
    paths: VariantPaths,
    *,
    by: str,
    purge: int,
    embargo: int,
    folds: int = 6,
    test_folds: int = 2,
) -> PurgedPaths:
    """Choose a variant on every combination of folds and recombine the others into paths.

    Parameters
    ----------
    paths : VariantPaths
        The variants.
    by : str
        Criterion.
    purge : int
        Days left out of training before and after each test fold: at least the longest holding.
    embargo : int
        Days left out after each test fold in addition: the longest look-back.
    folds, test_folds : int
        Consecutive folds, and how many of them are tested on at a time, at least two.

    Returns
    -------
    PurgedPaths
        With folds n and test folds k there are k / n times as many paths as splits. They share
        folds and are not independent: their spread is no standard error.

    Raises
    ------
    InputError
        Folds that cannot be combined.
    TooShort
        If purge and embargo leave too little to train on.

    References
    ----------
    .. [1] Lopez de Prado, M. (2018). Advances in Financial Machine Learning, chapter 12. Wiley.
    """
    from skfolio.model_selection import CombinatorialPurgedCV

    x, judge = paths.over_cash, criterion(by)
    if not 2 <= test_folds < folds:
        raise InputError(
            f"--folds {folds}, --test-folds {test_folds}: test on at least 2 folds and not on all"
        )
    if purge + embargo >= len(x) // folds - 1:
        raise TooShort(
            f"a purge of {purge} and an embargo of {embargo} days do not fit into {folds} folds of "
            f"{len(x) // folds} days: give fewer --folds or a shorter --embargo"
        )
    try:
        splitter = CombinatorialPurgedCV(folds, test_folds, purge, embargo)
    except ValueError as error:
        raise InputError(f"--folds {folds}, --test-folds {test_folds}: {error}") from None
    if splitter.n_splits > MOST_SPLITS:
        raise InputError(
            f"--folds {folds}, --test-folds {test_folds}: {splitter.n_splits:,} splits are too "
            f"many, {MOST_SPLITS:,} at most"
        )
    path_of = splitter.get_path_ids()
    returns = np.full((len(x), splitter.n_test_paths), np.nan)
    chosen, lengths = [], []
    for split, (train, tests) in enumerate(splitter.split(x)):
        _enough(len(train))
        pick = best(judge(paths, _mask(train, len(x))))
        for test, path in zip(tests, path_of[split], strict=True):
            returns[test, path] = x[test, pick]
        chosen.append(pick)
        lengths.append(len(train))
    return PurgedPaths(
        folds=folds,
        test_folds=test_folds,
        splits=splitter.n_splits,
        purge=purge,
        embargo=embargo,
        chosen=np.array(chosen, dtype=np.intp),
        train_days=np.array(lengths, dtype=np.intp),
        returns=returns,
        sharpe=ratios(returns) * np.sqrt(YEAR),
    )


def _enough(days: int) -> None:
    if days < LEAST_TRAIN:
        raise TooShort(
            f"a split would be trained on {days} days, {LEAST_TRAIN} are needed: give fewer "
            "--test-folds, or a shorter --embargo"
        )


def _mask(rows: IntArray, n: int) -> BoolArray:
    inside = np.zeros(n, dtype=np.bool_)
    inside[rows] = True
    return inside

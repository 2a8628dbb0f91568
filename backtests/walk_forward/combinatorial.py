"""Combinatorial purged cross-validation: many out-of-sample paths instead of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray, IntArray
from backtests.walk_forward.criterion import ratios
from data.errors import InputError, TooShort

YEAR = 365.0
# A split is trained on at least this many days.
LEAST_TRAIN = 180
MOST_SPLITS = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """How days are split: each time trained on some folds and tested on the others.

    Parameters
    ----------
    folds, test_folds, purge, embargo : int
        As in :class:`PurgedPaths`.
    trains : bool array (splits, T)
        Days trained on.
    tests : sequence of sequence of int array
        For each split the days of each fold tested on.
    path_of : int array (splits, k)
        Path that each of these folds belongs to.
    """

    folds: int
    test_folds: int
    purge: int
    embargo: int
    trains: BoolArray
    tests: Sequence[Sequence[IntArray]]
    path_of: IntArray


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


def purged_splits(
    days: int, *, purge: int, embargo: int, folds: int = 6, test_folds: int = 2
) -> Splits:
    """Split days in every combination of folds.

    Parameters
    ----------
    days : int
        T.
    purge : int
        Days left out of training before and after each test fold: at least the longest holding.
    embargo : int
        Days left out after each test fold in addition: the longest look-back.
    folds, test_folds : int
        Consecutive folds, and how many of them are tested on at a time, at least two.

    Raises
    ------
    InputError
        Folds that cannot be combined.
    TooShort
        If purge and embargo leave too little to train on.
    """
    from skfolio.model_selection import CombinatorialPurgedCV

    if not 2 <= test_folds < folds:
        raise InputError(
            f"--folds {folds}, --test-folds {test_folds}: test on at least 2 folds and not on all"
        )
    if purge + embargo >= days // folds - 1:
        raise TooShort(
            f"a purge of {purge} and an embargo of {embargo} days do not fit into {folds} folds of "
            f"{days // folds} days: give fewer --folds or a shorter --embargo"
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
    trains, tests = np.zeros((splitter.n_splits, days), dtype=np.bool_), []
    for number, (train, tested) in enumerate(splitter.split(np.zeros((days, 1)))):
        _enough(len(train))
        trains[number, train] = True
        tests.append(tested)
    path_of = np.array(splitter.get_path_ids(), dtype=np.intp)
    return Splits(folds, test_folds, purge, embargo, trains, tests, path_of)


def purged_paths(
    splits: Splits, chosen: IntArray, returns_of: Callable[[int], FloatArray]
) -> PurgedPaths:
    """Recombine what was chosen in each split, on the folds tested on, into paths.

    Parameters
    ----------
    splits : Splits
        The splits.
    chosen : int array (splits,)
        Variant chosen in each.
    returns_of : callable
        A variant's daily returns over cash, shape (T,).

    Returns
    -------
    PurgedPaths
        With folds n and test folds k there are k / n times as many paths as splits. They share
        folds and are not independent: their spread is no standard error.

    References
    ----------
    .. [1] Lopez de Prado, M. (2018). Advances in Financial Machine Learning, chapter 12. Wiley.
    """
    returns = np.full((splits.trains.shape[1], int(splits.path_of.max()) + 1), np.nan)
    for pick in np.unique(chosen).tolist():
        earned = returns_of(pick)
        for split in np.flatnonzero(chosen == pick).tolist():
            for test, path in zip(splits.tests[split], splits.path_of[split], strict=True):
                returns[test, path] = earned[test]
    return PurgedPaths(
        folds=splits.folds,
        test_folds=splits.test_folds,
        splits=len(splits.trains),
        purge=splits.purge,
        embargo=splits.embargo,
        chosen=chosen,
        train_days=splits.trains.sum(axis=1).astype(np.intp),
        returns=returns,
        sharpe=ratios(returns) * np.sqrt(YEAR),
    )


def _enough(days: int) -> None:
    if days < LEAST_TRAIN:
        raise TooShort(
            f"a split would be trained on {days} days, {LEAST_TRAIN} are needed: give fewer "
            "--test-folds, or a shorter --embargo"
        )

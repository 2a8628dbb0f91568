"""How many independent trials a set of correlated ones amounts to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from backtests.inference.arrays import FloatArray, IntArray, matrix, positive_int, probability


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveTrials:
    """Clusters of correlated trials.

    Attributes
    ----------
    number : int
        Clusters, N_eff. Where trials were left out for their number it is a lower bound.
    labels : ndarray of int, shape (n,)
        Cluster of each trial looked at, from 0, in order of first appearance.
    columns : ndarray of int, shape (n,)
        The trials looked at, as columns of the input.
    representatives : ndarray of int, shape (number,)
        Column of each cluster's medoid: the member most correlated with the others on average.
    silhouette : float
        Mean silhouette of the clusters (Rousseeuw 1987), single members counting 0; NaN for one
        cluster.
    mean_correlation : float
        Over all pairs looked at; NaN for one trial.
    """

    number: int
    labels: IntArray
    columns: IntArray
    representatives: IntArray
    silhouette: float
    mean_correlation: float

    def variance(self, sharpes: npt.ArrayLike) -> float:
        """Return the variance (n - 1) of the representatives' values; 0 for one cluster.

        Parameters
        ----------
        sharpes : array_like, shape (N,)
            Of every column of the input.
        """
        chosen = np.asarray(sharpes, dtype=np.float64)[self.representatives]
        return float(chosen.var(ddof=1)) if len(chosen) > 1 else 0.0


def effective_trials(
    returns: npt.ArrayLike, *, correlation: float = 0.5, most: int = 2_000
) -> EffectiveTrials:
    """Count clusters of correlated trials: average linkage, cut at a mean correlation.

    Parameters
    ----------
    returns : array_like, shape (T, N)
        Returns over the benchmark, one column a trial, T >= 3; one-period returns, or coarser
        sums of them.
    correlation : float
        Two clusters are one as long as their members' mean correlation is at least this.
    most : int
        Above this number of trials so many are looked at, evenly spread over the columns.

    Returns
    -------
    EffectiveTrials

    Raises
    ------
    ValueError
        NaN, fewer than three periods, a trial that never moves.

    Notes
    -----
    The cut is fixed rather than searched: a search for the best silhouette has no answer at the
    two ends that matter, where trials are all alike or all independent. The silhouette says how
    well the clusters stand apart. Sums over few spans correlate by chance (standard deviation
    1 / sqrt(T - 1)), so that with T = 16 independent trials are joined and N_eff is too low.

    References
    ----------
    .. [1] Lopez de Prado, M. and Lewis, M. J. (2019). Detection of false investment strategies
       using unsupervised learning methods. Quantitative Finance 19, 1555-1565.
    .. [2] Rousseeuw, P. J. (1987). Silhouettes. Journal of Computational and Applied Mathematics
       20, 53-65.
    """
    x = matrix(returns, "returns")
    probability(correlation, "correlation")
    positive_int(most, "most")
    if len(x) < 3:
        raise ValueError(f"returns: {len(x)} periods are too few for a correlation, 3 are needed")
    n = min(x.shape[1], most)
    columns = np.unique(np.linspace(0, x.shape[1] - 1, n).round().astype(np.intp))
    together = _correlations(x[:, columns], columns)
    if len(columns) == 1:
        only = np.zeros(1, dtype=np.intp)
        return EffectiveTrials(1, only, columns, columns, np.nan, np.nan)
    tree = linkage(squareform(1.0 - together, checks=False), method="average")
    labels = _in_order(fcluster(tree, 1.0 - correlation, criterion="distance"))
    number = int(labels.max()) + 1
    representatives = [_medoid(together, np.flatnonzero(labels == i)) for i in range(number)]
    pairs = len(columns) * (len(columns) - 1)
    return EffectiveTrials(
        number=number,
        labels=labels,
        columns=columns,
        representatives=columns[representatives],
        silhouette=_silhouette(np.sqrt((1.0 - together) / 2), labels, number),
        mean_correlation=float((together.sum() - len(columns)) / pairs),
    )


def implied_independent_trials(trials: int, mean_correlation: float) -> float:
    """Return rho + (1 - rho) N, the interpolation of Bailey and Lopez de Prado (2014, appendix 3).

    Parameters
    ----------
    trials : int
        N.
    mean_correlation : float
        Average correlation of the trials, rho; taken for 0 below it.
    """
    rho = min(max(mean_correlation, 0.0), 1.0)
    return rho + (1.0 - rho) * positive_int(trials, "trials")


def _correlations(x: FloatArray, columns: IntArray) -> FloatArray:
    off = x - x.mean(axis=0)
    norm = np.sqrt((off**2).sum(axis=0))
    still = norm <= 1e-12 * np.abs(x).max(axis=0) * np.sqrt(len(x))
    if still.any():
        raise ValueError(f"returns: trial {columns[int(np.argmax(still))]} never moves")
    off /= norm
    together: FloatArray = np.clip(off.T @ off, -1.0, 1.0)
    np.fill_diagonal(together, 1.0)
    return together


def _in_order(labels: npt.NDArray[np.int32]) -> IntArray:
    """Number clusters from 0 in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.intp)


def _medoid(together: FloatArray, members: IntArray) -> int:
    return int(members[together[np.ix_(members, members)].sum(axis=1).argmax()])


def _silhouette(distance: FloatArray, labels: IntArray, number: int) -> float:
    if number == 1:
        return float("nan")
    member = np.eye(number)[labels]
    size = member.sum(axis=0)
    total = distance @ member
    own = size[labels]
    rows = np.arange(len(labels))
    inner = total[rows, labels] / np.maximum(own - 1, 1)
    outer = total / size
    outer[rows, labels] = np.inf
    nearest = outer.min(axis=1)
    widest = np.maximum(inner, nearest)
    value = np.where((own > 1) & (widest > 0), (nearest - inner) / np.where(widest, widest, 1), 0)
    return float(value.mean())

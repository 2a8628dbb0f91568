"""Sums over spans of days, from which the moments of any set of days follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backtests.inference.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Sets of days as unions of the same consecutive spans.

    Parameters
    ----------
    edges : int array (S + 1,)
        Span s holds the days from ``edges[s]`` up to, not including, ``edges[s + 1]``; together
        they hold all T days.
    inside : bool array (M, S)
        Which spans each of the M sets is made of.
    """

    edges: IntArray
    inside: BoolArray


def spans_of(sets: BoolArray) -> Spans:
    """Return the longest spans that each of some sets of days, shape (M, T), wholly has or lacks.

    A purged or embargoed training set is such a union like any other: its edges are edges here.
    """
    turns = np.flatnonzero((sets[:, 1:] != sets[:, :-1]).any(axis=0)) + 1
    edges = np.r_[0, turns, sets.shape[1]].astype(np.int64)
    return Spans(edges, np.asarray(sets[:, edges[:-1]]))


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """What V variants held of A assets, and what these earned: means over days.

    Parameters
    ----------
    weights : array (V, A)
        Weights at the closes.
    cross : array (V, A)
        A variant's return over cash times an asset's.
    assets : array (A,)
        Returns of the assets over cash.
    products : array (A, A)
        Of these with each other.
    """

    weights: FloatArray
    cross: FloatArray
    assets: FloatArray
    products: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is known of V variants on a set of days.

    Parameters
    ----------
    net : array (V,)
        Mean daily return over cash, decimal, net of costs.
    squares : array (V,)
        Mean of its square.
    exposures : Exposures or None
        Where they were asked for.
    """

    net: FloatArray
    squares: FloatArray
    exposures: Exposures | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SpanSums:
    """Sums over each of S spans; in :class:`Moments` and :class:`Exposures` the means of them.

    Nothing is centred: a span spent in cash sums up to exactly nothing. Each variant's sums are
    added in the same order whatever stands beside it, so that equal variants have equal scores.
    """

    days: IntArray
    net: FloatArray
    squares: FloatArray
    exposures: Exposures | None = None

    def over(self, inside: BoolArray) -> Moments:
        """Return the moments over a union of spans, bool array (S,)."""
        days = self.days[inside].sum()

        def mean(sums: FloatArray) -> FloatArray:
            found: FloatArray = sums[inside].sum(axis=0) / days
            return found

        held = self.exposures
        if held is not None:
            held = Exposures(
                mean(held.weights), mean(held.cross), mean(held.assets), mean(held.products)
            )
        return Moments(mean(self.net), mean(self.squares), held)


def span_sums(net: FloatArray, edges: IntArray) -> SpanSums:
    """Return the sums of daily returns over cash, shape (V, T), over spans."""
    return SpanSums(np.diff(edges), _sums(net, edges), _sums(net**2, edges))


def span_exposures(
    net: FloatArray,
    assets: FloatArray,
    edges: IntArray,
    held_until: Callable[[int], FloatArray],
) -> Exposures:
    """Return the sums of what was held and earned over spans.

    Parameters
    ----------
    net : array (V, T)
        Daily returns over cash of the variants.
    assets : array (T, A)
        Those of the assets.
    edges : int array (S + 1,)
    held_until : callable
        Sums of the weights at the first so many closes, shape (V, A).
    """
    known = np.stack([np.zeros((len(net), assets.shape[1])), *map(held_until, edges[1:].tolist())])
    pairs = assets[:, :, None] * assets[:, None, :]
    return Exposures(
        weights=np.diff(known, axis=0),
        cross=np.stack([_sums(net * column, edges) for column in assets.T], axis=2),
        assets=np.add.reduceat(assets, edges[:-1], axis=0),
        products=np.add.reduceat(pairs, edges[:-1], axis=0),
    )


def _sums(values: FloatArray, edges: IntArray) -> FloatArray:
    found: FloatArray = np.add.reduceat(values, edges[:-1], axis=1).T
    return np.ascontiguousarray(found)

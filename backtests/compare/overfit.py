"""Overfitting: what choosing the best in sample is worth out of sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.compare.field import Field
from backtests.inference.effective_trials import effective_trials
from backtests.inference.overfitting import Overfitting, cscv, probability_of_overfitting
from backtests.sweep.columns import FOLDS
from data.aliases import FloatArray

LEAST_DAYS = 2 * FOLDS
# Columns of a sweep beyond these are thinned evenly: 12,870 splits of each are looked at.
MOST_VARIANTS = 2_000
BINS = 24
STILL = 1e-12


@dataclass(frozen=True, slots=True)
class Overfit:
    """PBO by combinatorially symmetric cross-validation; shown with N_eff and no threshold.

    Parameters
    ----------
    over : str
        What it is computed over: ``"variants"`` or ``"sweep"``.
    pbo : float
        Share of the splits in which the best in sample ends in the lower half out of sample.
    variants, effective : int
        How many were chosen from, and how many independent ones they amount to.
    of : int
        How many there were before thinning.
    splits : int
        Splits of sixteen folds into halves.
    slope : float
        Of out-of-sample on in-sample performance.
    loss : float
        Share of the splits in which the chosen one lost out of sample.
    logits : tuple of (float, int)
        Histogram: value, or middle of each bin, and splits there.
    """

    over: str
    pbo: float
    variants: int
    effective: int
    of: int
    splits: int
    slope: float
    loss: float
    logits: tuple[tuple[float, int], ...]


def overfit_variants(field: Field) -> Overfit | None:
    """Return PBO over the compared variants' d_t; ``None`` with fewer than two that time."""
    timed = [entrant.daily for entrant in field.entrants if entrant.timed]
    if len(timed) < 2 or len(timed[0]) < LEAST_DAYS:
        return None
    returns = np.column_stack(timed)
    lively = returns[: len(returns) // FOLDS * FOLDS].reshape(FOLDS, -1, returns.shape[1])
    # Half of the folds must hold some movement, whichever half it is.
    moving = (np.ptp(lively, axis=1) > 0).sum(axis=0) > FOLDS // 2
    if moving.sum() < 2:
        return None
    returns = returns[:, moving]
    found = probability_of_overfitting(returns, folds=FOLDS)
    return _overfit("variants", found, effective_trials(returns).number, returns.shape[1])


def overfit_sweep(folds: FloatArray) -> Overfit | None:
    """Return PBO over a sweep's fold returns over mean exposure (variants x 16).

    The measure of a half is the Sharpe ratio of its eight fold returns, which is free of the
    variants' sizes; the best variant over all folds is always among those looked at.
    """
    moving = folds[np.ptp(folds, axis=1) > 0]
    if len(moving) < 2:
        return None
    rows = np.linspace(0, len(moving) - 1, min(len(moving), MOST_VARIANTS)).round().astype(int)
    best = int(np.argmax(moving.mean(axis=1) / moving.std(axis=1)))
    looked = moving[np.unique([*rows, best])].T

    def performance(inside: FloatArray) -> FloatArray:
        count = inside.sum(axis=1, keepdims=True)
        mean = inside @ looked / count
        spread = np.sqrt(np.maximum(inside @ looked**2 / count - mean**2, 0.0))
        # A variant that stood still through a half earned nothing there.
        ratio: FloatArray = np.divide(mean, spread, out=np.zeros_like(mean), where=spread > STILL)
        return ratio

    found = cscv(performance, FOLDS, looked.shape[1])
    return _overfit("sweep", found, effective_trials(looked).number, len(moving))


def _overfit(over: str, found: Overfitting, effective: int, of: int) -> Overfit:
    return Overfit(
        over=over,
        pbo=found.pbo,
        variants=found.variants,
        effective=effective,
        of=of,
        splits=found.splits,
        slope=found.slope,
        loss=found.probability_of_loss,
        logits=_histogram(found.logits),
    )


def _histogram(logits: FloatArray) -> tuple[tuple[float, int], ...]:
    """Return every value there is with its count, or bins where there are more than fit."""
    values, counts = np.unique(logits.round(6), return_counts=True)
    if len(values) > BINS:
        reach = float(np.abs(values).max())
        counts, edges = np.histogram(logits, bins=BINS, range=(-reach, reach))
        values = (edges[:-1] + edges[1:]) / 2.0
    return tuple(zip(values.round(3).tolist(), counts.tolist(), strict=True))

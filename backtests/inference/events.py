"""Event studies: mean effect over placebo dates, randomisation and sign-flip tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backtests.inference.arrays import (
    DayArray,
    FloatArray,
    IntArray,
    Seed,
    ordered_days,
    positions_of,
    positive,
    positive_int,
    probability,
    vector,
)
from backtests.inference.one_sided import OneSided, lower_p, upper_p
from backtests.inference.placebos import MatchedEvent

_EXACT_FLIPS = 14


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Mean outcome of the events against that of their placebos.

    Attributes
    ----------
    estimate : float
        Mean over events of the outcome less the mean of the event's placebos.
    standard_error : float
        Standard deviation of the mean under random dates.
    interval : tuple of float
        The effects that the randomisation test does not reject.
    p : OneSided
        Randomisation p-values.
    p_two_sided : float
        (1 + #) / (1 + N), # the draws at least as far from their mean as the observed.
    effects : tuple of float
        Of each event, in order.
    placebos : tuple of int
        Number of placebos of each event.
    sign_flip : OneSided
        Sign-flip p-values: with n events p1 and p3 cannot fall below 2^-n.
    smallest_sign_flip_p : float
        2^-n.
    """

    estimate: float
    standard_error: float
    interval: tuple[float, float]
    p: OneSided
    p_two_sided: float
    effects: tuple[float, ...]
    placebos: tuple[int, ...]
    sign_flip: OneSided
    smallest_sign_flip_p: float


def event_returns(close: npt.ArrayLike, *, horizon: int) -> FloatArray:
    """Return the log return from each day's close to the close `horizon` days later.

    Parameters
    ----------
    close : array_like, shape (T,)
        Daily closes on a gap-free grid of days, NaN where there is none.
    horizon : int
        Calendar days. A figure published during day d is known before the close of d (00:00 UTC
        of the next), where the window of an event on d begins.

    Returns
    -------
    ndarray, shape (T,)
        NaN in the last `horizon` rows and wherever a close is missing.
    """
    prices = vector(close, "close", nan=True)
    positive_int(horizon, "horizon")
    if (prices <= 0).any():
        raise ValueError(f"close: {prices[prices <= 0][0]} is not above 0")
    out = np.full(len(prices), np.nan)
    out[:-horizon] = np.log(prices[horizon:]) - np.log(prices[:-horizon])
    return out


def event_study(
    outcome: npt.ArrayLike,
    days: npt.ArrayLike,
    matched: Sequence[MatchedEvent],
    *,
    delta: float | None,
    seed: Seed,
    draws: int = 4999,
    confidence: float = 0.95,
) -> EventStudy:
    """Compare events with placebo dates by Fisher's randomisation within matched sets.

    Parameters
    ----------
    outcome : array_like, shape (T,)
        Outcome that an event on each day would have (`event_returns`), in the claim's direction.
    days : array_like of datetime64[D], shape (T,)
        Increasing.
    matched : sequence of MatchedEvent
        From `match_placebos`, at least one.
    delta : float or None
        Smallest effect of interest.
    seed : int, Generator or None
    draws : int
        Random choices of dates N.
    confidence : float
        Of the interval.

    Returns
    -------
    EventStudy

    Raises
    ------
    ValueError
        A date without outcome, no events, an outcome that never differs.

    Notes
    -----
    Each draw takes one day for every event, from its placebos and itself, no day twice; without
    the event's own day among them the test would reject too often. Under the null that the
    event's day is like the others this is exact but for the number of draws. For the null
    theta >= delta the events' own outcomes are taken less delta, and the interval holds every
    effect that would so not be rejected.

    References
    ----------
    .. [1] Fisher, R. A. (1935). The Design of Experiments, section 21. Oliver and Boyd.
    .. [2] Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero.
       Statistical Applications in Genetics and Molecular Biology 9, 39.
    """
    values = vector(outcome, "outcome", nan=True)
    grid = ordered_days(days, "days")
    if len(grid) != len(values):
        raise ValueError(f"days: expected {len(values)} days, got {len(grid)}")
    if not matched:
        raise ValueError("matched: holds no event")
    if delta is not None:
        positive(delta, "delta")
    positive_int(draws, "draws")
    probability(confidence, "confidence")
    own = _rows(values, grid, [event.day for event in matched])
    pools = [_rows(values, grid, event.placebos) for event in matched]
    chosen = np.vstack((own, _choices(own, pools, draws, np.random.default_rng(seed))))
    means = (values[chosen] - [values[pool].mean() for pool in pools]).mean(axis=1)
    if np.ptp(means) == 0:
        raise ValueError("outcome: is the same on every event and placebo day")
    observed, random = means[0], means[1:]
    itself = (chosen[1:] == own).mean(axis=1)
    centre = random.mean()
    effects = [
        float(values[row] - values[pool].mean()) for row, pool in zip(own, pools, strict=True)
    ]
    return EventStudy(
        estimate=float(observed),
        standard_error=float(random.std(ddof=1)),
        interval=_not_rejected(observed - random, 1 - itself, confidence),
        p=OneSided(
            p1=upper_p(observed, random),
            # Under an effect of delta the events' own days carry it, the placebos do not.
            p2=None if delta is None else lower_p(observed - delta, random - delta * itself),
            p3=lower_p(observed, random),
        ),
        p_two_sided=upper_p(abs(observed - centre), np.abs(random - centre)),
        effects=tuple(effects),
        placebos=tuple(len(pool) for pool in pools),
        sign_flip=sign_flip(effects, delta=delta, seed=seed, draws=draws),
        smallest_sign_flip_p=2.0 ** -len(effects),
    )


def sign_flip(
    effects: npt.ArrayLike, *, delta: float | None, seed: Seed, draws: int = 4999
) -> OneSided:
    """Return Fisher's sign-flip p-values of a mean effect, for effects symmetric about theta.

    Parameters
    ----------
    effects : array_like, shape (n,)
        One per independent event.
    delta : float or None
        Smallest effect of interest.
    seed : int, Generator or None
        Used for more than 14 events only; up to then all 2^n signs are taken and p is exact.
    draws : int
        Random signs when n > 14.

    Returns
    -------
    OneSided
        No p-value is below 2^-n.

    References
    ----------
    .. [1] Fisher, R. A. (1935). The Design of Experiments, section 21. Oliver and Boyd.
    """
    x = vector(effects, "effects")
    n = len(x)
    if n <= _EXACT_FLIPS:
        codes = np.arange(2**n)[:, None] >> np.arange(n) & 1
    else:
        codes = np.random.default_rng(seed).integers(0, 2, size=(positive_int(draws, "draws"), n))
        codes[0] = 1  # the observed signs are one of the draws
    signs: FloatArray = codes.astype(np.float64) * 2 - 1
    return OneSided(
        p1=_share_at_least(x, signs),
        p2=None if delta is None else _share_at_least(positive(delta, "delta") - x, signs),
        p3=_share_at_least(-x, signs),
    )


def _share_at_least(x: FloatArray, signs: FloatArray) -> float:
    """Return the share of sign patterns whose sum is at least the observed one."""
    sums = signs @ x
    rounding = 1e-12 * float(np.abs(x).sum())
    return float(np.mean(sums >= x.sum() - rounding))


def _not_rejected(excess: FloatArray, other: FloatArray, confidence: float) -> tuple[float, float]:
    """Return the effects that neither one-sided randomisation test rejects.

    A draw whose mean the observed exceeds by `excess`, with a share `other` of days that are not
    the events' own, stands against every effect up to excess / other; one that chose the very
    event days stands against none.
    """
    reach = max(int((1 - confidence) / 2 * (len(excess) + 1) + 1e-9), 1) - 1
    moved = other > 0
    at = excess[moved] / other[moved]
    same = np.full(len(excess) - len(at), np.inf)
    low = np.sort(np.concatenate((at, -same)))[reach]
    high = np.sort(np.concatenate((at, same)))[-1 - reach]
    return float(low), float(high)


def _rows(values: FloatArray, grid: DayArray, wanted: Sequence[np.datetime64]) -> IntArray:
    asked = np.array(wanted, dtype="datetime64[D]")
    rows = positions_of(asked, grid, "matched", "days")
    missing = np.isnan(values[rows])
    if missing.any():
        raise ValueError(f"outcome: is missing on {asked[missing][0]}")
    return rows


def _choices(
    own: IntArray, pools: list[IntArray], draws: int, rng: np.random.Generator
) -> IntArray:
    """Draw one row for each event from its own day and its placebos, no row twice in a draw."""
    out = np.empty((draws, len(own)), dtype=np.intp)
    # Small pools choose first, so that none is emptied by the others.
    order = np.argsort([len(pool) for pool in pools], kind="stable")
    for done, i in enumerate(order):
        pool = np.append(pools[i], own[i])
        taken = (pool[None, :, None] == out[:, None, order[:done]]).any(axis=2)
        if taken.all(axis=1).any():
            raise ValueError(f"matched: event {i} shares all its placebos with the others")
        out[:, i] = pool[np.where(taken, -1.0, rng.random(taken.shape)).argmax(axis=1)]
    return out

"""When a cell of the calibration table fails: Clopper-Pearson bounds against the goal."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta

from backtests.inference.arrays import positive_int, probability

FALSE_POSITIVE_GOAL = 0.06
COVERAGE_GOAL = (0.93, 0.97)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the calibration table.

    Attributes
    ----------
    count, worlds : int
        Worlds in which it happened (a rejection, an interval that covers), of all.
    rate : float
        count / worlds.
    low, high : float
        One-sided Clopper-Pearson bounds, each at the stated confidence.
    passes : bool
        False when a bound shows that the rate lies outside the goal.
    """

    count: int
    worlds: int
    rate: float
    low: float
    high: float
    passes: bool


def clopper_pearson(count: int, worlds: int, *, confidence: float = 0.99) -> tuple[float, float]:
    """Return the two one-sided bounds of Clopper and Pearson for a probability.

    Parameters
    ----------
    count, worlds : int
        Successes and trials.
    confidence : float
        Of each bound by itself: both together have 2 confidence - 1.

    References
    ----------
    .. [1] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. Biometrika 26, 404-413.
    """
    positive_int(worlds, "worlds")
    if not 0 <= count <= worlds:
        raise ValueError(f"count: expected between 0 and {worlds}, got {count!r}")
    tail = 1 - probability(confidence, "confidence")
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, worlds - count + 1))
    high = 1.0 if count == worlds else float(beta.isf(tail, count + 1, worlds - count))
    return low, high


def false_positive_cell(
    rejections: int, worlds: int, *, goal: float = FALSE_POSITIVE_GOAL, confidence: float = 0.99
) -> Cell:
    """Judge a rate of false positives: it fails when its lower bound is above `goal`."""
    probability(goal, "goal")
    low, high = clopper_pearson(rejections, worlds, confidence=confidence)
    return Cell(rejections, worlds, rejections / worlds, low, high, passes=low <= goal)


def coverage_cell(
    covered: int,
    worlds: int,
    *,
    goal: tuple[float, float] = COVERAGE_GOAL,
    confidence: float = 0.99,
) -> Cell:
    """Judge a coverage: it fails when a bound lies wholly outside `goal`, on either side."""
    least, most = goal
    if not 0 <= least < most <= 1:
        raise ValueError(f"goal: expected two increasing probabilities, got {goal!r}")
    low, high = clopper_pearson(covered, worlds, confidence=confidence)
    return Cell(covered, worlds, covered / worlds, low, high, passes=high >= least and low <= most)

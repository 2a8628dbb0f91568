from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from backtests.inference.calendar_strata import Stratum, month_positions, strata
from backtests.inference.circular_shift import auc, circular_shift
from tests.inference.worlds import Array, autoregression, business_days

DAYS = business_days("2020-01-01", "2023-12-31")
POSITIONS = month_positions(DAYS)
SPIKE = np.select(
    [
        strata(POSITIONS) == Stratum.QUARTER_END,
        strata(POSITIONS) == Stratum.MONTH_END,
        strata(POSITIONS) == Stratum.MID_MONTH,
    ],
    [12.0, 8.0, 4.0],
)


def usage_of(chance: Array, rng: np.random.Generator) -> np.ndarray:
    """Usage in a few clusters of three months, likelier on the days of high chance."""
    used = rng.random(len(DAYS)) < chance
    begins = rng.choice(np.arange(0, 48, 4), size=4, replace=False)
    active = np.isin((POSITIONS.month - POSITIONS.month[0])[:, None] - begins, [0, 1, 2])
    return used & active.any(axis=1)


def test_ranks_and_shifts_equal_a_plain_loop():
    rng = np.random.default_rng(1)
    level = np.round(rng.normal(size=len(DAYS)) + SPIKE, 1)  # rounded, so that there are ties
    level[::17] = np.nan
    used = usage_of(np.full(len(DAYS), 0.2), rng)
    result = circular_shift(level, used, DAYS)

    kinds = strata(POSITIONS)
    months = [DAYS[DAYS.astype("datetime64[M]") == m] for m in np.unique(DAYS.astype("M8[M]"))]

    def rank(row: int) -> float:
        like = level[(kinds == kinds[row]) & np.isfinite(level)]
        below, equal = (like < level[row]).sum(), (like == level[row]).sum()
        return float((below + equal / 2) / len(like))

    means = []
    for shift in range(48):
        ranks = []
        for row in np.flatnonzero(used):
            month = POSITIONS.month[row] - POSITIONS.month[0]
            there = months[(month + shift) % 48]
            day = there[max(len(there) - 1 - POSITIONS.from_end[row], 0)]
            at = int(np.searchsorted(DAYS, day))
            if np.isfinite(level[at]):
                ranks.append(rank(at))
        means.append(np.mean(ranks))
    assert result.shifts == 47
    assert result.mean_rank == pytest.approx(means[0])
    assert result.p.p1 == pytest.approx(np.mean(np.array(means) >= means[0] - 1e-12))
    assert result.p.p3 == pytest.approx(np.mean(np.array(means) <= means[0] + 1e-12))
    assert result.p.p2 is None
    assert result.days == np.isfinite(level).sum()
    assert result.usage_days == (used & np.isfinite(level)).sum()


def test_a_shared_calendar_alone_is_not_association_but_fools_a_logit():
    rng = np.random.default_rng(2)
    worlds, ours, plain = 200, 0, 0
    for path in autoregression(rng, worlds, len(DAYS), phi=0.97):
        used = usage_of(0.02 + SPIKE / 20, rng)
        result = circular_shift(2 * path + SPIKE, used, DAYS)
        ours += result.p.p1 <= 0.05
        plain += result.logit.coefficients[1] / result.logit.standard_errors[1] > norm.isf(0.05)
    assert ours / worlds <= 0.09
    assert plain / worlds > 0.5


def test_usage_drawn_by_the_condition_within_its_stratum_is_found():
    rng = np.random.default_rng(3)
    found = []
    for path in autoregression(rng, 20, len(DAYS), phi=0.9):
        level = 3 * path + SPIKE
        result = circular_shift(level, path > 1.5, DAYS)
        found.append(result.p.p1 == 1 / 48)
        assert result.mean_rank > 0.8
        assert result.p.p3 == 1.0
    assert np.mean(found) > 0.9


def test_auc_equals_mann_and_whitney_with_ties():
    rng = np.random.default_rng(4)
    score = rng.integers(0, 6, size=80).astype(float)
    outcome = rng.random(80) < 0.3
    statistic = mannwhitneyu(score[outcome], score[~outcome]).statistic
    assert auc(score, outcome) == pytest.approx(statistic / (outcome.sum() * (~outcome).sum()))
    assert auc([1, 2, 3, 4], [False, False, True, True]) == 1.0
    with pytest.raises(ValueError, match="outcome: never differs"):
        auc([1.0, 2.0], [True, True])


@pytest.mark.parametrize(
    ("level", "used", "days", "message"),
    [
        (np.ones(len(DAYS)), SPIKE > 9, DAYS, "condition: is constant"),
        (SPIKE, SPIKE > 99, DAYS, "usage: needs days with and days without"),
        (SPIKE * np.nan, SPIKE > 9, DAYS, "usage: needs days with and days without"),
        (SPIKE, SPIKE > 9, DAYS[:-1], "business_days: expected"),
        (SPIKE[:21], SPIKE[:21] > 3, DAYS[:21], "business_days: 2020-01-01 to 2020-01-29"),
        (SPIKE[:23], SPIKE[:23] > 5, DAYS[:23], "business_days: at least two months"),
        (SPIKE[9:], SPIKE[9:] > 5, DAYS[9:], "not whole months"),
    ],
)
def test_bad_input_is_refused(level, used, days, message):
    with pytest.raises(ValueError, match=message):
        circular_shift(level, used, days)

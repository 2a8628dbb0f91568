from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.mean_difference import mean_difference
from tests.inference.worlds import garch_t


def test_estimate_and_error_are_those_of_the_paired_differences():
    rng = np.random.default_rng(1)
    y = rng.normal(0.001, 0.03, size=1200)
    x = y + rng.normal(0.0005, 0.01, size=1200)
    found = mean_difference(x, y, periods_per_year=365, seed=1, mean_block=1, draws=199)
    assert found.estimate == pytest.approx(365 * (x - y).mean())
    # With blocks of one period the long-run variance is the variance.
    assert found.standard_error == pytest.approx(365 * (x - y).std() / np.sqrt(1200))
    assert found.interval[0] < found.estimate < found.interval[1]


def test_pairing_takes_out_what_both_share():
    rng = np.random.default_rng(2)
    market = garch_t(rng, 1, 1500, sd=0.04)[0]
    edge = rng.normal(0.0004, 0.004, size=1500)
    paired = mean_difference(market + edge, market, periods_per_year=365, seed=1, draws=199)
    assert paired.p.p1 < 0.025
    shuffled = mean_difference(
        market + edge, rng.permutation(market), periods_per_year=365, seed=1, draws=199
    )
    assert shuffled.standard_error > 5 * paired.standard_error
    assert shuffled.p.p1 > 0.025


def test_intervals_cover_near_the_nominal_rate_under_serial_dependence():
    rng = np.random.default_rng(3)
    covered = 0
    for i in range(80):
        e = rng.normal(size=801)
        d = 0.1 + e[1:] + 0.3 * e[:-1]
        low, high = mean_difference(
            d, np.zeros(800), periods_per_year=365, seed=i, draws=199
        ).interval
        covered += low <= 36.5 <= high
    assert 69 <= covered <= 80


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(100), np.zeros(100), "less than the two years"),
        (np.zeros(900), np.zeros(899), "benchmark: expected 900 rows"),
        (np.full(900, np.nan), np.zeros(900), "not finite"),
        (np.ones(900), np.zeros(900), "do not differ from it by more than a constant"),
    ],
)
def test_bad_input_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        mean_difference(x, y, periods_per_year=365, seed=1)

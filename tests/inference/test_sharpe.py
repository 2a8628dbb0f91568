from __future__ import annotations

import numpy as np
import pytest

from backtests.inference.block_bootstrap import stationary_indices
from backtests.inference.sharpe import sharpe_difference, sharpe_interval
from tests.inference.worlds import autoregression, garch_t

DAYS = 365


def normal(n: int = 1500, mean: float = 0.05, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, size=n)


def plain_influence(x: np.ndarray) -> np.ndarray:
    z = (x - x.mean()) / x.std()
    return np.asarray(z - x.mean() / x.std() / 2 * (z**2 - 1))


def plain_error(psi: np.ndarray, bandwidth: int) -> float:
    """Bartlett long-run variance with circular autocovariances, lag by lag."""
    variance = (psi * psi).mean()
    for k in range(1, bandwidth):
        variance += 2 * (1 - k / bandwidth) * (psi * np.roll(psi, k)).mean()
    return float(np.sqrt(variance / len(psi)))


def test_estimate_error_and_draws_equal_the_formulas_one_draw_at_a_time():
    x = autoregression(np.random.default_rng(3), 1, 900, phi=0.3)[0] + 0.05
    result = sharpe_interval(x, periods_per_year=DAYS, delta=0.3, draws=99, mean_block=7, seed=5)
    year = np.sqrt(DAYS)
    sharpe = x.mean() / x.std()
    error = plain_error(plain_influence(x), 7)
    assert result.estimate == pytest.approx(sharpe * year)
    assert result.standard_error == pytest.approx(error * year)
    t = []
    for index in stationary_indices(900, 7, draws=99, seed=5):
        drawn = x[index]
        error_drawn = plain_error(plain_influence(drawn), 7)
        t.append((drawn.mean() / drawn.std() - sharpe) / error_drawn)
    low, high = np.quantile(t, [0.025, 0.975], method="weibull")
    assert result.interval[0] == pytest.approx((sharpe - high * error) * year)
    assert result.interval[1] == pytest.approx((sharpe - low * error) * year)
    assert result.p.p1 == (1 + np.sum(np.array(t) >= sharpe / error)) / 100
    assert result.p.p2 == (1 + np.sum(np.array(t) <= (sharpe - 0.3 / year) / error)) / 100


def test_error_of_independent_normal_returns_is_that_of_lo():
    x = normal(n=20_000, mean=0.5)
    result = sharpe_interval(x, periods_per_year=DAYS, draws=19, mean_block=1, seed=1)
    sharpe = x.mean() / x.std()
    expected = np.sqrt((1 + sharpe**2 / 2) / len(x) * DAYS)
    assert result.standard_error == pytest.approx(expected, rel=0.02)


def test_positive_dependence_widens_the_interval():
    rng = np.random.default_rng(4)
    errors = [
        sharpe_interval(path, periods_per_year=DAYS, draws=19, seed=1).standard_error
        for path in autoregression(rng, 5, 3000, phi=0.5)
    ]
    # The long-run standard deviation of the mean is sqrt((1 + 0.5) / (1 - 0.5)) times as large.
    assert np.mean(errors) == pytest.approx(np.sqrt(3 * DAYS / 3000), rel=0.15)


@pytest.mark.parametrize("world", ["fat tails", "autoregression"])
def test_interval_covers_the_true_sharpe_ratio_near_the_nominal_rate(world):
    rng = np.random.default_rng(5)
    worlds, n = 160, 800
    paths = (
        garch_t(rng, worlds, n) if world == "fat tails" else autoregression(rng, worlds, n, phi=0.3)
    )
    truth = 0.05 * np.sqrt(DAYS)
    intervals = [
        sharpe_interval(path, periods_per_year=DAYS, draws=149, seed=i).interval
        for i, path in enumerate(paths + 0.05)
    ]
    assert 0.90 <= np.mean([low <= truth <= high for low, high in intervals]) <= 0.99
    assert np.mean([low > truth for low, _ in intervals]) <= 0.06
    assert np.mean([high < truth for _, high in intervals]) <= 0.06


def test_difference_of_paired_returns_is_sharper_than_either_alone():
    rng = np.random.default_rng(6)
    market = rng.normal(0.02, 1, size=2000)
    rule = market + rng.normal(0.02, 0.2, size=2000)
    result = sharpe_difference(rule, market, periods_per_year=DAYS, draws=199, seed=1)
    alone = sharpe_interval(rule, periods_per_year=DAYS, draws=199, seed=1)
    year = np.sqrt(DAYS)
    plain = rule.mean() / rule.std() - market.mean() / market.std()
    assert result.estimate == pytest.approx(plain * year)
    assert result.standard_error < alone.standard_error / 2
    swapped = sharpe_difference(market, rule, periods_per_year=DAYS, draws=199, seed=1)
    assert swapped.estimate == pytest.approx(-result.estimate)
    assert swapped.standard_error == pytest.approx(result.standard_error)


def test_scaling_returns_changes_nothing():
    x = normal()
    one = sharpe_interval(x, periods_per_year=DAYS, draws=99, seed=1)
    other = sharpe_interval(x * 7, periods_per_year=DAYS, draws=99, seed=1)
    assert other.estimate == pytest.approx(one.estimate)
    assert other.interval == pytest.approx(one.interval)
    assert other.p == one.p


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: sharpe_interval(x[:729], periods_per_year=DAYS, seed=1), "returns: 729 periods"),
        (lambda x: sharpe_interval(x * 0 + 1, periods_per_year=DAYS, seed=1), "returns: is const"),
        (lambda x: sharpe_interval(x * np.nan, periods_per_year=DAYS, seed=1), "returns: a value"),
        (lambda x: sharpe_interval(x, periods_per_year=0, seed=1), "periods_per_year"),
        (lambda x: sharpe_interval(x, periods_per_year=DAYS, delta=0, seed=1), "delta"),
        (lambda x: sharpe_difference(x, x[1:], periods_per_year=DAYS, seed=1), "benchmark: expec"),
        (lambda x: sharpe_difference(x, x, periods_per_year=DAYS, seed=1), "benchmark: its ret"),
        (lambda x: sharpe_difference(x, x * 0, periods_per_year=DAYS, seed=1), "benchmark: is co"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(normal())

"""SPA and StepM against arch on small panels, and on panels whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from arch.bootstrap import SPA, StepM
from scipy.stats import kstest

from backtests.inference.bootstrap_means import panel, stationary_counts
from backtests.inference.superior_ability import superior_ability, superior_variants
from scripts.calibrate_compare import best_is_deflated, noise, planted, spa, spa_p, stepm, timing

DRAWS = 199


def small(seed: int, good: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    d = rng.normal(size=(300, 12)) * np.linspace(0.5, 3, 12)
    d[:, 3] += good
    d[:, 8:] -= 0.6
    return d


def arch_spa(d: np.ndarray, seed: int, **options: Any) -> SPA:
    losses = np.zeros(len(d))
    found = SPA(
        losses,
        -d,
        block_size=6,
        reps=DRAWS,
        nested=True,
        seed=np.random.default_rng(seed),
        **options,
    )
    found.compute()
    return found


class TestBesideArch:
    @pytest.mark.parametrize("good", [0.0, 0.1, 0.4])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_p_values_are_archs(self, seed: int, good: float) -> None:
        d = small(seed, good)
        ours = superior_ability(d, seed=seed, draws=DRAWS, mean_block=6, studentise=False)
        theirs = arch_spa(d, seed).pvalues
        for p, name in ((ours.p_lower, "lower"), (ours.p, "consistent"), (ours.p_upper, "upper")):
            assert p == pytest.approx((1 + theirs[name] * DRAWS) / (1 + DRAWS))

    @pytest.mark.parametrize("good", [0.0, 0.1, 0.4])
    def test_studentised_p_values_are_archs_of_rescaled_returns(self, good: float) -> None:
        # arch computes the variances but compares plain means, so the returns are rescaled here.
        d = small(3, good)
        means = stationary_counts(300, 6, draws=DRAWS, seed=3) @ d / 300
        scaled = d / means.std(axis=0)
        ours = superior_ability(d, seed=3, draws=DRAWS, mean_block=6)
        theirs = arch_spa(scaled, 3).pvalues["consistent"]
        assert ours.p == pytest.approx((1 + theirs * DRAWS) / (1 + DRAWS))
        assert ours.statistic == pytest.approx(scaled.mean(axis=0).max())

    @pytest.mark.parametrize("seed", [4, 5, 6])
    def test_the_stepwise_set_is_archs(self, seed: int) -> None:
        d = small(seed, 0.3)
        d[:, 5] += 0.5
        theirs = StepM(
            np.zeros(300),
            -d,
            size=0.05,
            block_size=6,
            reps=DRAWS,
            nested=True,
            seed=np.random.default_rng(seed),
        )
        theirs.compute()
        ours = superior_variants(d, seed=seed, draws=DRAWS, mean_block=6, studentise=False)
        assert list(ours.superior) == list(theirs.superior_models)
        assert ours.superior


def test_blocks_of_columns_give_what_the_whole_gives() -> None:
    d = small(7, 0.2)

    def blocks() -> Iterator[np.ndarray]:
        yield d[:, :5]
        yield d[:, 5:]

    tested, at_once = (superior_ability(x, seed=1, draws=DRAWS) for x in (blocks, d))
    # Sums are taken in another order: the last bit may differ.
    assert tested.statistic == pytest.approx(at_once.statistic, rel=1e-12)
    assert replace(tested, statistic=0.0) == replace(at_once, statistic=0.0)
    ours, whole = (superior_variants(x, seed=1, draws=DRAWS) for x in (blocks, d))
    assert ours.superior == whole.superior
    assert ours.critical == pytest.approx(whole.critical, rel=1e-12)
    np.testing.assert_allclose(ours.t, whole.t, rtol=1e-12)


def test_many_variants_are_taken_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    d = np.random.default_rng(8).normal(size=(120, 400))
    whole = superior_ability(d, seed=1, draws=99, mean_block=3)
    monkeypatch.setattr("backtests.inference.bootstrap_means._BYTES", 8 * 120 * 7)
    widths = {len(columns) for columns, _ in panel(d, least_bars=30, mean_block=3).chunks(99)}
    assert widths == {7, 1}
    chunked = superior_ability(d, seed=1, draws=99, mean_block=3)
    assert chunked.statistic == pytest.approx(whole.statistic, rel=1e-12)
    assert replace(chunked, statistic=0.0) == replace(whole, statistic=0.0)


def test_variants_that_hardly_differ_from_the_benchmark_are_dropped_and_counted() -> None:
    rng = np.random.default_rng(9)
    asset = rng.normal(0.001, 0.03, size=900)
    weights = np.zeros((900, 3))
    weights[100:105, 0] = 1.0  # five days in the market, all of them gains
    asset[100:105] = 0.2
    weights[:, 1] = rng.random(900) < 0.5
    d = (weights - weights.mean(axis=0)) * asset[:, None]
    found = superior_ability(d, seed=1, draws=DRAWS, mean_block=3)
    assert (found.variants, found.dropped, found.best) == (1, 2, 1)
    t = superior_variants(d, seed=1, draws=DRAWS, mean_block=3).t
    assert np.isnan(t[[0, 2]]).all()


def test_no_variant_above_the_benchmark_is_no_evidence_at_all() -> None:
    d = np.random.default_rng(10).normal(-1.0, 1.0, size=(200, 5))
    found = superior_ability(d, seed=1, draws=DRAWS)
    assert (found.statistic, found.p) == (0.0, 1.0)


def test_the_block_length_is_clamped_and_estimated() -> None:
    rng = np.random.default_rng(11)
    slow = np.zeros((400, 6))
    for t in range(1, 400):
        slow[t] = 0.8 * slow[t - 1] + rng.normal(size=6)
    assert panel(slow, least_bars=30, mean_block=None).mean_block > 5
    assert panel(slow, least_bars=30, mean_block=9_999).mean_block == 100
    fast = rng.normal(size=(400, 6))
    assert panel(fast, least_bars=30, mean_block=None).mean_block <= 5


def test_counts_are_the_resampled_rows() -> None:
    counts = stationary_counts(50, 4, draws=20, seed=1)
    assert (counts.sum(axis=1) == 50).all()
    assert (counts >= 0).all()


def test_rejections_of_noise_are_near_nominal_and_p_values_uniform() -> None:
    p = spa_p(60, 21, noise)
    assert (p <= 0.05).mean() <= 0.15
    assert kstest(p, "uniform").pvalue > 0.01


def test_timing_without_skill_beats_cash_and_not_its_own_exposure() -> None:
    rng = np.random.default_rng(22)
    worlds = [timing(rng) for _ in range(25)]
    over_cash = np.array([spa(world.over_cash, i) for i, world in enumerate(worlds)])
    matched = np.array([spa(world.over_matched, i) for i, world in enumerate(worlds)])
    assert (over_cash <= 0.05).mean() > 0.3
    assert (matched <= 0.05).mean() <= 0.2


def test_one_planted_skill_is_found_and_named() -> None:
    rng = np.random.default_rng(23)
    panels = [planted(rng) for _ in range(8)]
    assert all(spa(d, 1) <= 0.05 for d in panels)
    assert all(7 in stepm(d, 1) for d in panels)
    assert sum(best_is_deflated(d) > 0.95 for d in panels) >= 6


@pytest.mark.slow
def test_calibration_over_many_panels() -> None:
    p = spa_p(400, 31, noise)
    assert (p <= 0.05).mean() <= 0.08
    assert kstest(p, "uniform").pvalue > 0.01
    rng = np.random.default_rng(32)
    worlds = [timing(rng) for _ in range(400)]
    matched = np.array([spa(world.over_matched, i) for i, world in enumerate(worlds)])
    assert (matched <= 0.05).mean() <= 0.08
    rng = np.random.default_rng(33)
    found = [bool(stepm(noise(rng), i)) for i in range(400)]
    assert np.mean(found) <= 0.08


@pytest.mark.parametrize(
    ("d", "changes", "message"),
    [
        (np.zeros((200, 2)), {}, "no variant differs from the benchmark on 30 bars"),
        (np.ones((200, 2)), {}, "variant 0 differs from the benchmark by a constant"),
        (np.random.default_rng(0).normal(size=(10, 2)), {"least_bars": 5}, "10 periods are too"),
        (np.full((200, 2), np.nan), {}, "not finite"),
        (np.random.default_rng(0).normal(size=(99, 2)), {"mean_block": 0}, "mean_block"),
    ],
)
def test_bad_input_is_refused(d, changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        superior_ability(d, seed=1, **changes)


def test_blocks_of_different_length_are_refused() -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.random.default_rng(0).normal(size=(100, 2))
        yield np.random.default_rng(0).normal(size=(99, 2))

    with pytest.raises(ValueError, match="blocks of 100 and 99 periods"):
        superior_ability(blocks, seed=1)
